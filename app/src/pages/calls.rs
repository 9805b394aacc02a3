//! Calls: the list with its filters and its export, and one call with why it went the way it did.

mod detail;
mod list;

pub(super) use list::{outcome, spoken};

use crate::query::Query;
use crate::{
    Access, Answer, App, Route, Screen, Wrong,
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
use leptos::prelude::provide_context;
use serde::Deserialize;
use std::str::FromStr;
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
    campaign: Option<String>,
    status: Option<String>,
    direction: Option<String>,
    from: Option<String>,
    until: Option<String>,
    page: Option<String>,
}

/// What a field holds, nothing where it is empty; `remedy` where it cannot be read.
fn read<T: FromStr>(field: &str, typed: Option<&String>, remedy: &str) -> Result<Option<T>, Wrong> {
    let typed = typed.map(|text| text.trim()).filter(|text| !text.is_empty());
    typed.map(|text| text.parse().map_err(|_| Wrong::field(field, remedy))).transpose()
}

impl Asked {
    /// Whether anything is asked for but a page.
    fn narrows(&self) -> bool {
        [
            &self.q,
            &self.number,
            &self.campaign,
            &self.status,
            &self.direction,
            &self.from,
            &self.until,
        ]
        .into_iter()
        .flatten()
        .any(|text| !text.trim().is_empty())
    }

    /// As it is asked for, or the first field that makes no sense; days are days of the person's
    /// zone, both included.
    fn filter(&self, zone: Tz) -> Result<CallFilter, Wrong> {
        let day = "Write the day as 2026-11-30.";
        let list = "Choose one of the list.";
        let digits = self.q.clone().filter(|q| !q.trim().is_empty());
        if digits.as_ref().is_some_and(|q| !q.chars().any(|c| c.is_ascii_digit())) {
            return Err(Wrong::whole("Search for digits of a number, such as 0123."));
        }
        let direction = self.direction.clone().filter(|d| !d.trim().is_empty());
        if direction.as_ref().is_some_and(|d| d != "inbound" && d != "outbound") {
            return Err(Wrong::field("direction", list));
        }
        let begins = |day: NaiveDate| -> Option<DateTime<Utc>> {
            let midnight = day.and_time(NaiveTime::MIN);
            let found = zone.from_local_datetime(&midnight).earliest();
            Some(found.map_or_else(|| midnight.and_utc(), |t| t.with_timezone(&Utc)))
        };
        let from: Option<NaiveDate> = read("from", self.from.as_ref(), day)?;
        let until: Option<NaiveDate> = read("until", self.until.as_ref(), day)?;
        // The number is no field of the form: it came with a link.
        let number = read("number", self.number.as_ref(), "")
            .map_err(|_| Wrong::whole("There is no such number in your account."))?;
        let campaign = read("campaign", self.campaign.as_ref(), "")
            .map_err(|_| Wrong::whole("There is no such campaign in your account."))?;
        Ok(CallFilter {
            digits,
            number,
            campaign,
            status: read("status", self.status.as_ref(), list)?,
            direction,
            from: from.and_then(begins),
            until: until.and_then(|d| d.checked_add_days(Days::new(1))).and_then(begins),
        })
    }
}

fn zone_of(person: &impl Person) -> Tz {
    person.member().and_then(|m| m.time_zone.parse().ok()).unwrap_or(Tz::UTC)
}

async fn show(State(app): State<App>, person: Viewer, Query(asked): Query<Asked>) -> Answer {
    let page = asked.page.as_deref().and_then(|p| p.parse().ok()).unwrap_or(1);
    let filter = match asked.filter(zone_of(&person)) {
        Ok(filter) => filter,
        Err(wrong) => {
            return Screen::new("Calls")
                .at(Place::Calls)
                .status(wrong.status())
                .render(&app, &person, move || {
                    provide_context(wrong.clone());
                    list::unread(&asked, &wrong)
                })
                .await;
        }
    };
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
    let filter = asked.filter(zone).map_err(|wrong| PageError {
        status: wrong.status(),
        sentence: Some("The filters cannot be read. Choose them in the list of calls.".to_owned()),
    })?;
    let file = calls::export(&mut cx, &filter, zone).await?;
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
    fn what_cannot_be_read_is_told_and_not_dropped() {
        let typed = |text: &str| Some(text.to_owned());
        for (asked, field) in [
            (Asked { from: typed("abc"), ..Asked::default() }, "from"),
            (Asked { until: typed("31.12.2026"), ..Asked::default() }, "until"),
            (Asked { status: typed("sleeping"), ..Asked::default() }, "status"),
            (Asked { direction: typed("upwards"), ..Asked::default() }, "direction"),
        ] {
            let wrong = asked.filter(Tz::UTC).unwrap_err();
            assert!(wrong.about(field).is_some(), "{asked:?}");
            assert_eq!(wrong.status().as_u16(), 422);
        }
        let good = Asked { from: typed(" 2026-11-20 "), until: typed(""), ..Asked::default() };
        let filter = good.filter(Tz::UTC).unwrap();
        assert!(filter.from.is_some() && filter.until.is_none());
        assert!(Asked { q: typed("abc"), ..Asked::default() }.filter(Tz::UTC).is_err());
        let asked = |q: &str| Asked { q: Some(q.to_owned()), ..Asked::default() };
        assert!(asked("x").narrows() && !asked(" ").narrows());
    }
}
