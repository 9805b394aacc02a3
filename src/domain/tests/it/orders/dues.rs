//! A card that is refused when it is charged: what is due, who is told, how it is paid once.

use super::shop::{Shop, usd};
use chrono::{DateTime, Duration, Months, Utc};
use voxlink_domain::{
    billing::{invoices, journal::Account, payments},
    numbers,
    orders::{self, CheckoutError, DueError, PaymentChoice},
};
use voxlink_gateways::{PaymentProcessor, fault::Script, payments::ProcessorState};
use voxlink_types::{
    ids::{NumberId, OrderId, PaymentId},
    order::OrderState,
};

impl Shop {
    /// An order for two numbers whose card was voided behind our back after it was accepted.
    async fn owing(&self) -> OrderId {
        let cart = self.cart(0..2).await;
        let placed = self.place(&self.wish(cart, self.card())).await.unwrap();
        let payment = placed.payment.unwrap();
        let external = self.opened(payment).await;
        self.processor.pay(&external, true);
        payments::reconcile(&self.test.platform, self.tenant, payment).await.unwrap();
        self.processor.void(&external, uuid::Uuid::now_v7()).await.unwrap();
        self.finish(placed.order, 3).await;
        placed.order
    }

    async fn opened(&self, payment: PaymentId) -> String {
        payments::open(&self.test.platform, self.tenant, payment).await.unwrap();
        let mut cx = self.begin().await;
        let payment = payments::get(&mut cx, self.tenant, payment, false).await.unwrap();
        payment.external_id.unwrap()
    }

    async fn top_up(&self, minor: i64) {
        voxlink_testkit::top_up(&self.test.platform, self.tenant, minor).await;
    }

    async fn pay_from_balance(&self, order: OrderId) -> Result<(), DueError> {
        let mut cx = self.begin().await;
        orders::pay_from_credit(&mut cx, order).await?;
        Ok(cx.commit().await?)
    }

    async fn another_card(&self, order: OrderId) -> (PaymentId, String) {
        let mut cx = self.begin().await;
        let payment = orders::pay_again(&mut cx, order, "test_card").await.unwrap().unwrap();
        cx.commit().await.unwrap();
        (payment, self.opened(payment).await)
    }

    async fn is_settled(&self, order: OrderId) {
        let order = self.order(order).await;
        assert_eq!((order.due, order.charged), (None, usd(340)));
        assert_eq!(self.balance(Account::Receivable).await, 0);
        let paid = order.events.iter().filter(|e| e.kind == "paid").count();
        assert_eq!(paid, 1, "it is told once");
    }
}

async fn letters(shop: &Shop) -> Vec<String> {
    sqlx::query_scalar(
        "select title from notifications where kind = 'billing' order by created_at, id",
    )
    .fetch_all(&shop.test.platform.db().platform)
    .await
    .unwrap()
}

#[tokio::test]
async fn what_a_card_was_refused_for_is_due_and_said() {
    let shop = Shop::open(Script::calm(), 0).await;
    let id = shop.owing().await;
    let order = shop.order(id).await;
    assert_eq!((order.state, order.charged), (OrderState::Completed, usd(0)));
    assert_eq!(order.due.as_ref().map(|d| d.amount), Some(usd(340)));
    assert_eq!(shop.balance(Account::Receivable).await, 340);
    assert_eq!(letters(&shop).await, [format!("Payment due for order {}", order.number)]);
    let mut cx = shop.begin().await;
    assert_eq!(orders::dues(&mut cx).await.unwrap().len(), 1);
}

#[tokio::test]
async fn no_invoice_says_paid_before_it_is_paid() {
    let shop = Shop::open(Script::calm(), 0).await;
    let id = shop.owing().await;
    let mut cx = shop.begin().await;
    let before = invoices::estimate(&mut cx).await.unwrap();
    assert_eq!((before.prepaid, before.lines.len()), (usd(0), 0), "it is due, and said there");
    drop(cx);
    shop.top_up(340).await;
    shop.pay_from_balance(id).await.unwrap();
    let mut cx = shop.begin().await;
    let after = invoices::estimate(&mut cx).await.unwrap();
    assert_eq!((after.prepaid, after.total), (usd(340), usd(340)));
}

#[tokio::test]
async fn a_release_says_what_is_left_of_the_first_month() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let order = shop.buy([3]).await;
    shop.finish(order, 3).await;
    let (number, started): (NumberId, DateTime<Utc>) = {
        let row: (uuid::Uuid, DateTime<Utc>) =
            sqlx::query_as("select id, started_at from subscriptions")
                .fetch_one(&shop.test.platform.db().owner)
                .await
                .unwrap();
        (NumberId::from_uuid(row.0), row.1)
    };
    let mut cx = shop.begin().await;
    let told = numbers::consequences(&mut cx, &shop.test.platform, number).await.unwrap();
    let paid_to = (started + Months::new(1)).date_naive();
    assert_eq!(told.days_not_refunded, (paid_to - told.undo_until.date_naive()).num_days());
    assert!(told.days_not_refunded > 0);
    drop(cx);
    shop.test.clock.advance(Duration::days(40));
    let mut cx = shop.begin().await;
    let told = numbers::consequences(&mut cx, &shop.test.platform, number).await.unwrap();
    assert_eq!(told.days_not_refunded, 0, "later rent is billed to the day it ends");
}

#[tokio::test]
async fn another_card_pays_it_once() {
    let shop = Shop::open(Script::calm(), 0).await;
    let id = shop.owing().await;
    let (payment, external) = shop.another_card(id).await;
    let mut cx = shop.begin().await;
    let same = orders::pay_again(&mut cx, id, "test_card").await.unwrap();
    assert_eq!(same, Some(payment), "one page at a time");
    drop(cx);
    shop.processor.pay(&external, true);
    for _ in 0..2 {
        payments::reconcile(&shop.test.platform, shop.tenant, payment).await.unwrap();
        shop.test.run_jobs().await;
    }
    shop.is_settled(id).await;
    assert_eq!(
        shop.processor.get(&external).await.unwrap().state,
        ProcessorState::Captured(usd(340))
    );
    assert!(matches!(shop.pay_from_balance(id).await, Err(DueError::Nothing)));
}

#[tokio::test]
async fn balance_and_card_at_once_charge_once() {
    let shop = Shop::open(Script::calm(), 0).await;
    let id = shop.owing().await;
    let (payment, external) = shop.another_card(id).await;
    shop.top_up(1000).await;
    // The person pays from the balance in one window and by card in the other.
    shop.pay_from_balance(id).await.unwrap();
    shop.processor.pay(&external, true);
    payments::reconcile(&shop.test.platform, shop.tenant, payment).await.unwrap();
    shop.test.run_jobs().await;
    shop.is_settled(id).await;
    assert_eq!(shop.processor.get(&external).await.unwrap().state, ProcessorState::Cancelled);
    assert_eq!(shop.credit().await, 660);
}

#[tokio::test]
async fn while_a_card_is_accepted_the_balance_waits() {
    let shop = Shop::open(Script::calm(), 0).await;
    let id = shop.owing().await;
    let (payment, external) = shop.another_card(id).await;
    shop.top_up(1000).await;
    shop.processor.pay(&external, true);
    payments::reconcile(&shop.test.platform, shop.tenant, payment).await.unwrap();
    assert!(matches!(shop.pay_from_balance(id).await, Err(DueError::UnderWay)));
    shop.test.run_jobs().await;
    shop.is_settled(id).await;
    assert_eq!(shop.credit().await, 1000);
}

#[tokio::test]
async fn reminders_are_spaced_orders_stop_after_a_week_and_the_balance_heals_it() {
    let shop = Shop::open(Script::calm(), 0).await;
    let id = shop.owing().await;
    let platform = &shop.test.platform;
    // An hourly look over ten days.
    for _ in 0..240 {
        orders::dun(platform).await.unwrap();
        shop.test.clock.advance(Duration::hours(1));
    }
    assert_eq!(letters(&shop).await.len(), 1 + 3, "at once, and after 1, 3 and 7 days");
    let cart = shop.cart([7]).await;
    let wish = shop.wish(cart, PaymentChoice::Credit);
    let stopped = shop.place(&wish).await.unwrap_err();
    assert!(matches!(&stopped, CheckoutError::PaymentDue(due) if due.order == id), "{stopped}");
    shop.top_up(1000).await;
    shop.test.clock.advance(Duration::days(5));
    orders::dun(platform).await.unwrap();
    shop.is_settled(id).await;
    assert_eq!(shop.credit().await, 660);
    shop.place(&wish).await.unwrap();
    orders::dun(platform).await.unwrap();
    assert_eq!(letters(&shop).await.len(), 4, "nobody is reminded of what is paid");
}
