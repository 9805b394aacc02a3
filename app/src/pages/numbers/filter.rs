//! The list's filter as it stands in an address, and back.

use axum::{extract::FromRequestParts, http::request::Parts};
use std::convert::Infallible;
use voxlink_domain::numbers::{Filter, Sort};
use voxlink_types::{PageRequest, ids::NumberId};

/// What an address asks of the list. A word that means nothing is passed over: an old link must
/// not break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    pub filter: Filter,
    pub sort: Sort,
    pub page: PageRequest,
    /// The numbers chosen by hand.
    pub ids: Vec<NumberId>,
    /// All that match are meant, not the chosen ones.
    pub all: bool,
    /// The action chosen for them.
    pub action: Option<String>,
}

impl Query {
    /// Reads the pairs of a query or a form.
    pub fn of(pairs: &[(String, String)]) -> Self {
        let first = |name: &str| {
            let value = pairs.iter().find(|(key, _)| key == name)?.1.trim();
            (!value.is_empty()).then(|| value.to_owned())
        };
        let filter = Filter {
            text: first("q").map(|text| text.chars().take(100).collect()),
            standing: first("state").and_then(|word| word.parse().ok()),
            number_type: first("type").and_then(|word| word.parse().ok()),
            country: first("country").map(|code| code.to_uppercase()),
            tag: first("tag").map(|tag| tag.to_lowercase()),
            capability: first("can").and_then(|word| word.parse().ok()),
        };
        let ids = pairs.iter().filter(|(key, _)| key == "id");
        Self {
            filter,
            sort: first("sort").and_then(|word| word.parse().ok()).unwrap_or(Sort::Number),
            page: PageRequest::new(first("page").and_then(|p| p.parse().ok()).unwrap_or(1), 50),
            ids: ids.filter_map(|(_, id)| id.parse().ok()).collect(),
            all: first("all").is_some(),
            action: first("do"),
        }
    }

    /// The filter as pairs for an address or hidden fields; never the page.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let f = &self.filter;
        let mut pairs = Vec::new();
        let mut put = |name, value: Option<String>| {
            if let Some(value) = value {
                pairs.push((name, value));
            }
        };
        put("q", f.text.clone());
        put("state", f.standing.map(|s| s.to_string()));
        put("type", f.number_type.map(|t| t.to_string()));
        put("country", f.country.clone());
        put("tag", f.tag.clone());
        put("can", f.capability.map(|c| c.to_string()));
        put("sort", (self.sort != Sort::Number).then(|| self.sort.to_string()));
        pairs
    }

    /// An address of ours with the filter.
    pub fn address(&self, path: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.pairs());
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Ok(Self::of(&pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxlink_types::number::Standing;

    #[test]
    fn an_address_is_read_back_and_nonsense_is_passed_over() {
        let pairs: Vec<(String, String)> = [
            ("q", " 617 "),
            ("state", "releasing"),
            ("type", "lunar"),
            ("sort", "-name"),
            ("page", "x"),
        ]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .to_vec();
        let query = Query::of(&pairs);
        assert_eq!(query.filter.standing, Some(Standing::Releasing));
        assert_eq!((query.filter.number_type, query.page.page), (None, 1));
        assert_eq!(query.address("/numbers"), "/numbers?q=617&state=releasing&sort=-name");
    }
}
