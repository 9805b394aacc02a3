//! Lapsed holds are let go, here and at the carrier. Nobody waits for it: a lapsed hold stops
//! nobody, this only tidies up.

use super::{LetGo, REST};
use crate::{
    Fault, Platform,
    jobs::{Job, JobError},
};
use serde::{Deserialize, Serialize};
use voxlink_types::E164;

/// The job of every minute.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct SweepHolds {}

impl Job for SweepHolds {
    const TASK: &'static str = "cart.sweep_holds";
    const TRIES: i32 = 3;

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        sweep(platform).await.map(drop).map_err(JobError::retry)
    }
}

/// Lets lapsed holds go at their carriers; returns how many. Their rows go when nobody asks any
/// more how long the number was held (see [`REST`]).
pub async fn sweep(platform: &Platform) -> Result<usize, Fault> {
    let mut cx = platform.work("sweep").await?;
    let now = cx.now();
    let lapsed = sqlx::query!(
        r#"with lapsed as (
               select e164, carrier, carrier_hold_id from holds
               where expires_at <= $1 and order_id is null and carrier_hold_id is not null
               order by expires_at limit 500 for update skip locked)
           update holds h set carrier_hold_id = null, carrier_hold_expires_at = null
           from lapsed where h.e164 = lapsed.e164
           returning h.e164 as "number: E164", h.carrier, lapsed.carrier_hold_id as "id!""#,
        now
    )
    .fetch_all(cx.tx())
    .await?;
    sqlx::query!(
        "delete from holds where e164 in (
             select e164 from holds where expires_at <= $1 and order_id is null and carrier_hold_id is null
             order by expires_at limit 500 for update skip locked)",
        now - REST
    )
    .execute(cx.tx())
    .await?;
    let at_carriers: Vec<LetGo> =
        lapsed.iter().map(|hold| LetGo::of(&hold.carrier, &hold.number, hold.id.clone())).collect();
    for job in &at_carriers {
        cx.enqueue(job).await?;
    }
    cx.commit().await?;
    for job in &at_carriers {
        job.at_once(platform).await;
    }
    Ok(lapsed.len())
}
