//! What is to be remembered of calls, as it waits to be written: in a queue, and on disk while the
//! database is away.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use voxlink_types::{
    E164,
    call::CallStatus,
    ids::{ConfigurationId, NumberId, TenantId},
    routing::Visit,
};

/// One piece of news.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum News {
    /// We were asked and have answered.
    Heard(Box<Heard>),
    /// The carrier told a state.
    Status(StatusNews),
    /// A recording can be had.
    Recording(RecordingNews),
}

impl News {
    /// The carrier and its id of the call.
    pub fn call(&self) -> (&str, &str) {
        match self {
            Self::Heard(h) => (&h.carrier, &h.carrier_call_id),
            Self::Status(s) => (&s.carrier, &s.carrier_call_id),
            Self::Recording(r) => (&r.carrier, &r.carrier_call_id),
        }
    }
}

/// A question of a carrier and what was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// The carrier's key.
    pub carrier: String,
    /// Its id of the call.
    pub carrier_call_id: String,
    /// Its account.
    pub account: Option<String>,
    /// Whose number.
    pub tenant: TenantId,
    /// The number's id.
    pub number: NumberId,
    /// Who calls, as signalled.
    pub from: String,
    /// Who is called, as signalled.
    pub to_raw: String,
    /// Who is called.
    pub to: E164,
    /// When.
    pub at: DateTime<Utc>,
    /// Where the caller is, as the carrier believes: city, region, country.
    pub place: (Option<String>, Option<String>, Option<String>),
    /// The version that decided; none: the neutral plan, or no plan at all.
    pub configuration: Option<ConfigurationId>,
    /// Makes the question one within its call.
    pub key: String,
    /// What came back from the step before, in words.
    pub input: Option<String>,
    /// The way through the plan.
    pub path: Vec<Visit>,
    /// What it comes to, as a word.
    pub outcome: Option<String>,
}

/// A state that the carrier told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusNews {
    /// The carrier's key.
    pub carrier: String,
    /// Its id of the call.
    pub carrier_call_id: String,
    /// Makes the event one.
    pub event_id: String,
    /// Who calls, as signalled.
    pub from: String,
    /// Who is called, as signalled.
    pub to: String,
    /// The state.
    pub status: CallStatus,
    /// When, by the carrier's clock, or when we heard of it.
    pub at: DateTime<Utc>,
    /// Seconds spoken, known at the end.
    pub duration_seconds: Option<i32>,
}

/// A recording that can be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingNews {
    /// The carrier's key.
    pub carrier: String,
    /// Its id of the call.
    pub carrier_call_id: String,
    /// The recording's id.
    pub id: String,
    /// Where it is.
    pub url: String,
    /// How long it is.
    pub seconds: Option<i32>,
}
