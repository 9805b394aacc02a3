//! Names, notes and tags: what the owner writes on a number.

use super::{ApplySettings, NumberError, Tags, lifecycle};
use crate::{Ctx, audit::Entry};
use serde_json::{Value, json};
use voxlink_types::ids::NumberId;

const LONGEST_NAME: usize = 64;
const LONGEST_NOTES: usize = 4000;

/// Gives a number a name, or takes it away with an empty one. The name is stored here first; a job
/// tells the carrier, and until it has confirmed the new label shows as pending.
pub async fn rename(cx: &mut Ctx, id: NumberId, name: &str) -> Result<(), NumberError> {
    let name = name.trim();
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(NumberError::Name);
    }
    let name = (!name.is_empty()).then(|| name.to_owned());
    let number = lifecycle::lock(cx, id).await?;
    number.changeable()?;
    if number.name == name {
        return Ok(());
    }
    let label = name.clone().unwrap_or_else(|| number.number.to_string());
    let tenant = cx.tenant();
    sqlx::query!(
        "update subscriptions
         set friendly_name = $3, desired = desired || jsonb_build_object('label', $4::text)
         where tenant_id = $1 and id = $2",
        tenant.uuid(),
        id.uuid(),
        name,
        label,
    )
    .execute(cx.tx())
    .await?;
    cx.enqueue(&ApplySettings { tenant, number: id }).await?;
    note(cx, "number.rename", id, json!({"name": number.name}), json!({"name": name})).await
}

/// Writes the owner's notes.
pub async fn set_notes(cx: &mut Ctx, id: NumberId, notes: &str) -> Result<(), NumberError> {
    let notes = notes.replace("\r\n", "\n");
    let notes = notes.trim();
    if notes.chars().count() > LONGEST_NOTES {
        return Err(NumberError::Notes);
    }
    let notes = (!notes.is_empty()).then(|| notes.to_owned());
    let number = lifecycle::lock(cx, id).await?;
    number.changeable()?;
    if number.notes == notes {
        return Ok(());
    }
    sqlx::query!(
        "update subscriptions set notes = $3 where tenant_id = $1 and id = $2",
        cx.tenant().uuid(),
        id.uuid(),
        notes,
    )
    .execute(cx.tx())
    .await?;
    note(cx, "number.annotate", id, json!({"notes": number.notes}), json!({"notes": notes})).await
}

/// Replaces a number's tags.
pub async fn set_tags(cx: &mut Ctx, id: NumberId, tags: &Tags) -> Result<(), NumberError> {
    let number = lifecycle::lock(cx, id).await?;
    store_tags(cx, number, tags).await
}

/// Puts tags on a number and takes others off.
pub async fn change_tags(
    cx: &mut Ctx,
    id: NumberId,
    add: &Tags,
    remove: &Tags,
) -> Result<(), NumberError> {
    let number = lifecycle::lock(cx, id).await?;
    let tags = Tags::stored(number.tags.clone()).without(remove).with(add)?;
    store_tags(cx, number, &tags).await
}

async fn store_tags(
    cx: &mut Ctx,
    number: lifecycle::Locked,
    tags: &Tags,
) -> Result<(), NumberError> {
    number.changeable()?;
    if number.tags == tags.as_slice() {
        return Ok(());
    }
    sqlx::query!(
        "update subscriptions set tags = $3 where tenant_id = $1 and id = $2",
        cx.tenant().uuid(),
        number.id.uuid(),
        tags.as_slice() as &[String],
    )
    .execute(cx.tx())
    .await?;
    let (old, new) = (json!({"tags": number.tags}), json!({"tags": tags.as_slice()}));
    note(cx, "number.tag", number.id, old, new).await
}

async fn note(
    cx: &mut Ctx,
    action: &str,
    id: NumberId,
    old: Value,
    new: Value,
) -> Result<(), NumberError> {
    let entry = Entry {
        action,
        resource: "number",
        resource_id: Some(id.to_string()),
        old: Some(old),
        new: Some(new),
        ..Entry::default()
    };
    Ok(cx.audit(entry).await?)
}
