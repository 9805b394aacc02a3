//! Lapsed holds are let go, here and at the carrier. Nobody waits for it: a lapsed hold stops
//! nobody, this only tidies up.

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

/// Lets lapsed holds go; returns how many.
pub async fn sweep(platform: &Platform) -> Result<usize, Fault> {
    let mut cx = platform.work("sweep").await?;
    let now = cx.now();
    let lapsed = sqlx::query!(
        r#"delete from holds where e164 in (
               select e164 from holds where expires_at <= $1 and order_id is null
               order by expires_at limit 500 for update skip locked)
           returning e164 as "number: E164", carrier, carrier_hold_id"#,
        now
    )
    .fetch_all(cx.tx())
    .await?;
    cx.commit().await?;
    for hold in &lapsed {
        let (Some(carrier), Some(id)) = (platform.carrier(&hold.carrier), &hold.carrier_hold_id)
        else {
            continue;
        };
        if let Err(error) = carrier.let_go(&hold.number, id).await {
            tracing::warn!(number = %hold.number, %error, "a carrier's hold ends by itself");
        }
    }
    Ok(lapsed.len())
}
