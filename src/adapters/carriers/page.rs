//! Addresses of a carrier's resources and pages.

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

/// The address of a next page, relative or absolute, which must lie at `base`'s own host: a
/// carrier's answer does not send our credentials elsewhere.
pub(super) fn within(base: &Url, next: &str) -> Result<Url, CarrierError> {
    let bad = || CarrierError::Rejected { detail: format!("a next page elsewhere: {next}") };
    let url = base.join(next).map_err(|_| bad())?;
    if url.origin() == base.origin() { Ok(url) } else { Err(bad()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_next_page_stays_at_home() {
        let base: Url = "https://api.example.com".parse().unwrap();
        let next = within(&base, "/2010/Numbers.json?Page=1").unwrap();
        assert_eq!(next.as_str(), "https://api.example.com/2010/Numbers.json?Page=1");
        for away in ["https://evil.example/x", "//evil.example/x", "http://api.example.com/x"] {
            assert!(within(&base, away).is_err(), "{away}");
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
