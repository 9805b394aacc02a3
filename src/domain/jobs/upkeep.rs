//! The installation's housekeeping.

use super::{Job, JobError};
use crate::{
    Fault, Platform,
    accounts::sessions,
    billing::{invoices, payments},
    carriers, idempotency, numbers, orders,
};
use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// How many months ahead calls, messages and usage have a partition to go to.
pub(crate) const MONTHS_AHEAD: u32 = 3;

/// Makes the partitions of this month and the next ones.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct MakePartitions {}

impl Job for MakePartitions {
    const TASK: &'static str = "upkeep.make_partitions";

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        Ok(make_partitions(platform).await?)
    }
}

/// The same at start, before anything is written.
pub async fn make_partitions(platform: &Platform) -> Result<(), Fault> {
    let mut cx = platform.work("worker").await?;
    let today = cx.now().date_naive();
    let first: NaiveDate = today.with_day(1).unwrap_or(today);
    for month in (0..=MONTHS_AHEAD).map(|n| first + Months::new(n)) {
        sqlx::query!("select make_month_partitions($1)", month).fetch_one(cx.tx()).await?;
    }
    cx.commit().await
}

/// Removes what has lapsed: sessions, links, kept answers, holds, old figures of carriers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct CleanUp {}

impl Job for CleanUp {
    const TASK: &'static str = "upkeep.clean_up";

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        sessions::sweep(platform).await?;
        idempotency::sweep(platform).await?;
        carriers::sweep(platform).await?;
        // A lapsed hold is free to take anyhow; a day later its row is of no use to anybody. An
        // order's hold ends with the order, however long its card takes.
        let day_ago = platform.clock().now() - Days::new(1);
        sqlx::query!("delete from holds where expires_at < $1 and order_id is null", day_ago)
            .execute(&platform.db().platform)
            .await
            .map_err(Fault::from)?;
        Ok(())
    }
}

/// Pays open invoices from balances that have money, then marks those whose due day has passed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct MarkOverdue {}

impl Job for MarkOverdue {
    const TASK: &'static str = "upkeep.mark_overdue";

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        invoices::settle_all(platform).await.map_err(Fault::from)?;
        let mut cx = platform.work("worker").await?;
        invoices::mark_overdue(&mut cx).await?;
        Ok(cx.commit().await?)
    }
}

/// Finds orders that nobody works on, and numbers that were bought and written down nowhere.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct SweepOrders {}

impl Job for SweepOrders {
    const TASK: &'static str = "upkeep.sweep_orders";
    const TRIES: i32 = 1;

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        orders::sweep(platform).await?;
        orders::sweep_orphans(platform).await?;
        Ok(())
    }
}

/// Has releases tried again whose job failed for good.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct SweepReleases {}

impl Job for SweepReleases {
    const TASK: &'static str = "upkeep.sweep_releases";
    const TRIES: i32 = 1;

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        numbers::sweep_releases(platform).await?;
        Ok(())
    }
}

/// Asks after payments that were silent too long.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct SweepPayments {}

impl Job for SweepPayments {
    const TASK: &'static str = "upkeep.sweep_payments";
    const TRIES: i32 = 1;

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        payments::sweep(platform).await?;
        Ok(())
    }
}
