//! Balance, usage, invoices, billing address. Topping up stands with the orders.

mod address;
mod invoice;
mod invoices;
mod overview;
mod usage;

use crate::{
    Access, PageError, Route,
    route::{get, post},
    ui::{Tab, Tabs},
};
use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use leptos::prelude::*;

/// The rows of this area.
pub fn routes() -> Vec<Route> {
    vec![
        get("/billing", Access::Viewer, overview::show),
        get("/billing/address", Access::Manager, address::show),
        post("/billing/address", Access::Manager, address::save),
        get("/billing/usage", Access::Viewer, usage::show),
        get("/billing/usage.csv", Access::Viewer, usage::csv),
        get("/billing/invoices", Access::Viewer, invoices::show),
        get("/billing/invoices.csv", Access::Viewer, invoices::csv),
        get("/billing/invoices/{id}", Access::Viewer, invoice::show),
        get("/billing/invoices/{id}/pdf", Access::Viewer, invoice::pdf),
        post("/billing/invoices/{id}/pay", Access::Manager, invoice::pay),
    ]
}

/// The pages of this area, side by side.
fn tabs(current: &str) -> impl IntoView + use<> {
    let tabs =
        [("Balance", "/billing"), ("Usage", "/billing/usage"), ("Invoices", "/billing/invoices")];
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

/// A public id from the address; one that is none of ours is not found.
fn id<T: std::str::FromStr>(text: &str) -> Result<T, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}
