//! The first answer to a state-changing request, replayed to its repeats.
//!
//! A form carries a key made when its page was rendered; a program sends `Idempotency-Key`. The
//! first request with a key claims it, in a committed row, before anything is done: a twin that
//! comes while it runs finds the claim and is told so. What the first one answered is kept for 72
//! hours. An answer that means "nothing was done" gives the key free again.
//!
//! Each is one statement that commits by itself, like finding the session: every form pays for it.

use crate::{Fault, Platform};
use chrono::TimeDelta;
use voxlink_types::ids::TenantId;

/// How long answers are kept.
const KEPT: TimeDelta = TimeDelta::hours(72);
/// After this long without an answer the first request is taken for dead (its server was killed)
/// and the key may be claimed again. What it did is told by the verb's own unique keys.
const GIVEN_UP: TimeDelta = TimeDelta::minutes(2);

/// An answer, as far as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Where to go, of a redirect.
    pub location: Option<String>,
    /// The body, when it is small.
    pub body: Vec<u8>,
}

/// What a key is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Yours: do it, then [`keep`] or [`free`].
    First,
    /// Done before: this was the answer.
    Repeat(Answer),
    /// The first one still runs.
    Running,
    /// The key was used for another request.
    Mismatch,
}

/// Claims a key for a request; `request_hash` covers its route and body.
pub async fn claim(
    platform: &Platform,
    tenant: TenantId,
    key: &str,
    route: &str,
    request_hash: &[u8],
) -> Result<Claim, Fault> {
    let (pool, now) = (&platform.db().platform, platform.clock().now());
    let claimed = sqlx::query_scalar!(
        r#"insert into idempotency_keys as k (tenant_id, key, route, request_hash, created_at, expires_at)
           values ($1, $2, $3, $4, $5, $6)
           on conflict (tenant_id, key) do update
           set route = excluded.route, request_hash = excluded.request_hash, response_status = null,
               response_body = null, response_location = null,
               created_at = excluded.created_at, expires_at = excluded.expires_at
           where k.expires_at <= $5
              or (k.response_status is null and k.created_at <= $7 and k.request_hash = $4)
           returning true as "claimed!""#,
        tenant.uuid(),
        key,
        route,
        request_hash,
        now,
        now + KEPT,
        now - GIVEN_UP,
    )
    .fetch_optional(pool)
    .await?;
    if claimed.is_some() {
        return Ok(Claim::First);
    }
    let found = sqlx::query!(
        "select request_hash, response_status, response_body, response_location
         from idempotency_keys where tenant_id = $1 and key = $2",
        tenant.uuid(),
        key
    )
    .fetch_optional(pool)
    .await?;
    Ok(match found {
        // Freed between the two statements: whoever had it has just ended without doing anything.
        None => Claim::Running,
        Some(found) if found.request_hash != request_hash => Claim::Mismatch,
        Some(found) => match found.response_status {
            None => Claim::Running,
            Some(status) => Claim::Repeat(Answer {
                status: u16::try_from(status)
                    .map_err(|e| Fault::inconsistent("idempotency_keys.response_status", e))?,
                location: found.response_location,
                body: found.response_body.unwrap_or_default(),
            }),
        },
    })
}

/// Keeps the answer of the first request.
pub async fn keep(
    platform: &Platform,
    tenant: TenantId,
    key: &str,
    answer: &Answer,
) -> Result<(), Fault> {
    sqlx::query!(
        "update idempotency_keys set response_status = $3, response_location = $4, response_body = $5
         where tenant_id = $1 and key = $2",
        tenant.uuid(),
        key,
        i32::from(answer.status),
        answer.location,
        answer.body,
    )
    .execute(&platform.db().platform)
    .await?;
    Ok(())
}

/// Gives the key free: the request was refused or failed, and may be sent again.
pub async fn free(platform: &Platform, tenant: TenantId, key: &str) -> Result<(), Fault> {
    sqlx::query!(
        "delete from idempotency_keys where tenant_id = $1 and key = $2 and response_status is null",
        tenant.uuid(),
        key
    )
    .execute(&platform.db().platform)
    .await?;
    Ok(())
}

/// Forgets answers that nobody can ask for any more.
pub async fn sweep(platform: &Platform) -> Result<u64, Fault> {
    let gone =
        sqlx::query!("delete from idempotency_keys where expires_at <= $1", platform.clock().now())
            .execute(&platform.db().platform)
            .await?;
    Ok(gone.rows_affected())
}
