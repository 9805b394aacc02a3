//! Refusals that no page made: a forged form, an unknown method, a body too large, an answer that
//! took too long, a panic. A browser gets a page, a program JSON or a line of text; each says what
//! happened, what to do and the request's id. Carriers' and programs' paths are left as they are.

use crate::identify::REQUEST_ID;
use axum::{
    Json, Router,
    body::to_bytes,
    extract::{Request, State},
    http::{
        HeaderMap, StatusCode,
        header::{
            ACCEPT, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
            CONTENT_TYPE,
        },
    },
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use serde_json::json;
use tower_http::compression::CompressionLayer;

/// What programs call: their refusals are left as they are.
const PROGRAMS: [&str; 2] = ["/callbacks/", "/api/"];

/// A refusal in words.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// What the layer said, where it said a sentence for people.
    pub sentence: Option<String>,
    /// The request's id.
    pub request_id: Option<String>,
}

/// How a refusal looks: `main` has it from the pages.
#[derive(Debug, Clone, Copy)]
pub struct Dress {
    /// The page.
    pub page: fn(Refusal) -> Response,
    /// What happened and what to do, for a status without a sentence.
    pub words: fn(StatusCode) -> (&'static str, &'static str),
}

/// What a client understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    Page,
    Json,
    Text,
}

impl Wants {
    fn of(headers: &HeaderMap) -> Self {
        let accept = headers.get(ACCEPT).and_then(|a| a.to_str().ok()).unwrap_or_default();
        if accept.contains("text/html") {
            Self::Page
        } else if accept.contains("application/json") {
            Self::Json
        } else {
            Self::Text
        }
    }
}

/// Gives refusals their words and packs all answers, in this order: the words of a packed refusal
/// could not be read, and what replaces them would claim to be packed.
pub(crate) fn dress_and_pack(router: Router, dress: Dress) -> Router {
    router.layer(from_fn_with_state(dress, layer)).layer(CompressionLayer::new())
}

/// The layer; it stands outside all that refuse, and inside what packs.
async fn layer(State(dress): State<Dress>, request: Request, next: Next) -> Response {
    let program = PROGRAMS.iter().any(|path| request.uri().path().starts_with(path));
    let wants = Wants::of(request.headers());
    let response = next.run(request).await;
    let status = response.status();
    let refused = status.is_client_error() || status.is_server_error();
    let plain = response
        .headers()
        .get(CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let packed = response.headers().contains_key(CONTENT_ENCODING);
    if program || !refused || !plain || packed {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = to_bytes(body, 2_000).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).trim().to_owned();
    // What axum and tower say of themselves is no sentence.
    let spoken = text.ends_with(['.', '!']) && text.contains(' ');
    let id = parts.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    let (what, advice) = (dress.words)(status);
    let sentence = if spoken { text } else { format!("{what}. {advice}") };
    let mut dressed = match wants {
        Wants::Page => (dress.page)(Refusal {
            status,
            sentence: spoken.then(|| sentence.clone()),
            request_id: id,
        }),
        Wants::Json => {
            let code = status
                .canonical_reason()
                .unwrap_or("Error")
                .to_lowercase()
                .replace([' ', '-'], "_");
            let error = json!({ "code": code, "message": sentence, "requestId": id });
            (status, Json(json!({ "error": error }))).into_response()
        }
        Wants::Text => {
            let id = id.map(|id| format!(" (request {id})")).unwrap_or_default();
            (status, format!("{sentence}{id}\n")).into_response()
        }
    };
    for (name, value) in &parts.headers {
        let ours = [&CONTENT_TYPE, &CONTENT_LENGTH].contains(&name)
            || (wants == Wants::Page && *name == CONTENT_SECURITY_POLICY);
        if !ours {
            dressed.headers_mut().append(name.clone(), value.clone());
        }
    }
    dressed
        .headers_mut()
        .insert(CACHE_CONTROL, http::HeaderValue::from_static("private, no-store"));
    dressed
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, http::header::ACCEPT_ENCODING, routing::post};
    use tower::ServiceExt;

    fn dress() -> Dress {
        Dress {
            page: |refusal| {
                let said = refusal.sentence.unwrap_or_default();
                let id = refusal.request_id.unwrap_or_default();
                (refusal.status, axum::response::Html(format!("<p>{said}|{id}</p>")))
                    .into_response()
            },
            words: |_| ("That did not work", "Try again."),
        }
    }

    fn refusing() -> Router {
        let refuse = |text: &'static str| {
            post(move || async move {
                (
                    StatusCode::FORBIDDEN,
                    [(REQUEST_ID, "abc"), (http::header::RETRY_AFTER, "5")],
                    text,
                )
            })
        };
        let router = Router::new()
            .route("/spoken", refuse("Open the page again."))
            .route(
                "/long",
                refuse("This form is of another site. Open the page again and repeat it."),
            )
            .route("/dumb", refuse("length limit exceeded"))
            .route("/callbacks/voice", refuse("no"));
        dress_and_pack(router, dress())
    }

    async fn asked(path: &str, accept: &str) -> (StatusCode, String, String) {
        let request = Request::post(path).header(ACCEPT, accept).body(Body::empty()).unwrap();
        let answer = refusing().oneshot(request).await.unwrap();
        if path != "/callbacks/voice" {
            assert_eq!(answer.headers()[http::header::RETRY_AFTER], "5", "headers stay");
        }
        let kind = answer.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 1_000).await.unwrap();
        (status, kind, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn browsers_get_a_page_and_programs_what_they_understand() {
        const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
        let (status, kind, body) = asked("/spoken", BROWSER).await;
        assert_eq!((status, kind.as_str()), (StatusCode::FORBIDDEN, "text/html; charset=utf-8"));
        assert_eq!(body, "<p>Open the page again.|abc</p>");
        assert_eq!(asked("/dumb", BROWSER).await.2, "<p>|abc</p>", "no jargon for people");

        let (_, kind, body) = asked("/dumb", "application/json").await;
        assert_eq!(kind, "application/json");
        let told: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(told["error"]["code"], "forbidden");
        assert_eq!(told["error"]["message"], "That did not work. Try again.");
        assert_eq!(told["error"]["requestId"], "abc");

        assert_eq!(asked("/spoken", "*/*").await.2, "Open the page again. (request abc)\n");
        assert_eq!(asked("/callbacks/voice", BROWSER).await.2, "no", "carriers are left alone");
    }

    #[tokio::test]
    async fn a_refusal_that_claims_to_be_packed_is() {
        for packing in ["gzip", "br"] {
            let request = Request::post("/long")
                .header(ACCEPT, "text/html")
                .header(ACCEPT_ENCODING, packing)
                .body(Body::empty())
                .unwrap();
            let answer = refusing().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::FORBIDDEN);
            let claimed: Vec<_> = answer.headers().get_all(CONTENT_ENCODING).iter().collect();
            assert_eq!(claimed, [packing], "once");
            assert_eq!(answer.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
            let body = to_bytes(answer.into_body(), 1_000).await.unwrap();
            assert!(!body.starts_with(b"<p>"), "{packing}: it is plain");
            assert!(packing != "gzip" || body.starts_with(&[0x1f, 0x8b]), "no gzip: {body:?}");
        }
    }
}
