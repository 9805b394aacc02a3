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

/// Pages, ready to be mounted; their errors are pages too. `rows` is [`routes`], save where a proof
/// plants a fault.
pub fn pages(app: App, rows: Vec<Route>) -> Router {
    let pages = rows.into_iter().fold(Router::new(), |r, row| r.route(row.path, row.handler));
    pages.layer(from_fn_with_state(app.clone(), errors::dress)).with_state(app)
}

/// Answers every address where nothing is.
pub fn nothing_here(app: App) -> Router {
    Router::new().fallback(errors::not_found).layer(from_fn_with_state(app, errors::dress))
}

/// Every page and every form.
pub fn routes() -> Vec<Route> {
    use crate::pages::{
        accounts, admin, billing, calls, campaigns, cart, help, home, notifications, numbers,
        orders, routing, search,
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
        campaigns::routes(),
        billing::routes(),
        admin::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::routes;

    /// The first test to fail for a new page; `make prove-access` then asks the whole server.
    #[test]
    fn every_page_has_its_row_in_the_table_of_rights() {
        let table = include_str!("../../src/server/tests/access.tsv");
        for row in routes() {
            let name = format!("{} {}\t", row.method, row.path);
            assert!(
                table.lines().any(|line| line.starts_with(&name)),
                "{} {} has no row in src/server/tests/access.tsv (src/PROOFS.md, R22)",
                row.method,
                row.path
            );
        }
    }
}
