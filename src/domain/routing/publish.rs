//! Putting a draft into service, and going back to what was in service before.

use super::{
    RoutingError,
    versions::{editing, owned, plan_of},
};
use crate::{Ctx, Fault, audit::Entry};
use serde_json::json;
use sqlx::types::Json;
use voxlink_types::{
    ids::{ConfigurationId, NumberId, UserId},
    routing::{Plan, check, describe, differences},
};

/// Puts the draft into service. What is answered changes within a second, on every server.
pub async fn publish(
    cx: &mut Ctx,
    number: NumberId,
    note: Option<&str>,
) -> Result<ConfigurationId, RoutingError> {
    let owned = owned(cx, number, true).await?;
    let editing = editing(cx, number).await?;
    let old = editing.in_service();
    let draft = editing.draft.ok_or(RoutingError::NoDraft)?;
    let problems = check(&draft.plan, Some(&owned.e164));
    if !problems.is_empty() {
        return Err(RoutingError::Problems(problems));
    }
    go_live(cx, number, draft.id, note).await?;
    told(cx, number, "routing.publish", draft.version, &old, &draft.plan, note).await?;
    Ok(draft.id)
}

/// Publishes a copy of an old version. A draft stays as it is.
pub async fn roll_back(
    cx: &mut Ctx,
    number: NumberId,
    to: ConfigurationId,
) -> Result<ConfigurationId, RoutingError> {
    let owned = owned(cx, number, true).await?;
    let editing = editing(cx, number).await?;
    let old = editing.in_service();
    let wanted = plan_of(cx, number, to).await?;
    if wanted == old {
        return Err(RoutingError::NoChange);
    }
    // What was right once may be wrong now: a number may have become dear or one's own.
    let problems = check(&wanted, Some(&owned.e164));
    if !problems.is_empty() {
        return Err(RoutingError::Problems(problems));
    }
    let (tenant, user) = (cx.tenant(), cx.actor().user_id().map(UserId::uuid));
    let id = ConfigurationId::new(cx.now_millis());
    let made = sqlx::query!(
        r#"insert into number_configurations
             (id, tenant_id, subscription_id, version, plan, created_by, state, published_at)
         select $1, $2, $3, max(version) + 1, $4, $5, 'superseded', $6
         from number_configurations where tenant_id = $2 and subscription_id = $3
         returning version,
             (select version from number_configurations where tenant_id = $2 and id = $7) as "copied!""#,
        id.uuid(),
        tenant.uuid(),
        number.uuid(),
        Json(&wanted) as _,
        user,
        cx.now(),
        to.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    let note = format!("Back to version {}", made.copied);
    go_live(cx, number, id, Some(&note)).await?;
    told(cx, number, "routing.roll_back", made.version, &old, &wanted, Some(&note)).await?;
    Ok(id)
}

/// Changes places: what was in service is superseded, `id` is in service.
async fn go_live(
    cx: &mut Ctx,
    number: NumberId,
    id: ConfigurationId,
    note: Option<&str>,
) -> Result<(), Fault> {
    let (tenant, now, user) = (cx.tenant(), cx.now(), cx.actor().user_id().map(UserId::uuid));
    sqlx::query!(
        "update number_configurations set state = 'superseded'
         where tenant_id = $1 and subscription_id = $2 and state = 'published'",
        tenant.uuid(),
        number.uuid()
    )
    .execute(cx.tx())
    .await?;
    sqlx::query!(
        "update number_configurations
         set state = 'published', published_at = $3, published_by = $4, note = $5
         where tenant_id = $1 and id = $2",
        tenant.uuid(),
        id.uuid(),
        now,
        user,
        note,
    )
    .execute(cx.tx())
    .await?;
    sqlx::query!(
        "update subscriptions set published_configuration_id = $3 where tenant_id = $1 and id = $2",
        tenant.uuid(),
        number.uuid(),
        id.uuid(),
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}

async fn told(
    cx: &mut Ctx,
    number: NumberId,
    action: &str,
    version: i32,
    old: &Plan,
    new: &Plan,
    note: Option<&str>,
) -> Result<(), Fault> {
    cx.audit(Entry {
        action,
        resource: "number",
        resource_id: Some(number.to_string()),
        old: Some(json!({"does": describe(old)})),
        new: Some(json!({
            "does": describe(new), "version": version, "changes": differences(old, new),
        })),
        reason: note,
        ..Entry::default()
    })
    .await
}
