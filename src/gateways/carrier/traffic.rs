//! What is done at a carrier besides numbers: messages and calls of ours, and accounts within our
//! account.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use url::Url;
use uuid::Uuid;
use voxlink_types::{Currency, E164, call::CallStatus};

pub use voxlink_types::message::MessageStatus;

/// A message to send. Sending is not repeatable: a lost answer is [`super::CarrierError::UnknownOutcome`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// Our number.
    pub from: E164,
    /// Who gets it.
    pub to: E164,
    /// The text; may be empty when there are pictures.
    pub text: String,
    /// Pictures and the like, for the carrier to fetch.
    pub media: Vec<Url>,
    /// Told of what becomes of it.
    pub status_url: String,
    /// Our own id of it; carriers that take one give it back.
    pub key: Uuid,
}

/// A message as the carrier has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageReceipt {
    /// The carrier's id of it.
    pub id: String,
    /// Where it stands.
    pub status: MessageStatus,
    /// How many segments are billed, where it says so at once.
    pub segments: Option<u16>,
}

/// A call to place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingCall {
    /// Our number.
    pub from: E164,
    /// Who is rung.
    pub to: E164,
    /// Asked what to do once it is answered.
    pub answer_url: String,
    /// Told of every change of state.
    pub status_url: String,
    /// How long it rings.
    pub ring_seconds: u16,
    /// Our own id of it; carriers that take one do not place it twice.
    pub key: Uuid,
}

/// A call as the carrier has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallDetails {
    /// The carrier's id of it.
    pub id: String,
    /// The caller as signalled.
    pub from: String,
    /// The called as signalled.
    pub to: String,
    /// Where it stands.
    pub status: CallStatus,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Seconds spoken.
    pub duration_seconds: Option<u32>,
    /// What the carrier charges us, positive.
    pub cost: Option<(Decimal, Currency)>,
}

/// An account within our account at the carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subaccount {
    /// The carrier's id of it.
    pub id: String,
    /// Its name there.
    pub name: String,
    /// False when it is suspended or closed.
    pub active: bool,
}
