//! Times of day and the intervals between them.

use super::Typed;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A civil time of day in whole minutes, `00:00` to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Clock(u16);

/// A text that is no time of day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a time of day: write it as 09:00; the end of a day is 24:00")]
pub struct BadClock(String);

impl Clock {
    /// Minutes of a day.
    pub const DAY: u16 = 1440;

    /// A time by its minutes since midnight; later than 24:00 becomes 24:00.
    pub const fn from_minutes(minutes: u16) -> Self {
        if minutes > Self::DAY { Self(Self::DAY) } else { Self(minutes) }
    }

    /// Minutes since midnight.
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl FromStr for Clock {
    type Err = BadClock;
    fn from_str(s: &str) -> Result<Self, BadClock> {
        let bad = || BadClock(s.chars().take(20).collect());
        let (hour, minute) = s.trim().split_once(':').ok_or_else(bad)?;
        let part = |t: &str| -> Option<u16> {
            ((1..=2).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit()))
                .then(|| t.parse().ok())?
        };
        let (hour, minute) = (
            part(hour).ok_or_else(bad)?,
            part(minute).filter(|_| minute.len() == 2).ok_or_else(bad)?,
        );
        let minutes = hour * 60 + minute;
        if minute > 59 || minutes > Self::DAY { Err(bad()) } else { Ok(Self(minutes)) }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl TryFrom<String> for Clock {
    type Error = BadClock;
    fn try_from(s: String) -> Result<Self, BadClock> {
        s.parse()
    }
}

impl From<Clock> for String {
    fn from(clock: Clock) -> Self {
        clock.to_string()
    }
}

/// A stretch of time, `from` included and `to` not. Where `to` is not after `from`, it belongs to
/// the day it begins on and ends on the next. Equal ends are no time at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// From then.
    pub from: Typed<Clock>,
    /// Until then.
    pub to: Typed<Clock>,
}

impl Interval {
    /// From minute to minute of a day.
    pub const fn of(from: u16, to: u16) -> Self {
        Self {
            from: Typed::Read(Clock::from_minutes(from)),
            to: Typed::Read(Clock::from_minutes(to)),
        }
    }

    /// From and to, in minutes since the midnight its day begins with; the end may lie beyond
    /// 24:00. Nothing for equal ends, a beginning at 24:00, or a bound that could not be read.
    pub fn minutes(&self) -> Option<(u32, u32)> {
        let (from, to) = (u32::from(self.from.read()?.0), u32::from(self.to.read()?.0));
        if from == to || from >= u32::from(Clock::DAY) {
            return None;
        }
        Some((from, if to > from { to } else { to + u32::from(Clock::DAY) }))
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}–{}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_strictly_and_written_back() {
        for (text, minutes) in [("00:00", 0), ("9:05", 545), ("23:59", 1439), ("24:00", 1440)] {
            assert_eq!(text.parse::<Clock>().unwrap().minutes(), minutes);
        }
        for bad in ["", "24:01", "12:60", "12", "1200", "12:5", "+1:00", "012:00", "١٢:٠٠"] {
            assert!(bad.parse::<Clock>().is_err(), "{bad}");
        }
        assert_eq!(Clock::from_minutes(545).to_string(), "09:05");
    }

    #[test]
    fn an_interval_over_midnight_ends_on_the_next_day() {
        let interval =
            |from: &str, to: &str| Interval { from: Typed::of(from), to: Typed::of(to) }.minutes();
        assert_eq!(interval("09:00", "17:00"), Some((540, 1020)));
        assert_eq!(interval("22:00", "06:00"), Some((1320, 1800)));
        assert_eq!(interval("18:00", "00:00"), Some((1080, 1440)));
        assert_eq!(interval("00:00", "24:00"), Some((0, 1440)));
        assert_eq!(interval("09:00", "09:00"), None);
        assert_eq!(interval("09:00", "late"), None);
    }
}
