//! SignalWire: numbers over its REST API, messages and calls over its compatibility API.
//! Sources: signalwire/docs `signalwire-rest` and `compatibility` (OpenAPI), and its pages on
//! error codes.
//!
//! What to know: a purchase is answered with 200 and carries nothing but the number; what it calls
//! back is set by a second request, and so is its name, which keeps the purchase's key. A number
//! must be kept for 14 days. There is no interface for prices.

mod error;
mod number;
mod search;

use super::{laml, page};
use crate::wire::{Answer, Ask, Body, Credentials, Expect, Wire};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use http::Method;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
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
use voxlink_types::{E164, number::NumberType};

/// Below which both APIs lie.
const ROOT: &str = "/api/";

/// Days a number must be kept (code `purchased_too_recently`).
const MINIMUM_DAYS: u16 = 14;

/// A project in a space.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its id, a UUID.
    pub id: String,
    /// Its API token, `PT…`.
    pub token: SecretString,
    /// `https://{space}.signalwire.com`.
    pub space: Url,
}

/// SignalWire, as one project sees it.
#[derive(Debug, Clone)]
pub struct SignalWire {
    project: Project,
    wire: Arc<Wire>,
}

impl SignalWire {
    /// The key it goes by.
    pub const KEY: &'static str = "signalwire";

    /// The project, reached over `wire`.
    pub fn new(project: Project, wire: Wire) -> Self {
        Self { project, wire: Arc::new(wire) }
    }

    fn credentials(&self) -> Credentials {
        Credentials::Basic { user: self.project.id.clone(), password: self.project.token.clone() }
    }

    /// `/api/relay/rest/phone_numbers…`.
    fn numbers(&self, path: &[&str]) -> Url {
        let mut url = page::join(&self.project.space, &["api", "relay", "rest", "phone_numbers"]);
        page::extend(&mut url, path);
        url
    }

    /// `/api/laml/2010-04-01/Accounts/{project}…`.
    fn laml(&self, path: &[&str]) -> Url {
        let start = ["api", "laml", "2010-04-01", "Accounts", &self.project.id];
        let mut url = page::join(&self.project.space, &start);
        page::extend(&mut url, path);
        url
    }

    fn get(&self, operation: &'static str, url: Url) -> Ask {
        Ask::get(operation, url, self.credentials())
    }

    fn post(&self, operation: &'static str, url: Url, body: Body) -> Ask {
        Ask::post(operation, url, self.credentials(), body)
    }

    /// Sends, and turns a refusal into what it means.
    async fn ask(&self, ask: Ask) -> Result<Answer, CarrierError> {
        self.wire.done(&ask, error::meaning).await
    }

    /// Sets what a number calls back and is called; repeating it changes nothing.
    async fn set(
        &self,
        operation: &'static str,
        id: &str,
        body: serde_json::Value,
    ) -> Result<OwnedNumber, CarrierError> {
        let ask = self.post(operation, self.numbers(&[id]), Body::Json(body));
        let answer = self.ask(ask.by(Method::PUT).safely()).await?;
        answer.json::<number::Record>()?.owned(&self.project.id)
    }

    /// A number, if it is ours. It is on the first page, so links to others do not matter.
    async fn ours(
        &self,
        operation: &'static str,
        number: &E164,
    ) -> Result<Option<number::Record>, CarrierError> {
        let mut url = self.numbers(&[]);
        url.query_pairs_mut()
            .append_pair("page_size", "1000")
            .append_pair("filter_number", number.as_str());
        let list: number::List = self.ask(self.get(operation, url)).await?.json()?;
        Ok(list.data.into_iter().find(|n| n.is(number)))
    }
}

#[derive(Debug, Deserialize)]
struct AccountRecord {
    sid: String,
    #[serde(default)]
    friendly_name: Option<String>,
    #[serde(default)]
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
    #[serde(default)]
    next_page_uri: Option<String>,
}

#[async_trait]
impl Carrier for SignalWire {
    fn key(&self) -> &'static str {
        Self::KEY
    }

    fn name(&self) -> &'static str {
        "SignalWire"
    }

    fn account(&self) -> String {
        self.project.id.clone()
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            holds: false,
            search: true,
            searches_by: &[Filter::AreaCode, Filter::Contains, Filter::Locality, Filter::Region],
            ports: false,
            messages: true,
            calls: true,
            subaccounts: true,
            hold_minutes: 0,
            minimum_days: MINIMUM_DAYS,
            undo_days: 0,
            papers: &[],
        }
    }

    async fn coverage(&self) -> Result<Vec<Coverage>, CarrierError> {
        let kinds = [NumberType::Local, NumberType::TollFree];
        Ok(kinds.map(|number_type| Coverage { country: "US".to_owned(), number_type }).to_vec())
    }

    async fn search(&self, query: &SearchQuery) -> Result<Findings, CarrierError> {
        search::search(self, query).await
    }

    async fn offer(&self, number: &E164) -> Result<Option<Offer>, CarrierError> {
        search::offer(self, number).await
    }

    async fn hold(&self, _: &E164, _: Uuid, _: DateTime<Utc>) -> Result<CarrierHold, CarrierError> {
        Err(CarrierError::Unsupported { detail: "SignalWire holds no numbers".to_owned() })
    }

    async fn let_go(&self, _: &E164, _: &str) -> Result<(), CarrierError> {
        Ok(())
    }

    async fn buy(&self, purchase: &Purchase) -> Result<Bought, CarrierError> {
        let body = Body::Json(json!({ "number": purchase.number.as_str() }));
        let answer = match self.ask(self.post("buy", self.numbers(&[]), body)).await {
            Ok(answer) => answer,
            // Said of a number that we have ourselves, too. One without a key is not taken here:
            // another purchase may be about to set it up.
            Err(CarrierError::Unavailable { detail }) => {
                return match self.ours("buy", &purchase.number).await? {
                    Some(ours) if ours.came_with(purchase.key) => {
                        ours.owned(&self.project.id).map(Bought::Done)
                    }
                    Some(_) => Err(CarrierError::AlreadyOurs { detail }),
                    None => Err(CarrierError::Unavailable { detail }),
                };
            }
            Err(error) => return Err(error),
        };
        let bought: number::Record = answer.json()?;
        // It is ours from here on: a failure to set it up is not a failure to buy it.
        let set = self.set("buy", &bought.id, number::settings_of(purchase)).await;
        match set {
            Ok(owned) => Ok(Bought::Done(owned)),
            Err(error) => Err(CarrierError::UnknownOutcome {
                detail: format!("bought as {}, not yet set up: {}", bought.id, error.detail()),
            }),
        }
    }

    async fn find_purchase(
        &self,
        number: &E164,
        key: Uuid,
    ) -> Result<Option<Bought>, CarrierError> {
        let Some(record) = self.ours("find_purchase", number).await? else { return Ok(None) };
        if record.came_with(key) {
            return record.owned(&self.project.id).map(|owned| Some(Bought::Done(owned)));
        }
        // Bought and never set up: the answer to the purchase was lost. Nobody but a purchase of
        // ours leaves a number so, and nobody else sells to this project.
        if record.untouched() {
            let name = json!({ "name": number::marked(number.as_str(), key) });
            let owned = self.set("find_purchase", &record.id, name).await?;
            return Ok(Some(Bought::Done(owned)));
        }
        Ok(None)
    }

    async fn get(&self, carrier_number_id: &str) -> Result<OwnedNumber, CarrierError> {
        let answer = self.ask(self.get("get", self.numbers(&[carrier_number_id]))).await?;
        answer.json::<number::Record>()?.owned(&self.project.id)
    }

    async fn list_owned(
        &self,
        cursor: Option<String>,
    ) -> Result<(Vec<OwnedNumber>, Option<String>), CarrierError> {
        let space = &self.project.space;
        let url = if let Some(next) = cursor {
            page::within(space, ROOT, &next)?
        } else {
            let mut url = self.numbers(&[]);
            url.query_pairs_mut().append_pair("page_size", "1000");
            url
        };
        let answer = self.ask(self.get("list_owned", url)).await?;
        let list: number::List = answer.json()?;
        let next = page::following(space, ROOT, &answer, list.links.next.as_deref())?;
        let owned: Result<_, _> =
            list.data.into_iter().map(|n| n.owned(&self.project.id)).collect();
        Ok((owned?, next.map(String::from)))
    }

    async fn configure(
        &self,
        carrier_number_id: &str,
        settings: &NumberSettings,
    ) -> Result<OwnedNumber, CarrierError> {
        self.set("configure", carrier_number_id, number::settings_body(settings)).await
    }

    async fn release(&self, carrier_number_id: &str) -> Result<(), CarrierError> {
        let ask = self.get("release", self.numbers(&[carrier_number_id]));
        match self.ask(ask.by(Method::DELETE).expecting(Expect::Anything)).await {
            Ok(_) | Err(CarrierError::Gone { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn prices(&self) -> Result<Vec<PriceRow>, CarrierError> {
        let detail = "SignalWire tells prices on its site only: enter them by hand".to_owned();
        Err(CarrierError::Unsupported { detail })
    }

    async fn health(&self) -> Result<(), CarrierError> {
        let mut url = self.numbers(&[]);
        url.query_pairs_mut().append_pair("page_size", "1");
        self.ask(self.get("health", url).probing()).await.map(drop)
    }

    async fn subaccounts(
        &self,
        cursor: Option<String>,
    ) -> Result<(Vec<Subaccount>, Option<String>), CarrierError> {
        let space = &self.project.space;
        let url = match cursor {
            Some(next) => page::within(space, ROOT, &next)?,
            None => page::join(space, &["api", "laml", "2010-04-01", "Accounts"]),
        };
        let answer = self.ask(self.get("subaccounts", url)).await?;
        let list: AccountList = answer.json()?;
        let next = page::following(space, ROOT, &answer, list.next_page_uri.as_deref())?;
        let own = &self.project.id;
        let below = list.accounts.into_iter().filter(|a| a.sid != *own).map(AccountRecord::shown);
        Ok((below.collect(), next.map(String::from)))
    }

    async fn open_subaccount(&self, name: &str) -> Result<Subaccount, CarrierError> {
        let url = page::join(&self.project.space, &["api", "laml", "2010-04-01", "Accounts"]);
        let form = Body::Form(vec![("FriendlyName", name.to_owned())]);
        let answer = self.ask(self.post("open_subaccount", url, form)).await?;
        Ok(answer.json::<AccountRecord>()?.shown())
    }

    async fn send(&self, message: &OutgoingMessage) -> Result<MessageReceipt, CarrierError> {
        let form = Body::Form(laml::message_form(message));
        laml::read_message(&self.ask(self.post("send", self.laml(&["Messages"]), form)).await?)
    }

    async fn call(&self, call: &OutgoingCall) -> Result<String, CarrierError> {
        let form = Body::Form(laml::call_form(call));
        laml::read_call_id(&self.ask(self.post("call", self.laml(&["Calls"]), form)).await?)
    }

    async fn call_details(&self, carrier_call_id: &str) -> Result<CallDetails, CarrierError> {
        let url = self.laml(&["Calls", carrier_call_id]);
        laml::read_call(&self.ask(self.get("call_details", url)).await?)
    }
}
