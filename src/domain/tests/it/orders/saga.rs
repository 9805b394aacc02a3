//! The saga: faults of every kind, deaths at every point, two workers at once.

use super::shop::{Shop, number, usd};
use chrono::{DateTime, Utc};
use futures::future::join_all;
use std::time::Duration;
use voxlink_domain::{
    billing::journal::Account,
    jobs::Job,
    orders::{self, FulfilJob},
};
use voxlink_gateways::{
    Clock,
    carrier::fake::FakeCarrier,
    fault::{Fault, Script},
};
use voxlink_types::order::{ItemStep, OrderState};

#[tokio::test]
async fn an_order_becomes_numbers_in_service() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let id = shop.buy([1, 2]).await;
    assert_eq!((shop.credit().await, shop.balance(Account::Held).await), (660, -340));
    let order = shop.finish(id, 1).await;
    assert_eq!((order.state, order.charged), (OrderState::Completed, usd(340)));
    shop.books_agree(&order).await;
    assert!(order.items.iter().all(|i| i.step == ItemStep::Done));
    let told: Vec<_> = order.events.iter().map(|e| e.kind.as_str()).collect();
    assert_eq!(told, ["placed", "processing", "bought", "bought", "completed"]);
    let year = order.number.starts_with("VL-2026-");
    assert!(year && order.number.len() == 14, "{}", order.number);
    let states: Vec<String> = sqlx::query_scalar("select state from subscriptions")
        .fetch_all(&shop.test.platform.db().platform)
        .await
        .unwrap();
    assert_eq!(states, ["active", "active"]);
}

#[tokio::test]
async fn every_fault_alone_ends_well() {
    for (fault, had) in [
        (Fault::Transient, 1),
        (Fault::LostAnswer, 1),
        (Fault::LostRequest, 1),
        (Fault::Doubled, 1),
        (Fault::Pending(3), 1),
        (Fault::Unavailable, 0),
    ] {
        let shop = Shop::open(Script::calm(), 1000).await;
        shop.carrier.tell(Some(fault));
        let id = shop.buy([1]).await;
        let order = shop.finish(id, 6).await;
        assert_eq!(shop.carrier.sales().len(), had, "{fault:?}");
        shop.books_agree(&order).await;
        let left = 1000 - 170 * i64::try_from(had).unwrap();
        assert_eq!(shop.credit().await, left, "{fault:?}");
    }
}

#[tokio::test]
async fn any_mixture_of_faults_ends_with_three_books_that_agree() {
    for seed in 0..12 {
        let shop = Shop::open(Script::seeded(seed, 50), 10_000).await;
        let id = shop.buy(0..12).await;
        let order = shop.finish(id, 40).await;
        shop.books_agree(&order).await;
    }
}

#[tokio::test]
async fn a_carrier_that_stays_down_releases_the_money_in_the_end() {
    let shop = Shop::open(Script::calm(), 1000).await;
    for _ in 0..20 {
        shop.carrier.tell(Some(Fault::Transient));
    }
    let id = shop.buy([1]).await;
    let order = shop.finish(id, 12).await;
    assert_eq!(order.state, OrderState::Failed);
    shop.books_agree(&order).await;
    assert_eq!(shop.credit().await, 1000);
}

#[tokio::test]
async fn a_number_is_asked_for_four_times_and_looks_are_no_tries() {
    for (faults, had, tries) in [
        (vec![Fault::Transient; 3], 1, 4),
        (vec![Fault::Transient; 4], 0, 4),
        (vec![Fault::LostRequest; 3], 1, 4),
        (vec![Fault::LostRequest; 4], 0, 5),
        (vec![Fault::Transient, Fault::Transient, Fault::Pending(9)], 1, 4),
    ] {
        let shop = Shop::open(Script::calm(), 1000).await;
        for fault in &faults {
            shop.carrier.tell(Some(*fault));
        }
        let id = shop.buy([1]).await;
        let order = shop.finish(id, 14).await;
        assert_eq!(shop.carrier.sales().len(), had, "{faults:?}");
        shop.books_agree(&order).await;
        // The last visit, which found it or gave up, counts.
        let counted: i32 = sqlx::query_scalar("select attempts from order_items")
            .fetch_one(&shop.test.platform.db().owner)
            .await
            .unwrap();
        assert_eq!(counted, tries, "{faults:?}");
        if had == 0 {
            let why = order.items[0].failure.clone().unwrap();
            assert!(why.contains("asked several times"), "{why}");
        }
    }
}

#[tokio::test]
async fn a_try_that_arrived_late_is_found_when_the_next_is_refused() {
    let shop = Shop::open(Script::calm(), 1000).await;
    // Sold, the answer lost, and not to be found by two looks.
    shop.carrier.tell(Some(Fault::LostAnswer));
    shop.carrier.lags(2);
    let id = shop.buy([1]).await;
    let order = shop.finish(id, 3).await;
    assert_eq!(order.state, OrderState::Completed, "the number is ours: {:#?}", order.items);
    shop.books_agree(&order).await;
}

#[tokio::test]
async fn a_slow_carrier_does_not_lose_the_order_to_another_worker() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let id = shop.buy([1]).await;
    let (platform, tenant) = (&shop.test.platform, shop.tenant);
    let until = async || -> Option<DateTime<Utc>> {
        sqlx::query_scalar("select lease_until from orders")
            .fetch_one(&platform.db().owner)
            .await
            .unwrap()
    };
    let slow = async {
        while shop.order(id).await.items[0].step != ItemStep::Buying {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let leased = until().await;
        shop.test.clock.advance(chrono::Duration::seconds(20));
        while until().await == leased {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        shop.test.clock.advance(chrono::Duration::seconds(20));
        // Forty seconds after it was taken: whoever comes finds it still kept.
        let other = orders::fulfil(platform, tenant, id);
        tokio::time::timeout(Duration::from_secs(5), other).await.unwrap().unwrap();
        shop.carrier.opens();
    };
    shop.carrier.shuts();
    // The lease is renewed by real time, which nobody can move here: after eight seconds.
    let both = Box::pin(async { tokio::join!(orders::fulfil(platform, tenant, id), slow) });
    let (done, ()) = tokio::time::timeout(Duration::from_secs(40), both).await.unwrap();
    done.unwrap();
    let order = shop.order(id).await;
    assert_eq!((order.state, shop.carrier.sales().len()), (OrderState::Completed, 1));
    shop.books_agree(&order).await;
}

#[tokio::test]
async fn a_slow_carrier_keeps_half_of_the_worker_at_most() {
    let shop = Shop::open(Script::calm(), 10_000).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(shop.buy([n]).await);
    }
    let (platform, tenant, last) = (&shop.test.platform, shop.tenant, ids[4]);
    let owner = &platform.db().owner;
    let fifth = async {
        let under_way = "select count(*) from order_items where step = 'buying'";
        while sqlx::query_scalar::<_, i64>(under_way).fetch_one(owner).await.unwrap() < 4 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let work = orders::fulfil(platform, tenant, last);
        tokio::time::timeout(Duration::from_secs(5), work).await.unwrap().unwrap();
        let (step, tries, visits, due): (String, i32, i32, DateTime<Utc>) = sqlx::query_as(
            "select i.step, i.attempts, o.attempts, o.next_attempt_at
             from orders o join order_items i on i.order_id = o.id where o.id = $1",
        )
        .bind(last.uuid())
        .fetch_one(owner)
        .await
        .unwrap();
        assert_eq!((step.as_str(), tries, visits), ("waiting", 0, 0), "it has not tried");
        let pause = (due - shop.test.clock.now()).num_milliseconds();
        assert!((1_000..=2_000).contains(&pause), "{pause} ms");
        shop.carrier.opens();
    };
    shop.carrier.shuts();
    let four = join_all(ids.iter().take(4).map(|id| orders::fulfil(platform, tenant, *id)));
    let both = async { tokio::join!(four, fifth) };
    let (done, ()) = tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
    for done in done {
        done.unwrap();
    }
    shop.test.clock.advance(chrono::Duration::seconds(2));
    assert_eq!(shop.finish(last, 1).await.state, OrderState::Completed);
    assert_eq!(shop.carrier.sales().len(), 5);
}

#[tokio::test]
async fn one_carrier_does_not_wait_for_another() {
    let quick = FakeCarrier::new([number(2)], Script::calm()).called("quick", "Quick carrier");
    let shop = Shop::beside(quick.clone(), Script::calm(), 1000).await;
    let (platform, tenant) = (&shop.test.platform, shop.tenant);
    let id = shop.buy([1, 2]).await;
    for statement in [
        "insert into carriers (key, display_name) values ('quick', 'Quick carrier')",
        "update order_items set carrier = 'quick' where e164 = '+12125550002'",
    ] {
        sqlx::query(statement).execute(&platform.db().owner).await.unwrap();
    }
    let step = async |n: u32| {
        let order = shop.order(id).await;
        order.items.iter().find(|i| i.number == Some(number(n))).unwrap().step
    };
    let watched = async {
        while step(2).await != ItemStep::Bought {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(step(1).await, ItemStep::Buying);
        shop.carrier.opens();
    };
    shop.carrier.shuts();
    let both = Box::pin(async { tokio::join!(orders::fulfil(platform, tenant, id), watched) });
    let (done, ()) = tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
    done.unwrap();
    assert_eq!(shop.order(id).await.state, OrderState::Completed);
    assert_eq!((shop.carrier.sales().len(), quick.sales().len()), (1, 1));
}

#[tokio::test]
async fn a_number_bought_by_a_worker_that_died_is_found_again() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let id = shop.buy([1]).await;
    // The worker's steps up to the carrier's answer, then death: the answer is never written.
    shop.carrier.tell(Some(Fault::LostAnswer));
    orders::fulfil(&shop.test.platform, shop.tenant, id).await.unwrap();
    sqlx::query(
        "update order_items set step = 'buying', subscription_id = null where order_id = $1",
    )
    .bind(id.uuid())
    .execute(&shop.test.platform.db().platform)
    .await
    .unwrap();
    // With the lost answer found at once the order may have ended: that is well, too.
    let order = shop.order(id).await;
    if !order.state.is_final() {
        let order = shop.finish(id, 3).await;
        shop.books_agree(&order).await;
    }
    assert_eq!(shop.carrier.sales().len(), 1, "{:?}", number(1));
}

#[tokio::test]
async fn two_workers_on_one_order_buy_every_number_once() {
    let shop = Shop::open(Script::seeded(7, 20), 10_000).await;
    let id = shop.buy(0..8).await;
    for _ in 0..20 {
        let work = (0..4).map(|_| orders::fulfil(&shop.test.platform, shop.tenant, id));
        for done in join_all(work).await {
            done.unwrap();
        }
        if shop.order(id).await.state.is_final() {
            break;
        }
        shop.test.clock.advance(chrono::Duration::seconds(30));
    }
    let order = shop.order(id).await;
    shop.books_agree(&order).await;
}

#[tokio::test]
async fn the_sweep_finds_what_a_dead_worker_left() {
    let shop = Shop::open(Script::calm(), 1000).await;
    let id = shop.buy([1]).await;
    let pool = shop.test.platform.db().platform.clone();
    let lease = "update orders set state = 'processing', lease_owner = 'dead', lease_until = $2 where id = $1";
    sqlx::query(lease)
        .bind(id.uuid())
        .bind(shop.test.platform.clock().now() + chrono::Duration::seconds(25))
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(orders::sweep(&shop.test.platform).await.unwrap(), 0, "the dead may still live");
    orders::fulfil(&shop.test.platform, shop.tenant, id).await.unwrap();
    assert_eq!(shop.order(id).await.state, OrderState::Processing, "nobody cuts in");
    shop.test.clock.advance(chrono::Duration::seconds(26));
    assert_eq!(orders::sweep(&shop.test.platform).await.unwrap(), 1);
    let order = shop.finish(id, 1).await;
    shop.books_agree(&order).await;
}

#[tokio::test]
async fn news_of_an_order_has_it_asked_after_at_once() {
    let shop = Shop::open(Script::calm(), 1000).await;
    shop.carrier.tell(Some(Fault::Pending(1)));
    let id = shop.buy([1]).await;
    let platform = &shop.test.platform;
    orders::fulfil(platform, shop.tenant, id).await.unwrap();
    let owner = &platform.db().owner;
    let theirs: String = sqlx::query_scalar("select carrier_order_id from order_items")
        .fetch_one(owner)
        .await
        .unwrap();
    let key = FulfilJob { tenant: shop.tenant, order: id }.key();
    let due = async || -> DateTime<Utc> {
        sqlx::query_scalar("select run_at from graphile_worker._private_jobs where key = $1")
            .bind(&key)
            .fetch_one(owner)
            .await
            .unwrap()
    };
    let now = shop.test.clock.now();
    assert!(due().await > now, "it is asked after by and by");
    assert!(!orders::carrier_news(platform, "fake", "FO-other").await.unwrap());
    assert!(!orders::carrier_news(platform, "other", &theirs).await.unwrap());
    assert!(due().await > now, "news of what is not ours changes nothing");
    assert!(orders::carrier_news(platform, "fake", &theirs).await.unwrap());
    assert_eq!(due().await, now);
    shop.test.run_jobs().await;
    let order = shop.order(id).await;
    assert_eq!(order.state, OrderState::Completed);
    shop.books_agree(&order).await;
    assert!(!orders::carrier_news(platform, "fake", &theirs).await.unwrap(), "it is over");
}
