//! The way back that a form or an address names: only ever a path of ours.

use http::{
    HeaderMap, Method, Uri,
    header::{HOST, REFERER},
    uri::Authority,
};
use url::{Position, Url};

/// The path, if it is one of ours. Browsers drop tabs and line ends from an address and read a
/// backslash as a slash, so `/\t/evil.example` would be another site; and what is no header value
/// would be a failure of ours.
pub(crate) fn ours(path: &str) -> Option<&str> {
    let here = path.starts_with('/') && !path.starts_with("//");
    let plain = !path.contains(|c: char| c.is_control() || c == '\\');
    (here && plain).then_some(path)
}

/// The page that a form was sent from, as the browser names it; else the nearest page above the
/// address that the form was sent to. Only ever a page that can be asked for: a form that came
/// back with a fault is shown at an address that only takes forms.
pub(crate) fn before_sending(sent_to: &Uri, headers: &HeaderMap) -> String {
    let routes = crate::routes();
    // As the router does: a path that has a row of its own is not the `{id}` of another row.
    let is_page = |path: &str| {
        let mut own = routes.iter().filter(|r| r.path == path).peekable();
        if own.peek().is_some() {
            return own.any(|r| r.method == Method::GET);
        }
        routes.iter().any(|r| r.method == Method::GET && fits(r.path, path))
    };
    let from = came_from(sent_to, headers);
    if let Some(from) = &from
        && is_page(from.path())
        && let Some(page) = ours(&from[Position::BeforePath..Position::AfterQuery])
    {
        return page.to_owned();
    }
    let mut path = from.as_ref().map_or(sent_to.path(), Url::path);
    while let Some((above, _)) = path.rsplit_once('/') {
        if is_page(path) {
            return ours(path).unwrap_or("/").to_owned();
        }
        path = above;
    }
    "/".to_owned()
}

/// The browser's word for the page before, when it is on this host.
fn came_from(sent_to: &Uri, headers: &HeaderMap) -> Option<Url> {
    let host = headers.get(HOST).and_then(|h| h.to_str().ok());
    let host = host.or_else(|| sent_to.authority().map(Authority::as_str))?;
    let from = Url::parse(headers.get(REFERER)?.to_str().ok()?).ok()?;
    (from.authority() == host).then_some(from)
}

/// Whether a row of the table of pages, in axum's form, takes a path.
fn fits(page: &str, path: &str) -> bool {
    let (mut wanted, mut parts) = (page.split('/'), path.split('/'));
    loop {
        match (wanted.next(), parts.next()) {
            (None, None) => return true,
            (Some(w), Some(p)) if w == p || (w.starts_with('{') && !p.is_empty()) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{before_sending, ours};
    use http::{
        HeaderMap, HeaderValue, Uri,
        header::{HOST, REFERER},
    };

    /// Where a form leads to after signing in.
    fn back(sent_to: &'static str, referer: Option<&'static str>) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("voxlink.example"));
        if let Some(referer) = referer {
            headers.insert(REFERER, HeaderValue::from_static(referer));
        }
        before_sending(&Uri::from_static(sent_to), &headers)
    }

    #[test]
    fn who_sent_a_form_after_the_session_ended_comes_back_to_a_page() {
        let from = |page| back("/settings/password", Some(page));
        assert_eq!(from("https://voxlink.example/settings/people?a=1"), "/settings/people?a=1");
        assert_eq!(from("https://voxlink.example/settings/password"), "/settings", "only forms");
        assert_eq!(from("https://evil.example/numbers"), "/settings", "another site");
        assert_eq!(from("https://voxlink.example//evil.example"), "/");
        assert_eq!(back("/settings/people/invite", None), "/settings/people");
        assert_eq!(back("/nowhere/at/all", None), "/");
    }

    #[test]
    fn nobody_is_sent_to_another_site() {
        for good in ["/", "/numbers?q=1", "/search?near=Z%C3%BCrich#results"] {
            assert_eq!(ours(good), Some(good));
        }
        for bad in [
            "",
            "numbers",
            "//evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/\0",
            "/a\r\nset-cookie: a=b",
            "/\u{85}",
        ] {
            assert_eq!(ours(bad), None, "{bad:?}");
        }
    }
}
