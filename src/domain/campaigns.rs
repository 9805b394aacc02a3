//! Campaigns: what a company's numbers are for. A number is assigned to one at most; a call keeps
//! the campaign that its number had when it came in, so what a campaign cost stays true when its
//! numbers go elsewhere.

mod error;
mod read;

pub use error::CampaignError;
pub use read::{Campaign, CampaignNumber, find, get, list, numbers, of_number};

use crate::{Ctx, audit::Entry};
use serde_json::{Value, json};
use voxlink_types::{
    E164,
    ids::{CampaignId, NumberId},
};

const LONGEST: usize = 120;

fn name(typed: &str) -> Result<&str, CampaignError> {
    let name = typed.trim();
    let length = name.chars().count();
    if length == 0 || length > LONGEST || name.chars().any(char::is_control) {
        return Err(CampaignError::Name);
    }
    Ok(name)
}

/// Makes a campaign.
pub async fn create(cx: &mut Ctx, typed: &str) -> Result<CampaignId, CampaignError> {
    let name = name(typed)?;
    let (id, now) = (CampaignId::new(cx.now_millis()), cx.now());
    sqlx::query!(
        "insert into campaigns (id, tenant_id, name, created_at) values ($1, $2, $3, $4)",
        id.uuid(),
        cx.tenant().uuid(),
        name,
        now,
    )
    .execute(cx.tx())
    .await?;
    note(cx, "campaign.create", id, Value::Null, json!({ "name": name })).await?;
    Ok(id)
}

/// Gives a campaign another name.
pub async fn rename(cx: &mut Ctx, id: CampaignId, typed: &str) -> Result<(), CampaignError> {
    let name = name(typed)?;
    let (old, archived) = locked(cx, id).await?;
    if archived {
        return Err(CampaignError::Archived);
    }
    if old == name {
        return Ok(());
    }
    sqlx::query!(
        "update campaigns set name = $3 where tenant_id = $1 and id = $2",
        cx.tenant().uuid(),
        id.uuid(),
        name,
    )
    .execute(cx.tx())
    .await?;
    note(cx, "campaign.rename", id, json!({ "name": old }), json!({ "name": name })).await
}

/// Archives a campaign: its numbers are assigned to none from now on, its calls and what they cost
/// stay to be seen. Twice is once.
pub async fn archive(cx: &mut Ctx, id: CampaignId) -> Result<(), CampaignError> {
    let (_, archived) = locked(cx, id).await?;
    if archived {
        return Ok(());
    }
    let (tenant, now) = (cx.tenant().uuid(), cx.now());
    sqlx::query!(
        "update campaigns set archived_at = $3 where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
        now,
    )
    .execute(cx.tx())
    .await?;
    let freed = sqlx::query!(
        "update subscriptions set campaign_id = null where tenant_id = $1 and campaign_id = $2",
        tenant,
        id.uuid(),
    )
    .execute(cx.tx())
    .await?
    .rows_affected();
    note(cx, "campaign.archive", id, Value::Null, json!({ "numbers": freed })).await
}

/// Takes a campaign out of the archive, without the numbers it had.
pub async fn restore(cx: &mut Ctx, id: CampaignId) -> Result<(), CampaignError> {
    let (_, archived) = locked(cx, id).await?;
    if !archived {
        return Ok(());
    }
    sqlx::query!(
        "update campaigns set archived_at = null where tenant_id = $1 and id = $2",
        cx.tenant().uuid(),
        id.uuid(),
    )
    .execute(cx.tx())
    .await?;
    note(cx, "campaign.restore", id, Value::Null, Value::Null).await
}

/// Assigns numbers to a campaign, or to none; answers how many changed. Numbers that are another's
/// or released refuse the whole.
pub async fn assign(
    cx: &mut Ctx,
    to: Option<CampaignId>,
    numbers: &[NumberId],
) -> Result<usize, CampaignError> {
    if let Some(id) = to
        && locked(cx, id).await?.1
    {
        return Err(CampaignError::Archived);
    }
    let mut changed = 0;
    for number in numbers {
        let row = sqlx::query!(
            r#"select campaign_id as "campaign: CampaignId" from subscriptions
             where tenant_id = $1 and id = $2 and state <> 'released' for update"#,
            cx.tenant().uuid(),
            number.uuid(),
        )
        .fetch_optional(cx.tx())
        .await?
        .ok_or(CampaignError::Number)?;
        if row.campaign == to {
            continue;
        }
        sqlx::query!(
            "update subscriptions set campaign_id = $3 where tenant_id = $1 and id = $2",
            cx.tenant().uuid(),
            number.uuid(),
            to.map(CampaignId::uuid),
        )
        .execute(cx.tx())
        .await?;
        let entry = Entry {
            action: "number.assign",
            resource: "number",
            resource_id: Some(number.to_string()),
            old: Some(json!({ "campaign": row.campaign })),
            new: Some(json!({ "campaign": to })),
            ..Entry::default()
        };
        cx.audit(entry).await?;
        changed += 1;
    }
    Ok(changed)
}

/// Assigns numbers as people type them: one to a line or separated by commas, in any writing with
/// the country code, or national for the United States.
pub async fn assign_typed(
    cx: &mut Ctx,
    id: CampaignId,
    typed: &str,
) -> Result<usize, CampaignError> {
    // A campaign that is nobody's here is told as such before any number.
    locked(cx, id).await?;
    let (mut ids, mut unknown) = (Vec::new(), Vec::new());
    for text in typed.split([',', ';', '\n']).map(str::trim).filter(|text| !text.is_empty()) {
        let short = || text.chars().take(40).collect::<String>();
        let Ok(number) = text.parse::<E164>().or_else(|_| E164::from_typed(text, Some("US")))
        else {
            unknown.push(short());
            continue;
        };
        let found = sqlx::query_scalar!(
            r#"select id as "id: NumberId" from subscriptions
               where tenant_id = $1 and e164 = $2 and state <> 'released'"#,
            cx.tenant().uuid(),
            number.as_str(),
        )
        .fetch_optional(cx.tx())
        .await?;
        match found {
            Some(id) => ids.push(id),
            None => unknown.push(short()),
        }
    }
    if !unknown.is_empty() {
        return Err(CampaignError::Unknown(unknown));
    }
    if ids.is_empty() {
        return Err(CampaignError::NothingTyped);
    }
    assign(cx, Some(id), &ids).await
}

/// A campaign's name and whether it is archived; its row is locked.
async fn locked(cx: &mut Ctx, id: CampaignId) -> Result<(String, bool), CampaignError> {
    let row = sqlx::query!(
        r#"select name, archived_at is not null as "archived!" from campaigns
         where tenant_id = $1 and id = $2 for update"#,
        cx.tenant().uuid(),
        id.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(CampaignError::NotFound)?;
    Ok((row.name, row.archived))
}

async fn note(
    cx: &mut Ctx,
    action: &str,
    id: CampaignId,
    old: Value,
    new: Value,
) -> Result<(), CampaignError> {
    let there = |value: Value| (!value.is_null()).then_some(value);
    let entry = Entry {
        action,
        resource: "campaign",
        resource_id: Some(id.to_string()),
        old: there(old),
        new: there(new),
        ..Entry::default()
    };
    Ok(cx.audit(entry).await?)
}
