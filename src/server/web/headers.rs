//! Headers that every answer carries. The page's own policy with its nonce is set where the page
//! is rendered; what is not a page gets one that allows nothing.

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{
            CONTENT_SECURITY_POLICY, COOKIE, REFERRER_POLICY, SET_COOKIE,
            STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    middleware::Next,
    response::Response,
};
use voxlink_domain::Platform;

/// What a browser takes, under a name that begins so, from this very host alone and encrypted.
const PREFIX: &str = "__Host-";
/// The cookies that pages read by their plain names.
const PLAIN: [&str; 2] = ["theme", "flash"];

pub(super) async fn layer(
    State(platform): State<Platform>,
    mut request: Request,
    next: Next,
) -> Response {
    let https = platform.settings().public_url.scheme() == "https";
    if https {
        only_our_own(request.headers_mut());
    }
    let mut response = next.run(request).await;
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
    if https {
        put(STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
        only_encrypted(headers);
    }
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.insert(CONTENT_SECURITY_POLICY, nothing);
    }
    response
}

/// Gives the pages their cookies by the plain names. One that came without the prefix is left out:
/// a neighbouring subdomain may have planted it.
fn only_our_own(headers: &mut HeaderMap) {
    let came: Vec<HeaderValue> = headers.get_all(COOKIE).iter().cloned().collect();
    headers.remove(COOKIE);
    for line in came {
        let kept = line.to_str().ok().map(|text| {
            let pairs: Vec<&str> = text.split(';').filter_map(|pair| own(pair.trim())).collect();
            pairs.join("; ")
        });
        // What is no text is read by nobody.
        let kept = kept.map_or(Ok(line), |text| HeaderValue::from_str(&text));
        if let Some(line) = kept.ok().filter(|line| !line.is_empty()) {
            headers.append(COOKIE, line);
        }
    }
}

/// A cookie as the pages shall see it.
fn own(pair: &str) -> Option<&str> {
    let name = pair.split_once('=').map_or(pair, |(name, _)| name);
    match name.strip_prefix(PREFIX) {
        Some(plain) if PLAIN.contains(&plain) => pair.strip_prefix(PREFIX),
        None if PLAIN.contains(&name) => None,
        _ => Some(pair),
    }
}

/// Marks every cookie `Secure` and as this host's own, whoever sets it: a notice or a theme, too,
/// could be read and planted on the way, or planted by a neighbouring subdomain.
fn only_encrypted(headers: &mut HeaderMap) {
    let set: Vec<HeaderValue> = headers.get_all(SET_COOKIE).iter().cloned().collect();
    headers.remove(SET_COOKIE);
    for cookie in set {
        let marked = cookie.to_str().ok().and_then(|text| {
            let prefix = if text.starts_with(PREFIX) { "" } else { PREFIX };
            let secured = text.to_ascii_lowercase().contains("; secure");
            let secure = if secured { "" } else { "; Secure" };
            HeaderValue::from_str(&format!("{prefix}{text}{secure}")).ok()
        });
        headers.append(SET_COOKIE, marked.unwrap_or(cookie));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(change: fn(&mut HeaderMap), name: HeaderName, line: &'static str) -> Vec<String> {
        let mut headers = HeaderMap::new();
        headers.insert(name.clone(), HeaderValue::from_static(line));
        change(&mut headers);
        headers.get_all(name).iter().map(|line| line.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn pages_read_the_cookies_that_this_host_has_set() {
        let read = |line| through(only_our_own, COOKIE, line);
        let came = "flash=planted; __Host-theme=dark; __Host-session=x";
        assert_eq!(read(came), ["theme=dark; __Host-session=x"]);
        assert_eq!(read("__Host-flash=a=b;theme=light; other"), ["flash=a=b; other"]);
        assert!(read("theme=dark").is_empty());
    }

    #[test]
    fn every_cookie_is_set_encrypted_and_for_this_host() {
        let set = |line| through(only_encrypted, SET_COOKIE, line);
        assert_eq!(set("theme=dark; Path=/"), ["__Host-theme=dark; Path=/; Secure"]);
        let once = "__Host-session=x; HttpOnly; Secure; Path=/";
        assert_eq!(set(once), [once]);
    }
}
