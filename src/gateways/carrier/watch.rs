//! What is told and asked around every request to a carrier: how it went, and how many more may
//! be sent. Who answers the second over a store of its own lets several servers share one quota.

use async_trait::async_trait;
use std::{fmt::Debug, time::Duration};

/// One request to a carrier, as it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// The carrier's key.
    pub carrier: &'static str,
    /// What was asked: `search`, `buy`, …
    pub operation: &'static str,
    /// `ok` or [`super::CarrierError::code`].
    pub outcome: &'static str,
    /// From the first byte sent to the last received, retries included.
    pub took: Duration,
}

/// The answer to a wish for requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// How many requests may be sent now; fewer than wished, perhaps none.
    pub requests: u32,
    /// When none was granted: how long to wait before asking again.
    pub wait: Duration,
}

/// Stands beside the wire to carriers.
#[async_trait]
pub trait Watch: Send + Sync + Debug {
    /// Hears of every exchange, at once and without waiting.
    fn saw(&self, exchange: Exchange);

    /// Hears that a carrier's breaker opened (true) or closed.
    fn breaker(&self, carrier: &'static str, open: bool);

    /// Asks for up to `wish` requests out of the quota that all servers share: `per_second` on
    /// average and `burst` at once. `None` when nobody can tell now: the caller goes by a quota
    /// of its own.
    async fn grant(
        &self,
        carrier: &'static str,
        wish: u32,
        per_second: u32,
        burst: u32,
    ) -> Option<Grant>;
}

/// Sees nothing and leaves every server its own quota.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

#[async_trait]
impl Watch for Unwatched {
    fn saw(&self, _: Exchange) {}
    fn breaker(&self, _: &'static str, _: bool) {}
    async fn grant(&self, _: &'static str, _: u32, _: u32, _: u32) -> Option<Grant> {
        None
    }
}
