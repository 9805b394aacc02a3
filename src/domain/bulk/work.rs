//! The job that works a sheet off: looks at its rows, then carries them out, one after the other.
//!
//! Two workers on one run do no harm: a row's mark is changed only from the state in which it was
//! found, in the transaction of the row's work.

use super::{
    Action, LineState, RunState,
    carry_out::do_next,
    error::RowError,
    rehearse::rehearse_next,
    settle::close,
    task::{Task, Wanted},
};
use crate::{
    Actor, Ctx, Fault, Platform, RequestInfo,
    accounts::may_manage,
    audit::Entry,
    jobs::{Job, JobError},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeSet, HashSet};
use voxlink_types::{
    Currency, E164,
    ids::{BulkRunId, TenantId, UserId},
};

/// Rows of one job; then it makes way for others and comes again.
const AT_A_TIME: usize = 50;

/// Goes on with a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContinueSheet {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub run: BulkRunId,
}

impl Job for ContinueSheet {
    const TASK: &'static str = "bulk.continue";

    fn key(&self) -> Option<String> {
        Some(format!("bulk.continue:{}", self.run))
    }

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        Ok(carry_on(platform, self).await?)
    }
}

/// A run that is under way, as its worker needs it.
pub(super) struct Work {
    pub(super) tenant: TenantId,
    pub(super) id: BulkRunId,
    pub(super) action: Action,
    pub(super) state: RunState,
    pub(super) currency: Currency,
    pub(super) user: UserId,
    pub(super) actor: Actor,
}

impl Work {
    /// Begins work in the name of the person whose sheet it is.
    pub(super) async fn begin(&self, platform: &Platform) -> Result<Ctx, Fault> {
        Ctx::begin(platform, self.tenant, self.actor.clone(), RequestInfo::default()).await
    }
}

/// A row whose turn it is.
pub(super) struct Row {
    pub(super) position: i32,
    pub(super) cells: Vec<String>,
    pub(super) cost_minor: Option<i64>,
    /// Numbers that were ordered for it and not sold.
    pub(super) passed_over: Vec<String>,
    /// The keys of the carriers that did not sell them.
    pub(super) refused_by: Vec<String>,
}

/// What a row leaves alone.
#[derive(Default)]
pub(super) struct Others {
    /// Numbers of other rows, and those that it asked for in vain.
    pub(super) numbers: HashSet<E164>,
    /// Carriers that are asked last among equals: they refused before.
    pub(super) carriers: Vec<String>,
}

/// Carries out [`ContinueSheet`]. The page that took a small sheet calls it too, so that what it
/// would do is there at once.
pub async fn carry_on(platform: &Platform, job: &ContinueSheet) -> Result<(), Fault> {
    let Some(work) = under_way(platform, job).await? else { return Ok(()) };
    let (mut more, mut quiet) = (false, BTreeSet::new());
    for _ in 0..AT_A_TIME {
        more = match work.state {
            RunState::Rehearsing => rehearse_next(platform, &work, &mut quiet).await?,
            RunState::Running => do_next(platform, &work).await?,
            _ => false,
        };
        if !more {
            break;
        }
    }
    if work.state == RunState::Running && matches!(work.action, Action::Release | Action::Configure)
    {
        platform.follow_now().await;
    }
    if more {
        let mut cx = work.begin(platform).await?;
        cx.enqueue(job).await?;
        return cx.commit().await;
    }
    close(platform, &work, job).await
}

/// The run, unless it waits for a person or is over. One whose person may no longer do what it does
/// is stopped.
async fn under_way(platform: &Platform, job: &ContinueSheet) -> Result<Option<Work>, Fault> {
    let mut cx = platform.work_for(job.tenant, "worker").await?;
    let row = sqlx::query!(
        r#"select s.action as "action: Action", s.state as "state: RunState",
                s.currency as "currency: Currency", u.id as "user: UserId", u.full_name
         from bulk_sheets s
         join users u on u.id = s.user_id
         where s.tenant_id = $1 and s.id = $2 and s.state in ('rehearsing', 'running', 'stopped')
           and s.discarded_at is null"#,
        job.tenant.uuid(),
        job.run.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?;
    let Some(row) = row else { return Ok(None) };
    if row.state != RunState::Stopped && !may_manage(&mut cx, row.user).await? {
        let why = "Who sent this sheet may not do this any more, or the account is suspended.";
        sqlx::query!(
            "update bulk_sheets set state = 'stopped', stop_reason = $3
             where tenant_id = $1 and id = $2 and state in ('rehearsing', 'running')",
            job.tenant.uuid(),
            job.run.uuid(),
            why,
        )
        .execute(cx.tx())
        .await?;
        told(&mut cx, job.run, "bulk.stop", json!({"state": RunState::Stopped, "why": why}))
            .await?;
        cx.commit().await?;
        return Ok(None);
    }
    Ok(Some(Work {
        tenant: job.tenant,
        id: job.run,
        action: row.action,
        state: row.state,
        currency: row.currency,
        user: row.user,
        actor: Actor::User { id: row.user, name: row.full_name, staff: false },
    }))
}

/// The next row in a state, while the run is in its own.
pub(super) async fn next(
    platform: &Platform,
    work: &Work,
    state: LineState,
) -> Result<Option<Row>, Fault> {
    let mut cx = work.begin(platform).await?;
    Ok(sqlx::query_as!(
        Row,
        "select r.position, r.cells, r.cost_minor, r.passed_over, r.refused_by
         from bulk_sheet_rows r join bulk_sheets s on s.id = r.sheet_id
         where r.tenant_id = $1 and r.sheet_id = $2 and r.state = $3 and s.state = $4
         order by r.position limit 1",
        work.tenant.uuid(),
        work.id.uuid(),
        state.as_str(),
        work.state.as_str(),
    )
    .fetch_optional(cx.tx())
    .await?)
}

pub(super) fn task(work: &Work, row: &Row) -> Result<Task, RowError> {
    Task::of(work.action, &row.cells, work.currency).map_err(RowError::Refused)
}

/// Numbers that other rows of the sheet want and have not ordered yet, and what the row itself was
/// refused.
pub(super) async fn others(
    platform: &Platform,
    work: &Work,
    row: &Row,
    wanted: &Wanted,
) -> Result<Others, Fault> {
    if matches!(wanted, Wanted::Number(_)) {
        return Ok(Others::default());
    }
    let mut cx = work.begin(platform).await?;
    let rows = sqlx::query_scalar!(
        r#"select distinct n.number as "number!: E164"
         from bulk_sheet_rows r cross join lateral unnest(r.numbers) n (number)
         where r.tenant_id = $1 and r.sheet_id = $2 and r.position <> $3 and r.state = 'ready'"#,
        work.tenant.uuid(),
        work.id.uuid(),
        row.position,
    )
    .fetch_all(cx.tx())
    .await?;
    // A number that a row names is that row's, also before it was looked at.
    let named = sqlx::query_scalar!(
        r#"select cells[1] as "cell!" from bulk_sheet_rows
         where tenant_id = $1 and sheet_id = $2 and state = 'waiting' and cells[1] <> ''"#,
        work.tenant.uuid(),
        work.id.uuid(),
    )
    .fetch_all(cx.tx())
    .await?;
    let named = named.iter().filter_map(|cell| E164::from_typed(cell, Some("US")).ok());
    let refused = row.passed_over.iter().filter_map(|number| number.parse::<E164>().ok());
    Ok(Others {
        numbers: rows.into_iter().chain(named).chain(refused).collect(),
        carriers: row.refused_by.clone(),
    })
}

pub(super) async fn told(
    cx: &mut Ctx,
    id: BulkRunId,
    action: &str,
    new: serde_json::Value,
) -> Result<(), Fault> {
    cx.audit(Entry {
        action,
        resource: "bulk_run",
        resource_id: Some(id.to_string()),
        new: Some(new),
        ..Entry::default()
    })
    .await
}
