//! Many numbers at once.

use super::{BOSTON, LONDON, NEW_YORK, TOLL_FREE, begin, four};
use voxlink_domain::{
    bulk,
    numbers::{self, BulkAction, ContinueBulkRun, Filter, NumberError, RowState, Selection},
    routing::Service,
};
use voxlink_testkit::TestPlatform;
use voxlink_types::{
    ids::{NumberId, TenantId, UserId},
    number::NumberState,
};

#[tokio::test]
async fn one_bad_row_does_not_sink_the_rest() {
    let test = TestPlatform::new().await;
    let (tenant, user) = test.tenant("Ours").await;
    let (others, _) = test.tenant("Theirs").await;
    let theirs = test.number(others, "+16175550199").await;
    let [boston, new_york, toll_free, _] = four(&test, tenant).await;
    let mut cx = begin(&test, tenant, user).await;
    numbers::suspend(&mut cx, new_york, "before", "").await.unwrap();
    let chosen = vec![toll_free, new_york, theirs, boston, boston];
    let action = BulkAction::Suspend { reason: "storm".to_owned(), message: String::new() };
    let run = numbers::start(&mut cx, &action, &Selection::Chosen(chosen)).await.unwrap();
    let now = cx.now();
    cx.commit().await.unwrap();
    let (table, voice) = (test.platform.in_service(), &test.platform.db().voice);
    table.load(voice, test.platform.settings(), now).await.unwrap();
    let job = ContinueBulkRun { tenant, run };
    // The page and the worker at once: every row is done by one of them.
    let (one, two) = tokio::join!(
        numbers::carry_on(&test.platform, &job),
        numbers::carry_on(&test.platform, &job)
    );
    one.unwrap();
    two.unwrap();
    let line = table.line(&BOSTON.parse().unwrap()).unwrap();
    assert!(matches!(line.service, Service::Suspended(_)), "callers hear it at once: {line:?}");
    let mut cx = begin(&test, tenant, user).await;
    let shown = numbers::bulk_run(&mut cx, run).await.unwrap();
    assert!(shown.finished_at.is_some());
    let rows: Vec<_> = shown.rows.iter().map(|r| (r.number.as_str(), r.state)).collect();
    let expected =
        [(NEW_YORK, RowState::Refused), (TOLL_FREE, RowState::Done), (BOSTON, RowState::Done)];
    assert_eq!(rows, expected, "somebody else's is not even there");
    let why = shown.rows[0].message.as_deref();
    assert_eq!(why, Some("A number that is suspended cannot be suspended."));
    let file = String::from_utf8(numbers::bulk_result(&shown).unwrap()).unwrap();
    let expected = format!(
        "number,does,result,why\r\n\
         '{NEW_YORK},Suspend,refused,A number that is suspended cannot be suspended.\r\n\
         '{TOLL_FREE},Suspend,done,\r\n'{BOSTON},Suspend,done,\r\n"
    );
    assert_eq!(file, expected);
    let again = bulk::read_rows(bulk::Action::Release, &file).unwrap();
    assert_eq!(again[0].cells[0], NEW_YORK, "the file can be sent as a sheet");
    let events: i64 = sqlx::query_scalar(
        "select count(*) from number_events where tenant_id = $1 and reason = 'storm'",
    )
    .bind(tenant.uuid())
    .fetch_one(&test.platform.db().platform)
    .await
    .unwrap();
    assert_eq!(events, 2);
}

/// A run that tags four numbers, Boston first.
async fn tagging(test: &TestPlatform) -> (TenantId, UserId, ContinueBulkRun) {
    let (tenant, user) = test.tenant("Ours").await;
    let chosen = Selection::Chosen(four(test, tenant).await.to_vec());
    let mut cx = begin(test, tenant, user).await;
    let action = BulkAction::Tag { tags: "storm".to_owned() };
    let run = numbers::start(&mut cx, &action, &chosen).await.unwrap();
    cx.commit().await.unwrap();
    (tenant, user, ContinueBulkRun { tenant, run })
}

async fn owner(test: &TestPlatform, statement: &'static str) {
    sqlx::query(statement).execute(&test.platform.db().owner).await.unwrap();
}

#[tokio::test]
async fn a_row_that_fails_sinks_itself_only() {
    let test = TestPlatform::new().await;
    let (tenant, user, job) = tagging(&test).await;
    let broken = "alter table subscriptions add constraint broken
                  check (e164 <> '+16175550123' or tags = '{}')";
    owner(&test, broken).await;
    numbers::carry_on(&test.platform, &job).await.unwrap();
    let mut cx = begin(&test, tenant, user).await;
    let shown = numbers::bulk_run(&mut cx, job.run).await.unwrap();
    assert!(shown.finished_at.is_some());
    assert_eq!((shown.count(RowState::Refused), shown.count(RowState::Done)), (1, 3));
    assert_eq!(shown.rows[0].number.as_str(), BOSTON);
    let why = shown.rows[0].message.as_deref();
    assert!(why.is_some_and(|why| why.starts_with("Something failed here.")), "{why:?}");
}

#[tokio::test]
async fn what_may_pass_is_tried_again_with_the_job() {
    let test = TestPlatform::new().await;
    let (tenant, user, job) = tagging(&test).await;
    let raises = "create function hiccup() returns trigger language plpgsql as $$
                  begin raise exception 'once more' using errcode = '40001'; end $$";
    owner(&test, raises).await;
    let fires = "create trigger hiccup before update on subscriptions
                 for each row execute function hiccup()";
    owner(&test, fires).await;
    assert!(numbers::carry_on(&test.platform, &job).await.unwrap_err().is_transient());
    let mut cx = begin(&test, tenant, user).await;
    let shown = numbers::bulk_run(&mut cx, job.run).await.unwrap();
    assert_eq!((shown.finished_at, shown.count(RowState::Waiting)), (None, 4));
    drop(cx);
    owner(&test, "drop trigger hiccup on subscriptions").await;
    numbers::carry_on(&test.platform, &job).await.unwrap();
    let mut cx = begin(&test, tenant, user).await;
    let shown = numbers::bulk_run(&mut cx, job.run).await.unwrap();
    assert_eq!(shown.count(RowState::Done), 4);
}

#[tokio::test]
async fn who_may_not_any_more_changes_nothing_more() {
    for taken in [
        "update users set tenant_role = 'viewer'",
        "update users set is_active = false",
        "update users set suspended_at = now(), suspension_reason = 'abuse'",
        "update tenants set state = 'suspended', suspended_at = now(), suspension_reason = 'unpaid'",
    ] {
        let test = TestPlatform::new().await;
        let (tenant, user, job) = tagging(&test).await;
        owner(&test, taken).await;
        numbers::carry_on(&test.platform, &job).await.unwrap();
        let mut cx = begin(&test, tenant, user).await;
        let shown = numbers::bulk_run(&mut cx, job.run).await.unwrap();
        assert!(shown.finished_at.is_some(), "{taken}");
        assert_eq!(shown.count(RowState::Refused), 4, "{taken}");
        let why = shown.rows[0].message.as_deref();
        assert!(why.is_some_and(|why| why.contains("may not do it any more")), "{why:?}");
        let facets = numbers::facets(&mut cx).await.unwrap();
        assert!(facets.tags.is_empty(), "{taken}");
    }
}

#[tokio::test]
async fn all_that_match_are_tagged_and_released() {
    let test = TestPlatform::new().await;
    let (tenant, user) = test.tenant("Ours").await;
    four(&test, tenant).await;
    let american = Filter { country: Some("US".to_owned()), ..Filter::default() };
    let release = BulkAction::Release { reason: String::new() };
    for action in [BulkAction::Tag { tags: "Old, US".to_owned() }, release] {
        let mut cx = begin(&test, tenant, user).await;
        let all = Selection::Matching(american.clone());
        let run = numbers::start(&mut cx, &action, &all).await.unwrap();
        cx.commit().await.unwrap();
        numbers::carry_on(&test.platform, &ContinueBulkRun { tenant, run }).await.unwrap();
        let mut cx = begin(&test, tenant, user).await;
        assert_eq!(numbers::bulk_run(&mut cx, run).await.unwrap().count(RowState::Done), 3);
    }
    let mut cx = begin(&test, tenant, user).await;
    let all = numbers::matching(&mut cx, &Filter::default(), numbers::Sort::Number).await.unwrap();
    for row in numbers::rows(&mut cx, &all).await.unwrap() {
        if row.number.as_str() == LONDON {
            assert_eq!((row.state, row.release_at), (NumberState::Active, None));
        } else {
            assert_eq!(row.tags, ["old", "us"]);
            assert!(row.release_at.is_some());
        }
    }
}

#[tokio::test]
async fn what_no_row_could_accept_is_refused_before_it_starts() {
    let test = TestPlatform::new().await;
    let (tenant, user) = test.tenant("Ours").await;
    let id = test.number(tenant, BOSTON).await;
    let some = Selection::Chosen(vec![id]);
    let nothing = Selection::Chosen(vec![NumberId::new(1)]);
    let mut cx = begin(&test, tenant, user).await;
    let bad_tag = BulkAction::Tag { tags: "a<b".to_owned() };
    assert!(matches!(numbers::start(&mut cx, &bad_tag, &some).await, Err(NumberError::Tag(_))));
    let no_reason = BulkAction::Suspend { reason: String::new(), message: String::new() };
    assert!(matches!(numbers::start(&mut cx, &no_reason, &some).await, Err(NumberError::Reason)));
    let refused = numbers::start(&mut cx, &BulkAction::Resume, &nothing).await;
    assert!(matches!(refused, Err(NumberError::NothingChosen)));
}
