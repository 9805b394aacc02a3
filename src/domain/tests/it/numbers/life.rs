//! Suspension and release: what is refused, what is told, what the carrier hears.

use super::{BOSTON, begin};
use chrono::TimeDelta;
use std::sync::Arc;
use uuid::Uuid;
use voxlink_domain::numbers::{self, ApplySettings, CarryOutRelease, Filter, NumberError, Sort};
use voxlink_gateways::{
    Carrier, CarrierError, Clock,
    carrier::{
        Bought, Papers, Purchase,
        fake::{FakeCarrier, Mood},
    },
    fault::Script,
};
use voxlink_testkit::{Outside, TestPlatform};
use voxlink_types::{
    E164, PageRequest,
    ids::{NumberId, TenantId, UserId},
    number::{NumberState, Standing},
};

/// A number bought at the fake carrier, whose books can be looked into.
async fn at_carrier() -> (TestPlatform, FakeCarrier, TenantId, UserId, NumberId) {
    at(FakeCarrier::KEY).await
}

/// The same with the carrier under another key.
async fn at(key: &'static str) -> (TestPlatform, FakeCarrier, TenantId, UserId, NumberId) {
    let number: E164 = BOSTON.parse().unwrap();
    let carrier = FakeCarrier::new([number.clone()], Script::calm()).called(key, "Fake");
    let outside = Outside { carriers: vec![Arc::new(carrier.clone())], ..Outside::default() };
    let test = TestPlatform::with(outside).await;
    let (tenant, user) = test.tenant("Ours").await;
    let id = test.number(tenant, BOSTON).await;
    let settings = numbers::settings_for(test.platform.settings(), key, BOSTON);
    let purchase = Purchase {
        number,
        key: Uuid::from_u128(7),
        hold_id: None,
        settings,
        papers: Papers::default(),
    };
    let Bought::Done(owned) = carrier.buy(&purchase).await.unwrap() else { panic!("pending") };
    let db = &test.platform.db().platform;
    sqlx::query(
        "insert into carriers (key, display_name) values ($1, 'Fake') on conflict do nothing",
    )
    .bind(key)
    .execute(db)
    .await
    .unwrap();
    sqlx::query("update inventory set carrier = $1, carrier_number_id = $2")
        .bind(key)
        .bind(owned.id)
        .execute(db)
        .await
        .unwrap();
    (test, carrier, tenant, user, id)
}

#[tokio::test]
async fn a_suspended_number_is_resumed_and_no_state_is_entered_twice() {
    let test = TestPlatform::new().await;
    let (tenant, user) = test.tenant("Ours").await;
    let id = test.number(tenant, BOSTON).await;
    let mut cx = begin(&test, tenant, user).await;
    assert!(matches!(numbers::suspend(&mut cx, id, "  ", "").await, Err(NumberError::Reason)));
    let long = "x".repeat(301);
    assert!(matches!(numbers::suspend(&mut cx, id, "y", &long).await, Err(NumberError::Message)));
    assert!(matches!(numbers::resume(&mut cx, id).await, Err(NumberError::State { .. })));
    numbers::suspend(&mut cx, id, "moving", "We are moving").await.unwrap();
    let again = numbers::suspend(&mut cx, id, "moving", "").await.unwrap_err();
    assert_eq!(again.to_string(), "A number that is suspended cannot be suspended.");
    let shown = numbers::detail(&mut cx, id).await.unwrap();
    assert_eq!(shown.suspension.unwrap().1, "moving");
    assert_eq!(shown.suspension_message.as_deref(), Some("We are moving"));
    test.clock.advance(TimeDelta::seconds(1));
    numbers::resume(&mut cx, id).await.unwrap();
    let events = numbers::events(&mut cx, id, 10).await.unwrap();
    let told: Vec<_> = events.iter().map(|e| (e.to, e.reason.as_str(), e.by.as_str())).collect();
    let expected =
        [(NumberState::Active, "Resumed", "Ours"), (NumberState::Suspended, "moving", "Ours")];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_release_is_confirmed_silences_at_once_and_can_be_undone() {
    let (test, carrier, tenant, user, id) = at_carrier().await;
    let mut cx = begin(&test, tenant, user).await;
    let told = numbers::consequences(&mut cx, &test.platform, id).await.unwrap();
    assert_eq!((told.undo_days, told.days_not_refunded), (10, 0));
    for wrong in ["", "6175550124", "yes"] {
        let refused = numbers::release(&mut cx, &test.platform, id, wrong, "").await;
        assert!(matches!(refused, Err(NumberError::Confirmation)), "{wrong}");
    }
    let typed = "(617) 555-0123";
    let until = numbers::release(&mut cx, &test.platform, id, typed, "closing").await.unwrap();
    assert_eq!(until, test.clock.now() + TimeDelta::days(10));
    let shown = numbers::detail(&mut cx, id).await.unwrap();
    assert_eq!(shown.row.standing(), Standing::Releasing);
    assert!(!shown.row.state.answers());
    for refused in [
        numbers::release(&mut cx, &test.platform, id, typed, "").await.map(drop),
        numbers::resume(&mut cx, id).await,
    ] {
        assert!(matches!(refused, Err(NumberError::BeingReleased)));
    }
    cx.commit().await.unwrap();

    // The job before its time, and after the release was undone, does nothing.
    let job = CarryOutRelease { tenant, number: id };
    numbers::carry_out(&test.platform, &job).await.unwrap();
    test.clock.advance(TimeDelta::days(9));
    let mut cx = begin(&test, tenant, user).await;
    numbers::undo(&mut cx, id).await.unwrap();
    assert!(matches!(numbers::undo(&mut cx, id).await, Err(NumberError::NotBeingReleased)));
    cx.commit().await.unwrap();
    test.clock.advance(TimeDelta::days(2));
    numbers::carry_out(&test.platform, &job).await.unwrap();
    let mut cx = begin(&test, tenant, user).await;
    let shown = numbers::detail(&mut cx, id).await.unwrap();
    assert_eq!(
        (shown.row.state, shown.release, shown.suspension),
        (NumberState::Active, None, None)
    );
    assert!(!carrier.sales()[0].released);
}

#[tokio::test]
async fn undoing_leads_back_to_a_suspension_that_was_there_before() {
    let test = TestPlatform::new().await;
    let (tenant, user) = test.tenant("Ours").await;
    let id = test.number(tenant, BOSTON).await;
    let mut cx = begin(&test, tenant, user).await;
    numbers::suspend(&mut cx, id, "moving", "We are moving").await.unwrap();
    numbers::release(&mut cx, &test.platform, id, BOSTON, "").await.unwrap();
    numbers::undo(&mut cx, id).await.unwrap();
    let shown = numbers::detail(&mut cx, id).await.unwrap();
    assert_eq!(shown.row.state, NumberState::Suspended);
    assert_eq!(shown.suspension.unwrap().1, "moving");
}

#[tokio::test]
async fn a_release_that_is_due_is_carried_out_once_at_the_carrier() {
    let (test, carrier, tenant, user, id) = at_carrier().await;
    let mut cx = begin(&test, tenant, user).await;
    numbers::release(&mut cx, &test.platform, id, BOSTON, "").await.unwrap();
    cx.commit().await.unwrap();
    test.clock.advance(TimeDelta::days(10) + TimeDelta::minutes(2));
    let mut cx = begin(&test, tenant, user).await;
    assert!(matches!(numbers::undo(&mut cx, id).await, Err(NumberError::TooLateToUndo)));
    drop(cx);
    let job = CarryOutRelease { tenant, number: id };
    // Gone at the carrier already, as when the worker died before it could record it.
    carrier.release(&carrier.sales()[0].carrier_number_id).await.unwrap();
    numbers::carry_out(&test.platform, &job).await.unwrap();
    numbers::carry_out(&test.platform, &job).await.unwrap();
    assert!(carrier.sales()[0].released);

    let mut cx = begin(&test, tenant, user).await;
    let shown = numbers::detail(&mut cx, id).await.unwrap();
    assert_eq!(shown.row.standing(), Standing::Released);
    let all = numbers::matching(&mut cx, &Filter::default(), Sort::Number).await.unwrap();
    assert!(all.is_empty(), "released numbers are not listed");
    let inbox = voxlink_domain::notifications::inbox(&mut cx, user, PageRequest::default());
    let inbox = inbox.await.unwrap();
    assert_eq!(inbox.total, 1);
    assert_eq!(inbox.rows[0].title, "+1 617-555-0123 is released");
    let events = numbers::events(&mut cx, id, 1).await.unwrap();
    assert_eq!((events[0].to, events[0].by.as_str()), (NumberState::Released, "VoxLink"));
    drop(cx);
    let row: (String, Option<String>) =
        sqlx::query_as("select state, carrier_number_id from inventory")
            .fetch_one(&test.platform.db().platform)
            .await
            .unwrap();
    assert_eq!(row, ("available".to_owned(), None));
    // Free to be had again: a second subscription of the number may begin.
    test.number(tenant, BOSTON).await;
}

#[tokio::test]
async fn a_name_is_pending_until_the_carrier_has_it() {
    let (test, carrier, tenant, user, id) = at_carrier().await;
    let mut cx = begin(&test, tenant, user).await;
    numbers::rename(&mut cx, id, "Front desk").await.unwrap();
    assert!(numbers::detail(&mut cx, id).await.unwrap().pending_at_carrier);
    cx.commit().await.unwrap();
    let job = ApplySettings { tenant, number: id };
    numbers::apply_settings(&test.platform, &job).await.unwrap();
    let owned = carrier.get(&carrier.sales()[0].carrier_number_id).await.unwrap();
    assert_eq!(owned.settings.unwrap().label, "Front desk");
    let mut cx = begin(&test, tenant, user).await;
    assert!(!numbers::detail(&mut cx, id).await.unwrap().pending_at_carrier);
}

#[tokio::test]
async fn a_wish_is_kept_while_the_carrier_is_down_and_told_again_afterwards() {
    let (test, carrier, tenant, user, id) = at_carrier().await;
    carrier.feels(Mood::Dead);
    let mut cx = begin(&test, tenant, user).await;
    numbers::rename(&mut cx, id, "Front desk").await.unwrap();
    cx.commit().await.unwrap();
    test.run_jobs().await;
    let pending = async || {
        let mut cx = begin(&test, tenant, user).await;
        let facts = numbers::carrier_facts(&mut cx, id).await.unwrap();
        (numbers::detail(&mut cx, id).await.unwrap().pending_at_carrier, facts.pending)
    };
    assert_eq!(pending().await, (true, true));
    // The job gave up; somebody took it from the queue.
    sqlx::query("delete from graphile_worker._private_jobs")
        .execute(&test.platform.db().owner)
        .await
        .unwrap();
    carrier.feels(Mood::Well);
    assert_eq!(numbers::sweep_settings(&test.platform).await.unwrap(), 1);
    test.run_jobs().await;
    let owned = carrier.get(&carrier.sales()[0].carrier_number_id).await.unwrap();
    assert_eq!(owned.settings.unwrap().label, "Front desk");
    assert_eq!(pending().await, (false, false));
    assert_eq!(numbers::sweep_settings(&test.platform).await.unwrap(), 0, "nothing is left");
}

#[tokio::test]
async fn a_number_that_its_carrier_keeps_longer_is_given_back_when_it_may_be() {
    let (test, carrier, tenant, user, id) = at_carrier().await;
    let mut cx = begin(&test, tenant, user).await;
    numbers::release(&mut cx, &test.platform, id, BOSTON, "").await.unwrap();
    cx.commit().await.unwrap();
    test.clock.advance(TimeDelta::days(10) + TimeDelta::minutes(2));
    let until = test.clock.now() + TimeDelta::days(4);
    let keeps = CarrierError::TooEarly { until: Some(until), detail: "14 days".to_owned() };
    carrier.keeps(Some(keeps));
    let job = CarryOutRelease { tenant, number: id };
    numbers::carry_out(&test.platform, &job).await.unwrap();
    let mut cx = begin(&test, tenant, user).await;
    let shown = numbers::detail(&mut cx, id).await.unwrap();
    assert_eq!((shown.row.standing(), shown.row.release_at), (Standing::Releasing, Some(until)));
    let events = numbers::events(&mut cx, id, 1).await.unwrap();
    assert_eq!(events[0].reason, "The carrier makes us keep it until 30 November 2026 at least");
    drop(cx);
    // Its own job comes back then, and not before.
    carrier.keeps(None);
    assert_eq!(test.run_jobs().await, 0);
    test.clock.advance(TimeDelta::days(4) + TimeDelta::minutes(2));
    test.run_jobs().await;
    assert!(carrier.sales()[0].released);
    let mut cx = begin(&test, tenant, user).await;
    let shown = numbers::detail(&mut cx, id).await.unwrap();
    assert_eq!(shown.row.state, NumberState::Released);
}

#[tokio::test]
async fn a_release_whose_job_failed_for_good_is_tried_again() {
    let (test, carrier, tenant, user, id) = at_carrier().await;
    let mut cx = begin(&test, tenant, user).await;
    numbers::release(&mut cx, &test.platform, id, BOSTON, "").await.unwrap();
    cx.commit().await.unwrap();
    test.clock.advance(TimeDelta::days(10) + TimeDelta::minutes(2));
    carrier.keeps(Some(CarrierError::RefusedCredentials { detail: "401".to_owned() }));
    test.run_jobs().await;
    carrier.keeps(None);
    assert_eq!(test.run_jobs().await, 0, "no try is left");
    assert!(!carrier.sales()[0].released);
    assert_eq!(numbers::sweep_releases(&test.platform).await.unwrap(), 0, "it is hardly due");
    test.clock.advance(TimeDelta::hours(1));
    let moved = async |to: &'static str| {
        let db = &test.platform.db().platform;
        sqlx::query("update inventory set carrier = $1").bind(to).execute(db).await.unwrap();
    };
    moved("local").await;
    assert_eq!(numbers::sweep_releases(&test.platform).await.unwrap(), 0, "nobody to ask");
    moved(FakeCarrier::KEY).await;
    assert_eq!(numbers::sweep_releases(&test.platform).await.unwrap(), 1);
    assert_eq!(numbers::sweep_releases(&test.platform).await.unwrap(), 0, "its job waits");
    test.run_jobs().await;
    assert!(carrier.sales()[0].released);
    let mut cx = begin(&test, tenant, user).await;
    let shown = numbers::detail(&mut cx, id).await.unwrap();
    assert_eq!(shown.row.state, NumberState::Released);
    drop(cx);
    assert_eq!(numbers::sweep_releases(&test.platform).await.unwrap(), 0, "nothing is left");
}

#[tokio::test]
async fn our_own_numbers_rest_for_forty_five_days() {
    for (key, rests) in [("local", true), ("clec", true), ("fake", false)] {
        let (test, _, tenant, user, id) = at(key).await;
        let mut cx = begin(&test, tenant, user).await;
        numbers::release(&mut cx, &test.platform, id, BOSTON, "").await.unwrap();
        cx.commit().await.unwrap();
        test.clock.advance(TimeDelta::days(11));
        numbers::carry_out(&test.platform, &CarryOutRelease { tenant, number: id }).await.unwrap();
        let row: (String, Option<chrono::DateTime<chrono::Utc>>) =
            sqlx::query_as("select state, aging_until from inventory")
                .fetch_one(&test.platform.db().platform)
                .await
                .unwrap();
        let until = test.clock.now() + TimeDelta::days(45);
        let expected = if rests { ("aging", Some(until)) } else { ("available", None) };
        assert_eq!((row.0.as_str(), row.1), expected, "{key}");
    }
}
