//! Messages by API v2, calls by TeXML.

use super::{Telnyx, number};
use crate::wire::{Answer, Body};
use serde::Deserialize;
use serde_json::{Value, json};
use voxlink_gateways::{
    CarrierError,
    carrier::{MessageReceipt, MessageStatus, OutgoingCall, OutgoingMessage},
};

/// Seconds that TeXML lets a call ring, at least and at most.
const RINGS: (u16, u16) = (5, 120);

/// Sends a message. Who tells of its fate is named in the message: the profile's own webhook is
/// for messages that come in.
pub(super) async fn send(
    telnyx: &Telnyx,
    message: &OutgoingMessage,
) -> Result<MessageReceipt, CarrierError> {
    let body = Body::Json(message_body(message));
    let sent: Message = telnyx.one(telnyx.post("send", telnyx.at(&["messages"]), body)).await?;
    Ok(sent.receipt())
}

fn message_body(message: &OutgoingMessage) -> Value {
    let mut body = json!({ "from": message.from.as_str(), "to": message.to.as_str() });
    if !message.text.is_empty() {
        body["text"] = json!(message.text);
    }
    if !message.media.is_empty() {
        body["media_urls"] = json!(message.media.iter().map(url::Url::as_str).collect::<Vec<_>>());
        body["type"] = json!("MMS");
    }
    if !message.status_url.is_empty() {
        body["webhook_url"] = json!(message.status_url);
        body["use_profile_webhooks"] = json!(false);
    }
    body
}

#[derive(Debug, Deserialize)]
struct Message {
    id: String,
    to: Option<Vec<Recipient>>,
    parts: Option<u16>,
}

/// Delivery is told of each recipient apart; ours have one.
#[derive(Debug, Deserialize)]
struct Recipient {
    status: Option<String>,
}

impl Message {
    fn receipt(self) -> MessageReceipt {
        let status = self.to.iter().flatten().find_map(|recipient| recipient.status.as_deref());
        MessageReceipt {
            status: message_status(status.unwrap_or_default()),
            segments: self.parts,
            id: self.id,
        }
    }
}

/// A message's state; a word nobody knows is on its way, never delivered.
fn message_status(word: &str) -> MessageStatus {
    match word {
        // Handed over without a receipt: on its way as far as anybody knows.
        "sending" | "sent" | "delivery_unconfirmed" => MessageStatus::Sent,
        "delivered" => MessageStatus::Delivered,
        "delivery_failed" => MessageStatus::Undelivered,
        "sending_failed" | "expired" => MessageStatus::Failed,
        "received" => MessageStatus::Received,
        _ => MessageStatus::Queued,
    }
}

/// Places a call by the application that the calling number is bound to.
pub(super) async fn call(telnyx: &Telnyx, call: &OutgoingCall) -> Result<String, CarrierError> {
    let application = match &telnyx.account.connection {
        Some(given) => given.clone(),
        None => number::find(telnyx, "call", &call.from)
            .await?
            .and_then(|record| record.connection_id)
            .filter(|id| !id.is_empty())
            .ok_or_else(|| CarrierError::Rejected {
                detail: format!("{} is bound to no application at Telnyx", call.from),
            })?,
    };
    let url = telnyx.at(&["texml", "Accounts", &telnyx.account.id, "Calls"]);
    let body = Body::Json(call_body(call, &application));
    call_id(&telnyx.ask(telnyx.post("call", url, body)).await?)
}

fn call_body(call: &OutgoingCall, application: &str) -> Value {
    json!({
        "ApplicationSid": application,
        "From": call.from.as_str(),
        "To": call.to.as_str(),
        "Url": call.answer_url,
        "UrlMethod": "POST",
        "StatusCallback": call.status_url,
        "StatusCallbackMethod": "POST",
        "StatusCallbackEvent": "initiated ringing answered completed",
        "Timeout": call.ring_seconds.clamp(RINGS.0, RINGS.1),
    })
}

/// The id of a call just placed. The answer is the call itself, without the envelope; its schema
/// names neither of the ids that are in it.
fn call_id(answer: &Answer) -> Result<String, CarrierError> {
    let call: Value = answer.json()?;
    let named = ["call_sid", "sid", "CallSid"].into_iter().find_map(|name| call[name].as_str());
    named.map(str::to_owned).ok_or_else(|| answer.unreadable(&"a call without an id"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Repeat;
    use http::{HeaderMap, StatusCode};
    use uuid::Uuid;

    #[test]
    fn a_message_names_who_is_told() {
        let message = OutgoingMessage {
            from: "+19705555098".parse().unwrap(),
            to: "+12025550123".parse().unwrap(),
            text: "Hello".to_owned(),
            media: vec!["https://voxlink.test/a.png".parse().unwrap()],
            status_url: "https://voxlink.test/status".to_owned(),
            key: Uuid::nil(),
        };
        let wanted = json!({"from": "+19705555098", "to": "+12025550123", "text": "Hello",
            "media_urls": ["https://voxlink.test/a.png"], "type": "MMS",
            "webhook_url": "https://voxlink.test/status", "use_profile_webhooks": false});
        assert_eq!(message_body(&message), wanted);
    }

    #[test]
    fn a_receipt_goes_by_the_recipient() {
        let receipt = |status: &str| {
            let record = json!({"record_type": "message", "direction": "outbound", "parts": 2,
                "id": "40385f64-5717-4562-b3fc-2c963f66afa6", "type": "SMS", "cc": [],
                "from": {"phone_number": "+18445550001", "carrier": "TELNYX LLC"},
                "to": [{"phone_number": "+18665550001", "status": status, "carrier": "T-MOBILE"}],
                "cost": {"amount": "0.0051", "currency": "USD"}, "completed_at": null});
            serde_json::from_value::<Message>(record).unwrap().receipt()
        };
        assert_eq!(receipt("queued").segments, Some(2));
        for (word, status) in [
            ("queued", MessageStatus::Queued),
            ("beamed", MessageStatus::Queued),
            ("sent", MessageStatus::Sent),
            ("delivery_unconfirmed", MessageStatus::Sent),
            ("delivered", MessageStatus::Delivered),
            ("delivery_failed", MessageStatus::Undelivered),
            ("sending_failed", MessageStatus::Failed),
        ] {
            assert_eq!(receipt(word).status, status, "{word}");
        }
    }

    #[test]
    fn a_call_placed_without_an_id_may_have_been_placed() {
        let read = |body: Value| {
            call_id(&Answer {
                status: StatusCode::OK,
                headers: HeaderMap::new(),
                body: body.to_string().into_bytes(),
                repeat: Repeat::Never,
            })
        };
        let placed =
            json!({"call_sid": "v3:KBnLO0ZK", "from": "+1", "status": "queued", "to": "+1"});
        assert_eq!(read(placed).unwrap(), "v3:KBnLO0ZK");
        let nameless = read(json!({"from": "+1", "status": "accepted", "to": "+1"}));
        assert!(matches!(nameless, Err(CarrierError::UnknownOutcome { .. })));
    }
}
