//! What is adopted: not what an order is about to have or what the carrier has no more; and what
//! rests once nobody has it.

use super::{BOSTON, Books, number};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use voxlink_domain::{
    catalog,
    inventory::{self, AuditWish, Drift, DriftKind, DriftState, InventoryError, Remedy},
    numbers,
};
use voxlink_gateways::{
    Clock,
    carrier::fake::{FakeCarrier, Meddling},
    fault::Script,
};
use voxlink_testkit::{Outside, TestPlatform};

#[tokio::test]
async fn what_an_order_is_about_to_have_is_not_adopted() {
    let books = Books::agreeing(&[]).await;
    books.listed(&[BOSTON]);
    books.audit().await;
    let drift = books.only_open().await;
    books
        .sql(
            "with o as (
                 insert into orders (id, tenant_id, user_id, order_number, state, payment_kind,
                     subtotal_minor, total_minor, currency, placed_at)
                 select gen_random_uuid(), tenant_id, id, 'ORD-1', 'processing', 'credit', 100, 100,
                     'USD', now()
                 from users limit 1
                 returning id, tenant_id)
             insert into order_items (id, tenant_id, order_id, position, description, carrier, e164,
                 total_minor, currency, step, purchase_key)
             select gen_random_uuid(), o.tenant_id, o.id, 1, 'A number', d.carrier, d.subject, 100,
                 'USD', 'buying', gen_random_uuid()
             from o, inventory_drift d",
        )
        .await;
    let refused = books.apply(&drift, Remedy::Adopt, Some(books.tenant)).await;
    assert!(matches!(refused, Err(InventoryError::Ordered)), "{refused:?}");
    books.sql("update order_items set step = 'unknown'").await;
    let refused = books.apply(&drift, Remedy::Adopt, Some(books.tenant)).await;
    assert!(matches!(refused, Err(InventoryError::Ordered)), "{refused:?}");
    let count = "select count(*)::text from subscriptions";
    assert_eq!(books.text(count).await.as_deref(), Some("0"));
    books.sql("update order_items set step = 'failed'").await;
    books.apply(&drift, Remedy::Adopt, Some(books.tenant)).await.unwrap();
}

#[tokio::test]
async fn the_carrier_is_asked_whether_a_number_is_still_ours() {
    let books = Books::agreeing(&[]).await;
    books.listed(&[BOSTON]);
    books.audit().await;
    let drift = books.only_open().await;
    inventory::still_ours(&books.test.platform, &drift).await.unwrap();
    books.carrier.meddle(&number(BOSTON), &Meddling::Silence);
    let silent = inventory::still_ours(&books.test.platform, &drift).await;
    assert!(matches!(silent, Err(InventoryError::Silent)), "{silent:?}");
    books.carrier.meddle(&number(BOSTON), &Meddling::Lose);
    let gone = inventory::still_ours(&books.test.platform, &drift).await;
    assert!(matches!(gone, Err(InventoryError::Stale)), "{gone:?}");
}

/// The number that our own stock shows as ours and nobody has here.
async fn stray(books: &Books) -> Drift {
    let wish = AuditWish { carrier: "local".to_owned(), tenant: None, by: "test" };
    inventory::audit(&books.test.platform, &wish).await.unwrap();
    let open = books.in_state(DriftState::Open).await;
    open.into_iter().find(|drift| drift.kind == DriftKind::MissingHere).unwrap()
}

async fn rest(books: &Books) -> (String, Option<DateTime<Utc>>) {
    sqlx::query_as("select state, aging_until from inventory")
        .fetch_one(&books.test.platform.db().owner)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_number_of_our_own_rests_when_its_adoption_is_undone_and_when_it_is_given_back() {
    let carrier = FakeCarrier::new([], Script::calm()).called("local", "Ours");
    let outside = Outside { carriers: vec![Arc::new(carrier.clone())], ..Outside::default() };
    let test = TestPlatform::with(outside).await;
    let (tenant, _) = test.tenant("Ours").await;
    catalog::refresh_prices(&test.platform).await.unwrap();
    let settings = numbers::settings_for(test.platform.settings(), "local", "x");
    carrier.own([number(BOSTON)], &settings);
    let books = Books { test, carrier, tenant };

    let drift = stray(&books).await;
    books.apply(&drift, Remedy::Adopt, Some(tenant)).await.unwrap();
    assert_eq!(rest(&books).await, ("sold".to_owned(), None));
    books.roll_back(&drift).await.unwrap();
    let until = books.test.clock.now() + TimeDelta::days(45);
    assert_eq!(rest(&books).await, ("aging".to_owned(), Some(until)));

    books.test.clock.advance(TimeDelta::days(3));
    let drift = stray(&books).await;
    books.apply(&drift, Remedy::GiveBack, None).await.unwrap();
    let later = until + TimeDelta::days(3);
    assert_eq!(rest(&books).await, ("aging".to_owned(), Some(later)));
}
