//! A run's life: made from a sheet, started, stopped, resumed, or thrown away before it ran.

use super::{
    Action, BulkError, ContinueSheet, RunState,
    file::{ReadRow, read_rows},
    task::Task,
};
use crate::{Ctx, Fault, audit::Entry};
use serde_json::json;
use std::collections::HashMap;
use voxlink_types::{Currency, E164, Money, ids::BulkRunId};

/// Longest name of a file that is kept.
const LONGEST_NAME: usize = 120;

/// Stores a sheet and has its rows looked at. Nothing is changed by that: see [`start`].
pub async fn create(
    cx: &mut Ctx,
    action: Action,
    name: &str,
    text: &str,
) -> Result<BulkRunId, BulkError> {
    let rows = read_rows(action, text)?;
    let Some(user) = cx.actor().user_id() else {
        return Err(Fault::Internal("a sheet needs a person".to_owned()).into());
    };
    let (tenant, id, now) = (cx.tenant(), BulkRunId::new(cx.now_millis()), cx.now());
    let currency = sqlx::query_scalar!(
        r#"select currency as "currency: Currency" from billing_accounts where tenant_id = $1"#,
        tenant.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    let total = i32::try_from(rows.len()).unwrap_or(i32::MAX);
    let name = named(name, action);
    sqlx::query!(
        "insert into bulk_sheets (id, tenant_id, user_id, action, name, total, currency, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id.uuid(),
        tenant.uuid(),
        user.uuid(),
        action.as_str(),
        name,
        total,
        currency.as_str(),
        now,
    )
    .execute(cx.tx())
    .await?;
    let refusals = refusals(action, &rows, currency);
    for ((position, row), refusal) in (1i32..).zip(&rows).zip(refusals) {
        let state = if refusal.is_some() { "refused" } else { "waiting" };
        sqlx::query!(
            "insert into bulk_sheet_rows (sheet_id, position, tenant_id, line, cells, state, message)
             values ($1, $2, $3, $4, $5, $6, $7)",
            id.uuid(),
            position,
            tenant.uuid(),
            i32::try_from(row.line).unwrap_or(i32::MAX),
            &row.cells,
            state,
            refusal,
        )
        .execute(cx.tx())
        .await?;
    }
    cx.enqueue(&ContinueSheet { tenant, run: id }).await?;
    let entry = Entry {
        action: "bulk.create",
        resource: "bulk_run",
        resource_id: Some(id.to_string()),
        new: Some(json!({"action": action, "rows": total, "file": name})),
        ..Entry::default()
    };
    cx.audit(entry).await?;
    Ok(id)
}

/// A file's name without what nobody can see, or what stands for it.
fn named(typed: &str, action: Action) -> String {
    let name: String = typed.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    match name.trim() {
        "" => action.label().to_owned(),
        name => name.to_owned(),
    }
}

/// Why each row is refused before anybody looks at it: it cannot be read, or its number stood in an
/// earlier one.
fn refusals(action: Action, rows: &[ReadRow], currency: Currency) -> Vec<Option<String>> {
    let mut first: HashMap<E164, u32> = HashMap::new();
    let why = |row: &ReadRow| {
        if row.wrong.is_some() {
            return row.wrong.clone();
        }
        let task = match Task::of(action, &row.cells, currency) {
            Ok(task) => task,
            Err(why) => return Some(why),
        };
        let number = task.number()?;
        if let Some(line) = first.get(number) {
            return Some(format!("{number} stands in line {line} already; that row counts."));
        }
        first.insert(number.clone(), row.line);
        None
    };
    rows.iter().map(why).collect()
}

/// Starts a run that was looked at. `agreed` is the sum that the person saw, where it buys: another
/// one is refused, and no row may cost more than it said.
pub async fn start(cx: &mut Ctx, id: BulkRunId, agreed: Option<Money>) -> Result<(), BulkError> {
    let run = locked(cx, id).await?;
    if run.state != RunState::Ready {
        return Err(BulkError::Moved);
    }
    let (tenant, now) = (cx.tenant(), cx.now());
    let ready = sqlx::query!(
        r#"select count(*) as "rows!", coalesce(sum(cost_minor), 0)::bigint as "cost!"
           from bulk_sheet_rows where tenant_id = $1 and sheet_id = $2 and state = 'ready'"#,
        tenant.uuid(),
        id.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    let cost = Money::new(ready.cost, run.currency);
    if run.action == Action::Buy && agreed != Some(cost) {
        return Err(BulkError::OtherTotal(cost));
    }
    let sum = (run.action == Action::Buy).then_some(cost.minor);
    sqlx::query!(
        "update bulk_sheets set state = 'running', started_at = $3, agreed_minor = $4
         where tenant_id = $1 and id = $2",
        tenant.uuid(),
        id.uuid(),
        now,
        sum,
    )
    .execute(cx.tx())
    .await?;
    cx.enqueue(&ContinueSheet { tenant, run: id }).await?;
    let new = json!({"action": run.action, "rows": ready.rows, "agreed": sum.map(|_| cost)});
    note(cx, "bulk.start", id, run.state, new).await
}

/// Stops a run between two rows; what is ordered already is still followed to its end.
pub async fn stop(cx: &mut Ctx, id: BulkRunId) -> Result<(), BulkError> {
    let run = locked(cx, id).await?;
    match run.state {
        RunState::Stopped => return Ok(()),
        RunState::Rehearsing | RunState::Running => {}
        RunState::Ready | RunState::Finished => return Err(BulkError::Moved),
    }
    sqlx::query!(
        "update bulk_sheets set state = 'stopped', stop_reason = null
         where tenant_id = $1 and id = $2",
        cx.tenant().uuid(),
        id.uuid(),
    )
    .execute(cx.tx())
    .await?;
    note(cx, "bulk.stop", id, run.state, json!({"state": RunState::Stopped})).await
}

/// Goes on with a run that was stopped.
pub async fn resume(cx: &mut Ctx, id: BulkRunId) -> Result<(), BulkError> {
    let run = locked(cx, id).await?;
    let back = if run.started { RunState::Running } else { RunState::Rehearsing };
    match run.state {
        RunState::Stopped => {}
        state if state == back => return Ok(()),
        _ => return Err(BulkError::Moved),
    }
    let tenant = cx.tenant();
    sqlx::query!(
        "update bulk_sheets set state = $3, stop_reason = null where tenant_id = $1 and id = $2",
        tenant.uuid(),
        id.uuid(),
        back.as_str(),
    )
    .execute(cx.tx())
    .await?;
    cx.enqueue(&ContinueSheet { tenant, run: id }).await?;
    note(cx, "bulk.resume", id, run.state, json!({"state": back})).await
}

/// Throws away a run that was not started: nothing was changed by it, and nobody sees it any more.
pub async fn discard(cx: &mut Ctx, id: BulkRunId) -> Result<(), BulkError> {
    let run = locked(cx, id).await?;
    if run.started {
        return Err(BulkError::Moved);
    }
    let now = cx.now();
    sqlx::query!(
        "update bulk_sheets set discarded_at = $3 where tenant_id = $1 and id = $2",
        cx.tenant().uuid(),
        id.uuid(),
        now,
    )
    .execute(cx.tx())
    .await?;
    note(cx, "bulk.discard", id, run.state, json!({"discarded": true})).await
}

struct Locked {
    action: Action,
    state: RunState,
    currency: Currency,
    started: bool,
}

/// A run of the tenant, locked until the transaction ends.
async fn locked(cx: &mut Ctx, id: BulkRunId) -> Result<Locked, BulkError> {
    sqlx::query_as!(
        Locked,
        r#"select action as "action: Action", state as "state: RunState",
                currency as "currency: Currency", started_at is not null as "started!"
         from bulk_sheets where tenant_id = $1 and id = $2 and discarded_at is null for update"#,
        cx.tenant().uuid(),
        id.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(BulkError::NotFound)
}

async fn note(
    cx: &mut Ctx,
    action: &str,
    id: BulkRunId,
    before: RunState,
    new: serde_json::Value,
) -> Result<(), BulkError> {
    let entry = Entry {
        action,
        resource: "bulk_run",
        resource_id: Some(id.to_string()),
        old: Some(json!({"state": before})),
        new: Some(new),
        ..Entry::default()
    };
    Ok(cx.audit(entry).await?)
}
