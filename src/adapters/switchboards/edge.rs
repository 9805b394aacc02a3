//! The operator's own edges: Kamailio, FreeSWITCH and Asterisk, each under a path of its own, all of
//! them the carrier `clec`.
//!
//! An edge is known by the user and the password that it shows (HTTP Basic): `{name}.{generation}`
//! and what follows from the installation's key. So it is known while the database is away; once the
//! database was read, only edges that are in use, in their newest generation, are.

use super::form::bounded;
use crate::{
    carriers::clec::Clec,
    sip::{self, EdgePasses},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use voxlink_gateways::{
    Switchboard,
    carrier::{CallEvent, CallStatus, Callback, Forged, IncomingCall, Markup, Recording, Verified},
    sip::Directory,
};
use voxlink_types::{routing::Step, sip::EdgeKind};

const CHALLENGE: &str = "Basic realm=\"VoxLink\"";

/// The calling side of the edges of one kind.
#[derive(Debug)]
pub struct EdgeSwitchboard {
    kind: EdgeKind,
    passes: EdgePasses,
    directory: Directory,
}

impl EdgeSwitchboard {
    /// For edges of `kind`; the directory is the one that the domain keeps.
    pub fn new(kind: EdgeKind, passes: EdgePasses, directory: Directory) -> Self {
        Self { kind, passes, directory }
    }

    /// One for each kind, with the path below `/callbacks` that edges of it ask.
    pub fn of_each_kind(
        passes: &EdgePasses,
        directory: &Directory,
    ) -> impl Iterator<Item = (&'static str, Self)> {
        let kinds = EdgeKind::ALL.iter();
        kinds.map(move |kind| (kind.as_str(), Self::new(*kind, passes.clone(), directory.clone())))
    }

    /// Whether the user and password shown are an edge's.
    fn knows(&self, shown: &str) -> bool {
        let Some((user, password)) = shown.split_once(':') else { return false };
        let Some((name, generation)) = user.rsplit_once('.') else { return false };
        let Ok(generation) = generation.parse::<i32>() else { return false };
        let ours = self.passes.password(name, generation);
        let digest = |text: &str| <[u8; 32]>::from(Sha256::digest(text.as_bytes()));
        let fits = digest(password).as_slice().ct_eq(digest(ours.expose_secret()).as_slice());
        let in_use = self.directory.known().is_none_or(|known| {
            let edge = known.edges.get(name);
            edge.is_some_and(|e| e.kind == self.kind && e.generation == generation)
        });
        bool::from(fits) && in_use
    }

    /// Where this kind of edge says what.
    fn names(&self) -> Names {
        match self.kind {
            EdgeKind::Kamailio | EdgeKind::Asterisk => {
                Names { call: &["call"], from: &["from"], to: &["to"] }
            }
            EdgeKind::Freeswitch => Names {
                // What another edge handed over keeps that edge's id.
                call: &[
                    "variable_sip_h_X-VoxLink-Call",
                    "variables.sip_h_X-VoxLink-Call",
                    "Unique-ID",
                    "variables.uuid",
                ],
                from: &[
                    "Caller-Caller-ID-Number",
                    "variables.caller_id_number",
                    "variables.sip_from_user",
                ],
                to: &[
                    "Caller-Destination-Number",
                    "variables.sip_req_user",
                    "variables.sip_to_user",
                ],
            },
        }
    }
}

/// The names of what every request tells; the first that is there counts.
struct Names {
    call: &'static [&'static str],
    from: &'static [&'static str],
    to: &'static [&'static str],
}

fn first<'v>(verified: &'v Verified, names: &[&str]) -> Option<&'v str> {
    names.iter().find_map(|name| verified.get(name))
}

impl Switchboard for EdgeSwitchboard {
    fn key(&self) -> &'static str {
        Clec::KEY
    }

    fn verify(&self, callback: &Callback<'_>) -> Result<Verified, Forged> {
        let given = callback.headers.get(http::header::AUTHORIZATION);
        let given = given.ok_or(Forged::Unasked(CHALLENGE))?;
        let given = given.to_str().map_err(|_| Forged::BadSignature)?;
        let (scheme, encoded) = given.split_once(' ').ok_or(Forged::BadSignature)?;
        let shown = STANDARD.decode(encoded.trim()).map_err(|_| Forged::BadSignature)?;
        let shown = std::str::from_utf8(&shown).map_err(|_| Forged::BadSignature)?;
        if !scheme.eq_ignore_ascii_case("basic") || !self.knows(shown) {
            return Err(Forged::BadSignature);
        }
        params(callback.body).map(Verified::new)
    }

    fn incoming_call(&self, verified: &Verified) -> Result<IncomingCall, Forged> {
        let names = self.names();
        let call = first(verified, names.call).ok_or(Forged::Missing("call"))?;
        let (digits, dial) = match self.kind {
            // A channel remembers both from before; which of them counts, the last step says.
            EdgeKind::Freeswitch => match verified.get("variable_vx_asked") {
                Some("keys") => (verified.get("variable_vx_digits"), None),
                Some("dial") => {
                    (None, Some(verified.get("variable_originate_disposition").unwrap_or("")))
                }
                _ => (None, verified.get("variable_sip_h_X-VoxLink-Dial")),
            },
            EdgeKind::Kamailio | EdgeKind::Asterisk => {
                (verified.get("digits"), verified.get("dial"))
            }
        };
        Ok(IncomingCall {
            carrier_call_id: bounded(call)?,
            from: first(verified, names.from).unwrap_or("anonymous").to_owned(),
            to: first(verified, names.to).ok_or(Forged::Missing("to"))?.to_owned(),
            account: None,
            digits: digits.map(str::to_owned),
            dial_status: dial.map(|word| dialled(word).to_owned()),
            caller_place: (None, None, None),
            at: None,
        })
    }

    fn call_event(&self, verified: &Verified) -> Result<CallEvent, Forged> {
        let names = self.names();
        let call = bounded(first(verified, names.call).ok_or(Forged::Missing("call"))?)?;
        let (status, at, seconds) = match self.kind {
            EdgeKind::Freeswitch => freeswitch_end(verified)?,
            EdgeKind::Kamailio | EdgeKind::Asterisk => told(verified)?,
        };
        Ok(CallEvent {
            event_id: format!("{call}:{status}"),
            carrier_call_id: call,
            from: first(verified, names.from).unwrap_or("anonymous").to_owned(),
            to: first(verified, names.to).ok_or(Forged::Missing("to"))?.to_owned(),
            status,
            at,
            sequence: None,
            duration_seconds: seconds,
        })
    }

    /// For operators who publish their recordings folder and tell of what is in it.
    fn recording(&self, verified: &Verified) -> Result<Recording, Forged> {
        let url = verified.need("url")?;
        if !(url.starts_with("https://") || url.starts_with("http://")) || url.len() > 2048 {
            return Err(Forged::Unreadable("url is no web address".to_owned()));
        }
        Ok(Recording {
            carrier_call_id: bounded(verified.need("call")?)?,
            id: bounded(verified.need("id")?)?,
            url: url.to_owned(),
            seconds: verified.get("seconds").and_then(|s| s.parse().ok()),
        })
    }

    fn markup(&self, steps: &[Step]) -> Markup {
        let known = self.directory.known();
        match self.kind {
            EdgeKind::Kamailio => sip::kamailio::answer(steps, known.as_deref()),
            EdgeKind::Freeswitch => sip::freeswitch::answer(steps, known.as_deref()),
            EdgeKind::Asterisk => sip::asterisk::answer(steps, known.as_deref()),
        }
    }
}

/// A form, or JSON, alone or in a form's field `cdr`.
fn params(body: &[u8]) -> Result<Vec<(String, String)>, Forged> {
    if body.trim_ascii_start().starts_with(b"{") {
        return object(body);
    }
    let form: Vec<(String, String)> = url::form_urlencoded::parse(body).into_owned().collect();
    match form.iter().find(|(name, _)| name == "cdr") {
        Some((_, cdr)) => object(cdr.as_bytes()),
        None => Ok(form),
    }
}

/// The texts and numbers of an object and of the objects in it: `variables.billsec`. Lists tell
/// nothing that is needed.
fn object(body: &[u8]) -> Result<Vec<(String, String)>, Forged> {
    let whole: Value =
        serde_json::from_slice(body).map_err(|e| Forged::Unreadable(e.to_string()))?;
    let mut all = Vec::new();
    let mut left = vec![(String::new(), whole)];
    while let Some((path, value)) = left.pop() {
        match value {
            Value::Object(fields) => {
                let dot = if path.is_empty() { "" } else { "." };
                left.extend(fields.into_iter().map(|(k, v)| (format!("{path}{dot}{k}"), v)));
            }
            Value::String(text) => all.push((path, text)),
            Value::Number(number) => all.push((path, number.to_string())),
            Value::Null | Value::Bool(_) | Value::Array(_) => {}
        }
    }
    Ok(all)
}

/// How a leg ended, in the words that routing knows: from SIP's codes, Asterisk's `DIALSTATUS` or
/// FreeSWITCH's `originate_disposition`.
fn dialled(word: &str) -> &'static str {
    match word {
        "ANSWER" | "SUCCESS" => "completed",
        "486" | "600" | "603" | "BUSY" | "USER_BUSY" | "CALL_REJECTED" => "busy",
        "408" | "480" | "NOANSWER" | "NO_ANSWER" | "NO_USER_RESPONSE" | "ALLOTTED_TIMEOUT" => {
            "no-answer"
        }
        "487" | "CANCEL" | "ORIGINATOR_CANCEL" => "canceled",
        _ => "failed",
    }
}

type End = (CallStatus, Option<DateTime<Utc>>, Option<i32>);

/// What Kamailio's script and Asterisk's dialplan tell.
fn told(verified: &Verified) -> Result<End, Forged> {
    let seconds = verified.get("seconds").and_then(|s| s.parse::<i32>().ok()).filter(|s| *s >= 0);
    let (status, seconds) = match verified.need("event")? {
        "answered" => (CallStatus::Answered, None),
        "ended" => (CallStatus::Completed, seconds),
        "failed" => (failed(verified.get("code").unwrap_or("")), None),
        // CDR(disposition), func_cdr.
        "over" => match verified.need("disposition")? {
            "ANSWERED" => (CallStatus::Completed, seconds),
            "NO ANSWER" => (CallStatus::NoAnswer, None),
            "BUSY" => (CallStatus::Busy, None),
            _ => (CallStatus::Failed, None),
        },
        other => {
            let other: String = other.chars().take(40).collect();
            return Err(Forged::Unreadable(format!("the event “{other}” has no meaning here")));
        }
    };
    Ok((status, epoch(verified, "at"), seconds))
}

/// What mod_json_cdr tells of the leg that came in.
fn freeswitch_end(verified: &Verified) -> Result<End, Forged> {
    let ended = epoch(verified, "variables.end_epoch");
    let cause = verified.need("variables.hangup_cause")?;
    if epoch(verified, "variables.answer_epoch").is_none() {
        return Ok((failed(cause), ended, None));
    }
    let spoken = verified.need("variables.billsec")?.parse::<i32>().ok().filter(|s| *s >= 0);
    Ok((CallStatus::Completed, ended, spoken))
}

/// What a call came to that nobody took.
fn failed(word: &str) -> CallStatus {
    match dialled(word) {
        "busy" => CallStatus::Busy,
        "no-answer" => CallStatus::NoAnswer,
        "canceled" => CallStatus::Cancelled,
        _ => CallStatus::Failed,
    }
}

/// Seconds since 1970; 0 is what FreeSWITCH writes for "never".
fn epoch(verified: &Verified, name: &str) -> Option<DateTime<Utc>> {
    let seconds = verified.get(name)?.parse::<i64>().ok().filter(|s| *s > 0)?;
    DateTime::from_timestamp(seconds, 0)
}

#[cfg(test)]
#[path = "edge_tests.rs"]
mod tests;
