//! Filters of the administrators' lists as they stand in the address.

use crate::Wrong;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use std::str::FromStr;
use voxlink_types::PageRequest;

/// From the one instant until before the other.
pub(super) type Span = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// What any of the lists may be asked for.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub(super) struct Wanted {
    q: Option<String>,
    pub state: Option<String>,
    pub tenant: Option<String>,
    pub actor: Option<String>,
    pub action: Option<String>,
    pub resource: Option<String>,
    from: Option<String>,
    to: Option<String>,
    page: Option<u32>,
}

impl Wanted {
    /// The search box.
    pub fn search(&self) -> String {
        self.q.clone().unwrap_or_default()
    }

    /// The page, of 50 rows.
    pub fn request(&self) -> PageRequest {
        self.request_of(50)
    }

    /// The page, of so many rows.
    pub fn request_of(&self, rows: u32) -> PageRequest {
        PageRequest::new(self.page.unwrap_or(1), rows)
    }

    /// A value that may be absent; what cannot be read is no filter.
    pub fn parsed<T: FromStr>(text: Option<&String>) -> Option<T> {
        text.and_then(|text| text.trim().parse().ok())
    }

    /// A word that may be absent.
    pub fn word(text: Option<&String>) -> Option<String> {
        text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
    }

    /// The days that are asked for, in the person's zone: from the first's beginning to the
    /// last's end; or the field that is no day.
    pub fn days(&self, zone: &str) -> Result<Span, Wrong> {
        let zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::UTC);
        let begin = |day: NaiveDate| {
            let local = zone.from_local_datetime(&day.and_time(NaiveTime::MIN));
            local.earliest().map(|t| t.with_timezone(&Utc))
        };
        let day = |field: &str, typed: Option<&String>| {
            let read = Self::word(typed).map(|text| text.parse::<NaiveDate>()).transpose();
            read.map_err(|_| Wrong::field(field, "Write the day as 2026-11-30."))
        };
        let from = day("from", self.from.as_ref())?;
        let to = day("to", self.to.as_ref())?;
        Ok((from.and_then(begin), to.and_then(|day| day.succ_opt()).and_then(begin)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_zone() {
        let wanted = Wanted {
            from: Some("2026-11-20".to_owned()),
            to: Some("2026-11-20".to_owned()),
            ..Wanted::default()
        };
        let (from, to) = wanted.days("America/New_York").unwrap();
        assert_eq!(from.unwrap().to_rfc3339(), "2026-11-20T05:00:00+00:00");
        assert_eq!(to.unwrap().to_rfc3339(), "2026-11-21T05:00:00+00:00");
        let wanted = Wanted { to: Some("abc".to_owned()), ..Wanted::default() };
        assert!(wanted.days("UTC").unwrap_err().about("to").is_some());
    }
}
