//! When a civil time comes in a zone: once, twice where the clock is set back, or never where it
//! is set forward.

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// The instants of a civil time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// As nearly always.
    Once(DateTime<Utc>),
    /// The clock is set back: the first and the second time.
    Twice(DateTime<Utc>, DateTime<Utc>),
    /// The clock is set forward over it: the civil time it goes on at, to the minute.
    Never(NaiveDateTime),
}

/// When a civil time comes in a zone.
pub fn moment(local: NaiveDateTime, zone: Tz) -> Moment {
    let utc = |at: DateTime<Tz>| at.with_timezone(&Utc);
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) => Moment::Once(utc(at)),
        MappedLocalTime::Ambiguous(first, second) => Moment::Twice(utc(first), utc(second)),
        MappedLocalTime::None => {
            let start = local - TimeDelta::seconds(local.and_utc().timestamp().rem_euclid(60));
            // The longest gap there ever was is a day: islands that crossed the date line.
            let on = (1..=1500)
                .map(|minutes| start + TimeDelta::minutes(minutes))
                .find(|later| zone.from_local_datetime(later).earliest().is_some());
            Moment::Never(on.unwrap_or(local))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_comes_once_twice_or_never() {
        let at = |zone: &str, local: &str| moment(local.parse().unwrap(), zone.parse().unwrap());
        let utc = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let local = |text: &str| text.parse::<NaiveDateTime>().unwrap();
        for (zone, civil, expected) in [
            ("America/New_York", "2026-11-16T10:00:00", Moment::Once(utc("2026-11-16T15:00:00Z"))),
            (
                "America/New_York",
                "2026-11-01T01:30:00",
                Moment::Twice(utc("2026-11-01T05:30:00Z"), utc("2026-11-01T06:30:00Z")),
            ),
            (
                "America/New_York",
                "2026-03-08T02:30:00",
                Moment::Never(local("2026-03-08T03:00:00")),
            ),
            (
                "Australia/Lord_Howe",
                "2026-10-04T02:10:00",
                Moment::Never(local("2026-10-04T02:30:00")),
            ),
            ("Pacific/Apia", "2011-12-30T12:00:00", Moment::Never(local("2011-12-31T00:00:00"))),
        ] {
            assert_eq!(at(zone, civil), expected, "{civil} in {zone}");
        }
    }
}
