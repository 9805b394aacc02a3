//! When a call took place: as the carrier tells it, as long as there is a place for it.
//!
//! Records lie in partitions by the month. A time for which there is none, from a clock that is
//! years off, would have its news refused for ever, and the call would never be billed. Such a time
//! is not believed: the news is dated by its arrival, which is true to the minute for all that
//! carriers tell while a call lasts, and told to the log.

use crate::jobs::upkeep::MONTHS_AHEAD;
use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, Utc};
use std::ops::Range;

/// The months before this one that surely have a partition: one less than the first migration
/// makes, which counts them by the database's own zone.
const MONTHS_BACK: u32 = 11;

/// The times for which records can be kept, seen from `now`. The last month that has one is not
/// counted on: when a month begins, it may not be made yet.
pub fn kept_times(now: DateTime<Utc>) -> Range<DateTime<Utc>> {
    let today = now.date_naive();
    let first = today.with_day(1).unwrap_or(today);
    let at = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    at(first - Months::new(MONTHS_BACK))..at(first + Months::new(MONTHS_AHEAD))
}

/// When news took place that arrives `now`: the time that the carrier tells, its arrival where it
/// tells none or one that cannot be kept.
pub fn dated(told: Option<DateTime<Utc>>, now: DateTime<Utc>, carrier: &str) -> DateTime<Utc> {
    match told {
        Some(at) if kept_times(now).contains(&at) => at,
        Some(at) => {
            tracing::warn!(%at, carrier, "a carrier tells a time that is far off: its news is dated by its arrival");
            now
        }
        None => now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_partition_is_not_believed() {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = time("2026-11-16T15:00:00Z");
        for near in ["2025-12-01T00:00:00Z", "2026-11-16T23:30:00Z", "2027-01-31T23:59:59Z"] {
            assert_eq!(dated(Some(time(near)), now, "local"), time(near));
        }
        for far in ["1970-01-01T00:00:00Z", "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"] {
            assert_eq!(dated(Some(time(far)), now, "local"), now, "{far}");
        }
        assert_eq!(dated(None, now, "local"), now);
    }
}
