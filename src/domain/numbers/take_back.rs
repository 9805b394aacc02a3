//! Having a released number back: some carriers keep one for its last owner while it rests. It is
//! then bought like any other, through the cart. That nobody else gets it into theirs is seen to in
//! the database (`held_by_another`), because at the carrier all tenants are one account.

use super::NumberError;
use crate::{Ctx, Platform};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;
use uuid::Uuid;
use voxlink_types::{E164, ids::NumberId};

/// A released number that its tenant may buy back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeBack {
    /// The carrier that keeps it.
    pub carrier: String,
    /// The number.
    pub number: E164,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// Which of these numbers the tenant may have back now. One that was had back and released again is
/// told of under its newest id only.
pub async fn to_take_back(
    cx: &mut Ctx,
    platform: &Platform,
    ids: &[NumberId],
) -> Result<HashMap<NumberId, TakeBack>, NumberError> {
    let now = cx.now();
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let resting = sqlx::query!(
        r#"select s.id as "id: NumberId", s.e164 as "number: E164", s.released_at as "released_at!",
                  i.carrier
           from subscriptions s
           join inventory i on i.id = s.inventory_id
           join carriers c on c.key = i.carrier
           where s.tenant_id = $1 and s.id = any($2) and s.state = 'released'
             and i.state = 'aging' and i.aging_until > $3 and c.state = 'enabled'
             and not exists (
                 select from subscriptions later
                 where later.tenant_id = s.tenant_id and later.inventory_id = s.inventory_id
                   and later.released_at > s.released_at)"#,
        cx.tenant().uuid(),
        &ids,
        now,
    )
    .fetch_all(cx.tx())
    .await?;
    let back = resting.into_iter().filter_map(|row| {
        let days = platform.carrier(&row.carrier)?.abilities().undo_days;
        let until = row.released_at + TimeDelta::days(i64::from(days));
        let back = TakeBack { carrier: row.carrier, number: row.number, until };
        (until > now).then_some((row.id, back))
    });
    Ok(back.collect())
}
