//! The worker on a real queue: exactly the committed jobs run, failures are seen and mended.

use serde::{Deserialize, Serialize};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use voxlink_domain::{
    Platform,
    jobs::{self, Job, JobError, JobState, registry::Visitor, upkeep},
};
use voxlink_server::worker;
use voxlink_testkit::TestPlatform;
use voxlink_types::page::PageRequest;

static RUNS: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];
const ROLLED_BACK: usize = 0;
const COMMITTED: usize = 1;
const TAKEN_OVER: usize = 2;

/// Counts its runs.
#[derive(Debug, Serialize, Deserialize)]
struct Count(usize);

impl Job for Count {
    const TASK: &'static str = "test.count";
    async fn run(&self, _: &Platform) -> Result<(), JobError> {
        RUNS[self.0].fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// Fails as it is told.
#[derive(Debug, Serialize, Deserialize)]
struct Break {
    for_good: bool,
}

impl Job for Break {
    const TASK: &'static str = "test.break";
    async fn run(&self, _: &Platform) -> Result<(), JobError> {
        let why = r#"the carrier said "no""#.to_owned();
        Err(if self.for_good { JobError::Fail(why) } else { JobError::Retry(why) })
    }
}

/// A worker that stops with the test.
struct Working(CancellationToken, tokio::task::JoinHandle<()>);

fn work(test: &TestPlatform) -> Working {
    let stop = CancellationToken::new();
    let running = worker::run_these(test.platform.clone(), 4, stop.clone(), |all| {
        all.job::<Count>();
        all.job::<Break>();
    });
    Working(stop, tokio::spawn(running))
}

async fn enqueue<J: Job>(test: &TestPlatform, job: &J) {
    let mut cx = test.platform.work("test").await.unwrap();
    cx.enqueue(job).await.unwrap();
    cx.commit().await.unwrap();
}

/// Waits until the queue is as wished, ten seconds at most.
async fn until(test: &TestPlatform, wish: impl Fn(&[jobs::JobRow]) -> bool) -> Vec<jobs::JobRow> {
    for _ in 0..200 {
        let mut cx = test.platform.work("test").await.unwrap();
        let rows =
            jobs::list(&mut cx, None, Some("test."), PageRequest::default()).await.unwrap().rows;
        if wish(&rows) {
            return rows;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the queue did not come to it in time");
}

#[tokio::test]
async fn a_job_runs_once_if_and_only_if_its_transaction_commits() {
    let test = TestPlatform::new().await;
    let Working(stop, worker) = work(&test);
    let mut cx = test.platform.work("test").await.unwrap();
    cx.enqueue(&Count(ROLLED_BACK)).await.unwrap();
    drop(cx);
    enqueue(&test, &Count(COMMITTED)).await;
    until(&test, <[_]>::is_empty).await;
    stop.cancel();
    worker.await.unwrap();
    assert_eq!(RUNS[COMMITTED].load(Ordering::SeqCst), 1);
    assert_eq!(RUNS[ROLLED_BACK].load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_failing_job_is_listed_with_its_error_and_can_be_retried_and_discarded() {
    let test = TestPlatform::new().await;
    let Working(stop, worker) = work(&test);
    enqueue(&test, &Break { for_good: true }).await;
    enqueue(&test, &Break { for_good: false }).await;
    let settled = |rows: &[jobs::JobRow]| rows.iter().all(|r| r.last_error.is_some());
    let rows = until(&test, |rows| rows.len() == 2 && settled(rows)).await;
    let states: Vec<_> = rows.iter().map(|r| (r.state, r.last_error.as_deref())).collect();
    let said = Some(r#"the carrier said "no""#);
    assert_eq!(states, [(JobState::Failed, said), (JobState::Retrying, said)]);
    stop.cancel();
    worker.await.unwrap();

    let mut cx = test.platform.work("test").await.unwrap();
    jobs::retry(&mut cx, rows[0].id).await.unwrap();
    jobs::discard(&mut cx, rows[1].id).await.unwrap();
    assert!(matches!(jobs::discard(&mut cx, rows[1].id).await, Err(jobs::JobsError::NotWaiting)));
    cx.commit().await.unwrap();
    let rows = until(&test, |rows| rows.len() == 1).await;
    assert_eq!((rows[0].state, rows[0].attempts), (JobState::Waiting, 0));
}

#[tokio::test]
async fn jobs_of_a_worker_that_was_killed_are_taken_over() {
    let test = TestPlatform::new().await;
    enqueue(&test, &Count(TAKEN_OVER)).await;
    // What a worker leaves behind that took the job and was killed a minute ago.
    let owner = &test.platform.db().owner;
    for statement in [
        "insert into graphile_worker._private_workers (id, last_heartbeat_at)
         values ('graphile_worker_dead', now() - interval '1 minute')",
        "update graphile_worker._private_jobs
         set locked_by = 'graphile_worker_dead', locked_at = now() - interval '1 minute', attempts = 1",
    ] {
        sqlx::query(statement).execute(owner).await.unwrap();
    }
    let Working(stop, worker) = work(&test);
    until(&test, <[_]>::is_empty).await;
    stop.cancel();
    worker.await.unwrap();
    assert_eq!(RUNS[TAKEN_OVER].load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_registry_describes_a_worker_that_starts() {
    let test = TestPlatform::new().await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(worker::run(test.platform.clone(), 2, stop.clone()));
    enqueue(&test, &upkeep::CleanUp::default()).await;
    for _ in 0..100 {
        let mut cx = test.platform.work("test").await.unwrap();
        if jobs::totals(&mut cx).await.unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut cx = test.platform.work("test").await.unwrap();
    assert_eq!(jobs::totals(&mut cx).await.unwrap(), []);
    stop.cancel();
    running.await.unwrap();
}
