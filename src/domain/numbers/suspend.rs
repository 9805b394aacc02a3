//! Suspension by the owner: the number is kept and paid, callers hear a message instead of the plan.

use super::{NumberError, lifecycle};
use crate::{Ctx, audit::Entry};
use serde_json::json;
use voxlink_types::{ids::NumberId, number::NumberState};

const LONGEST: usize = 300;

/// A reason as it is stored: said, and not too long.
pub(super) fn reason(typed: &str) -> Result<&str, NumberError> {
    let reason = typed.trim();
    if reason.is_empty() || reason.chars().count() > LONGEST {
        return Err(NumberError::Reason);
    }
    Ok(reason)
}

/// Suspends a number. Callers hear `message`, or the installation's own where it is empty. Nothing
/// changes at the carrier: the answer to the next call does.
pub async fn suspend(
    cx: &mut Ctx,
    id: NumberId,
    why: &str,
    message: &str,
) -> Result<(), NumberError> {
    let why = reason(why)?;
    let message = message.trim();
    if message.chars().count() > LONGEST {
        return Err(NumberError::Message);
    }
    let message = (!message.is_empty()).then_some(message);
    let number = lifecycle::lock(cx, id).await?;
    lifecycle::check(&number, NumberState::Suspended, "suspended")?;
    sqlx::query!(
        "update subscriptions
         set state = 'suspended', suspended_at = $3, suspension_reason = $4, suspension_message = $5
         where tenant_id = $1 and id = $2",
        cx.tenant().uuid(),
        id.uuid(),
        cx.now(),
        why,
        message,
    )
    .execute(cx.tx())
    .await?;
    lifecycle::told(cx, &number, NumberState::Suspended, why).await?;
    let entry = Entry {
        action: "number.suspend",
        resource: "number",
        resource_id: Some(id.to_string()),
        old: Some(json!({"state": number.state})),
        new: Some(json!({"state": "suspended", "message": message})),
        reason: Some(why),
        ..Entry::default()
    };
    Ok(cx.audit(entry).await?)
}

/// Lets a suspended number answer by its plan again.
pub async fn resume(cx: &mut Ctx, id: NumberId) -> Result<(), NumberError> {
    let number = lifecycle::lock(cx, id).await?;
    if number.release_requested_at.is_some() && number.state != NumberState::Released {
        return Err(NumberError::BeingReleased);
    }
    if number.state != NumberState::Suspended {
        return Err(NumberError::State { state: number.state, wanted: "resumed" });
    }
    lifecycle::check(&number, NumberState::Active, "resumed")?;
    sqlx::query!(
        "update subscriptions
         set state = 'active', suspended_at = null, suspension_reason = null, suspension_message = null
         where tenant_id = $1 and id = $2",
        cx.tenant().uuid(),
        id.uuid(),
    )
    .execute(cx.tx())
    .await?;
    lifecycle::told(cx, &number, NumberState::Active, "Resumed").await?;
    let entry = Entry {
        action: "number.resume",
        resource: "number",
        resource_id: Some(id.to_string()),
        old: Some(json!({"state": number.state, "reason": number.suspension_reason})),
        new: Some(json!({"state": "active"})),
        ..Entry::default()
    };
    Ok(cx.audit(entry).await?)
}
