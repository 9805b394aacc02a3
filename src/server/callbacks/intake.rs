//! What carriers tell: states and recordings, acknowledged when they are in the database or on
//! disk, and news of orders, which only has them asked after sooner.

use super::Callbacks;
use axum::{
    extract::{OriginalUri, Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use std::sync::Arc;
use voxlink_domain::{
    calls::{News, RecordingNews, StatusNews, dated},
    orders,
};
use voxlink_gateways::carrier::Forged;

/// The answer to what is not taken. Which part did not fit stays in the log.
pub(super) fn refused(error: Forged) -> Response {
    let status = match error {
        // No refusal, and nothing for the log: such a carrier comes twice each time.
        Forged::Unasked(challenge) => {
            let asks = [(header::WWW_AUTHENTICATE, challenge)];
            return (StatusCode::UNAUTHORIZED, asks).into_response();
        }
        Forged::Unsigned | Forged::BadSignature | Forged::Stale => StatusCode::FORBIDDEN,
        Forged::Unreadable(_) | Forged::Missing(_) => StatusCode::BAD_REQUEST,
    };
    metrics::counter!("voxlink_callbacks_refused_total").increment(1);
    tracing::warn!(%error, "a callback was refused");
    status.into_response()
}

/// A call's state has changed.
pub(super) async fn status(
    State(callbacks): State<Arc<Callbacks>>,
    Path(carrier): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (board, verified) = match callbacks.verify(&carrier, &uri, &headers, &body) {
        Ok(proved) => proved,
        Err(response) => return response,
    };
    match board.call_event(&verified) {
        Ok(event) => {
            let carrier = board.key();
            let at = dated(event.at, callbacks.platform.clock().now(), carrier);
            let news = News::Status(StatusNews {
                carrier: carrier.to_owned(),
                carrier_call_id: event.carrier_call_id,
                event_id: event.event_id,
                from: event.from,
                to: event.to,
                status: event.status,
                at,
                duration_seconds: event.duration_seconds,
            });
            taken(&callbacks, news).await
        }
        Err(error) => refused(error),
    }
}

/// 204 when it is safe; 503 says: tell it again.
async fn taken(callbacks: &Callbacks, news: News) -> Response {
    match callbacks.recorder.keep(news).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
    .into_response()
}

/// A recording can be had.
pub(super) async fn recording(
    State(callbacks): State<Arc<Callbacks>>,
    Path(carrier): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (board, verified) = match callbacks.verify(&carrier, &uri, &headers, &body) {
        Ok(proved) => proved,
        Err(response) => return response,
    };
    match board.recording(&verified) {
        Ok(recording) => {
            let news = News::Recording(RecordingNews {
                carrier: board.key().to_owned(),
                carrier_call_id: recording.carrier_call_id,
                id: recording.id,
                url: recording.url,
                seconds: recording.seconds,
            });
            taken(&callbacks, news).await
        }
        Err(error) => refused(error),
    }
}

/// An order moved at a carrier that works it off.
pub(super) async fn order(
    State(callbacks): State<Arc<Callbacks>>,
    Path(carrier): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (board, verified) = match callbacks.verify(&carrier, &uri, &headers, &body) {
        Ok(proved) => proved,
        Err(response) => return response,
    };
    let id = match board.order_event(&verified) {
        Ok(Some(id)) => id,
        Ok(None) => return StatusCode::NO_CONTENT.into_response(),
        Err(error) => return refused(error),
    };
    match orders::carrier_news(&callbacks.platform, board.key(), &id).await {
        Ok(waited_for) => {
            tracing::debug!(carrier = board.key(), id, waited_for, "an order moved at its carrier");
            StatusCode::NO_CONTENT
        }
        Err(error) => {
            tracing::warn!(carrier = board.key(), %error, "news of an order is not taken");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
    .into_response()
}
