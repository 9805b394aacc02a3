//! Carriers as administrators steer and see them: what is changed and told, and the figures of
//! several servers.

use chrono::Duration;
use std::{sync::Arc, time::Duration as Span};
use uuid::Uuid;
use voxlink_domain::{
    carriers::{
        self, AskCarriers, Breakers, CallbackOutcome, CarrierRow, CarrierState, CarriersError,
        NewPapers, Tally, Wish,
    },
    catalog::refresh_prices,
    jobs::{Job, upkeep::CleanUp},
};
use voxlink_gateways::{
    carrier::{Exchange, fake::FakeCarrier},
    fault::Script,
};
use voxlink_testkit::{Outside, TestPlatform};
use voxlink_types::paper::Paper;

async fn with_a_carrier() -> TestPlatform {
    let carrier = FakeCarrier::new([], Script::calm());
    TestPlatform::with(Outside { carriers: vec![Arc::new(carrier)], ..Outside::default() }).await
}

fn wish(state: &str, priority: &str, mark_up: &str, reason: &str) -> Wish {
    Wish {
        state: state.to_owned(),
        priority: priority.to_owned(),
        mark_up: mark_up.to_owned(),
        reason: reason.to_owned(),
    }
}

async fn change(test: &TestPlatform, key: &str, wish: &Wish) -> Result<bool, CarriersError> {
    let mut cx = test.platform.work("test").await.unwrap();
    let done = carriers::change(&test.platform, &mut cx, key, wish).await?;
    cx.commit().await.unwrap();
    Ok(done)
}

async fn one(test: &TestPlatform, key: &str) -> CarrierRow {
    let mut cx = test.platform.work("test").await.unwrap();
    carriers::one(&test.platform, &mut cx, key).await.unwrap()
}

async fn count(test: &TestPlatform, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&test.platform.db().owner).await.unwrap()
}

fn saw(tally: &Tally, operation: &'static str, outcome: &'static str, millis: u64) {
    let took = Span::from_millis(millis);
    tally.saw(&Exchange { carrier: "fake", operation, outcome, took });
}

#[tokio::test]
async fn a_change_is_told_once_with_its_reason_and_another_mark_up_reaches_the_prices() {
    const TOLD: &str = "select count(*) from audit_log where action = 'carrier.change'";
    let test = with_a_carrier().await;
    refresh_prices(&test.platform).await.unwrap();
    let before = one(&test, "fake").await;
    assert_eq!((before.state, before.priority), (CarrierState::Enabled, 100));
    assert!(before.configured && !before.proved);
    assert!(!change(&test, "fake", &wish("enabled", "100", "1.50", "")).await.unwrap());
    assert_eq!(count(&test, TOLD).await, 0);
    assert!(change(&test, "fake", &wish("draining", "7", "2", "moving away")).await.unwrap());
    let after = one(&test, "fake").await;
    assert_eq!((after.state, after.priority), (CarrierState::Draining, 7));
    assert_eq!(after.mark_up.to_string(), "2");
    let told: String = sqlx::query_scalar(
        "select old_values->>'state' || ' ' || (new_values->>'state') || ' ' || reason || ' ' || resource_id
         from audit_log where action = 'carrier.change'",
    )
    .fetch_one(&test.platform.db().owner)
    .await
    .unwrap();
    assert_eq!(told, "enabled draining moving away fake");
    test.clock.advance(Duration::minutes(1));
    test.run_jobs().await;
    let monthly: String = sqlx::query_scalar(
        "select trim_scale(monthly)::text from price_books where effective_to is null",
    )
    .fetch_one(&test.platform.db().owner)
    .await
    .unwrap();
    assert_eq!(monthly, "1.3", "0.65 times 2");
    let unknown = change(&test, "nobody", &wish("enabled", "1", "1", "")).await;
    assert!(matches!(unknown, Err(CarriersError::Unknown(_))), "{unknown:?}");
    let wrong = change(&test, "fake", &wish("disabled", "7", "2", "")).await;
    assert!(matches!(wrong, Err(CarriersError::Fields(_))), "{wrong:?}");
    assert_eq!(count(&test, TOLD).await, 1);
}

#[tokio::test]
async fn a_carrier_that_was_configured_a_moment_ago_is_shown_and_can_be_disabled() {
    let test = with_a_carrier().await;
    assert_eq!(one(&test, "fake").await.state, CarrierState::Enabled);
    assert!(change(&test, "fake", &wish("disabled", "100", "1.5", "not yet")).await.unwrap());
    assert_eq!(one(&test, "fake").await.state, CarrierState::Disabled);
    let absent = one(&test, "twilio").await;
    assert!(!absent.configured, "{absent:?}");
}

#[tokio::test]
async fn papers_are_filed_replaced_and_removed_and_each_is_told() {
    const TOLD: &str = "select count(*) from audit_log
         where action in ('carrier.file_papers', 'carrier.remove_papers')";
    let test = with_a_carrier().await;
    let platform = &test.platform;
    let mut cx = platform.work("test").await.unwrap();
    let group = |id: &str| NewPapers {
        country: "DE".to_owned(),
        number_type: "local".to_owned(),
        ids: vec![(Paper::Bundle, id.to_owned())],
    };
    assert!(carriers::file_papers(platform, &mut cx, "fake", &group("one")).await.unwrap());
    assert!(!carriers::file_papers(platform, &mut cx, "fake", &group("one")).await.unwrap());
    assert!(carriers::file_papers(platform, &mut cx, "fake", &group("two")).await.unwrap());
    let on_file = carriers::papers(&mut cx, "fake").await.unwrap();
    let [kind] = &on_file[..] else { panic!("{on_file:?}") };
    assert_eq!((kind.country.as_str(), kind.papers.bundle.as_deref()), ("DE", Some("two")));
    assert!(carriers::remove_papers(&mut cx, "fake", "DE", "local").await.unwrap());
    assert!(!carriers::remove_papers(&mut cx, "fake", "DE", "local").await.unwrap());
    let nowhere = carriers::file_papers(platform, &mut cx, "twilio", &group("one")).await;
    assert!(matches!(nowhere, Err(CarriersError::TakesNoPapers)), "{nowhere:?}");
    cx.commit().await.unwrap();
    assert_eq!(count(&test, TOLD).await, 3);
    let ids = sqlx::query("select bundle from carrier_papers").execute(&platform.db().app).await;
    assert!(ids.is_err(), "a tenant's work asks whether there are some, never which");
}

#[tokio::test]
async fn the_figures_of_two_servers_add_up_by_operation_and_day() {
    let test = with_a_carrier().await;
    let servers = [(Uuid::now_v7(), Tally::default()), (Uuid::now_v7(), Tally::default())];
    for (server, tally) in &servers {
        for _ in 0..49 {
            saw(tally, "search", "ok", 80);
        }
        saw(tally, "search", "carrier_failed", 7_000);
        tally.called_back("fake", CallbackOutcome::Processed);
        carriers::tell(&test.platform, *server, tally).await.unwrap();
        carriers::tell(&test.platform, *server, tally).await.unwrap();
    }
    test.clock.advance(Duration::days(1));
    saw(&servers[0].1, "buy", "number_unavailable", 200);
    servers[0].1.called_back("fake", CallbackOutcome::Refused);
    carriers::tell(&test.platform, servers[0].0, &servers[0].1).await.unwrap();

    let mut cx = test.platform.work("test").await.unwrap();
    let operations = carriers::operations(&mut cx, "fake").await.unwrap();
    let [buy, search] = &operations[..] else { panic!("{operations:?}") };
    assert_eq!((buy.name.as_str(), buy.whole.count, buy.whole.failed()), ("buy", 1, 1));
    assert_eq!((search.name.as_str(), search.whole.count, search.days.len()), ("search", 100, 1));
    assert_eq!(search.whole.failures.get("carrier_failed"), Some(&2));
    assert_eq!(search.whole.took.p99(), Some(Span::from_secs(8)));
    assert_eq!(search.whole.took.mean(), Some(Span::from_micros(218_400)));
    let days = carriers::callbacks(&mut cx, "fake").await.unwrap();
    let counts: Vec<_> = days.iter().map(|(_, day)| (day.processed, day.refused)).collect();
    assert_eq!(counts, [(0, 1), (2, 0)]);
    drop(cx);
    refresh_prices(&test.platform).await.unwrap();
    let row = one(&test, "fake").await;
    assert_eq!((row.requests, row.failed), (101, 3));

    test.clock.advance(Duration::days(40));
    let mut cx = test.platform.work("test").await.unwrap();
    assert!(carriers::operations(&mut cx, "fake").await.unwrap().is_empty(), "too long ago");
    drop(cx);
    test.clock.advance(Duration::days(60));
    CleanUp::default().run(&test.platform).await.unwrap();
    assert_eq!(count(&test, "select count(*) from carrier_traffic").await, 0);
    assert_eq!(count(&test, "select count(*) from carrier_callbacks").await, 0);
}

#[tokio::test]
async fn a_breaker_is_told_per_server_and_forgotten_with_it() {
    let test = with_a_carrier().await;
    refresh_prices(&test.platform).await.unwrap();
    let begun = test.platform.clock().now();
    let (one_server, other) = (Tally::default(), Tally::default());
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    one_server.breaker("fake", true);
    other.breaker("fake", false);
    carriers::tell(&test.platform, first, &one_server).await.unwrap();
    carriers::tell(&test.platform, second, &other).await.unwrap();
    test.clock.advance(Duration::seconds(30));
    carriers::tell(&test.platform, first, &one_server).await.unwrap();
    let told = one(&test, "fake").await.breakers;
    assert_eq!(told, Breakers { servers: 2, open: 1, since: Some(begun) }, "since it opened");
    test.clock.advance(Duration::seconds(45));
    one_server.breaker("fake", false);
    carriers::tell(&test.platform, first, &one_server).await.unwrap();
    let told = one(&test, "fake").await.breakers;
    assert_eq!(told, Breakers { servers: 1, open: 0, since: None }, "the other server ended");
}

#[tokio::test]
async fn how_a_carrier_is_stands_until_it_is_asked_again() {
    let test = with_a_carrier().await;
    refresh_prices(&test.platform).await.unwrap();
    assert_eq!(one(&test, "fake").await.health, None);
    AskCarriers::default().run(&test.platform).await.unwrap();
    let health = one(&test, "fake").await.health.unwrap();
    assert!(health.is_good() && health.detail.is_empty(), "{health:?}");
    test.clock.advance(Duration::minutes(5));
    let again = carriers::ask(&test.platform, "fake").await.unwrap();
    assert_eq!(again.asked_at, health.asked_at + Duration::minutes(5));
    assert_eq!(one(&test, "fake").await.health, Some(again));
    let absent = carriers::ask(&test.platform, "twilio").await;
    assert!(matches!(absent, Err(CarriersError::NotConfigured(_))), "{absent:?}");
}

#[tokio::test]
async fn numbers_are_counted_over_all_tenants_with_what_they_cost() {
    let test = TestPlatform::new().await;
    let (ours, _) = test.tenant("Ours").await;
    let (other, _) = test.tenant("Other").await;
    test.number(ours, "+16175550101").await;
    test.number(other, "+16175550102").await;
    let mut cx = test.platform.work("test").await.unwrap();
    let holdings = carriers::holdings(&mut cx, "local").await.unwrap();
    assert_eq!((holdings.active, holdings.bought, holdings.released), (2, 0, 0));
    let costs: Vec<_> = holdings
        .costs
        .iter()
        .map(|c| (c.monthly.normalize().to_string(), c.rent.normalize().to_string()))
        .collect();
    assert_eq!(costs, [("1".to_owned(), "2".to_owned())], "two at 0.50, let for 1.00");
    assert_eq!(carriers::active(&mut cx).await.unwrap().get("local"), Some(&2));
}
