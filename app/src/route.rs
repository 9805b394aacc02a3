//! The table of all pages. Each row says who may come in; the handler's extractor enforces it, and
//! `make prove-access` checks that the two agree, for every row.

use crate::errors;
use axum::{
    Router,
    extract::FromRef,
    handler::Handler,
    http::Method,
    middleware::from_fn_with_state,
    routing::{MethodFilter, MethodRouter, on},
};
use leptos::config::LeptosOptions;
use voxlink_domain::Platform;

/// What every handler can reach.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    /// The domain's world.
    pub platform: Platform,
    /// Where the islands' files are.
    pub leptos: LeptosOptions,
}

/// Who may come in, weakest first in each of the two ladders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Any member of a tenant; a suspended tenant may look.
    Viewer,
    /// A member who may buy, configure and pay; not while suspended.
    Manager,
    /// The owner; not while suspended.
    Owner,
    /// Staff from support up.
    Support,
    /// Staff from developer up.
    Developer,
    /// Administrators.
    Admin,
    /// Super administrators.
    SuperAdmin,
}

/// One row of the table.
#[derive(Debug)]
pub struct Route {
    /// GET or POST.
    pub method: Method,
    /// The path, in axum's form.
    pub path: &'static str,
    /// Who may come in.
    pub access: Access,
    /// Answers it.
    pub handler: MethodRouter<App>,
}

/// A page.
pub(crate) fn get<H: Handler<T, App>, T: 'static>(
    path: &'static str,
    access: Access,
    handler: H,
) -> Route {
    Route { method: Method::GET, path, access, handler: on(MethodFilter::GET, handler) }
}

/// A form.
pub(crate) fn post<H: Handler<T, App>, T: 'static>(
    path: &'static str,
    access: Access,
    handler: H,
) -> Route {
    Route { method: Method::POST, path, access, handler: on(MethodFilter::POST, handler) }
}

/// The pages, ready to be mounted; their errors are pages too.
pub fn pages(app: App) -> Router {
    let pages = routes().into_iter().fold(Router::new(), |r, row| r.route(row.path, row.handler));
    pages.layer(from_fn_with_state(app.clone(), errors::dress)).with_state(app)
}

/// Answers every address where nothing is.
pub fn nothing_here(app: App) -> Router {
    Router::new().fallback(errors::not_found).layer(from_fn_with_state(app, errors::dress))
}

/// Every page and every form.
pub fn routes() -> Vec<Route> {
    use crate::pages::{
        accounts, admin, billing, calls, cart, help, home, notifications, numbers, orders, routing,
        search,
    };
    [
        home::routes(),
        accounts::routes(),
        search::routes(),
        cart::routes(),
        orders::routes(),
        numbers::routes(),
        notifications::routes(),
        help::routes(),
        routing::routes(),
        calls::routes(),
        billing::routes(),
        admin::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
