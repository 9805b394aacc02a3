//! Errors as pages. A handler returns [`Answer`]; any error that can explain itself becomes a
//! [`PageError`], and [`dress`] puts it into the frame of whoever asked. The text of a failure of
//! ours goes to the log; the person gets a sentence and the request's id.

use crate::{App, access::Anyone, layout, look::Look, render::Screen};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{
        HeaderMap, Method, StatusCode,
        header::{ACCEPT, CONTENT_TYPE},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use voxlink_types::error::{Explain, Status};

/// What is said of an address that cannot be read.
pub(crate) const MISTYPED: &str =
    "The address is mistyped or cut off. Open the page by its link, or begin at the overview.";

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

/// The page of a refusal that was made before anybody knew who asks, or instead of any page.
pub fn refusal_page(
    status: StatusCode,
    sentence: Option<String>,
    request_id: Option<String>,
) -> Response {
    let (title, _) = layout::error_words(status);
    Screen::new(title)
        .status(status)
        .nobody(move || layout::error_page(status, sentence, request_id))
}

/// True for a browser that shows pages; a program gets the words alone.
fn wants_a_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// The layer that gives error responses a page in the frame of whoever asks: those of
/// [`PageError`], and the plain ones of extractors and of axum itself.
pub async fn dress(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let look = Look::of(&parts.uri, &parts.headers, &parts.extensions);
    let anyone = Anyone::from_request_parts(&mut parts, &app).await;
    let plain = parts.method == Method::HEAD || !wants_a_page(&parts.headers);
    let sent = !parts.method.is_safe();
    let response = next.run(Request::from_parts(parts, body)).await;
    let status = response.status();
    let html = response.headers().get(CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.as_bytes();
        !kind.starts_with(b"text/plain")
    });
    if plain || html || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let Ok(mut anyone) = anyone;
    anyone.look = look;
    // What an extractor or axum says is for programs: people get the words of the status.
    let error = response.extensions().get::<PageError>();
    let sentence = error.and_then(|error| error.sentence.clone());
    let headers = response.headers().clone();
    let request_id = anyone.look.request_id.clone();
    // Nobody sent a form to be told of.
    let (title, sentence) = if !sent && status == StatusCode::BAD_REQUEST {
        ("That address cannot be read", sentence.or_else(|| Some(MISTYPED.to_owned())))
    } else {
        (layout::error_words(status).0, sentence)
    };
    let screen = Screen::new(title).status(status);
    // An address where nothing is says nothing about the database: its frame is whole.
    let screen = if status == StatusCode::NOT_FOUND { screen } else { screen.quiet() };
    let mut dressed = screen
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
