//! Money that comes in pays what is open: the oldest first, in part where it does not reach.

use super::{
    fixture::{Customer, Terms, USUAL, at},
    invoices::{balance_of, books_hold, only, read, top_up, until},
};
use std::sync::Arc;
use voxlink_domain::billing::{
    invoices::{
        Invoice, InvoiceError, begin_payment, mark_overdue, open_list, settle_all, settle_open,
    },
    journal::{Account, NewEntry, Posting, post},
    payments,
};
use voxlink_gateways::{PaymentProcessor, fault::Script, payments::fake::FakeProcessor};
use voxlink_testkit::{Outside, TestPlatform};
use voxlink_types::{
    Currency, Money,
    ids::PaymentId,
    order::{InvoiceState, PaymentState},
};

const TEN: Terms = Terms { monthly: "10.00", ..USUAL };

/// Three open invoices of $10.00 each, October to December.
async fn three_open(customer: &Customer<'_>) -> [Invoice; 3] {
    customer.number("+12025550101", TEN, at(2026, 9, 1, 0, 0)).await;
    let october = only(customer, "2026-10").await;
    until(customer.test, at(2026, 12, 1, 0, 0));
    let november = only(customer, "2026-11").await;
    until(customer.test, at(2027, 1, 1, 0, 0));
    [october, november, only(customer, "2026-12").await]
}

async fn states(customer: &Customer<'_>, invoices: &[Invoice]) -> Vec<(InvoiceState, i64)> {
    let mut found = Vec::new();
    for invoice in invoices {
        let now = read(customer, invoice.id).await;
        found.push((now.state, now.paid.minor));
    }
    found
}

async fn shop() -> (TestPlatform, FakeProcessor) {
    let processor = FakeProcessor::new(Script::calm());
    let test = TestPlatform::with(Outside {
        processors: vec![Arc::new(processor.clone()) as Arc<dyn PaymentProcessor>],
        ..Outside::default()
    })
    .await;
    (test, processor)
}

/// The customer's card pays; the processor tells, and we ask.
async fn paid(customer: &Customer<'_>, processor: &FakeProcessor, payment: PaymentId) {
    let platform = &customer.test.platform;
    payments::open(platform, customer.tenant, payment).await.unwrap();
    let mut cx = platform.work_for(customer.tenant, "test").await.unwrap();
    let external =
        payments::get(&mut cx, customer.tenant, payment, false).await.unwrap().external_id;
    drop(cx);
    processor.pay(&external.unwrap(), true);
    for _ in 0..2 {
        let now = payments::reconcile(platform, customer.tenant, payment).await.unwrap();
        assert_eq!(now.state, PaymentState::Succeeded);
    }
}

#[tokio::test]
async fn a_top_up_pays_the_oldest_open_invoices_and_leaves_the_rest_due() {
    let (test, processor) = shop().await;
    let customer = Customer::new(&test, "Top-up").await;
    let invoices = three_open(&customer).await;
    let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
    let amount = Money::new(1500, Currency::Usd);
    let payment = payments::begin_top_up(&mut cx, "test_card", amount).await.unwrap();
    cx.commit().await.unwrap();
    paid(&customer, &processor, payment).await;
    let now = states(&customer, &invoices).await;
    assert_eq!(now[0], (InvoiceState::Paid, 1000));
    assert_eq!((now[1].1, now[2].1), (500, 0));
    assert_eq!(balance_of(&customer, Account::Credit).await, 0);
    assert_eq!(balance_of(&customer, Account::Receivable).await, 1500);
    let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
    let open: Vec<_> =
        open_list(&mut cx).await.unwrap().into_iter().map(|i| i.left.minor).collect();
    assert_eq!(open, [500, 1000]);
    drop(cx);
    books_hold(&test).await;
}

#[tokio::test]
async fn a_card_pays_the_invoice_it_was_meant_for_and_twice_leaves_the_rest_on_the_balance() {
    let (test, processor) = shop().await;
    let customer = Customer::new(&test, "Card").await;
    let invoices = three_open(&customer).await;
    let mut begun = Vec::new();
    // Two windows of a browser: both pay the newest invoice.
    for _ in 0..2 {
        let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
        begun.push(begin_payment(&mut cx, "test_card", invoices[2].id).await.unwrap());
        cx.commit().await.unwrap();
    }
    paid(&customer, &processor, begun[0]).await;
    let now = states(&customer, &invoices).await;
    assert_eq!((now[0].1, now[1].1, now[2]), (0, 0, (InvoiceState::Paid, 1000)));
    paid(&customer, &processor, begun[1]).await;
    // The second one is still the customer's: it pays the oldest that is open.
    let now = states(&customer, &invoices).await;
    assert_eq!((now[0], now[1].1, now[2].1), ((InvoiceState::Paid, 1000), 0, 1000));
    let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
    let again = begin_payment(&mut cx, "test_card", invoices[2].id).await;
    assert!(matches!(again, Err(InvoiceError::Paid)));
    let other = Customer::new(&test, "Other").await;
    let mut cx = test.platform.work_for(other.tenant, "test").await.unwrap();
    let not_theirs = begin_payment(&mut cx, "test_card", invoices[1].id).await;
    assert!(matches!(not_theirs, Err(InvoiceError::NotFound)));
    drop(cx);
    books_hold(&test).await;
}

#[tokio::test]
async fn settling_at_once_takes_the_money_once() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "At once").await;
    let invoices = three_open(&customer).await;
    top_up(&customer, 2500, Currency::Usd).await;
    let tries = (0..8).map(|_| async {
        let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
        settle_open(&mut cx, None).await.unwrap();
        cx.commit().await.unwrap();
    });
    futures::future::join_all(tries).await;
    let now: Vec<_> = states(&customer, &invoices).await.into_iter().map(|s| s.1).collect();
    assert_eq!(now, [1000, 1000, 500]);
    assert_eq!(balance_of(&customer, Account::Credit).await, 0);
    books_hold(&test).await;
}

#[tokio::test]
async fn money_that_came_back_from_an_order_pays_before_anything_is_overdue() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Came back").await;
    let invoices = three_open(&customer).await;
    top_up(&customer, 2000, Currency::Usd).await;
    until(&test, at(2027, 2, 1, 0, 0));
    assert_eq!(settle_all(&test.platform).await.unwrap(), 1);
    let mut cx = test.platform.work("test").await.unwrap();
    assert_eq!(mark_overdue(&mut cx).await.unwrap(), 1);
    cx.commit().await.unwrap();
    let now: Vec<_> = states(&customer, &invoices).await.into_iter().map(|s| s.0).collect();
    assert_eq!(now, [InvoiceState::Paid, InvoiceState::Paid, InvoiceState::Overdue]);
    let told: Vec<String> = sqlx::query_scalar(
        "select resource_id from audit_log where tenant_id = $1 and action = 'invoice.overdue'",
    )
    .bind(customer.tenant.uuid())
    .fetch_all(&test.platform.db().owner)
    .await
    .unwrap();
    assert_eq!(told, [invoices[2].id.to_string()], "a change of state is in the audit log");
    assert_eq!(settle_all(&test.platform).await.unwrap(), 0);
    books_hold(&test).await;
}

#[tokio::test]
async fn an_account_whose_books_are_at_odds_keeps_no_other_from_being_settled() {
    let test = TestPlatform::new().await;
    let mut settled = Vec::new();
    for (name, number) in [("At odds", "+12025550101"), ("Well", "+12025550102")] {
        let customer = Customer::new(&test, name).await;
        customer.number(number, TEN, at(2026, 9, 1, 0, 0)).await;
        let invoice = only(&customer, "2026-10").await;
        top_up(&customer, 1000, Currency::Usd).await;
        settled.push((customer, [invoice]));
    }
    let (odd, invoices) = &settled[0];
    let usd = |minor| Money::new(minor, Currency::Usd);
    let mut cx = test.platform.work_for(odd.tenant, "test").await.unwrap();
    let entry = NewEntry {
        reference: format!("invoice:{}:credit:0", invoices[0].id),
        kind: "invoice_payment",
        postings: vec![
            Posting::debit(Account::Processor, usd(1)),
            Posting::credit(Account::Receivable, usd(1)),
        ],
        ..NewEntry::default()
    };
    post(&mut cx, odd.tenant, entry).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(settle_all(&test.platform).await.unwrap(), 1);
    let (well, invoices) = &settled[1];
    assert_eq!(states(well, invoices).await[0], (InvoiceState::Paid, 1000));
}
