//! `POST /callbacks/payments/{processor}`: what payment processors tell us by themselves.

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use voxlink_domain::{
    Platform,
    billing::payments::{self, PaymentsError},
};
use voxlink_gateways::PaymentError;

/// The route, ready to be mounted.
pub fn routes(platform: Platform) -> Router {
    Router::new()
        .route("/callbacks/payments/{processor}", post(receive))
        .layer(DefaultBodyLimit::max(64 * 1024))
        .with_state(platform)
}

/// Verifies, stores and enqueues; the answer says only whether it must be sent again.
async fn receive(
    State(platform): State<Platform>,
    Path(processor): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    match payments::receive(&platform, &processor, &headers, &body).await {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(PaymentsError::NoProcessor) => StatusCode::NOT_FOUND,
        Err(PaymentsError::Processor(PaymentError::Forged)) => {
            tracing::warn!(processor, "a payment event whose signature does not fit");
            StatusCode::FORBIDDEN
        }
        Err(error) => {
            tracing::error!(%error, processor, "a payment event could not be taken");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
