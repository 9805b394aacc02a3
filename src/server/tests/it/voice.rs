//! Callbacks over HTTP, as a carrier makes them.

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use sqlx::postgres::PgConnectOptions;
use std::{sync::Arc, time::Duration};
use tower::ServiceExt;
use voxlink_adapters::switchboards::{FormSwitchboard, sign_form};
use voxlink_domain::{Db, Platform, db::PoolSizes, platform::Parts, routing};
use voxlink_gateways::clock::FixedClock;
use voxlink_server::callbacks::Callbacks;
use voxlink_testkit::{Outside, TestPlatform, monday};
use voxlink_types::{
    ids::{NumberId, TenantId},
    routing::{Address, Kind, Next, Plan},
};

const SECRET: &str = "a secret of the test";
const NUMBER: &str = "+16175550142";

fn spool() -> std::path::PathBuf {
    std::env::temp_dir().join(format!("voxlink-test-{}", uuid::Uuid::now_v7()))
}

async fn world() -> (TestPlatform, TenantId, NumberId) {
    let outside = Outside {
        switchboards: vec![Arc::new(FormSwitchboard::local(SECRET.into()))],
        ..Outside::default()
    };
    let test = TestPlatform::with(outside).await;
    let (tenant, _) = test.tenant("Ours").await;
    let number = test.number(tenant, NUMBER).await;
    (test, tenant, number)
}

/// Office hours in New York, the desk, else voicemail; published.
async fn publish(test: &TestPlatform, tenant: TenantId, number: NumberId) {
    let mut plan = Plan::neutral();
    let mail = Next::Node(plan.entry.clone());
    let desk = plan.add("forward", "UTC").unwrap();
    let hours = plan.add("hours", "America/New_York").unwrap();
    for (node, field, next) in [
        (&desk, "no_answer", mail.clone()),
        (&hours, "open", Next::Node(desk.clone())),
        (&hours, "closed", mail),
    ] {
        *plan.nodes.get_mut(node).unwrap().kind.branch_mut(field).unwrap() = Some(next);
    }
    if let Kind::Forward(f) = &mut plan.nodes.get_mut(&desk).unwrap().kind {
        f.targets = vec![Address("+16175550100".to_owned())];
    }
    plan.entry = hours;
    let mut cx = test.platform.work_for(tenant, "test").await.unwrap();
    routing::save_draft(&mut cx, number, plan).await.unwrap();
    routing::publish(&mut cx, number, None).await.unwrap();
    cx.commit().await.unwrap();
}

struct Reply {
    status: StatusCode,
    kind: String,
    body: String,
}

/// Posts a form with a signature made with `secret` over the public address.
async fn post(router: &Router, path: &str, form: &[(&str, &str)], secret: &str) -> Reply {
    let pairs: Vec<(String, String)> =
        form.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let signature = sign_form(secret, &format!("https://voxlink.test{path}"), &pairs);
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = Request::post(path)
        .header("host", "evil.example")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-twilio-signature", signature)
        .body(Body::from(body))
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let kind = response.headers().get("content-type").map_or("", |v| v.to_str().unwrap());
    let kind = kind.to_owned();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    Reply { status, kind, body: String::from_utf8(body.to_vec()).unwrap() }
}

fn call<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("CallSid", "CA1"),
        ("AccountSid", "AC1"),
        ("From", "+442079460000"),
        ("To", NUMBER),
        ("CallStatus", "ringing"),
    ];
    form.extend_from_slice(more);
    form
}

async fn count(test: &TestPlatform, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(&test.platform.db().platform).await.unwrap()
}

#[tokio::test]
async fn a_call_is_answered_by_the_published_plan_and_recorded_once() {
    let (test, tenant, number) = world().await;
    publish(&test, tenant, number).await;
    let callbacks = Callbacks::start(test.platform.clone(), spool()).await;
    let router = callbacks.router();
    let day = call(&[("Timestamp", "Mon, 16 Nov 2026 10:00:00 -0500")]);
    let reply = post(&router, "/callbacks/local/voice", &day, SECRET).await;
    assert_eq!((reply.status, reply.kind.as_str()), (StatusCode::OK, "text/xml; charset=utf-8"));
    assert!(reply.body.contains("<Number>+16175550100</Number>"), "{}", reply.body);
    let then = reply.body.split("action=\"https://voxlink.test").nth(1).unwrap();
    let then = then.split('"').next().unwrap();
    let gone = call(&[("DialCallStatus", "no-answer")]);
    let reply = post(&router, then, &gone, SECRET).await;
    assert!(reply.body.contains("<Record "), "{}", reply.body);
    for _ in 0..2 {
        let recording = call(&[
            ("RecordingSid", "RE1"),
            ("RecordingUrl", "https://r.test/RE1"),
            ("RecordingDuration", "4"),
        ]);
        let reply = post(&router, "/callbacks/local/recording", &recording, SECRET).await;
        assert_eq!(reply.status, StatusCode::NO_CONTENT);
        for (status, duration) in [("completed", "31"), ("ringing", ""), ("in-progress", "")] {
            let mut form = call(&[("CallDuration", duration)]);
            form[4].1 = status;
            let reply = post(&router, "/callbacks/local/status", &form, SECRET).await;
            assert_eq!(reply.status, StatusCode::NO_CONTENT);
        }
    }
    callbacks.finish().await;
    assert_eq!(count(&test, "select count(*) from call_records where status = 'completed' and duration_seconds = 31 and recording_id = 'RE1' and outcome = 'voicemail' and jsonb_array_length(decision) = 2").await, 1);
    assert_eq!(count(&test, "select count(*) from usage_records").await, 1);
    assert_eq!(count(&test, "select total_calls from subscriptions").await, 1);
}

#[tokio::test]
async fn at_night_voicemail_answers() {
    let (test, tenant, number) = world().await;
    publish(&test, tenant, number).await;
    let callbacks = Callbacks::start(test.platform.clone(), spool()).await;
    let night = call(&[("Timestamp", "Mon, 16 Nov 2026 23:30:00 -0500")]);
    let reply = post(&callbacks.router(), "/callbacks/local/voice", &night, SECRET).await;
    assert!(reply.body.contains("<Record ") && !reply.body.contains("<Dial"), "{}", reply.body);
    callbacks.finish().await;
}

#[tokio::test]
async fn forgeries_and_strangers_leave_nothing() {
    let (test, ..) = world().await;
    let callbacks = Callbacks::start(test.platform.clone(), spool()).await;
    let router = callbacks.router();
    for path in ["voice", "voice/neutral/start/recorded", "voice-fallback", "status", "recording"] {
        let path = format!("/callbacks/local/{path}");
        let reply = post(&router, &path, &call(&[]), "another secret").await;
        assert_eq!((reply.status, reply.body.as_str()), (StatusCode::FORBIDDEN, ""), "{path}");
    }
    let unknown = post(&router, "/callbacks/nobody/voice", &call(&[]), SECRET).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let large = "x".repeat(70_000);
    let reply = post(&router, "/callbacks/local/voice", &call(&[("Junk", &large)]), SECRET).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    let mut stranger = call(&[]);
    stranger[3].1 = "+16175550199";
    let reply = post(&router, "/callbacks/local/voice", &stranger, SECRET).await;
    assert!(reply.body.contains("<Response><Reject reason=\"rejected\"/></Response>"));
    callbacks.finish().await;
    assert_eq!(count(&test, "select count(*) from call_records").await, 0);
}

#[tokio::test]
async fn calls_are_answered_while_postgresql_is_stopped_and_recorded_afterwards() {
    let (test, tenant, number) = world().await;
    publish(&test, tenant, number).await;
    // The same installation as seen by a server whose database has gone: its table was read,
    // every new connection is refused.
    let dead: PgConnectOptions = "postgres://nobody@127.0.0.1:1/none".parse().unwrap();
    let sizes = PoolSizes { acquire: Duration::from_millis(200), ..PoolSizes::default() };
    let cut_off = Platform::new(Parts {
        db: Db::connect(&dead, sizes),
        clock: Arc::new(FixedClock::at(monday())),
        carriers: std::collections::BTreeMap::default(),
        switchboards: [("local", test.platform.switchboard("local").unwrap())].into(),
        processors: std::collections::BTreeMap::default(),
        mailer: Arc::clone(test.platform.mailer()),
        settings: test.platform.settings().clone(),
    });
    let folder = spool();
    let callbacks = Callbacks::start(cut_off, folder.clone()).await;
    let router = callbacks.router();
    let before = post(&router, "/callbacks/local/voice", &call(&[]), SECRET).await;
    assert_eq!(before.status, StatusCode::SERVICE_UNAVAILABLE, "nothing is known yet");
    let reply = post(&router, "/callbacks/local/voice-fallback", &call(&[]), SECRET).await;
    assert!(reply.body.contains("<Say") && reply.body.contains("<Hangup/>"));
    let live = test.platform.db();
    callbacks.table().load(&live.voice, test.platform.settings()).await.unwrap();
    let began = std::time::Instant::now();
    let reply = post(&router, "/callbacks/local/voice", &call(&[]), SECRET).await;
    assert!(began.elapsed() < Duration::from_millis(100));
    assert_eq!(reply.status, StatusCode::OK);
    assert!(reply.body.contains("<Number>+16175550100</Number>"), "{}", reply.body);
    let mut over = call(&[("CallDuration", "61")]);
    over[4].1 = "completed";
    let told = post(&router, "/callbacks/local/status", &over, SECRET).await;
    assert_eq!(told.status, StatusCode::NO_CONTENT);
    callbacks.finish().await;
    assert_eq!(count(&test, "select count(*) from call_records").await, 0);
    // The database is back: a server takes up what waits on disk.
    let again = Callbacks::start(test.platform.clone(), folder.clone()).await;
    for _ in 0..100 {
        if count(&test, "select count(*) from usage_records").await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    again.finish().await;
    let whole =
        "select count(*) from call_records where status = 'completed' and billable_seconds = 120";
    assert_eq!(count(&test, whole).await, 1);
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "the spool is empty again");
}
