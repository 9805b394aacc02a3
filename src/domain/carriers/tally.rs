//! What one server has counted of its traffic with carriers and not yet told the database.

use super::CallbackOutcome;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use voxlink_gateways::carrier::Exchange;

/// The upper bounds of the histogram's buckets in milliseconds: a p99 read from them is at most twice
/// too high. What takes longer than the last, with all of its retries, is counted there.
const WITHIN_MS: [i32; 28] = [
    5, 10, 20, 35, 50, 75, 100, 150, 200, 300, 400, 600, 800, 1_000, 1_500, 2_000, 3_000, 4_000,
    6_000, 8_000, 12_000, 20_000, 30_000, 60_000, 120_000, 240_000, 480_000, 900_000,
];

/// Counts; cheap to clone, and all clones count together.
#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<Mutex<Counted>>);

/// One row of what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    pub carrier: &'static str,
    pub operation: &'static str,
    pub outcome: &'static str,
    pub within_ms: i32,
}

/// How many, and how long together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub requests: i64,
    pub took_micros: i64,
}

/// What was counted since it was last told; breakers stand as they are. Sorted, so that two servers
/// that tell at once lock the same rows in the same order.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub requests: BTreeMap<Kind, Sum>,
    pub callbacks: BTreeMap<(&'static str, CallbackOutcome), i64>,
    pub breakers: BTreeMap<&'static str, bool>,
}

impl Counted {
    pub(super) fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.callbacks.is_empty() && self.breakers.is_empty()
    }
}

impl Tally {
    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request to a carrier.
    pub fn saw(&self, exchange: &Exchange) {
        let kind = Kind {
            carrier: exchange.carrier,
            operation: exchange.operation,
            outcome: exchange.outcome,
            within_ms: bucket(exchange.took),
        };
        let micros = i64::try_from(exchange.took.as_micros()).unwrap_or(i64::MAX);
        let mut counted = self.counted();
        let sum = counted.requests.entry(kind).or_default();
        sum.requests += 1;
        sum.took_micros = sum.took_micros.saturating_add(micros);
    }

    /// Counts something that a carrier called us with.
    pub fn called_back(&self, carrier: &'static str, outcome: CallbackOutcome) {
        *self.counted().callbacks.entry((carrier, outcome)).or_default() += 1;
    }

    /// Keeps how a carrier's breaker stands.
    pub fn breaker(&self, carrier: &'static str, open: bool) {
        self.counted().breakers.insert(carrier, open);
    }

    /// Takes what was counted.
    pub(super) fn take(&self) -> Counted {
        let mut counted = self.counted();
        Counted {
            requests: std::mem::take(&mut counted.requests),
            callbacks: std::mem::take(&mut counted.callbacks),
            breakers: counted.breakers.clone(),
        }
    }

    /// Puts back what could not be told.
    pub(super) fn give_back(&self, back: Counted) {
        let mut counted = self.counted();
        for (kind, sum) in back.requests {
            let all = counted.requests.entry(kind).or_default();
            all.requests += sum.requests;
            all.took_micros = all.took_micros.saturating_add(sum.took_micros);
        }
        for (kind, count) in back.callbacks {
            *counted.callbacks.entry(kind).or_default() += count;
        }
    }
}

/// The bucket of a time.
fn bucket(took: Duration) -> i32 {
    let fits = |most: &i32| took <= Duration::from_millis(u64::from(most.unsigned_abs()));
    let [.., last] = WITHIN_MS;
    WITHIN_MS.into_iter().find(fits).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_falls_into_the_first_bucket_that_holds_it() {
        for (millis, within) in [(0, 5), (5, 5), (6, 10), (999, 1_000), (1_001, 1_500)] {
            assert_eq!(bucket(Duration::from_millis(millis)), within, "{millis} ms");
        }
        assert_eq!(bucket(Duration::from_micros(5_001)), 10);
        assert_eq!(bucket(Duration::from_hours(24)), 900_000);
        assert!(WITHIN_MS.is_sorted());
    }

    #[test]
    fn what_could_not_be_told_is_counted_once() {
        let tally = Tally::default();
        let exchange = Exchange {
            carrier: "twilio",
            operation: "search",
            outcome: "ok",
            took: Duration::from_millis(40),
        };
        tally.saw(&exchange);
        tally.called_back("twilio", CallbackOutcome::Processed);
        tally.breaker("twilio", true);
        let first = tally.take();
        tally.saw(&exchange);
        tally.breaker("twilio", false);
        tally.give_back(first);
        let all = tally.take();
        let sums: Vec<Sum> = all.requests.into_values().collect();
        assert_eq!(sums, [Sum { requests: 2, took_micros: 80_000 }]);
        assert_eq!(all.callbacks.into_values().sum::<i64>(), 1);
        assert_eq!(all.breakers.get("twilio"), Some(&false), "the newest word holds");
        let rest = tally.take();
        assert!(rest.requests.is_empty() && rest.callbacks.is_empty());
    }
}
