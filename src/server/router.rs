//! One router of all that answers, and the layers around it.

use crate::{
    Assembly,
    callbacks::{self, Callbacks},
    config::Config,
    health, identify, metrics, mount, refusals,
    web::{self, Admission},
};
use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, StatusCode, header::CACHE_CONTROL},
    middleware::{Next, from_fn},
    response::Response,
};
use tower_http::{limit::RequestBodyLimitLayer, services::ServeDir, timeout::TimeoutLayer};

/// The largest body anybody may send; areas set smaller ones.
pub(crate) const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// Mounts everything. axum refuses two rows of one path at start, so nothing is shadowed.
pub fn router(
    config: &Config,
    parts: Assembly,
    callbacks: &Callbacks,
    admission: &Admission,
) -> Router {
    let platform = &parts.platform.clone();
    let files = ServeDir::new(&config.site_dir)
        .precompressed_br()
        .precompressed_gzip()
        .not_found_service(parts.nothing_here);
    let ours = health::routes(platform)
        .into_iter()
        .chain(metrics::routes(platform, config.metrics_token.clone()))
        .collect();
    let pages = parts.pages.fallback_service(files);
    let pages = web::protect_and_admit(pages, platform, admission, config.listen);
    // Carriers and processors sign what they send: none of what guards the pages stands in their
    // way, and they never wait behind a page.
    let programs = mount::router(ours)
        .merge(callbacks::payments::routes(platform.clone()))
        .merge(callbacks.router())
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, web::PATIENCE));
    let all = pages
        .merge(programs)
        .layer(from_fn(keep_files))
        .layer(RequestBodyLimitLayer::new(BODY_LIMIT))
        .layer(from_fn(metrics::count))
        .layer(from_fn(identify::layer));
    web::headers(refusals::dress_and_pack(all, parts.dress), platform)
}

/// A file whose name has its hash never changes; other files may be kept for an hour.
async fn keep_files(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let hashed = path.starts_with("/pkg/") && path.matches('.').count() >= 2;
    let file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let mut response = next.run(request).await;
    let wanted = match (hashed, file) {
        (true, _) => "public, max-age=31536000, immutable",
        (false, true) => "public, max-age=3600",
        (false, false) => return response,
    };
    if response.status().is_success() && !response.headers().contains_key(CACHE_CONTROL) {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(wanted));
    }
    response
}
