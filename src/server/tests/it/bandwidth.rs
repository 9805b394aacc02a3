//! A call from Bandwidth through hours, a menu, a telephone and voicemail, as its events tell it.

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;
use voxlink_adapters::switchboards::BandwidthSwitchboard;
use voxlink_domain::routing;
use voxlink_server::callbacks::Callbacks;
use voxlink_testkit::{Outside, TestPlatform};
use voxlink_types::{
    ids::{NumberId, TenantId},
    routing::{Address, Kind, Next, Plan},
};

const NUMBER: &str = "+16175550142";
const CALL: &str = "c-95ac8d6e-1a31c52e-b38f-4198-93c1-51633ec68f8d";

/// While it is open, a menu: 1 rings the desk; otherwise, and where nobody answers, voicemail.
async fn publish(test: &TestPlatform, tenant: TenantId, number: NumberId) {
    let mut plan = Plan::neutral();
    let mail = Next::Node(plan.entry.clone());
    let desk = plan.add("forward", "UTC").unwrap();
    let menu = plan.add("menu", "UTC").unwrap();
    let hours = plan.add("hours", "America/New_York").unwrap();
    for (node, field, next) in [
        (&desk, "no_answer", mail.clone()),
        (&menu, "no_input", mail.clone()),
        (&hours, "open", Next::Node(menu.clone())),
        (&hours, "closed", mail),
    ] {
        *plan.nodes.get_mut(node).unwrap().kind.branch_mut(field).unwrap() = Some(next);
    }
    if let Kind::Forward(f) = &mut plan.nodes.get_mut(&desk).unwrap().kind {
        f.targets = vec![Address("+16175550100".to_owned())];
    }
    if let Kind::Menu(m) = &mut plan.nodes.get_mut(&menu).unwrap().kind {
        "Press 1 for <the desk> & wait.".clone_into(&mut m.prompt);
        m.keys = vec![('1'.into(), Some(Next::Node(desk)))];
    }
    plan.entry = hours;
    let mut cx = test.platform.work_for(tenant, "test").await.unwrap();
    routing::save_draft(&mut cx, number, plan, None).await.unwrap();
    routing::publish(&mut cx, number, None).await.unwrap();
    cx.commit().await.unwrap();
}

/// Posts an event as Bandwidth does; what it is answered.
async fn post(
    router: &Router,
    path: &str,
    password: &str,
    kind: &str,
    more: &Value,
) -> (StatusCode, String) {
    let mut event = json!({
        "eventType": kind, "eventTime": "2026-11-16T15:00:30.000Z", "accountId": "55555555",
        "applicationId": "7fc9698a-b04a-468b-9e8f-91238c0d0086", "direction": "inbound",
        "from": "+12025550123", "to": NUMBER, "callId": CALL,
        "startTime": "2026-11-16T15:00:00.000Z",
    });
    for (name, value) in more.as_object().unwrap() {
        event[name] = value.clone();
    }
    let shown = STANDARD.encode(format!("voxlink:{password}"));
    let request = Request::post(path)
        .header("content-type", "application/json")
        .header("authorization", format!("Basic {shown}"))
        .body(Body::from(event.to_string()))
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// The path of the address that an answer gives for what comes next.
fn next<'a>(markup: &'a str, attribute: &str) -> &'a str {
    let start = format!("{attribute}=\"https://voxlink.test");
    markup.split(&start).nth(1).and_then(|rest| rest.split('"').next()).unwrap()
}

#[tokio::test]
async fn hours_menu_forward_and_voicemail_work_with_bandwidths_events() {
    let board = BandwidthSwitchboard::new("voxlink".to_owned(), "a long password".into());
    let outside = Outside { switchboards: vec![Arc::new(board)], ..Outside::default() };
    let test = TestPlatform::with(outside).await;
    let (tenant, _) = test.tenant("Ours").await;
    let number = test.number(tenant, NUMBER).await;
    publish(&test, tenant, number).await;
    let folder = std::env::temp_dir().join(format!("voxlink-test-{}", uuid::Uuid::now_v7()));
    let callbacks = Callbacks::start(test.platform.clone(), &folder).await;
    let router = callbacks.router();
    let ask = async |path: &str, kind: &str, more: Value| {
        let (status, body) = post(&router, path, "a long password", kind, &more).await;
        assert_eq!(status, StatusCode::OK, "{kind}");
        body
    };
    let first = "/callbacks/bandwidth/voice";
    let (status, _) = post(&router, first, "another", "initiate", &json!({})).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    // Bandwidth shows its password only when it is asked.
    for path in [first, "/callbacks/bandwidth/voice-fallback", "/callbacks/bandwidth/status"] {
        let silent = Request::post(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(silent).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        let asked = response.headers().get("www-authenticate").unwrap().to_str().unwrap();
        assert!(asked.starts_with("Basic realm="), "{asked}");
    }

    let menu = ask(first, "initiate", json!({})).await;
    assert!(menu.contains(">Press 1 for &lt;the desk&gt; &amp; wait.</SpeakSentence>"), "{menu}");
    // Nobody pressed: it is asked once more, then a key rings the desk.
    let again = ask(next(&menu, "gatherUrl"), "gather", json!({ "digits": "" })).await;
    let rings = ask(next(&again, "gatherUrl"), "gather", json!({ "digits": "1" })).await;
    assert!(rings.contains("<PhoneNumber>+16175550100</PhoneNumber>"), "{rings}");
    // The telephone never rang, and the caller is still there.
    let gone = json!({ "cause": "cancel", "answerTime": "2026-11-16T15:00:01.000Z" });
    let mail = ask(next(&rings, "transferCompleteUrl"), "transferComplete", gone).await;
    assert!(mail.contains("<Ring duration=\"1\"/><Record "), "{mail}");
    let done = ask(next(&mail, "recordCompleteUrl"), "recordComplete", json!({})).await;
    assert!(done.contains("<Response><Hangup/></Response>"), "{done}");

    let recording = json!({
        "recordingId": "r-1", "mediaUrl": "https://r.test/r-1/media", "duration": "PT4.2S",
        "status": "complete",
    });
    let over = json!({
        "cause": "hangup", "answerTime": "2026-11-16T15:00:01.000Z",
        "endTime": "2026-11-16T15:00:32.500Z",
    });
    for _ in 0..2 {
        for (path, kind, more) in [
            (next(&mail, "recordingAvailableUrl"), "recordingAvailable", &recording),
            ("/callbacks/bandwidth/status", "disconnect", &over),
        ] {
            let (status, _) = post(&router, path, "a long password", kind, more).await;
            assert_eq!(status, StatusCode::NO_CONTENT, "{kind}");
        }
    }
    callbacks.finish().await;
    let whole = "select count(*) from call_records where carrier = 'bandwidth'
         and status = 'completed' and duration_seconds = 31 and recording_id = 'r-1'
         and recording_seconds = 4 and outcome = 'voicemail'
         and jsonb_array_length(decision) = 5";
    let pool = &test.platform.db().platform;
    let count: i64 = sqlx::query_scalar(whole).fetch_one(pool).await.unwrap();
    assert_eq!(count, 1);
    let used: i64 =
        sqlx::query_scalar("select count(*) from usage_records").fetch_one(pool).await.unwrap();
    assert_eq!(used, 1);
}

#[tokio::test]
async fn news_of_orders_is_taken_from_who_shows_the_password() {
    let board = BandwidthSwitchboard::new("voxlink".to_owned(), "a long password".into());
    let outside = Outside { switchboards: vec![Arc::new(board)], ..Outside::default() };
    let test = TestPlatform::with(outside).await;
    let folder = std::env::temp_dir().join(format!("voxlink-test-{}", uuid::Uuid::now_v7()));
    let callbacks = Callbacks::start(test.platform.clone(), &folder).await;
    let notice = "<Notification><OrderType>orders</OrderType><OrderId>o-1</OrderId>\
        <Status>COMPLETE</Status></Notification>";
    for (password, body, told) in [
        (Some("a long password"), notice, StatusCode::NO_CONTENT),
        (Some("a long password"), "<Notification>", StatusCode::BAD_REQUEST),
        (Some("another"), notice, StatusCode::FORBIDDEN),
        (None, notice, StatusCode::UNAUTHORIZED),
    ] {
        let mut request = Request::post("/callbacks/bandwidth/order");
        if let Some(password) = password {
            let shown = STANDARD.encode(format!("voxlink:{password}"));
            request = request.header("authorization", format!("Basic {shown}"));
        }
        let request = request.header("content-type", "text/xml").body(Body::from(body)).unwrap();
        let response = callbacks.router().oneshot(request).await.unwrap();
        assert_eq!(response.status(), told, "{password:?} {body}");
    }
    callbacks.finish().await;
}
