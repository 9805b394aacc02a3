//! Asking one carrier one question, within its page's deadline, and keeping what it says.

use super::{
    By, DEEPEST,
    answers::{Answer, key},
    source::Source,
};
use crate::Platform;
use std::{collections::BTreeMap, sync::Arc};
use tokio::time::Instant;
use voxlink_gateways::{
    CarrierError,
    carrier::{Filter, Findings, Offer, SearchQuery},
};

/// The largest portion that a carrier is asked for at once.
const PORTION: u32 = 200;

/// The part of the deadline that a carrier has which kept silent a moment ago: one in so many.
const BRIEFLY: u32 = 5;

/// What stands for a carrier's answer now.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    /// The answer.
    pub answer: Arc<Answer>,
    /// The carrier was asked and did not answer: this is what it said before.
    pub stale: bool,
}

/// What a carrier offers from its `from`th number on, `count` of them: as kept, unless it shall be
/// asked `anew`, else as it answers before `until`, else as it answered last. None when it keeps
/// silent and nothing is kept. Who kept silent a moment ago is given a fifth of the deadline only,
/// so that one carrier that hangs does not make every page wait.
pub(super) async fn told(
    platform: &Platform,
    source: &Source,
    (from, count): (u32, u32),
    until: Instant,
    anew: bool,
) -> Option<Told> {
    let key = key(source, from, count);
    let last = platform.kept_answers().last(&key).await;
    let now = platform.clock().now();
    if let Some(answer) = last.as_ref().filter(|answer| !anew && answer.is_fresh(now)) {
        return Some(Told { answer: Arc::clone(answer), stale: false });
    }
    let carrier = source.carrier.key();
    let answers = platform.kept_answers();
    let (begun, deadline) = (Instant::now(), platform.settings().search_deadline);
    let until =
        if answers.is_silent(source) { until.min(begun + deadline / BRIEFLY) } else { until };
    match tokio::time::timeout_at(until, part(source, from, count)).await {
        Ok(Ok((offers, by))) => {
            answers.speaks(source).await;
            let answer = Arc::new(Answer { offers, by, at: platform.clock().now() });
            answers.keep(key, &answer).await;
            return Some(Told { answer, stale: false });
        }
        Ok(Err(error)) => tracing::warn!(carrier, %error, "a search failed"),
        Err(_) => {
            // Who was asked briefly is not remembered longer for that: when the moment is over it
            // has its whole time again.
            if begun.elapsed() > deadline / 2 {
                answers.keeps_silent(source).await;
            }
            tracing::warn!(carrier, "a search took too long");
        }
    }
    last.filter(|answer| answer.may_stand_in(now)).map(|answer| Told { answer, stale: true })
}

type Part = (Vec<Offer>, BTreeMap<Filter, By>);

/// A part, and whether a condition is left to us.
type Walked = (Vec<Offer>, BTreeMap<Filter, By>, bool);

/// `count` offers from the `from`th on. Where we may drop some of what comes, the carrier's own
/// count says nothing about ours, and the list is walked from its start.
async fn part(source: &Source, from: u32, count: u32) -> Result<Part, CarrierError> {
    let (offers, by, thinned) = walk(source, from, count).await?;
    if from == 0 || !thinned {
        return Ok((offers, by));
    }
    let (mut offers, by, _) = walk(source, 0, from.saturating_add(count)).await?;
    offers.drain(..offers.len().min(from as usize));
    Ok((offers, by))
}

/// `count` offers beginning at the carrier's `from`th, portion by portion; who saw to each
/// condition; whether a condition is left to us, so that some of what came may be dropped.
async fn walk(source: &Source, from: u32, count: u32) -> Result<Walked, CarrierError> {
    let (query, end) = (&source.query, from.saturating_add(count.max(DEEPEST)));
    let mut by: BTreeMap<Filter, By> = BTreeMap::new();
    let (mut offers, mut next, mut thinned) = (Vec::new(), from, false);
    while offers.len() < count as usize && next < end {
        let missing = count - u32::try_from(offers.len()).unwrap_or(count);
        let limit = if thinned { PORTION } else { missing.min(PORTION) };
        let portion = SearchQuery { offset: next, limit, ..query.clone() };
        let findings = source.carrier.search(&portion).await?;
        for filter in query.given() {
            let now = seen_to(query, filter, &findings);
            let known = by.entry(filter).or_insert(now);
            *known = now.max(*known);
        }
        let came = u32::try_from(findings.offers.len()).unwrap_or(limit);
        let ours: Vec<Filter> = query.given().difference(&findings.applied).copied().collect();
        let fits = |offer: &Offer| ours.iter().all(|f| query.met_by(*f, offer) != Some(false));
        offers.extend(findings.offers.into_iter().filter(fits));
        thinned |= !ours.is_empty();
        next = next.saturating_add(came);
        if came < limit {
            break;
        }
    }
    offers.truncate(count as usize);
    Ok((offers, by, thinned))
}

/// Who sees to a condition that a carrier answered so.
fn seen_to(query: &SearchQuery, filter: Filter, findings: &Findings) -> By {
    let untold = |offer: &Offer| query.met_by(filter, offer).is_none();
    if findings.checked.contains(&filter) {
        By::Us
    } else if findings.applied.contains(&filter) {
        By::Carrier
    } else if findings.offers.iter().any(untold) {
        By::Nobody
    } else {
        By::Us
    }
}
