//! Own trunks: edges that ask and report, and what an administrator does with them.

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::sync::Arc;
use tower::ServiceExt;
use voxlink_adapters::{
    carriers::clec::Clec,
    sip::{EdgePasses, OwnTelephony},
    switchboards::EdgeSwitchboard,
};
use voxlink_domain::{
    platform::Own,
    routing,
    sealing::Seal,
    trunks::{self, NewEdge, NewTrunk, TrunkError},
};
use voxlink_gateways::{Clock, Switchboard, sip::Directory};
use voxlink_server::callbacks::Callbacks;
use voxlink_testkit::{Outside, TestPlatform};
use voxlink_types::{
    routing::{Address, Kind, Next, Plan},
    sip::{Carries, EdgeKind, Transport, TrunkAuth},
};

const NUMBER: &str = "+16175550142";

async fn world() -> TestPlatform {
    TestPlatform::joined(|options, clock| {
        let (passes, directory) = (EdgePasses::new(&[7; 32]), Directory::default());
        let edges = EdgeSwitchboard::of_each_kind(&passes, &directory)
            .map(|(path, board)| (path, Arc::new(board) as Arc<dyn Switchboard>))
            .collect();
        let own = Own {
            sip: Arc::new(OwnTelephony::new(passes, directory)),
            numbers: Arc::new(Clec::connect(options, 2, clock)),
            seal: Seal::new(&[7; 32]),
        };
        Outside { edges, own: Some(own), ..Outside::default() }
    })
    .await
}

fn edge(name: &str) -> NewEdge {
    NewEdge {
        name: name.to_owned(),
        kind: EdgeKind::Kamailio,
        host: "192.0.2.1".to_owned(),
        port: "5060".to_owned(),
        transport: Transport::Udp,
    }
}

fn trunk(name: &str, host: &str, password: &str, priority: &str) -> NewTrunk {
    NewTrunk {
        name: name.to_owned(),
        host: host.to_owned(),
        port: "5060".to_owned(),
        transport: Transport::Udp,
        carries: Carries::Both,
        auth: if password.is_empty() { TrunkAuth::Address } else { TrunkAuth::Digest },
        username: "acme".to_owned(),
        password: password.into(),
        priority: priority.to_owned(),
    }
}

/// Posts as an edge does.
async fn post(router: &Router, path: &str, shown: &str, form: &str) -> (StatusCode, String) {
    let request = Request::post(format!("/callbacks/kamailio/{path}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", format!("Basic {}", STANDARD.encode(shown)))
        .body(Body::from(form.to_owned()))
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Makes an edge and two trunks; what the edge shows.
async fn set_up(test: &TestPlatform) -> String {
    let mut cx = test.platform.work("test").await.unwrap();
    let (made, password) =
        trunks::add_edge(&test.platform, &mut cx, &edge("edge-1")).await.unwrap();
    for typed in
        [trunk("second", "198.51.100.2", "p:a#ss", "20"), trunk("first", "198.51.100.1", "", "10")]
    {
        trunks::add_trunk(&test.platform, &mut cx, &typed).await.unwrap();
    }
    cx.commit().await.unwrap();
    format!("{}:{}", made.user(), password.expose_secret())
}

#[tokio::test]
async fn a_call_over_own_trunks_is_answered_by_the_plan_and_recorded_with_its_length() {
    let test = world().await;
    let (tenant, _) = test.tenant("Ours").await;
    let number = test.number(tenant, NUMBER).await;
    let mut plan = Plan::neutral();
    let desk = plan.add("forward", "UTC").unwrap();
    let node = plan.nodes.get_mut(&desk).unwrap();
    *node.kind.branch_mut("no_answer").unwrap() = Some(Next::HangUp);
    if let Kind::Forward(forward) = &mut node.kind {
        forward.targets = vec![Address("+12025550123".to_owned())];
    }
    plan.nodes.retain(|name, _| *name == desk);
    plan.entry = desk;
    let mut cx = test.platform.work_for(tenant, "test").await.unwrap();
    routing::save_draft(&mut cx, number, plan, None).await.unwrap();
    routing::publish(&mut cx, number, None).await.unwrap();
    cx.commit().await.unwrap();
    let shown = set_up(&test).await;
    let folder = std::env::temp_dir().join(format!("voxlink-test-{}", uuid::Uuid::now_v7()));
    let callbacks = Callbacks::start(test.platform.clone(), &folder).await;
    let router = callbacks.router();

    let call = "call=1-77%40192.0.2.9&from=%2B12025550199&to=%2B16175550142";
    let (status, _) = post(&router, "voice", "edge-1.1:wrong", call).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, body) = post(&router, "voice", &shown, call).await;
    assert_eq!(status, StatusCode::OK);
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer["action"], "dial");
    assert_eq!(answer["routes"][0]["uri"], "sip:+12025550123@198.51.100.1:5060");
    assert_eq!(answer["routes"][1]["dst_uri"], "sip:198.51.100.2:5060");
    let next = format!("voice/{}", answer["next"].as_str().unwrap());
    let (_, body) = post(&router, &next, &shown, &format!("{call}&dial=486")).await;
    let over: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&over["action"], &over["code"]), (&"reject".into(), &480.into()));
    let end = format!("{call}&event=ended&seconds=61&at={}", test.clock.now().timestamp());
    let (status, _) = post(&router, "status", &shown, &end).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    callbacks.finish().await;
    let row: (String, String, Option<i32>) = sqlx::query_as(
        "select carrier, status, duration_seconds from call_records where carrier_call_id = $1",
    )
    .bind("1-77@192.0.2.9")
    .fetch_one(&test.platform.db().owner)
    .await
    .unwrap();
    assert_eq!(row, ("clec".to_owned(), "completed".to_owned(), Some(61)));
}

#[tokio::test]
async fn a_new_password_voids_the_old_one_and_a_name_never_gets_an_old_one_again() {
    let test = world().await;
    let first = set_up(&test).await;
    let pass = |made: (voxlink_gateways::sip::Edge, SecretString)| {
        format!("{}:{}", made.0.user(), made.1.expose_secret())
    };
    let mut cx = test.platform.work("test").await.unwrap();
    let again = trunks::add_edge(&test.platform, &mut cx, &edge("edge-1")).await;
    assert!(matches!(again, Err(TrunkError::Fields(f)) if f[0].field == "name"));
    drop(cx);
    let mut cx = test.platform.work("test").await.unwrap();
    let second = pass(trunks::renew_edge(&test.platform, &mut cx, "edge-1").await.unwrap());
    trunks::remove_edge(&mut cx, "edge-1").await.unwrap();
    let third = pass(trunks::add_edge(&test.platform, &mut cx, &edge("edge-1")).await.unwrap());
    let gone = trunks::remove_edge(&mut cx, "edge-9").await;
    assert!(matches!(gone, Err(TrunkError::Unknown(_))));
    cx.commit().await.unwrap();
    assert!(third.starts_with("edge-1.3:"), "{third}");
    let folder = std::env::temp_dir().join(format!("voxlink-test-{}", uuid::Uuid::now_v7()));
    let callbacks = Callbacks::start(test.platform.clone(), &folder).await;
    let router = callbacks.router();
    let body = "call=1&to=%2B16175550199";
    for (shown, wanted) in [
        (&first, StatusCode::FORBIDDEN),
        (&second, StatusCode::FORBIDDEN),
        (&third, StatusCode::OK),
    ] {
        assert_eq!(post(&router, "voice", shown, body).await.0, wanted);
    }
    callbacks.finish().await;
}

#[tokio::test]
async fn a_trunks_password_reaches_the_edge_and_nothing_else() {
    let test = world().await;
    set_up(&test).await;
    let mut cx = test.platform.work("test").await.unwrap();
    let listed = trunks::trunks(&mut cx).await.unwrap();
    let names: Vec<&str> = listed.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["first", "second"]);
    assert!(listed.iter().all(|t| t.password.is_none()));
    let files = trunks::configuration(&test.platform, &mut cx, "edge-1").await.unwrap();
    assert!(files[0].text.contains("acme:198.51.100.2:p:a#ss"), "{}", files[0].text);
    let told: i64 = sqlx::query_scalar(
        "select count(*) from audit_log where coalesce(new_values::text, '') like '%p:a%'",
    )
    .fetch_one(cx.tx())
    .await
    .unwrap();
    assert_eq!(told, 0, "no secret is in the audit log");
    for (typed, field) in [
        (trunk("a trunk", "198.51.100.3", "", "1"), "name"),
        (trunk("third", "sip.example.com", "", "1"), "host"),
        (trunk("third", "198.51.100.3", "", "0"), "priority"),
        // The first calls in from there.
        (trunk("third", "198.51.100.1", "", "1"), "host"),
        (trunk("third", "198.51.100.3", "p\"w #!{}'<tag>&", "1"), "password"),
        (trunk("third", "2001:db8::3", "secret", "1"), "host"),
        (
            NewTrunk {
                username: "u\"; evil".to_owned(),
                ..trunk("third", "198.51.100.3", "secret", "1")
            },
            "username",
        ),
        (NewTrunk { port: "0".to_owned(), ..trunk("third", "198.51.100.3", "", "1") }, "port"),
        (
            NewTrunk { transport: Transport::Tls, ..trunk("third", "198.51.100.3", "", "1") },
            "transport",
        ),
    ] {
        let wrong = trunks::add_trunk(&test.platform, &mut cx, &typed).await;
        assert!(matches!(wrong, Err(TrunkError::Fields(f)) if f[0].field == field), "{field}");
    }
    let wrong = trunks::add_edge(&test.platform, &mut cx, &edge("edge-9")).await;
    assert!(matches!(wrong, Err(TrunkError::Fields(f)) if f[0].field == "host"), "edge-1 is there");
    let by_tls = NewEdge { transport: Transport::Tls, ..edge("edge-9") };
    let wrong = trunks::add_edge(&test.platform, &mut cx, &by_tls).await;
    assert!(matches!(wrong, Err(TrunkError::Fields(f)) if f[0].field == "transport"));
}

#[tokio::test]
async fn a_changed_trunk_keeps_its_password_unless_a_new_one_is_typed() {
    let test = world().await;
    set_up(&test).await;
    let mut cx = test.platform.work("test").await.unwrap();
    let moved = NewTrunk {
        auth: TrunkAuth::Digest,
        port: "5062".to_owned(),
        ..trunk("second", "198.51.100.4", "", "5")
    };
    trunks::edit_trunk(&test.platform, &mut cx, "second", &moved).await.unwrap();
    let files = trunks::configuration(&test.platform, &mut cx, "edge-1").await.unwrap();
    assert!(files[0].text.contains("acme:198.51.100.4:p:a#ss"), "{}", files[0].text);
    let fresh = NewTrunk { password: "another".into(), ..moved.clone() };
    trunks::edit_trunk(&test.platform, &mut cx, "second", &fresh).await.unwrap();
    let files = trunks::configuration(&test.platform, &mut cx, "edge-1").await.unwrap();
    assert!(files[0].text.contains("acme:198.51.100.4:another"), "{}", files[0].text);
    let names: Vec<String> =
        trunks::trunks(&mut cx).await.unwrap().into_iter().map(|t| t.name).collect();
    assert_eq!(names, ["second", "first"]);
    let wrong = trunks::edit_trunk(&test.platform, &mut cx, "first", &moved).await;
    assert!(matches!(wrong, Err(TrunkError::Fields(f)) if f[0].field == "password"));
    let by_address = NewTrunk { auth: TrunkAuth::Address, ..moved };
    trunks::edit_trunk(&test.platform, &mut cx, "second", &by_address).await.unwrap();
    let gone = trunks::edit_trunk(&test.platform, &mut cx, "ninth", &by_address).await;
    assert!(matches!(gone, Err(TrunkError::Unknown(_))));
}
