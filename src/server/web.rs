//! What stands between the network and a page: sessions, the guard against forged requests, kept
//! answers, headers. [`protect`] puts it around a router in the order that matters.

mod forgery;
mod headers;
mod repeats;
mod session_store;
mod visitor;

pub use session_store::PgSessions;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use tower_sessions::{SessionManagerLayer, cookie::SameSite};
use voxlink_domain::Platform;

/// Paths that programs call: they carry signatures or keys, never a session.
pub(crate) const PROGRAMS: [&str; 2] = ["/callbacks/", "/api/"];

/// Puts the layers around pages, files and callbacks. From outside inwards: headers, forged
/// requests turned away, the session, the visitor, kept answers.
pub fn protect(router: Router, platform: &Platform) -> Router {
    let https = platform.settings().public_url.scheme() == "https";
    let sessions = SessionManagerLayer::new(PgSessions::new(platform.clone()))
        .with_name(if https { "__Host-session" } else { "session" })
        .with_same_site(SameSite::Lax)
        .with_http_only(true)
        .with_secure(https);
    router
        .layer(from_fn_with_state(platform.clone(), repeats::layer))
        .layer(from_fn(visitor::layer))
        .layer(sessions)
        .layer(from_fn_with_state(platform.clone(), forgery::layer))
        .layer(from_fn_with_state(platform.clone(), headers::layer))
}
