//! What a call shall do: asked while a telephone rings, answered without the database.

use super::{Callbacks, intake::refused};
use axum::{
    extract::{OriginalUri, Path, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use std::{sync::Arc, time::Instant};
use voxlink_domain::{
    calls::{News, dated},
    routing::{Question, Source, answer},
};
use voxlink_gateways::{
    Switchboard,
    carrier::{Callback, Markup, Verified},
};
use voxlink_types::routing::{Step, Voice};

impl Callbacks {
    /// Proves a request; the answer to an unknown carrier or a forgery otherwise. The URL is ours
    /// as configured, whatever the Host header says.
    #[expect(clippy::result_large_err, reason = "the answer is sent as it is")]
    pub(super) fn verify(
        &self,
        carrier: &str,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(Arc<dyn Switchboard>, Verified), Response> {
        let board = self.platform.switchboard(carrier).ok_or_else(|| {
            // Perhaps it is proved by what is stored, which could not be read yet: it comes again.
            let known = self.platform.knows_accounts();
            let status =
                if known { StatusCode::NOT_FOUND } else { StatusCode::SERVICE_UNAVAILABLE };
            status.into_response()
        })?;
        let path = uri.path_and_query().map_or("/", |p| p.as_str());
        let url = self.platform.settings().url(path);
        let now = self.platform.clock().now();
        let verified =
            board.verify(&Callback { url: &url, headers, body, now }).map_err(refused)?;
        Ok((board, verified))
    }
}

/// The first question of a call.
pub(super) async fn first(
    State(callbacks): State<Arc<Callbacks>>,
    Path(carrier): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    reply(&callbacks, &carrier, None, &uri, &headers, &body)
}

/// What comes after a step.
pub(super) async fn on(
    State(callbacks): State<Arc<Callbacks>>,
    Path((carrier, position)): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    reply(&callbacks, &carrier, Some(&position), &uri, &headers, &body)
}

fn reply(
    callbacks: &Callbacks,
    carrier: &str,
    position: Option<&str>,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let began = Instant::now();
    let (board, verified) = match callbacks.verify(carrier, uri, headers, body) {
        Ok(proved) => proved,
        Err(response) => return response,
    };
    let call = match board.incoming_call(&verified) {
        Ok(call) => call,
        Err(error) => return refused(error),
    };
    let source = callbacks.table.source();
    let base = callbacks.platform.settings().url(&format!("/callbacks/{carrier}"));
    // The edges of own trunks ask under their kind; the carrier is one.
    let carrier = board.key();
    let at = dated(call.at, callbacks.platform.clock().now(), carrier);
    let question = Question { carrier, call: &call, at, position, base: &base };
    let answer = answer(&callbacks.table, &question);
    // Only the database knows that a number is not ours: until it was read, another server or the
    // fallback address may be asked.
    if answer.heard.is_none() && source != Source::Database {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let response = written(board.markup(&answer.steps));
    if let Some(heard) = answer.heard {
        callbacks.recorder.note(News::Heard(Box::new(heard)));
    }
    metrics::counter!("voxlink_voice_answers_total", "carrier" => board.key()).increment(1);
    metrics::histogram!("voxlink_voice_answer_seconds").record(began.elapsed());
    response
}

/// Asked when the answer failed: needs nothing but the signature.
pub(super) async fn fallback(
    State(callbacks): State<Arc<Callbacks>>,
    Path(carrier): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match callbacks.verify(&carrier, &uri, &headers, &body) {
        Ok((board, _)) => {
            metrics::counter!("voxlink_voice_fallbacks_total", "carrier" => board.key())
                .increment(1);
            let sorry = Step::Say {
                text: "Your call cannot be connected at the moment. Please try again later."
                    .to_owned(),
                voice: Voice::Woman,
                language: "en-US".to_owned(),
            };
            written(board.markup(&[sorry, Step::Hangup]))
        }
        Err(response) => response,
    }
}

fn written(markup: Markup) -> Response {
    let headers =
        [(header::CONTENT_TYPE, markup.content_type), (header::CACHE_CONTROL, "no-store")];
    (headers, markup.body).into_response()
}
