//! Messages and calls over the messaging and voice APIs, which are JSON
//! (dev.bandwidth.com/apis/messaging, dev.bandwidth.com/apis/voice).

use super::Account;
use crate::wire::{Answer, Body};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;
use voxlink_gateways::{
    CarrierError,
    carrier::{CallDetails, MessageReceipt, MessageStatus, OutgoingCall, OutgoingMessage},
};
use voxlink_types::call::CallStatus;

/// The body of `POST …/messages`. It takes no URL: what becomes of a message is told where the
/// messaging application says, with the message's key as the tag.
pub(super) fn message_body(application: &str, message: &OutgoingMessage) -> Body {
    let mut body = json!({
        "applicationId": application,
        "to": [message.to.as_str()],
        "from": message.from.as_str(),
        "tag": message.key.to_string(),
    });
    if !message.text.is_empty() {
        body["text"] = json!(message.text);
    }
    if !message.media.is_empty() {
        let media: Vec<&str> = message.media.iter().map(url::Url::as_str).collect();
        body["media"] = json!(media);
    }
    Body::Json(body)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    id: String,
    #[serde(default)]
    segment_count: Option<u16>,
}

/// Reads the answer to a message: it is taken, not yet sent.
pub(super) fn read_message(answer: &Answer) -> Result<MessageReceipt, CarrierError> {
    let message: Message = answer.json()?;
    Ok(MessageReceipt {
        id: message.id,
        status: MessageStatus::Queued,
        segments: message.segment_count,
    })
}

/// The body of `POST …/calls`. The callbacks show our user and password, which Bandwidth takes
/// for https alone.
pub(super) fn call_body(account: &Account, call: &OutgoingCall) -> Body {
    let mut body = json!({
        "applicationId": account.voice_application,
        "to": call.to.as_str(),
        "from": call.from.as_str(),
        "answerUrl": call.answer_url,
        "answerMethod": "POST",
        "disconnectUrl": call.status_url,
        "disconnectMethod": "POST",
        "callTimeout": call.ring_seconds.clamp(1, 300),
        "tag": call.key.to_string(),
    });
    if call.answer_url.starts_with("https://") {
        body["username"] = json!(account.callback_user);
        body["password"] = json!(account.callback_password.expose_secret());
    }
    Body::Json(body)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    #[serde(rename = "callId")]
    id: String,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    start_time: Option<DateTime<Utc>>,
    #[serde(default)]
    answer_time: Option<DateTime<Utc>>,
    #[serde(default)]
    end_time: Option<DateTime<Utc>>,
    #[serde(default)]
    disconnect_cause: Option<String>,
}

/// The id of a call just placed.
pub(super) fn read_call_id(answer: &Answer) -> Result<String, CarrierError> {
    Ok(answer.json::<Call>()?.id)
}

/// Reads a call's record, which has no price.
pub(super) fn read_call(answer: &Answer) -> Result<CallDetails, CarrierError> {
    let call: Call = answer.json()?;
    let spoken = call.answer_time.zip(call.end_time);
    Ok(CallDetails {
        status: status(&call),
        duration_seconds: spoken
            .and_then(|(answered, ended)| u32::try_from((ended - answered).num_seconds()).ok()),
        id: call.id,
        from: call.from.unwrap_or_default(),
        to: call.to.unwrap_or_default(),
        started_at: call.start_time,
        ended_at: call.end_time,
        cost: None,
    })
}

/// A call's state: `queued`, `initiated`, `answered` or `disconnected`, more of which may be added.
/// A word nobody knows is still being set up. An end is a completed call only when somebody
/// answered.
fn status(call: &Call) -> CallStatus {
    match (call.state.as_deref(), call.disconnect_cause.as_deref()) {
        (Some("answered"), _) => CallStatus::Answered,
        (Some("disconnected"), _) if call.answer_time.is_some() => CallStatus::Completed,
        (Some("disconnected"), Some("busy" | "rejected")) => CallStatus::Busy,
        (Some("disconnected"), Some("timeout")) => CallStatus::NoAnswer,
        // Hung up by whoever placed it before anybody answered.
        (Some("disconnected"), Some("cancel" | "hangup")) => CallStatus::Cancelled,
        (Some("disconnected"), _) => CallStatus::Failed,
        _ => CallStatus::Initiated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Repeat;
    use http::{HeaderMap, StatusCode};

    fn answer(body: &serde_json::Value) -> Answer {
        Answer {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: body.to_string().into_bytes(),
            repeat: Repeat::Safe,
        }
    }

    #[test]
    fn ends_are_told_apart_and_unknown_states_are_no_end() {
        let answered = "2022-06-16T13:15:18.126Z";
        for (state, cause, answer_time, wanted) in [
            ("queued", None, None, CallStatus::Initiated),
            ("initiated", None, None, CallStatus::Initiated),
            ("beamed", Some("hangup"), Some(answered), CallStatus::Initiated),
            ("answered", None, Some(answered), CallStatus::Answered),
            ("disconnected", Some("hangup"), Some(answered), CallStatus::Completed),
            ("disconnected", Some("error"), Some(answered), CallStatus::Completed),
            ("disconnected", Some("busy"), None, CallStatus::Busy),
            ("disconnected", Some("timeout"), None, CallStatus::NoAnswer),
            ("disconnected", Some("cancel"), None, CallStatus::Cancelled),
            ("disconnected", Some("beamed"), None, CallStatus::Failed),
            ("disconnected", None, None, CallStatus::Failed),
        ] {
            let call = json!({"callId": "c-1", "state": state, "disconnectCause": cause,
                "answerTime": answer_time, "endTime": "2022-06-16T13:16:18.126Z",
                "to": "+19195551234", "from": "+19195554321", "direction": "outbound"});
            let read = read_call(&answer(&call)).unwrap();
            assert_eq!(read.status, wanted, "{call}");
            assert_eq!(read.duration_seconds, answer_time.map(|_| 60), "{call}");
        }
    }

    #[test]
    fn a_message_taken_is_queued() {
        let taken = json!({"id": "1589", "segmentCount": 2, "direction": "out", "tag": "t"});
        let receipt = read_message(&answer(&taken)).unwrap();
        let wanted = MessageReceipt {
            id: "1589".to_owned(),
            status: MessageStatus::Queued,
            segments: Some(2),
        };
        assert_eq!(receipt, wanted);
    }
}
