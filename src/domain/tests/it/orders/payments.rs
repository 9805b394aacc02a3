//! Card payments: events doubled and at once, declines, exact captures, top-ups.

use super::shop::{Shop, usd};
use futures::future::join_all;
use http::HeaderMap;
use voxlink_domain::{
    billing::{journal::Account, payments},
    orders,
};
use voxlink_gateways::{
    PaymentProcessor,
    fault::{Fault, Script},
    payments::{ProcessorState, fake::FakeProcessor},
};
use voxlink_types::{
    ids::PaymentId,
    order::{OrderState, PaymentState},
};

async fn top_up(shop: &Shop, minor: i64) -> (PaymentId, String) {
    let mut cx = shop.begin().await;
    let id = payments::begin_top_up(&mut cx, "test_card", usd(minor)).await.unwrap();
    cx.commit().await.unwrap();
    payments::open(&shop.test.platform, shop.tenant, id).await.unwrap();
    let payment = payments::get(&mut shop.begin().await, shop.tenant, id, false).await.unwrap();
    (id, payment.external_id.unwrap())
}

/// An event of the processor comes in and is worked on.
async fn event(shop: &Shop, id: &str, external_id: &str) -> bool {
    let mut headers = HeaderMap::new();
    headers.insert(FakeProcessor::SIGNATURE, "fake".parse().unwrap());
    let body = format!("{id} {external_id}");
    let platform = &shop.test.platform;
    let new = payments::receive(platform, "test_card", &headers, body.as_bytes()).await.unwrap();
    let stored: uuid::Uuid =
        sqlx::query_scalar("select id from inbound_events where event_id = $1")
            .bind(id)
            .fetch_one(&platform.db().platform)
            .await
            .unwrap();
    let job = payments::PaymentEventJob {
        event: stored,
        processor: "test_card".to_owned(),
        external_id: external_id.to_owned(),
    };
    job.process(platform).await.unwrap();
    new
}

#[tokio::test]
async fn webhook_return_and_sweep_at_once_credit_once() {
    let shop = Shop::open(Script::calm(), 0).await;
    let (id, external) = top_up(&shop, 2500).await;
    assert_eq!(shop.credit().await, 0, "nothing before the money is there");
    shop.processor.pay(&external, true);
    shop.test.clock.advance(chrono::Duration::minutes(5));
    let platform = &shop.test.platform;
    let returns = (0..6).map(|_| async {
        payments::reconcile(platform, shop.tenant, id).await.unwrap();
    });
    let events = (0..6).map(|n| {
        let (shop, external) = (&shop, &external);
        async move {
            event(shop, &format!("evt_{}", n % 3), external).await;
        }
    });
    let sweeps = (0..2).map(|_| async {
        payments::sweep(platform).await.unwrap();
    });
    futures::join!(join_all(returns), join_all(events), join_all(sweeps));
    assert_eq!(shop.credit().await, 2500);
    assert_eq!(shop.balance(Account::Processor).await, 2500);
}

#[tokio::test]
async fn a_forged_event_leaves_no_trace() {
    let shop = Shop::open(Script::calm(), 0).await;
    let (_, external) = top_up(&shop, 2500).await;
    let body = format!("evt_1 {external}");
    let refused =
        payments::receive(&shop.test.platform, "test_card", &HeaderMap::new(), body.as_bytes())
            .await;
    assert!(refused.is_err());
    let stored: i64 = sqlx::query_scalar("select count(*) from inbound_events")
        .fetch_one(&shop.test.platform.db().platform)
        .await
        .unwrap();
    assert_eq!(stored, 0);
}

#[tokio::test]
async fn amounts_out_of_bounds_are_not_begun() {
    let shop = Shop::open(Script::calm(), 0).await;
    for minor in [0, -5, 499, 1_000_001] {
        let mut cx = shop.begin().await;
        let refused = payments::begin_top_up(&mut cx, "test_card", usd(minor)).await.unwrap_err();
        assert!(matches!(refused, payments::PaymentsError::Amount { .. }), "{minor}");
    }
}

#[tokio::test]
async fn a_payment_nobody_finishes_is_given_up() {
    let shop = Shop::open(Script::calm(), 0).await;
    let (id, external) = top_up(&shop, 2500).await;
    shop.test.clock.advance(chrono::Duration::minutes(70));
    payments::sweep(&shop.test.platform).await.unwrap();
    let payment = payments::get(&mut shop.begin().await, shop.tenant, id, false).await.unwrap();
    assert_eq!(payment.state, PaymentState::Cancelled);
    assert_eq!(shop.processor.get(&external).await.unwrap().state, ProcessorState::Cancelled);
}

/// Places an order by card and opens its payment.
async fn by_card(
    shop: &Shop,
    numbers: std::ops::Range<u32>,
) -> (voxlink_types::ids::OrderId, PaymentId, String) {
    let cart = shop.cart(numbers).await;
    let placed = shop.place(&shop.wish(cart, shop.card())).await.unwrap();
    let id = placed.payment.unwrap();
    payments::open(&shop.test.platform, shop.tenant, id).await.unwrap();
    let payment = payments::get(&mut shop.begin().await, shop.tenant, id, false).await.unwrap();
    (placed.order, id, payment.external_id.unwrap())
}

#[tokio::test]
async fn a_card_pays_exactly_for_what_was_had() {
    let shop = Shop::open(Script::calm(), 0).await;
    shop.carrier.tell(None);
    shop.carrier.tell(Some(Fault::Unavailable));
    let (order, payment, external) = by_card(&shop, 0..3).await;
    orders::fulfil(&shop.test.platform, shop.tenant, order).await.unwrap();
    assert_eq!(shop.order(order).await.state, OrderState::Pending, "no card, no purchase");
    assert!(shop.carrier.sales().is_empty());
    shop.processor.pay(&external, true);
    payments::reconcile(&shop.test.platform, shop.tenant, payment).await.unwrap();
    // The capture fails once and its answer is lost once: the card is charged once.
    shop.processor.tell(Some(Fault::Transient));
    shop.processor.tell(Some(Fault::LostAnswer));
    let done = shop.finish(order, 5).await;
    assert_eq!((done.state, done.charged), (OrderState::Partial, usd(340)));
    shop.books_agree(&done).await;
    let at_processor = &shop.processor.payments()[0];
    assert_eq!(at_processor.state, ProcessorState::Captured(usd(340)));
    assert_eq!(shop.balance(Account::Receivable).await, 0);
    assert_eq!(shop.balance(Account::Processor).await, 340);
}

#[tokio::test]
async fn when_nothing_is_had_the_card_is_let_go() {
    let shop = Shop::open(Script::calm(), 0).await;
    shop.carrier.tell(Some(Fault::Unavailable));
    let (order, payment, external) = by_card(&shop, 0..1).await;
    shop.processor.pay(&external, true);
    payments::reconcile(&shop.test.platform, shop.tenant, payment).await.unwrap();
    let done = shop.finish(order, 3).await;
    assert_eq!((done.state, done.charged), (OrderState::Failed, usd(0)));
    shop.books_agree(&done).await;
    assert_eq!(shop.processor.payments()[0].state, ProcessorState::Cancelled);
    assert_eq!(shop.balance(Account::Processor).await, 0);
}

#[tokio::test]
async fn a_declined_card_may_be_followed_by_another() {
    let shop = Shop::open(Script::calm(), 0).await;
    let (order, payment, external) = by_card(&shop, 0..1).await;
    let mut cx = shop.begin().await;
    let open = orders::pay_again(&mut cx, order, "test_card").await.unwrap();
    assert_eq!(open, Some(payment), "one page at a time");
    drop(cx);
    shop.processor.pay(&external, false);
    let told = payments::reconcile(&shop.test.platform, shop.tenant, payment).await.unwrap();
    assert_eq!(told.state, PaymentState::Failed);
    assert!(told.failure.is_some());
    let mut cx = shop.begin().await;
    let second = orders::pay_again(&mut cx, order, "test_card").await.unwrap().unwrap();
    cx.commit().await.unwrap();
    assert_ne!(second, payment);
    payments::open(&shop.test.platform, shop.tenant, second).await.unwrap();
    let external =
        payments::get(&mut shop.begin().await, shop.tenant, second, false).await.unwrap();
    shop.processor.pay(&external.external_id.unwrap(), true);
    payments::reconcile(&shop.test.platform, shop.tenant, second).await.unwrap();
    let done = shop.finish(order, 2).await;
    assert_eq!(done.state, OrderState::Completed);
    shop.books_agree(&done).await;
}

#[tokio::test]
async fn a_cancelled_order_lets_its_card_go() {
    let shop = Shop::open(Script::calm(), 0).await;
    let (order, payment, external) = by_card(&shop, 0..1).await;
    let mut cx = shop.begin().await;
    orders::cancel(&mut cx, order, "no").await.unwrap();
    cx.commit().await.unwrap();
    // The person pays all the same, at the very moment.
    shop.processor.pay(&external, true);
    let job = payments::ReconcileJob { tenant: shop.tenant, payment };
    payments::run_reconcile(&shop.test.platform, &job).await.unwrap();
    assert_eq!(shop.processor.payments()[0].state, ProcessorState::Cancelled);
    orders::fulfil(&shop.test.platform, shop.tenant, order).await.unwrap();
    assert!(shop.carrier.sales().is_empty());
    assert_eq!(shop.balance(Account::Processor).await, 0);
}

/// The ways in which an order's payment can become known.
#[tokio::test]
async fn an_orders_webhook_before_after_doubled_or_lost_charges_once() {
    for way in ["before", "after", "doubled", "lost"] {
        let shop = Shop::open(Script::calm(), 0).await;
        let platform = &shop.test.platform;
        let (order, payment, external) = by_card(&shop, 0..2).await;
        shop.processor.pay(&external, true);
        let returned = async || {
            payments::reconcile(platform, shop.tenant, payment).await.unwrap();
        };
        match way {
            "before" => {
                event(&shop, "evt_1", &external).await;
                returned().await;
            }
            "after" => {
                returned().await;
                event(&shop, "evt_1", &external).await;
            }
            "doubled" => {
                assert!(event(&shop, "evt_1", &external).await);
                assert!(!event(&shop, "evt_1", &external).await, "the second is known");
                event(&shop, "evt_2", &external).await;
            }
            // The person closed the window, too: asking finds it.
            _ => {
                shop.test.clock.advance(chrono::Duration::minutes(3));
                assert_eq!(payments::sweep(platform).await.unwrap(), 1);
            }
        }
        let done = shop.finish(order, 2).await;
        event(&shop, "evt_9", &external).await;
        assert_eq!((done.state, done.charged), (OrderState::Completed, usd(340)), "{way}");
        shop.books_agree(&done).await;
        assert_eq!(shop.balance(Account::Processor).await, 340, "{way}");
        let accepted = done.events.iter().filter(|e| e.kind == "authorised").count();
        assert_eq!(accepted, 1, "{way}: told once");
    }
}
