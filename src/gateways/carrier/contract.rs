//! What every carrier must keep to, as a suite. It needs a carrier with at least four numbers for
//! sale that `query` finds, better ten; faults are allowed, wrong answers are not. Where carriers
//! differ their abilities say so. It panics at the first broken promise.
#![expect(clippy::panic, reason = "a suite tells a broken promise by panicking")]

mod abilities;
mod catalogue;

use super::{
    Bought, Carrier, CarrierError, NumberSettings, OwnedNumber, Papers, Purchase, SearchQuery,
};
use chrono::{DateTime, Duration, Utc};
use std::collections::BTreeSet;
use uuid::Uuid;
use voxlink_types::E164;

/// Numbers that are bought: more than a page of a stand-in's list.
const BOUGHT: usize = 3;

fn kept<T>(promise: &str, given: Result<T, CarrierError>) -> T {
    given.unwrap_or_else(|error| panic!("{promise}: {error}"))
}

/// The answer to a question that may be asked again, as those who ask do where it got lost.
async fn answered<T>(promise: &str, ask: impl AsyncFn() -> Result<T, CarrierError>) -> T {
    for _ in 0..5 {
        match ask().await {
            Err(CarrierError::UnknownOutcome { .. }) => {}
            Err(error) if error.may_repeat() => {}
            other => return kept(promise, other),
        }
    }
    kept(promise, ask().await)
}

/// Settings whose URLs tell which version they are.
fn settings(version: u8) -> NumberSettings {
    let url = |what: &str| format!("https://voxlink.test/v{version}/{what}");
    NumberSettings {
        voice_url: url("voice"),
        voice_fallback_url: url("fallback"),
        status_url: url("status"),
        message_url: url("message"),
        label: format!("label {version}"),
    }
}

/// A purchase as the suite makes it.
pub fn purchase(number: &E164, key: Uuid) -> Purchase {
    Purchase {
        number: number.clone(),
        key,
        hold_id: None,
        settings: settings(1),
        papers: Papers::default(),
    }
}

/// Buys as the saga does: unknown outcomes are looked up, refusals believed. `None` when somebody
/// else has it.
async fn buy(carrier: &dyn Carrier, purchase: &Purchase) -> Option<OwnedNumber> {
    for _ in 0..50 {
        let answer = match carrier.buy(purchase).await {
            Ok(answer) => Some(answer),
            Err(error) if error.may_repeat() => None,
            Err(CarrierError::UnknownOutcome { .. } | CarrierError::AlreadyOurs { .. }) => {
                carrier.find_purchase(&purchase.number, purchase.key).await.unwrap_or_default()
            }
            Err(CarrierError::Unavailable { .. }) => return None,
            Err(error) => panic!("a number for sale can be bought: {error}"),
        };
        match answer {
            Some(Bought::Done(owned)) => return Some(owned),
            Some(Bought::Pending { .. }) => {
                for _ in 0..50 {
                    let found = carrier.find_purchase(&purchase.number, purchase.key).await;
                    if let Ok(Some(Bought::Done(owned))) = found {
                        return Some(owned);
                    }
                }
                panic!("a pending purchase ends");
            }
            None => {}
        }
    }
    panic!("a purchase comes to an end within 50 tries");
}

/// The list of our numbers, to its last page.
async fn listed(carrier: &dyn Carrier) -> Result<Vec<OwnedNumber>, CarrierError> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let (page, next) = carrier.list_owned(cursor).await?;
        all.extend(page);
        if next.is_none() {
            return Ok(all);
        }
        cursor = next;
    }
}

async fn times_owned(carrier: &dyn Carrier, number: &E164) -> usize {
    let all = answered("owned numbers are listed", async || listed(carrier).await).await;
    all.iter().filter(|n| n.number == *number).count()
}

/// Runs the suite.
pub async fn run(carrier: &dyn Carrier, query: &SearchQuery, now: DateTime<Utc>) {
    answered("it is reached and knows us", async || carrier.health().await).await;
    let can = carrier.abilities();
    assert!(can.search, "a carrier that cannot be searched has no place in this suite");
    let offers = catalogue::searched(carrier, query).await;
    assert!(!offers.is_empty(), "the query of the suite finds numbers");
    for offer in &offers {
        let alone = kept("an offer can be asked for", carrier.offer(&offer.number).await);
        assert!(alone.is_some_and(|o| o.number == offer.number), "what a search finds is offered");
    }
    catalogue::covered(carrier, query, &offers).await;
    if let Some(offer) = offers.first() {
        catalogue::filtered(carrier, offer).await;
        if can.holds {
            holds(carrier, &offer.number, now).await;
        }
    }
    let mut bought: Vec<(OwnedNumber, Uuid)> = Vec::new();
    for offer in &offers {
        if bought.len() == BOUGHT {
            break;
        }
        let key = Uuid::now_v7();
        let mut wanted = purchase(&offer.number, key);
        // By a hold and without one.
        if can.holds && bought.len().is_multiple_of(2) {
            let until = now + Duration::minutes(15);
            let hold = async || carrier.hold(&offer.number, key, until).await;
            wanted.hold_id = Some(answered("a free number can be held", hold).await.id);
        }
        if let Some(owned) = buy(carrier, &wanted).await {
            bought.push((owned, key));
        } else {
            assert_eq!(times_owned(carrier, &offer.number).await, 0, "what is refused is not ours");
        }
    }
    assert_eq!(bought.len(), BOUGHT, "what is offered can be bought, held before or not");
    listed_whole(carrier, &bought).await;
    if let Some((owned, key)) = bought.first() {
        sold_once(carrier, owned, *key).await;
        abilities::agree(carrier, owned, now).await;
        configured_and_released(carrier, owned).await;
    }
}

/// Every number of ours stands in the list, once, however many pages it has.
async fn listed_whole(carrier: &dyn Carrier, bought: &[(OwnedNumber, Uuid)]) {
    let all = answered("owned numbers are listed", async || listed(carrier).await).await;
    let ids: BTreeSet<&str> = all.iter().map(|n| n.id.as_str()).collect();
    assert_eq!(ids.len(), all.len(), "no number is listed twice");
    for (owned, _) in bought {
        let there = all.iter().find(|n| n.id == owned.id);
        assert_eq!(there.map(|n| &n.number), Some(&owned.number), "a number of ours is listed");
    }
}

async fn holds(carrier: &dyn Carrier, number: &E164, now: DateTime<Utc>) {
    let (ours, theirs) = (Uuid::now_v7(), Uuid::now_v7());
    let until = now + Duration::minutes(15);
    let hold = kept("a free number can be held", carrier.hold(number, ours, until).await);
    assert!(hold.expires_at <= until, "a hold is not longer than asked for");
    let later = until + Duration::minutes(5);
    let longer = kept("a hold can be extended", carrier.hold(number, ours, later).await);
    assert_eq!(longer.id, hold.id, "it stays the same hold");
    assert!(
        longer.expires_at > hold.expires_at && longer.expires_at <= later,
        "extending moves the end, as far as asked for: {hold:?}, {longer:?}"
    );
    let second = carrier.hold(number, theirs, until).await;
    assert!(matches!(second, Err(CarrierError::Unavailable { .. })), "one hold at a time");
    kept("a hold can be let go", carrier.let_go(number, &hold.id).await);
    kept("letting go of none is success", carrier.let_go(number, &hold.id).await);
    let next = kept("then others may hold it", carrier.hold(number, theirs, until).await);
    kept("and let it go", carrier.let_go(number, &next.id).await);
}

async fn sold_once(carrier: &dyn Carrier, owned: &OwnedNumber, key: Uuid) {
    let number = &owned.number;
    for _ in 0..20 {
        match carrier.buy(&purchase(number, key)).await {
            Ok(Bought::Done(again)) => {
                assert_eq!(again.id, owned.id, "the same key, the same number");
            }
            Err(CarrierError::AlreadyOurs { .. } | CarrierError::UnknownOutcome { .. }) => {}
            Err(error) if error.may_repeat() => {}
            other => panic!("a repeated purchase is the same one: {other:?}"),
        }
    }
    let found = kept("a purchase is found by its key", carrier.find_purchase(number, key).await);
    assert!(matches!(found, Some(Bought::Done(n)) if n.id == owned.id), "the purchase is found");
    let stranger = Uuid::now_v7();
    let unknown = kept("so are absent ones", carrier.find_purchase(number, stranger).await);
    assert_eq!(unknown, None, "a key never used has no purchase");
    let second = carrier.buy(&purchase(number, stranger)).await;
    assert!(second.is_err(), "what is sold is not sold again: {second:?}");
    assert_eq!(times_owned(carrier, number).await, 1, "a number bought is ours once");
    let offer = kept("an offer can be asked for", carrier.offer(number).await);
    assert_eq!(offer, None, "what is sold is not offered");
}

async fn configured_and_released(carrier: &dyn Carrier, owned: &OwnedNumber) {
    let got = kept("a number of ours can be read", carrier.get(&owned.id).await);
    assert_eq!((&got.number, got.active), (&owned.number, true), "it is the number and it rings");
    // Bought by one request and set by another, a number is bare when the answer between the two
    // was lost; who bought it then sets it.
    if owned.settings.as_ref().is_some_and(|found| found.voice_url.is_empty()) {
        kept("a bare number can be set", carrier.configure(&owned.id, &settings(1)).await);
    }
    let got = kept("a number of ours can be read", carrier.get(&owned.id).await);
    assert_eq!(got.settings, Some(settings(1)), "it calls back where the purchase said");
    let changed = kept("it can be set", carrier.configure(&owned.id, &settings(2)).await);
    assert_eq!(changed.settings, Some(settings(2)), "the new settings are told back");
    let got = kept("a number of ours can be read", carrier.get(&owned.id).await);
    assert_eq!(got.settings, Some(settings(2)), "the new settings stay");
    if carrier.abilities().minimum_days == 0 {
        kept("a number can be given back", carrier.release(&owned.id).await);
        kept("giving back twice is success", carrier.release(&owned.id).await);
        let gone = carrier.get(&owned.id).await;
        assert!(matches!(gone, Err(CarrierError::Gone { .. })), "what is given back is gone");
        assert_eq!(times_owned(carrier, &owned.number).await, 0, "and not listed");
        if carrier.abilities().undo_days > 0 {
            let again = buy(carrier, &purchase(&owned.number, Uuid::now_v7())).await;
            let Some(again) = again else { panic!("what was given back can be had back in time") };
            kept("and given back again", carrier.release(&again.id).await);
        }
    }
}
