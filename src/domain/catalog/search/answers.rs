//! What carriers answered lately, for the next search that asks the same. In memory, bounded, each
//! server's own. It is for searching alone: a hold and a purchase ask the carrier. Nothing of a
//! tenant is in a question or in an answer; what a tenant holds or has is looked up each time.

use super::{By, source::Source};
use chrono::{DateTime, TimeDelta, Utc};
use moka::future::Cache;
use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};
use voxlink_gateways::carrier::{Filter, Offer};
use voxlink_types::E164;

/// How long an answer is as good as a new one.
const FRESH: TimeDelta = TimeDelta::minutes(5);
/// How long it may stand in for a carrier that does not answer.
const KEPT: TimeDelta = TimeDelta::hours(1);
/// How long a carrier that kept silent is asked briefly only.
const WARY: Duration = Duration::from_secs(30);
/// Carriers and refused numbers remembered at once.
const MOST_REMEMBERED: u64 = 10_000;
/// Offers in all answers together; about 30 MB.
const MOST_OFFERS: u64 = 50_000;
/// Changes when the form of a key does.
const FORM: u8 = 1;

/// What one carrier answered to one question.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    /// The numbers, in the carrier's order.
    pub offers: Vec<Offer>,
    /// Who saw to each condition.
    pub by: BTreeMap<Filter, By>,
    /// When it came.
    pub at: DateTime<Utc>,
}

impl Answer {
    /// As good as a new one.
    pub fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        now < self.at + FRESH
    }

    /// Better than none.
    pub fn may_stand_in(&self, now: DateTime<Utc>) -> bool {
        now < self.at + KEPT
    }
}

/// The answers that are kept, and what was learnt beside them. Clones share them.
#[derive(Clone)]
pub(crate) struct Answers {
    kept: Cache<String, Arc<Answer>>,
    /// Accounts that did not answer within a whole deadline a moment ago.
    silent: Cache<(String, String), ()>,
    /// When a carrier last said of a number, by carrier and number, that it is not to be had.
    refused: Cache<(String, E164), DateTime<Utc>>,
}

impl Default for Answers {
    fn default() -> Self {
        let weight = |_: &String, answer: &Arc<Answer>| {
            u32::try_from(answer.offers.len()).unwrap_or(u32::MAX).saturating_add(1)
        };
        let kept = Duration::from_secs(KEPT.num_seconds().unsigned_abs());
        let cache = Cache::builder().weigher(weight).max_capacity(MOST_OFFERS);
        Self {
            kept: cache.time_to_live(kept).build(),
            silent: Cache::builder().max_capacity(MOST_REMEMBERED).time_to_live(WARY).build(),
            refused: Cache::builder().max_capacity(MOST_REMEMBERED).time_to_live(kept).build(),
        }
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Answers").field(&self.kept.entry_count()).finish()
    }
}

impl Answers {
    /// What was answered last.
    pub(super) async fn last(&self, key: &str) -> Option<Arc<Answer>> {
        self.kept.get(key).await
    }

    /// Keeps an answer.
    pub(super) async fn keep(&self, key: String, answer: &Arc<Answer>) {
        self.kept.insert(key, Arc::clone(answer)).await;
    }

    /// Whether a source's carrier kept silent a moment ago and has not answered since.
    pub(super) fn is_silent(&self, source: &Source) -> bool {
        self.silent.contains_key(&account(source))
    }

    /// Remembers for a moment that a source's carrier kept silent.
    pub(super) async fn keeps_silent(&self, source: &Source) {
        self.silent.insert(account(source), ()).await;
    }

    /// Forgets that a source's carrier kept silent: it answers.
    pub(super) async fn speaks(&self, source: &Source) {
        self.silent.invalidate(&account(source)).await;
    }

    /// Remembers that a carrier does not have a number any more, so that no answer from before
    /// shows it.
    pub(crate) async fn refused(&self, carrier: &str, number: &E164, at: DateTime<Utc>) {
        self.refused.insert((carrier.to_owned(), number.clone()), at).await;
    }

    /// Whether a number was refused since its carrier offered it at this instant.
    pub(super) async fn was_refused(&self, offer: &Offer, offered: DateTime<Utc>) -> bool {
        let key = (offer.carrier.clone(), offer.number.clone());
        self.refused.get(&key).await.is_some_and(|at| offered <= at)
    }
}

fn account(source: &Source) -> (String, String) {
    (source.carrier.key().to_owned(), source.carrier.account())
}

/// The one spelling of a question: who is asked (carrier, account), by which prices, what, and for
/// which part of the list. Sets are sorted, texts trimmed and in lower case, what is not asked is
/// there as not asked.
pub(super) fn key(source: &Source, from: u32, count: u32) -> String {
    let q = &source.query;
    let text = |given: &Option<String>| {
        let words = given.as_deref().unwrap_or_default().split_whitespace();
        let words: Vec<String> = words.map(str::to_lowercase).collect();
        words.join(" ")
    };
    let near = q.near.map(|n| format!("{:.4} {:.4} {:.1}", n.latitude, n.longitude, n.within_km));
    let who = (FORM, source.carrier.key(), source.carrier.account(), sorted(&source.book));
    let digits = (text(&q.area_code), text(&q.contains), sorted(&q.exclude));
    let place = (
        text(&q.locality),
        text(&q.region),
        text(&q.postal_code),
        text(&q.rate_centre),
        text(&q.lata),
        near,
    );
    let can = (sorted(&q.types), sorted(&q.capabilities), q.no_papers);
    let country = q.country.trim().to_ascii_uppercase();
    format!("{:?}", (who, country, digits, place, can, q.sort, from, count))
}

fn sorted<T: Ord + Clone>(all: &[T]) -> Vec<T> {
    let mut all = all.to_vec();
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxlink_gateways::{
        carrier::{Near, SearchQuery, fake::FakeCarrier},
        fault::Script,
    };
    use voxlink_types::{
        ids::PriceId,
        number::{Capability, NumberType},
    };

    fn of(query: SearchQuery, book: Vec<PriceId>) -> String {
        let carrier = Arc::new(FakeCarrier::new([], Script::calm()));
        key(&Source { carrier, query, priority: 100, book }, 0, 200)
    }

    #[test]
    fn a_question_has_one_spelling() {
        let one = SearchQuery {
            country: "US".to_owned(),
            types: vec![NumberType::TollFree, NumberType::Local],
            exclude: vec!["4".to_owned(), "13".to_owned(), "4".to_owned()],
            locality: Some("  new   YORK ".to_owned()),
            region: Some(String::new()),
            capabilities: vec![Capability::Sms, Capability::Voice],
            near: Some(Near { latitude: 40.710_001, longitude: -74.0, within_km: 50.0 }),
            ..SearchQuery::default()
        };
        let other = SearchQuery {
            country: "us".to_owned(),
            types: vec![NumberType::Local, NumberType::TollFree],
            exclude: vec!["13".to_owned(), "4".to_owned()],
            locality: Some("New York".to_owned()),
            region: None,
            capabilities: vec![Capability::Voice, Capability::Sms],
            near: Some(Near { latitude: 40.71, longitude: -74.000_001, within_km: 50.0 }),
            ..SearchQuery::default()
        };
        let (a, b) = (PriceId::new(1), PriceId::new(2));
        assert_eq!(of(one.clone(), vec![a, b]), of(other.clone(), vec![b, a]));
        assert_ne!(of(one.clone(), vec![a]), of(other, vec![b]), "another price book");
        let strict = SearchQuery { no_papers: true, ..one.clone() };
        assert_ne!(of(one, vec![a]), of(strict, vec![a]));
    }

    #[test]
    fn texts_cannot_run_into_each_other() {
        let town = SearchQuery { locality: Some("a\", \"b".to_owned()), ..SearchQuery::default() };
        let both = SearchQuery {
            locality: Some("a".to_owned()),
            region: Some("b".to_owned()),
            ..SearchQuery::default()
        };
        assert_ne!(of(town, Vec::new()), of(both, Vec::new()));
    }
}
