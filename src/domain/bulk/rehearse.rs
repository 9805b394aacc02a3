//! Looking at rows: what each would do, or why not. Nothing is changed by it.

use super::{
    LineState,
    apply::apply,
    buy,
    error::RowError,
    task::Task,
    work::{Row, Work, next, others, task},
};
use crate::{Fault, Platform, numbers::kept_at_least};
use std::collections::BTreeSet;
use voxlink_types::Money;

/// Looks at the next row; false when none is left.
/// Carriers that were `quiet` for a row before are not asked for this one: it would wait for them, too.
pub(super) async fn rehearse_next(
    platform: &Platform,
    work: &Work,
    quiet: &mut BTreeSet<String>,
) -> Result<bool, Fault> {
    let Some(row) = next(platform, work, LineState::Waiting).await? else { return Ok(false) };
    let (state, found, why) = match rehearsed(platform, work, &row, quiet).await {
        Ok(found) => (LineState::Ready, found, None),
        Err(error) => (LineState::Refused, Found::default(), Some(error.sentence()?)),
    };
    let mut cx = work.begin(platform).await?;
    sqlx::query!(
        "update bulk_sheet_rows
         set state = $4, does = $5, numbers = $6, cost_minor = $7, message = $8
         where tenant_id = $1 and sheet_id = $2 and position = $3 and state = 'waiting'",
        work.tenant.uuid(),
        work.id.uuid(),
        row.position,
        state.as_str(),
        found.does,
        &found.numbers,
        found.cost.map(|cost| cost.minor),
        why,
    )
    .execute(cx.tx())
    .await?;
    cx.commit().await?;
    Ok(true)
}

/// What a row would do.
#[derive(Default)]
struct Found {
    does: Option<String>,
    numbers: Vec<String>,
    cost: Option<Money>,
}

async fn rehearsed(
    platform: &Platform,
    work: &Work,
    row: &Row,
    quiet: &mut BTreeSet<String>,
) -> Result<Found, RowError> {
    let task = task(work, row)?;
    let Task::Buy(wanted) = &task else {
        // Dropping the transaction undoes it: this was a rehearsal.
        let mut cx = work.begin(platform).await?;
        let does = apply(&mut cx, platform, &task).await?;
        return Ok(Found { does: Some(does), ..Found::default() });
    };
    let others = others(platform, work, row, wanted).await?;
    let offers = buy::offers(platform, work, wanted, &others, quiet, false).await?;
    let mut cx = work.begin(platform).await?;
    let cost = buy::cost(&mut cx, work.user, &offers).await?;
    let numbers: Vec<String> = offers.iter().map(|offer| offer.number.to_string()).collect();
    let mut does = match numbers.as_slice() {
        [one] => format!("Buys {one} for {cost}"),
        many => format!("Buys {} numbers for {cost}", many.len()),
    };
    let days = offers.iter().map(|offer| platform.minimum_days(&offer.carrier)).max();
    if let Some(kept) = kept_at_least(days.unwrap_or(0), numbers.len()) {
        does = format!("{does}. {kept}");
    }
    Ok(Found { does: Some(does), numbers, cost: Some(cost) })
}
