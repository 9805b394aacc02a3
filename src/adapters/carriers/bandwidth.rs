//! Bandwidth: numbers over its numbers (Dashboard) API, which speaks XML; messages and calls over
//! its messaging and voice APIs, which speak JSON. Sources: Bandwidth/api-docs `numbers.yml`,
//! Bandwidth/python-sdk `bandwidth.yml`, and the pages named at each part.
//!
//! What to know: buying and giving back are orders that are worked on after they are accepted, and
//! an order keeps our key. A number has no URLs: it belongs to a location (SIP peer) of a site, and
//! the location to one voice and one messaging application, which therefore serve this
//! installation alone. There is no interface for prices. Each of the APIs takes the tokens of one
//! place (dev.bandwidth.com/docs/account/credentials/management).

mod application;
mod available;
mod error;
mod hold;
pub mod notice;
mod number;
mod order;
mod search;
mod traffic;
mod xml;

use super::page;
use crate::wire::{Answer, Ask, Body, Credentials, Expect, Tokens, Wire};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
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
use voxlink_types::{E164, number::NumberType};

/// What opens an account (dev.bandwidth.com/docs/account/credentials).
#[derive(Debug, Clone)]
pub enum Login {
    /// API credentials: OAuth 2.0.
    Client {
        /// The client's id.
        id: String,
        /// One of its secrets.
        secret: SecretString,
        /// `https://api.bandwidth.com/api/v1/oauth2/token`.
        tokens: Url,
    },
    /// An API user, which Bandwidth takes until 2 December 2026. New ones cannot be made, so this
    /// is for installations that have one; the published specification of the numbers API, too,
    /// knows nothing else.
    User {
        /// Its name.
        name: String,
        /// Its password.
        password: SecretString,
    },
}

/// An account at Bandwidth and what in it is ours.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its number.
    pub id: String,
    /// What opens it.
    pub login: Login,
    /// The site (“sub-account” in the dashboard) that numbers are bought into.
    pub site: String,
    /// The location (SIP peer) of the site that numbers are bought into.
    pub peer: String,
    /// The id of the location's voice application. Its URLs are set by us.
    pub voice_application: String,
    /// The id of the location's messaging application, where it has one. Its URLs are set by us.
    pub messaging_application: Option<String>,
    /// The user that Bandwidth's callbacks show: they are signed by nothing else.
    pub callback_user: String,
    /// The password that Bandwidth's callbacks show.
    pub callback_password: SecretString,
    /// Whether numbers are reserved at Bandwidth while somebody decides. A reservation whose
    /// answer is lost keeps its number off sale for four hours.
    pub reserve: bool,
    /// How long between two looks at an order under way: a second.
    pub pause: Duration,
    /// `https://dashboard.bandwidth.com/api`.
    pub numbers_api: Url,
    /// `https://messaging.bandwidth.com/api/v2`.
    pub messaging_api: Url,
    /// `https://voice.bandwidth.com/api/v2`.
    pub voice_api: Url,
}

/// Bandwidth, as one account of it sees it.
#[derive(Debug, Clone)]
pub struct Bandwidth {
    account: Account,
    wire: Arc<Wire>,
    clock: Arc<dyn Clock>,
    holds: Arc<hold::Holds>,
    /// Where the account is opened by tokens.
    tokens: Option<Arc<Tokens>>,
}

impl Bandwidth {
    /// The key it goes by.
    pub const KEY: &'static str = "bandwidth";

    /// The account, reached over `wire`.
    pub fn new(account: Account, wire: Wire, clock: Arc<dyn Clock>) -> Self {
        let tokens = match &account.login {
            Login::Client { id, secret, tokens } => {
                Some(Arc::new(Tokens::new(tokens.clone(), id.clone(), secret.clone())))
            }
            Login::User { .. } => None,
        };
        Self { account, wire: Arc::new(wire), clock, holds: Arc::default(), tokens }
    }

    /// A client's are its token, which [`Self::ask`] puts in.
    fn credentials(&self) -> Credentials {
        match &self.account.login {
            Login::Client { .. } => Credentials::None,
            Login::User { name, password } => {
                Credentials::Basic { user: name.clone(), password: password.clone() }
            }
        }
    }

    /// A resource of the numbers API outside any account.
    fn root(&self, path: &[&str]) -> Url {
        page::join(&self.account.numbers_api, path)
    }

    /// A resource of the account: `…/accounts/{id}/{path}`.
    fn own(&self, path: &[&str]) -> Url {
        let mut url = self.root(&["accounts", &self.account.id]);
        page::extend(&mut url, path);
        url
    }

    /// A GET of the numbers API.
    fn get(&self, operation: &'static str, url: Url) -> Ask {
        Ask::get(operation, url, self.credentials()).expecting(Expect::Xml)
    }

    /// A POST to the numbers API.
    fn post(&self, operation: &'static str, url: Url, body: Body) -> Ask {
        Ask::post(operation, url, self.credentials(), body).expecting(Expect::Xml)
    }

    /// Sends, and turns a refusal into what it means.
    async fn ask(&self, ask: Ask) -> Result<Answer, CarrierError> {
        let answer = match &self.tokens {
            Some(tokens) => tokens.send(&self.wire, ask).await?,
            None => self.wire.send(&ask).await?,
        };
        if answer.status.is_success() { Ok(answer) } else { Err(error::meaning(&answer)) }
    }

    fn calls(&self, path: &[&str]) -> Url {
        let mut url = page::join(&self.account.voice_api, &["accounts", &self.account.id, "calls"]);
        page::extend(&mut url, path);
        url
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct SiteList {
    sites: Sites,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Sites {
    site: Vec<Site>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Site {
    id: String,
    #[serde(default)]
    name: Option<String>,
}

#[async_trait]
impl Carrier for Bandwidth {
    fn key(&self) -> &'static str {
        Self::KEY
    }

    fn name(&self) -> &'static str {
        "Bandwidth"
    }

    fn account(&self) -> String {
        self.account.id.clone()
    }

    fn abilities(&self) -> Abilities {
        let reserve = self.account.reserve;
        Abilities {
            holds: reserve,
            search: true,
            searches_by: &[
                Filter::AreaCode,
                Filter::Contains,
                Filter::Locality,
                Filter::Region,
                Filter::PostalCode,
                Filter::RateCentre,
                Filter::Lata,
            ],
            ports: true,
            messages: self.account.messaging_application.is_some(),
            calls: true,
            subaccounts: false,
            hold_minutes: if reserve { hold::MINUTES } else { 0 },
            minimum_days: 0,
            // A number given back ages before it is for sale again, but to have it back is a new
            // order that need not succeed.
            undo_days: 0,
            papers: &[],
        }
    }

    async fn coverage(&self) -> Result<Vec<Coverage>, CarrierError> {
        let all =
            [("US", NumberType::Local), ("US", NumberType::TollFree), ("CA", NumberType::Local)];
        let covered = |(country, number_type): (&str, _)| Coverage {
            country: country.to_owned(),
            number_type,
        };
        Ok(all.map(covered).to_vec())
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
        if !self.account.reserve {
            let detail = "reservations at Bandwidth are switched off here".to_owned();
            return Err(CarrierError::Unsupported { detail });
        }
        hold::hold(self, number, key, until).await
    }

    async fn let_go(&self, number: &E164, hold_id: &str) -> Result<(), CarrierError> {
        hold::let_go(self, number, hold_id).await
    }

    async fn buy(&self, purchase: &Purchase) -> Result<Bought, CarrierError> {
        order::buy(self, purchase).await
    }

    async fn find_purchase(
        &self,
        number: &E164,
        key: Uuid,
    ) -> Result<Option<Bought>, CarrierError> {
        order::find(self, number, key).await
    }

    async fn get(&self, carrier_number_id: &str) -> Result<OwnedNumber, CarrierError> {
        number::get(self, "get", carrier_number_id).await
    }

    async fn list_owned(
        &self,
        cursor: Option<String>,
    ) -> Result<(Vec<OwnedNumber>, Option<String>), CarrierError> {
        number::list(self, cursor).await
    }

    async fn configure(
        &self,
        carrier_number_id: &str,
        settings: &NumberSettings,
    ) -> Result<OwnedNumber, CarrierError> {
        number::configure(self, carrier_number_id, settings).await
    }

    async fn release(&self, carrier_number_id: &str) -> Result<(), CarrierError> {
        number::release(self, carrier_number_id).await
    }

    async fn prices(&self) -> Result<Vec<PriceRow>, CarrierError> {
        let detail = "Bandwidth tells prices in its contract only: enter them by hand".to_owned();
        Err(CarrierError::Unsupported { detail })
    }

    /// Credentials, site and location at once: the location is looked at.
    async fn health(&self) -> Result<(), CarrierError> {
        let account = &self.account;
        let url = self.own(&["sites", &account.site, "sippeers", &account.peer]);
        match self.ask(self.get("health", url).probing()).await {
            Ok(_) => Ok(()),
            Err(CarrierError::Gone { detail }) => {
                let where_to = format!("location {} of site {}", account.peer, account.site);
                Err(CarrierError::NotConfigured { detail: format!("{where_to}: {detail}") })
            }
            Err(error) => Err(error),
        }
    }

    /// Sites, which the dashboard calls sub-accounts, are the nearest to accounts within the
    /// account. They have numbers and locations of their own, but neither credentials nor a
    /// balance, and a number in another site does not come to our application: they are shown, and
    /// none is opened.
    async fn subaccounts(
        &self,
        _: Option<String>,
    ) -> Result<(Vec<Subaccount>, Option<String>), CarrierError> {
        let answer = self.ask(self.get("subaccounts", self.own(&["sites"]))).await?;
        let list: SiteList = xml::read(&answer)?;
        let others = list.sites.site.into_iter().filter(|site| site.id.trim() != self.account.site);
        let shown = others.map(|site| Subaccount {
            id: site.id,
            name: site.name.unwrap_or_default(),
            active: true,
        });
        Ok((shown.collect(), None))
    }

    async fn open_subaccount(&self, _: &str) -> Result<Subaccount, CarrierError> {
        let detail = "a site at Bandwidth needs a verified service address and a location of its \
                      own: open it in the Bandwidth dashboard";
        Err(CarrierError::Unsupported { detail: detail.to_owned() })
    }

    async fn send(&self, message: &OutgoingMessage) -> Result<MessageReceipt, CarrierError> {
        let Some(application) = &self.account.messaging_application else {
            let detail = "no messaging application is set".to_owned();
            return Err(CarrierError::NotConfigured { detail });
        };
        let path = ["users", self.account.id.as_str(), "messages"];
        let url = page::join(&self.account.messaging_api, &path);
        let body = traffic::message_body(application, message);
        let ask = self.post("send", url, body).expecting(Expect::Json);
        traffic::read_message(&self.ask(ask).await?)
    }

    async fn call(&self, call: &OutgoingCall) -> Result<String, CarrierError> {
        let body = traffic::call_body(&self.account, call);
        let ask = self.post("call", self.calls(&[]), body).expecting(Expect::Json);
        traffic::read_call_id(&self.ask(ask).await?)
    }

    async fn call_details(&self, carrier_call_id: &str) -> Result<CallDetails, CarrierError> {
        let ask = self.get("call_details", self.calls(&[carrier_call_id]));
        traffic::read_call(&self.ask(ask.expecting(Expect::Json)).await?)
    }
}
