//! What is told and asked around every request to a carrier: how it went, and among how many
//! servers its quota is shared.

use std::{fmt::Debug, time::Duration};

/// The outcome of a request that never went out, because the carrier is left alone for a while.
pub const NOT_ASKED: &str = "not_asked";

/// One request to a carrier, as it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// The carrier's key.
    pub carrier: &'static str,
    /// What was asked: `search`, `buy`, …
    pub operation: &'static str,
    /// `ok`, [`NOT_ASKED`] or [`super::CarrierError::code`].
    pub outcome: &'static str,
    /// From the first byte sent to the last received, retries included.
    pub took: Duration,
}

/// Stands beside the wire to carriers.
pub trait Watch: Send + Sync + Debug {
    /// Hears of every exchange, at once and without waiting.
    fn saw(&self, exchange: Exchange);

    /// Hears that a carrier's breaker opened (true) or closed.
    fn breaker(&self, carrier: &'static str, open: bool);

    /// Among how many servers the carrier's quota is shared now, this one included. Asked before
    /// every request, so answered from memory.
    fn servers(&self, carrier: &'static str) -> u32;
}

/// Sees nothing and takes its server for the only one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn saw(&self, _: Exchange) {}
    fn breaker(&self, _: &'static str, _: bool) {}
    fn servers(&self, _: &'static str) -> u32 {
        1
    }
}
