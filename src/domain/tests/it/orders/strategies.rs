//! All or nothing, at least so many: what is kept, what goes back, what is charged.

use super::shop::{Shop, usd};
use voxlink_domain::{
    billing::{journal::Account, payments},
    orders::{self, CheckoutError, PaymentChoice},
};
use voxlink_gateways::{
    fault::{Fault, Script},
    payments::ProcessorState,
};
use voxlink_types::{
    ids::OrderId,
    order::{ItemStep, OrderState, Strategy},
};

impl Shop {
    async fn buy_as(&self, strategy: Strategy, count: u32) -> OrderId {
        let cart = self.cart(0..count).await;
        let wish = orders::Checkout { strategy, ..self.wish(cart, PaymentChoice::Credit) };
        self.place(&wish).await.unwrap().order
    }

    /// The carrier's books: how many are ours, and how many went back.
    fn ours_and_back(&self) -> (usize, usize) {
        let sales = self.carrier.sales();
        let back = sales.iter().filter(|s| s.released).count();
        (sales.len() - back, back)
    }

    /// The same as the books, where numbers went back.
    async fn money_agrees(&self, order: &orders::Order) {
        let had: i64 =
            order.items.iter().filter(|i| i.subscription.is_some()).map(|i| i.total.minor).sum();
        assert_eq!((order.charged.minor, order.released.minor), (had, order.total.minor - had));
        assert_eq!(self.balance(Account::Held).await, 0, "nothing stays held");
        let holds: i64 = sqlx::query_scalar("select count(*) from holds")
            .fetch_one(&self.test.platform.db().platform)
            .await
            .unwrap();
        assert_eq!(holds, 0, "no hold is left behind");
    }
}

#[tokio::test]
async fn all_or_nothing_gives_back_what_was_had_when_one_is_missing() {
    let shop = Shop::open(Script::calm(), 1000).await;
    shop.carrier.tell(None);
    shop.carrier.tell(Some(Fault::Unavailable));
    let id = shop.buy_as(Strategy::AllOrNothing, 4).await;
    let order = shop.finish(id, 3).await;
    assert_eq!((order.state, shop.credit().await), (OrderState::Failed, 1000));
    shop.money_agrees(&order).await;
    assert_eq!(shop.carrier.sales().len(), 1, "after the refusal no other is tried");
    shop.test.run_jobs().await;
    assert_eq!(shop.ours_and_back(), (0, 1));
    assert!(order.items.iter().all(|i| i.step == ItemStep::Released && i.subscription.is_none()));
    let reasons: Vec<_> = order.items.iter().map(|i| i.failure.clone().unwrap()).collect();
    assert!(reasons[0].contains("given back"), "{reasons:?}");
    assert!(reasons[1].contains("Somebody else took"), "{reasons:?}");
    assert!(reasons[2].contains("was not bought"), "{reasons:?}");
    let free: Vec<bool> = order.items.iter().map(|i| i.free_at.is_some()).collect();
    assert_eq!(free, [true, false, true, true], "all but the one that failed may be held again");
    let told: Vec<_> = order.events.iter().map(|e| e.kind.as_str()).collect();
    assert_eq!(
        told,
        ["placed", "processing", "secured", "failed", "failed", "failed", "failed", "failed"]
    );
    let last = &order.events.last().unwrap().message;
    assert!(last.contains("all or none; nothing was charged"), "{last}");
    let known: i64 = sqlx::query_scalar("select count(*) from subscriptions")
        .fetch_one(&shop.test.platform.db().platform)
        .await
        .unwrap();
    assert_eq!(known, 0);
}

#[tokio::test]
async fn all_or_nothing_puts_all_into_service_at_once() {
    let shop = Shop::open(Script::calm(), 1000).await;
    shop.carrier.tell(Some(Fault::Pending(2)));
    let id = shop.buy_as(Strategy::AllOrNothing, 3).await;
    orders::fulfil(&shop.test.platform, shop.tenant, id).await.unwrap();
    let half = shop.order(id).await;
    assert_eq!(half.charged, usd(0), "nothing is charged before all are there");
    assert!(half.items.iter().all(|i| i.subscription.is_none()));
    let order = shop.finish(id, 6).await;
    assert_eq!((order.state, order.charged), (OrderState::Completed, usd(510)));
    shop.books_agree(&order).await;
}

#[tokio::test]
async fn at_least_so_many_keeps_enough_and_gives_back_too_few() {
    for (least, had, state) in [(2, 2, OrderState::Partial), (3, 0, OrderState::Failed)] {
        let shop = Shop::open(Script::calm(), 1000).await;
        for fault in [None, Some(Fault::Unavailable), None, Some(Fault::Unavailable)] {
            shop.carrier.tell(fault);
        }
        let id = shop.buy_as(Strategy::AtLeast(least), 4).await;
        let order = shop.finish(id, 3).await;
        assert_eq!((order.state, order.charged), (state, usd(170 * had)), "at least {least}");
        shop.money_agrees(&order).await;
        shop.test.run_jobs().await;
        let kept = usize::try_from(had).unwrap();
        assert_eq!(shop.ours_and_back(), (kept, 2 - kept), "at least {least}");
        assert_eq!(shop.credit().await, 1000 - 170 * had);
    }
}

#[tokio::test]
async fn any_mixture_of_faults_keeps_all_or_none() {
    for seed in 0..10 {
        let shop = Shop::open(Script::seeded(seed, 35), 10_000).await;
        let id = shop.buy_as(Strategy::AllOrNothing, 5).await;
        let order = shop.finish(id, 60).await;
        shop.money_agrees(&order).await;
        shop.test.run_jobs().await;
        let (ours, _) = shop.ours_and_back();
        match order.state {
            OrderState::Completed => assert_eq!((ours, order.charged), (5, usd(850)), "{seed}"),
            OrderState::Failed => assert_eq!((ours, order.charged), (0, usd(0)), "{seed}"),
            other => panic!("{seed}: {other}"),
        }
    }
}

#[tokio::test]
async fn a_card_pays_nothing_for_nothing_and_exactly_for_enough() {
    for (strategy, captured) in [(Strategy::AllOrNothing, None), (Strategy::AtLeast(2), Some(340))]
    {
        let shop = Shop::open(Script::calm(), 0).await;
        shop.carrier.tell(None);
        shop.carrier.tell(Some(Fault::Unavailable));
        let cart = shop.cart(0..3).await;
        let wish = orders::Checkout { strategy, ..shop.wish(cart, shop.card()) };
        let placed = shop.place(&wish).await.unwrap();
        let payment = placed.payment.unwrap();
        payments::open(&shop.test.platform, shop.tenant, payment).await.unwrap();
        let external = shop.processor.payments()[0].external_id.clone();
        shop.processor.pay(&external, true);
        payments::reconcile(&shop.test.platform, shop.tenant, payment).await.unwrap();
        let order = shop.finish(placed.order, 3).await;
        shop.money_agrees(&order).await;
        let expected =
            captured.map_or(ProcessorState::Cancelled, |m| ProcessorState::Captured(usd(m)));
        assert_eq!(shop.processor.payments()[0].state, expected);
        assert_eq!(shop.balance(Account::Receivable).await, 0);
        assert_eq!(shop.balance(Account::Processor).await, captured.unwrap_or(0));
    }
}

#[tokio::test]
async fn more_than_there_are_cannot_be_the_least() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let cart = shop.cart(0..2).await;
    let wish = shop.wish(cart, PaymentChoice::Credit);
    let wish = orders::Checkout { strategy: Strategy::AtLeast(3), ..wish };
    let refused = shop.place(&wish).await.unwrap_err();
    assert!(matches!(refused, CheckoutError::Minimum { count: 2 }), "{refused}");
}
