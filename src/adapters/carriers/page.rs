//! Addresses of a carrier's resources and pages.

use crate::wire::Answer;
use url::Url;
use voxlink_gateways::CarrierError;

/// `base` and these segments, each encoded.
pub(super) fn join(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    extend(&mut url, segments);
    url
}

/// Appends segments, each encoded.
pub(super) fn extend(url: &mut Url, segments: &[&str]) {
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
}

/// The address of a page, relative or absolute, which must lie at `base`'s own host and under
/// `root`, where the API is: a cursor does not send our credentials elsewhere.
pub(super) fn within(base: &Url, root: &str, page: &str) -> Result<Url, CarrierError> {
    let bad = || CarrierError::Rejected { detail: format!("a page elsewhere: {page}") };
    let url = base.join(page).map_err(|_| bad())?;
    let at_home = url.origin() == base.origin() && url.path().starts_with(root);
    if at_home { Ok(url) } else { Err(bad()) }
}

/// The next page that a list names, or none at its end. A link that leads elsewhere makes the
/// whole answer unreadable: taken for the end, it would make what is on the pages after it look
/// missing at the carrier.
pub(super) fn following(
    base: &Url,
    root: &str,
    answer: &Answer,
    next: Option<&str>,
) -> Result<Option<Url>, CarrierError> {
    match next {
        None | Some("") => Ok(None),
        Some(next) => within(base, root, next)
            .map(Some)
            .map_err(|elsewhere| answer.unreadable(&elsewhere.detail())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Repeat;
    use http::{HeaderMap, StatusCode};

    #[test]
    fn a_next_page_stays_at_home() {
        let base: Url = "https://api.example.com".parse().unwrap();
        let answer = Answer {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: b"{}".to_vec(),
            repeat: Repeat::Safe,
        };
        let next = |link| following(&base, "/api/", &answer, link);
        for end in [None, Some("")] {
            assert_eq!(next(end), Ok(None), "{end:?}");
        }
        for (link, page) in [
            ("/api/numbers?page=1", "https://api.example.com/api/numbers?page=1"),
            (
                "https://api.example.com/api/numbers?page=1",
                "https://api.example.com/api/numbers?page=1",
            ),
            ("https://api.example.com:443/api/x", "https://api.example.com/api/x"),
        ] {
            assert_eq!(next(Some(link)), Ok(Some(page.parse::<Url>().unwrap())), "{link}");
            assert_eq!(within(&base, "/api/", page).unwrap().as_str(), page);
        }
        for away in [
            "string",
            "/",
            "/api",
            "/apis/numbers",
            "/elsewhere?x=/api/",
            "/api/../elsewhere",
            "/api/%2e%2e/elsewhere",
            "?page=1",
            "https://evil.example/api/x",
            "//evil.example/api/x",
            "http://api.example.com/api/x",
            "https://api.example.com:8443/api/x",
            "https://api.example.com@evil.example/api/x",
            "javascript:/api/x",
        ] {
            let read = next(Some(away));
            assert!(matches!(read, Err(CarrierError::Transient { .. })), "{away}: {read:?}");
            assert!(within(&base, "/api/", away).is_err(), "{away}");
        }
    }

    #[test]
    fn segments_are_encoded() {
        let base: Url = "https://api.example.com/v2/".parse().unwrap();
        assert_eq!(
            join(&base, &["a b", "../c"]).as_str(),
            "https://api.example.com/v2/a%20b/..%2Fc"
        );
    }
}
