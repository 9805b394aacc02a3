//! One number, locked, and its moves: state, event and time in one step.

use super::NumberError;
use crate::Ctx;
use chrono::{DateTime, Utc};
use voxlink_types::{
    E164,
    ids::{InventoryId, NumberId},
    number::NumberState,
};

/// A number of the tenant, locked until the transaction ends.
pub(super) struct Locked {
    pub id: NumberId,
    pub number: E164,
    pub inventory: InventoryId,
    pub state: NumberState,
    pub name: Option<String>,
    pub notes: Option<String>,
    pub tags: Vec<String>,
    pub suspension_reason: Option<String>,
    pub release_requested_at: Option<DateTime<Utc>>,
    pub release_at: Option<DateTime<Utc>>,
    pub before_release: Option<NumberState>,
}

impl Locked {
    /// Refuses a number that is gone or on its way out: nothing of it may be changed.
    pub fn changeable(&self) -> Result<(), NumberError> {
        match self.state {
            NumberState::Released => {
                Err(NumberError::State { state: self.state, wanted: "changed" })
            }
            _ => Ok(()),
        }
    }
}

/// Loads and locks a number.
pub(super) async fn lock(cx: &mut Ctx, id: NumberId) -> Result<Locked, NumberError> {
    let row = sqlx::query!(
        r#"select e164 as "number: E164", inventory_id as "inventory: InventoryId",
                state as "state: NumberState", friendly_name, notes, tags, suspension_reason,
                release_requested_at, release_at, state_before_release as "before: NumberState"
         from subscriptions where tenant_id = $1 and id = $2 for update"#,
        cx.tenant().uuid(),
        id.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(NumberError::NotFound)?;
    Ok(Locked {
        id,
        number: row.number,
        inventory: row.inventory,
        state: row.state,
        name: row.friendly_name,
        notes: row.notes,
        tags: row.tags,
        suspension_reason: row.suspension_reason,
        release_requested_at: row.release_requested_at,
        release_at: row.release_at,
        before_release: row.before,
    })
}

/// Refuses a move that the lifecycle does not know; `wanted` is the word for people.
pub(super) fn check(
    number: &Locked,
    next: NumberState,
    wanted: &'static str,
) -> Result<(), NumberError> {
    if number.state.may_become(next) {
        Ok(())
    } else {
        Err(NumberError::State { state: number.state, wanted })
    }
}

/// Writes a move into the number's story. `from` and `to` may be alike: a release that was asked
/// for is an event too.
pub(super) async fn told(
    cx: &mut Ctx,
    number: &Locked,
    to: NumberState,
    reason: &str,
) -> Result<(), NumberError> {
    // An event has no public id; any UUIDv7 made from the caller's clock sorts it by time.
    let id = NumberId::new(cx.now_millis()).uuid();
    let (tenant, actor, now) = (cx.tenant().uuid(), cx.actor().to_string(), cx.now());
    sqlx::query!(
        "insert into number_events (id, tenant_id, subscription_id, from_state, to_state, reason, actor, occurred_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        tenant,
        number.id.uuid(),
        number.state.as_str(),
        to.as_str(),
        reason,
        actor,
        now,
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}
