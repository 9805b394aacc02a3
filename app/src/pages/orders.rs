//! Checkout, orders, paying by card.

mod checkout;
mod checkout_sheet;
mod list;
mod order;
pub(crate) mod owed;
mod pay;

use crate::{
    Route,
    route::{Access, get, post},
};

/// The rows of this area.
pub fn routes() -> Vec<Route> {
    vec![
        get("/checkout", Access::Manager, checkout::show),
        post("/checkout", Access::Manager, checkout::place),
        post("/checkout/address", Access::Manager, checkout::set_address),
        get("/orders", Access::Viewer, list::show),
        get("/orders/export.csv", Access::Viewer, list::export),
        get("/orders/{id}", Access::Viewer, order::show),
        post("/orders/{id}/cancel", Access::Manager, order::cancel),
        post("/orders/{id}/pay", Access::Manager, order::pay_again),
        post("/orders/{id}/pay-from-balance", Access::Manager, order::pay_from_balance),
        get("/billing/top-up", Access::Manager, pay::show),
        post("/billing/top-up", Access::Manager, pay::begin),
        get("/payments/{id}/return", Access::Viewer, pay::back),
    ]
}
