//! What carriers tell us: verified on the raw bytes, then read.

use chrono::{DateTime, Utc};
use http::HeaderMap;
pub use voxlink_types::call::CallStatus;

/// A request from outside, as it came. `url` is built from the configured public address, never
/// from the Host header.
#[derive(Debug, Clone, Copy)]
pub struct Callback<'a> {
    /// The full URL the carrier signed.
    pub url: &'a str,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The raw body.
    pub body: &'a [u8],
    /// Now, for signatures with a time window.
    pub now: DateTime<Utc>,
}

/// A callback that really comes from the carrier: its parameters, in the order sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    params: Vec<(String, String)>,
}

impl Verified {
    /// For adapters, once the signature has been checked.
    pub fn new(params: Vec<(String, String)>) -> Self {
        Self { params }
    }

    /// The first value of a parameter that is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_str())
    }

    /// A parameter that must be there.
    pub fn need(&self, name: &'static str) -> Result<&str, Forged> {
        self.get(name).ok_or(Forged::Missing(name))
    }

    /// All parameters, for the raw store.
    pub fn params(&self) -> &[(String, String)] {
        &self.params
    }
}

/// Why a callback is not taken. Nothing of it was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// No signature.
    #[error("the request carries no signature")]
    Unsigned,
    /// Nothing proves it yet: a carrier that shows its password only when it is asked to (RFC 7235)
    /// is asked with this challenge, and sends the callback once more.
    #[error("the request shows no credentials yet")]
    Unasked(&'static str),
    /// The signature does not fit.
    #[error("the signature does not fit the request")]
    BadSignature,
    /// Too old to be believed.
    #[error("the request is too old")]
    Stale,
    /// The body cannot be read.
    #[error("the body cannot be read: {0}")]
    Unreadable(String),
    /// Something that must be there is not.
    #[error("{0} is missing")]
    Missing(&'static str),
}

/// Somebody calls one of our numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingCall {
    /// The carrier's id of the call.
    pub carrier_call_id: String,
    /// The caller as signalled; may be no number at all ("anonymous").
    pub from: String,
    /// The called number as signalled.
    pub to: String,
    /// The carrier's account.
    pub account: Option<String>,
    /// Keys pressed in a menu.
    pub digits: Option<String>,
    /// How the dialled leg ended, when the question is what comes after it.
    pub dial_status: Option<String>,
    /// Where the caller is, as the carrier believes: city, region, country.
    pub caller_place: (Option<String>, Option<String>, Option<String>),
    /// When, where the carrier is one whose signed word for it counts (simulated calls).
    pub at: Option<DateTime<Utc>>,
}

/// A change of a call's state. Such events come doubled and out of order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallEvent {
    /// The carrier's id of the call.
    pub carrier_call_id: String,
    /// What makes the event one: the same event sent twice has the same id.
    pub event_id: String,
    /// The caller as signalled.
    pub from: String,
    /// The called number as signalled.
    pub to: String,
    /// The state now.
    pub status: CallStatus,
    /// When, by the carrier's clock.
    pub at: Option<DateTime<Utc>>,
    /// The carrier's count of events of the call, where it counts.
    pub sequence: Option<i64>,
    /// Seconds spoken, known at the end.
    pub duration_seconds: Option<i32>,
}

/// A recording that can be had now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The carrier's id of the call.
    pub carrier_call_id: String,
    /// The carrier's id of the recording.
    pub id: String,
    /// Where it is.
    pub url: String,
    /// How long it is.
    pub seconds: Option<i32>,
}

/// An answer in a carrier's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Markup {
    /// `text/xml; charset=utf-8`, `application/json`, …
    pub content_type: &'static str,
    /// The document.
    pub body: String,
}
