//! An account has one currency: another is refused where it would come in.

use super::{
    fixture::{Customer, USUAL, at},
    invoices::top_up,
};
use voxlink_testkit::TestPlatform;
use voxlink_types::Currency;

async fn refused(customer: &Customer<'_>, sql: &'static str) -> Option<String> {
    let done = sqlx::query(sql).bind(customer.tenant.uuid());
    let error = done.execute(&customer.test.platform.db().owner).await.unwrap_err();
    error.as_database_error().and_then(|e| e.constraint()).map(str::to_owned)
}

#[tokio::test]
async fn nothing_in_another_currency_comes_in() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Dollars").await;
    customer.number("+12025550101", USUAL, at(2026, 9, 1, 0, 0)).await;
    for sql in [
        "insert into payments (id, tenant_id, billing_account_id, purpose, processor, amount_minor, currency, idempotency_key)
         select gen_random_uuid(), $1, id, 'top_up', 'test_card', 100, 'EUR', gen_random_uuid() from billing_accounts where tenant_id = $1",
        "insert into orders (id, tenant_id, user_id, order_number, payment_kind, subtotal_minor, total_minor, currency, placed_at)
         select gen_random_uuid(), $1, id, 'ORD-9', 'credit', 100, 100, 'EUR', now() from users where tenant_id = $1",
        "insert into subscriptions (id, tenant_id, inventory_id, e164, state, time_zone, currency, monthly, setup, inbound_minute,
             increment_initial, increment_next, price_book_id, started_at)
         select gen_random_uuid(), $1, inventory_id, '+12025550109', 'active', 'UTC', 'EUR', 1, 0, 0, 60, 60, price_book_id, now()
         from subscriptions where tenant_id = $1",
    ] {
        assert_eq!(refused(&customer, sql).await.as_deref(), Some("account_currency"), "{sql}");
    }
}

#[tokio::test]
async fn an_account_that_was_used_keeps_its_currency() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Stays").await;
    customer.billed_in("UTC", 1, "EUR").await;
    top_up(&customer, 500, Currency::Eur).await;
    let change = "update billing_accounts set currency = 'USD' where tenant_id = $1";
    assert_eq!(refused(&customer, change).await.as_deref(), Some("account_currency_stays"));
}
