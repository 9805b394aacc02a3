//! What a number calls back and is called at its carrier: wanted here first, told by a job,
//! confirmed when the carrier says so. And the sweeps that make good what a job gave up.

use super::CarryOutRelease;
use crate::{
    Ctx, Fault, Platform, Settings,
    jobs::{Job, JobError},
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashSet;
use voxlink_gateways::{CarrierError, carrier::NumberSettings};
use voxlink_types::ids::{NumberId, TenantId};

/// What a number of ours calls back, by its carrier's key, with the label shown there. Messages are
/// told to nobody: no callback here takes any, and an address that refuses them would have the
/// carrier report errors.
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

/// Why a job could not do its work at the carrier. The worker tries again, or a person sees it in
/// the jobs that failed and a sweep has it tried once more.
#[derive(Debug, thiserror::Error)]
pub enum CarrierSideError {
    /// The carrier's.
    #[error(transparent)]
    Carrier(#[from] CarrierError),
    /// The number's carrier is not set up in this installation (any more).
    #[error("the carrier “{0}” is not configured")]
    NoCarrier(String),
    /// The number was bought with another account than the one that is configured now.
    #[error("the number stands under another account at the carrier “{carrier}”: {account}")]
    OtherAccount {
        /// The carrier's key.
        carrier: String,
        /// The account that the number stands under.
        account: String,
    },
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
            // That account may be configured again.
            CarrierSideError::OtherAccount { .. } => Self::retry(error),
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
    let asked = stored(&settings)?;
    let confirmed = stored(&owned.settings.unwrap_or(settings))?;
    let mut cx = platform.work_for(job.tenant, "worker").await?;
    // The addresses of now are what is wanted from now on; another name may be wished for meanwhile.
    let wanted = sqlx::query_scalar!(
        "update subscriptions set confirmed = $3, desired = $4::jsonb || desired || ($4::jsonb - 'label')
         where tenant_id = $1 and id = $2 returning desired",
        job.tenant.uuid(),
        job.number.uuid(),
        confirmed,
        asked,
    )
    .fetch_one(cx.tx())
    .await?;
    // A slower one of two may have reached the carrier last.
    if wanted.get("label") != asked.get("label") {
        cx.enqueue(job).await?;
    }
    Ok(cx.commit().await?)
}

fn stored(settings: &NumberSettings) -> Result<Value, Fault> {
    serde_json::to_value(settings).map_err(|e| Fault::Internal(e.to_string()))
}

/// Whether something is wished for that the carrier has not confirmed. What it confirmed as empty,
/// other than the address that it asks first, it has no place for.
pub(super) fn outstanding(desired: &Value, confirmed: &Value) -> bool {
    let no_place = |key: &str, seen: &Value| seen.as_str() == Some("") && key != "voice_url";
    desired.as_object().is_some_and(|wanted| {
        wanted.iter().any(|(key, value)| {
            confirmed.get(key).is_none_or(|seen| seen != value && !no_place(key, seen))
        })
    })
}

/// The most jobs that one sweep enqueues.
const MOST: usize = 500;

/// Compares wishes with what was confirmed, and has the carriers told again what they have not
/// confirmed: a job may have given up while a carrier was away for days or refused our credentials.
/// Returns how many numbers that is.
pub async fn sweep_settings(platform: &Platform) -> Result<usize, Fault> {
    let mut cx = platform.work("sweep").await?;
    // In no order, so that those a carrier will never take do not keep others from their turn.
    let rows = sqlx::query!(
        r#"select s.id as "id: NumberId", s.tenant_id as "tenant: TenantId", s.desired, s.confirmed, i.carrier
           from subscriptions s join inventory i on i.id = s.inventory_id
           where s.state <> 'released' and s.desired <> s.confirmed
             and i.carrier_number_id is not null and i.at_carrier <> 'missing'
           order by random() limit 5000"#
    )
    .fetch_all(cx.tx())
    .await?;
    let waiting = rows.iter().filter(|row| {
        platform.carrier(&row.carrier).is_some() && outstanding(&row.desired, &row.confirmed)
    });
    let mut told = 0;
    for row in waiting.take(MOST) {
        cx.enqueue(&ApplySettings { tenant: row.tenant, number: row.id }).await?;
        told += 1;
    }
    cx.commit().await?;
    Ok(told)
}

/// So long after it was due a release has no job any more, or one that is tried still.
const LATE: TimeDelta = TimeDelta::hours(1);

/// Has releases carried out that are due and that no job cares for: it failed for good, because the
/// carrier refused our credentials or was not configured for a while. Until the number is given back
/// its tenant pays for it and can do nothing about it. Returns how many numbers that is.
pub async fn sweep_releases(platform: &Platform) -> Result<usize, Fault> {
    let configured: Vec<String> =
        platform.carriers().map(|carrier| carrier.key().to_owned()).collect();
    let mut cx = platform.work("sweep").await?;
    let before = cx.now() - LATE;
    // In no order, so that those a carrier will never take do not keep others from their turn.
    let late = sqlx::query_as!(
        CarryOutRelease,
        r#"select s.tenant_id as "tenant: TenantId", s.id as "number: NumberId"
           from subscriptions s join inventory i on i.id = s.inventory_id
           where s.released_at is null and s.release_at < $1
             and (i.carrier_number_id is null or i.carrier = any($2))
           order by random() limit 5000"#,
        before,
        &configured,
    )
    .fetch_all(cx.tx())
    .await?;
    let keys: Vec<String> = late.iter().filter_map(Job::key).collect();
    let waiting: HashSet<String> = sqlx::query_scalar!(
        r#"select key as "key!" from queued_jobs() where key = any($1) and state <> 'failed'"#,
        &keys,
    )
    .fetch_all(cx.tx())
    .await?
    .into_iter()
    .collect();
    let given_up = late.iter().filter(|job| job.key().is_none_or(|key| !waiting.contains(&key)));
    let mut enqueued = 0;
    for job in given_up.take(MOST) {
        // It takes the place of the one that failed.
        cx.enqueue(job).await?;
        enqueued += 1;
    }
    cx.commit().await?;
    Ok(enqueued)
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_carrier_has_no_place_for_is_not_waited_for() {
        let wish = json!({"voice_url": "https://a", "status_url": "https://b", "label": "Desk"});
        for (confirmed, waits) in [
            (wish.clone(), false),
            (json!({}), true),
            (json!({"voice_url": "https://a", "status_url": "https://b", "label": "Door"}), true),
            (json!({"voice_url": "https://a", "status_url": "", "label": ""}), false),
            (json!({"voice_url": "", "status_url": "https://b", "label": "Desk"}), true),
            (json!({"voice_url": "https://a", "status_url": "https://c", "label": "Desk"}), true),
            (json!({"voice_url": "https://a", "label": "Desk"}), true),
        ] {
            assert_eq!(outstanding(&wish, &confirmed), waits, "{confirmed}");
        }
        assert!(!outstanding(&json!({}), &wish), "nothing is wished for");
    }
}
