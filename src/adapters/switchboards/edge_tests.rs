use super::*;
use http::{HeaderMap, HeaderValue};
use voxlink_gateways::sip::{Edge, Endpoint, Known};
use voxlink_types::sip::Transport;

fn edge(name: &str, kind: EdgeKind, generation: i32) -> (String, Edge) {
    let at = Endpoint { host: "192.0.2.1".into(), port: 5060, transport: Transport::Udp };
    (name.to_owned(), Edge { name: name.to_owned(), kind, at, generation })
}

fn board(kind: EdgeKind) -> EdgeSwitchboard {
    let directory = Directory::default();
    EdgeSwitchboard::new(kind, EdgePasses::new(&[7; 32]), directory)
}

fn verify(board: &EdgeSwitchboard, shown: Option<&str>, body: &str) -> Result<Verified, Forged> {
    let mut headers = HeaderMap::new();
    if let Some(shown) = shown {
        let value = format!("Basic {}", STANDARD.encode(shown));
        headers.insert(http::header::AUTHORIZATION, HeaderValue::from_str(&value).unwrap());
    }
    let url = "https://voxlink.test/callbacks/kamailio/voice";
    let now = "2026-11-16T15:00:00Z".parse().unwrap();
    board.verify(&Callback { url, headers: &headers, body: body.as_bytes(), now })
}

fn pass(board: &EdgeSwitchboard, name: &str, generation: i32) -> String {
    format!("{name}.{generation}:{}", board.passes.password(name, generation).expose_secret())
}

#[test]
fn an_edge_is_known_by_its_newest_password_and_its_kind() {
    let board = board(EdgeKind::Kamailio);
    let body = "call=a&to=%2B12025550123";
    assert_eq!(verify(&board, None, body), Err(Forged::Unasked(CHALLENGE)));
    let old = pass(&board, "edge1", 1);
    assert!(verify(&board, Some(&old), body).is_ok(), "before the database was read");
    for wrong in ["", "edge1.1", "edge1.1:", "edge1:secret", "edge1.x:secret", "edge1.1:secret"] {
        assert_eq!(verify(&board, Some(wrong), body), Err(Forged::BadSignature), "{wrong}");
    }
    let edges = [edge("edge1", EdgeKind::Kamailio, 2), edge("voice", EdgeKind::Freeswitch, 1)];
    board.directory.learn(Known { edges: edges.into(), trunks: Vec::new() });
    assert_eq!(verify(&board, Some(&old), body), Err(Forged::BadSignature), "there is a newer one");
    assert!(verify(&board, Some(&pass(&board, "edge1", 2)), body).is_ok());
    let other = pass(&board, "voice", 1);
    assert_eq!(verify(&board, Some(&other), body), Err(Forged::BadSignature), "another kind");
    let gone = pass(&board, "edge9", 1);
    assert_eq!(verify(&board, Some(&gone), body), Err(Forged::BadSignature), "not in use");
}

fn read(body: &str) -> Verified {
    Verified::new(params(body.as_bytes()).unwrap())
}

#[test]
fn kamailio_asks_and_reports_by_form() {
    let board = board(EdgeKind::Kamailio);
    let call = board
        .incoming_call(&read("call=1-77%40192.0.2.9&from=12025550199&to=%2B12025550123&dial="))
        .unwrap();
    assert_eq!(
        (call.carrier_call_id.as_str(), call.to.as_str()),
        ("1-77@192.0.2.9", "+12025550123")
    );
    assert_eq!((call.digits, call.dial_status), (None, None));
    for (code, word) in
        [("486", "busy"), ("408", "no-answer"), ("487", "canceled"), ("503", "failed")]
    {
        let again =
            board.incoming_call(&read(&format!("call=a&to=%2B12025550123&dial={code}"))).unwrap();
        assert_eq!(again.dial_status.as_deref(), Some(word));
    }
    let event = |more: &str| {
        board.call_event(&read(&format!("call=a&from=1&to=%2B12025550123&at=1794841200&{more}")))
    };
    let ended = event("event=ended&seconds=7").unwrap();
    assert_eq!((ended.status, ended.duration_seconds), (CallStatus::Completed, Some(7)));
    assert_eq!(ended.at.map(|t| t.timestamp()), Some(1_794_841_200));
    assert_eq!(event("event=answered").unwrap().status, CallStatus::Answered);
    assert_eq!(event("event=failed&code=486").unwrap().status, CallStatus::Busy);
    assert_eq!(event("event=failed&code=%3Cnull%3E").unwrap().status, CallStatus::Failed);
    assert!(event("event=exploded").is_err());
    assert!(board.call_event(&read("event=ended&to=1")).is_err(), "no call");
}

#[test]
fn asterisk_reports_by_its_disposition() {
    let board = board(EdgeKind::Asterisk);
    let event = |disposition: &str| {
        let body = format!(
            "event=over&call=1&to=%2B12025550123&disposition={disposition}&seconds=61&at=0"
        );
        board.call_event(&read(&body)).unwrap()
    };
    let done = event("ANSWERED");
    assert_eq!(
        (done.status, done.duration_seconds, done.at),
        (CallStatus::Completed, Some(61), None)
    );
    assert_eq!(event("NO+ANSWER").status, CallStatus::NoAnswer);
    assert_eq!((event("BUSY").status, event("BUSY").duration_seconds), (CallStatus::Busy, None));
    assert_eq!(event("SOMETHING").status, CallStatus::Failed);
    let keys = board.incoming_call(&read("call=1&to=%2B12025550123&digits=1&dial=")).unwrap();
    assert_eq!(keys.digits.as_deref(), Some("1"));
}

#[test]
fn freeswitch_asks_by_form_and_reports_by_json() {
    let board = board(EdgeKind::Freeswitch);
    let asked = |more: &str| {
        let body = format!(
            "section=dialplan&Unique-ID=u-1&Caller-Caller-ID-Number=%2B12025550199&Caller-Destination-Number=%2B12025550123{more}"
        );
        board.incoming_call(&read(&body)).unwrap()
    };
    let start = asked("");
    assert_eq!((start.carrier_call_id.as_str(), start.dial_status), ("u-1", None));
    let busy = asked(
        "&variable_vx_asked=dial&variable_vx_digits=4&variable_originate_disposition=USER_BUSY",
    );
    assert_eq!((busy.dial_status.as_deref(), busy.digits), (Some("busy"), None));
    let keys = asked(
        "&variable_vx_asked=keys&variable_vx_digits=4&variable_originate_disposition=USER_BUSY",
    );
    assert_eq!((keys.digits.as_deref(), keys.dial_status), (Some("4"), None));
    let handed =
        asked("&variable_sip_h_X-VoxLink-Call=1-77%40192.0.2.9&variable_sip_h_X-VoxLink-Dial=408");
    assert_eq!(handed.carrier_call_id, "1-77@192.0.2.9");
    assert_eq!(handed.dial_status.as_deref(), Some("no-answer"));

    let cdr = |answered: u32, cause: &str| {
        let body = format!(
            r#"{{"core-uuid": "x", "channel_data": {{"state": "CS_REPORTING"}}, "callflow": [{{"a": 1}}],
                "variables": {{"uuid": "u-1", "sip_from_user": "+12025550199", "sip_req_user": "+12025550123",
                "answer_epoch": "{answered}", "end_epoch": "1794841261", "billsec": "61", "hangup_cause": "{cause}"}}}}"#
        );
        board.call_event(&read(&body)).unwrap()
    };
    let done = cdr(1_794_841_200, "NORMAL_CLEARING");
    assert_eq!((done.carrier_call_id.as_str(), done.status), ("u-1", CallStatus::Completed));
    assert_eq!((done.duration_seconds, done.to.as_str()), (Some(61), "+12025550123"));
    let missed = cdr(0, "NO_ANSWER");
    assert_eq!((missed.status, missed.duration_seconds), (CallStatus::NoAnswer, None));
    assert!(params(b"{\"variables\": ").is_err());
}
