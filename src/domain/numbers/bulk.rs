//! One action over many numbers: stored as a run with its rows first, then carried out row by row,
//! each in a transaction of its own, so that a bad row sinks nothing: what goes wrong with it undoes
//! it and stands at it. Before each row it is asked whether its person still may; if not, what is
//! left is refused. A run that was interrupted is carried on by its job; a row done is not done
//! again.

use super::{
    Filter, NumberError, Sort, Tags, change_tags, matching, release::release_confirmed, resume,
    suspend, suspend::reason,
};
use crate::{
    Actor, Ctx, Fault, Platform, RequestInfo,
    accounts::may_manage,
    audit::Entry,
    jobs::{Job, JobError},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use voxlink_types::{
    E164,
    ids::{BulkRunId, NumberId, TenantId, UserId},
    text_enum,
};

/// Most numbers in one run.
const MOST: usize = 5000;

/// What is done to each number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum BulkAction {
    /// Put tags on.
    Tag {
        /// As typed, separated by commas.
        tags: String,
    },
    /// Take tags off.
    Untag {
        /// As typed, separated by commas.
        tags: String,
    },
    /// Suspend.
    Suspend {
        /// Why.
        reason: String,
        /// What callers hear; empty is the installation's own.
        message: String,
    },
    /// Let them answer again.
    Resume,
    /// Ask for their release.
    Release {
        /// Why.
        reason: String,
    },
}

impl BulkAction {
    /// Refuses at once what no row could accept.
    fn check(&self) -> Result<(), NumberError> {
        match self {
            Self::Tag { tags } | Self::Untag { tags } => {
                if Tags::parse(tags)?.as_slice().is_empty() {
                    return Err(NumberError::Tag(String::new()));
                }
            }
            Self::Suspend { reason: why, message } => {
                reason(why)?;
                if message.trim().chars().count() > 300 {
                    return Err(NumberError::Message);
                }
            }
            Self::Resume => {}
            Self::Release { reason: why } => {
                if why.trim().chars().count() > 300 {
                    return Err(NumberError::Reason);
                }
            }
        }
        Ok(())
    }

    /// What is done, as a heading.
    pub fn label(&self) -> String {
        match self {
            Self::Tag { tags } => format!("Add tags: {}", spelled(tags)),
            Self::Untag { tags } => format!("Remove tags: {}", spelled(tags)),
            Self::Suspend { .. } => "Suspend".to_owned(),
            Self::Resume => "Resume".to_owned(),
            Self::Release { .. } => "Release".to_owned(),
        }
    }
}

/// Tags as the numbers get them.
fn spelled(typed: &str) -> String {
    Tags::parse(typed).map_or_else(|_| typed.to_owned(), |tags| tags.as_slice().join(", "))
}

/// Which numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// These.
    Chosen(Vec<NumberId>),
    /// All that match.
    Matching(Filter),
}

/// Carries on a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContinueBulkRun {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub run: BulkRunId,
}

impl Job for ContinueBulkRun {
    const TASK: &'static str = "number.continue_bulk_run";

    fn key(&self) -> Option<String> {
        Some(format!("number.continue_bulk_run:{}", self.run))
    }

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        Ok(carry_on(platform, self).await?)
    }
}

/// Stores a run and the job that carries it out. Numbers of others are passed over silently: they
/// do not exist for this tenant.
pub async fn start(
    cx: &mut Ctx,
    action: &BulkAction,
    selection: &Selection,
) -> Result<BulkRunId, NumberError> {
    action.check()?;
    let Some(user) = cx.actor().user_id() else {
        return Err(Fault::Internal("a bulk run needs a person".to_owned()).into());
    };
    let chosen = match selection {
        Selection::Chosen(ids) => ids.clone(),
        Selection::Matching(filter) => matching(cx, filter, Sort::Number).await?,
    };
    let ids: Vec<Uuid> = chosen.iter().map(|id| id.uuid()).collect();
    let (tenant, id, now) = (cx.tenant(), BulkRunId::new(cx.now_millis()), cx.now());
    let described = serde_json::to_value(action).map_err(|e| Fault::Internal(e.to_string()))?;
    sqlx::query!(
        "insert into bulk_runs (id, tenant_id, user_id, action, total, created_at)
         values ($1, $2, $3, $4, 0, $5)",
        id.uuid(),
        tenant.uuid(),
        user.uuid(),
        described,
        now,
    )
    .execute(cx.tx())
    .await?;
    let rows = sqlx::query!(
        "insert into bulk_run_rows (run_id, position, tenant_id, subscription_id)
         select $1, row_number() over (order by min(w.place)), $2, s.id
         from unnest($3::uuid[]) with ordinality w (id, place)
         join subscriptions s on s.id = w.id and s.tenant_id = $2
         group by s.id",
        id.uuid(),
        tenant.uuid(),
        &ids,
    )
    .execute(cx.tx())
    .await?
    .rows_affected();
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    if rows == 0 {
        return Err(NumberError::NothingChosen);
    }
    if rows > MOST {
        return Err(NumberError::TooMany(MOST));
    }
    let total = i32::try_from(rows).unwrap_or(i32::MAX);
    sqlx::query!(
        "update bulk_runs set total = $3 where tenant_id = $1 and id = $2",
        tenant.uuid(),
        id.uuid(),
        total,
    )
    .execute(cx.tx())
    .await?;
    cx.enqueue(&ContinueBulkRun { tenant, run: id }).await?;
    let entry = Entry {
        action: "number.bulk",
        resource: "bulk_run",
        resource_id: Some(id.to_string()),
        new: Some(json!({"action": described, "numbers": total})),
        ..Entry::default()
    };
    cx.audit(entry).await?;
    Ok(id)
}

/// Carries out [`ContinueBulkRun`], in the name of the person who asked. The page that started a
/// small run calls it too, so that its result is there at once.
pub async fn carry_on(platform: &Platform, job: &ContinueBulkRun) -> Result<(), Fault> {
    let mut cx = platform.work_for(job.tenant, "worker").await?;
    let run = sqlx::query!(
        r#"select r.action, u.id as "user: UserId", u.full_name
         from bulk_runs r join users u on u.id = r.user_id
         where r.tenant_id = $1 and r.id = $2 and r.finished_at is null"#,
        job.tenant.uuid(),
        job.run.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?;
    drop(cx);
    let Some(run) = run else { return Ok(()) };
    let action: BulkAction = serde_json::from_value(run.action)
        .map_err(|e| Fault::inconsistent(format!("bulk_runs.action of {}", job.run), e))?;
    let actor = Actor::User { id: run.user, name: run.full_name, staff: false };
    while one_row(platform, job, &action, run.user, &actor).await? {}
    if !matches!(action, BulkAction::Tag { .. } | BulkAction::Untag { .. }) {
        platform.follow_now().await;
    }
    let mut cx = platform.work_for(job.tenant, "worker").await?;
    let now = cx.now();
    sqlx::query!(
        "update bulk_runs r set finished_at = $3
         where r.tenant_id = $1 and r.id = $2 and r.finished_at is null
           and not exists (select 1 from bulk_run_rows w where w.run_id = r.id and w.state = 'waiting')",
        job.tenant.uuid(),
        job.run.uuid(),
        now,
    )
    .execute(cx.tx())
    .await?;
    cx.commit().await
}

/// Does the next waiting row; false when none is left. The row is locked by whoever works on it.
async fn one_row(
    platform: &Platform,
    job: &ContinueBulkRun,
    action: &BulkAction,
    user: UserId,
    actor: &Actor,
) -> Result<bool, Fault> {
    let mut cx = Ctx::begin(platform, job.tenant, actor.clone(), RequestInfo::default()).await?;
    if !may_manage(&mut cx, user).await? {
        drop(cx);
        refuse_rest(platform, job).await?;
        return Ok(false);
    }
    let next = sqlx::query!(
        r#"select position, subscription_id as "number: NumberId" from bulk_run_rows
         where run_id = $1 and tenant_id = $2 and state = 'waiting'
         order by position limit 1 for update skip locked"#,
        job.run.uuid(),
        job.tenant.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?;
    let Some(row) = next else { return Ok(false) };
    let (position, number) = (row.position, row.number);
    let Err(error) = done(cx, platform, job, position, number, action).await else {
        return Ok(true);
    };
    // Whatever the row began was undone with its transaction.
    let why = sentence(error)?;
    let mut cx = Ctx::begin(platform, job.tenant, actor.clone(), RequestInfo::default()).await?;
    sqlx::query!(
        "update bulk_run_rows set state = 'refused', message = $4
         where run_id = $1 and position = $2 and tenant_id = $3 and state = 'waiting'",
        job.run.uuid(),
        position,
        job.tenant.uuid(),
        why,
    )
    .execute(cx.tx())
    .await?;
    cx.commit().await?;
    Ok(true)
}

/// Does a row and marks it, in the transaction that has locked it.
async fn done(
    mut cx: Ctx,
    platform: &Platform,
    job: &ContinueBulkRun,
    position: i32,
    number: NumberId,
    action: &BulkAction,
) -> Result<(), NumberError> {
    apply(&mut cx, platform, number, action).await?;
    sqlx::query!(
        "update bulk_run_rows set state = 'done'
         where run_id = $1 and position = $2 and tenant_id = $3",
        job.run.uuid(),
        position,
        job.tenant.uuid(),
    )
    .execute(cx.tx())
    .await?;
    Ok(cx.commit().await?)
}

/// Refuses the rows that are left, because the person may not go on.
async fn refuse_rest(platform: &Platform, job: &ContinueBulkRun) -> Result<(), Fault> {
    let why = "Who asked for this may not do it any more, or the account is suspended.";
    let mut cx = platform.work_for(job.tenant, "worker").await?;
    let left = sqlx::query!(
        "update bulk_run_rows set state = 'refused', message = $3
         where run_id = $1 and tenant_id = $2 and state = 'waiting'",
        job.run.uuid(),
        job.tenant.uuid(),
        why,
    )
    .execute(cx.tx())
    .await?
    .rows_affected();
    if left == 0 {
        return Ok(());
    }
    let entry = Entry {
        action: "number.bulk_stop",
        resource: "bulk_run",
        resource_id: Some(job.run.to_string()),
        new: Some(json!({"refused": left, "why": why})),
        ..Entry::default()
    };
    cx.audit(entry).await?;
    cx.commit().await
}

/// The sentence that a row keeps. A failure of ours that may pass is given back: the row stays
/// waiting and is tried again with the job. Another one sinks its row only; the log has its text.
fn sentence(error: NumberError) -> Result<String, Fault> {
    match error {
        NumberError::Fault(fault) if fault.is_transient() => Err(fault),
        NumberError::Fault(fault) => {
            tracing::error!(%fault, "a row of a bulk run failed");
            Ok("Something failed here. This number was not changed; try it again.".to_owned())
        }
        refusal => Ok(refusal.to_string()),
    }
}

async fn apply(
    cx: &mut Ctx,
    platform: &Platform,
    id: NumberId,
    action: &BulkAction,
) -> Result<(), NumberError> {
    let none = Tags::default();
    match action {
        BulkAction::Tag { tags } => change_tags(cx, id, &Tags::parse(tags)?, &none).await,
        BulkAction::Untag { tags } => change_tags(cx, id, &none, &Tags::parse(tags)?).await,
        BulkAction::Suspend { reason, message } => suspend(cx, id, reason, message).await,
        BulkAction::Resume => resume(cx, id).await,
        BulkAction::Release { reason } => release_confirmed(cx, platform, id, reason).await,
    }
}

text_enum! {
    /// What became of a row.
    RowState {
        /// Not yet its turn.
        Waiting = "waiting",
        /// Done.
        Done = "done",
        /// Not done, with the reason.
        Refused = "refused",
    }
}

/// A number of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkRow {
    /// Which.
    pub id: NumberId,
    /// The number.
    pub number: E164,
    /// Its name.
    pub name: Option<String>,
    /// What became of it.
    pub state: RowState,
    /// Why not.
    pub message: Option<String>,
}

/// A run as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkRun {
    /// What is done.
    pub action: BulkAction,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When its last row was done.
    pub finished_at: Option<DateTime<Utc>>,
    /// Its rows: refused ones first.
    pub rows: Vec<BulkRow>,
}

impl BulkRun {
    /// How many rows stand there.
    pub fn count(&self, state: RowState) -> usize {
        self.rows.iter().filter(|row| row.state == state).count()
    }
}

/// Loads a run with its rows.
pub async fn bulk_run(cx: &mut Ctx, id: BulkRunId) -> Result<BulkRun, NumberError> {
    let run = sqlx::query!(
        "select action, created_at, finished_at from bulk_runs where tenant_id = $1 and id = $2",
        cx.tenant().uuid(),
        id.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(NumberError::NotFound)?;
    let rows = sqlx::query!(
        r#"select s.id as "id: NumberId", s.e164 as "number: E164", s.friendly_name,
                r.state as "state: RowState", r.message
         from bulk_run_rows r join subscriptions s on s.id = r.subscription_id
         where r.tenant_id = $1 and r.run_id = $2
         order by r.state = 'refused' desc, r.position"#,
        cx.tenant().uuid(),
        id.uuid(),
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(BulkRun {
        action: serde_json::from_value(run.action)
            .map_err(|e| Fault::inconsistent(format!("bulk_runs.action of {id}"), e))?,
        created_at: run.created_at,
        finished_at: run.finished_at,
        rows: rows
            .into_iter()
            .map(|r| BulkRow {
                id: r.id,
                number: r.number,
                name: r.friendly_name,
                state: r.state,
                message: r.message,
            })
            .collect(),
    })
}
