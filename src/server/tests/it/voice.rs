//! Callbacks over HTTP, as a carrier makes them.

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use sqlx::postgres::PgConnectOptions;
use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
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

/// A data folder of the test's own.
fn folder() -> PathBuf {
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
    routing::save_draft(&mut cx, number, plan, None).await.unwrap();
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
    let callbacks = Callbacks::start(test.platform.clone(), &folder()).await;
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
async fn every_address_that_a_carrier_is_given_is_answered() {
    let (test, ..) = world().await;
    let callbacks = Callbacks::start(test.platform.clone(), &folder()).await;
    let router = callbacks.router();
    let given = voxlink_domain::numbers::settings_for(test.platform.settings(), "local", "Desk");
    for (url, wanted) in [
        (given.voice_url, StatusCode::OK),
        (given.voice_fallback_url, StatusCode::OK),
        (given.status_url, StatusCode::NO_CONTENT),
    ] {
        let path = url.strip_prefix("https://voxlink.test").unwrap();
        assert_eq!(post(&router, path, &call(&[]), SECRET).await.status, wanted, "{url}");
    }
    callbacks.finish().await;
}

#[tokio::test]
async fn a_copy_that_could_not_be_written_is_written_when_it_can() {
    let (test, tenant, number) = world().await;
    publish(&test, tenant, number).await;
    let folder = folder();
    // Where the folder should be is a file: nothing can be kept.
    std::fs::write(&folder, "").unwrap();
    let callbacks = Callbacks::start(test.platform.clone(), &folder).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    std::fs::remove_file(&folder).unwrap();
    let kept = folder.join("numbers-in-service.jsonl");
    until("the copy on disk", async || kept.exists()).await;
    callbacks.finish().await;
}

#[tokio::test]
async fn at_night_voicemail_answers() {
    let (test, tenant, number) = world().await;
    publish(&test, tenant, number).await;
    let callbacks = Callbacks::start(test.platform.clone(), &folder()).await;
    let night = call(&[("Timestamp", "Mon, 16 Nov 2026 23:30:00 -0500")]);
    let reply = post(&callbacks.router(), "/callbacks/local/voice", &night, SECRET).await;
    assert!(reply.body.contains("<Record ") && !reply.body.contains("<Dial"), "{}", reply.body);
    callbacks.finish().await;
}

#[tokio::test]
async fn forgeries_and_strangers_leave_nothing() {
    let (test, ..) = world().await;
    let callbacks = Callbacks::start(test.platform.clone(), &folder()).await;
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
async fn shoppers_who_take_every_connection_do_not_hold_up_a_call_or_its_record() {
    let (test, tenant, number) = world().await;
    publish(&test, tenant, number).await;
    let db = test.platform.db();
    let mut taken = Vec::new();
    for pool in [&db.app, &db.platform] {
        for _ in 0..pool.options().get_max_connections() {
            taken.push(pool.acquire().await.unwrap());
        }
    }
    let callbacks = Callbacks::start(test.platform.clone(), &folder()).await;
    let reply = post(&callbacks.router(), "/callbacks/local/voice", &call(&[]), SECRET).await;
    assert_eq!(reply.status, StatusCode::OK);
    for _ in 0..50 {
        let recorded: i64 = sqlx::query_scalar("select count(*) from call_records")
            .fetch_one(&db.voice)
            .await
            .unwrap();
        if recorded == 1 {
            callbacks.finish().await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the call was not recorded while the other connections were taken");
}

/// The same installation as seen by a server that cannot reach its database.
fn cut_off(test: &TestPlatform, database: &PgConnectOptions) -> (Platform, FixedClock) {
    let sizes = PoolSizes { acquire: Duration::from_millis(200), ..PoolSizes::default() };
    let clock = FixedClock::at(monday());
    let platform = Platform::new(Parts {
        db: Db::connect(database, sizes),
        clock: Arc::new(clock.clone()),
        carriers: std::collections::BTreeMap::default(),
        switchboards: [("local", test.platform.switchboard("local").unwrap())].into(),
        processors: std::collections::BTreeMap::default(),
        mailer: Arc::clone(test.platform.mailer()),
        own: None,
        settings: test.platform.settings().clone(),
    });
    (platform, clock)
}

fn dead() -> PgConnectOptions {
    "postgres://nobody@127.0.0.1:1/none".parse().unwrap()
}

/// The test's own database by a login that it refuses.
fn locked_out(test: &TestPlatform) -> PgConnectOptions {
    test.database.options.clone().username("nobody_of_this_name")
}

fn on_disk(folder: &Path, ending: &str) -> usize {
    let files = std::fs::read_dir(folder.join("calls")).into_iter().flatten().flatten();
    files.filter(|f| f.path().extension().is_some_and(|e| e == ending)).count()
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{what} did not happen within 20 seconds");
}

#[tokio::test]
async fn calls_are_answered_while_postgresql_is_stopped_and_recorded_afterwards() {
    let (test, tenant, number) = world().await;
    publish(&test, tenant, number).await;
    let folder = folder();
    let callbacks = Callbacks::start(cut_off(&test, &dead()).0, &folder).await;
    let router = callbacks.router();
    let before = post(&router, "/callbacks/local/voice", &call(&[]), SECRET).await;
    assert_eq!(before.status, StatusCode::SERVICE_UNAVAILABLE, "nothing is known yet");
    let reply = post(&router, "/callbacks/local/voice-fallback", &call(&[]), SECRET).await;
    assert!(reply.body.contains("<Say") && reply.body.contains("<Hangup/>"));
    let live = test.platform.db();
    callbacks.table().load(&live.voice, test.platform.settings(), monday()).await.unwrap();
    let began = std::time::Instant::now();
    let reply = post(&router, "/callbacks/local/voice", &call(&[]), SECRET).await;
    assert!(began.elapsed() < Duration::from_millis(100));
    assert_eq!(reply.status, StatusCode::OK);
    assert!(reply.body.contains("<Number>+16175550100</Number>"), "{}", reply.body);
    let mut over = call(&[("CallDuration", "61")]);
    over[4].1 = "completed";
    let told = post(&router, "/callbacks/local/status", &over, SECRET).await;
    assert_eq!(told.status, StatusCode::NO_CONTENT);
    // What was acknowledged is safe at once: a kill now would lose nothing.
    assert!(on_disk(&folder, "jsonl") > 0);
    callbacks.finish().await;
    assert_eq!(count(&test, "select count(*) from call_records").await, 0);
    // The database is back: a server takes up what waits on disk.
    let again = Callbacks::start(test.platform.clone(), &folder).await;
    until("the usage", async || count(&test, "select count(*) from usage_records").await == 1)
        .await;
    until("an empty spool", async || on_disk(&folder, "jsonl") == 0).await;
    again.finish().await;
    let whole =
        "select count(*) from call_records where status = 'completed' and billable_seconds = 120";
    assert_eq!(count(&test, whole).await, 1);
    assert_eq!(on_disk(&folder, "refused"), 0);
}

#[tokio::test]
async fn a_server_that_starts_without_its_database_answers_by_what_was_kept() {
    let (test, tenant, number) = world().await;
    publish(&test, tenant, number).await;
    let folder = folder();
    let kept = folder.join("numbers-in-service.jsonl");
    let before = Callbacks::start(test.platform.clone(), &folder).await;
    until("the copy on disk", async || kept.exists()).await;
    before.finish().await;
    let mode = std::fs::metadata(&kept).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "plans and numbers are not for everybody");

    let (platform, _) = cut_off(&test, &locked_out(&test));
    let callbacks = Callbacks::start(platform, &folder).await;
    let router = callbacks.router();
    let reply = post(&router, "/callbacks/local/voice", &call(&[]), SECRET).await;
    assert!(reply.body.contains("<Number>+16175550100</Number>"), "{}", reply.body);
    // A number that the copy lacks may have been bought since: nobody says that it is not ours.
    let mut stranger = call(&[]);
    stranger[3].1 = "+16175550199";
    let reply = post(&router, "/callbacks/local/voice", &stranger, SECRET).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    callbacks.finish().await;
    // A login that is refused is no fault of the news: it waits.
    assert_eq!((on_disk(&folder, "jsonl"), on_disk(&folder, "refused")), (1, 0));

    // Too old, or another database's: not used.
    let (elsewhere, _) = cut_off(&test, &dead());
    let callbacks = Callbacks::start(elsewhere, &folder).await;
    let reply = post(&callbacks.router(), "/callbacks/local/voice", &call(&[]), SECRET).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "another database's plans");
    callbacks.finish().await;
    let (platform, clock) = cut_off(&test, &locked_out(&test));
    clock.advance(chrono::Duration::hours(25));
    let callbacks = Callbacks::start(platform, &folder).await;
    let reply = post(&callbacks.router(), "/callbacks/local/voice", &call(&[]), SECRET).await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "plans of the day before yesterday");
    callbacks.finish().await;
}

#[tokio::test]
async fn a_change_reaches_memory_and_disk_and_a_torn_copy_stops_nobody() {
    let (test, tenant, number) = world().await;
    publish(&test, tenant, number).await;
    let folder = folder();
    let kept = folder.join("numbers-in-service.jsonl");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(&kept, "{\"format\":1,\"data").unwrap();
    let callbacks = Callbacks::start(test.platform.clone(), &folder).await;
    let router = callbacks.router();
    let reply = post(&router, "/callbacks/local/voice", &call(&[]), SECRET).await;
    assert!(reply.body.contains("<Dial"), "{}", reply.body);
    let text = || std::fs::read_to_string(&kept).unwrap();
    until("a whole copy", async || text().contains("+16175550100")).await;
    sqlx::query("update subscriptions set state = 'suspended', suspension_reason = 'lost', suspension_message = 'Closed & <gone>', updated_at = now()")
        .execute(&test.platform.db().owner)
        .await
        .unwrap();
    until("the message in the copy", async || text().contains("Closed & <gone>")).await;
    let reply = post(&router, "/callbacks/local/voice", &call(&[]), SECRET).await;
    assert!(reply.body.contains(">Closed &amp; &lt;gone&gt;</Say><Hangup/>"), "{}", reply.body);
    sqlx::query(
        "update subscriptions set state = 'released', released_at = now(), updated_at = now()",
    )
    .execute(&test.platform.db().owner)
    .await
    .unwrap();
    until("the number's end in the copy", async || !text().contains(NUMBER)).await;
    let reply = post(&router, "/callbacks/local/voice", &call(&[]), SECRET).await;
    assert!(reply.body.contains("<Reject"), "{}", reply.body);
    callbacks.finish().await;
}

#[tokio::test]
async fn what_the_database_refuses_is_put_aside_and_holds_up_nothing() {
    let (test, tenant, number) = world().await;
    publish(&test, tenant, number).await;
    let folder = folder();
    let callbacks = Callbacks::start(test.platform.clone(), &folder).await;
    let router = callbacks.router();
    let mut poison = call(&[]);
    (poison[0].1, poison[2].1, poison[4].1) = ("CA-poison", "a\0b", "completed");
    let mut good = call(&[("CallDuration", "5")]);
    good[4].1 = "completed";
    let path = "/callbacks/local/status";
    let (one, two) =
        tokio::join!(post(&router, path, &poison, SECRET), post(&router, path, &good, SECRET));
    // Telling it again would not help, so it is taken: a person will look at it.
    assert_eq!((one.status, two.status), (StatusCode::NO_CONTENT, StatusCode::NO_CONTENT));
    callbacks.finish().await;
    assert_eq!(count(&test, "select count(*) from usage_records").await, 1);
    assert_eq!((on_disk(&folder, "jsonl"), on_disk(&folder, "refused")), (0, 1));
}

#[tokio::test]
async fn a_recording_of_a_call_not_known_yet_waits_on_disk_and_finds_it() {
    let (test, ..) = world().await;
    let folder = folder();
    let recording = call(&[("RecordingSid", "RE1"), ("RecordingUrl", "https://r.test/RE1")]);
    let first = Callbacks::start(test.platform.clone(), &folder).await;
    let reply = post(&first.router(), "/callbacks/local/recording", &recording, SECRET).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(on_disk(&folder, "jsonl"), 1, "a kill now would not lose it");
    first.finish().await;
    let second = Callbacks::start(test.platform.clone(), &folder).await;
    post(&second.router(), "/callbacks/local/voice", &call(&[]), SECRET).await;
    let found = "select count(*) from call_records where recording_id = 'RE1'";
    until("the recording", async || count(&test, found).await == 1).await;
    until("an empty spool", async || on_disk(&folder, "jsonl") == 0).await;
    second.finish().await;
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused_with_the_right_word() {
    let (test, ..) = world().await;
    let callbacks = Callbacks::start(test.platform.clone(), &folder()).await;
    let router = callbacks.router();
    let without =
        |name: &str| call(&[]).into_iter().filter(|(k, _)| *k != name).collect::<Vec<_>>();
    for (path, form) in [
        ("voice", without("To")),
        ("voice", without("CallSid")),
        ("status", without("CallStatus")),
        ("status", without("CallSid")),
        (
            "status",
            call(&[("CallStatus2", "x")])
                .into_iter()
                .map(|(k, v)| if k == "CallStatus" { (k, "exploded") } else { (k, v) })
                .collect(),
        ),
        ("recording", call(&[("RecordingSid", "RE1"), ("RecordingUrl", "file:///etc/passwd")])),
    ] {
        let path = format!("/callbacks/local/{path}");
        let reply = post(&router, &path, &form, SECRET).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{path} {form:?}");
    }
    // Who calls may be hidden.
    let hidden = post(&router, "/callbacks/local/voice", &without("From"), SECRET).await;
    assert_eq!(hidden.status, StatusCode::OK);
    // The query is signed as it was sent, to the last sign.
    let path = "/callbacks/local/voice?tag=O'Hare%20%7E&x=%2B1";
    assert_eq!(post(&router, path, &call(&[]), SECRET).await.status, StatusCode::OK);
    let pairs: Vec<(String, String)> =
        call(&[]).into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
    let send =
        async |url: &str, path: &str, kind: &str, body: String, signed: &[(String, String)]| {
            let request = Request::post(path)
                .header("content-type", kind)
                .header("x-twilio-signature", sign_form(SECRET, url, signed))
                .body(Body::from(body))
                .unwrap();
            router.clone().oneshot(request).await.unwrap().status()
        };
    let (url, form) = (
        "https://voxlink.test/callbacks/local/voice",
        "APPLICATION/x-www-form-urlencoded; charset=UTF-8",
    );
    let there = "/callbacks/local/voice";
    assert_eq!(send(url, there, form, body.clone(), &pairs).await, StatusCode::OK);
    let port = "https://voxlink.test:443/callbacks/local/voice";
    assert_eq!(send(port, there, form, body.clone(), &pairs).await, StatusCode::OK);
    let other = "https://voxlink.test:8443/callbacks/local/voice";
    assert_eq!(send(other, there, form, body.clone(), &pairs).await, StatusCode::FORBIDDEN);
    let plain = "http://voxlink.test/callbacks/local/voice";
    assert_eq!(send(plain, there, form, body.clone(), &pairs).await, StatusCode::FORBIDDEN);
    let added = "/callbacks/local/voice?x=1";
    assert_eq!(send(url, added, form, body.clone(), &pairs).await, StatusCode::FORBIDDEN);
    // A body that is no form, and whose digest the signed address does not hold, proves nothing.
    let json = "{\"CallSid\":\"CA1\",\"To\":\"+16175550142\"}".to_owned();
    let kind = "application/json";
    assert_eq!(send(url, there, kind, json.clone(), &[]).await, StatusCode::FORBIDDEN);
    assert_eq!(send(url, there, "text/plain", String::new(), &[]).await, StatusCode::BAD_REQUEST);
    let get = Request::get(there).body(Body::empty()).unwrap();
    let answer = router.clone().oneshot(get).await.unwrap();
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    callbacks.finish().await;
}
