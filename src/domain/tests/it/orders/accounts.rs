//! Servers that do not know a carrier's account, or not yet: what was paid for is not refused, what is
//! set aside is not forgotten.

use super::shop::{Shop, number};
use crate::credentials::{BOTH, server, store};
use serde_json::json;
use voxlink_domain::{
    Platform,
    carriers::follow,
    cart::{LetGo, LetGoLost},
    jobs::{Job, JobError},
    orders,
};
use voxlink_gateways::fault::Script;
use voxlink_types::{
    ids::OrderId,
    order::{ItemStep, OrderState},
};

/// A visit of a server's worker: how the order and its only item are then.
async fn visit(shop: &Shop, there: &Platform, id: OrderId) -> (OrderState, ItemStep) {
    orders::fulfil(there, shop.tenant, id).await.unwrap();
    shop.test.clock.advance(chrono::Duration::seconds(30));
    let order = shop.order(id).await;
    (order.state, order.items[0].step)
}

#[tokio::test]
async fn a_paid_order_waits_for_a_server_that_knows_the_account() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let id = shop.buy([1]).await;
    let waits = (OrderState::Processing, ItemStep::Buying);
    let early = server(&shop.test, &[], 7);
    assert!(!early.knows_accounts());
    assert_eq!(visit(&shop, &early, id).await, waits, "nothing stored is read yet");
    store(&server(&shop.test, &[], 7), &BOTH, &[]).await.unwrap();
    let other = server(&shop.test, &[], 8);
    follow(&other).await.unwrap();
    for _ in 0..6 {
        assert_eq!(visit(&shop, &other, id).await, waits, "what is stored opens elsewhere");
    }
    let told: i64 = sqlx::query_scalar("select count(*) from order_events where kind = 'waiting'")
        .fetch_one(&shop.test.platform.db().owner)
        .await
        .unwrap();
    assert_eq!(told, 1, "the customer reads it once");
    let order = shop.finish(id, 2).await;
    assert_eq!(order.state, OrderState::Completed);
    shop.books_agree(&order).await;
}

#[tokio::test]
async fn an_order_at_a_carrier_without_an_account_is_refused_whoever_saw_it_before() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let id = shop.buy([1]).await;
    let there = server(&shop.test, &[], 7);
    assert_eq!(visit(&shop, &there, id).await.0, OrderState::Processing);
    follow(&there).await.unwrap();
    assert_eq!(visit(&shop, &there, id).await.0, OrderState::Failed);
    assert_eq!(shop.credit().await, 1000);
}

#[tokio::test]
async fn what_a_carrier_set_aside_is_let_go_when_its_account_is_known() {
    let shop = Shop::open(Script::calm(), 0).await;
    let there = server(&shop.test, &[], 7);
    let known = LetGo::of("fake", &number(1), "FH-1".to_owned());
    let lost = json!({ "carrier": "fake", "number": number(1), "key": uuid::Uuid::nil() });
    let lost: LetGoLost = serde_json::from_value(lost).unwrap();
    assert!(matches!(known.run(&there).await, Err(JobError::Retry(_))));
    assert!(matches!(lost.run(&there).await, Err(JobError::Retry(_))));
    follow(&there).await.unwrap();
    assert_eq!(known.run(&there).await, Ok(()), "there is no account: it lapses by itself");
    assert_eq!(lost.run(&there).await, Ok(()));
}
