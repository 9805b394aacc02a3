//! Telnyx: numbers, messages and TeXML calls over its API v2.
//! Sources: team-telnyx/openapi `openapi/spec3.yml`, and the pages of developers.telnyx.com that
//! are named beside what rests on them.
//!
//! What to know: a purchase is an order that is worked off later, and carries its key as
//! `customer_reference`, by which a lost answer is found again. What a number calls back belongs
//! to no number but to a TeXML application and a messaging profile, which numbers share: they are
//! made here, one for each set of URLs, unless the account names its own. A number's own
//! `customer_reference` is its label from the moment it is ours.

mod account;
mod application;
mod envelope;
mod error;
mod fresh;
mod number;
mod order;
mod profile;
mod requirement;
mod reserve;
mod search;
mod traffic;

use super::{laml, page};
use crate::wire::{Answer, Ask, Body, Credentials, Expect, Wire};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use http::Method;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use url::Url;
use uuid::Uuid;
use voxlink_gateways::{
    Carrier, CarrierError, Clock,
    carrier::{
        Abilities, Bought, CallDetails, CarrierHold, Coverage, Filter, Findings, MessageReceipt,
        NumberSettings, Offer, OutgoingCall, OutgoingMessage, OwnedNumber, PriceRow, Purchase,
        SearchQuery, Subaccount,
    },
};
use voxlink_types::{E164, paper::Paper};

/// Minutes that a reservation lasts, and that each extension adds
/// (developers.telnyx.com/docs/numbers/phone-numbers/number-reservations).
const HOLD_MINUTES: u32 = 30;

/// An account at Telnyx.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its id, a UUID: calls are filed under it.
    pub id: String,
    /// An API key, `KEY…`.
    pub key: SecretString,
    /// `https://api.telnyx.com`.
    pub api: Url,
    /// The TeXML application of all numbers. Without one, applications are made here.
    pub connection: Option<String>,
    /// The messaging profile of all numbers. Without one, profiles are made here.
    pub messaging_profile: Option<String>,
    /// The outbound voice profile of the applications made here. Without one they take calls and
    /// place none.
    pub outbound_profile: Option<String>,
}

/// Telnyx, as one account of it sees it.
#[derive(Debug, Clone)]
pub struct Telnyx {
    account: Account,
    wire: Arc<Wire>,
    clock: Arc<dyn Clock>,
    kinds: Arc<search::Kinds>,
    papers: Arc<requirement::Papers>,
    let_go: Arc<reserve::LetGo>,
    labels: Arc<order::Labels>,
}

impl Telnyx {
    /// The key it goes by.
    pub const KEY: &'static str = "telnyx";

    /// The account, reached over `wire`; `clock` tells which reservations still hold.
    pub fn new(account: Account, wire: Wire, clock: Arc<dyn Clock>) -> Self {
        Self {
            account,
            wire: Arc::new(wire),
            clock,
            kinds: Arc::default(),
            papers: Arc::default(),
            let_go: Arc::default(),
            labels: Arc::default(),
        }
    }

    /// `/v2/…`.
    fn at(&self, path: &[&str]) -> Url {
        let mut url = page::join(&self.account.api, &["v2"]);
        page::extend(&mut url, path);
        url
    }

    fn get(&self, operation: &'static str, url: Url) -> Ask {
        Ask::get(operation, url, Credentials::Bearer(self.account.key.clone()))
    }

    fn post(&self, operation: &'static str, url: Url, body: Body) -> Ask {
        Ask::post(operation, url, Credentials::Bearer(self.account.key.clone()), body)
    }

    /// Sets fields of a resource: twice does what once does.
    fn patch(&self, operation: &'static str, url: Url, body: Value) -> Ask {
        self.post(operation, url, Body::Json(body)).by(Method::PATCH).safely()
    }

    /// Sends, and turns a refusal into what it means.
    async fn ask(&self, ask: Ask) -> Result<Answer, CarrierError> {
        let answer = self.wire.send(&ask).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(error::meaning(&answer)) }
    }

    /// Sends, and reads the one record in the answer.
    async fn one<T: DeserializeOwned>(&self, ask: Ask) -> Result<T, CarrierError> {
        Ok(self.ask(ask).await?.json::<envelope::One<T>>()?.data)
    }

    /// Sends, and reads the page of records in the answer.
    async fn many<T: DeserializeOwned>(&self, ask: Ask) -> Result<envelope::Many<T>, CarrierError> {
        self.ask(ask).await?.json()
    }
}

#[async_trait]
impl Carrier for Telnyx {
    fn key(&self) -> &'static str {
        Self::KEY
    }

    fn name(&self) -> &'static str {
        "Telnyx"
    }

    fn account(&self) -> String {
        self.account.id.clone()
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            holds: true,
            search: true,
            searches_by: &[
                Filter::AreaCode,
                Filter::Contains,
                Filter::Locality,
                Filter::Region,
                Filter::RateCentre,
                Filter::Capabilities,
            ],
            ports: true,
            messages: true,
            calls: true,
            subaccounts: true,
            hold_minutes: HOLD_MINUTES,
            minimum_days: 0,
            undo_days: 0,
            // A requirement group; an address is part of one.
            papers: &[Paper::Bundle],
        }
    }

    async fn coverage(&self) -> Result<Vec<Coverage>, CarrierError> {
        search::coverage(self).await
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
        reserve::hold(self, number, key, until).await
    }

    async fn let_go(&self, _: &E164, hold_id: &str) -> Result<(), CarrierError> {
        self.let_go.let_go(hold_id, self.clock.now());
        Ok(())
    }

    async fn buy(&self, purchase: &Purchase) -> Result<Bought, CarrierError> {
        order::buy(self, purchase).await
    }

    async fn find_purchase(
        &self,
        number: &E164,
        key: Uuid,
    ) -> Result<Option<Bought>, CarrierError> {
        order::find_purchase(self, number, key).await
    }

    async fn get(&self, carrier_number_id: &str) -> Result<OwnedNumber, CarrierError> {
        number::get(self, "get", carrier_number_id).await
    }

    async fn list_owned(
        &self,
        cursor: Option<String>,
    ) -> Result<(Vec<OwnedNumber>, Option<String>), CarrierError> {
        number::list(self, cursor.as_deref()).await
    }

    async fn configure(
        &self,
        carrier_number_id: &str,
        settings: &NumberSettings,
    ) -> Result<OwnedNumber, CarrierError> {
        number::configure(self, carrier_number_id, settings).await
    }

    async fn release(&self, carrier_number_id: &str) -> Result<(), CarrierError> {
        let url = self.at(&["phone_numbers", carrier_number_id]);
        let ask = self.get("release", url).by(Method::DELETE).expecting(Expect::Anything);
        match self.ask(ask).await {
            Ok(_) | Err(CarrierError::Gone { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn prices(&self) -> Result<Vec<PriceRow>, CarrierError> {
        let detail = "Telnyx tells a number's price in its search and none of minutes: enter the \
                      prices by hand";
        Err(CarrierError::Unsupported { detail: detail.to_owned() })
    }

    async fn health(&self) -> Result<(), CarrierError> {
        account::health(self).await
    }

    async fn subaccounts(
        &self,
        cursor: Option<String>,
    ) -> Result<(Vec<Subaccount>, Option<String>), CarrierError> {
        account::managed(self, cursor.as_deref()).await
    }

    async fn open_subaccount(&self, name: &str) -> Result<Subaccount, CarrierError> {
        account::open(self, name).await
    }

    async fn send(&self, message: &OutgoingMessage) -> Result<MessageReceipt, CarrierError> {
        traffic::send(self, message).await
    }

    async fn call(&self, call: &OutgoingCall) -> Result<String, CarrierError> {
        traffic::call(self, call).await
    }

    async fn call_details(&self, carrier_call_id: &str) -> Result<CallDetails, CarrierError> {
        let path = ["texml", "Accounts", &self.account.id, "Calls", carrier_call_id];
        laml::read_call(&self.ask(self.get("call_details", self.at(&path))).await?)
    }
}
