//! What stands between the network and a page: sessions, the guard against forged requests, the
//! line before the database, what takes unseen characters away, kept answers. [`protect`] puts it
//! around the pages in the order that matters; [`headers`] goes around everything that answers.
//!
//! Nothing inside [`protect`] is let off: what programs call (callbacks, health) is mounted beside
//! it, proves itself by signatures or keys, and knows no session.

mod admission;
mod forgery;
mod headers;
mod repeats;
mod session_store;
mod unseen;
mod visitor;

pub use admission::Admission;
pub(crate) use admission::PATIENCE;
pub use session_store::PgSessions;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use forgery::Home;
use std::net::SocketAddr;
use tower_sessions::{SessionManagerLayer, cookie::SameSite};
use voxlink_domain::Platform;

/// Files of the build, the same for everybody: nobody is asked for, and nobody waits.
fn is_file(path: &str) -> bool {
    FILES.iter().any(|file| path.starts_with(file))
}
const FILES: [&str; 5] = ["/pkg/", "/fonts/", "/flags/", "/logo.svg", "/manifest.webmanifest"];

/// Puts the layers around pages and files. From outside inwards: forged requests turned away,
/// unseen characters left out, the session, the visitor, kept answers.
pub fn protect(router: Router, platform: &Platform) -> Router {
    shield(personal(router, platform), platform, None)
}

/// The same with [`Admission`] before anything asks the database. `listen` is where we listen: on
/// one's own machine its pages may be opened there, too.
pub fn protect_and_admit(
    router: Router,
    platform: &Platform,
    admission: &Admission,
    listen: SocketAddr,
) -> Router {
    let waits = from_fn_with_state(admission.clone(), admission::layer);
    shield(personal(router, platform).layer(waits), platform, Some(listen))
}

/// What needs to know whose request it is.
fn personal(router: Router, platform: &Platform) -> Router {
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
        .layer(from_fn(unseen::layer))
}

/// What looks at a request and an answer alone.
fn shield(router: Router, platform: &Platform, listen: Option<SocketAddr>) -> Router {
    let home = Home::new(platform.settings().public_url.clone(), listen);
    router.layer(from_fn_with_state(home, forgery::layer))
}

/// Puts the headers on that every answer carries, whoever made it.
pub fn headers(router: Router, platform: &Platform) -> Router {
    router.layer(from_fn_with_state(platform.clone(), headers::layer))
}

#[cfg(test)]
mod tests {
    use super::FILES;

    #[test]
    fn no_public_file_asks_who_wants_it() {
        let public = concat!(env!("CARGO_MANIFEST_DIR"), "/../../public");
        for entry in std::fs::read_dir(public).unwrap() {
            let path = format!("/{}", entry.unwrap().file_name().to_string_lossy());
            assert!(FILES.iter().any(|file| file.trim_end_matches('/') == path), "{path}");
        }
    }
}
