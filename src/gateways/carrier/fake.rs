//! A carrier in memory, with books of its own: what it sold, to whom, and how often it charged.
//! A test compares those books with ours.

mod books;
mod whims;

pub use books::Sale;
use books::{Books, owned, told};
pub use whims::{Meddling, Mood};
use whims::{SEARCHES_BY, Whims};

use super::{
    Abilities, Bought, CallDetails, Carrier, CarrierError, CarrierHold, Coverage, Findings,
    MessageReceipt, NumberSettings, Offer, OutgoingCall, OutgoingMessage, OwnedNumber, Papers,
    PriceRow, Purchase, SearchQuery, Subaccount,
};
use crate::fault::{Fault, Script};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;
use voxlink_types::{
    Currency, E164,
    number::{Capability, NumberType, Requirement},
    paper::Paper,
};

fn lost() -> CarrierError {
    CarrierError::UnknownOutcome { detail: "no answer".to_owned() }
}

fn cannot(what: &str) -> CarrierError {
    CarrierError::Unsupported { detail: what.to_owned() }
}

fn hiccup() -> CarrierError {
    CarrierError::Transient { detail: "503".to_owned() }
}

/// The carrier. Clones share the books.
#[derive(Debug, Clone)]
pub struct FakeCarrier {
    books: Arc<Mutex<Books>>,
    key: &'static str,
    name: &'static str,
    holds: bool,
    says_it_holds: bool,
    monthly: Option<Decimal>,
    undo_days: u16,
}

impl FakeCarrier {
    /// The key it goes by.
    pub const KEY: &'static str = "fake";

    /// A carrier with these numbers for sale (New York local numbers) that fails by `script`.
    pub fn new(numbers: impl IntoIterator<Item = E164>, script: Script) -> Self {
        let offer = |number: E164| Offer {
            carrier: Self::KEY.to_owned(),
            number,
            country: "US".to_owned(),
            number_type: NumberType::Local,
            capabilities: vec![Capability::Voice, Capability::Sms],
            area_code: None,
            locality: Some("New York".to_owned()),
            region: Some("NY".to_owned()),
            postal_code: None,
            rate_centre: None,
            lata: None,
            position: Some((40.71, -74.0)),
            time_zone: Some("America/New_York".to_owned()),
            distance_km: None,
            requirement: Requirement::None,
            cost: None,
        };
        let for_sale = numbers.into_iter().map(|n| (n.clone(), offer(n))).collect();
        Self {
            books: Arc::new(Mutex::new(Books { for_sale, script, ..Books::default() })),
            key: Self::KEY,
            name: "Fake carrier",
            holds: true,
            says_it_holds: true,
            monthly: Some(Decimal::new(65, 2)),
            undo_days: 0,
        }
    }

    /// The same under another key and name, so that there may be several.
    #[must_use]
    pub fn called(mut self, key: &'static str, name: &'static str) -> Self {
        (self.key, self.name) = (key, name);
        for offer in self.books().for_sale.values_mut() {
            key.clone_into(&mut offer.carrier);
        }
        self
    }

    /// The same for this much a month; `None` tells no prices.
    #[must_use]
    pub fn for_monthly(self, monthly: Option<Decimal>) -> Self {
        Self { monthly, ..self }
    }

    /// The same that offers us what we gave back, and says for so many days; it does not count them.
    #[must_use]
    pub fn giving_back(self, undo_days: u16) -> Self {
        Self { undo_days, ..self }
    }

    /// The same that sets no number aside.
    #[must_use]
    pub fn without_holds(self) -> Self {
        Self { holds: false, says_it_holds: false, ..self }
    }

    /// The same that says it sets numbers aside, and then cannot.
    #[must_use]
    pub fn breaking_its_word(self) -> Self {
        Self { holds: false, says_it_holds: true, ..self }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mood(&self) -> Mood {
        self.books().mood
    }

    /// Changes how it answers from now on.
    pub fn feels(&self, mood: Mood) {
        self.books().mood = mood;
    }

    /// What it says from now on to a number that is given back, instead of taking it.
    pub fn keeps(&self, why: Option<CarrierError>) {
        self.books().keeps = why;
    }

    /// How often it was searched.
    pub fn searches(&self) -> usize {
        self.books().searches
    }

    /// How often it was asked for a single number.
    pub fn inquiries(&self) -> usize {
        self.books().inquiries
    }

    /// Changes what it offers.
    pub fn offers(&self, change: impl FnMut(&mut Offer)) {
        self.books().for_sale.values_mut().for_each(change);
    }

    /// Tells what happens to the next purchase not yet spoken of.
    pub fn tell(&self, next: Option<Fault>) {
        self.books().script.tell(next);
    }

    /// Enters numbers in its books as ours, however many, without anybody having bought them.
    pub fn own(&self, numbers: impl IntoIterator<Item = E164>, settings: &NumberSettings) {
        let mut books = self.books();
        for number in numbers {
            let place = books.sales.len() + 1;
            books.sales.push(Sale {
                number,
                key: Uuid::from_u128(place as u128),
                carrier_number_id: format!("FN{place:06}"),
                pending: 0,
                released: false,
                active: true,
                papers: Papers::default(),
                settings: settings.clone(),
            });
        }
    }

    /// Changes a number of ours in its books behind our back.
    pub fn meddle(&self, number: &E164, how: &Meddling) {
        let mut books = self.books();
        let ours = books.sales.iter_mut().filter(|s| s.number == *number && !s.released);
        for sale in ours {
            match how {
                Meddling::Lose => sale.released = true,
                Meddling::Silence => sale.active = false,
                Meddling::Redirect(address) => sale.settings.voice_url.clone_from(address),
            }
        }
    }

    /// Its books: everything it ever sold.
    pub fn sales(&self) -> Vec<Sale> {
        self.books().sales.clone()
    }
}

#[async_trait]
impl Carrier for FakeCarrier {
    fn key(&self) -> &'static str {
        self.key
    }

    fn name(&self) -> &'static str {
        self.name
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            holds: self.says_it_holds,
            search: true,
            searches_by: SEARCHES_BY,
            ports: false,
            messages: false,
            calls: false,
            subaccounts: false,
            hold_minutes: if self.says_it_holds { 60 } else { 0 },
            minimum_days: 0,
            undo_days: self.undo_days,
            papers: Paper::ALL,
        }
    }

    async fn coverage(&self) -> Result<Vec<Coverage>, CarrierError> {
        Ok(vec![Coverage { country: "US".to_owned(), number_type: NumberType::Local }])
    }

    async fn search(&self, query: &SearchQuery) -> Result<Findings, CarrierError> {
        let mood = {
            let mut books = self.books();
            books.searches += 1;
            books.mood
        };
        match mood {
            Mood::Well => {}
            Mood::Slow => std::future::pending().await,
            Mood::Dead => return Err(hiccup()),
        }
        let mut applied = query.given();
        applied.retain(|f| SEARCHES_BY.contains(f));
        let fits = |o: &&Offer| {
            o.country == query.country
                && (query.types.is_empty() || query.types.contains(&o.number_type))
                && applied.iter().all(|f| query.met_by(*f, o) != Some(false))
        };
        let books = self.books();
        let free = books.for_sale.values().filter(|o| !books.holds.contains_key(&o.number));
        let page = free.filter(fits).skip(query.offset as usize).take(query.limit as usize);
        Ok(Findings { offers: page.cloned().collect(), applied, ..Findings::default() })
    }

    async fn offer(&self, number: &E164) -> Result<Option<Offer>, CarrierError> {
        let mood = {
            let mut books = self.books();
            books.inquiries += 1;
            books.mood
        };
        match mood {
            Mood::Well => Ok(self.books().for_sale.get(number).cloned()),
            Mood::Slow => std::future::pending().await,
            Mood::Dead => Err(hiccup()),
        }
    }

    async fn hold(
        &self,
        number: &E164,
        key: Uuid,
        until: DateTime<Utc>,
    ) -> Result<CarrierHold, CarrierError> {
        if !self.holds {
            return Err(cannot("holds"));
        }
        self.at_the_door().await;
        let mut books = self.books();
        let taken = books.holds.get(number).is_some_and(|(holder, _)| *holder != key);
        if taken || !books.for_sale.contains_key(number) {
            return Err(CarrierError::Unavailable { detail: number.to_string() });
        }
        let hold = CarrierHold { id: format!("FH-{key}"), expires_at: until };
        books.holds.insert(number.clone(), (key, hold.clone()));
        books.whims.confirm(hold)
    }

    async fn let_go(&self, number: &E164, hold_id: &str) -> Result<(), CarrierError> {
        let mut books = self.books();
        if books.holds.get(number).is_some_and(|(_, hold)| hold.id == hold_id) {
            books.holds.remove(number);
        }
        Ok(())
    }

    async fn buy(&self, purchase: &Purchase) -> Result<Bought, CarrierError> {
        self.at_the_door().await;
        let mut books = self.books();
        match books.script.draw() {
            None => books.sell(purchase, 0),
            Some(Fault::Transient) => Err(hiccup()),
            Some(Fault::LostRequest) => Err(lost()),
            Some(Fault::LostAnswer) => books.sell(purchase, 0).and(Err(lost())),
            Some(Fault::Pending(asks)) => books.sell(purchase, asks),
            Some(Fault::Doubled) => {
                let first = books.sell(purchase, 0)?;
                let _ = first;
                Err(CarrierError::AlreadyOurs { detail: purchase.number.to_string() })
            }
            Some(Fault::Unavailable) => {
                if !books.sales.iter().any(|s| s.key == purchase.key) {
                    books.for_sale.remove(&purchase.number);
                }
                books.sell(purchase, 0)
            }
        }
    }

    async fn find_purchase(
        &self,
        number: &E164,
        key: Uuid,
    ) -> Result<Option<Bought>, CarrierError> {
        let mut books = self.books();
        if books.whims.lag() {
            return Ok(None);
        }
        let sale = books.sales.iter_mut().find(|s| s.key == key && s.number == *number);
        Ok(sale.map(|sale| {
            sale.pending = sale.pending.saturating_sub(1);
            told(sale)
        }))
    }

    async fn get(&self, carrier_number_id: &str) -> Result<OwnedNumber, CarrierError> {
        self.books().owned(carrier_number_id).map(owned)
    }

    async fn list_owned(
        &self,
        cursor: Option<String>,
    ) -> Result<(Vec<OwnedNumber>, Option<String>), CarrierError> {
        const PAGE: usize = 50;
        let from: usize = cursor.and_then(|c| c.parse().ok()).unwrap_or(0);
        let books = self.books();
        if books.mood == Mood::Dead {
            return Err(hiccup());
        }
        let mut ours = books.sales.iter().filter(|s| !s.released).skip(from);
        let page = ours.by_ref().take(PAGE).map(owned).collect();
        let next = ours.next().map(|_| (from + PAGE).to_string());
        Ok((page, next))
    }

    async fn configure(
        &self,
        carrier_number_id: &str,
        settings: &NumberSettings,
    ) -> Result<OwnedNumber, CarrierError> {
        let mut books = self.books();
        if books.mood == Mood::Dead {
            return Err(hiccup());
        }
        books.owned(carrier_number_id)?;
        for sale in books.sales.iter_mut().filter(|s| s.carrier_number_id == carrier_number_id) {
            sale.settings = settings.clone();
        }
        books.owned(carrier_number_id).map(owned)
    }

    async fn release(&self, carrier_number_id: &str) -> Result<(), CarrierError> {
        let books = &mut *self.books();
        if let Some(why) = &books.keeps {
            return Err(why.clone());
        }
        for sale in books.sales.iter_mut().filter(|s| s.carrier_number_id == carrier_number_id) {
            sale.released = true;
            let back = books.sold.remove(&sale.number).filter(|_| self.undo_days > 0);
            books.for_sale.extend(back.map(|offer| (sale.number.clone(), offer)));
        }
        Ok(())
    }

    async fn prices(&self) -> Result<Vec<PriceRow>, CarrierError> {
        match self.mood() {
            Mood::Slow => std::future::pending::<()>().await,
            Mood::Dead => return Err(hiccup()),
            Mood::Well => {}
        }
        let monthly = self.monthly.ok_or_else(|| cannot("prices"))?;
        Ok(vec![PriceRow {
            country: "US".to_owned(),
            number_type: NumberType::Local,
            currency: Currency::Usd,
            monthly,
            setup: Decimal::ZERO,
            inbound_minute: Decimal::new(35, 4),
            requirement: Requirement::None,
        }])
    }

    async fn health(&self) -> Result<(), CarrierError> {
        if self.books().mood == Mood::Dead { Err(hiccup()) } else { Ok(()) }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::carrier::contract;

    fn numbers(count: u32) -> impl Iterator<Item = E164> {
        (0..count).filter_map(|n| format!("+1212555{:04}", 100 + n).parse().ok())
    }

    fn anything() -> SearchQuery {
        SearchQuery { country: "US".to_owned(), limit: 10, ..SearchQuery::default() }
    }

    #[tokio::test]
    async fn it_keeps_the_contract() {
        let carrier = FakeCarrier::new(numbers(20), Script::calm());
        // More than two pages of what we have.
        let more = (0..120).filter_map(|n| format!("+1646555{:04}", 100 + n).parse().ok());
        let settings = contract::purchase(&numbers(1).next().unwrap(), Uuid::nil()).settings;
        carrier.own(more, &settings);
        contract::run(&carrier, &anything(), DateTime::UNIX_EPOCH).await;
    }

    #[tokio::test]
    async fn it_keeps_the_contract_through_every_kind_of_fault() {
        for seed in 0..200 {
            let carrier = FakeCarrier::new(numbers(60), Script::seeded(seed, 40));
            contract::run(&carrier, &anything(), DateTime::UNIX_EPOCH).await;
        }
    }
}
