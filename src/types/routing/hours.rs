//! Business hours: a week's intervals and holidays in one IANA zone.
//!
//! "Open now?" is asked of an instant, whose civil time is never ambiguous. When the next change
//! comes is found by trying the instants at which it could: every civil bound (both of them where
//! the clock is set back) and every change of the zone's offset, so that the answer always agrees
//! with the first question. A bound that falls into a gap counts from the gap's end.

use super::{Interval, Next, Typed};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// When somebody is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// IANA zone, never an offset.
    pub zone: String,
    /// Monday to Sunday.
    pub week: [Vec<Interval>; 7],
    /// Days that are not like others.
    pub holidays: Vec<Holiday>,
    /// While open.
    pub open: Option<Next>,
    /// While closed.
    pub closed: Option<Next>,
    /// On a holiday, outside its own hours; none: as while closed.
    pub holiday: Option<Next>,
}

/// A day that is not like others, by the civil date in the zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holiday {
    /// The day; of a yearly holiday only month and day count.
    pub date: Typed<NaiveDate>,
    /// Every year.
    pub yearly: bool,
    /// What it is called.
    pub name: String,
    /// Its own hours; none: closed all day.
    pub hours: Vec<Interval>,
}

impl Holiday {
    /// True when the holiday falls on that day.
    pub fn falls_on(&self, day: NaiveDate) -> bool {
        match self.date.read() {
            Some(date) if self.yearly => (date.month(), date.day()) == (day.month(), day.day()),
            Some(date) => *date == day,
            None => false,
        }
    }
}

impl Hours {
    /// Monday to Friday, nine to five.
    pub fn office(zone: &str) -> Self {
        let day = || vec![Interval::of(9 * 60, 17 * 60)];
        Self {
            zone: zone.to_owned(),
            week: [day(), day(), day(), day(), day(), Vec::new(), Vec::new()],
            holidays: Vec::new(),
            open: None,
            closed: None,
            holiday: None,
        }
    }

    /// The holiday that a day is, the one-off before the yearly.
    pub fn holiday_on(&self, day: NaiveDate) -> Option<&Holiday> {
        self.holidays.iter().filter(|h| h.falls_on(day)).min_by_key(|h| h.yearly)
    }

    /// The intervals that begin on a day.
    pub fn of_day(&self, day: NaiveDate) -> &[Interval] {
        match self.holiday_on(day) {
            Some(holiday) => &holiday.hours,
            None => &self.week[day.weekday().num_days_from_monday() as usize],
        }
    }

    /// Two intervals that overlap, as day of the week (Monday 0) and interval, over the turn of
    /// the week too.
    pub fn overlap(&self) -> Option<[(usize, &Interval); 2]> {
        const WEEK: u32 = 7 * 1440;
        let mut all: Vec<(u32, u32, usize, &Interval)> = Vec::new();
        for (day, intervals) in self.week.iter().enumerate() {
            for interval in intervals {
                let Some((from, to)) = interval.minutes() else { continue };
                let shift = u32::try_from(day).unwrap_or(0) * 1440;
                all.push((from + shift, to + shift, day, interval));
            }
        }
        all.sort_by_key(|a| a.0);
        for two in all.windows(2) {
            if two[0].1 > two[1].0 {
                return Some([(two[0].2, two[0].3), (two[1].2, two[1].3)]);
            }
        }
        let (first, last) = (all.first()?, all.last()?);
        (all.len() > 1 && last.1 > first.0 + WEEK).then_some([(last.2, last.3), (first.2, first.3)])
    }
}

#[cfg(feature = "zones")]
pub use zoned::{Opening, next_change, opening};

#[cfg(feature = "zones")]
mod zoned {
    use super::{Hours, Interval};
    use chrono::{DateTime, Days, NaiveTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
    use chrono_tz::Tz;

    /// What the hours say of an instant.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Opening {
        /// Somebody is there.
        Open,
        /// Nobody is.
        Closed,
        /// Nobody is, because of a holiday.
        Holiday,
    }

    /// What the hours say of an instant; nothing when the zone does not exist.
    pub fn opening(hours: &Hours, at: DateTime<Utc>) -> Option<Opening> {
        let zone: Tz = hours.zone.parse().ok()?;
        Some(opening_in(hours, zone, at))
    }

    fn opening_in(hours: &Hours, zone: Tz, at: DateTime<Utc>) -> Opening {
        let local = at.with_timezone(&zone).naive_local();
        let (day, minute) = (local.date(), local.time().num_seconds_from_midnight() / 60);
        let within = |day: Option<chrono::NaiveDate>, minute: u32| {
            day.is_some_and(|d| {
                hours
                    .of_day(d)
                    .iter()
                    .filter_map(Interval::minutes)
                    .any(|(from, to)| from <= minute && minute < to)
            })
        };
        if within(Some(day), minute) || within(day.pred_opt(), minute + 1440) {
            Opening::Open
        } else if hours.holiday_on(day).is_some() {
            Opening::Holiday
        } else {
            Opening::Closed
        }
    }

    /// The first instant after `at` at which the hours say something else, and what; nothing when
    /// that is more than a year away.
    pub fn next_change(hours: &Hours, at: DateTime<Utc>) -> Option<(DateTime<Utc>, Opening)> {
        let zone: Tz = hours.zone.parse().ok()?;
        let now = opening_in(hours, zone, at);
        let today = at.with_timezone(&zone).date_naive();
        // Without holidays a week is like another, but for a bound in the gap of a clock's change.
        let furthest = if hours.holidays.is_empty() { 15 } else { 370 };
        for ahead in 0..=furthest {
            let day = today.checked_add_days(Days::new(ahead))?;
            let mut instants = bounds(hours, zone, day);
            instants.extend(offset_change(zone, day));
            instants.sort_unstable();
            let found = instants
                .into_iter()
                .filter(|&i| i > at)
                .map(|i| (i, opening_in(hours, zone, i)))
                .find(|(_, opening)| *opening != now);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The instants of a day's civil bounds.
    fn bounds(hours: &Hours, zone: Tz, day: chrono::NaiveDate) -> Vec<DateTime<Utc>> {
        let ends_today = day.pred_opt().into_iter().flat_map(|d| {
            hours
                .of_day(d)
                .iter()
                .filter_map(Interval::minutes)
                .filter(|(_, to)| *to >= 1440)
                .map(|(_, to)| to - 1440)
                .collect::<Vec<_>>()
        });
        hours
            .of_day(day)
            .iter()
            .filter_map(Interval::minutes)
            .flat_map(|(from, to)| [from, to])
            .filter(|m| *m < 1440)
            .chain(ends_today)
            .chain([0])
            .flat_map(|minute| {
                let local = day.and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::from(minute));
                let found = zone.from_local_datetime(&local);
                [found.earliest(), found.latest()]
            })
            .flatten()
            .map(|i| i.with_timezone(&Utc))
            .collect()
    }

    /// The instant within a day at which the zone's offset changes.
    fn offset_change(zone: Tz, day: chrono::NaiveDate) -> Option<DateTime<Utc>> {
        let offset = |i: i64| -> Option<i32> {
            let instant = DateTime::from_timestamp(i, 0)?;
            Some(zone.offset_from_utc_datetime(&instant.naive_utc()).fix().local_minus_utc())
        };
        let middle = day.and_time(NaiveTime::MIN).and_utc().timestamp()
            - i64::from(zone.offset_from_utc_date(&day).fix().local_minus_utc());
        let (mut before, mut after) = (middle - 3 * 3600, middle + 27 * 3600);
        let first = offset(before)?;
        if offset(after)? == first {
            return None;
        }
        while after - before > 1 {
            let half = i64::midpoint(before, after);
            if offset(half)? == first { before = half } else { after = half }
        }
        DateTime::from_timestamp(after, 0).filter(|i| i.with_timezone(&zone).date_naive() == day)
    }
}
