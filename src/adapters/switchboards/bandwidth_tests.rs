//! Events as Bandwidth's pages show them, for a call that comes in.

use super::*;
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde_json::{Value, json};

const CALL: &str = "c-95ac8d6e-1a31c52e-b38f-4198-93c1-51633ec68f8d";
const LEG: &str = "c-2a913f94-6a486f3a-3cae-4034-bcc3-f0c9fa77ca2f";

fn board() -> BandwidthSwitchboard {
    BandwidthSwitchboard::new("voxlink".to_owned(), "long: and random".into())
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

fn verify(shown: Option<&str>, body: &str) -> Result<Verified, Forged> {
    let mut headers = HeaderMap::new();
    if let Some(shown) = shown {
        headers.insert(AUTHORIZATION, HeaderValue::from_str(shown).unwrap());
    }
    let url = "https://voxlink.test/callbacks/bandwidth/voice";
    let now = "2026-11-16T15:00:00Z".parse().unwrap();
    board().verify(&Callback { url, headers: &headers, body: body.as_bytes(), now })
}

/// An event with what all of them tell, and `more`.
fn event(kind: &str, more: &Value) -> Verified {
    let mut whole = json!({
        "eventType": kind,
        "eventTime": "2019-06-20T15:56:11.554Z",
        "accountId": "55555555",
        "applicationId": "7fc9698a-b04a-468b-9e8f-91238c0d0086",
        "from": "+15551112222",
        "to": "+15553334444",
        "direction": "inbound",
        "callId": CALL,
        "callUrl": format!("https://voice.bandwidth.com/api/v2/accounts/55555555/calls/{CALL}"),
        "startTime": "2019-06-20T15:54:22.234Z",
    });
    for (name, value) in more.as_object().unwrap() {
        whole[name] = value.clone();
    }
    verify(Some(&basic("voxlink", "long: and random")), &whole.to_string()).unwrap()
}

#[test]
fn only_who_shows_our_user_and_password_is_read() {
    let body = r#"{"eventType":"initiate","callId":"c-1","to":"+15553334444"}"#;
    let good = basic("voxlink", "long: and random");
    assert!(verify(Some(&good), body).is_ok());
    assert!(verify(Some(&good.replace("Basic", "BASIC")), body).is_ok());
    assert_eq!(verify(None, body), Err(Forged::Unasked(CHALLENGE)));
    assert_eq!(verify(None, ""), Err(Forged::Unasked(CHALLENGE)));
    let bare = good.trim_start_matches("Basic ");
    for forged in [
        basic("voxlink", "long: and randoM"),
        basic("voxlink", "long: and random "),
        basic("voxlink", "long"),
        basic("voxlink", ""),
        basic("", ""),
        basic("Voxlink", "long: and random"),
        format!("Bearer {bare}"),
        format!("Basic {bare}AAAA"),
        "Basic".to_owned(),
        "Basic !!!".to_owned(),
        bare.to_owned(),
        String::new(),
    ] {
        assert_eq!(verify(Some(&forged), body), Err(Forged::BadSignature), "{forged}");
    }
    // Nothing is read before it is known who tells it.
    assert_eq!(verify(Some(&basic("x", "y")), "no json"), Err(Forged::BadSignature));
    for unreadable in ["", "no json", "[]", "7", "a=b"] {
        assert!(matches!(verify(Some(&good), unreadable), Err(Forged::Unreadable(_))));
    }
}

#[test]
fn what_is_ours_is_not_printed() {
    assert!(!format!("{:?}", board()).contains("random"));
}

#[test]
fn a_call_comes_in() {
    let diverted = json!({
        "diversion": { "origTo": "+15558884444", "reason": "unavailable" },
        "stirShaken": { "verstat": "TN-Verification-Passed", "attestationIndicator": "A" },
        "digits": "9", "cause": "hangup", "uui": null,
    });
    let call = board().incoming_call(&event("initiate", &diverted)).unwrap();
    let wanted = IncomingCall {
        carrier_call_id: CALL.to_owned(),
        from: "+15551112222".to_owned(),
        to: "+15553334444".to_owned(),
        account: Some("55555555".to_owned()),
        digits: None,
        dial_status: None,
        caller_place: (None, None, None),
        at: None,
    };
    assert_eq!(call, wanted);
    let hidden = board().incoming_call(&event("initiate", &json!({ "from": "Restricted" })));
    assert_eq!(hidden.unwrap().from, "Restricted");
    let nobody = board().incoming_call(&event("initiate", &json!({ "from": null })));
    assert_eq!(nobody.unwrap().from, "anonymous");
    let nowhere = event("initiate", &json!({ "to": null }));
    assert_eq!(board().incoming_call(&nowhere), Err(Forged::Missing("to")));
    let long = event("initiate", &json!({ "callId": "c".repeat(129) }));
    assert!(board().incoming_call(&long).is_err());
}

#[test]
fn what_was_pressed_is_told_and_nothing_where_nobody_pressed() {
    let pressed = |digits: &str| {
        let more = json!({
            "answerTime": "2019-06-20T15:54:25.432Z", "digits": digits, "terminatingDigit": "",
        });
        board().incoming_call(&event("gather", &more)).unwrap()
    };
    assert_eq!(pressed("2").digits.as_deref(), Some("2"));
    assert_eq!(pressed("#").digits.as_deref(), Some("#"));
    assert_eq!(pressed("").digits, None);
    assert_eq!(pressed("2").dial_status, None);
    for kind in ["redirect", "answer"] {
        let call = board().incoming_call(&event(kind, &json!({}))).unwrap();
        assert_eq!((call.digits, call.dial_status), (None, None), "{kind}");
    }
}

#[test]
fn how_a_transfer_ended_is_said_in_our_words() {
    for (cause, wanted) in [
        (json!("hangup"), "completed"),
        (json!("busy"), "busy"),
        (json!("rejected"), "busy"),
        (json!("timeout"), "no-answer"),
        // The caller is still there: it was the telephone that never rang.
        (json!("cancel"), "no-answer"),
        (json!("account-limit"), "failed"),
        (json!("a cause of the future"), "failed"),
        (json!(null), "failed"),
    ] {
        let more = json!({
            "transferCallerId": "+15551115555", "transferTo": "+15556667777",
            "answerTime": "2019-07-31T13:13:40.644Z", "cause": cause,
            "errorMessage": "Callee is busy", "errorId": "4642074b-7b58-478b-96e4-3a60955c6765",
        });
        let call = board().incoming_call(&event("transferComplete", &more)).unwrap();
        assert_eq!(call.dial_status.as_deref(), Some(wanted), "{cause}");
        assert_eq!(call.carrier_call_id, CALL);
    }
}

#[test]
fn a_leg_and_an_end_are_never_answered_with_markup() {
    for kind in ["disconnect", "transferAnswer", "transferDisconnect", "recordingAvailable", "x"] {
        let asked = board().incoming_call(&event(kind, &json!({})));
        assert!(matches!(asked, Err(Forged::Unreadable(_))), "{kind}");
    }
    let leg = event("gather", &json!({ "callId": LEG, "parentCallId": CALL, "digits": "1" }));
    assert!(board().incoming_call(&leg).is_err());
}

#[test]
fn an_end_is_completed_only_when_somebody_answered() {
    let end = |direction: &str, cause: &str, answered: Option<&str>| {
        let more = json!({
            "direction": direction, "answerTime": answered, "cause": cause,
            "endTime": "2019-06-20T15:55:54.123Z",
        });
        board().call_event(&event("disconnect", &more)).unwrap()
    };
    let spoke = end("inbound", "hangup", Some("2019-06-20T15:54:25.432Z"));
    assert_eq!(spoke, end("inbound", "hangup", Some("2019-06-20T15:54:25.432Z")));
    assert_eq!((spoke.status, spoke.duration_seconds), (CallStatus::Completed, Some(88)));
    assert_eq!((spoke.carrier_call_id.as_str(), spoke.sequence), (CALL, None));
    assert_eq!(spoke.event_id, format!("{CALL}:disconnect"));
    assert_eq!(spoke.at, "2019-06-20T15:55:54.123Z".parse().ok());
    let broken = end("inbound", "invalid-bxml", Some("2019-06-20T15:54:25.432Z"));
    assert_eq!(broken.status, CallStatus::Completed);
    for (direction, cause, wanted) in [
        ("inbound", "cancel", CallStatus::Cancelled),
        // We refused it.
        ("inbound", "hangup", CallStatus::NoAnswer),
        ("inbound", "rejected", CallStatus::NoAnswer),
        ("inbound", "callback-error", CallStatus::Failed),
        ("inbound", "a cause of the future", CallStatus::Failed),
        ("outbound", "busy", CallStatus::Busy),
        ("outbound", "rejected", CallStatus::Busy),
        ("outbound", "timeout", CallStatus::NoAnswer),
        ("outbound", "hangup", CallStatus::Cancelled),
        ("outbound", "error", CallStatus::Failed),
    ] {
        let over = end(direction, cause, None);
        assert_eq!((over.status, over.duration_seconds), (wanted, None), "{direction} {cause}");
    }
}

#[test]
fn legs_say_only_how_far_the_call_has_come() {
    let leg = |kind: &str, answered: Option<&str>| {
        let more = json!({
            "direction": "outbound", "callId": LEG, "parentCallId": CALL, "answerTime": answered,
            "endTime": "2019-06-20T15:57:00Z", "cause": "hangup", "transferTo": "+15556667777",
            "transferCallerId": "+15551112222",
        });
        board().call_event(&event(kind, &more)).unwrap()
    };
    let at = Some("2019-06-20T15:54:25.432Z");
    for (kind, answered, wanted) in [
        ("transferAnswer", at, CallStatus::Answered),
        ("transferDisconnect", at, CallStatus::Answered),
        ("transferDisconnect", None, CallStatus::Ringing),
        ("disconnect", at, CallStatus::Answered),
    ] {
        let told = leg(kind, answered);
        assert_eq!((told.status, told.duration_seconds), (wanted, None), "{kind}");
        assert_eq!(told.carrier_call_id, CALL);
        assert_eq!(told.event_id, format!("{LEG}:{kind}"));
    }
    let first = board().call_event(&event("initiate", &json!({}))).unwrap();
    assert_eq!(first.status, CallStatus::Ringing);
    assert_eq!(first.at, "2019-06-20T15:56:11.554Z".parse().ok());
    let answer = board().call_event(&event("answer", &json!({ "direction": "outbound" })));
    assert_eq!(answer.unwrap().status, CallStatus::Answered);
    assert!(board().call_event(&event("gather", &json!({}))).is_err());
    assert!(board().call_event(&event("machineDetectionComplete", &json!({}))).is_err());
}

#[test]
fn a_recording_is_told_when_it_can_be_fetched() {
    let media =
        "https://voice.bandwidth.com/api/v2/accounts/55555555/calls/c-1/recordings/r-1/media";
    let told = |kind: &str, change: &Value| {
        let mut more = json!({
            "eventTime": "2019-09-13T16:49:40.500",
            "recordingId": "r-115da407-e3d9-4ea7-889f-5f4ad7386a80",
            "channels": 1,
            "startTime": "2019-09-13T16:48:29.235Z",
            "endTime": "2019-09-13T16:48:48.890Z",
            "duration": "PT20.056S",
            "fileFormat": "wav",
            "mediaUrl": media,
            "status": "complete",
        });
        for (name, value) in change.as_object().unwrap() {
            more[name] = value.clone();
        }
        board().recording(&event(kind, &more))
    };
    let available = told("recordingAvailable", &json!({})).unwrap();
    let wanted = Recording {
        carrier_call_id: CALL.to_owned(),
        id: "r-115da407-e3d9-4ea7-889f-5f4ad7386a80".to_owned(),
        url: media.to_owned(),
        seconds: Some(20),
    };
    assert_eq!(available, wanted);
    assert_eq!(told("recordingAvailable", &json!({ "status": "partial" })), Ok(wanted));
    for wrong in [
        json!({ "status": "error" }),
        json!({ "status": null }),
        json!({ "mediaUrl": "file:///etc/passwd" }),
        json!({ "mediaUrl": "http://voice.bandwidth.com/media" }),
        json!({ "mediaUrl": null }),
        json!({ "recordingId": null }),
    ] {
        assert!(told("recordingAvailable", &wrong).is_err(), "{wrong}");
    }
    assert!(told("recordComplete", &json!({})).is_err(), "it cannot be fetched yet");
    let next = event("recordComplete", &json!({ "recordingId": "r-1", "mediaUrl": media }));
    assert_eq!(board().incoming_call(&next).unwrap().carrier_call_id, CALL);
}

#[test]
fn durations_and_times_are_read() {
    for (text, wanted) in [
        ("PT20.056S", Some(20)),
        ("PT0.9S", Some(0)),
        ("PT1M", Some(60)),
        ("PT2M3.5S", Some(123)),
        ("PT1H0M1S", Some(3601)),
        ("PT", None),
        ("20", None),
        ("PT-5S", None),
        ("PT5", None),
        ("P1D", None),
        ("PTS", None),
    ] {
        assert_eq!(seconds(text), wanted, "{text}");
    }
    let naive = Verified::new(vec![("t".to_owned(), "2019-09-13T16:49:40.500".to_owned())]);
    assert_eq!(time(&naive, "t"), "2019-09-13T16:49:40.500Z".parse().ok());
    let odd = Verified::new(vec![("t".to_owned(), "yesterday".to_owned())]);
    assert_eq!(time(&odd, "t"), None);
}

#[test]
fn news_of_an_order_is_xml_and_known_by_the_same_password() {
    let good = basic("voxlink", "long: and random");
    let notice = |kind: &str| {
        format!(
            "<?xml version=\"1.0\"?>\n<Notification><OrderType>{kind}</OrderType>\
             <OrderId>8a358296-e188</OrderId><Status>COMPLETE</Status></Notification>"
        )
    };
    let told = |kind: &str| board().order_event(&verify(Some(&good), &notice(kind)).unwrap());
    assert_eq!(told("orders"), Ok(Some("8a358296-e188".to_owned())));
    assert_eq!(told("disconnects"), Ok(None));
    assert_eq!(verify(None, &notice("orders")), Err(Forged::Unasked(CHALLENGE)));
    let forged = basic("voxlink", "guessed");
    assert_eq!(verify(Some(&forged), &notice("orders")), Err(Forged::BadSignature));
    assert!(matches!(verify(Some(&good), "<Notification>"), Err(Forged::Unreadable(_))));
    let call = event("initiate", &json!({}));
    assert_eq!(board().order_event(&call), Ok(None), "a call is no order");
}
