//! Asking the carriers what they charge.

use super::book::{NewPrice, Written, alone, enter, mark_up};
use crate::{
    Fault, Platform,
    jobs::{Job, JobError},
};
use futures::{StreamExt, stream::FuturesUnordered};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use voxlink_gateways::{Carrier, CarrierError, carrier::PriceRow};

/// The daily job that brings the price book up to date.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct RefreshPrices {}

impl Job for RefreshPrices {
    const TASK: &'static str = "catalog.refresh_prices";

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        refresh_prices(platform).await.map(drop).map_err(JobError::retry)
    }
}

/// Asks every configured carrier what it charges, all at once, and brings the book up to date, one
/// after the other as they answer; returns how many prices are new. A carrier that does not answer
/// keeps its prices, and so does every kind that an administrator entered a price for.
pub async fn refresh_prices(platform: &Platform) -> Result<usize, Fault> {
    let mut asked: FuturesUnordered<_> = platform.carriers().map(told).collect();
    let mut changed = 0;
    while let Some((carrier, rows)) = asked.next().await {
        changed += store(platform, carrier.as_ref(), rows).await?;
    }
    Ok(changed)
}

/// What a carrier charges; nothing where it does not say.
async fn told(carrier: Arc<dyn Carrier>) -> (Arc<dyn Carrier>, Vec<PriceRow>) {
    let rows = match carrier.prices().await {
        Ok(rows) => rows,
        Err(CarrierError::Unsupported { detail }) => {
            tracing::info!(carrier = carrier.key(), %detail, "prices are entered by hand");
            Vec::new()
        }
        Err(error) => {
            tracing::warn!(carrier = carrier.key(), %error, "no prices from the carrier");
            Vec::new()
        }
    };
    (carrier, rows)
}

async fn store(
    platform: &Platform,
    carrier: &dyn Carrier,
    rows: Vec<PriceRow>,
) -> Result<usize, Fault> {
    let mut cx = platform.work("prices").await?;
    let now = cx.now();
    alone(&mut cx).await?;
    sqlx::query!(
        "insert into carriers (key, display_name) values ($1, $2)
         on conflict (key) do update set display_name = excluded.display_name",
        carrier.key(),
        carrier.name()
    )
    .execute(cx.tx())
    .await?;
    let Some(mark_up) = mark_up(&mut cx, carrier.key()).await? else { return Ok(0) };
    let mut changed = 0;
    for row in rows {
        let price = NewPrice::marked_up(carrier.key(), row, mark_up, now);
        if enter(&mut cx, &price).await? == Written::New {
            changed += 1;
        }
    }
    cx.commit().await?;
    Ok(changed)
}
