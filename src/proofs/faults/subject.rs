//! What is proved: the Twilio adapter over a wire as production has it, in a hurry. A plant is a
//! fault of ours that the proof must find.

use crate::stand::{SID, Stand};
use secrecy::SecretString;
use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};
use url::Url;
use uuid::Uuid;
use voxlink_adapters::{
    carriers::twilio::{Account, Twilio},
    wire::{Limits, Wire},
};
use voxlink_gateways::{
    Carrier, CarrierError, SystemClock,
    carrier::{Bought, Purchase, Unwatched},
};
use voxlink_types::E164;

/// How the code could be worse than it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// It waits for an answer as long as it takes.
    WaitsForEver,
    /// It repeats nothing.
    GivesUp,
    /// It repeats what may have been done.
    RepeatsBlindly,
    /// It takes a lost answer for "nothing was done".
    TakesLostForUndone,
    /// It buys again without looking whether it has.
    NeverLooks,
    /// It reads whatever comes.
    ReadsAll,
    /// It forgets what failed.
    Forgets,
    /// One wire leads to all carriers.
    OneWire,
}

/// A carrier as the proof asks it.
#[derive(Debug)]
pub struct Subject {
    pub twilio: Twilio,
    url: Url,
    limits: Limits,
    plant: Option<Plant>,
}

pub fn limits(total: Duration, retries: u32) -> Limits {
    Limits {
        per_second: 10_000,
        burst: 10_000,
        total,
        retries,
        pause: Duration::from_millis(10),
        ..Limits::default()
    }
}

fn twilio(url: &Url, limits: Limits) -> Twilio {
    let account = Account {
        sid: SID.to_owned(),
        token: SecretString::from("token"),
        api: url.clone(),
        pricing: url.clone(),
    };
    let wire = Wire::new(Twilio::KEY, limits, Arc::new(Unwatched), Arc::new(SystemClock));
    Twilio::new(account, wire.unwrap())
}

impl Subject {
    pub fn at(url: &Url, limits: Limits, plant: Option<Plant>) -> Self {
        let limits = match plant {
            Some(Plant::WaitsForEver) => Limits { total: Duration::from_hours(1), ..limits },
            Some(Plant::GivesUp) => Limits { retries: 0, ..limits },
            _ => limits,
        };
        Self { twilio: twilio(url, limits), url: url.clone(), limits, plant }
    }

    /// Memory that a careless reader would take.
    fn hoard(&self) -> Vec<u8> {
        if self.plant == Some(Plant::ReadsAll) {
            black_box(vec![b' '; 100 << 20])
        } else {
            Vec::new()
        }
    }

    /// A question that may be repeated. Not the one for its health, which goes out although the
    /// carrier is left alone.
    pub async fn look(&self) -> Result<(), CarrierError> {
        let _hoard = self.hoard();
        if self.plant == Some(Plant::Forgets) {
            return twilio(&self.url, self.limits).list_owned(None).await.map(drop);
        }
        self.twilio.list_owned(None).await.map(drop)
    }

    pub async fn buy(&self, purchase: &Purchase) -> Result<Bought, CarrierError> {
        let bought = self.twilio.buy(purchase).await;
        match (bought, self.plant) {
            (Err(CarrierError::UnknownOutcome { .. }), Some(Plant::RepeatsBlindly)) => {
                self.twilio.buy(purchase).await
            }
            (Err(CarrierError::UnknownOutcome { detail }), Some(Plant::TakesLostForUndone)) => {
                Err(CarrierError::Transient { detail })
            }
            (bought, _) => bought,
        }
    }

    pub async fn find(&self, number: &E164, key: Uuid) -> Result<Option<Bought>, CarrierError> {
        if self.plant == Some(Plant::NeverLooks) {
            return Ok(None);
        }
        self.twilio.find_purchase(number, key).await
    }

    /// Comes to an end as the saga does: what may have been done is looked up before it is done
    /// again. True when the number is ours.
    pub async fn settle(
        &self,
        purchase: &Purchase,
        mut last: Result<Bought, CarrierError>,
    ) -> bool {
        for _ in 0..10 {
            match last {
                Ok(Bought::Done(owned)) => return owned.number == purchase.number,
                Err(CarrierError::UnknownOutcome { .. } | CarrierError::AlreadyOurs { .. })
                | Ok(Bought::Pending { .. }) => {
                    match self.find(&purchase.number, purchase.key).await {
                        Ok(Some(found)) => {
                            last = Ok(found);
                            continue;
                        }
                        Ok(None) => {}
                        // Nothing is bought while nobody can tell.
                        Err(_) => continue,
                    }
                }
                Err(ref error) if error.may_repeat() => {}
                Err(_) => return false,
            }
            last = self.buy(purchase).await;
        }
        false
    }
}

/// What one part of the proof found.
#[derive(Debug, Default)]
pub struct Report {
    pub name: String,
    /// Promises that were not kept.
    pub wrong: Vec<String>,
    /// How many were looked at.
    pub looked: usize,
}

impl Report {
    pub fn of(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    pub fn must(&mut self, kept: bool, what: impl FnOnce() -> String) {
        self.looked += 1;
        if !kept {
            self.wrong.push(format!("{}: {}", self.name, what()));
        }
    }
}

/// Waits for it, but no longer than `most`; how long it took.
pub async fn within<T>(most: Duration, what: impl Future<Output = T>) -> (Option<T>, Duration) {
    let began = Instant::now();
    let came = tokio::time::timeout(most, what).await.ok();
    (came, began.elapsed())
}

/// `ok`, or the error's code.
pub fn word<T>(outcome: Option<&Result<T, CarrierError>>) -> &'static str {
    match outcome {
        None => "no answer in time",
        Some(Ok(_)) => "ok",
        Some(Err(error)) => error.code(),
    }
}

/// A purchase of the one number that every case buys.
pub fn purchase() -> Purchase {
    let number: E164 = "+12125550100".parse().unwrap();
    voxlink_gateways::carrier::contract::purchase(&number, Uuid::from_u128(42))
}

/// The stand and whoever asks it.
pub async fn pair(limits: Limits, plant: Option<Plant>) -> (Stand, Subject) {
    let stand = Stand::open().await;
    let subject = Subject::at(&stand.url, limits, plant);
    (stand, subject)
}
