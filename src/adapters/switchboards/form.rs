//! Carriers that call back with form fields as Twilio names them: Twilio itself, SignalWire's
//! compatibility API, Telnyx's TeXML applications, and the local carrier, which speaks the same so
//! that what works here works there. They differ in how they prove that a callback is theirs.

use super::{ed25519, signature};
use crate::twiml;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use voxlink_gateways::{
    Switchboard,
    carrier::{CallEvent, CallStatus, Callback, Forged, IncomingCall, Markup, Recording, Verified},
};
use voxlink_types::routing::Step;

/// The calling side of a carrier that sends signed forms.
#[derive(Debug)]
pub struct FormSwitchboard {
    key: &'static str,
    proof: Proof,
    /// Whether a signed `Timestamp` may say when a call comes in: for simulated calls.
    believes_time: bool,
}

/// What proves that a callback is the carrier's.
#[derive(Debug)]
enum Proof {
    /// A secret that both know signs the URL and the parameters.
    Shared {
        secret: SecretString,
        /// The headers that may carry the signature; the first there counts.
        headers: &'static [&'static str],
        sign: signature::Sign,
    },
    /// A key that only the carrier has signs the time and the raw body; this is its public half.
    Own([u8; 32]),
}

impl FormSwitchboard {
    /// The local carrier's, with LOCAL_CARRIER_SECRET.
    pub fn local(secret: SecretString) -> Self {
        Self { believes_time: true, ..Self::of("local", secret) }
    }

    /// Twilio's, with the account's auth token (there is no other secret).
    pub fn twilio(auth_token: SecretString) -> Self {
        Self::of("twilio", auth_token)
    }

    /// SignalWire's, with the project's signing key (`PSK_…`), not with its API token.
    pub fn signalwire(signing_key: SecretString) -> Self {
        let proof = Proof::Shared {
            secret: signing_key,
            headers: &[signature::SIGNALWIRE_HEADER, signature::HEADER],
            sign: signature::sign_form_as_sent,
        };
        Self { key: "signalwire", proof, believes_time: false }
    }

    /// Telnyx's, with the public key of the account: it opens nothing and proves everything.
    pub fn telnyx(public_key: [u8; 32]) -> Self {
        Self { key: "telnyx", proof: Proof::Own(public_key), believes_time: false }
    }

    /// As Twilio signs.
    fn of(key: &'static str, secret: SecretString) -> Self {
        let headers = &[signature::HEADER];
        let proof = Proof::Shared { secret, headers, sign: signature::sign_form };
        Self { key, proof, believes_time: false }
    }
}

impl Switchboard for FormSwitchboard {
    fn key(&self) -> &'static str {
        self.key
    }

    fn verify(&self, callback: &Callback<'_>) -> Result<Verified, Forged> {
        let (secret, headers, sign) = match &self.proof {
            Proof::Shared { secret, headers, sign } => (secret.expose_secret(), headers, *sign),
            Proof::Own(public_key) => {
                ed25519::check(public_key, callback)?;
                return params(callback).map(Verified::new);
            }
        };
        let given = headers.iter().find_map(|name| callback.headers.get(*name));
        let given = given.ok_or(Forged::Unsigned)?;
        let given = given.to_str().map_err(|_| Forged::BadSignature)?;
        if !is_form(callback)
            && let Some(promised) = signature::promised_body(callback.url)
        {
            signature::check(sign, secret, given, callback.url, &[])?;
            signature::check_body(&promised, callback.body)?;
            return json_params(callback.body).map(Verified::new);
        }
        let params = form_params(callback.body);
        signature::check(sign, secret, given, callback.url, &params)?;
        Ok(Verified::new(params))
    }

    fn incoming_call(&self, verified: &Verified) -> Result<IncomingCall, Forged> {
        let own = |name| verified.get(name).map(str::to_owned);
        Ok(IncomingCall {
            carrier_call_id: bounded(verified.need("CallSid")?)?,
            from: own("From").unwrap_or_else(|| "anonymous".to_owned()),
            to: verified.need("To")?.to_owned(),
            account: own("AccountSid"),
            digits: own("Digits"),
            dial_status: own("DialCallStatus"),
            caller_place: (own("FromCity"), own("FromState"), own("FromCountry")),
            at: if self.believes_time { timestamp(verified) } else { None },
        })
    }

    fn call_event(&self, verified: &Verified) -> Result<CallEvent, Forged> {
        let call = bounded(verified.need("CallSid")?)?;
        let word = verified.need("CallStatus")?;
        let sequence = verified.get("SequenceNumber").and_then(|s| s.parse().ok());
        let count = sequence.map_or_else(String::new, |s: i64| s.to_string());
        Ok(CallEvent {
            event_id: format!("{call}:{word}:{count}"),
            carrier_call_id: call,
            from: verified.get("From").unwrap_or("anonymous").to_owned(),
            to: verified.need("To")?.to_owned(),
            status: status(word)?,
            at: timestamp(verified),
            sequence,
            duration_seconds: verified
                .get("CallDuration")
                .and_then(|d| d.parse().ok())
                .filter(|d| *d >= 0),
        })
    }

    fn recording(&self, verified: &Verified) -> Result<Recording, Forged> {
        let url = verified.need("RecordingUrl")?;
        if !(url.starts_with("https://") || url.starts_with("http://")) || url.len() > 2048 {
            return Err(Forged::Unreadable("RecordingUrl is no web address".to_owned()));
        }
        Ok(Recording {
            carrier_call_id: bounded(verified.need("CallSid")?)?,
            id: bounded(verified.need("RecordingSid")?)?,
            url: url.to_owned(),
            seconds: verified.get("RecordingDuration").and_then(|d| d.parse().ok()),
        })
    }

    /// Telnyx's `number_order.…` (its specification, `NumberOrderWebhookEvent`); the others have no
    /// orders that take their time.
    fn order_event(&self, verified: &Verified) -> Result<Option<String>, Forged> {
        let Some(data) = verified.get("data") else { return Ok(None) };
        let data: serde_json::Value =
            serde_json::from_str(data).map_err(|e| Forged::Unreadable(e.to_string()))?;
        let of_order = data["event_type"].as_str().is_some_and(|t| t.starts_with("number_order."));
        data["payload"]["id"].as_str().filter(|_| of_order).map(bounded).transpose()
    }

    fn markup(&self, steps: &[Step]) -> Markup {
        twiml::write(steps)
    }
}

/// Whether the body is a form, as it is when nothing is said of it.
fn is_form(callback: &Callback<'_>) -> bool {
    let kind = callback.headers.get(http::header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    kind.is_none_or(|k| k.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"))
}

/// The parameters of a body that is covered by its signature whatever it is.
fn params(callback: &Callback<'_>) -> Result<Vec<(String, String)>, Forged> {
    if is_form(callback) { Ok(form_params(callback.body)) } else { json_params(callback.body) }
}

fn form_params(body: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(body).into_owned().collect()
}

/// An id as a carrier may give it.
pub(super) fn bounded(id: &str) -> Result<String, Forged> {
    let fits = id.len() <= 128 && id.bytes().all(|b| b.is_ascii_graphic());
    if fits { Ok(id.to_owned()) } else { Err(Forged::Unreadable("an id is malformed".to_owned())) }
}

/// `Timestamp` as RFC 2822, or RFC 3339.
fn timestamp(verified: &Verified) -> Option<DateTime<Utc>> {
    let text = verified.get("Timestamp")?;
    DateTime::parse_from_rfc2822(text)
        .or_else(|_| DateTime::parse_from_rfc3339(text))
        .ok()
        .map(|t| t.with_timezone(&Utc))
}

fn status(word: &str) -> Result<CallStatus, Forged> {
    Ok(match word {
        "queued" | "initiated" => CallStatus::Initiated,
        "ringing" => CallStatus::Ringing,
        "in-progress" | "answered" => CallStatus::Answered,
        "completed" => CallStatus::Completed,
        "busy" => CallStatus::Busy,
        "failed" => CallStatus::Failed,
        "no-answer" => CallStatus::NoAnswer,
        "canceled" | "cancelled" => CallStatus::Cancelled,
        other => {
            let other: String = other.chars().take(40).collect();
            return Err(Forged::Unreadable(format!("CallStatus “{other}” is unknown")));
        }
    })
}

/// The texts and numbers of a flat JSON object; what is null is not there.
pub(super) fn json_params(body: &[u8]) -> Result<Vec<(String, String)>, Forged> {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(body).map_err(|e| Forged::Unreadable(e.to_string()))?;
    Ok(object
        .into_iter()
        .filter(|(_, v)| !v.is_null())
        .map(|(k, v)| match v {
            serde_json::Value::String(s) => (k, s),
            other => (k, other.to_string()),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::switchboards::sign_form;
    use http::{HeaderMap, HeaderValue};

    const URL: &str = "https://voxlink.test/callbacks/local/voice";

    fn body(params: &[(&str, &str)]) -> (String, Vec<(String, String)>) {
        let encoded =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        let owned = params.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        (encoded, owned)
    }

    fn verify(
        board: &FormSwitchboard,
        signed: Option<&str>,
        body: &str,
    ) -> Result<Verified, Forged> {
        let mut headers = HeaderMap::new();
        headers.insert(
            http::header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        if let Some(signed) = signed {
            headers.insert(signature::HEADER, HeaderValue::from_str(signed).unwrap());
        }
        let now = "2026-11-16T15:00:00Z".parse().unwrap();
        board.verify(&Callback { url: URL, headers: &headers, body: body.as_bytes(), now })
    }

    #[test]
    fn only_what_is_signed_with_our_secret_is_read() {
        let board = FormSwitchboard::local("secret".into());
        let (text, params) =
            body(&[("CallSid", "CA1"), ("From", "+1 202"), ("To", "+12025550123"), ("Digits", "")]);
        let good = sign_form("secret", URL, &params);
        let verified = verify(&board, Some(&good), &text).unwrap();
        let call = board.incoming_call(&verified).unwrap();
        assert_eq!(
            (call.to.as_str(), call.from.as_str(), call.digits),
            ("+12025550123", "+1 202", None)
        );
        assert_eq!(verify(&board, None, &text), Err(Forged::Unsigned));
        let other = sign_form("other", URL, &params);
        assert_eq!(verify(&board, Some(&other), &text), Err(Forged::BadSignature));
        let changed = text.replace("0123", "0124");
        assert_eq!(verify(&board, Some(&good), &changed), Err(Forged::BadSignature));
        let more = format!("{text}&To=%2B12025550199");
        assert_eq!(verify(&board, Some(&good), &more), Err(Forged::BadSignature));
    }

    #[test]
    fn signalwire_signs_by_its_own_header_or_the_older_one() {
        let board = FormSwitchboard::signalwire("PSK_1".into());
        let (text, params) =
            body(&[("CallSid", "9a1b"), ("To", "+12025550123"), ("CallStatus", "ringing")]);
        let good = sign_form("PSK_1", URL, &params);
        let check = |name: &'static str, signed: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_str(signed).unwrap());
            let now = "2026-11-16T15:00:00Z".parse().unwrap();
            board.verify(&Callback { url: URL, headers: &headers, body: text.as_bytes(), now })
        };
        for name in ["x-signalwire-signature", "x-twilio-signature"] {
            let verified = check(name, &good).unwrap();
            assert_eq!(board.incoming_call(&verified).unwrap().carrier_call_id, "9a1b");
            let forged = sign_form("PT1", URL, &params);
            assert_eq!(check(name, &forged), Err(Forged::BadSignature), "the token signs nothing");
        }
        assert_eq!(check("x-other-signature", &good), Err(Forged::Unsigned));
    }

    #[test]
    fn only_the_local_carrier_may_say_what_time_it_is_for_a_call() {
        let (_, params) = body(&[
            ("CallSid", "CA1"),
            ("To", "+12025550123"),
            ("Timestamp", "Mon, 16 Nov 2026 23:30:00 -0500"),
        ]);
        let verified = Verified::new(params);
        let local = FormSwitchboard::local("s".into()).incoming_call(&verified).unwrap();
        assert_eq!(local.at, "2026-11-17T04:30:00Z".parse().ok());
        let twilio = FormSwitchboard::twilio("s".into()).incoming_call(&verified).unwrap();
        assert_eq!(twilio.at, None);
    }

    #[test]
    fn news_of_an_order_is_told_by_the_carriers_id() {
        let board = FormSwitchboard::telnyx([0; 32]);
        let event =
            |body: &str| board.order_event(&Verified::new(json_params(body.as_bytes()).unwrap()));
        let order = r#"{"data": {"event_type": "number_order.complete", "record_type": "event",
            "payload": {"id": "12ade33a-21c0", "status": "success"}}, "meta": {"attempt": 1}}"#;
        assert_eq!(event(order), Ok(Some("12ade33a-21c0".to_owned())));
        assert_eq!(event(&order.replace("number_order.", "message.")), Ok(None));
        assert_eq!(event(r#"{"CallSid": "CA1"}"#), Ok(None));
        assert!(event(&order.replace("12ade33a-21c0", "1 2")).is_err());
        assert!(event(r#"{"data": "no object"}"#).is_err());
    }

    #[test]
    fn status_words_and_doubles_are_known() {
        let board = FormSwitchboard::twilio("s".into());
        let event = |status: &str| {
            let (_, params) = body(&[
                ("CallSid", "CA1"),
                ("To", "+12025550123"),
                ("CallStatus", status),
                ("SequenceNumber", "2"),
                ("CallDuration", "61"),
            ]);
            board.call_event(&Verified::new(params))
        };
        let once = event("completed").unwrap();
        assert_eq!(once, event("completed").unwrap());
        assert_eq!((once.status, once.duration_seconds), (CallStatus::Completed, Some(61)));
        assert_ne!(once.event_id, event("in-progress").unwrap().event_id);
        assert!(event("exploded").is_err());
    }
}
