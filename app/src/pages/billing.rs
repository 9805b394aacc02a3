//! Balance, statement, usage, invoices, billing address. Topping up stands with the orders.

mod address;
mod calls;
mod invoice;
mod invoices;
mod lines;
mod next;
mod overview;
mod statement;
mod usage;

use crate::{
    Access, App, PageError, Route,
    access::Viewer,
    route::{get, post},
    ui::{Tab, Tabs},
};
use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use leptos::prelude::*;
use voxlink_domain::billing::invoices::{CallFile, CallsOf, call_file as invoices_file};

/// The rows of this area.
pub fn routes() -> Vec<Route> {
    vec![
        get("/billing", Access::Viewer, overview::show),
        post("/billing/low-balance", Access::Manager, overview::low_balance),
        get("/billing/statement", Access::Viewer, statement::show),
        get("/billing/statement.csv", Access::Viewer, statement::csv),
        get("/billing/address", Access::Manager, address::show),
        post("/billing/address", Access::Manager, address::save),
        get("/billing/usage", Access::Viewer, usage::show),
        get("/billing/usage.csv", Access::Viewer, usage::csv),
        get("/billing/invoices", Access::Viewer, invoices::show),
        get("/billing/invoices.csv", Access::Viewer, invoices::csv),
        get("/billing/invoices/next", Access::Viewer, next::show),
        get("/billing/invoices/{id}", Access::Viewer, invoice::show),
        get("/billing/invoices/{id}/pdf", Access::Viewer, invoice::pdf),
        get("/billing/invoices/{id}/lines/{line}", Access::Viewer, calls::show),
        get("/billing/invoices/{id}/lines/{line}/calls.csv", Access::Viewer, calls::csv),
        post("/billing/invoices/{id}/pay", Access::Manager, invoice::pay),
        post("/billing/invoices/{id}/card", Access::Manager, invoice::card),
    ]
}

/// The pages of this area, side by side.
fn tabs(current: &str) -> impl IntoView + use<> {
    let tabs = [
        ("Balance", "/billing"),
        ("Statement", "/billing/statement"),
        ("Usage", "/billing/usage"),
        ("Invoices", "/billing/invoices"),
    ];
    let tabs = tabs.map(|(label, href)| Tab::new(label, href, href == current)).to_vec();
    view! { <Tabs label="Billing" tabs=tabs /> }
}

/// A file to be kept or opened.
fn file(bytes: Vec<u8>, kind: &'static str, disposition: &str, name: &str) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if let Ok(value) = HeaderValue::from_str(&format!("{disposition}; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// The calls of a stretch of time or of an invoice's line as a file, sent while it is read.
fn call_file(app: &App, viewer: &Viewer, of: CallsOf, name: &str) -> Response {
    let wanted = CallFile {
        platform: app.platform.clone(),
        tenant: viewer.member.tenant,
        actor: viewer.member.actor(false),
        of,
    };
    csv_file(Body::from_stream(invoices_file(wanted)), name)
}

/// A CSV file to be saved, sent while it is written.
fn csv_file(rows: Body, name: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, rows).into_response()
}

/// A public id from the address; one that is none of ours is not found.
fn id<T: std::str::FromStr>(text: &str) -> Result<T, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}
