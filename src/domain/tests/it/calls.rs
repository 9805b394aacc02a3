//! Tests of `domain::calls`.

use chrono::{TimeDelta, Timelike};
use rust_decimal::Decimal;
use voxlink_domain::calls::{
    CallFilter, Heard, News, RecordingNews, StatusNews, call, calls, write,
};
use voxlink_testkit::{TestPlatform, monday};
use voxlink_types::{
    PageRequest,
    call::CallStatus,
    ids::{NumberId, TenantId},
    routing::Visit,
};

const NUMBER: &str = "+16175550142";

fn heard(tenant: TenantId, number: NumberId, key: &str, outcome: &str) -> News {
    News::Heard(Box::new(Heard {
        carrier: "local".to_owned(),
        carrier_call_id: "CA1".to_owned(),
        account: Some("AC1".to_owned()),
        tenant,
        number,
        from: "442079460000".to_owned(),
        to_raw: NUMBER.to_owned(),
        to: NUMBER.parse().unwrap(),
        at: monday(),
        place: (Some("London".to_owned()), None, Some("GB".to_owned())),
        configuration: None,
        key: key.to_owned(),
        input: None,
        path: vec![Visit {
            node: "desk".to_owned(),
            title: "Desk".to_owned(),
            because: Vec::new(),
            then: "ring".to_owned(),
        }],
        outcome: Some(outcome.to_owned()),
    }))
}

fn status(status: CallStatus, after: i64, duration: Option<i32>) -> News {
    News::Status(StatusNews {
        carrier: "local".to_owned(),
        carrier_call_id: "CA1".to_owned(),
        event_id: format!("CA1:{status}"),
        from: "+442079460000".to_owned(),
        to: NUMBER.to_owned(),
        status,
        at: monday() + TimeDelta::seconds(after),
        duration_seconds: duration,
    })
}

fn recording() -> News {
    News::Recording(RecordingNews {
        carrier: "local".to_owned(),
        carrier_call_id: "CA1".to_owned(),
        id: "RE1".to_owned(),
        url: "https://recordings.test/RE1".to_owned(),
        seconds: Some(9),
    })
}

async fn tell(test: &TestPlatform, batch: &[News]) -> voxlink_domain::calls::Written {
    let mut cx = test.platform.work("test").await.unwrap();
    let written = write(&mut cx, batch).await.unwrap();
    cx.commit().await.unwrap();
    written
}

async fn count(test: &TestPlatform, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(&test.platform.db().platform).await.unwrap()
}

#[tokio::test]
async fn doubled_and_shuffled_events_make_one_record_and_one_usage() {
    let test = TestPlatform::new().await;
    let (tenant, _) = test.tenant("Ours").await;
    let number = test.number(tenant, NUMBER).await;
    let all = [
        heard(tenant, number, "start", "rings"),
        status(CallStatus::Ringing, 0, None),
        status(CallStatus::Answered, 5, None),
        status(CallStatus::Completed, 75, Some(70)),
        status(CallStatus::NoAnswer, 20, None),
        recording(),
    ];
    // Every rotation of the events, each told twice and once more backwards, alone and in batches.
    for turn in 0..all.len() {
        for table in ["usage_records", "usage_keys", "call_records", "call_keys"] {
            sqlx::query(sqlx::AssertSqlSafe(format!("delete from {table}")))
                .execute(&test.platform.db().owner)
                .await
                .unwrap();
        }
        let mut order: Vec<News> = all.to_vec();
        order.rotate_left(turn);
        let back: Vec<News> = order.iter().rev().cloned().collect();
        let mut early = Vec::new();
        for news in &order {
            early.extend(tell(&test, std::slice::from_ref(news)).await.early);
        }
        tell(&test, &back).await;
        tell(&test, &early).await;
        let mut cx = test.platform.work_for(tenant, "test").await.unwrap();
        let page = calls(&mut cx, &CallFilter::default(), PageRequest::default()).await.unwrap();
        assert_eq!(page.total, 1);
        let row = &page.rows[0];
        assert_eq!(
            (row.status, row.duration_seconds),
            (CallStatus::Completed, Some(70)),
            "turn {turn}"
        );
        assert_eq!(row.price, Some(Decimal::new(170, 4)), "two minutes at 0.0085");
        assert_eq!(row.from, "+442079460000");
        let whole = call(&mut cx, row.id).await.unwrap().unwrap();
        assert_eq!(whole.asked.len(), 1);
        assert_eq!(whole.recording, Some(("https://recordings.test/RE1".to_owned(), Some(9))));
        assert_eq!(whole.ended_at.unwrap().second(), 15);
        assert!(whole.derivation.is_some());
        assert_eq!(count(&test, "select count(*) from usage_records").await, 1);
    }
    let counted = count(&test, "select total_calls from subscriptions").await;
    assert_eq!(counted, i64::try_from(all.len()).unwrap(), "one for each turn");
}

#[tokio::test]
async fn a_call_nobody_took_costs_nothing() {
    let test = TestPlatform::new().await;
    let (tenant, _) = test.tenant("Ours").await;
    let number = test.number(tenant, NUMBER).await;
    tell(
        &test,
        &[heard(tenant, number, "start", "rings"), status(CallStatus::NoAnswer, 20, Some(0))],
    )
    .await;
    let mut cx = test.platform.work_for(tenant, "test").await.unwrap();
    let rows = calls(&mut cx, &CallFilter::default(), PageRequest::default()).await.unwrap().rows;
    assert_eq!((rows[0].status, rows[0].price), (CallStatus::NoAnswer, Some(Decimal::ZERO)));
    assert_eq!(count(&test, "select count(*) from usage_records").await, 0);
}

#[tokio::test]
async fn news_of_strangers_and_of_calls_unknown_yet_leave_nothing() {
    let test = TestPlatform::new().await;
    let (tenant, _) = test.tenant("Ours").await;
    let written = tell(&test, &[status(CallStatus::Completed, 1, Some(1)), recording()]).await;
    assert_eq!((written.foreign, written.early.len()), (1, 1));
    assert_eq!(count(&test, "select count(*) from call_records").await, 0);
    let number = test.number(tenant, NUMBER).await;
    tell(
        &test,
        &[heard(tenant, number, "start", "rings"), heard(tenant, number, "start", "rings")],
    )
    .await;
    let (theirs, _) = test.tenant("Theirs").await;
    let mut cx = test.platform.work_for(theirs, "test").await.unwrap();
    assert_eq!(
        calls(&mut cx, &CallFilter::default(), PageRequest::default()).await.unwrap().total,
        0
    );
}
