//! A payment processor in memory, with books of its own. A test plays the customer with
//! [`FakeProcessor::pay`] and compares the books with ours.

use super::{
    Checkout, PaymentError, PaymentEvent, PaymentProcessor, ProcessorPayment, ProcessorState,
    Redirect,
};
use crate::fault::{Fault, Script};
use async_trait::async_trait;
use http::HeaderMap;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use uuid::Uuid;
use voxlink_types::Money;

#[derive(Debug, Default)]
struct Books {
    payments: BTreeMap<String, (Checkout, ProcessorPayment)>,
    done: BTreeSet<Uuid>,
    script: Script,
}

/// The processor. Clones share the books.
#[derive(Debug, Clone, Default)]
pub struct FakeProcessor(Arc<Mutex<Books>>);

impl FakeProcessor {
    /// The key it goes by: the test card's, because the database knows the processors by name.
    pub const KEY: &'static str = "test_card";

    /// The header its events prove themselves by.
    pub const SIGNATURE: &'static str = "x-fake-signature";

    /// A processor that fails by `script`.
    pub fn new(script: Script) -> Self {
        Self(Arc::new(Mutex::new(Books { script, ..Books::default() })))
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what happens to the next call not yet spoken of.
    pub fn tell(&self, next: Option<Fault>) {
        self.books().script.tell(next);
    }

    /// The customer pays at the processor's page; false: the card is declined.
    pub fn pay(&self, external_id: &str, well: bool) {
        let mut books = self.books();
        let Some((checkout, payment)) = books.payments.get_mut(external_id) else { return };
        if payment.state != ProcessorState::Open {
            return;
        }
        payment.card = Some(("visa".to_owned(), "4242".to_owned()));
        payment.state = match (well, checkout.authorise_only) {
            (false, _) => ProcessorState::Declined {
                code: "card_declined".to_owned(),
                reason: "Your bank declined the card.".to_owned(),
            },
            (true, true) => ProcessorState::Authorised,
            (true, false) => ProcessorState::Captured(payment.amount),
        };
    }

    /// Its books.
    pub fn payments(&self) -> Vec<ProcessorPayment> {
        self.books().payments.values().map(|(_, payment)| payment.clone()).collect()
    }

    /// Does `act` under the script: not at all, once, or once with a lost answer.
    fn act<T>(
        &self,
        act: impl FnOnce(&mut Books) -> Result<T, PaymentError>,
    ) -> Result<T, PaymentError> {
        let mut books = self.books();
        let lost = || PaymentError::UnknownOutcome("no answer".to_owned());
        match books.script.draw() {
            Some(Fault::Transient) => Err(PaymentError::Transient("503".to_owned())),
            Some(Fault::LostRequest) => Err(lost()),
            Some(Fault::LostAnswer) => act(&mut books).and(Err(lost())),
            _ => act(&mut books),
        }
    }

    fn move_on(
        &self,
        external_id: &str,
        key: Uuid,
        to: impl FnOnce(&ProcessorPayment) -> Result<ProcessorState, PaymentError>,
    ) -> Result<(), PaymentError> {
        self.act(|books| {
            if books.done.contains(&key) {
                return Ok(());
            }
            let (_, payment) = books
                .payments
                .get_mut(external_id)
                .ok_or(PaymentError::Unknown(external_id.to_owned()))?;
            payment.state = to(payment)?;
            books.done.insert(key);
            Ok(())
        })
    }
}

#[async_trait]
impl PaymentProcessor for FakeProcessor {
    fn key(&self) -> &'static str {
        Self::KEY
    }

    fn name(&self) -> &'static str {
        "Fake card"
    }

    fn page_origins(&self) -> Vec<String> {
        vec!["https://processor.test".to_owned()]
    }

    async fn open(&self, checkout: &Checkout) -> Result<Redirect, PaymentError> {
        self.act(|books| {
            let external_id = format!("fp_{}", checkout.key.simple());
            books.payments.entry(external_id.clone()).or_insert_with(|| {
                let payment = ProcessorPayment {
                    external_id: external_id.clone(),
                    reference: checkout.reference.clone(),
                    amount: checkout.amount,
                    state: ProcessorState::Open,
                    card: None,
                };
                (checkout.clone(), payment)
            });
            let url = format!("https://processor.test/pay/{external_id}");
            Ok(Redirect { external_id, url })
        })
    }

    async fn get(&self, external_id: &str) -> Result<ProcessorPayment, PaymentError> {
        let books = self.books();
        let found = books.payments.get(external_id).map(|(_, payment)| payment.clone());
        found.ok_or(PaymentError::Unknown(external_id.to_owned()))
    }

    async fn capture(
        &self,
        external_id: &str,
        amount: Money,
        key: Uuid,
    ) -> Result<(), PaymentError> {
        self.move_on(external_id, key, |payment| match payment.state {
            ProcessorState::Authorised if amount.minor <= payment.amount.minor => {
                Ok(ProcessorState::Captured(amount))
            }
            _ => Err(PaymentError::Refused("nothing is set aside".to_owned())),
        })
    }

    async fn void(&self, external_id: &str, key: Uuid) -> Result<(), PaymentError> {
        self.move_on(external_id, key, |payment| match &payment.state {
            ProcessorState::Open | ProcessorState::Authorised => Ok(ProcessorState::Cancelled),
            ProcessorState::Captured(_) | ProcessorState::Refunded(_) => {
                Err(PaymentError::Refused("the money is taken: refund it".to_owned()))
            }
            other => Ok(other.clone()),
        })
    }

    async fn refund(
        &self,
        external_id: &str,
        amount: Money,
        key: Uuid,
    ) -> Result<(), PaymentError> {
        self.move_on(external_id, key, |payment| match payment.state {
            ProcessorState::Captured(taken) if amount.minor <= taken.minor => {
                Ok(ProcessorState::Refunded(amount))
            }
            _ => Err(PaymentError::Refused("so much was not taken".to_owned())),
        })
    }

    fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        _: chrono::DateTime<chrono::Utc>,
    ) -> Result<PaymentEvent, PaymentError> {
        let signed = headers.get(Self::SIGNATURE).is_some_and(|v| v == "fake");
        let text = std::str::from_utf8(body).map_err(|_| PaymentError::Forged)?;
        match (signed, text.split_once(' ')) {
            (true, Some((id, external_id))) => Ok(PaymentEvent {
                id: id.to_owned(),
                external_id: external_id.to_owned(),
                kind: "payment.changed".to_owned(),
            }),
            _ => Err(PaymentError::Forged),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::contract;

    #[tokio::test]
    async fn it_keeps_the_contract_with_and_without_faults() {
        for (seed, percent) in (0..100).map(|seed| (seed, if seed == 0 { 0 } else { 30 })) {
            let processor = FakeProcessor::new(Script::seeded(seed, percent));
            let payer = processor.clone();
            let pay = async |id: &str, well: bool| payer.pay(id, well);
            contract::run(&processor, pay).await;
        }
    }
}
