//! Headers that every answer carries. The page's own policy with its nonce is set where the page
//! is rendered; what is not a page gets one that allows nothing.

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
            X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    middleware::Next,
    response::Response,
};
use voxlink_domain::Platform;

/// Marks an answer as made for one signed-in person.
#[derive(Debug, Clone, Copy)]
pub(super) struct Personal;

pub(super) async fn layer(
    State(platform): State<Platform>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let personal = response.extensions().get::<Personal>().is_some();
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    put(X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(X_FRAME_OPTIONS, "DENY");
    // Not `no-referrer`: that makes browsers send `Origin: null` with our own forms.
    put(REFERRER_POLICY, "same-origin");
    put(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    put(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    put(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=()",
    );
    if platform.settings().public_url.scheme() == "https" {
        put(STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
    absent(headers, CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    if personal {
        absent(headers, CACHE_CONTROL, "no-store");
    }
    response
}

fn absent(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if !headers.contains_key(&name) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
