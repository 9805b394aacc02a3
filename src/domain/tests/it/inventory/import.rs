//! Numbers from a file: what is brought in, what is refused and why, and a rehearsal.

use super::{BOSTON, Books, LONDON, NEW_YORK, number};
use crate::numbers::begin;
use chrono::TimeDelta;
use std::sync::Arc;
use voxlink_domain::{
    campaigns, catalog,
    inventory::{self, Columns, Imported, RowOutcome},
    numbers::{self, CarryOutRelease},
};
use voxlink_gateways::{
    carrier::fake::{FakeCarrier, Meddling},
    fault::Script,
};
use voxlink_testkit::{Outside, TestPlatform};
use voxlink_types::ids::TenantId;

async fn import(books: &Books, text: &str, dry_run: bool) -> Vec<Imported> {
    let rows = inventory::read_rows(text, Columns::default(), false);
    inventory::import(&books.test.platform, rows, dry_run).await.unwrap()
}

#[tokio::test]
async fn a_row_at_a_time_and_a_bad_one_sinks_nothing() {
    let books = Books::agreeing(&[NEW_YORK]).await;
    books.listed(&[BOSTON]);
    let mut cx = books.test.platform.work_for(books.tenant, "test").await.unwrap();
    campaigns::create(&mut cx, "Spring").await.unwrap();
    cx.commit().await.unwrap();
    let (theirs, _) = books.test.tenant("Theirs").await;
    let ours = books.tenant;
    let text = format!(
        "{BOSTON},{ours},spring,fake\n{NEW_YORK},{ours},Spring,fake\n{LONDON},{ours},,fake\n\
         +16175550190,{ours},Autumn,fake\n+16175550191,{ours},,lunar\nnonsense,{ours},,fake\n"
    );
    let rehearsed = import(&books, &text, true).await;
    let count = "select count(*)::text from subscriptions where campaign_id is not null";
    assert_eq!(books.text(count).await.as_deref(), Some("0"), "a rehearsal changes nothing");
    let done = import(&books, &text, false).await;
    for outcome in [&rehearsed, &done] {
        assert!(matches!(outcome[0].outcome, RowOutcome::Added(_)), "{outcome:?}");
        assert!(matches!(outcome[1].outcome, RowOutcome::Already(_)), "{outcome:?}");
        for (at, why) in [
            (2, "does not list"),
            (3, "no such campaign"),
            (4, "not configured"),
            (5, "is no number"),
        ] {
            let RowOutcome::Refused(said) = &outcome[at].outcome else { panic!("{outcome:?}") };
            assert!(said.contains(why), "{said}");
        }
    }
    assert_eq!(books.text(count).await.as_deref(), Some("2"));
    assert!(books.found().await.is_empty());
    // Again, and for somebody else.
    let again = import(&books, &text, false).await;
    assert!(matches!(again[0].outcome, RowOutcome::Already(_)));
    let stolen = import(&books, &format!("{BOSTON},{theirs},,fake\n"), false).await;
    let RowOutcome::Refused(why) = &stolen[0].outcome else { panic!("{stolen:?}") };
    assert_eq!(why, "Another account has this number already.");
}

#[tokio::test]
async fn a_number_that_does_not_ring_is_refused_with_the_reason() {
    let books = Books::agreeing(&[]).await;
    books.listed(&[BOSTON]);
    books.carrier.meddle(&number(BOSTON), &Meddling::Silence);
    let done = import(&books, &format!("{BOSTON},{},,fake\n", books.tenant), false).await;
    let RowOutcome::Refused(why) = &done[0].outcome else { panic!("{done:?}") };
    assert!(why.contains("not have this number in service"), "{why}");
}

#[tokio::test]
async fn a_number_of_an_own_trunk_is_taken_from_stock() {
    for key in ["local", "clec"] {
        let carrier = FakeCarrier::new([number(BOSTON)], Script::calm()).called(key, "Ours");
        let outside = Outside { carriers: vec![Arc::new(carrier.clone())], ..Outside::default() };
        let test = TestPlatform::with(outside).await;
        let (ours, _) = test.tenant("Ours").await;
        catalog::refresh_prices(&test.platform).await.unwrap();
        let text = format!("{BOSTON},{ours},,{key}\n{NEW_YORK},{ours},,{key}\n");
        let rows = || inventory::read_rows(&text, Columns::default(), false);
        let tried = inventory::import(&test.platform, rows(), true).await.unwrap();
        assert!(matches!(tried[0].outcome, RowOutcome::Added(_)), "{key}: {tried:?}");
        assert!(carrier.sales().is_empty(), "{key}: a rehearsal takes nothing");
        let done = inventory::import(&test.platform, rows(), false).await.unwrap();
        assert!(matches!(done[0].outcome, RowOutcome::Added(_)), "{key}: {done:?}");
        let RowOutcome::Refused(why) = &done[1].outcome else { panic!("{key}: {done:?}") };
        assert!(why.contains("neither has nor offers"), "{key}: {why}");
        assert_eq!(carrier.sales().len(), 1, "{key}");
        let can: Vec<String> = sqlx::query_scalar("select capabilities from inventory")
            .fetch_one(&test.platform.db().owner)
            .await
            .unwrap();
        assert_eq!(can, ["voice", "sms"], "{key}: as it was offered");
    }
}

#[tokio::test]
async fn a_number_that_was_given_back_is_taken_again_by_its_last_owner_alone() {
    let carrier = FakeCarrier::new([number(BOSTON)], Script::calm());
    let carrier = carrier.called("local", "Ours").giving_back(10);
    let outside = Outside { carriers: vec![Arc::new(carrier.clone())], ..Outside::default() };
    let test = TestPlatform::with(outside).await;
    let ((ours, user), (theirs, _)) = (test.tenant("Ours").await, test.tenant("Theirs").await);
    catalog::refresh_prices(&test.platform).await.unwrap();
    let import = async |tenant: TenantId| {
        let text = format!("{BOSTON},{tenant},,local\n");
        let rows = inventory::read_rows(&text, Columns::default(), false);
        let mut done = inventory::import(&test.platform, rows, false).await.unwrap();
        done.remove(0).outcome
    };
    let RowOutcome::Added(first) = import(ours).await else { panic!("not taken") };
    let mut cx = begin(&test, ours, user).await;
    numbers::release(&mut cx, &test.platform, first, BOSTON, "").await.unwrap();
    cx.commit().await.unwrap();
    test.clock.advance(TimeDelta::days(11));
    let job = CarryOutRelease { tenant: ours, number: first };
    numbers::carry_out(&test.platform, &job).await.unwrap();
    let refused = import(theirs).await;
    let RowOutcome::Refused(why) = &refused else { panic!("{refused:?}") };
    assert!(why.contains("rests for another account"), "{why}");
    let RowOutcome::Added(second) = import(ours).await else { panic!("not taken again") };
    assert_eq!(import(ours).await, RowOutcome::Already(second), "nothing is taken twice");
    let had: Vec<bool> = carrier.sales().iter().map(|sale| sale.released).collect();
    assert_eq!(had, [true, false], "it is ours at the carrier, too");
}
