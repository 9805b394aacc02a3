//! Orders that want all of their numbers, or at least so many: once every number came to an end,
//! those that were secured are kept together or given back together.
//!
//! The decision needs no column of its own: while numbers are put into service their count stays,
//! and while they are given back it only falls, so whoever takes the order over decides the same.

use super::{
    fulfil::{Work, items},
    record,
};
use crate::{
    Fault, Platform,
    jobs::{Job, JobError},
    numbers::next_try,
};
use serde::{Deserialize, Serialize};
use voxlink_gateways::CarrierError;
use voxlink_types::{ids::OrderItemId, order::ItemStep};

/// Gives a number back to its carrier that was bought for an order which then was not to be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GiveBackJob {
    /// The carrier's key.
    pub carrier: String,
    /// The carrier's id of the number.
    pub carrier_number_id: String,
    /// The item it was bought for.
    pub item: OrderItemId,
}

impl Job for GiveBackJob {
    const TASK: &'static str = "order_give_back";
    fn key(&self) -> Option<String> {
        Some(format!("order_give_back:{}", self.item))
    }

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        let carrier = platform
            .carrier(&self.carrier)
            .ok_or_else(|| JobError::retry(format!("{} is not configured", self.carrier)))?;
        if self.held(platform).await? {
            return Ok(());
        }
        match carrier.release(&self.carrier_number_id).await {
            // "Already gone" is success, so it may be repeated.
            Ok(()) | Err(CarrierError::Gone { .. }) => Ok(()),
            // Bought a moment ago, and some carriers want a number to be kept for weeks.
            Err(CarrierError::TooEarly { until, .. }) => {
                let mut cx = platform.work("worker").await?;
                let next = next_try(cx.now(), until);
                cx.enqueue_at(self, Some(next)).await?;
                Ok(cx.commit().await?)
            }
            Err(error) => Err(JobError::retry(error)),
        }
    }
}

impl GiveBackJob {
    /// Whether the number is a customer's: adopted or imported while the job waited.
    async fn held(&self, platform: &Platform) -> Result<bool, Fault> {
        let held = sqlx::query_scalar!(
            r#"select exists (
                 select from subscriptions s join inventory i on i.id = s.inventory_id
                 where i.carrier = $1 and i.carrier_number_id = $2
                   and s.state <> 'released') as "held!""#,
            self.carrier,
            self.carrier_number_id,
        )
        .fetch_one(&platform.db().platform)
        .await?;
        Ok(held)
    }
}

/// Keeps or gives back what is secured. False when the order is no longer ours.
pub(super) async fn decide(platform: &Platform, work: &Work) -> Result<bool, Fault> {
    let mut cx = platform.work("worker").await?;
    let items = items(&mut cx, work).await?;
    drop(cx);
    let had = |step| matches!(step, ItemStep::Secured | ItemStep::Bought | ItemStep::Done);
    let enough = items.iter().filter(|i| had(i.step)).count() >= work.strategy.needed(items.len());
    for item in items.iter().filter(|i| i.step == ItemStep::Secured) {
        let Some(owned) = &item.owned else { continue };
        let ours = if enough {
            record::bought(platform, work, item, owned).await?
        } else {
            record::returned(platform, work, item, owned).await?
        };
        if !ours {
            return Ok(false);
        }
    }
    Ok(true)
}
