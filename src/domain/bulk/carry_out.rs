//! Carrying rows out, each in a transaction of its own with its mark.

use super::{
    LineState,
    apply::apply,
    buy,
    error::RowError,
    task::Task,
    work::{Row, Work, next, others, task},
};
use crate::{Ctx, Fault, Platform};
use std::collections::BTreeSet;
use voxlink_types::{Money, ids::OrderId};

/// Carries out the next row; false when none is left.
pub(super) async fn do_next(platform: &Platform, work: &Work) -> Result<bool, Fault> {
    let Some(row) = next(platform, work, LineState::Ready).await? else { return Ok(false) };
    let Err(error) = done(platform, work, &row).await else { return Ok(true) };
    // Whatever the row began was undone with its transaction.
    let why = error.sentence()?;
    let mut cx = work.begin(platform).await?;
    sqlx::query!(
        "update bulk_sheet_rows set state = 'refused', message = $4
         where tenant_id = $1 and sheet_id = $2 and position = $3 and state = 'ready'",
        work.tenant.uuid(),
        work.id.uuid(),
        row.position,
        why,
    )
    .execute(cx.tx())
    .await?;
    cx.commit().await?;
    Ok(true)
}

/// Does a row and marks it, in one transaction.
async fn done(platform: &Platform, work: &Work, row: &Row) -> Result<(), RowError> {
    let task = task(work, row)?;
    let Task::Buy(wanted) = &task else {
        let mut cx = work.begin(platform).await?;
        if !claimed(&mut cx, work, row).await? {
            return Ok(());
        }
        let does = apply(&mut cx, platform, &task).await?;
        sqlx::query!(
            "update bulk_sheet_rows set state = 'done', does = $4
             where tenant_id = $1 and sheet_id = $2 and position = $3",
            work.tenant.uuid(),
            work.id.uuid(),
            row.position,
            does,
        )
        .execute(cx.tx())
        .await?;
        return Ok(cx.commit().await?);
    };
    let others = others(platform, work, row, wanted).await?;
    let mut quiet = BTreeSet::new();
    let offers = buy::offers(platform, work, wanted, &others, &mut quiet, true).await?;
    let numbers: Vec<String> = offers.iter().map(|offer| offer.number.to_string()).collect();
    let agreed = Money::new(row.cost_minor.unwrap_or(0), work.currency);
    let mut cx = work.begin(platform).await?;
    if !claimed(&mut cx, work, row).await? {
        return Ok(());
    }
    let order = buy::order(&mut cx, platform, work.user, &offers, agreed).await?;
    ordered(&mut cx, work, row, order, &numbers).await?;
    Ok(cx.commit().await?)
}

/// Locks a row that is still to be done while the run goes on. False: somebody else did it, or the
/// run was stopped.
async fn claimed(cx: &mut Ctx, work: &Work, row: &Row) -> Result<bool, Fault> {
    let claimed = sqlx::query_scalar!(
        "select r.position from bulk_sheet_rows r join bulk_sheets s on s.id = r.sheet_id
         where r.tenant_id = $1 and r.sheet_id = $2 and r.position = $3 and r.state = 'ready'
           and s.state = 'running'
         for update of r",
        work.tenant.uuid(),
        work.id.uuid(),
        row.position,
    )
    .fetch_optional(cx.tx())
    .await?;
    Ok(claimed.is_some())
}

async fn ordered(
    cx: &mut Ctx,
    work: &Work,
    row: &Row,
    order: OrderId,
    numbers: &[String],
) -> Result<(), Fault> {
    sqlx::query!(
        "update bulk_sheet_rows set state = 'ordered', order_id = $4, numbers = $5
         where tenant_id = $1 and sheet_id = $2 and position = $3",
        work.tenant.uuid(),
        work.id.uuid(),
        row.position,
        order.uuid(),
        numbers,
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}
