//! Counts what carriers call us with, by what became of it.

use super::Callbacks;
use crate::metrics::tally;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::Response,
};
use std::sync::Arc;
use voxlink_domain::carriers::CallbackOutcome;

/// The layer around all callbacks. Paths that are nobody's are not counted.
pub(super) async fn count(
    State(callbacks): State<Arc<Callbacks>>,
    request: Request,
    next: Next,
) -> Response {
    // `/callbacks/{carrier}/…`
    let path = request.uri().path().split('/').nth(2).unwrap_or_default();
    let carrier = callbacks.platform.switchboard(path).map(|board| board.key());
    let response = next.run(request).await;
    if let (Some(carrier), Some(outcome)) = (carrier, outcome(response.status())) {
        tally().called_back(carrier, outcome);
    }
    response
}

/// What an answer says of its callback; none where the carrier was only asked who it is, because it
/// comes at once again.
fn outcome(status: StatusCode) -> Option<CallbackOutcome> {
    match status {
        StatusCode::UNAUTHORIZED => None,
        status if status.is_server_error() => Some(CallbackOutcome::Failed),
        status if status.is_client_error() => Some(CallbackOutcome::Refused),
        _ => Some(CallbackOutcome::Processed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_what_became_of_its_callback() {
        for (status, wanted) in [
            (StatusCode::OK, Some(CallbackOutcome::Processed)),
            (StatusCode::NO_CONTENT, Some(CallbackOutcome::Processed)),
            (StatusCode::FORBIDDEN, Some(CallbackOutcome::Refused)),
            (StatusCode::BAD_REQUEST, Some(CallbackOutcome::Refused)),
            (StatusCode::SERVICE_UNAVAILABLE, Some(CallbackOutcome::Failed)),
            (StatusCode::UNAUTHORIZED, None),
        ] {
            assert_eq!(outcome(status), wanted, "{status}");
        }
    }
}
