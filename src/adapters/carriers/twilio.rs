//! Twilio: numbers, messages and calls over its 2010-04-01 API, prices over its pricing API.
//! Sources: twilio/twilio-oai `twilio_api_v2010`, `twilio_pricing_v1`; error codes from
//! twilio.com/docs/api/errors.
//!
//! What to know: it holds nothing, has no idempotency keys and tells no price in a search. A
//! purchase therefore carries its key in the number's friendly name until the name is set, and a
//! lost answer is settled by listing the number before anything is repeated.

mod error;
mod number;
mod price;
mod search;

use super::{laml, page};
use crate::wire::{Answer, Ask, Body, Credentials, Expect, Wire};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use http::{Method, StatusCode};
use secrecy::SecretString;
use serde::Deserialize;
use std::sync::Arc;
use url::Url;
use uuid::Uuid;
use voxlink_gateways::{
    Carrier, CarrierError,
    carrier::{
        Abilities, Bought, CallDetails, CarrierHold, Coverage, Filter, Findings, MessageReceipt,
        NumberSettings, Offer, OutgoingCall, OutgoingMessage, OwnedNumber, PriceRow, Purchase,
        SearchQuery, Subaccount,
    },
};
use voxlink_types::{E164, paper::Paper};

/// Below which its numbers, messages and calls lie.
const ROOT: &str = "/2010-04-01/";

/// An account at Twilio.
#[derive(Debug, Clone)]
pub struct Account {
    /// `AC…`.
    pub sid: String,
    /// Its auth token.
    pub token: SecretString,
    /// `https://api.twilio.com`.
    pub api: Url,
    /// `https://pricing.twilio.com`.
    pub pricing: Url,
}

/// Twilio, as one account of it sees it.
#[derive(Debug, Clone)]
pub struct Twilio {
    account: Account,
    wire: Arc<Wire>,
    kinds: Arc<search::Kinds>,
}

impl Twilio {
    /// The key it goes by.
    pub const KEY: &'static str = "twilio";

    /// The account, reached over `wire`.
    pub fn new(account: Account, wire: Wire) -> Self {
        Self { account, wire: Arc::new(wire), kinds: Arc::default() }
    }

    fn credentials(&self) -> Credentials {
        Credentials::Basic { user: self.account.sid.clone(), password: self.account.token.clone() }
    }

    /// A resource of the account: `…/Accounts/AC…/{path}.json`.
    fn own(&self, path: &[&str]) -> Url {
        let mut url = page::join(&self.account.api, &["2010-04-01", "Accounts", &self.account.sid]);
        page::extend(&mut url, path);
        let whole = format!("{}.json", url.path());
        url.set_path(&whole);
        url
    }

    fn get(&self, operation: &'static str, url: Url) -> Ask {
        Ask::get(operation, url, self.credentials())
    }

    fn post(&self, operation: &'static str, url: Url, form: Vec<(&'static str, String)>) -> Ask {
        Ask::post(operation, url, self.credentials(), Body::Form(form))
    }

    /// Sends, and turns a refusal into what it means.
    async fn ask(&self, ask: Ask) -> Result<Answer, CarrierError> {
        self.wire.done(&ask, error::meaning).await
    }

    /// A number, if it is ours. It is on the first page, so links to others do not matter.
    async fn ours(
        &self,
        operation: &'static str,
        number: &E164,
    ) -> Result<Option<number::Incoming>, CarrierError> {
        let mut url = self.own(&["IncomingPhoneNumbers"]);
        url.query_pairs_mut()
            .append_pair("PageSize", "1000")
            .append_pair("PhoneNumber", number.as_str());
        let list: number::IncomingList = self.ask(self.get(operation, url)).await?.json()?;
        Ok(list.incoming_phone_numbers.into_iter().find(|n| n.is(number)))
    }
}

#[derive(Debug, Deserialize)]
struct AccountRecord {
    sid: String,
    friendly_name: Option<String>,
    status: Option<String>,
}

impl AccountRecord {
    fn shown(self) -> Subaccount {
        let active = self.status.as_deref() == Some("active");
        Subaccount { name: self.friendly_name.unwrap_or_default(), id: self.sid, active }
    }
}

#[derive(Debug, Deserialize)]
struct AccountList {
    accounts: Vec<AccountRecord>,
    next_page_uri: Option<String>,
}

#[async_trait]
impl Carrier for Twilio {
    fn key(&self) -> &'static str {
        Self::KEY
    }

    fn name(&self) -> &'static str {
        "Twilio"
    }

    fn account(&self) -> String {
        self.account.sid.clone()
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            holds: false,
            search: true,
            searches_by: &[
                Filter::AreaCode,
                Filter::Contains,
                Filter::Locality,
                Filter::Region,
                Filter::PostalCode,
                Filter::RateCentre,
                Filter::Lata,
                Filter::Near,
                Filter::Capabilities,
                Filter::NoPapers,
            ],
            ports: true,
            messages: true,
            calls: true,
            subaccounts: true,
            hold_minutes: 0,
            minimum_days: 0,
            undo_days: 0,
            papers: Paper::ALL,
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

    async fn hold(&self, _: &E164, _: Uuid, _: DateTime<Utc>) -> Result<CarrierHold, CarrierError> {
        Err(CarrierError::Unsupported { detail: "Twilio holds no numbers".to_owned() })
    }

    async fn let_go(&self, _: &E164, _: &str) -> Result<(), CarrierError> {
        Ok(())
    }

    async fn buy(&self, purchase: &Purchase) -> Result<Bought, CarrierError> {
        let form = number::purchase_form(purchase);
        let buy = self.post("buy", self.own(&["IncomingPhoneNumbers"]), form);
        match self.ask(buy).await {
            Ok(answer) => answer.json::<number::Incoming>()?.bought(&purchase.number),
            // 21422 is also said of a number that we have ourselves.
            Err(CarrierError::Unavailable { detail }) => {
                match self.ours("buy", &purchase.number).await? {
                    Some(ours) if ours.came_with(purchase.key) => ours.bought(&purchase.number),
                    Some(_) => Err(CarrierError::AlreadyOurs { detail }),
                    None => Err(CarrierError::Unavailable { detail }),
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn find_purchase(
        &self,
        number: &E164,
        key: Uuid,
    ) -> Result<Option<Bought>, CarrierError> {
        let ours = self.ours("find_purchase", number).await?.filter(|n| n.came_with(key));
        ours.map(|n| n.bought(number)).transpose()
    }

    async fn get(&self, carrier_number_id: &str) -> Result<OwnedNumber, CarrierError> {
        let url = self.own(&["IncomingPhoneNumbers", carrier_number_id]);
        self.ask(self.get("get", url)).await?.json::<number::Incoming>()?.owned()
    }

    async fn list_owned(
        &self,
        cursor: Option<String>,
    ) -> Result<(Vec<OwnedNumber>, Option<String>), CarrierError> {
        // The cursor is Twilio's own address of the page.
        let url = if let Some(next) = cursor {
            page::within(&self.account.api, ROOT, &next)?
        } else {
            let mut url = self.own(&["IncomingPhoneNumbers"]);
            url.query_pairs_mut().append_pair("PageSize", "1000");
            url
        };
        let answer = self.ask(self.get("list_owned", url)).await?;
        let list: number::IncomingList = answer.json()?;
        let next = list.next_page_uri.as_deref();
        let next = page::following(&self.account.api, ROOT, &answer, next)?;
        let found = list.incoming_phone_numbers.into_iter();
        let owned = found.map(number::Incoming::owned).collect::<Result<_, _>>()?;
        Ok((owned, next.map(String::from)))
    }

    async fn configure(
        &self,
        carrier_number_id: &str,
        settings: &NumberSettings,
    ) -> Result<OwnedNumber, CarrierError> {
        let url = self.own(&["IncomingPhoneNumbers", carrier_number_id]);
        let ask = self.post("configure", url, number::settings_form(settings)).safely();
        self.ask(ask).await?.json::<number::Incoming>()?.owned()
    }

    async fn release(&self, carrier_number_id: &str) -> Result<(), CarrierError> {
        let url = self.own(&["IncomingPhoneNumbers", carrier_number_id]);
        let ask = self.get("release", url).by(Method::DELETE).expecting(Expect::Anything);
        match self.ask(ask).await {
            Ok(_) | Err(CarrierError::Gone { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn prices(&self) -> Result<Vec<PriceRow>, CarrierError> {
        price::prices(self).await
    }

    async fn health(&self) -> Result<(), CarrierError> {
        let record: AccountRecord =
            self.ask(self.get("health", self.own(&[])).probing()).await?.json()?;
        match record.status.as_deref() {
            Some("active") => Ok(()),
            status => Err(CarrierError::OutOfFunds {
                detail: format!(
                    "account {} is {}",
                    record.sid,
                    status.unwrap_or("of unknown state")
                ),
            }),
        }
    }

    async fn subaccounts(
        &self,
        cursor: Option<String>,
    ) -> Result<(Vec<Subaccount>, Option<String>), CarrierError> {
        let url = if let Some(next) = cursor {
            page::within(&self.account.api, ROOT, &next)?
        } else {
            let mut url = page::join(&self.account.api, &["2010-04-01", "Accounts.json"]);
            url.query_pairs_mut().append_pair("PageSize", "1000");
            url
        };
        let answer = self.ask(self.get("subaccounts", url)).await?;
        let list: AccountList = answer.json()?;
        let next = list.next_page_uri.as_deref();
        let next = page::following(&self.account.api, ROOT, &answer, next)?;
        let own = &self.account.sid;
        let below = list.accounts.into_iter().filter(|a| a.sid != *own).map(AccountRecord::shown);
        Ok((below.collect(), next.map(String::from)))
    }

    async fn open_subaccount(&self, name: &str) -> Result<Subaccount, CarrierError> {
        let url = page::join(&self.account.api, &["2010-04-01", "Accounts.json"]);
        let form = vec![("FriendlyName", name.to_owned())];
        let answer = self.ask(self.post("open_subaccount", url, form)).await?;
        Ok(answer.json::<AccountRecord>()?.shown())
    }

    async fn send(&self, message: &OutgoingMessage) -> Result<MessageReceipt, CarrierError> {
        let ask = self.post("send", self.own(&["Messages"]), laml::message_form(message));
        laml::read_message(&self.ask(ask).await?)
    }

    async fn call(&self, call: &OutgoingCall) -> Result<String, CarrierError> {
        let ask = self.post("call", self.own(&["Calls"]), laml::call_form(call));
        laml::read_call_id(&self.ask(ask).await?)
    }

    async fn call_details(&self, carrier_call_id: &str) -> Result<CallDetails, CarrierError> {
        let url = self.own(&["Calls", carrier_call_id]);
        laml::read_call(&self.ask(self.get("call_details", url)).await?)
    }
}

/// True where a resource is not there: 404 with or without Twilio's own 20404.
fn absent(status: StatusCode) -> bool {
    status == StatusCode::NOT_FOUND
}
