//! Calls are rated once, whatever is told how often.

use super::fixture::{Customer, Terms, USUAL, at, dec};
use voxlink_domain::billing::usage::{
    CallToRate, Span, UsageError, calls_between, month_to_date, record_call,
};
use voxlink_testkit::TestPlatform;
use voxlink_types::{Currency, ids::NumberId};

async fn rows(customer: &Customer<'_>) -> i64 {
    sqlx::query_scalar("select count(*) from usage_records where tenant_id = $1")
        .bind(customer.tenant.uuid())
        .fetch_one(&customer.test.platform.db().owner)
        .await
        .unwrap()
}

async fn price_of(customer: &Customer<'_>, call: &CallToRate) -> Option<rust_decimal::Decimal> {
    sqlx::query_scalar("select price from call_records where id = $1")
        .bind(call.call.uuid())
        .fetch_one(&customer.test.platform.db().owner)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_call_is_rated_once_under_repetition() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Once").await;
    let terms = Terms { inbound_minute: "0.006", increments: (30, 6), ..USUAL };
    let number = customer.number("+12025550101", terms, at(2026, 11, 1, 0, 0)).await;
    let call = customer.call(number, at(2026, 11, 16, 14, 0), 75).await;

    let tries = futures::future::join_all((0..12).map(|_| customer.rate(&call))).await;
    let first = tries[0].clone().unwrap();
    assert_eq!((first.billed_seconds, first.price), (78, dec("0.0078")));
    assert!(tries.iter().all(|t| t.as_ref() == Some(&first)));
    assert_eq!(rows(&customer).await, 1);
    assert_eq!(price_of(&customer, &call).await, Some(dec("0.0078")));

    // A later event with another duration, or none, changes nothing.
    for seconds in [0, 500] {
        customer.rate(&CallToRate { answered_seconds: seconds, ..call }).await;
        assert_eq!(price_of(&customer, &call).await, Some(dec("0.0078")));
    }
    assert_eq!(rows(&customer).await, 1);
}

#[tokio::test]
async fn an_unanswered_call_costs_nothing_until_it_turns_out_answered() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Late").await;
    let number = customer.number("+12025550101", USUAL, at(2026, 11, 1, 0, 0)).await;
    let call = customer.call(number, at(2026, 11, 16, 14, 0), 0).await;
    assert_eq!(customer.rate(&call).await, None);
    assert_eq!((rows(&customer).await, price_of(&customer, &call).await), (0, Some(dec("0"))));
    let late = customer.rate(&CallToRate { answered_seconds: 61, ..call }).await.unwrap();
    assert_eq!((late.billed_seconds, late.price), (120, dec("0.0170")));
    assert_eq!(price_of(&customer, &call).await, Some(dec("0.0170")));
}

#[tokio::test]
async fn the_running_cost_is_by_day_of_the_zone_and_by_number() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Running").await;
    let quiet = customer.number("+12025550101", USUAL, at(2026, 11, 1, 0, 0)).await;
    let busy = customer.number("+12025550102", USUAL, at(2026, 11, 1, 0, 0)).await;
    customer.rated_call(quiet, at(2026, 11, 3, 12, 0), 10).await;
    // 02:00 UTC on the 4th is still the 3rd in New York.
    customer.rated_call(busy, at(2026, 11, 4, 2, 0), 61).await;
    customer.rated_call(busy, at(2026, 11, 9, 2, 0), 10).await;
    let span = Span { from: at(2026, 11, 1, 4, 0), to: at(2026, 12, 1, 5, 0) };
    let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
    let running =
        month_to_date(&mut cx, span, chrono_tz::America::New_York, Currency::Usd).await.unwrap();
    assert_eq!(running.total, dec("0.0340"));
    let days: Vec<_> = running.days.iter().map(|d| (d.day.to_string(), d.calls, d.cost)).collect();
    assert_eq!(
        days,
        [("2026-11-03".to_owned(), 2, dec("0.0255")), ("2026-11-08".to_owned(), 1, dec("0.0085"))]
    );
    let numbers: Vec<_> = running.numbers.iter().map(|n| (n.number, n.billed_seconds)).collect();
    assert_eq!(numbers, [(busy, 180), (quiet, 60)]);
    let calls = calls_between(&mut cx, span, Some(busy), None, 100).await.unwrap();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls.iter().map(|c| c.cost).sum::<rust_decimal::Decimal>(), dec("0.0255"));
}

#[tokio::test]
async fn nobody_rates_or_sees_calls_of_another_tenant() {
    let test = TestPlatform::new().await;
    let ours = Customer::new(&test, "Ours").await;
    let theirs = Customer::new(&test, "Theirs").await;
    let number = theirs.number("+12025550101", USUAL, at(2026, 11, 1, 0, 0)).await;
    let rated = theirs.rated_call(number, at(2026, 11, 3, 12, 0), 10).await;
    assert_eq!(rated.billed_seconds, 60);
    let span = Span { from: at(2026, 11, 1, 0, 0), to: at(2026, 12, 1, 0, 0) };
    let mut cx = test.platform.work_for(ours.tenant, "test").await.unwrap();
    let seen = month_to_date(&mut cx, span, chrono_tz::UTC, Currency::Usd).await.unwrap();
    assert!(seen.days.is_empty() && seen.numbers.is_empty());
    assert!(calls_between(&mut cx, span, None, None, 100).await.unwrap().is_empty());
    let call =
        CallToRate { tenant: ours.tenant, ..ours.call(number, at(2026, 11, 4, 0, 0), 5).await };
    assert!(matches!(record_call(&mut cx, &call).await, Err(UsageError::NoSuchNumber)));
    let none = CallToRate { subscription: NumberId::new(1), ..call };
    assert!(matches!(record_call(&mut cx, &none).await, Err(UsageError::NoSuchNumber)));
}
