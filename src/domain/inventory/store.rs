//! What an audit found, written down: each difference is one row however often it is seen.

use super::{AuditWish, Difference, InventoryError, Report};
use crate::{Ctx, Installation, audit::Entry};
use serde_json::json;
use voxlink_types::ids::{DriftId, NumberId, TenantId};

/// How much of a carrier's words is kept.
const WORDS: usize = 500;

/// Keeps that a carrier's whole list could not be compared, and why; the last try stands for all.
pub(super) async fn keep_failure(
    cx: &mut Ctx<Installation>,
    carrier: &str,
    reason: &str,
) -> Result<(), InventoryError> {
    let (now, reason) = (cx.now(), reason.chars().take(WORDS).collect::<String>());
    sqlx::query!(
        "insert into inventory_audit_failures (carrier, reason, tried_at) values ($1, $2, $3)
         on conflict (carrier) do update
             set reason = excluded.reason, tried_at = excluded.tried_at",
        carrier,
        reason,
        now,
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}

/// Keeps an audit and its differences. One that waits is brought up to date; one that is ignored
/// stays so while both sides are as they were; what this audit should have seen and did not is gone.
pub(super) async fn keep(
    cx: &mut Ctx<Installation>,
    wish: &AuditWish,
    report: &Report,
) -> Result<(), InventoryError> {
    // Two audits at once must not both write the same difference down.
    sqlx::query!("select pg_advisory_xact_lock(7130)").fetch_one(cx.tx()).await?;
    let (now, actor) = (cx.now(), cx.actor().to_string());
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    sqlx::query!(
        "insert into inventory_audits (id, carrier, holder_id, actor, here, there, differences, priced,
             started_at, finished_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        report.audit.uuid(),
        wish.carrier,
        wish.tenant.map(TenantId::uuid),
        actor,
        count(report.here),
        count(report.there),
        count(report.differences.len()),
        report.priced,
        report.started_at,
        now,
    )
    .execute(cx.tx())
    .await?;
    if wish.tenant.is_none() {
        sqlx::query!("delete from inventory_audit_failures where carrier = $1", wish.carrier)
            .execute(cx.tx())
            .await?;
    }
    for difference in &report.differences {
        keep_one(cx, report, difference).await?;
    }
    sqlx::query!(
        "update inventory_drift set state = 'gone'
         where carrier = $1 and state = 'open' and audit_id <> $2
           and ($3::uuid is null or holder_id = $3) and ($4 or kind <> 'price')",
        wish.carrier,
        report.audit.uuid(),
        wish.tenant.map(TenantId::uuid),
        report.priced,
    )
    .execute(cx.tx())
    .await?;
    let entry = Entry {
        action: "inventory.audit",
        resource: "inventory_audit",
        resource_id: Some(report.audit.to_string()),
        new: Some(json!({
            "carrier": report.carrier, "tenant": wish.tenant, "here": report.here,
            "there": report.there, "differences": report.differences.len(),
        })),
        ..Entry::default()
    };
    Ok(cx.audit_of(None, entry).await?)
}

async fn keep_one(
    cx: &mut Ctx<Installation>,
    report: &Report,
    found: &Difference,
) -> Result<(), InventoryError> {
    let (id, now) = (DriftId::new(cx.now_millis()), cx.now());
    sqlx::query!(
        "insert into inventory_drift as d (id, audit_id, carrier, subject, kind, holder_id, subscription_id,
             here, there, first_seen_at, last_seen_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
         on conflict (carrier, subject, kind) where state in ('open', 'ignored') do update
             set audit_id = excluded.audit_id, holder_id = excluded.holder_id,
                 subscription_id = excluded.subscription_id, last_seen_at = excluded.last_seen_at,
                 here = excluded.here, there = excluded.there,
                 -- somebody chose to live with it as it was, not as it has become
                 state = case when d.state = 'ignored' and d.here = excluded.here and d.there = excluded.there
                              then 'ignored' else 'open' end",
        id.uuid(),
        report.audit.uuid(),
        report.carrier,
        found.subject.to_string(),
        found.kind.as_str(),
        found.holder.map(TenantId::uuid),
        found.subscription.map(NumberId::uuid),
        found.here,
        found.there,
        now,
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}
