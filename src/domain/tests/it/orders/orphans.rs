//! Orphans: what a carrier sold for an item that was refused here.

use super::shop::{Shop, number};
use chrono::{DateTime, TimeDelta, Utc};
use voxlink_domain::{
    jobs::Job,
    orders::{self, GiveBackJob},
};
use voxlink_gateways::{
    Carrier, CarrierError, Clock,
    carrier::{Papers, Purchase},
    fault::{Fault, Script},
};
use voxlink_types::{E164, ids::OrderItemId, order::OrderState};

/// An order of one number that was refused, although the carrier then sold it.
async fn refused() -> (Shop, E164) {
    let shop = Shop::stocked(60, Script::calm(), 1000).await;
    for _ in 0..20 {
        shop.carrier.tell(Some(Fault::Transient));
    }
    let id = shop.buy([1]).await;
    let order = shop.finish(id, 12).await;
    let item = &order.items[0];
    let (key, text): (uuid::Uuid, String) =
        sqlx::query_as("select purchase_key, e164 from order_items where step = 'released'")
            .fetch_one(&shop.test.platform.db().owner)
            .await
            .unwrap();
    let number: E164 = text.parse().unwrap();
    assert_eq!(item.number, Some(number.clone()));
    // The first request arrives after all. What the script still holds is spent first.
    let purchase = purchase(&shop, &number, key);
    while shop.carrier.buy(&purchase).await.is_err() {}
    (shop, number)
}

fn purchase(shop: &Shop, number: &E164, key: uuid::Uuid) -> Purchase {
    let settings = shop.test.platform.settings();
    let settings = voxlink_domain::numbers::settings_for(settings, "fake", number.as_str());
    Purchase { number: number.clone(), key, hold_id: None, settings, papers: Papers::default() }
}

/// Lets the refusals be so old that they are asked after.
async fn settled(shop: &Shop) {
    // The rows' own clock is the database's.
    sqlx::query("alter table order_items disable trigger touch")
        .execute(&shop.test.platform.db().owner)
        .await
        .unwrap();
    sqlx::query("update order_items set updated_at = $1")
        .bind(shop.test.platform.clock().now() - TimeDelta::minutes(3))
        .execute(&shop.test.platform.db().owner)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_number_that_came_too_late_is_given_back_once() {
    let (shop, _) = refused().await;
    settled(&shop).await;
    assert_eq!(orders::sweep_orphans(&shop.test.platform).await.unwrap(), 1);
    assert_eq!(orders::sweep_orphans(&shop.test.platform).await.unwrap(), 0);
    shop.test.run_jobs().await;
    assert!(shop.carrier.sales().iter().all(|sale| sale.released));
    assert_eq!(shop.credit().await, 1000, "nobody paid for it");
}

#[tokio::test]
async fn what_its_carrier_does_not_decide_is_given_up_and_given_back_should_it_come() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let platform = &shop.test.platform;
    shop.carrier.tell(Some(Fault::Pending(12)));
    let id = shop.buy([1, 2]).await;
    for pause in [TimeDelta::hours(1), TimeDelta::hours(70)] {
        orders::fulfil(platform, shop.tenant, id).await.unwrap();
        assert_eq!(shop.order(id).await.state, OrderState::Processing);
        shop.test.clock.advance(pause);
    }
    shop.test.clock.advance(TimeDelta::hours(1));
    let order = shop.finish(id, 1).await;
    assert_eq!(order.state, OrderState::Partial);
    let why = order.items.iter().find_map(|item| item.failure.clone()).unwrap();
    assert!(why.starts_with("The carrier did not decide within 3 days"), "{why}");
    assert_eq!(shop.credit().await, 1000 - 170, "the other was had and paid");
    let mut orphans = 0;
    for _ in 0..12 {
        settled(&shop).await;
        orphans += orders::sweep_orphans(platform).await.unwrap();
    }
    assert_eq!(orphans, 1, "it came, once");
    shop.test.run_jobs().await;
    assert_eq!(shop.carrier.sales().iter().filter(|sale| sale.released).count(), 1);
}

/// Another item of the order that was refused, an hour earlier.
async fn refused_before(shop: &Shop, carrier: &str, number: &E164, key: uuid::Uuid) {
    sqlx::query(
        "insert into order_items (id, tenant_id, order_id, position, description, carrier, e164,
             total_minor, currency, step, purchase_key, attempts, updated_at)
         select $1, tenant_id, order_id, (select max(position) + 1 from order_items), description,
             $2, $3, total_minor, currency, 'released', $1, 1, updated_at - interval '1 hour'
         from order_items order by position limit 1",
    )
    .bind(key)
    .bind(carrier)
    .bind(number.as_str())
    .execute(&shop.test.platform.db().owner)
    .await
    .unwrap();
}

#[tokio::test]
async fn what_a_carrier_has_no_answer_for_keeps_no_other_from_its_turn() {
    let (shop, _) = refused().await;
    settled(&shop).await;
    sqlx::query("insert into carriers (key, display_name) values ('gone', 'Not configured')")
        .execute(&shop.test.platform.db().owner)
        .await
        .unwrap();
    // As many as one sweep takes, and older: of a carrier that is not there, and still pending.
    for n in 2..52 {
        refused_before(&shop, "gone", &number(n), uuid::Uuid::from_u128(1000 + u128::from(n)))
            .await;
        let key = uuid::Uuid::from_u128(u128::from(n));
        refused_before(&shop, "fake", &number(n), key).await;
        shop.carrier.tell(Some(Fault::Pending(200)));
        shop.carrier.buy(&purchase(&shop, &number(n), key)).await.unwrap();
    }
    assert_eq!(orders::sweep_orphans(&shop.test.platform).await.unwrap(), 0);
    assert_eq!(orders::sweep_orphans(&shop.test.platform).await.unwrap(), 1);
    assert_eq!(orders::sweep_orphans(&shop.test.platform).await.unwrap(), 0);
}

#[tokio::test]
async fn what_its_carrier_must_keep_is_given_back_afterwards() {
    let (shop, _) = refused().await;
    let until = shop.test.clock.now() + TimeDelta::days(14);
    let detail = "14 days".to_owned();
    shop.carrier.keeps(Some(CarrierError::TooEarly { until: Some(until), detail }));
    let job = GiveBackJob {
        carrier: "fake".to_owned(),
        carrier_number_id: shop.carrier.sales()[0].carrier_number_id.clone(),
        item: OrderItemId::new(1),
    };
    job.run(&shop.test.platform).await.unwrap();
    let due: DateTime<Utc> =
        sqlx::query_scalar("select run_at from graphile_worker._private_jobs where key = $1")
            .bind(job.key())
            .fetch_one(&shop.test.platform.db().owner)
            .await
            .unwrap();
    assert_eq!(due, until);
    shop.carrier.keeps(Some(CarrierError::Gone { detail: "404".to_owned() }));
    job.run(&shop.test.platform).await.unwrap();
    shop.carrier.keeps(Some(CarrierError::Transient { detail: "503".to_owned() }));
    assert!(job.run(&shop.test.platform).await.is_err(), "tried again by the queue");
}

#[tokio::test]
async fn what_is_a_customers_by_now_is_not_given_back() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let id = shop.buy([1]).await;
    shop.finish(id, 2).await;
    let job = GiveBackJob {
        carrier: "fake".to_owned(),
        carrier_number_id: shop.carrier.sales()[0].carrier_number_id.clone(),
        item: OrderItemId::new(1),
    };
    job.run(&shop.test.platform).await.unwrap();
    assert!(!shop.carrier.sales()[0].released, "somebody has it");
    sqlx::query("update subscriptions set state = 'released', released_at = now()")
        .execute(&shop.test.platform.db().platform)
        .await
        .unwrap();
    job.run(&shop.test.platform).await.unwrap();
    assert!(shop.carrier.sales()[0].released);
}

/// Puts an item at a step, and lets all of them be so old that they are asked after.
async fn put(shop: &Shop, item: uuid::Uuid, step: &str) {
    sqlx::query("update order_items set step = $2 where id = $1")
        .bind(item)
        .bind(step)
        .execute(&shop.test.platform.db().owner)
        .await
        .unwrap();
    settled(shop).await;
}

#[tokio::test]
async fn what_another_order_may_yet_have_comes_again() {
    let (shop, number) = refused().await;
    let other = uuid::Uuid::from_u128(7);
    refused_before(&shop, "fake", &number, other).await;
    put(&shop, other, "unknown").await;
    assert_eq!(orders::sweep_orphans(&shop.test.platform).await.unwrap(), 0);
    let checked: i64 = sqlx::query_scalar("select count(orphan_checked_at) from order_items")
        .fetch_one(&shop.test.platform.db().owner)
        .await
        .unwrap();
    assert_eq!(checked, 0, "it is not ticked off");
    put(&shop, other, "released").await;
    assert_eq!(orders::sweep_orphans(&shop.test.platform).await.unwrap(), 1);
    assert_eq!(orders::sweep_orphans(&shop.test.platform).await.unwrap(), 0);
}
