//! Turns away requests that another site made a person's browser send.
//!
//! Every unsafe method must prove by the browser's own headers that it comes from our pages:
//! `Sec-Fetch-Site` where the browser sends it, and `Origin` equal to our address as it is
//! configured. What the request calls our address (`Host`) counts for nothing: whoever owns a name
//! can lead it to us. A request with neither header is refused, too: every browser in use sends one
//! of them with a form.

use crate::config::is_loopback;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header::ORIGIN},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{net::SocketAddr, sync::Arc};
use url::Url;

/// Where our own pages are. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Home(Arc<Place>);

#[derive(Debug)]
struct Place {
    public: Url,
    listen: Option<SocketAddr>,
}

impl Home {
    /// The public address; where that is this very machine, what we listen on is it as well.
    pub(super) fn new(public: Url, listen: Option<SocketAddr>) -> Self {
        Self(Arc::new(Place { public, listen }))
    }

    /// Our configured address. One's own machine is the same under all of its names.
    fn is(&self, origin: &Url) -> bool {
        let Place { public, listen } = &*self.0;
        let own = |url: &Url| url.scheme() == "http" && is_loopback(url);
        let port = origin.port_or_known_default();
        origin.origin() == public.origin()
            || (own(public)
                && own(origin)
                && (port == public.port_or_known_default()
                    || listen.is_some_and(|listen| port == Some(listen.port()))))
    }
}

pub(super) async fn layer(State(home): State<Home>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || is_ours(request.headers(), &home) {
        return next.run(request).await;
    }
    let origin = request.headers().get(ORIGIN);
    tracing::warn!(path = request.uri().path(), ?origin, public_url = %home.0.public, "a request of another site was refused");
    let text = "This form was not sent from one of our pages. Open the page again and repeat it.";
    (StatusCode::FORBIDDEN, text).into_response()
}

/// True when the browser says that one of our own pages sent this.
fn is_ours(headers: &HeaderMap, home: &Home) -> bool {
    let fetch = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    // `none`: the person themselves, by repeating a form from the address bar.
    let fetch_allows = fetch.is_none_or(|site| site == b"same-origin" || site == b"none");
    match headers.get(ORIGIN) {
        None => fetch.is_some() && fetch_allows,
        Some(origin) => {
            let origin = origin.to_str().ok().and_then(|o| o.parse::<Url>().ok());
            fetch_allows && origin.is_some_and(|origin| home.is(&origin))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(headers: &[(&'static str, &str)], public: &str) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let listen = "127.0.0.1:3100".parse().ok();
        is_ours(&map, &Home::new(public.parse().unwrap(), listen))
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
    }

    #[test]
    fn ones_own_machine_has_many_names_and_no_other_does() {
        let local = "http://127.0.0.1:3000";
        for own in ["localhost:3000", "127.0.0.1:3000", "[::1]:3000", "localhost:3100"] {
            let (origin, host) = (format!("http://{own}"), own);
            assert!(ours(&[("origin", origin.as_str()), ("host", host)], local), "{own}");
        }
        for other in ["localhost:3001", "evil.example:3000", "evil.example", "localhost"] {
            let (origin, host) = (format!("http://{other}"), other);
            assert!(!ours(&[("origin", origin.as_str()), ("host", host)], local), "{other}");
        }
        let lan = "http://voxlink.lan:3000";
        assert!(ours(&[("origin", lan)], lan));
        for other in ["http://localhost:3000", "http://localhost:3100", "http://evil.lan:3000"] {
            let host = other.trim_start_matches("http://");
            assert!(!ours(&[("origin", other), ("host", host)], lan), "{other}");
        }
    }
}
