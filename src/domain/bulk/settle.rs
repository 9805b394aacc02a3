//! How a run comes to its end: orders that have ended are written down, and the run moves on when
//! no row of it is left.

use super::{
    Action, LineState, RunState,
    work::{ContinueSheet, Work, told},
};
use crate::{
    Ctx, Fault, Platform,
    notifications::{Notice, notify},
};
use chrono::TimeDelta;
use serde_json::json;
use voxlink_types::notice::NoticeKind;

/// Before orders that are under way are looked at again.
const PAUSE: TimeDelta = TimeDelta::seconds(5);

/// Orders of a row that describes what it wants, until it takes a refusal for the last word.
const MOST_TRIES: i32 = 3;

/// Ends a part of the run when no row of it is left: the rehearsal, or all of it. While orders are
/// under way it comes again, also after the person stopped it.
pub(super) async fn close(
    platform: &Platform,
    work: &Work,
    job: &ContinueSheet,
) -> Result<(), Fault> {
    let mut cx = work.begin(platform).await?;
    let again = settle(&mut cx, work).await?;
    let now = cx.now();
    let left = sqlx::query!(
        r#"select count(*) filter (where state = 'waiting') as "waiting!",
                count(*) filter (where state = 'ready') as "ready!",
                count(*) filter (where state = 'ordered') as "ordered!",
                count(*) filter (where state = 'done') as "done!",
                count(*) filter (where state = 'refused') as "refused!"
         from bulk_sheet_rows where tenant_id = $1 and sheet_id = $2"#,
        work.tenant.uuid(),
        work.id.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    if left.ordered > 0 || again {
        cx.enqueue_at(job, Some(now + PAUSE)).await?;
        return cx.commit().await;
    }
    let next = match work.state {
        RunState::Rehearsing if left.waiting == 0 && left.ready > 0 => RunState::Ready,
        RunState::Rehearsing | RunState::Running if left.waiting + left.ready == 0 => {
            RunState::Finished
        }
        _ => return cx.commit().await,
    };
    let moved = sqlx::query!(
        "update bulk_sheets
         set state = $3, finished_at = case when $3 = 'finished' then $4::timestamptz end
         where tenant_id = $1 and id = $2 and state = $5",
        work.tenant.uuid(),
        work.id.uuid(),
        next.as_str(),
        now,
        work.state.as_str(),
    )
    .execute(cx.tx())
    .await?;
    if moved.rows_affected() == 1 {
        let action = if next == RunState::Finished { "bulk.finish" } else { "bulk.rehearse" };
        let new = json!({
            "state": next, "ready": left.ready, "done": left.done, "refused": left.refused,
        });
        // A rehearsal in which nothing can be done ends the run, too; nobody waits for news of that.
        if next == RunState::Finished && work.state == RunState::Running {
            announce(&mut cx, work, left.done, left.refused).await?;
        }
        told(&mut cx, work.id, action, new).await?;
    }
    cx.commit().await
}

/// Tells the person once for the whole sheet: its orders tell nothing themselves.
async fn announce(cx: &mut Ctx, work: &Work, done: i64, not: i64) -> Result<(), Fault> {
    let bought = if work.action == Action::Buy { "bought" } else { "done" };
    let title = match not {
        0 => format!("Your sheet is done: {done} {bought}"),
        not => format!("Your sheet is done: {done} {bought}, {not} not"),
    };
    let message = match not {
        0 => format!("{}: every row was done.", work.action.label()),
        _ => format!("{}: the page tells of each row why it was not done.", work.action.label()),
    };
    let notice = Notice {
        kind: NoticeKind::System,
        title,
        message,
        action: Some(("See the sheet".to_owned(), format!("/numbers/bulk/{}", work.id))),
        dedupe_key: Some(format!("bulk:{}:finished", work.id)),
    };
    notify(cx, work.user, &notice).await
}

/// Writes down what became of orders that have ended. True when a row moves on to the next match,
/// because a carrier did not sell what it described.
async fn settle(cx: &mut Ctx, work: &Work) -> Result<bool, Fault> {
    let ended = sqlx::query!(
        r#"select r.position, count(*) as "wanted!",
                r.tries < $3 and r.cells[1] = '' and bool_and(o.state = 'failed') as "again!",
                array_agg(i.e164) as "asked!: Vec<String>",
                array_agg(distinct i.carrier) as "carriers!: Vec<String>",
                coalesce(array_agg(i.e164 order by i.position)
                    filter (where i.step in ('bought', 'done')), '{}') as "had!: Vec<String>",
                max(i.failure_reason) as failure
         from bulk_sheet_rows r
         join orders o on o.id = r.order_id
         join order_items i on i.order_id = o.id
         where r.tenant_id = $1 and r.sheet_id = $2 and r.state = 'ordered'
           and o.state in ('completed', 'partial', 'failed', 'cancelled')
         group by r.sheet_id, r.position"#,
        work.tenant.uuid(),
        work.id.uuid(),
        MOST_TRIES - 1,
    )
    .fetch_all(cx.tx())
    .await?;
    let mut again = false;
    for row in ended {
        let had = i64::try_from(row.had.len()).unwrap_or(i64::MAX);
        if had == 0 && row.again && work.state == RunState::Running {
            next_match(cx, work, row.position, &row.asked, &row.carriers).await?;
            again = true;
            continue;
        }
        let why = row.failure.unwrap_or_else(|| "The carrier did not sell it.".to_owned());
        let (state, message) = match had {
            0 => (LineState::Refused, Some(why)),
            had if had < row.wanted => {
                (LineState::Done, Some(format!("{had} of {} were had. {why}", row.wanted)))
            }
            _ => (LineState::Done, None),
        };
        sqlx::query!(
            "update bulk_sheet_rows set state = $4, numbers = $5, message = $6
             where tenant_id = $1 and sheet_id = $2 and position = $3 and state = 'ordered'",
            work.tenant.uuid(),
            work.id.uuid(),
            row.position,
            state.as_str(),
            &row.had,
            message,
        )
        .execute(cx.tx())
        .await?;
    }
    Ok(again)
}

/// Has a row carried out again, without the numbers that were not sold to it. Nothing was charged.
async fn next_match(
    cx: &mut Ctx,
    work: &Work,
    position: i32,
    asked: &[String],
    carriers: &[String],
) -> Result<(), Fault> {
    sqlx::query!(
        "update bulk_sheet_rows
         set state = 'ready', order_id = null, tries = tries + 1,
             passed_over = passed_over || $4::text[], refused_by = refused_by || $5::text[]
         where tenant_id = $1 and sheet_id = $2 and position = $3 and state = 'ordered'",
        work.tenant.uuid(),
        work.id.uuid(),
        position,
        asked,
        carriers,
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}
