//! Checkout: exact amounts, refusals that charge nothing, races, cancelling.

use super::shop::{Shop, number, usd};
use futures::future::join_all;
use voxlink_domain::{
    billing::journal::Account,
    cart::apply_promotion,
    jobs::{Job, upkeep::CleanUp},
    orders::{self, CancelError, CheckoutError, PaymentChoice},
};
use voxlink_gateways::{
    Carrier,
    fault::{Fault, Script},
};
use voxlink_types::order::OrderState;

#[tokio::test]
async fn shares_of_promotion_and_tax_add_up_to_the_order() {
    let shop = Shop::open(Script::calm(), 10_000).await;
    let pool = shop.test.platform.db().platform.clone();
    for statement in [
        "insert into promotions (code, description, percent, starts_at) values ('THIRD', 'a third off', 33.33, '2026-01-01')",
        "insert into tax_rates (id, country, region, jurisdiction, name, rate, effective_from)
         values (gen_random_uuid(), 'US', 'ZZ', 'Test State', 'Sales tax', 0.0725, '2026-01-01')",
        "update billing_accounts set billing_address = '{\"country\": \"US\", \"region\": \"ZZ\"}'",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let cart = shop.cart(0..7).await;
    sqlx::query("update carts set promotion_code = 'THIRD'").execute(&pool).await.unwrap();
    let id = shop.place(&shop.wish(cart, PaymentChoice::Credit)).await.unwrap().order;
    let order = shop.finish(id, 1).await;
    assert_eq!(order.subtotal, usd(7 * 170));
    assert_eq!(order.discount, usd(397), "33.33 % of 11.90, half up");
    assert_eq!(order.items.iter().map(|i| i.discount.minor).sum::<i64>(), order.discount.minor);
    assert_eq!(order.items.iter().map(|i| i.tax.minor).sum::<i64>(), order.tax.minor);
    assert_eq!(order.items.iter().map(|i| i.total.minor).sum::<i64>(), order.total.minor);
    assert!(order.tax.minor > 0);
    shop.books_agree(&order).await;
    assert_eq!(shop.balance(Account::Promotions).await, 397);
    let used: i32 = sqlx::query_scalar("select redemptions from promotions where code = 'THIRD'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(used, 1);
}

#[tokio::test]
async fn a_draining_carriers_held_numbers_may_be_paid_and_a_disabled_ones_not() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let pool = shop.test.platform.db().platform.clone();
    let cart = shop.cart([1]).await;
    let wish = shop.wish(cart, PaymentChoice::Credit);
    sqlx::query("update carriers set state = 'disabled' where key = 'fake'")
        .execute(&pool)
        .await
        .unwrap();
    let refused = shop.place(&wish).await;
    assert!(
        matches!(&refused, Err(CheckoutError::NotSold(numbers)) if *numbers == [number(1)]),
        "{refused:?}"
    );
    assert_eq!(shop.credit().await, 1000);
    sqlx::query("update carriers set state = 'draining' where key = 'fake'")
        .execute(&pool)
        .await
        .unwrap();
    let id = shop.place(&wish).await.unwrap().order;
    // Switched off once it is placed: it goes on.
    sqlx::query("update carriers set state = 'disabled' where key = 'fake'")
        .execute(&pool)
        .await
        .unwrap();
    let order = shop.finish(id, 2).await;
    assert_eq!(order.state, OrderState::Completed);
    shop.books_agree(&order).await;
}

#[tokio::test]
async fn the_same_cart_is_bought_once() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let cart = shop.cart([1]).await;
    let wish = shop.wish(cart, PaymentChoice::Credit);
    let placed = join_all((0..8).map(|_| shop.place(&wish))).await;
    assert_eq!(placed.iter().filter(|p| p.is_ok()).count(), 1);
    for refused in placed.into_iter().filter_map(Result::err) {
        assert!(matches!(refused, CheckoutError::NoCart), "{refused}");
    }
    assert_eq!(shop.credit().await, 830);
}

#[tokio::test]
async fn what_is_refused_charges_nothing_and_keeps_the_cart() {
    let shop = Shop::open(Script::calm(), 100).await;
    let cart = shop.cart([1]).await;
    let wish = shop.wish(cart, PaymentChoice::Credit);
    let poor = shop.place(&wish).await.unwrap_err();
    assert!(
        matches!(poor, CheckoutError::NotEnough { missing, .. } if missing == usd(70)),
        "{poor}"
    );
    let seen = orders::Checkout { expected: Some(usd(1)), ..wish.clone() };
    let other = shop.place(&seen).await.unwrap_err();
    assert!(matches!(other, CheckoutError::TotalChanged { now, .. } if now == usd(170)), "{other}");
    shop.test.clock.advance(chrono::Duration::minutes(1));
    shop.price("2").await;
    let dearer = shop.place(&wish).await.unwrap_err();
    assert!(
        matches!(&dearer, CheckoutError::PriceChanged(c) if c[0].now.0 == usd(200)),
        "{dearer}"
    );
    let mut cx = shop.begin().await;
    orders::accept_prices(&mut cx, cart).await.unwrap();
    orders::accept_prices(&mut cx, cart).await.unwrap();
    cx.commit().await.unwrap();
    let told: Vec<String> = sqlx::query_scalar(
        "select concat(old_values -> 0 -> 'monthly' ->> 'minor', ' ', new_values -> 0 -> 'monthly' ->> 'minor')
         from audit_log where action = 'cart.accept_prices'",
    )
    .fetch_all(&shop.test.platform.db().owner)
    .await
    .unwrap();
    assert_eq!(told, ["120 200"], "once, with what was and what is");
    let accepted = shop.place(&wish).await.unwrap_err();
    assert!(matches!(accepted, CheckoutError::NotEnough { .. }), "{accepted}");
    assert_eq!((shop.credit().await, shop.balance(Account::Held).await), (100, 0));
    let mut cx = shop.begin().await;
    assert_eq!(orders::open_cart(&mut cx, shop.user).await.unwrap(), Some(cart));
}

#[tokio::test]
async fn a_number_that_somebody_else_holds_is_not_sold() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let (other, _) = shop.test.tenant("Other").await;
    let cart = shop.cart([1]).await;
    let pool = shop.test.platform.db().platform.clone();
    sqlx::query(
        "with c as (insert into carts (id, tenant_id, user_id) select gen_random_uuid(), tenant_id, id from users where tenant_id = $1 returning id)
         insert into holds (e164, carrier, tenant_id, cart_id, expires_at) select $2, 'fake', $1, id, $3 from c",
    )
    .bind(other.uuid())
    .bind(number(1).as_str())
    .bind(shop.test.platform.clock().now() + chrono::Duration::minutes(5))
    .execute(&pool)
    .await
    .unwrap();
    let refused = shop.place(&shop.wish(cart, PaymentChoice::Credit)).await.unwrap_err();
    assert!(matches!(&refused, CheckoutError::Taken(n) if *n == [number(1)]), "{refused}");
    shop.test.clock.advance(chrono::Duration::minutes(6));
    shop.place(&shop.wish(cart, PaymentChoice::Credit)).await.unwrap();
}

#[tokio::test]
async fn a_pending_order_can_be_called_off_and_no_later_one() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let id = shop.buy([1]).await;
    let mut cx = shop.begin().await;
    orders::cancel(&mut cx, id, "changed my mind").await.unwrap();
    cx.commit().await.unwrap();
    let order = shop.order(id).await;
    assert_eq!((order.state, shop.credit().await), (OrderState::Cancelled, 1000));
    orders::fulfil(&shop.test.platform, shop.tenant, id).await.unwrap();
    assert!(shop.carrier.sales().is_empty());
    let id = shop.buy([2]).await;
    shop.finish(id, 1).await;
    let late = orders::cancel(&mut shop.begin().await, id, "too late").await.unwrap_err();
    assert!(matches!(late, CancelError::TooLate(OrderState::Completed)));
}

#[tokio::test]
async fn an_order_is_found_by_its_owner_alone() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let id = shop.buy([1]).await;
    let (other, _) = shop.test.tenant("Other").await;
    let mut cx = shop.test.platform.work_for(other, "test").await.unwrap();
    assert_eq!(orders::get(&mut cx, id).await.unwrap(), None);
    assert!(matches!(orders::cancel(&mut cx, id, "").await, Err(CancelError::Absent)));
    let filter = orders::OrderFilter { query: Some("5550001".to_owned()), state: None };
    let page = voxlink_types::PageRequest::default();
    assert_eq!(orders::list(&mut cx, &filter, page).await.unwrap().total, 0);
    let found = orders::list(&mut shop.begin().await, &filter, page).await.unwrap();
    assert_eq!(found.rows[0].id, id);
}

#[tokio::test]
async fn a_promotion_is_good_once_per_account_and_comes_back_with_a_cancelled_order() {
    let shop = Shop::open(Script::calm(), 10_000).await;
    let pool = shop.test.platform.db().platform.clone();
    sqlx::query(
        "insert into promotions (code, description, percent, starts_at, max_redemptions, max_per_account)
         values ('ONCE', 'half off', 50, '2026-01-01', 5, 1)",
    )
    .execute(&pool)
    .await
    .unwrap();
    let with_code = async |n: u32| {
        let cart = shop.cart([n]).await;
        let mut cx = shop.begin().await;
        let applied = apply_promotion(&mut cx, shop.user, "once").await;
        cx.commit().await.unwrap();
        (cart, applied.map_err(|e| e.to_string()))
    };
    let used = async || -> i32 {
        sqlx::query_scalar("select redemptions from promotions").fetch_one(&pool).await.unwrap()
    };
    let (cart, applied) = with_code(1).await;
    assert_eq!(applied.as_deref(), Ok("ONCE"));
    let order = shop.place(&shop.wish(cart, PaymentChoice::Credit)).await.unwrap().order;
    assert_eq!((shop.credit().await, used().await), (10_000 - 85, 1));
    let (cart, applied) = with_code(2).await;
    assert!(applied.as_ref().is_err_and(|e| e.contains("used this code already")), "{applied:?}");
    // It got into the cart before the other order was placed.
    sqlx::query("update carts set promotion_code = 'ONCE' where id = $1")
        .bind(cart.uuid())
        .execute(&pool)
        .await
        .unwrap();
    let mut cx = shop.begin().await;
    let quote = orders::quote(&mut cx, cart).await.unwrap();
    assert_eq!((quote.total, quote.promotion), (usd(170), None));
    assert!(quote.refused_promotion.is_some());
    orders::cancel(&mut cx, order, "changed my mind").await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(used().await, 0);
    let placed = shop.place(&shop.wish(cart, PaymentChoice::Credit)).await.unwrap();
    assert_eq!(shop.order(placed.order).await.total, usd(85));
}

#[tokio::test]
async fn a_cancelled_and_a_failed_order_let_the_carriers_holds_go() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let (ours, theirs) = (uuid::Uuid::now_v7(), uuid::Uuid::now_v7());
    let until = shop.test.platform.clock().now() + chrono::Duration::minutes(15);
    let mut orders = Vec::new();
    for n in [1, 2] {
        let hold = shop.carrier.hold(&number(n), ours, until).await.unwrap();
        orders.push(shop.buy([n]).await);
        sqlx::query("update holds set carrier_hold_id = $1 where e164 = $2")
            .bind(hold.id)
            .bind(number(n).as_str())
            .execute(&shop.test.platform.db().platform)
            .await
            .unwrap();
    }
    assert!(shop.carrier.hold(&number(1), theirs, until).await.is_err());
    let mut cx = shop.begin().await;
    orders::cancel(&mut cx, orders[0], "no").await.unwrap();
    cx.commit().await.unwrap();
    for _ in 0..20 {
        shop.carrier.tell(Some(Fault::Transient));
    }
    shop.finish(orders[1], 12).await;
    shop.test.run_jobs().await;
    for n in [1, 2] {
        shop.carrier.hold(&number(n), theirs, until).await.unwrap();
    }
}

#[tokio::test]
async fn housekeeping_leaves_an_orders_holds_alone() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let cart = shop.cart([1]).await;
    let order = shop.place(&shop.wish(cart, shop.card())).await.unwrap().order;
    shop.test.clock.advance(chrono::Duration::days(2));
    CleanUp::default().run(&shop.test.platform).await.unwrap();
    let held: Vec<uuid::Uuid> = sqlx::query_scalar("select order_id from holds")
        .fetch_all(&shop.test.platform.db().owner)
        .await
        .unwrap();
    assert_eq!(held, [order.uuid()]);
}

#[tokio::test]
async fn a_cart_leads_to_its_order() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let cart = shop.cart([1]).await;
    assert_eq!(orders::of_cart(&mut shop.begin().await, cart).await.unwrap(), None);
    let placed = shop.place(&shop.wish(cart, PaymentChoice::Credit)).await.unwrap();
    assert_eq!(orders::of_cart(&mut shop.begin().await, cart).await.unwrap(), Some(placed.order));
}
