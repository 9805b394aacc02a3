//! Bandwidth's voice callbacks: JSON events (dev.bandwidth.com/docs/voice/webhooks) that are
//! answered with BXML.
//!
//! Bandwidth signs nothing. An event is known by the user and the password that it shows (HTTP
//! Basic), and by nothing else: neither its address nor its body nor its time is covered, and who
//! has seen one event whole can make any. So the password must be long, random and used nowhere
//! else, and the public address must be https. Each callback comes twice: at first it shows
//! nothing, and only where the answer is 401 with a challenge it comes again with the credentials
//! (dev.bandwidth.com/docs/numbers/webhooks, Authentication). News of orders is XML and known by
//! the same user and password.

use super::form::{bounded, json_params};
use crate::{
    bxml,
    carriers::bandwidth::{Bandwidth, notice},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, NaiveDateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use voxlink_gateways::{
    Switchboard,
    carrier::{CallEvent, CallStatus, Callback, Forged, IncomingCall, Markup, Recording, Verified},
};
use voxlink_types::routing::Step;

/// What Bandwidth is asked with for its credentials.
const CHALLENGE: &str = "Basic realm=\"VoxLink\"";

/// The calling side of Bandwidth.
#[derive(Debug)]
pub struct BandwidthSwitchboard {
    user: String,
    password: SecretString,
}

impl BandwidthSwitchboard {
    /// What callbacks show: the callback user and password of the account, which the voice
    /// application is given with its addresses.
    pub fn new(user: String, password: SecretString) -> Self {
        Self { user, password }
    }

    /// Compares digests, so that neither the time nor a length tells how much was right.
    fn knows(&self, shown: &[u8]) -> bool {
        let ours = Sha256::new()
            .chain_update(self.user.as_bytes())
            .chain_update(b":")
            .chain_update(self.password.expose_secret().as_bytes())
            .finalize();
        let (ours, theirs): ([u8; 32], [u8; 32]) = (ours.into(), Sha256::digest(shown).into());
        ours.as_slice().ct_eq(theirs.as_slice()).into()
    }
}

impl Switchboard for BandwidthSwitchboard {
    fn key(&self) -> &'static str {
        Bandwidth::KEY
    }

    fn verify(&self, callback: &Callback<'_>) -> Result<Verified, Forged> {
        let given = callback.headers.get(http::header::AUTHORIZATION);
        let given = given.ok_or(Forged::Unasked(CHALLENGE))?;
        let given = given.to_str().map_err(|_| Forged::BadSignature)?;
        let (scheme, encoded) = given.split_once(' ').ok_or(Forged::BadSignature)?;
        let shown = STANDARD.decode(encoded.trim()).map_err(|_| Forged::BadSignature)?;
        if !scheme.eq_ignore_ascii_case("basic") || !self.knows(&shown) {
            return Err(Forged::BadSignature);
        }
        if callback.body.trim_ascii_start().starts_with(b"<") {
            return order_params(callback.body).map(Verified::new);
        }
        json_params(callback.body).map(Verified::new)
    }

    fn incoming_call(&self, verified: &Verified) -> Result<IncomingCall, Forged> {
        let event = verified.need("eventType")?;
        let goes_on = matches!(
            event,
            "initiate" | "answer" | "gather" | "redirect" | "transferComplete" | "recordComplete"
        );
        // What is answered to a leg of a Transfer is played to the party called: none is asked for.
        if !goes_on || verified.get("parentCallId").is_some() {
            return Err(unknown(event));
        }
        let own = |name| verified.get(name).map(str::to_owned);
        let ended = (event == "transferComplete").then(|| dialled(verified.get("cause")));
        Ok(IncomingCall {
            carrier_call_id: bounded(verified.need("callId")?)?,
            from: own("from").unwrap_or_else(|| "anonymous".to_owned()),
            to: verified.need("to")?.to_owned(),
            account: own("accountId"),
            // Empty when nobody pressed a key, and then not there for us.
            digits: if event == "gather" { own("digits") } else { None },
            dial_status: ended.map(str::to_owned),
            caller_place: (None, None, None),
            at: None,
        })
    }

    /// Events of a call, and of the legs of its Transfers, which say of the call itself only how
    /// far it has come.
    fn call_event(&self, verified: &Verified) -> Result<CallEvent, Forged> {
        let event = verified.need("eventType")?;
        let id = bounded(verified.need("callId")?)?;
        let call = verified.get("parentCallId").map(bounded).transpose()?;
        let answered = verified.get("answerTime").is_some();
        let over = event == "disconnect" && call.is_none();
        let status = match event {
            "initiate" => CallStatus::Ringing,
            "answer" | "transferAnswer" => CallStatus::Answered,
            "disconnect" | "transferDisconnect" => match (over, answered) {
                (true, _) => ended(verified),
                (false, true) => CallStatus::Answered,
                (false, false) => CallStatus::Ringing,
            },
            other => return Err(unknown(other)),
        };
        Ok(CallEvent {
            // Each of them happens once to a call or leg; a repetition has the same id.
            event_id: format!("{id}:{event}"),
            carrier_call_id: call.unwrap_or(id),
            from: verified.get("from").unwrap_or("anonymous").to_owned(),
            to: verified.need("to")?.to_owned(),
            status,
            at: over
                .then(|| time(verified, "endTime"))
                .flatten()
                .or_else(|| time(verified, "eventTime")),
            sequence: None,
            duration_seconds: if over { spoken(verified) } else { None },
        })
    }

    /// `recordingAvailable` alone: when a recording is complete (`recordComplete`, which asks what
    /// comes next) it cannot be fetched yet.
    fn recording(&self, verified: &Verified) -> Result<Recording, Forged> {
        let event = verified.need("eventType")?;
        if event != "recordingAvailable" {
            return Err(unknown(event));
        }
        let status = verified.need("status")?;
        // A part of a message is worth hearing.
        if !matches!(status, "complete" | "partial") {
            return Err(Forged::Unreadable(format!("the recording is “{}”", cut(status))));
        }
        let url = verified.need("mediaUrl")?;
        if !url.starts_with("https://") || url.len() > 2048 {
            return Err(Forged::Unreadable("mediaUrl is no safe web address".to_owned()));
        }
        let call = verified.get("parentCallId").map_or_else(|| verified.need("callId"), Ok)?;
        Ok(Recording {
            carrier_call_id: bounded(call)?,
            id: bounded(verified.need("recordingId")?)?,
            url: url.to_owned(),
            seconds: verified.get("duration").and_then(seconds),
        })
    }

    /// Of orders of numbers alone: what is given back or ported is followed elsewhere.
    fn order_event(&self, verified: &Verified) -> Result<Option<String>, Forged> {
        match verified.get("OrderType") {
            Some("orders") => verified.need("OrderId").and_then(bounded).map(Some),
            _ => Ok(None),
        }
    }

    fn markup(&self, steps: &[Step]) -> Markup {
        bxml::write(steps, &self.user, self.password.expose_secret())
    }
}

/// What is needed of a notification of an order, which is XML.
fn order_params(body: &[u8]) -> Result<Vec<(String, String)>, Forged> {
    let notice = notice::read(body).map_err(Forged::Unreadable)?;
    Ok(vec![
        ("OrderType".to_owned(), notice.order_type),
        ("OrderId".to_owned(), notice.order_id),
        ("Status".to_owned(), notice.status),
    ])
}

fn cut(word: &str) -> String {
    word.chars().take(40).collect()
}

fn unknown(event: &str) -> Forged {
    Forged::Unreadable(format!("the event “{}” has no meaning here", cut(event)))
}

/// How a Transfer ended, in the words that routing knows. `transferComplete` comes only while the
/// caller is still there: `cancel` is Bandwidth giving up a telephone that did not ring within 30
/// seconds, not the caller giving up. A cause that nobody knows, or none, is a failure.
fn dialled(cause: Option<&str>) -> &'static str {
    match cause {
        Some("hangup") => "completed",
        Some("busy" | "rejected") => "busy",
        Some("timeout" | "cancel") => "no-answer",
        _ => "failed",
    }
}

/// What a call has come to. Whatever ended it, it was completed when somebody had answered.
fn ended(verified: &Verified) -> CallStatus {
    if verified.get("answerTime").is_some() {
        return CallStatus::Completed;
    }
    let ours = verified.get("direction") == Some("outbound");
    match verified.get("cause") {
        Some("cancel") => CallStatus::Cancelled,
        // Whoever placed the call gave up; of a call that came in, we refused it.
        Some("hangup") if ours => CallStatus::Cancelled,
        Some("rejected") if ours => CallStatus::Busy,
        Some("hangup" | "rejected" | "timeout") => CallStatus::NoAnswer,
        Some("busy") => CallStatus::Busy,
        _ => CallStatus::Failed,
    }
}

/// An instant, in ISO 8601; some come without their zone, which is UTC.
fn time(verified: &Verified, name: &str) -> Option<DateTime<Utc>> {
    let text = verified.get(name)?;
    DateTime::parse_from_rfc3339(text)
        .map(|t| t.with_timezone(&Utc))
        .or_else(|_| text.parse::<NaiveDateTime>().map(|t| t.and_utc()))
        .ok()
}

/// Whole seconds from answer to end.
fn spoken(verified: &Verified) -> Option<i32> {
    let length = time(verified, "endTime")? - time(verified, "answerTime")?;
    i32::try_from(length.num_seconds()).ok().filter(|s| *s >= 0)
}

/// Whole seconds of an ISO 8601 duration: `PT1M20.056S`.
fn seconds(text: &str) -> Option<i32> {
    let mut total: i32 = 0;
    let mut rest = text.strip_prefix("PT").filter(|t| !t.is_empty())?;
    while let Some(at) = rest.find(['H', 'M', 'S']) {
        let (count, unit) = rest.split_at(at);
        let unit_seconds = match unit.as_bytes().first() {
            Some(b'H') => 3600,
            Some(b'M') => 60,
            _ => 1,
        };
        let whole = count.split_once('.').map_or(count, |(whole, _)| whole);
        let whole: u16 = whole.parse().ok()?;
        total = total.checked_add(i32::from(whole).checked_mul(unit_seconds)?)?;
        rest = unit.get(1..)?;
    }
    rest.is_empty().then_some(total)
}

#[cfg(test)]
#[path = "bandwidth_tests.rs"]
mod tests;
