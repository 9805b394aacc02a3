//! Requests by operation and day: sums, failures by code, mean and p99. Pure.

use chrono::NaiveDate;
use std::{collections::BTreeMap, time::Duration};
use voxlink_gateways::carrier::NOT_ASKED;

/// How long requests took: their sum, and how many were within which time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Took {
    within_ms: BTreeMap<i32, i64>,
    requests: i64,
    micros: i64,
}

impl Took {
    /// On average; none of nothing.
    pub fn mean(&self) -> Option<Duration> {
        let mean = self.micros.checked_div(self.requests)?;
        u64::try_from(mean).ok().map(Duration::from_micros)
    }

    /// 99 of 100 took at most so long: the upper bound of the bucket in which the last of them is.
    pub fn p99(&self) -> Option<Duration> {
        let wanted = self.requests.saturating_mul(99).saturating_add(99) / 100;
        let mut seen = 0;
        let bucket = self.within_ms.iter().find(|(_, requests)| {
            seen += **requests;
            seen >= wanted
        });
        bucket.map(|(within, _)| Duration::from_millis(u64::from(within.unsigned_abs())))
    }
}

/// Requests together. What was never sent, because the carrier is left alone, is none of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requests {
    /// How many.
    pub count: i64,
    /// Of them not done, by code of a [`voxlink_gateways::CarrierError`].
    pub failures: BTreeMap<String, i64>,
    /// Besides, so many were not sent.
    pub not_asked: i64,
    /// How long they took, the failed ones with them.
    pub took: Took,
}

impl Requests {
    /// How many were not done.
    pub fn failed(&self) -> i64 {
        self.failures.values().sum()
    }

    fn add(&mut self, row: &Row) {
        if row.outcome == NOT_ASKED {
            self.not_asked += row.requests;
            return;
        }
        self.count += row.requests;
        if row.outcome != "ok" {
            *self.failures.entry(row.outcome.clone()).or_default() += row.requests;
        }
        *self.took.within_ms.entry(row.within_ms).or_default() += row.requests;
        self.took.requests += row.requests;
        self.took.micros += row.took_micros;
    }
}

/// What one operation came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operation {
    /// The adapter's word: `search`, `buy`, …
    pub name: String,
    /// Over all days.
    pub whole: Requests,
    /// Each day (UTC) that had some, the newest first.
    pub days: Vec<(NaiveDate, Requests)>,
}

/// A stored row.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub day: NaiveDate,
    pub operation: String,
    pub outcome: String,
    pub within_ms: i32,
    pub requests: i64,
    pub took_micros: i64,
}

/// Operations by name.
pub(super) fn by_operation(rows: &[Row]) -> Vec<Operation> {
    let mut all: BTreeMap<&str, (Requests, BTreeMap<NaiveDate, Requests>)> = BTreeMap::new();
    for row in rows {
        let (whole, days) = all.entry(&row.operation).or_default();
        whole.add(row);
        days.entry(row.day).or_default().add(row);
    }
    let operation = |(name, (whole, days)): (&str, (Requests, BTreeMap<_, _>))| Operation {
        name: name.to_owned(),
        whole,
        days: days.into_iter().rev().collect(),
    };
    all.into_iter().map(operation).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(day: u32, operation: &str, outcome: &str, within_ms: i32, requests: i64) -> Row {
        Row {
            day: NaiveDate::from_ymd_opt(2026, 11, day).unwrap(),
            operation: operation.to_owned(),
            outcome: outcome.to_owned(),
            within_ms,
            requests,
            took_micros: requests * i64::from(within_ms) * 500,
        }
    }

    #[test]
    fn requests_are_summed_by_operation_and_day() {
        let all = by_operation(&[
            row(15, "search", "ok", 100, 98),
            row(16, "search", "ok", 100, 98),
            row(16, "search", "carrier_failed", 4_000, 4),
            row(16, "search", NOT_ASKED, 5, 900),
            row(16, "buy", "number_unavailable", 200, 1),
        ]);
        let names: Vec<&str> = all.iter().map(|operation| operation.name.as_str()).collect();
        assert_eq!(names, ["buy", "search"]);
        let search = &all[1];
        assert_eq!((search.whole.count, search.whole.failed()), (200, 4));
        assert_eq!(search.whole.failures.get("carrier_failed"), Some(&4));
        assert_eq!((search.whole.not_asked, all[0].whole.not_asked), (900, 0), "counted apart");
        assert_eq!(search.whole.took.p99(), Some(Duration::from_secs(4)));
        assert_eq!(search.whole.took.mean(), Some(Duration::from_millis(89)));
        let [(newest, today), (_, before)] = &search.days[..] else { panic!("{:?}", search.days) };
        assert_eq!(newest.to_string(), "2026-11-16");
        assert_eq!((today.count, today.failed(), before.failed()), (102, 4, 0));
        assert_eq!(before.took.p99(), Some(Duration::from_millis(100)));
    }

    #[test]
    fn one_slow_request_of_a_hundred_is_beyond_the_p99_and_two_are_not() {
        let p99 = |slow| {
            let rows = [row(1, "buy", "ok", 100, 100 - slow), row(1, "buy", "ok", 8_000, slow)];
            by_operation(&rows)[0].whole.took.p99().unwrap().as_millis()
        };
        assert_eq!((p99(1), p99(2)), (100, 8_000));
        assert_eq!(Took::default().p99(), None);
        assert_eq!(Took::default().mean(), None);
    }
}
