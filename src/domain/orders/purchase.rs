//! One number and its carrier: no database, so no transaction, while the carrier is asked.

use super::fulfil::WorkItem;
use crate::{Platform, numbers::settings_for};
use chrono::{DateTime, Duration, Utc};
use voxlink_gateways::{
    Carrier, CarrierError,
    carrier::{Bought, OwnedNumber, Papers, Purchase},
};
use voxlink_types::{number::Requirement, order::ItemStep};

/// How often a number is asked for: once, and three times again, seconds apart. Looking after what
/// is under way does not count. Where two tries of five fail, three numbers in a hundred are given
/// up, and fewer in truth, because the wire beneath repeats what surely did nothing. They are paid
/// back, and should one come after all, [`super::orphans`] gives it back.
const TRIES: i32 = 4;
/// A number that nobody could tell anything about for so long after its order was begun is given up:
/// the customer's money is free again before a card's authorisation lapses. Should it come after
/// all, [`super::orphans`] gives it back.
const LONGEST: Duration = Duration::days(3);

/// What came of asking.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is ours.
    Bought(OwnedNumber),
    /// It never will be, and nothing was bought.
    Refused(Refusal),
    /// Nobody knows yet: ask again.
    Later(Doubt),
}

impl Outcome {
    /// The same, refused where it is undecided for too long.
    pub(super) fn after(self, under_way: Duration) -> Self {
        match self {
            Self::Later(doubt) if under_way >= LONGEST => Self::Refused(Refusal::undecided(&doubt)),
            decided => decided,
        }
    }
}

/// Why a number was not had.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: String,
    /// As the customer reads it.
    pub(super) sentence: String,
    /// For administrators.
    pub(super) detail: String,
}

impl Refusal {
    fn of(error: &CarrierError) -> Self {
        Self {
            code: error.code().to_owned(),
            sentence: error.for_customer().to_owned(),
            detail: error.to_string(),
        }
    }

    /// Asked for as often as it ever is. Nobody keeps trying, so the carrier's usual sentence
    /// would not be true.
    fn in_vain(error: &CarrierError) -> Self {
        Self {
            sentence: "The carrier did not sell it, although we asked several times.".to_owned(),
            ..Self::of(error)
        }
    }

    /// Too many others failed for the order's strategy.
    pub(super) fn pointless() -> Self {
        Self {
            code: "not_tried".to_owned(),
            sentence: "Too few of the others can be had, so it was not bought.".to_owned(),
            detail: "the order's strategy cannot be met any more".to_owned(),
        }
    }

    /// It was had, but the order as a whole was not to be.
    pub(super) fn given_back() -> Self {
        Self {
            code: Self::GIVEN_BACK.to_owned(),
            sentence: "Too few of the others could be had, so it was given back.".to_owned(),
            detail: "the order's strategy could not be met".to_owned(),
        }
    }

    /// The code of [`Refusal::given_back`].
    pub(super) const GIVEN_BACK: &str = "given_back";

    fn undecided(doubt: &Doubt) -> Self {
        Self {
            code: "undecided".to_owned(),
            sentence: format!(
                "The carrier did not decide within {} days, so we stopped waiting. Should it still come, it is given back and costs nothing.",
                LONGEST.num_days()
            ),
            detail: doubt.detail.clone(),
        }
    }

    /// An item that had failed before its money was let go.
    pub(super) fn again() -> Self {
        Self {
            code: "interrupted".to_owned(),
            sentence: "This number could not be had.".to_owned(),
            detail: "taken up again after a stop".to_owned(),
        }
    }
}

/// Why it must be asked again.
#[derive(Debug)]
pub(super) struct Doubt {
    /// True when it may have been bought: look it up before anything else.
    pub(super) unknown: bool,
    /// True when it was asked for, false when it was only looked after: that is no try.
    pub(super) tried: bool,
    pub(super) carrier_order_id: Option<String>,
    /// The carrier's own word on when to come back.
    pub(super) until: Option<DateTime<Utc>>,
    pub(super) detail: String,
}

impl Doubt {
    fn of(error: &CarrierError, unknown: bool) -> Outcome {
        let until = match error {
            CarrierError::RateLimited { until, .. } => *until,
            _ => None,
        };
        let detail = error.to_string();
        Outcome::Later(Self { unknown, tried: false, carrier_order_id: None, until, detail })
    }
}

/// Buys an item's number, or finds out that it is bought already.
pub(super) async fn purchase(platform: &Platform, item: &WorkItem) -> Outcome {
    let Some(carrier) = platform.carrier(&item.carrier) else {
        let error = CarrierError::NotConfigured { detail: item.carrier.clone() };
        // Before the second try nobody has asked: what an earlier visit found no carrier for is no try.
        let asked = item.step != ItemStep::Waiting && item.attempts > 1;
        return if !asked && platform.without_account(&item.carrier) {
            Outcome::Refused(Refusal::of(&error))
        } else {
            // Another server may know the account. Whoever may have bought waits until it is
            // configured again.
            Doubt::of(&error, asked)
        };
    };
    let carrier = carrier.as_ref();
    // The intent of an earlier worker, or a lost answer: it may be ours already.
    if item.step != ItemStep::Waiting {
        match look_up(carrier, item).await {
            Found::Outcome(outcome) => return outcome,
            // This visit would be one try too many.
            Found::Absent if item.attempts > TRIES => {
                let detail = format!("no trace of it after {TRIES} tries");
                return Outcome::Refused(Refusal::in_vain(&CarrierError::Transient { detail }));
            }
            Found::Absent => {}
        }
    }
    match buy(platform, carrier, item).await {
        Outcome::Later(doubt) => Outcome::Later(Doubt { tried: true, ..doubt }),
        known => known,
    }
}

/// One try.
async fn buy(platform: &Platform, carrier: &dyn Carrier, item: &WorkItem) -> Outcome {
    let Some(papers) = papers(carrier, item) else {
        let detail =
            "none of its kind are on file here; enter them on the carrier's page".to_owned();
        return Outcome::Refused(Refusal::of(&CarrierError::NeedsPapers { detail }));
    };
    let purchase = Purchase {
        number: item.number.clone(),
        key: item.key,
        hold_id: item.hold_id.clone(),
        settings: settings_for(platform.settings(), &item.carrier, item.number.as_str()),
        papers,
    };
    match carrier.buy(&purchase).await {
        Ok(bought) => outcome(bought),
        // The answer is lost: it may have arrived. Mostly it can be found at once; when it cannot,
        // the request may still be on its way, so nothing is concluded from that.
        Err(error @ CarrierError::UnknownOutcome { .. }) => match look_up(carrier, item).await {
            Found::Outcome(outcome) => outcome,
            Found::Absent => Doubt::of(&error, true),
        },
        Err(error) if perhaps_ours(&error, item) => match look_up(carrier, item).await {
            Found::Outcome(outcome) => outcome,
            Found::Absent => Outcome::Refused(Refusal::of(&error)),
        },
        Err(error) if error.may_repeat() && item.attempts < TRIES => Doubt::of(&error, false),
        Err(error) if error.may_repeat() => Outcome::Refused(Refusal::in_vain(&error)),
        Err(error) => Outcome::Refused(Refusal::of(&error)),
    }
}

/// The papers that go with it: those on file, or nothing where none are needed or none are taken.
/// None where they were taken off the file since it was ordered: without them the carrier would
/// refuse it, or keep it waiting for ever.
fn papers(carrier: &dyn Carrier, item: &WorkItem) -> Option<Papers> {
    let spared = item.needs == Requirement::None || carrier.abilities().papers.is_empty();
    item.papers.clone().or_else(|| spared.then(Papers::default))
}

/// Whether a refusal may mean that we have it: bought under this key, or another order's. "Not
/// available" may be our own doing, too: an earlier try that was not to be found a moment ago has
/// arrived, and won.
fn perhaps_ours(error: &CarrierError, item: &WorkItem) -> bool {
    match error {
        CarrierError::AlreadyOurs { .. } => true,
        CarrierError::Unavailable { .. } | CarrierError::Gone { .. } => {
            item.step != ItemStep::Waiting
        }
        _ => false,
    }
}

enum Found {
    Outcome(Outcome),
    /// The carrier never heard of it.
    Absent,
}

async fn look_up(carrier: &dyn Carrier, item: &WorkItem) -> Found {
    match carrier.find_purchase(&item.number, item.key).await {
        Ok(Some(bought)) => Found::Outcome(outcome(bought)),
        Ok(None) => Found::Absent,
        // While it cannot be looked up, nothing else may be done.
        Err(error) => Found::Outcome(Doubt::of(&error, true)),
    }
}

fn outcome(bought: Bought) -> Outcome {
    match bought {
        Bought::Done(owned) => Outcome::Bought(owned),
        Bought::Pending { order_id } => Outcome::Later(Doubt {
            unknown: true,
            tried: false,
            detail: "the carrier works on it".to_owned(),
            carrier_order_id: Some(order_id),
            until: None,
        }),
    }
}
