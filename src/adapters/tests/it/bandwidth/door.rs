//! Who may come in: the one who shows the token given out last, or the API user. Tokens are given to
//! the client.

use super::books::Shared;
use crate::stand_in::lock;
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// Where tokens are given out.
pub const TOKENS: &str = "/api/v1/oauth2/token";

/// `client:secret` and `api:secret` (RFC 7617).
const CLIENT: &str = "Basic Y2xpZW50OnNlY3JldA==";
const USER: &str = "Basic YXBpOnNlY3JldA==";

pub struct Door {
    /// Tokens given out so far; only the last one is good.
    pub given: u32,
    /// What a token is good for, as its answer says.
    pub seconds: u32,
    /// No token is good.
    pub shut: bool,
    /// How often somebody was turned away.
    pub refused: u32,
}

impl Default for Door {
    fn default() -> Self {
        Self { given: 0, seconds: 3_600, shut: false, refused: 0 }
    }
}

fn shown(headers: &HeaderMap) -> &str {
    headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

pub async fn token(State(books): State<Shared>, headers: HeaderMap, body: String) -> Response {
    assert_eq!(body, "grant_type=client_credentials");
    if shown(&headers) != CLIENT {
        let words = json!({"error": "invalid_client",
            "error_description": "Client authentication failed"});
        return (StatusCode::UNAUTHORIZED, Json(words)).into_response();
    }
    // Long enough for a second asker to come while the first one waits.
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let mut books = lock(&books);
    let door = &mut books.door;
    door.given += 1;
    let (token, seconds) = (format!("token-{}", door.given), door.seconds);
    Json(json!({"access_token": token, "token_type": "Bearer", "expires_in": seconds,
        "scope": "", "acr": "high"}))
    .into_response()
}

pub async fn guard(State(books): State<Shared>, request: Request, next: Next) -> Response {
    let known = {
        let mut books = lock(&books);
        let door = &mut books.door;
        let token = format!("Bearer token-{}", door.given);
        let shown = shown(request.headers());
        let known = shown == USER || (!door.shut && door.given > 0 && shown == token);
        door.refused += u32::from(!known);
        known
    };
    if known { next.run(request).await } else { StatusCode::UNAUTHORIZED.into_response() }
}
