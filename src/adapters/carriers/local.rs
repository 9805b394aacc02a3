//! The local carrier: a carrier of our own, for demonstrations, tests and operators without one.
//! It keeps honest books (catalogue, reservations, ownership, purchase log) in a schema of its
//! own under a role of its own, and misbehaves only when told to ([`Faults`]).

mod faults;
mod generate;
mod numbering;
mod ownership;
mod products;
mod search;

pub use faults::Faults;
pub use generate::MOST;
pub use products::{PRODUCTS, Product};

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

/// The carrier, as one customer (account) of it sees it.
#[derive(Debug, Clone)]
pub struct LocalCarrier {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    account: String,
    faults: Faults,
}

impl LocalCarrier {
    /// Connects, lazily, with a pool of its own.
    pub fn connect(
        options: &PgConnectOptions,
        connections: u32,
        clock: Arc<dyn Clock>,
        faults: Faults,
    ) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(5))
            .after_connect(|connection, _| {
                Box::pin(async move {
                    // A search is planned for its own pattern: what is rare decides the index. The
                    // catalogue is read so often that it stays in memory: no dear random pages.
                    connection
                        .execute(
                            "set role voxlink_local_carrier; set plan_cache_mode = force_custom_plan;
                             set jit = off; set random_page_cost = 1.1",
                        )
                        .await
                        .map(drop)
                })
            })
            .connect_lazy_with(options.clone());
        Self { pool, clock, account: "voxlink".to_owned(), faults }
    }

    /// The same carrier as another customer of it sees it.
    #[must_use]
    pub fn for_account(&self, account: &str) -> Self {
        Self { account: account.to_owned(), ..self.clone() }
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
    CarrierError::Transient { detail: format!("503 {error}") }
}

fn cannot(what: &str) -> CarrierError {
    CarrierError::Unsupported { detail: format!("the local carrier does not offer {what}") }
}

#[async_trait]
impl Carrier for LocalCarrier {
    fn key(&self) -> &'static str {
        "local"
    }

    fn name(&self) -> &'static str {
        "Local carrier"
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            holds: true,
            search: true,
            searches_by: &[
                Filter::AreaCode,
                Filter::Contains,
                Filter::Exclude,
                Filter::Locality,
                Filter::Region,
                Filter::Near,
                Filter::Capabilities,
                Filter::NoPapers,
            ],
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
        Ok(PRODUCTS.iter().map(Product::coverage).collect())
    }

    async fn search(&self, query: &SearchQuery) -> Result<Findings, CarrierError> {
        self.faults.befall(self.faults.search_down).await?;
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
        self.faults.sell(self, purchase).await
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
        self.faults.befall(self.faults.configure_down).await?;
        self.set_up(carrier_number_id, settings).await
    }

    async fn release(&self, carrier_number_id: &str) -> Result<(), CarrierError> {
        self.faults.befall(self.faults.release_down).await?;
        self.take_back(carrier_number_id).await
    }

    async fn prices(&self) -> Result<Vec<PriceRow>, CarrierError> {
        Ok(PRODUCTS.iter().map(Product::price).collect())
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
        Err(cannot("call details"))
    }
}
