//! The month that is billed: civil days in the billing zone, half-open, and what part of it a
//! number was rented.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use rust_decimal::{Decimal, RoundingStrategy};
use std::{fmt, str::FromStr};
use voxlink_types::rating::PRICE_DECIMALS;

/// A month, as it is typed and shown: `2026-10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BillingMonth {
    first: NaiveDate,
}

/// A text that is not a month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write the month as year and month, such as 2026-10")]
pub struct BadMonth;

impl BillingMonth {
    /// The month that a day is in.
    pub fn of(day: NaiveDate) -> Self {
        Self { first: day.with_day(1).unwrap_or(day) }
    }

    /// The month before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self { first: self.first.checked_sub_months(Months::new(1)).unwrap_or(self.first) }
    }

    /// The month after.
    #[must_use]
    pub fn next(self) -> Self {
        Self { first: self.first.checked_add_months(Months::new(1)).unwrap_or(self.first) }
    }

    /// In words: `October 2026`.
    pub fn name(self) -> String {
        self.first.format("%B %Y").to_string()
    }

    /// The anchor day in this month. A month too short for it has it on its last day; the wish is
    /// kept, so an anchor of 31 is 28 February and 31 March.
    fn anchor(self, wished: u32) -> NaiveDate {
        self.first.with_day(wished).unwrap_or_else(|| {
            self.next().first.checked_sub_days(Days::new(1)).unwrap_or(self.first)
        })
    }
}

impl fmt::Display for BillingMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first.format("%Y-%m"))
    }
}

impl FromStr for BillingMonth {
    type Err = BadMonth;
    fn from_str(text: &str) -> Result<Self, BadMonth> {
        if text.len() != 7 {
            return Err(BadMonth);
        }
        let first = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d");
        first.map(|first| Self { first }).map_err(|_| BadMonth)
    }
}

/// A billing period: civil days [from, to) in the zone, and the instants that they begin at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Its first day.
    pub from: NaiveDate,
    /// The first day after it.
    pub to: NaiveDate,
    /// The billing zone.
    pub zone: Tz,
}

impl Period {
    /// The period that begins on the anchor day of `month`.
    pub fn new(month: BillingMonth, anchor_day: u32, zone: Tz) -> Self {
        Self { from: month.anchor(anchor_day), to: month.next().anchor(anchor_day), zone }
    }

    /// The period that `now` is in.
    pub fn containing(now: DateTime<Utc>, anchor_day: u32, zone: Tz) -> Self {
        let today = now.with_timezone(&zone).date_naive();
        let month = BillingMonth::of(today);
        let begun = Self::new(month, anchor_day, zone);
        if today < begun.from { Self::new(month.previous(), anchor_day, zone) } else { begun }
    }

    /// Its first instant.
    pub fn start(&self) -> DateTime<Utc> {
        start_of_day(self.from, self.zone)
    }

    /// The first instant after it.
    pub fn end(&self) -> DateTime<Utc> {
        start_of_day(self.to, self.zone)
    }

    /// An instant well inside, by which a period is recognised even if the zone was changed.
    pub fn middle(&self) -> DateTime<Utc> {
        self.start() + (self.end() - self.start()) / 2
    }

    /// Its days. A day on which the clocks change is one day.
    pub fn days(&self) -> i64 {
        (self.to - self.from).num_days()
    }

    /// The days of [from, to) that are in this period, if any.
    pub fn part(&self, from: NaiveDate, to: Option<NaiveDate>) -> Option<Self> {
        let from = self.from.max(from);
        let to = to.map_or(self.to, |to| to.min(self.to));
        (from < to).then_some(Self { from, to, zone: self.zone })
    }

    /// What a monthly price comes to for `part` of this period: by days, the denominator being the
    /// whole period; exact to 8 decimals, and the price itself for the whole.
    pub fn prorate(&self, monthly: Decimal, part: &Self) -> Option<Decimal> {
        if part.days() == self.days() {
            return Some(monthly);
        }
        let exact = monthly.checked_mul(part.days().into())?.checked_div(self.days().into())?;
        Some(exact.round_dp_with_strategy(PRICE_DECIMALS, RoundingStrategy::MidpointAwayFromZero))
    }
}

/// The first instant of a day. Where the clocks jump over midnight it is the first minute that
/// exists; where midnight comes twice, the earlier.
pub fn start_of_day(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    (0..=180)
        .find_map(|minutes| {
            zone.from_local_datetime(&(midnight + TimeDelta::minutes(minutes))).earliest()
        })
        .map_or_else(|| midnight.and_utc(), |local| local.to_utc())
}

/// The day after the month that an order pays with a purchase: the same day of the next month, or
/// its last.
pub fn end_of_first_month(started_on: NaiveDate) -> NaiveDate {
    started_on.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn period(month: &str, anchor: u32, zone: Tz) -> Period {
        Period::new(month.parse().unwrap(), anchor, zone)
    }

    #[test]
    fn an_anchor_is_clamped_and_remembered() {
        for (month, anchor, from, to) in [
            ("2027-01", 31, "2027-01-31", "2027-02-28"),
            ("2027-02", 31, "2027-02-28", "2027-03-31"),
            ("2028-02", 31, "2028-02-29", "2028-03-31"),
            ("2028-02", 1, "2028-02-01", "2028-03-01"),
            ("2026-12", 15, "2026-12-15", "2027-01-15"),
        ] {
            let p = period(month, anchor, Tz::UTC);
            assert_eq!((p.from, p.to), (day(from), day(to)), "{month} {anchor}");
        }
    }

    #[test]
    fn a_period_begins_and_ends_at_midnight_of_its_zone() {
        // The clocks go back on 1 November 2026 in New York, at two in the morning.
        let november = period("2026-11", 1, Tz::America__New_York);
        assert_eq!(november.start().to_rfc3339(), "2026-11-01T04:00:00+00:00");
        assert_eq!(november.end().to_rfc3339(), "2026-12-01T05:00:00+00:00");
        assert_eq!(november.days(), 30);
        // In Beirut the clocks go forward at midnight: the day begins at one.
        let april =
            Period { from: day("2026-03-29"), to: day("2026-04-29"), zone: Tz::Asia__Beirut };
        assert_eq!(april.start().to_rfc3339(), "2026-03-28T22:00:00+00:00");
        assert_eq!(
            april.start().with_timezone(&Tz::Asia__Beirut).to_string(),
            "2026-03-29 01:00:00 EEST"
        );
    }

    #[test]
    fn rent_is_by_days_of_the_whole_period() {
        let february = period("2028-02", 1, Tz::UTC);
        let monthly = Decimal::from(29);
        let part = |from: &str, to: Option<&str>| {
            february
                .part(day(from), to.map(day))
                .map(|p| (p.days(), february.prorate(monthly, &p).unwrap()))
        };
        assert_eq!(part("2020-01-01", None), Some((29, monthly)));
        assert_eq!(part("2028-02-10", None), Some((20, Decimal::from(20))));
        assert_eq!(part("2028-02-10", Some("2028-02-11")), Some((1, Decimal::ONE)));
        assert_eq!(part("2028-02-10", Some("2028-02-10")), None);
        assert_eq!(part("2028-03-01", None), None);
        assert_eq!(part("2027-03-01", Some("2028-02-01")), None);
    }

    #[test]
    fn the_first_month_ends_on_the_same_day_of_the_next() {
        assert_eq!(end_of_first_month(day("2026-11-16")), day("2026-12-16"));
        assert_eq!(end_of_first_month(day("2027-01-31")), day("2027-02-28"));
    }

    #[test]
    fn a_month_is_read_strictly() {
        assert_eq!("2026-10".parse::<BillingMonth>().unwrap().to_string(), "2026-10");
        for bad in ["", "2026", "2026-13", "2026-1", "26-10", "2026-10-01", "october"] {
            assert!(bad.parse::<BillingMonth>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn periods_follow_each_other_without_gap_or_overlap(months in 0u32..240, anchor in 1u32..=31, zone in prop::sample::select(vec![Tz::UTC, Tz::America__New_York, Tz::Europe__Berlin, Tz::Asia__Beirut, Tz::Pacific__Apia, Tz::America__Sao_Paulo])) {
            let month = BillingMonth::of(day("2015-01-01") + Months::new(months));
            let (this, next) = (Period::new(month, anchor, zone), Period::new(month.next(), anchor, zone));
            prop_assert_eq!(this.to, next.from);
            prop_assert_eq!(this.end(), next.start());
            prop_assert!((27..=32).contains(&this.days()));
            prop_assert_eq!(Period::containing(this.start(), anchor, zone), this);
            prop_assert_eq!(Period::containing(this.end() - TimeDelta::seconds(1), anchor, zone), this);
        }

        #[test]
        fn parts_of_a_period_cost_as_much_as_the_whole(cut in 0u64..31, monthly in 0i64..10_000_000) {
            let october = period("2026-10", 1, Tz::Europe__Berlin);
            let monthly = Decimal::new(monthly, 2);
            let at = october.from + Days::new(cut);
            let cost = |from, to| october.part(from, to).map_or(Decimal::ZERO, |p| october.prorate(monthly, &p).unwrap());
            let sum = cost(october.from, Some(at)) + cost(at, None);
            prop_assert!((sum - monthly).abs() <= Decimal::new(1, 8));
        }
    }
}
