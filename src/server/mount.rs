//! The rows of the server's own routes, beside the pages': callbacks, health, metrics. Each says
//! who may come in, so that `make prove-access` can walk them like the pages.

use axum::{Router, http::Method, routing::MethodRouter};

/// One row.
#[derive(Debug)]
pub struct Mount {
    /// GET or POST.
    pub method: Method,
    /// The path, in axum's form.
    pub path: &'static str,
    /// Who may come in, in a word: `public`, `signed`, `token`.
    pub access: &'static str,
    /// Answers it.
    pub handler: MethodRouter,
}

impl Mount {
    /// A page for everybody.
    pub fn public(path: &'static str, handler: MethodRouter) -> Self {
        Self { method: Method::GET, path, access: "public", handler }
    }
}

/// Joins rows to a router.
pub fn router(rows: Vec<Mount>) -> Router {
    rows.into_iter().fold(Router::new(), |router, row| router.route(row.path, row.handler))
}
