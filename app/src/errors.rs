//! Errors as pages. A handler returns [`Answer`]; any error that can explain itself becomes a
//! [`PageError`], and [`dress`] puts it into the frame of whoever asked. The text of a failure of
//! ours goes to the log; the person gets a sentence and the request's id.

use crate::{App, access::Anyone, layout, look::Look, render::Screen};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{Method, StatusCode, header::CONTENT_TYPE},
    middleware::Next,
    response::{IntoResponse, Response},
};
use voxlink_types::error::{Explain, Status};

/// What a handler returns.
pub type Answer = Result<Response, PageError>;

/// An error on its way to a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageError {
    /// The status.
    pub status: StatusCode,
    /// A sentence for people; none for failures of ours.
    pub sentence: Option<String>,
}

impl PageError {
    /// What is asked for does not exist, or is somebody else's.
    pub const fn not_found() -> Self {
        Self { status: StatusCode::NOT_FOUND, sentence: None }
    }

    /// The person may not do this: why.
    pub fn forbidden(sentence: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, sentence: Some(sentence.into()) }
    }
}

impl<E: Explain> From<E> for PageError {
    fn from(error: E) -> Self {
        let status = http_status(error.status());
        if status.is_server_error() {
            tracing::error!(code = error.code(), %error, "a page failed");
            Self { status, sentence: None }
        } else {
            Self { status, sentence: Some(error.to_string()) }
        }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        // The plain text stands if nothing dresses it.
        let text = self.sentence.clone().unwrap_or_default();
        let mut response = (self.status, text).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The HTTP status of a class of errors.
pub fn http_status(status: Status) -> StatusCode {
    StatusCode::from_u16(status.http()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Nothing is at this address.
pub async fn not_found() -> PageError {
    PageError::not_found()
}

/// The layer that gives error responses a page: those of [`PageError`], and the plain ones of
/// extractors and of axum itself.
pub async fn dress(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let look = Look::of(&parts.uri, &parts.headers, &parts.extensions);
    let anyone = Anyone::from_request_parts(&mut parts, &app).await;
    let head = parts.method == Method::HEAD;
    let response = next.run(Request::from_parts(parts, body)).await;
    let status = response.status();
    let html = response.headers().get(CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.as_bytes();
        !kind.starts_with(b"text/plain")
    });
    if head || html || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let Ok(mut anyone) = anyone;
    anyone.look = look;
    let sentence = response.extensions().get::<PageError>().map(|error| error.sentence.clone());
    let headers = response.headers().clone();
    let sentence = match sentence {
        Some(sentence) => sentence,
        None if status.is_client_error() => plain_text(response).await,
        None => None,
    };
    let request_id = anyone.look.request_id.clone();
    let (title, _) = layout::error_words(status);
    let mut dressed = Screen::new(title)
        .status(status)
        .quiet()
        .render(&app, &anyone, move || layout::error_page(status, sentence, request_id))
        .await
        .unwrap_or_else(|error| (error.status, error.sentence.unwrap_or_default()).into_response());
    for (name, value) in &headers {
        if name != CONTENT_TYPE && name != "content-length" && !dressed.headers().contains_key(name)
        {
            dressed.headers_mut().insert(name, value.clone());
        }
    }
    dressed
}

/// The words of a plain refusal, such as an extractor's.
async fn plain_text(response: Response) -> Option<String> {
    let bytes = axum::body::to_bytes(response.into_body(), 2_000).await.ok()?;
    let text = String::from_utf8(bytes.to_vec()).ok()?;
    (!text.trim().is_empty()).then_some(text)
}
