//! The numbers of a tenant: the list, each number's pages, release, work on many at once: on those
//! chosen in the list, and by a sheet.

mod bulk;
mod bulk_form;
mod detail;
mod export;
mod filter;
mod list;
mod release;
mod settings;
mod sheet_form;
mod sheet_view;
mod sheets;

use crate::{
    Access, Answer, App, PageError, Route, Screen,
    access::Person,
    layout::Place,
    route::{get, post},
    ui::{Tab, Tabs},
};
use axum::response::Response;
use leptos::prelude::*;
use voxlink_domain::{Ctx, numbers::NumberError};
use voxlink_types::{E164, ids::NumberId, role::TenantRole};

/// The rows of this area.
pub fn routes() -> Vec<Route> {
    vec![
        get("/numbers", Access::Viewer, list::show),
        get("/numbers/export.csv", Access::Viewer, export::download),
        get("/numbers/bulk", Access::Manager, sheets::front),
        post("/numbers/bulk", Access::Manager, bulk_form::submit),
        get("/numbers/bulk/new", Access::Manager, sheet_form::show),
        post("/numbers/bulk/new", Access::Manager, sheet_form::submit),
        get("/numbers/bulk/template.csv", Access::Viewer, sheet_form::template),
        get("/numbers/bulk/{run}", Access::Viewer, sheets::show),
        get("/numbers/bulk/{run}/result.csv", Access::Viewer, sheets::result),
        post("/numbers/bulk/{run}/start", Access::Manager, sheets::start),
        post("/numbers/bulk/{run}/stop", Access::Manager, sheets::stop),
        post("/numbers/bulk/{run}/resume", Access::Manager, sheets::resume),
        post("/numbers/bulk/{run}/discard", Access::Manager, sheets::discard),
        get("/numbers/{id}", Access::Viewer, detail::show),
        get("/numbers/{id}/settings", Access::Viewer, settings::show),
        post("/numbers/{id}/name", Access::Manager, settings::rename),
        post("/numbers/{id}/campaign", Access::Manager, settings::campaign),
        post("/numbers/{id}/notes", Access::Manager, settings::notes),
        post("/numbers/{id}/tags", Access::Manager, settings::tags),
        post("/numbers/{id}/suspend", Access::Manager, settings::suspend),
        post("/numbers/{id}/resume", Access::Manager, settings::resume),
        get("/numbers/{id}/release", Access::Manager, release::show),
        post("/numbers/{id}/release", Access::Manager, release::submit),
        post("/numbers/{id}/undo-release", Access::Manager, release::undo),
    ]
}

/// A number's id from an address; what is none of ours does not exist.
fn id_of(text: &str) -> Result<NumberId, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}

/// Keeps what a verb did and gives `answer`, or undoes it and shows the page again with what is
/// wrong.
async fn finish<T>(
    cx: Ctx,
    done: Result<T, NumberError>,
    answer: Response,
    again: impl AsyncFnOnce(NumberError) -> Answer,
) -> Answer {
    match done {
        Ok(_) => {
            cx.commit().await?;
            Ok(answer)
        }
        Err(error) => {
            drop(cx);
            again(error).await
        }
    }
}

/// The same for what changes what callers hear: they hear it by the time the page says so.
async fn finish_in_service<T>(
    app: &App,
    cx: Ctx,
    done: Result<T, NumberError>,
    answer: Response,
    again: impl AsyncFnOnce(NumberError) -> Answer,
) -> Answer {
    let changes = done.is_ok();
    let answer = finish(cx, done, answer, again).await?;
    if changes {
        app.platform.follow_now().await;
    }
    Ok(answer)
}

/// Whether a person may change numbers: what they may not do is not offered.
fn may_change(person: &impl Person) -> bool {
    person.member().is_some_and(|m| m.tenant_role >= TenantRole::Manager && m.suspended.is_none())
}

/// The page of a number that has this title; its heading is the number.
fn screen(number: &E164) -> Screen {
    Screen::new(number.international()).at(Place::Numbers).under("Numbers", "/numbers")
}

/// Which of a number's pages is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberTab {
    /// What it is, does and costs.
    Overview,
    /// What happens when it rings.
    Routing,
    /// Names, tags, suspension, release.
    Settings,
}

/// A number's pages, side by side; the page of each shows them first.
#[component]
pub fn NumberTabs(
    /// Whose pages they are.
    id: NumberId,
    /// The one that is open.
    current: NumberTab,
) -> impl IntoView {
    let tab = |label: &str, path: &str, which: NumberTab| {
        Tab::new(label, format!("/numbers/{id}{path}"), which == current)
    };
    let tabs = vec![
        tab("Overview", "", NumberTab::Overview),
        tab("Routing", "/routing", NumberTab::Routing),
        tab("Settings", "/settings", NumberTab::Settings),
    ];
    view! { <Tabs label="This number" tabs /> }
}
