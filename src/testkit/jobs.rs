//! Runs what the code under test has enqueued, by the test's clock.

use crate::TestPlatform;
use serde_json::Value;
use voxlink_domain::jobs::{JobError, registry};
use voxlink_gateways::Clock;

impl TestPlatform {
    /// Runs every job that is due by the test's clock, and those they enqueue, until none is left;
    /// the number of jobs that ran. A job that fails stays in the queue with its error, to come
    /// again as with the real worker: move the clock.
    pub async fn run_jobs(&self) -> usize {
        let owner = &self.platform.db().owner;
        for ran in 0..10_000 {
            let next: Option<(i64, String, Value)> = sqlx::query_as(
                "update graphile_worker._private_jobs j set attempts = attempts + 1
                 from graphile_worker._private_tasks t
                 where t.id = j.task_id and j.id = (
                     select id from graphile_worker._private_jobs
                     where run_at <= $1 and is_available order by priority, run_at, id limit 1)
                 returning j.id, t.identifier, j.payload::jsonb",
            )
            .bind(self.clock.now())
            .fetch_optional(owner)
            .await
            .expect("the queue could not be read");
            let Some((id, task, payload)) = next else { return ran };
            let outcome = registry::run_stored(&task, payload, &self.platform).await;
            let settle = match outcome {
                Ok(()) => sqlx::query("delete from graphile_worker._private_jobs where id = $1").bind(id),
                Err(JobError::Retry(why)) => sqlx::query(
                    "update graphile_worker._private_jobs set last_error = $2,
                     run_at = $3 + exp(least(attempts, 10)) * interval '1 second' where id = $1",
                )
                .bind(id)
                .bind(why)
                .bind(self.clock.now()),
                Err(JobError::Fail(why)) => sqlx::query(
                    "update graphile_worker._private_jobs set last_error = $2, attempts = max_attempts
                     where id = $1",
                )
                .bind(id)
                .bind(why),
            };
            settle.execute(owner).await.expect("the queue could not be written");
        }
        panic!("the jobs enqueue each other without end");
    }
}
