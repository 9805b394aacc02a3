//! The limit of a voice endpoint that asks PostgreSQL: a bare axum handler that checks the
//! signature, makes one prepared query over an index and answers fixed markup. No plan, no hours,
//! no account state, no call record.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::sync::Arc;
use url::form_urlencoded;
use voxlink_adapters::switchboards::sign_form;

#[derive(Debug)]
struct Bare {
    pool: PgPool,
    secret: String,
    url: String,
}

/// Serves until it is ended.
pub async fn serve(
    listen: &str,
    database: &str,
    secret: String,
    url: String,
) -> anyhow::Result<()> {
    let pool = PgPoolOptions::new().max_connections(8).min_connections(8).connect(database).await?;
    let state = Arc::new(Bare { pool, secret, url });
    let router = Router::new().route("/callbacks/twilio/voice", post(answer)).with_state(state);
    let listener = tokio::net::TcpListener::bind(listen).await?;
    Ok(axum::serve(listener, router).await?)
}

async fn answer(State(bare): State<Arc<Bare>>, headers: HeaderMap, body: String) -> Response {
    let form: Vec<(String, String)> =
        form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let given = headers.get("x-twilio-signature").and_then(|h| h.to_str().ok());
    if given != Some(sign_form(&bare.secret, &bare.url, &form).as_str()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let to = form.iter().find(|(name, _)| name == "To").map(|(_, value)| value.as_str());
    let found: Result<Option<String>, _> = sqlx::query_scalar(
        "select id::text from subscriptions where e164 = $1 and state <> 'released'",
    )
    .bind(to.unwrap_or_default())
    .fetch_optional(&bare.pool)
    .await;
    match found {
        Ok(Some(_)) => {
            let markup = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Dial timeout=\"20\"><Number>+16175550123</Number></Dial></Response>";
            ([(CONTENT_TYPE, "text/xml")], markup).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
