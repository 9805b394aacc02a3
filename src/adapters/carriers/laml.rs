//! Messages and calls as the 2010-04-01 API has them: Twilio's own, and SignalWire's
//! compatibility API, which speaks the same.

use crate::wire::Answer;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;
use voxlink_gateways::{
    CarrierError,
    carrier::{CallDetails, MessageReceipt, MessageStatus, OutgoingCall, OutgoingMessage},
};
use voxlink_types::{Currency, call::CallStatus};

/// The form of `POST …/Messages`.
pub(super) fn message_form(message: &OutgoingMessage) -> Vec<(&'static str, String)> {
    let mut form = vec![
        ("To", message.to.to_string()),
        ("From", message.from.to_string()),
        ("StatusCallback", message.status_url.clone()),
    ];
    if !message.text.is_empty() {
        form.push(("Body", message.text.clone()));
    }
    form.extend(message.media.iter().map(|url| ("MediaUrl", url.to_string())));
    form
}

/// The form of `POST …/Calls`.
pub(super) fn call_form(call: &OutgoingCall) -> Vec<(&'static str, String)> {
    let mut form = vec![
        ("To", call.to.to_string()),
        ("From", call.from.to_string()),
        ("Url", call.answer_url.clone()),
        ("Method", "POST".to_owned()),
        ("StatusCallback", call.status_url.clone()),
        ("StatusCallbackMethod", "POST".to_owned()),
        ("Timeout", call.ring_seconds.to_string()),
    ];
    let events = ["initiated", "ringing", "answered", "completed"];
    form.extend(events.map(|event| ("StatusCallbackEvent", event.to_owned())));
    form
}

#[derive(Debug, Deserialize)]
struct Message {
    sid: String,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    num_segments: Option<serde_json::Value>,
}

/// Reads a message's record.
pub(super) fn read_message(answer: &Answer) -> Result<MessageReceipt, CarrierError> {
    let message: Message = answer.json()?;
    Ok(MessageReceipt {
        id: message.sid,
        status: message_status(message.status.as_deref().unwrap_or_default()),
        segments: message.num_segments.and_then(|n| n.to_string().trim_matches('"').parse().ok()),
    })
}

/// A message's state; a word nobody knows is on its way, never delivered.
pub(super) fn message_status(word: &str) -> MessageStatus {
    match word {
        "sending" | "sent" | "partially_delivered" => MessageStatus::Sent,
        "delivered" | "read" => MessageStatus::Delivered,
        "undelivered" => MessageStatus::Undelivered,
        "failed" | "canceled" => MessageStatus::Failed,
        "received" | "receiving" => MessageStatus::Received,
        _ => MessageStatus::Queued,
    }
}

#[derive(Debug, Deserialize)]
struct Call {
    sid: String,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    start_time: Option<String>,
    #[serde(default)]
    end_time: Option<String>,
    #[serde(default)]
    duration: Option<serde_json::Value>,
    #[serde(default)]
    price: Option<serde_json::Value>,
    #[serde(default)]
    price_unit: Option<String>,
}

/// The id of a call just placed.
pub(super) fn read_call_id(answer: &Answer) -> Result<String, CarrierError> {
    Ok(answer.json::<Call>()?.sid)
}

/// Reads a call's record. A price is negative there: what is taken from the account.
pub(super) fn read_call(answer: &Answer) -> Result<CallDetails, CarrierError> {
    let call: Call = answer.json()?;
    let bare = |value: &serde_json::Value| value.to_string().trim_matches('"').to_owned();
    let price = call.price.as_ref().and_then(|p| bare(p).parse::<Decimal>().ok());
    let unit = call.price_unit.as_deref().and_then(|unit| unit.parse::<Currency>().ok());
    Ok(CallDetails {
        id: call.sid,
        from: call.from.unwrap_or_default(),
        to: call.to.unwrap_or_default(),
        status: call_status(call.status.as_deref().unwrap_or_default()),
        started_at: call.start_time.as_deref().and_then(instant),
        ended_at: call.end_time.as_deref().and_then(instant),
        duration_seconds: call.duration.and_then(|seconds| bare(&seconds).parse().ok()),
        cost: price.map(|p| p.abs()).zip(unit),
    })
}

/// A call's state; a word nobody knows is still being set up, never completed.
fn call_status(word: &str) -> CallStatus {
    match word {
        "ringing" => CallStatus::Ringing,
        "in-progress" | "answered" => CallStatus::Answered,
        "completed" => CallStatus::Completed,
        "busy" => CallStatus::Busy,
        "failed" => CallStatus::Failed,
        "no-answer" => CallStatus::NoAnswer,
        "canceled" => CallStatus::Cancelled,
        _ => CallStatus::Initiated,
    }
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text)
        .or_else(|_| DateTime::parse_from_rfc3339(text))
        .ok()
        .map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_states_are_pending_never_success() {
        assert_eq!(message_status("beamed"), MessageStatus::Queued);
        assert_eq!(call_status("beamed"), CallStatus::Initiated);
    }
}
