//! One job's way from the queue to the domain and its outcome's way back.

use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext};
use serde::{Deserialize, Serialize};
use std::{fmt, time::Instant};
use tracing::Instrument;
use voxlink_domain::{
    Platform,
    jobs::{Job, JobError},
};

/// A job as the queue sees it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub(super) struct Handler<J: Job>(J);

/// What the queue keeps of a failure: it writes the debug form, so that is the plain sentence.
struct Told(String);

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<J: Job> TaskHandler for Handler<J> {
    const IDENTIFIER: &'static str = J::TASK;

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let id = *context.job().id();
        let span =
            tracing::info_span!("job", task = J::TASK, id, attempt = context.job().attempts());
        async move {
            let Some(platform) = context.get_ext::<Platform>() else {
                return Err(Told("the worker has no platform".to_owned()));
            };
            let started = Instant::now();
            let outcome = self.0.run(platform).await;
            let word = match &outcome {
                Ok(()) => "done",
                Err(JobError::Retry(_)) => "retry",
                Err(JobError::Fail(_)) => "failed",
            };
            metrics::counter!("voxlink_jobs_total", "task" => J::TASK, "outcome" => word)
                .increment(1);
            metrics::histogram!("voxlink_job_seconds", "task" => J::TASK)
                .record(started.elapsed().as_secs_f64());
            match outcome {
                Ok(()) => {
                    tracing::debug!(millis = started.elapsed().as_millis(), "job done");
                    Ok(())
                }
                Err(JobError::Retry(why)) => {
                    tracing::warn!(%why, "job failed and comes again");
                    Err(Told(why))
                }
                Err(JobError::Fail(why)) => {
                    tracing::error!(%why, "job failed for good");
                    exhaust(platform, id).await;
                    Err(Told(why))
                }
            }
        }
        .instrument(span)
        .await
    }
}

/// Takes the remaining tries from a job that can never succeed.
async fn exhaust(platform: &Platform, id: i64) {
    let done = sqlx::query!("select exhaust_job($1)", id).fetch_one(&platform.db().platform).await;
    if let Err(error) = done {
        // It then is tried again in vain until its tries are used up.
        tracing::warn!(%error, "the job's tries could not be taken back");
    }
}
