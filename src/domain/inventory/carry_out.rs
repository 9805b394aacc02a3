//! What a decision does at the carrier: the addresses set again or set back, a stray number given
//! back, the prices asked for.

use super::{
    Drift, DriftKind, DriftState, InventoryError, Remedy,
    prices::{self, Stand},
    read::drift_of,
};
use crate::{
    Fault, Platform, catalog,
    jobs::{Job, JobError},
    numbers::{next_try, rests_until, settings_for},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use voxlink_gateways::CarrierError;
use voxlink_types::ids::DriftId;

/// Does at the carrier what was decided about a difference, or takes it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarryOutDrift {
    /// Which.
    pub drift: DriftId,
    /// The way back.
    pub back: bool,
}

impl Job for CarryOutDrift {
    const TASK: &'static str = "inventory.carry_out";

    // A decision and its being taken back replace each other while they wait.
    fn key(&self) -> Option<String> {
        Some(format!("inventory.carry_out:{}", self.drift))
    }

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        Ok(carry_out(platform, self).await?)
    }
}

/// Carries out [`CarryOutDrift`]; what was decided otherwise meanwhile is left alone.
pub async fn carry_out(platform: &Platform, job: &CarryOutDrift) -> Result<(), InventoryError> {
    let mut cx = platform.work("worker").await?;
    let drift = match drift_of(&mut cx, job.drift).await {
        Err(InventoryError::NotFound) => return Ok(()),
        found => found?,
    };
    drop(cx);
    let applied = drift.state == DriftState::Applied;
    match drift.kind {
        DriftKind::Callbacks if applied != job.back => set(platform, &drift, job.back).await,
        DriftKind::MissingHere if applied && drift.remedy == Some(Remedy::GiveBack) => {
            give_back(platform, &drift).await
        }
        DriftKind::Price if applied => follow(platform, &drift).await,
        _ => Ok(()),
    }
}

/// Fetches the carriers' prices, unless the book has moved already, and looks whether it has now: a
/// carrier that does not answer keeps its prices, and is asked again.
async fn follow(platform: &Platform, drift: &Drift) -> Result<(), InventoryError> {
    if !behind(platform, drift).await? {
        return Ok(());
    }
    catalog::refresh_prices(platform).await?;
    if behind(platform, drift).await? { Err(InventoryError::PriceBehind) } else { Ok(()) }
}

async fn behind(platform: &Platform, drift: &Drift) -> Result<bool, InventoryError> {
    let mut cx = platform.work("worker").await?;
    Ok(prices::stand(&mut cx, drift).await? == Stand::Behind)
}

/// Sets the addresses as they should be, or as they were found.
async fn set(platform: &Platform, drift: &Drift, back: bool) -> Result<(), InventoryError> {
    let (Some(number), Some((tenant, _))) = (drift.subscription, &drift.holder) else {
        return Ok(());
    };
    let mut cx = platform.work("worker").await?;
    let row = sqlx::query!(
        r#"select coalesce(s.desired->>'label', s.friendly_name, s.e164) as "label!",
                i.carrier_number_id as "carrier_number_id!"
         from subscriptions s join inventory i on i.id = s.inventory_id
         where s.tenant_id = $1 and s.id = $2 and s.state <> 'released'
           and i.carrier_number_id is not null"#,
        tenant.uuid(),
        number.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?;
    drop(cx);
    let Some(row) = row else { return Ok(()) };
    let mut settings = settings_for(platform.settings(), &drift.carrier, &row.label);
    if back {
        let found = |name: &str| drift.there.get(name).and_then(Value::as_str).map(str::to_owned);
        settings.voice_url = found("voice").unwrap_or(settings.voice_url);
        settings.voice_fallback_url = found("fallback").unwrap_or(settings.voice_fallback_url);
        settings.status_url = found("status").unwrap_or(settings.status_url);
    }
    let carrier = platform
        .carrier(&drift.carrier)
        .ok_or_else(|| InventoryError::NoCarrier(drift.carrier.clone()))?;
    let owned = carrier.configure(&row.carrier_number_id, &settings).await?;
    if back {
        // What the carrier has now is not what is wanted, so nothing is confirmed.
        return Ok(());
    }
    let confirmed = serde_json::to_value(owned.settings.unwrap_or(settings))
        .map_err(|e| Fault::Internal(e.to_string()))?;
    let mut cx = platform.work("worker").await?;
    sqlx::query!(
        "update subscriptions set confirmed = $3 where tenant_id = $1 and id = $2",
        tenant.uuid(),
        number.uuid(),
        confirmed,
    )
    .execute(cx.tx())
    .await?;
    Ok(cx.commit().await?)
}

/// Gives a stray number back, unless it has become somebody's meanwhile.
async fn give_back(platform: &Platform, drift: &Drift) -> Result<(), InventoryError> {
    let Some(at_carrier) = drift.there.get("id").and_then(Value::as_str) else { return Ok(()) };
    let mut cx = platform.work("worker").await?;
    let held = sqlx::query_scalar!(
        r#"select exists (
             select from subscriptions s join inventory i on i.id = s.inventory_id
             where i.carrier = $1 and s.e164 = $2 and s.state <> 'released') as "held!""#,
        drift.carrier,
        drift.subject,
    )
    .fetch_one(cx.tx())
    .await?;
    drop(cx);
    if held {
        return Err(InventoryError::Held);
    }
    let carrier = platform
        .carrier(&drift.carrier)
        .ok_or_else(|| InventoryError::NoCarrier(drift.carrier.clone()))?;
    match carrier.release(at_carrier).await {
        Ok(()) | Err(CarrierError::Gone { .. }) => rest(platform, drift).await,
        Err(CarrierError::TooEarly { until, .. }) => {
            let mut cx = platform.work("worker").await?;
            let next = next_try(cx.now(), until);
            cx.enqueue_at(&CarryOutDrift { drift: drift.id, back: false }, Some(next)).await?;
            Ok(cx.commit().await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// A number of ours that was given back rests where it is known here: callers of its last owner are
/// not to reach the next one. One that has become somebody's meanwhile is left alone.
async fn rest(platform: &Platform, drift: &Drift) -> Result<(), InventoryError> {
    let mut cx = platform.work("worker").await?;
    let Some(until) = rests_until(&drift.carrier, cx.now()) else { return Ok(()) };
    sqlx::query!(
        "update inventory i set state = 'aging', aging_until = $3, carrier_number_id = null
         where i.carrier = $1 and i.e164 = $2 and not exists (
             select from subscriptions s where s.e164 = i.e164 and s.state <> 'released')",
        drift.carrier,
        drift.subject,
        until,
    )
    .execute(cx.tx())
    .await?;
    Ok(cx.commit().await?)
}
