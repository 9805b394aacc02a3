//! Carriers: who has numbers to sell and rings us when somebody calls one.

mod callback;
#[cfg(feature = "fakes")]
pub mod contract;
mod error;
#[cfg(feature = "fakes")]
pub mod fake;
mod filter;
mod offer;
mod traffic;
mod watch;

pub use callback::{
    CallEvent, CallStatus, Callback, Forged, IncomingCall, Markup, Recording, Verified,
};
pub use error::CarrierError;
pub use filter::{Filter, Findings};
pub use offer::{
    Abilities, CarrierHold, Coverage, Near, Offer, OfferCost, OwnedNumber, PriceRow, SearchQuery,
    SearchSort,
};
pub use traffic::{
    CallDetails, MessageReceipt, MessageStatus, OutgoingCall, OutgoingMessage, Subaccount,
};
pub use watch::{Exchange, NOT_ASKED, Unwatched, Watch};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use voxlink_types::{E164, paper::Paper};

/// What a bought number shall call back, all absolute URLs of ours. The default calls nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberSettings {
    /// Asked for markup when a call comes in (POST).
    pub voice_url: String,
    /// Asked when `voice_url` fails.
    pub voice_fallback_url: String,
    /// Told of every change of a call's state.
    pub status_url: String,
    /// Told of messages that come in; empty where none are taken.
    #[serde(default)]
    pub message_url: String,
    /// The name shown at the carrier.
    pub label: String,
}

/// What a carrier wants to see or know besides the number, by its own ids of what was left with
/// it before.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Papers {
    /// The address of the end user.
    pub address: Option<String>,
    /// Approved documents: a bundle, a requirement group.
    pub bundle: Option<String>,
    /// The end user's identity.
    pub identity: Option<String>,
    /// The address for emergency calls.
    pub emergency_address: Option<String>,
    /// The SIP trunk that takes its calls instead of us.
    pub trunk: Option<String>,
}

impl Papers {
    /// One of them.
    pub fn get(&self, paper: Paper) -> Option<&str> {
        match paper {
            Paper::Address => &self.address,
            Paper::Bundle => &self.bundle,
            Paper::Identity => &self.identity,
            Paper::EmergencyAddress => &self.emergency_address,
        }
        .as_deref()
    }

    /// Puts one in, or takes it out.
    pub fn put(&mut self, paper: Paper, id: Option<String>) {
        match paper {
            Paper::Address => self.address = id,
            Paper::Bundle => self.bundle = id,
            Paper::Identity => self.identity = id,
            Paper::EmergencyAddress => self.emergency_address = id,
        }
    }
}

/// An order to buy one specific number.
#[derive(Debug, Clone)]
pub struct Purchase {
    /// The number.
    pub number: E164,
    /// Made before the first try and the same for every try: a carrier that knows idempotency
    /// keys gets it, and [`Carrier::find_purchase`] looks it up.
    pub key: Uuid,
    /// The carrier's hold to use up, where there is one.
    pub hold_id: Option<String>,
    /// What the number shall do once it is ours.
    pub settings: NumberSettings,
    /// What the carrier wants to see.
    pub papers: Papers,
}

/// What became of an order for a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bought {
    /// It is ours.
    Done(OwnedNumber),
    /// The carrier works on it: ask again with [`Carrier::find_purchase`].
    Pending {
        /// The carrier's own order id.
        order_id: String,
    },
}

/// A carrier. Every method is one conversation with it and may be repeated, except where it says
/// otherwise; none is called inside a database transaction.
#[async_trait]
pub trait Carrier: Send + Sync + std::fmt::Debug {
    /// The short name that stands in the database and in URLs: `local`, `twilio`, …
    fn key(&self) -> &'static str;

    /// The name for people.
    fn name(&self) -> &'static str;

    /// Our account there that everything is asked with; empty where there is only one. Answers
    /// that are kept are kept by it.
    fn account(&self) -> String {
        String::new()
    }

    /// What it can do.
    fn abilities(&self) -> Abilities;

    /// The countries and kinds it sells.
    async fn coverage(&self) -> Result<Vec<Coverage>, CarrierError>;

    /// Numbers for sale, best match first, at most `query.limit` of them. A condition that the
    /// carrier cannot see to is left out of [`Findings::applied`], never out of mind.
    async fn search(&self, query: &SearchQuery) -> Result<Findings, CarrierError>;

    /// One specific number, if it is for sale to us now: also one that we gave back and may have
    /// back ([`Abilities::undo_days`]).
    async fn offer(&self, number: &E164) -> Result<Option<Offer>, CarrierError>;

    /// Sets a number aside for us until `until` or the carrier's own limit. Repeating it with the
    /// same `key` extends the hold.
    async fn hold(
        &self,
        number: &E164,
        key: Uuid,
        until: DateTime<Utc>,
    ) -> Result<CarrierHold, CarrierError>;

    /// Lets a hold go; letting go of none is success.
    async fn let_go(&self, number: &E164, hold_id: &str) -> Result<(), CarrierError>;

    /// Buys one specific number. After [`CarrierError::UnknownOutcome`] ask
    /// [`Carrier::find_purchase`] before any repetition.
    async fn buy(&self, purchase: &Purchase) -> Result<Bought, CarrierError>;

    /// What became of a purchase whose answer was lost or is pending; `None` when the carrier
    /// never heard of it.
    async fn find_purchase(&self, number: &E164, key: Uuid)
    -> Result<Option<Bought>, CarrierError>;

    /// One number of ours.
    async fn get(&self, carrier_number_id: &str) -> Result<OwnedNumber, CarrierError>;

    /// Numbers of ours, a page at a time; `None` as the next cursor is the end.
    async fn list_owned(
        &self,
        cursor: Option<String>,
    ) -> Result<(Vec<OwnedNumber>, Option<String>), CarrierError>;

    /// Sets what a number calls back.
    async fn configure(
        &self,
        carrier_number_id: &str,
        settings: &NumberSettings,
    ) -> Result<OwnedNumber, CarrierError>;

    /// Gives a number back; "already gone" is success.
    async fn release(&self, carrier_number_id: &str) -> Result<(), CarrierError>;

    /// What it charges us.
    async fn prices(&self) -> Result<Vec<PriceRow>, CarrierError>;

    /// Checks credentials and reach, cheaply.
    async fn health(&self) -> Result<(), CarrierError>;

    /// Accounts within our account, a page at a time.
    async fn subaccounts(
        &self,
        cursor: Option<String>,
    ) -> Result<(Vec<Subaccount>, Option<String>), CarrierError>;

    /// Opens an account within our account. Not repeatable: look at [`Carrier::subaccounts`] first.
    async fn open_subaccount(&self, name: &str) -> Result<Subaccount, CarrierError>;

    /// Sends a message.
    async fn send(&self, message: &OutgoingMessage) -> Result<MessageReceipt, CarrierError>;

    /// Places a call; the carrier's id of it.
    async fn call(&self, call: &OutgoingCall) -> Result<String, CarrierError>;

    /// A call as the carrier has it.
    async fn call_details(&self, carrier_call_id: &str) -> Result<CallDetails, CarrierError>;
}

/// The side of a carrier that calls us: who verifies its callbacks, reads them and writes the
/// answer in its language. Apart from [`Carrier`], because calls must be answered even where the
/// buying side is not configured, and without any network.
pub trait Switchboard: Send + Sync + std::fmt::Debug {
    /// The carrier's key. It is that of the callback's path, except where one carrier calls us in
    /// several languages, each under a path of its own.
    fn key(&self) -> &'static str;

    /// Checks that a callback really comes from this carrier, on the raw body, before anything of
    /// it is parsed. There is no default: a carrier that signs nothing must say how else it is
    /// known.
    fn verify(&self, callback: &Callback<'_>) -> Result<Verified, Forged>;

    /// Reads the request that asks what an incoming call shall do.
    fn incoming_call(&self, verified: &Verified) -> Result<IncomingCall, Forged>;

    /// Reads a change of a call's state.
    fn call_event(&self, verified: &Verified) -> Result<CallEvent, Forged>;

    /// Reads the news that a recording can be had.
    fn recording(&self, verified: &Verified) -> Result<Recording, Forged>;

    /// Reads the news that an order moved which the carrier works off: its own id of the order, and
    /// none where it is news of something else. How far it is the carrier is asked.
    fn order_event(&self, _: &Verified) -> Result<Option<String>, Forged> {
        Ok(None)
    }

    /// Writes the answer to an incoming call in the carrier's language.
    fn markup(&self, steps: &[voxlink_types::routing::Step]) -> Markup;
}
