//! What is decided about a difference: applied, ignored with a reason, rolled back. Each decision is
//! one transaction with its audit row; what has to be done at the carrier is a job of it.

use super::{
    Drift, DriftKind, DriftState, InventoryError, Remedy, Standing,
    adopt::{self, Adoption, told},
    carry_out::CarryOutDrift,
    prices::{self, Stand},
    read::drift_of,
};
use crate::{Ctx, Fault, Installation, Platform, audit::Entry, numbers::rests_until};
use serde_json::{Value, json};
use voxlink_gateways::{CarrierError, carrier::OwnedNumber};
use voxlink_types::{
    E164,
    ids::{DriftId, NumberId, TenantId},
    number::NumberState,
};

/// What can be done about a kind of difference, the usual first. What only the carrier has is for a
/// person to decide.
pub const fn remedies(kind: DriftKind) -> &'static [Remedy] {
    match kind {
        DriftKind::MissingThere | DriftKind::Status | DriftKind::Price => &[Remedy::TakeOver],
        DriftKind::Callbacks => &[Remedy::SetAgain],
        DriftKind::MissingHere => &[Remedy::Adopt, Remedy::GiveBack],
    }
}

/// Asks the carrier whether a stray number is still ours and rings, before it is adopted: it may
/// have been given back since the carrier was compared. Not for a transaction; a carrier that cannot
/// tell of one number is taken at its list's word.
pub async fn still_ours(platform: &Platform, drift: &Drift) -> Result<(), InventoryError> {
    if drift.kind != DriftKind::MissingHere || drift.state != DriftState::Open {
        return Ok(());
    }
    let seen = owned(drift)?;
    let carrier = platform
        .carrier(&drift.carrier)
        .ok_or_else(|| InventoryError::NoCarrier(drift.carrier.clone()))?;
    match carrier.get(&seen.id).await {
        Ok(there) if there.number != seen.number => Err(InventoryError::Stale),
        Ok(there) if !there.active => Err(InventoryError::Silent),
        Ok(_) | Err(CarrierError::Unsupported { .. }) => Ok(()),
        Err(CarrierError::Gone { .. }) => Err(InventoryError::Stale),
        Err(error) => Err(error.into()),
    }
}

/// Settles a difference. `holder` is the account that gets the number, where one is adopted.
pub async fn apply(
    cx: &mut Ctx<Installation>,
    platform: &Platform,
    id: DriftId,
    remedy: Remedy,
    holder: Option<TenantId>,
) -> Result<(), InventoryError> {
    let drift = locked(cx, id).await?;
    if drift.state != DriftState::Open {
        return Err(InventoryError::NotOpen);
    }
    if !remedies(drift.kind).contains(&remedy) {
        return Err(InventoryError::WrongRemedy);
    }
    let before = match (drift.kind, remedy) {
        (DriftKind::Price, _) => {
            if prices::stand(cx, &drift).await? == Stand::ByHand {
                return Err(InventoryError::ByHand);
            }
            cx.enqueue(&CarryOutDrift { drift: id, back: false }).await?;
            Value::Null
        }
        (_, Remedy::TakeOver) => take_over(cx, &drift).await?,
        (_, Remedy::Adopt) => {
            let tenant = holder.ok_or(InventoryError::Account)?;
            let adoption = Adoption {
                tenant,
                carrier: drift.carrier.clone(),
                owned: owned(&drift)?,
                offer: None,
                campaign: None,
                reason: "Found at the carrier",
            };
            let number = adopt::adopt(cx, platform, &adoption).await?;
            json!({ "tenant": tenant, "number": number })
        }
        (_, Remedy::SetAgain | Remedy::GiveBack) => {
            cx.enqueue(&CarryOutDrift { drift: id, back: false }).await?;
            Value::Null
        }
    };
    decided(cx, &drift, DriftState::Applied, Some(remedy), None, before).await
}

/// Leaves a difference as it is. While neither side changes it does not come up again.
pub async fn ignore(
    cx: &mut Ctx<Installation>,
    id: DriftId,
    reason: &str,
) -> Result<(), InventoryError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 300 {
        return Err(InventoryError::Reason);
    }
    let drift = locked(cx, id).await?;
    if drift.state != DriftState::Open {
        return Err(InventoryError::NotOpen);
    }
    decided(cx, &drift, DriftState::Ignored, None, Some(reason), Value::Null).await
}

/// Takes a decision back: what was written here is as it was, what was set at the carrier is set
/// back by a job. The difference waits again, unless an audit has seen it anew.
pub async fn roll_back(cx: &mut Ctx<Installation>, id: DriftId) -> Result<(), InventoryError> {
    let drift = locked(cx, id).await?;
    match (drift.state, drift.remedy) {
        (DriftState::Ignored, _) => {}
        (DriftState::Applied, Some(remedy)) => undo(cx, &drift, remedy).await?,
        _ => return Err(InventoryError::NothingToRollBack),
    }
    sqlx::query!(
        "update inventory_drift d
         set state = case when d.state <> 'ignored' and exists (
                 select from inventory_drift o where o.carrier = d.carrier and o.subject = d.subject
                     and o.kind = d.kind and o.state in ('open', 'ignored')) then 'gone' else 'open' end,
             remedy = null, before = null, reason = null, decided_by = null, decided_at = null
         where d.id = $1",
        id.uuid(),
    )
    .execute(cx.tx())
    .await?;
    note(cx, &drift, "inventory.roll_back", None, json!({ "state": "open" })).await
}

async fn locked(cx: &mut Ctx<Installation>, id: DriftId) -> Result<Drift, InventoryError> {
    sqlx::query_scalar!("select id from inventory_drift where id = $1 for update", id.uuid())
        .fetch_optional(cx.tx())
        .await?
        .ok_or(InventoryError::NotFound)?;
    drift_of(cx, id).await
}

/// A number as the carrier showed it to the audit.
fn owned(drift: &Drift) -> Result<OwnedNumber, InventoryError> {
    let text = |name: &str| drift.there.get(name).and_then(Value::as_str).map(str::to_owned);
    let broken = || Fault::inconsistent(format!("inventory_drift {}", drift.id), "no number");
    Ok(OwnedNumber {
        id: text("id").ok_or_else(broken)?,
        number: drift.subject.parse::<E164>().map_err(|_| broken())?,
        account: text("account").unwrap_or_default(),
        active: text("standing").as_deref() == Some(Standing::Active.as_str()),
        settings: None,
    })
}

fn standing(side: &Value) -> Standing {
    let word = side.get("standing").and_then(Value::as_str);
    word.and_then(|word| word.parse().ok()).unwrap_or(Standing::Active)
}

/// Writes down how the number stands at the carrier. One in service that does not ring needs a
/// person, and is in service again once it does; while it is being released, only once that is
/// undone. Answers what stood here. A number that was released after the audit may be another
/// account's by now, on the same row: it is left alone.
async fn take_over(cx: &mut Ctx<Installation>, drift: &Drift) -> Result<Value, InventoryError> {
    let (Some(number), Some((holder, _))) = (drift.subscription, &drift.holder) else {
        return Err(InventoryError::WrongRemedy);
    };
    let row = sqlx::query!(
        r#"select s.tenant_id as "tenant: TenantId", s.state as "state: NumberState", i.id,
                i.carrier_number_id, i.at_carrier, s.release_at,
                s.state_before_release as "before: NumberState"
         from subscriptions s join inventory i on i.id = s.inventory_id
         where s.id = $1 and s.tenant_id = $2 and s.state <> 'released' for update of s, i"#,
        number.uuid(),
        holder.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(InventoryError::Stale)?;
    let there = standing(&drift.there);
    let renamed = drift.there.get("id").and_then(Value::as_str);
    sqlx::query!(
        "update inventory set at_carrier = $2, carrier_number_id = coalesce($3, carrier_number_id)
         where id = $1",
        row.id,
        there.as_str(),
        renamed,
    )
    .execute(cx.tx())
    .await?;
    let mended = row.state == NumberState::Error && there == Standing::Active;
    let waits = mended && row.release_at.is_some();
    if waits {
        sqlx::query!(
            "update subscriptions set state_before_release = 'active'
             where tenant_id = $1 and id = $2",
            row.tenant.uuid(),
            number.uuid(),
        )
        .execute(cx.tx())
        .await?;
    }
    let next = match (row.state, there) {
        (NumberState::Active, Standing::Missing | Standing::Inactive) => NumberState::Error,
        (NumberState::Error, Standing::Active) if !waits => NumberState::Active,
        (state, _) => state,
    };
    let reason = match there {
        Standing::Active => "In service at the carrier again",
        Standing::Inactive => "Not in service at the carrier",
        Standing::Missing => "The carrier does not show this number any more",
    };
    moved(cx, row.tenant, number, row.state, next, reason).await?;
    Ok(json!({
        "at_carrier": row.at_carrier, "id": row.carrier_number_id, "state": row.state,
        "before_release": row.before.filter(|_| waits),
    }))
}

/// Moves a number from one state to another, with its line in the number's story.
async fn moved(
    cx: &mut Ctx<Installation>,
    tenant: TenantId,
    number: NumberId,
    from: NumberState,
    to: NumberState,
    reason: &str,
) -> Result<(), InventoryError> {
    if from != to {
        sqlx::query!(
            "update subscriptions set state = $3 where tenant_id = $1 and id = $2",
            tenant.uuid(),
            number.uuid(),
            to.as_str(),
        )
        .execute(cx.tx())
        .await?;
    }
    told(cx, tenant, number, Some(from.as_str()), to.as_str(), reason).await
}

async fn undo(
    cx: &mut Ctx<Installation>,
    drift: &Drift,
    remedy: Remedy,
) -> Result<(), InventoryError> {
    let before: Option<Value> =
        sqlx::query_scalar!("select before from inventory_drift where id = $1", drift.id.uuid())
            .fetch_one(cx.tx())
            .await?;
    let before = before.unwrap_or_default();
    match (drift.kind, remedy) {
        (DriftKind::Price, _) => Err(InventoryError::NoWayBack(
            "A price that took effect is not undone: the carrier's next one follows it.",
        )),
        (_, Remedy::GiveBack) => Err(InventoryError::NoWayBack(
            "The number is given back to the carrier. Buy it again if it is still for sale.",
        )),
        (_, Remedy::SetAgain) => {
            Ok(cx.enqueue(&CarryOutDrift { drift: drift.id, back: true }).await?)
        }
        (_, Remedy::TakeOver) => give_over(cx, drift, &before).await,
        (_, Remedy::Adopt) => unadopt(cx, drift, &before).await,
    }
}

/// The way back from [`take_over`], unless the number has moved on meanwhile.
async fn give_over(
    cx: &mut Ctx<Installation>,
    drift: &Drift,
    before: &Value,
) -> Result<(), InventoryError> {
    let Some(number) = drift.subscription else { return Err(InventoryError::NothingToRollBack) };
    let was = |name: &str| before.get(name).and_then(Value::as_str);
    let row = sqlx::query!(
        r#"update inventory i
         set at_carrier = coalesce($2, i.at_carrier), carrier_number_id = coalesce($3, i.carrier_number_id)
         from subscriptions s
         where s.id = $1 and i.id = s.inventory_id and s.state <> 'released'
         returning s.tenant_id as "tenant: TenantId", s.state as "state: NumberState""#,
        number.uuid(),
        was("at_carrier"),
        was("id"),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(InventoryError::NoWayBack("The number has been released meanwhile."))?;
    // Told only where the number was being released.
    if let Some(before_release) = was("before_release") {
        sqlx::query!(
            "update subscriptions set state_before_release = $3
             where tenant_id = $1 and id = $2 and release_at is not null",
            row.tenant.uuid(),
            number.uuid(),
            before_release,
        )
        .execute(cx.tx())
        .await?;
    }
    let back = was("state").and_then(|word| word.parse::<NumberState>().ok());
    let back = back.filter(|state| row.state.may_become(*state)).unwrap_or(row.state);
    moved(cx, row.tenant, number, row.state, back, "The carrier's side was not taken over").await
}

/// The way back from an adoption: the number is nobody's again, and stays ours at the carrier. One
/// of our own stock rests as after a release: callers may have learned it meanwhile.
async fn unadopt(
    cx: &mut Ctx<Installation>,
    drift: &Drift,
    before: &Value,
) -> Result<(), InventoryError> {
    let read = |name: &str| before.get(name).and_then(Value::as_str);
    let broken = || Fault::Internal("an adoption without its number".to_owned());
    let tenant: TenantId = read("tenant").and_then(|id| id.parse().ok()).ok_or_else(broken)?;
    let number: NumberId = read("number").and_then(|id| id.parse().ok()).ok_or_else(broken)?;
    let now = cx.now();
    let row = sqlx::query!(
        r#"update subscriptions s set state = 'released', released_at = $3
         from (select id, state from subscriptions where tenant_id = $1 and id = $2 for update) old
         where s.id = old.id and s.state <> 'released'
         returning old.state as "state!: NumberState", s.inventory_id"#,
        tenant.uuid(),
        number.uuid(),
        now,
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(InventoryError::NoWayBack("The number has been released meanwhile."))?;
    sqlx::query!(
        "update inventory
         set state = case when $2::timestamptz is null then 'available' else 'aging' end,
             aging_until = $2, carrier_number_id = null
         where id = $1",
        row.inventory_id,
        rests_until(&drift.carrier, now),
    )
    .execute(cx.tx())
    .await?;
    let reason = "It was recorded here by mistake";
    told(cx, tenant, number, Some(row.state.as_str()), "released", reason).await?;
    let entry = Entry {
        action: "number.released",
        resource: "number",
        resource_id: Some(number.to_string()),
        old: Some(json!({ "state": row.state })),
        new: Some(json!({ "state": "released" })),
        reason: Some(reason),
        ..Entry::default()
    };
    Ok(cx.audit_of(Some(tenant), entry).await?)
}

/// Writes the decision down.
async fn decided(
    cx: &mut Ctx<Installation>,
    drift: &Drift,
    state: DriftState,
    remedy: Option<Remedy>,
    reason: Option<&str>,
    before: Value,
) -> Result<(), InventoryError> {
    let (now, actor) = (cx.now(), cx.actor().to_string());
    let before = (!before.is_null()).then_some(before);
    sqlx::query!(
        "update inventory_drift
         set state = $2, remedy = $3, before = $4, reason = $5, decided_by = $6, decided_at = $7
         where id = $1",
        drift.id.uuid(),
        state.as_str(),
        remedy.map(Remedy::as_str),
        before,
        reason,
        actor,
        now,
    )
    .execute(cx.tx())
    .await?;
    let action = if state == DriftState::Ignored { "inventory.ignore" } else { "inventory.apply" };
    let new = json!({ "state": state, "remedy": remedy, "here": drift.here, "there": drift.there });
    note(cx, drift, action, reason, new).await
}

/// Told in the chain of whoever has the number, else in the installation's own.
async fn note(
    cx: &mut Ctx<Installation>,
    drift: &Drift,
    action: &str,
    reason: Option<&str>,
    new: Value,
) -> Result<(), InventoryError> {
    let tenant = drift.holder.as_ref().map(|(id, _)| *id);
    let entry = Entry {
        action,
        resource: "inventory_drift",
        resource_id: Some(drift.id.to_string()),
        old: Some(json!({
            "carrier": drift.carrier, "subject": drift.subject, "kind": drift.kind,
            "state": drift.state,
        })),
        new: Some(new),
        reason,
        ..Entry::default()
    };
    Ok(cx.audit_of(tenant, entry).await?)
}
