//! Whether this server lives and whether it can do its work, for load balancers and people.

use crate::mount::Mount;
use axum::{Json, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use serde::Serialize;
use std::time::Duration;
use voxlink_domain::{MIGRATOR, Platform};

/// How long a check may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// The rows of this area.
pub fn routes(platform: &Platform) -> Vec<Mount> {
    let ready = get(ready).with_state(platform.clone());
    vec![
        Mount::public("/health/live", get(|| async { "alive\n" })),
        Mount::public("/health/ready", ready),
    ]
}

/// One thing that readiness needs.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    /// What is wrong, in words; never an address or a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// 200 when the database answers with the schema that this binary was built for, else 503 and why.
async fn ready(State(platform): State<Platform>) -> impl IntoResponse {
    let checks = [database(&platform).await];
    let ok = checks.iter().all(|c| c.ok);
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(serde_json::json!({ "ready": ok, "checks": checks })))
}

async fn database(platform: &Platform) -> Check {
    let name = "database";
    let newest = tokio::time::timeout(PATIENCE, newest_migration(platform)).await;
    let why = match newest {
        Err(_) => Some("no answer within two seconds".to_owned()),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database does not answer");
            Some("it does not answer".to_owned())
        }
        // A newer schema is fine: servers are replaced one by one.
        Ok(Ok(applied)) if applied < wanted() => Some(format!("migration {} is missing", wanted())),
        Ok(Ok(_)) => None,
    };
    Check { name, ok: why.is_none(), why }
}

/// The newest migration this binary carries.
pub(crate) fn wanted() -> i64 {
    MIGRATOR.iter().map(|m| m.version).max().unwrap_or(0)
}

/// The newest migration that the database has.
pub(crate) async fn newest_migration(platform: &Platform) -> Result<i64, sqlx::Error> {
    let newest: Option<i64> =
        sqlx::query_scalar("select max(version) from _sqlx_migrations where success")
            .fetch_one(&platform.db().owner)
            .await?;
    Ok(newest.unwrap_or(0))
}
