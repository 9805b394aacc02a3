//! What administrators see of the queue and may do with a job that failed.

use crate::{Ctx, Fault, Installation, audit::Entry};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use voxlink_types::{
    error::{Explain, Status},
    page::{Page, PageRequest},
    text_enum,
};

text_enum! {
    /// Where a job stands.
    JobState {
        /// It has not run yet.
        Waiting = "waiting",
        /// A worker has it.
        Running = "running",
        /// It failed and comes again.
        Retrying = "retrying",
        /// It has no tries left: a person must look.
        Failed = "failed",
    }
}

/// One job of the queue; finished jobs leave it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRow {
    /// The queue's number for it.
    pub id: i64,
    /// What it does.
    pub task: String,
    /// Its key, when jobs of that key replace each other.
    pub key: Option<String>,
    /// What it was told.
    pub payload: Value,
    /// Where it stands.
    pub state: JobState,
    /// Tries so far.
    pub attempts: i32,
    /// Tries it has.
    pub max_attempts: i32,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it runs next, or should have.
    pub run_at: DateTime<Utc>,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// When it last moved.
    pub updated_at: DateTime<Utc>,
}

/// Why nothing could be done with a job.
#[derive(Debug, thiserror::Error)]
pub enum JobsError {
    /// It is not in the queue any more, or runs at this moment.
    #[error("This job has finished or is running now; look at the list again.")]
    NotWaiting,
    /// Our own failure.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for JobsError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl Explain for JobsError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotWaiting => "job_not_waiting",
            Self::Fault(fault) => fault.code(),
        }
    }
    fn status(&self) -> Status {
        match self {
            Self::NotWaiting => Status::Conflict,
            Self::Fault(fault) => fault.status(),
        }
    }
}

/// The queue's jobs, those that need a look first. `task` picks one kind by the start of its name.
pub async fn list(
    cx: &mut Ctx<Installation>,
    state: Option<JobState>,
    task: Option<&str>,
    page: PageRequest,
) -> Result<Page<JobRow>, Fault> {
    let state = state.map(JobState::as_str);
    let total = sqlx::query_scalar!(
        r#"select count(*) as "total!" from queued_jobs()
           where ($1::text is null or state = $1) and ($2::text is null or starts_with(task, $2))"#,
        state,
        task
    )
    .fetch_one(cx.tx())
    .await?;
    let mut rows = sqlx::query_as!(
        JobRow,
        r#"select id as "id!", task as "task!", key, payload as "payload!", state as "state!: JobState",
                  attempts as "attempts!", max_attempts as "max_attempts!", last_error, run_at as "run_at!",
                  created_at as "created_at!", updated_at as "updated_at!"
           from queued_jobs()
           where ($1::text is null or state = $1) and ($2::text is null or starts_with(task, $2))
           order by array_position(array['failed', 'retrying', 'running', 'waiting'], state), run_at, id
           limit $3 offset $4"#,
        state,
        task,
        page.limit(),
        page.offset()
    )
    .fetch_all(cx.tx())
    .await?;
    for row in &mut rows {
        row.last_error = row.last_error.take().map(|stored| sentence(&stored));
    }
    Ok(Page { rows, request: page, total })
}

/// How many jobs are in each state; a state without jobs is missing.
pub async fn totals(cx: &mut Ctx<Installation>) -> Result<Vec<(JobState, i64)>, Fault> {
    let rows = sqlx::query!(
        r#"select state as "state!: JobState", count(*) as "jobs!" from queued_jobs() group by state"#
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(rows.into_iter().map(|row| (row.state, row.jobs)).collect())
}

/// Makes a job due now, with all its tries ahead of it.
pub async fn retry(cx: &mut Ctx<Installation>, id: i64) -> Result<(), JobsError> {
    let told = told(cx, id).await?;
    let now = cx.now();
    let done = sqlx::query_scalar!(r#"select retry_job($1, $2) as "done!""#, id, now)
        .fetch_one(cx.tx())
        .await?;
    record(cx, "job.retry", id, told.filter(|_| done)).await
}

/// Takes a job from the queue: what it was to do stays undone.
pub async fn discard(cx: &mut Ctx<Installation>, id: i64) -> Result<(), JobsError> {
    let told = told(cx, id).await?;
    let done =
        sqlx::query_scalar!(r#"select discard_job($1) as "done!""#, id).fetch_one(cx.tx()).await?;
    record(cx, "job.discard", id, told.filter(|_| done)).await
}

/// What the audit log keeps of a job.
async fn told(cx: &mut Ctx<Installation>, id: i64) -> Result<Option<Value>, Fault> {
    let row = sqlx::query!("select task, payload, last_error from queued_jobs() where id = $1", id)
        .fetch_optional(cx.tx())
        .await?;
    Ok(row.map(|row| {
        let error = row.last_error.as_deref().map(sentence);
        json!({ "task": row.task, "payload": row.payload, "error": error })
    }))
}

async fn record(
    cx: &mut Ctx<Installation>,
    action: &str,
    id: i64,
    told: Option<Value>,
) -> Result<(), JobsError> {
    let old = Some(told.ok_or(JobsError::NotWaiting)?);
    let entry = Entry {
        action,
        resource: "job",
        resource_id: Some(id.to_string()),
        old,
        ..Entry::default()
    };
    Ok(cx.audit_of(None, entry).await?)
}

/// The queue stores an error in its own debug form, `TaskError("…")`: back to the sentence.
fn sentence(stored: &str) -> String {
    let inner = ["TaskError(", "TaskPanic("]
        .iter()
        .find_map(|wrap| stored.strip_prefix(wrap))
        .and_then(|rest| rest.strip_suffix(')'));
    let Some(quoted) = inner else { return stored.to_owned() };
    serde_json::from_str(quoted).unwrap_or_else(|_| quoted.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn a_stored_error_is_shown_as_it_was_said() {
        assert_eq!(sentence(r#"TaskError("the carrier said \"no\"")"#), r#"the carrier said "no""#);
        assert_eq!(sentence(r#"TaskError("it's {gone}")"#), "it's {gone}");
        assert_eq!(sentence("Job recovered"), "Job recovered");
    }
}
