//! What stands behind the `?` of an address, read leniently: people change it by hand, and old
//! links name what is no more. What cannot be read is left out, as if it were not there; the
//! answer is the page without it, never a sentence about a form that nobody sent.

use crate::errors::{MISTYPED, PageError};
use axum::{
    extract::{FromRequestParts, Query as Strict},
    http::{StatusCode, Uri, request::Parts},
};
use serde::de::DeserializeOwned;

/// So many fields are looked at one by one.
const MOST: usize = 50;

/// The query, as far as it makes sense. Only what the page cannot be shown without, such as the
/// token of a link, is asked for with an error.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        let query = parts.uri.query().unwrap_or_default();
        lenient(query).map(Self).ok_or_else(|| PageError {
            status: StatusCode::BAD_REQUEST,
            sentence: Some(MISTYPED.to_owned()),
        })
    }
}

fn lenient<T: DeserializeOwned>(query: &str) -> Option<T> {
    read(query).or_else(|| sensible(query))
}

fn read<T: DeserializeOwned>(query: &str) -> Option<T> {
    let address: Uri = format!("/?{query}").parse().ok()?;
    Strict::try_from_uri(&address).ok().map(|Strict(read)| read)
}

/// The fields that can be read together, the first of two that cannot.
fn sensible<T: DeserializeOwned>(query: &str) -> Option<T> {
    let mut kept = String::new();
    for field in query.split('&').take(MOST) {
        let longer = if kept.is_empty() { field.to_owned() } else { format!("{kept}&{field}") };
        if read::<T>(&longer).is_some() {
            kept = longer;
        }
    }
    read(&kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Asked {
        q: Option<String>,
        page: Option<u32>,
        #[serde(default)]
        address: bool,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Link {
        token: String,
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        let table = [
            ("", (None, None, false)),
            ("page=2&q=desk", (Some("desk"), Some(2), false)),
            ("page=-1&q=desk", (Some("desk"), None, false)),
            ("page=99999999999999", (None, None, false)),
            ("page=&address=true", (None, None, true)),
            ("page=3&page=4", (None, Some(3), false)),
            ("address=maybe", (None, None, false)),
        ];
        for (query, (q, page, address)) in table {
            let wanted = Asked { q: q.map(str::to_owned), page, address };
            assert_eq!(lenient(query), Some(wanted), "{query}");
        }
    }

    #[test]
    fn what_a_page_cannot_do_without_is_asked_for() {
        assert_eq!(lenient("token=abc"), Some(Link { token: "abc".to_owned() }));
        assert_eq!(lenient::<Link>(""), None);
    }
}
