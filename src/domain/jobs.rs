//! Jobs: enqueued in the transaction that causes them, run by the server's worker.
//!
//! A job runs at least once: a worker may die after the work and before it is ticked off, so every
//! job must bear to run twice. What cannot be done now is [`JobError::Retry`] and comes again after
//! e, e², e³ … seconds; what will never succeed is [`JobError::Fail`] and waits for a person.

mod admin;
pub mod registry;
pub mod upkeep;

pub use admin::{JobRow, JobState, JobsError, discard, list, retry, totals};

use crate::{Ctx, Fault, Platform};
use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt;

/// What a job is told, and what it does. Its type gets a line in [`registry`].
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The queue's word for it; never reused for another meaning.
    const TASK: &'static str;
    /// How often it is tried before a person must look.
    const TRIES: i32 = 25;

    /// Jobs with the same key replace each other while they wait.
    fn key(&self) -> Option<String> {
        None
    }

    /// Does it. It may run twice, also at the same time, and must not mind.
    fn run(&self, platform: &Platform) -> impl Future<Output = Result<(), JobError>> + Send;
}

/// Why a job did not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobError {
    /// It may succeed later.
    Retry(String),
    /// It never will: a person must look.
    Fail(String),
}

impl JobError {
    /// A failure that may pass, told by any error.
    pub fn retry(error: impl fmt::Display) -> Self {
        Self::Retry(error.to_string())
    }

    /// A failure for good, told by any error.
    pub fn fail(error: impl fmt::Display) -> Self {
        Self::Fail(error.to_string())
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry(why) | Self::Fail(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for JobError {}

impl From<Fault> for JobError {
    fn from(fault: Fault) -> Self {
        if fault.is_transient() { Self::retry(fault) } else { Self::fail(fault) }
    }
}

impl<Scope> Ctx<Scope> {
    /// Enqueues a job; it exists if and only if this transaction commits.
    pub async fn enqueue<J: Job>(&mut self, job: &J) -> Result<(), Fault> {
        self.enqueue_at(job, None).await
    }

    /// Enqueues a job for later; `None` is now, by the caller's clock.
    pub async fn enqueue_at<J: Job>(
        &mut self,
        job: &J,
        due: Option<DateTime<Utc>>,
    ) -> Result<(), Fault> {
        self.store(job, job.key(), due).await
    }

    /// Enqueues a job under another key than its own: the clock's, so that its runs do not pile up.
    pub async fn enqueue_keyed<J: Job>(&mut self, job: &J, key: &str) -> Result<(), Fault> {
        self.store(job, Some(key.to_owned()), None).await
    }

    async fn store<J: Job>(
        &mut self,
        job: &J,
        key: Option<String>,
        due: Option<DateTime<Utc>>,
    ) -> Result<(), Fault> {
        let payload = serde_json::to_value(job).map_err(|e| Fault::Internal(e.to_string()))?;
        let due = due.unwrap_or_else(|| self.now());
        sqlx::query!(
            "select enqueue_job($1, $2::jsonb::json, $3, $4, $5)",
            J::TASK,
            payload,
            key,
            due,
            J::TRIES
        )
        .fetch_one(self.tx())
        .await?;
        Ok(())
    }
}
