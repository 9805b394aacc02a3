//! The test card processor: behaves like a real one, takes no money. It has books of its own (the
//! schema `test_card`, a role of its own), a hosted page that the person is sent to, signed
//! webhooks that are repeated until they are taken, and acts that are idempotent by key.
//!
//! It knows five cards: `4242 4242 4242 4242` pays, `4000 0000 0000 0002` is declined,
//! `4000 0000 0000 9995` has too little money, `4000 0027 6000 3184` asks for a 3-D Secure
//! confirmation, and `4000 0000 0000 0341` is accepted and then refused when it is charged. Of a card only brand and last four
//! digits are kept; any other number is refused unread.

mod books;
mod cards;
mod page;
mod webhook;

use async_trait::async_trait;
use books::Books;
use chrono::{DateTime, Utc};
use http::HeaderMap;
use sqlx::{
    Executor,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use url::Url;
use uuid::Uuid;
use voxlink_gateways::{
    Clock, PaymentError, PaymentProcessor,
    payments::{Checkout, PaymentEvent, ProcessorPayment, Redirect},
};
use voxlink_types::Money;

pub use webhook::SIGNATURE;

/// The processor. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TestCard(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    books: Books,
    clock: Arc<dyn Clock>,
    /// Where its own pages are.
    pages: Url,
    /// Where its webhooks go.
    webhook: Url,
    secret: OnceLock<Vec<u8>>,
}

impl TestCard {
    /// The processor's key.
    pub const KEY: &'static str = "test_card";

    /// A processor whose webhooks go to `public_url` and whose pages are shown at `pages`: the same
    /// address, or another one that leads here, as a processor's pages mostly are. Connects lazily,
    /// with a pool of its own.
    pub fn connect(
        options: &PgConnectOptions,
        clock: Arc<dyn Clock>,
        public_url: &Url,
        pages: &Url,
    ) -> Result<Self, url::ParseError> {
        let pool = PgPoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(5))
            .after_connect(|connection, _| {
                Box::pin(
                    async move { connection.execute("set role voxlink_test_card").await.map(drop) },
                )
            })
            .connect_lazy_with(options.clone());
        Ok(Self(Arc::new(Parts {
            books: Books::new(pool),
            clock,
            pages: pages.clone(),
            webhook: public_url.join("/callbacks/payments/test_card")?,
            secret: OnceLock::new(),
        })))
    }

    /// Its hosted pages, to be mounted beside ours: `/test-card/…`.
    pub fn pages(&self) -> axum::Router {
        page::router(self.clone())
    }

    /// Sends its webhooks until it is dropped: spawn it and abort it at the end.
    pub async fn deliver(self) {
        webhook::deliver(self).await;
    }

    fn books(&self) -> &Books {
        &self.0.books
    }

    fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    /// The key its webhooks are signed with, made once for the installation.
    async fn secret(&self) -> Result<&[u8], sqlx::Error> {
        if let Some(secret) = self.0.secret.get() {
            return Ok(secret);
        }
        let secret = self.books().secret().await?;
        Ok(self.0.secret.get_or_init(|| secret))
    }

    fn page_of(&self, id: &str) -> String {
        format!("{}/test-card/{id}", self.0.pages.as_str().trim_end_matches('/'))
    }
}

/// A database that did not answer: nothing was done, or nobody knows.
fn failed(error: &sqlx::Error) -> PaymentError {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
            PaymentError::Transient(error.to_string())
        }
        _ => PaymentError::UnknownOutcome(error.to_string()),
    }
}

#[async_trait]
impl PaymentProcessor for TestCard {
    fn key(&self) -> &'static str {
        Self::KEY
    }

    fn name(&self) -> &'static str {
        "Test card"
    }

    fn page_origins(&self) -> Vec<String> {
        vec![self.0.pages.origin().ascii_serialization()]
    }

    async fn open(&self, checkout: &Checkout) -> Result<Redirect, PaymentError> {
        let id = self.books().open(checkout, self.now()).await.map_err(|e| failed(&e))?;
        Ok(Redirect { url: self.page_of(&id), external_id: id })
    }

    async fn get(&self, external_id: &str) -> Result<ProcessorPayment, PaymentError> {
        let row = self.books().find(external_id).await.map_err(|e| failed(&e))?;
        Ok(row.ok_or_else(|| PaymentError::Unknown(external_id.to_owned()))?.told())
    }

    async fn capture(
        &self,
        external_id: &str,
        amount: Money,
        key: Uuid,
    ) -> Result<(), PaymentError> {
        self.books().act(external_id, books::Act::Capture(amount), key, self.now()).await
    }

    async fn void(&self, external_id: &str, key: Uuid) -> Result<(), PaymentError> {
        self.books().act(external_id, books::Act::Void, key, self.now()).await
    }

    async fn refund(
        &self,
        external_id: &str,
        amount: Money,
        key: Uuid,
    ) -> Result<(), PaymentError> {
        self.books().act(external_id, books::Act::Refund(amount), key, self.now()).await
    }

    fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<PaymentEvent, PaymentError> {
        let secret = self.0.secret.get().ok_or_else(|| {
            PaymentError::Transient("the signing key has not been read yet".to_owned())
        })?;
        webhook::verify(secret, headers, body, now)
    }
}
