//! Turns away requests that another site made a person's browser send.
//!
//! Every unsafe method must prove by the browser's own headers that it comes from our pages:
//! `Sec-Fetch-Site` where the browser sends it, and `Origin` equal to our address. A request with
//! neither is refused, too: every browser in use sends one of them with a form.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header::HOST, header::ORIGIN},
    middleware::Next,
    response::{IntoResponse, Response},
};
use url::Url;
use voxlink_domain::Platform;

pub(super) async fn layer(
    State(platform): State<Platform>,
    request: Request,
    next: Next,
) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || is_ours(request.headers(), &platform.settings().public_url) {
        return next.run(request).await;
    }
    tracing::warn!(path = request.uri().path(), "a request of another site was refused");
    let text = "This form was not sent from one of our pages. Open the page again and repeat it.";
    (StatusCode::FORBIDDEN, text).into_response()
}

/// True when the browser says that one of our own pages sent this.
fn is_ours(headers: &HeaderMap, public: &Url) -> bool {
    let read = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let fetch = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    // `none`: the person themselves, by repeating a form from the address bar.
    let fetch_allows = fetch.is_none_or(|site| site == b"same-origin" || site == b"none");
    match headers.get(ORIGIN) {
        None => fetch.is_some() && fetch_allows,
        Some(origin) => {
            let origin = origin.to_str().ok().and_then(|o| o.parse::<Url>().ok());
            fetch_allows && origin.is_some_and(|o| same_address(&o, public, read(HOST.as_str())))
        }
    }
}

/// Our configured address, or the very host that the request was sent to.
fn same_address(origin: &Url, public: &Url, host: Option<&str>) -> bool {
    let Some(name) = origin.host_str() else { return false };
    let addressed = match origin.port() {
        Some(port) => format!("{name}:{port}"),
        None => name.to_owned(),
    };
    // The host header counts only where we are served without TLS: behind it, the public address
    // is the only one there is.
    origin.origin() == public.origin()
        || (public.scheme() == "http" && origin.scheme() == "http" && host == Some(&addressed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(headers: &[(&'static str, &str)], public: &str) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        is_ours(&map, &public.parse().unwrap())
    }

    #[test]
    fn only_our_own_pages_may_send_forms() {
        let public = "https://voxlink.example";
        let good: &[&[(&'static str, &str)]] = &[
            &[("origin", "https://voxlink.example"), ("sec-fetch-site", "same-origin")],
            &[("origin", "https://voxlink.example")],
            &[("sec-fetch-site", "same-origin")],
        ];
        for headers in good {
            assert!(ours(headers, public), "{headers:?}");
        }
        let bad: &[&[(&'static str, &str)]] = &[
            &[],
            &[("origin", "null")],
            &[("origin", "https://evil.example")],
            &[("origin", "http://voxlink.example")],
            &[("origin", "https://voxlink.example:8443")],
            &[("origin", "https://voxlink.example.evil.example")],
            &[("origin", "https://evil.example"), ("host", "evil.example")],
            &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
            &[("origin", "https://voxlink.example"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site")],
        ];
        for headers in bad {
            assert!(!ours(headers, public), "{headers:?}");
        }
        let local = "http://127.0.0.1:3000";
        assert!(ours(&[("origin", "http://localhost:3000"), ("host", "localhost:3000")], local));
        assert!(!ours(&[("origin", "http://localhost:3001"), ("host", "localhost:3000")], local));
    }
}
