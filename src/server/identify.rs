//! A request's id: on the request, on its log lines, on the answer, and in what people are told
//! when we failed.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use std::{panic::AssertUnwindSafe, time::Instant};
use tracing::Instrument;

/// The header of the id, in both directions.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names the request, writes its line to the log, and turns a panic into an answer.
pub async fn layer(mut request: Request, next: Next) -> Response {
    let id = given(request.headers()).unwrap_or_else(fresh);
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let shown = id.to_str().unwrap_or_default().to_owned();
    // The path only: a query may hold what people typed.
    let span = tracing::info_span!(
        "request",
        id = shown,
        method = %request.method(),
        path = request.uri().path()
    );
    let started = Instant::now();
    async move {
        let ran = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        let broken = || StatusCode::INTERNAL_SERVER_ERROR.into_response();
        let mut response = ran.unwrap_or_else(|_| broken());
        let (status, millis) = (response.status(), started.elapsed().as_millis());
        if status.is_server_error() {
            tracing::error!(status = status.as_u16(), millis, "answered");
        } else {
            tracing::debug!(status = status.as_u16(), millis, "answered");
        }
        response.headers_mut().insert(REQUEST_ID, id);
        response
    }
    .instrument(span)
    .await
}

/// A proxy's id, when it looks like one.
fn given(headers: &HeaderMap) -> Option<HeaderValue> {
    let value = headers.get(REQUEST_ID)?;
    let text = value.to_str().ok()?;
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    (plain && (8..=64).contains(&text.len())).then(|| value.clone())
}

fn fresh() -> HeaderValue {
    let id = hex::encode(rand::random::<[u8; 8]>());
    HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}
