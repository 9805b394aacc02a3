//! Calls: the list with its filters and its export, and one call with why it went the way it did.

mod detail;
mod list;

pub(super) use list::{outcome, spoken};

use crate::query::Query;
use crate::{
    Access, Answer, App, Route, Screen,
    access::{Person, Viewer},
    errors::PageError,
    layout::Place,
    route::get,
};
use axum::{
    extract::{Path, State},
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
    response::IntoResponse,
};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::Deserialize;
use voxlink_domain::calls::{self, CallFilter};
use voxlink_types::{E164, PageRequest, ids::CallId};

/// The rows of this area.
pub fn routes() -> Vec<Route> {
    vec![
        get("/calls", Access::Viewer, show),
        get("/calls/export.csv", Access::Viewer, export),
        get("/calls/{id}", Access::Viewer, one),
    ]
}

/// The address's filters, as typed.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Asked {
    q: Option<String>,
    number: Option<String>,
    status: Option<String>,
    direction: Option<String>,
    from: Option<String>,
    until: Option<String>,
    page: Option<String>,
}

impl Asked {
    /// What was typed into the search box.
    fn typed(&self) -> Option<&str> {
        self.q.as_deref().map(str::trim).filter(|q| !q.is_empty())
    }

    /// Whether anything is asked for but a page.
    fn narrows(&self) -> bool {
        [&self.q, &self.number, &self.status, &self.direction, &self.from, &self.until]
            .into_iter()
            .flatten()
            .any(|text| !text.trim().is_empty())
    }

    /// What of it makes sense; days are days of the person's zone, both included.
    fn filter(&self, zone: Tz) -> CallFilter {
        let given = |text: &Option<String>| text.clone().filter(|t| !t.trim().is_empty());
        let day = |text: &Option<String>| given(text)?.parse::<NaiveDate>().ok();
        let begins = |day: NaiveDate| -> Option<DateTime<Utc>> {
            let midnight = day.and_time(NaiveTime::MIN);
            let found = zone.from_local_datetime(&midnight).earliest();
            Some(found.map_or_else(|| midnight.and_utc(), |t| t.with_timezone(&Utc)))
        };
        let digits = self.typed().map(str::to_owned);
        if digits.as_ref().is_some_and(|q| !q.chars().any(|c| c.is_ascii_digit())) {
            // No number holds a word, and no call is as old as this: nothing is found.
            return CallFilter { until: Some(DateTime::UNIX_EPOCH), ..CallFilter::default() };
        }
        CallFilter {
            digits,
            number: given(&self.number).and_then(|n| n.parse().ok()),
            status: given(&self.status).and_then(|s| s.parse().ok()),
            direction: given(&self.direction).filter(|d| d == "inbound" || d == "outbound"),
            from: day(&self.from).and_then(begins),
            until: day(&self.until).and_then(|d| d.checked_add_days(Days::new(1))).and_then(begins),
        }
    }
}

fn zone_of(person: &impl Person) -> Tz {
    person.member().and_then(|m| m.time_zone.parse().ok()).unwrap_or(Tz::UTC)
}

async fn show(State(app): State<App>, person: Viewer, Query(asked): Query<Asked>) -> Answer {
    let page = asked.page.as_deref().and_then(|p| p.parse().ok()).unwrap_or(1);
    let filter = asked.filter(zone_of(&person));
    let mut cx = person.begin(&app.platform).await?;
    let found = calls::calls(&mut cx, &filter, PageRequest::new(page, 25)).await?;
    if let Some(last) = person.look.past_the_end(&found) {
        return Ok(last);
    }
    drop(cx);
    let query = person.look.address().split_once('?').map(|(_, q)| q.to_owned());
    Screen::new("Calls")
        .at(Place::Calls)
        .render(&app, &person, || list::list(&found, &asked, query))
        .await
}

async fn export(State(app): State<App>, person: Viewer, Query(asked): Query<Asked>) -> Answer {
    let zone = zone_of(&person);
    let mut cx = person.begin(&app.platform).await?;
    let file = calls::export(&mut cx, &asked.filter(zone), zone).await?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"calls.csv\""),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, file).into_response())
}

async fn one(State(app): State<App>, person: Viewer, Path(id): Path<String>) -> Answer {
    let id: CallId = id.parse().map_err(|_| PageError::not_found())?;
    let mut cx = person.begin(&app.platform).await?;
    let call = calls::call(&mut cx, id).await?.ok_or_else(PageError::not_found)?;
    drop(cx);
    let (way, other) = match call.row.direction.as_str() {
        "outbound" => ("to", &call.row.to),
        _ => ("from", &call.row.from),
    };
    let other = other.parse::<E164>().map_or_else(|_| other.clone(), |n| n.international());
    Screen::new(format!("Call {way} {other}"))
        .at(Place::Calls)
        .under("Calls", "/calls")
        .render(&app, &person, || detail::detail(&call))
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_without_digits_finds_nothing() {
        let asked = |q: &str| Asked { q: Some(q.to_owned()), ..Asked::default() };
        let filter = |q: &str| asked(q).filter(Tz::UTC);
        assert_eq!(filter("nothing-such").until, Some(DateTime::UNIX_EPOCH));
        assert_eq!(
            filter("020 7946"),
            CallFilter { digits: Some("020 7946".to_owned()), ..CallFilter::default() }
        );
        assert_eq!(filter("  "), CallFilter::default());
        assert!(asked("x").narrows() && !asked(" ").narrows());
    }
}
