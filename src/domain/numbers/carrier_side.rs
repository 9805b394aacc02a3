//! What a number calls back and is called at its carrier: wanted here first, told by a job,
//! confirmed when the carrier says so.

use crate::{
    Ctx, Fault, Platform, Settings,
    jobs::{Job, JobError},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use voxlink_gateways::{CarrierError, carrier::NumberSettings};
use voxlink_types::ids::{NumberId, TenantId};

/// What a number of ours calls back, by its carrier's key, with the label shown there.
pub fn settings_for(settings: &Settings, carrier: &str, label: &str) -> NumberSettings {
    NumberSettings {
        voice_url: settings.url(&format!("/callbacks/{carrier}/voice")),
        voice_fallback_url: settings.url(&format!("/callbacks/{carrier}/voice-fallback")),
        status_url: settings.url(&format!("/callbacks/{carrier}/status")),
        message_url: String::new(),
        label: label.to_owned(),
    }
}

/// Tells the carrier what is wanted of a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplySettings {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub number: NumberId,
}

impl Job for ApplySettings {
    const TASK: &'static str = "number.apply_settings";

    fn key(&self) -> Option<String> {
        Some(format!("number.apply_settings:{}", self.number))
    }

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        Ok(apply_settings(platform, self).await?)
    }
}

/// Why a job could not do its work at the carrier. The worker tries again; a person sees it in the
/// jobs that failed.
#[derive(Debug, thiserror::Error)]
pub enum CarrierSideError {
    /// The carrier's.
    #[error(transparent)]
    Carrier(#[from] CarrierError),
    /// The number's carrier is not set up in this installation (any more).
    #[error("the carrier “{0}” is not configured")]
    NoCarrier(String),
    /// Ours.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for CarrierSideError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl From<CarrierSideError> for JobError {
    fn from(error: CarrierSideError) -> Self {
        match error {
            CarrierSideError::Fault(fault) => fault.into(),
            // Telling settings and giving back come to the same when done twice.
            CarrierSideError::Carrier(carrier)
                if carrier.may_repeat()
                    || matches!(carrier, CarrierError::UnknownOutcome { .. }) =>
            {
                Self::retry(carrier)
            }
            CarrierSideError::Carrier(_) | CarrierSideError::NoCarrier(_) => Self::fail(error),
        }
    }
}

/// Carries out [`ApplySettings`]. Nothing to tell, a number given back or not yet had: done. A
/// wish that changed meanwhile stays pending; its own job follows.
pub async fn apply_settings(
    platform: &Platform,
    job: &ApplySettings,
) -> Result<(), CarrierSideError> {
    let mut cx = platform.work_for(job.tenant, "worker").await?;
    let Some(wish) = wish(&mut cx, job.number).await? else { return Ok(()) };
    drop(cx);
    if wish.desired == wish.confirmed {
        return Ok(());
    }
    let carrier = platform
        .carrier(&wish.carrier)
        .ok_or_else(|| CarrierSideError::NoCarrier(wish.carrier.clone()))?;
    let mut settings = settings_for(platform.settings(), &wish.carrier, &wish.label);
    if let Some(label) = wish.desired.get("label").and_then(Value::as_str) {
        label.clone_into(&mut settings.label);
    }
    let owned = carrier.configure(&wish.carrier_number_id, &settings).await?;
    let mut confirmed = serde_json::to_value(owned.settings.unwrap_or(settings))
        .map_err(|e| Fault::Internal(e.to_string()))?;
    // What else is wished for stays comparable: the carrier answers only what it knows of.
    if let (Value::Object(seen), Value::Object(desired)) = (&mut confirmed, &wish.desired) {
        seen.retain(|key, _| desired.contains_key(key));
    }
    let mut cx = platform.work_for(job.tenant, "worker").await?;
    sqlx::query!(
        "update subscriptions set confirmed = $3 where tenant_id = $1 and id = $2",
        job.tenant.uuid(),
        job.number.uuid(),
        confirmed,
    )
    .execute(cx.tx())
    .await?;
    Ok(cx.commit().await?)
}

struct Wish {
    desired: Value,
    confirmed: Value,
    label: String,
    carrier: String,
    carrier_number_id: String,
}

async fn wish(cx: &mut Ctx, id: NumberId) -> Result<Option<Wish>, CarrierSideError> {
    let row = sqlx::query!(
        r#"select s.desired, s.confirmed, coalesce(s.friendly_name, s.e164) as "label!", i.carrier,
                i.carrier_number_id as "carrier_number_id!"
         from subscriptions s join inventory i on i.id = s.inventory_id
         where s.tenant_id = $1 and s.id = $2 and s.state <> 'released'
           and i.carrier_number_id is not null"#,
        cx.tenant().uuid(),
        id.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?;
    Ok(row.map(|r| Wish {
        desired: r.desired,
        confirmed: r.confirmed,
        label: r.label,
        carrier: r.carrier,
        carrier_number_id: r.carrier_number_id,
    }))
}
