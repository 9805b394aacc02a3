//! The operator as a carrier: numbers that other carriers route to its own trunks, brought in by
//! block or CSV. Books of its own, in a schema of its own under a role of its own, as the local
//! carrier has; what calls do is asked for by the edges (`switchboards/edge.rs`).
//!
//! A purchase happens in one transaction of our own database and is found again by its key. Numbers
//! that are given back rest ([`super::books`]).

mod ownership;
mod search;
mod stock;

use super::books::UNDO_DAYS;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{
    Executor, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;
use voxlink_gateways::{
    Carrier, CarrierError, Clock,
    carrier::{
        Abilities, Bought, CallDetails, CarrierHold, Coverage, Filter, Findings, MessageReceipt,
        NumberSettings, Offer, OutgoingCall, OutgoingMessage, OwnedNumber, PriceRow, Purchase,
        SearchQuery, Subaccount,
    },
};
use voxlink_types::E164;

/// The carrier.
#[derive(Debug, Clone)]
pub struct Clec {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    account: String,
}

impl Clec {
    /// Its key: what the field calls a carrier with numbers of its own.
    pub const KEY: &'static str = "clec";

    /// Connects, lazily, with a pool of its own.
    pub fn connect(options: &PgConnectOptions, connections: u32, clock: Arc<dyn Clock>) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(5))
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute("set role voxlink_clec").await.map(drop) })
            })
            .connect_lazy_with(options.clone());
        Self { pool, clock, account: "voxlink".to_owned() }
    }

    /// Closes its connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// A failure of its database: surely nothing was done, except where a commit was under way, and
/// those places say so themselves.
#[expect(clippy::needless_pass_by_value, reason = "the form that map_err wants")]
fn failed(error: sqlx::Error) -> CarrierError {
    CarrierError::Transient { detail: error.to_string() }
}

fn cannot(what: &str) -> CarrierError {
    CarrierError::Unsupported { detail: format!("own trunks do not offer {what}") }
}

#[async_trait]
impl Carrier for Clec {
    fn key(&self) -> &'static str {
        Self::KEY
    }

    fn name(&self) -> &'static str {
        "Own trunks"
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            holds: true,
            search: true,
            searches_by: &[Filter::AreaCode, Filter::Contains, Filter::Exclude],
            ports: false,
            messages: false,
            calls: false,
            subaccounts: false,
            hold_minutes: 60,
            minimum_days: 0,
            undo_days: UNDO_DAYS,
            papers: &[],
        }
    }

    async fn coverage(&self) -> Result<Vec<Coverage>, CarrierError> {
        let kinds = self.rates().await?.into_iter();
        Ok(kinds.map(|r| Coverage { country: r.country, number_type: r.number_type }).collect())
    }

    async fn search(&self, query: &SearchQuery) -> Result<Findings, CarrierError> {
        search::search(self, query).await
    }

    async fn offer(&self, number: &E164) -> Result<Option<Offer>, CarrierError> {
        search::offer(self, number).await
    }

    async fn hold(
        &self,
        number: &E164,
        key: Uuid,
        until: DateTime<Utc>,
    ) -> Result<CarrierHold, CarrierError> {
        self.reserve(number, key, until).await
    }

    async fn let_go(&self, number: &E164, hold_id: &str) -> Result<(), CarrierError> {
        self.unreserve(number, hold_id).await
    }

    async fn buy(&self, purchase: &Purchase) -> Result<Bought, CarrierError> {
        self.sell(purchase).await
    }

    async fn find_purchase(
        &self,
        number: &E164,
        key: Uuid,
    ) -> Result<Option<Bought>, CarrierError> {
        self.purchase_of(number, key).await
    }

    async fn get(&self, carrier_number_id: &str) -> Result<OwnedNumber, CarrierError> {
        self.owned(carrier_number_id).await
    }

    async fn list_owned(
        &self,
        cursor: Option<String>,
    ) -> Result<(Vec<OwnedNumber>, Option<String>), CarrierError> {
        self.all_owned(cursor).await
    }

    async fn configure(
        &self,
        carrier_number_id: &str,
        settings: &NumberSettings,
    ) -> Result<OwnedNumber, CarrierError> {
        self.set_up(carrier_number_id, settings).await
    }

    async fn release(&self, carrier_number_id: &str) -> Result<(), CarrierError> {
        self.take_back(carrier_number_id).await
    }

    async fn prices(&self) -> Result<Vec<PriceRow>, CarrierError> {
        // Asked for every day: what has rested is for sale again.
        self.end_ageing().await?;
        self.rates().await
    }

    async fn health(&self) -> Result<(), CarrierError> {
        self.end_ageing().await
    }

    async fn subaccounts(
        &self,
        _: Option<String>,
    ) -> Result<(Vec<Subaccount>, Option<String>), CarrierError> {
        Err(cannot("accounts within the account"))
    }

    async fn open_subaccount(&self, _: &str) -> Result<Subaccount, CarrierError> {
        Err(cannot("accounts within the account"))
    }

    async fn send(&self, _: &OutgoingMessage) -> Result<MessageReceipt, CarrierError> {
        Err(cannot("messages"))
    }

    async fn call(&self, _: &OutgoingCall) -> Result<String, CarrierError> {
        Err(cannot("placing calls"))
    }

    async fn call_details(&self, _: &str) -> Result<CallDetails, CarrierError> {
        Err(cannot("call details: edges report them when a call ends"))
    }
}
