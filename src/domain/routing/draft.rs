//! What is being written for a number: at most one draft, in the tenant's own transactions.

use super::{
    RoutingError,
    versions::{editing, owned},
};
use crate::{Ctx, audit::Entry};
use serde_json::json;
use sqlx::types::Json;
use voxlink_types::{
    E164,
    ids::{ConfigurationId, NumberId, UserId},
    routing::{Address, Kind, Plan, describe, differences},
};

/// Bytes of a plan's JSON: a hundred steps with long texts.
const LARGEST: usize = 300_000;

/// Keeps a plan as the number's draft. Telephone numbers typed in any form become E.164 where
/// they can. A plan that does what is in service leaves no draft.
///
/// `opened` is the [`Editing::revision`](super::Editing::revision) that the person began with: when somebody else has saved
/// something different since, nothing is changed. Without it the plan replaces what is there.
pub async fn save_draft(
    cx: &mut Ctx,
    number: NumberId,
    mut plan: Plan,
    opened: Option<&str>,
) -> Result<Option<ConfigurationId>, RoutingError> {
    let size = serde_json::to_string(&plan).map_or(usize::MAX, |json| json.len());
    if plan.nodes.len() > 100 || size > LARGEST {
        return Err(RoutingError::TooLarge);
    }
    let owned = owned(cx, number, true).await?;
    normalise(&mut plan, &owned.e164);
    let editing = editing(cx, number).await?;
    if opened.is_some_and(|opened| opened != editing.revision()) && plan != editing.plan() {
        return Err(RoutingError::Changed);
    }
    if plan == editing.in_service() {
        discard_draft(cx, number).await?;
        return Ok(None);
    }
    let (tenant, user) = (cx.tenant(), cx.actor().user_id().map(UserId::uuid));
    if let Some(draft) = editing.draft {
        if draft.plan != plan {
            sqlx::query!(
                "update number_configurations set plan = $3
                 where tenant_id = $1 and id = $2 and state = 'draft'",
                tenant.uuid(),
                draft.id.uuid(),
                Json(&plan) as _,
            )
            .execute(cx.tx())
            .await?;
            // A draft is saved by a button, never by itself, so a row for each saving is no noise.
            cx.audit(Entry {
                action: "routing.draft",
                resource: "number",
                resource_id: Some(number.to_string()),
                old: Some(json!({"does": describe(&draft.plan)})),
                new: Some(json!({
                    "does": describe(&plan), "changes": differences(&draft.plan, &plan),
                })),
                ..Entry::default()
            })
            .await?;
        }
        return Ok(Some(draft.id));
    }
    let id = ConfigurationId::new(cx.now_millis());
    sqlx::query!(
        "insert into number_configurations (id, tenant_id, subscription_id, version, plan, created_by)
         select $1, $2, $3, coalesce(max(version), 0) + 1, $4, $5
         from number_configurations where tenant_id = $2 and subscription_id = $3",
        id.uuid(),
        tenant.uuid(),
        number.uuid(),
        Json(&plan) as _,
        user,
    )
    .execute(cx.tx())
    .await?;
    let entry = Entry {
        action: "routing.draft",
        resource: "number",
        resource_id: Some(number.to_string()),
        new: Some(json!({"does": describe(&plan)})),
        ..Entry::default()
    };
    cx.audit(entry).await?;
    Ok(Some(id))
}

/// Throws the draft away.
pub async fn discard_draft(cx: &mut Ctx, number: NumberId) -> Result<(), RoutingError> {
    let tenant = cx.tenant();
    owned(cx, number, true).await?;
    let gone = sqlx::query!(
        "delete from number_configurations
         where tenant_id = $1 and subscription_id = $2 and state = 'draft' returning version",
        tenant.uuid(),
        number.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?;
    if let Some(gone) = gone {
        let entry = Entry {
            action: "routing.discard",
            resource: "number",
            resource_id: Some(number.to_string()),
            old: Some(json!({"version": gone.version})),
            ..Entry::default()
        };
        cx.audit(entry).await?;
    }
    Ok(())
}

/// Numbers as people type them become E.164 where that is possible; the rest stays as typed.
pub fn normalise(plan: &mut Plan, own: &E164) {
    let country = own.country();
    for node in plan.nodes.values_mut() {
        let Kind::Forward(forward) = &mut node.kind else { continue };
        for Address(text) in &mut forward.targets {
            if !text.contains(['@', ':'])
                && let Ok(number) = E164::from_typed(text, country.as_deref())
            {
                *text = number.to_string();
            }
        }
    }
}
