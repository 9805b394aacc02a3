//! Takes out of queries and forms what nobody can have typed and nobody can see: NUL, which
//! PostgreSQL refuses in any text, the other control characters, and the invisible ones that turn
//! the writing around them (a name that reads backwards on other people's screens and in the audit
//! log) or only look like nothing. Tabs, line breaks and the joiners of languages and emoji
//! (U+200C, U+200D) stay.
//!
//! It stands before everything that reads a form, so that keys, checks and records all see one
//! text. A request without such characters goes on byte for byte. Only pages pass here: what
//! carriers and processors sign is never touched.

use crate::router::BODY_LIMIT;
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{
        HeaderMap, HeaderValue, StatusCode, Uri,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
        uri::PathAndQuery,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use url::form_urlencoded::{Serializer, parse};

const FORM: &[u8] = b"application/x-www-form-urlencoded";

pub(super) async fn layer(request: Request, next: Next) -> Response {
    if super::is_file(request.uri().path()) {
        return next.run(request).await;
    }
    // What is at no address needs no page to say so.
    if request.uri().path().contains("%00") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (mut parts, body) = request.into_parts();
    let query = parts.uri.query().and_then(cleaned);
    if let Some(uri) = query.and_then(|query| asking(&parts.uri, &query)) {
        parts.uri = uri;
    }
    if !is_form(&parts.headers) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let Ok(bytes) = to_bytes(body, BODY_LIMIT).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "This is larger than 8 MB.").into_response();
    };
    let body = match cleaned(&bytes) {
        None => Body::from(bytes),
        Some(clean) => {
            if parts.headers.contains_key(CONTENT_LENGTH) {
                parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(clean.len()));
            }
            Body::from(clean)
        }
    };
    next.run(Request::from_parts(parts, body)).await
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.and_then(|kind| kind.get(..FORM.len())).is_some_and(|kind| kind.eq_ignore_ascii_case(FORM))
}

/// The same address with another query.
fn asking(uri: &Uri, query: &str) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(format!("{}?{query}", uri.path()).parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

/// The fields without what cannot be seen; none where there is nothing of it.
fn cleaned(fields: impl AsRef<[u8]>) -> Option<String> {
    let fields = fields.as_ref();
    let unseen =
        parse(fields).any(|(name, value)| name.contains(is_unseen) || value.contains(is_unseen));
    unseen.then(|| {
        let mut clean = Serializer::new(String::with_capacity(fields.len()));
        for (name, value) in parse(fields) {
            clean.append_pair(&name.replace(is_unseen, ""), &value.replace(is_unseen, ""));
        }
        clean.finish()
    })
}

fn is_unseen(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => false,
        // Nothing to see, and what sets the direction of the writing around it.
        '\u{200B}'
        | '\u{2060}'
        | '\u{FEFF}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::{asking, cleaned};
    use axum::http::Uri;

    #[test]
    fn what_nobody_can_see_is_left_out() {
        let table = [
            ("q=%00", "q="),
            ("q=a%00b&page=2", "q=ab&page=2"),
            ("name=Ada%E2%80%AE+ecalevoL", "name=Ada+ecalevoL"),
            ("a%E2%81%A6%00=1", "a=1"),
            ("tag=%EF%BB%BFsales%E2%80%8B%C2%85%7F", "tag=sales"),
            ("a=\0b", "a=b"),
        ];
        for (sent, clean) in table {
            assert_eq!(cleaned(sent).as_deref(), Some(clean), "{sent:?}");
        }
    }

    #[test]
    fn everything_else_goes_on_as_it_came() {
        let table = [
            "",
            "a",
            "&&a=b&=&",
            "reason=one%0D%0Atwo%09three",
            "name=%F0%9F%91%A9%E2%80%8D%F0%9F%92%BB",
            "name=%D9%86%D9%85%DB%8C%E2%80%8C",
            "bad=%ff%zz",
        ];
        for sent in table {
            assert_eq!(cleaned(sent), None, "{sent:?}");
        }
    }

    #[test]
    fn only_the_query_of_an_address_changes() {
        let whole: Uri = "https://voxlink.test/orders?q=%00".parse().unwrap();
        assert_eq!(asking(&whole, "q=").unwrap(), "https://voxlink.test/orders?q=");
        let path: Uri = "/orders?q=%00".parse().unwrap();
        assert_eq!(asking(&path, "q=").unwrap(), "/orders?q=");
    }
}
