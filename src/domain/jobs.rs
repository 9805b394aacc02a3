//! Jobs: enqueued in the transaction that causes them, run by the server's worker.

use crate::{Ctx, Fault};
use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};

/// What a job is told. The worker in `server` runs it: load, call the verb, map to retry or fail.
/// Jobs may run twice and must not mind.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The queue's word for it; never reused for another meaning.
    const TASK: &'static str;
    /// How often it is tried before a person must look.
    const TRIES: i32 = 25;

    /// Jobs with the same key replace each other while they wait.
    fn key(&self) -> Option<String> {
        None
    }
}

impl<Scope> Ctx<Scope> {
    /// Enqueues a job; it exists if and only if this transaction commits.
    pub async fn enqueue<J: Job>(&mut self, job: &J) -> Result<(), Fault> {
        self.enqueue_at(job, None).await
    }

    /// Enqueues a job for later.
    pub async fn enqueue_at<J: Job>(
        &mut self,
        job: &J,
        due: Option<DateTime<Utc>>,
    ) -> Result<(), Fault> {
        let payload = serde_json::to_value(job).map_err(|e| Fault::Internal(e.to_string()))?;
        sqlx::query!(
            "select enqueue_job($1, $2::jsonb::json, $3, $4, $5)",
            J::TASK,
            payload,
            job.key(),
            due,
            J::TRIES
        )
        .fetch_one(self.tx())
        .await?;
        Ok(())
    }
}
