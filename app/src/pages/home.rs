//! The overview after sign-in, and the front page before it.

use crate::{Access, Route, route::get};

/// The rows of this area.
pub fn routes() -> Vec<Route> {
    vec![get("/", Access::Public, crate::render::hello)]
}
