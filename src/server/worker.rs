//! The worker: runs what the domain enqueues, and what the clock does.
//!
//! Every server runs one; they share the queue, and each takes as many jobs at a time as it can run,
//! so that a backlog does not wait for a signal a job. A worker says every three seconds that it lives:
//! one that was killed is missed after a quarter of a minute and its jobs run elsewhere. On a
//! graceful stop, jobs under way have ten seconds; those that need longer go back to the queue.

mod handler;

use futures::future::BoxFuture;
use graphile_worker::{
    LocalQueueConfig, RefetchDelayConfig, WorkerOptions, WorkerRecoveryConfig, parse_crontab,
};
use handler::Handler;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use voxlink_domain::{
    Platform,
    db::QUEUE_SCHEMA,
    jobs::{
        Job,
        registry::{self, Visitor},
    },
};

/// How long jobs under way may take to end when the server stops.
pub const GRACE: Duration = Duration::from_secs(10);

/// How long jobs that were taken may wait for a slot here before other servers may have them.
const HOARD: Duration = Duration::from_secs(20);

/// How long a worker that found no job waits for news of one, at most.
const IDLE: Duration = Duration::from_secs(1);

/// How long finished jobs wait for others, to be ticked off by one commit.
const TICK_OFF: Duration = Duration::from_millis(2);

/// Runs the domain's jobs until `stop`; a database that goes away only interrupts it.
pub async fn run(platform: Platform, concurrency: usize, stop: CancellationToken) {
    run_these(platform, concurrency, stop, registry::visit).await;
}

/// The same for other jobs than the registry's, which tests bring along.
pub async fn run_these(
    platform: Platform,
    concurrency: usize,
    stop: CancellationToken,
    jobs: fn(&mut Register),
) {
    let mut pause = Duration::from_millis(500);
    while !stop.is_cancelled() {
        let started = tokio::time::Instant::now();
        match work(&platform, concurrency, &stop, jobs).await {
            Ok(()) if stop.is_cancelled() => return,
            Ok(()) => tracing::warn!("the worker ended early and starts again"),
            Err(error) => tracing::warn!(%error, "the worker stopped and starts again"),
        }
        if started.elapsed() > Duration::from_mins(1) {
            pause = Duration::from_millis(500);
        }
        let _ = stop.run_until_cancelled(tokio::time::sleep(pause)).await;
        pause = (pause * 2).min(Duration::from_secs(10));
    }
}

async fn work(
    platform: &Platform,
    concurrency: usize,
    stop: &CancellationToken,
    jobs: fn(&mut Register),
) -> anyhow::Result<()> {
    let stopped = stop.clone();
    let options = WorkerOptions::default()
        .database(platform.db().owner.clone())
        .schema(QUEUE_SCHEMA)
        .concurrency(concurrency.max(1))
        // Without it the queue hands out a job a slot for each second or news of a job.
        .local_queue(
            LocalQueueConfig::default()
                .with_size(concurrency.max(1))
                .with_ttl(HOARD)
                // Who found none asks again after a second, or at the next news of a job: without
                // this the queue asks again at once, for ever.
                .with_refetch_delay(
                    RefetchDelayConfig::default()
                        .with_duration(IDLE)
                        .with_threshold(0)
                        .with_max_abort_threshold(1),
                ),
        )
        .complete_job_batch_delay(TICK_OFF)
        // Jobs carry the server's time, so it is also what they are due by.
        .use_local_time(true)
        .worker_recovery(
            WorkerRecoveryConfig::default()
                .heartbeat_interval(Duration::from_secs(3))
                .sweep_interval(Duration::from_secs(5))
                .sweep_threshold(Duration::from_secs(15))
                .recovery_delay(Duration::from_secs(1)),
        )
        .listen_os_shutdown_signals(false)
        .shutdown_grace_period(GRACE)
        .shutdown_interrupted_job_retry_delay(Duration::from_secs(1))
        .shutdown_signal(async move { stopped.cancelled().await })
        .add_extension(platform.clone());
    // Ends with this worker, whether it was told to stop or failed.
    let ended = stop.child_token();
    let _end = ended.clone().drop_guard();
    let mut all = Register {
        platform: platform.clone(),
        stop: ended,
        options: Some(options),
        often: Vec::new(),
        error: None,
    };
    jobs(&mut all);
    if let Some(error) = all.error {
        anyhow::bail!(error);
    }
    let Some(options) = all.options else { anyhow::bail!("the worker could not be described") };
    let worker = options.init().await?;
    for again_and_again in all.often {
        tokio::spawn(again_and_again);
    }
    Ok(worker.run().await?)
}

/// Gives every job it is told to the queue.
#[expect(missing_debug_implementations, reason = "the queue's options have none")]
pub struct Register {
    platform: Platform,
    stop: CancellationToken,
    options: Option<WorkerOptions>,
    often: Vec<BoxFuture<'static, ()>>,
    error: Option<String>,
}

impl Visitor for Register {
    fn job<J: Job>(&mut self) {
        self.options = self.options.take().map(WorkerOptions::define_job::<Handler<J>>);
    }

    fn periodic<J: Job + Default>(&mut self, cron: &'static str, catch_up: &'static str) {
        self.job::<J>();
        match schedule::<J>(cron, catch_up) {
            Ok(crontabs) => {
                self.options = self.options.take().map(|options| options.with_crons(crontabs));
            }
            Err(error) => self.error = Some(format!("the schedule of {}: {error}", J::TASK)),
        }
    }

    fn often<J: Job + Default>(&mut self, every: Duration) {
        self.job::<J>();
        self.often.push(Box::pin(enqueue_often::<J>(
            self.platform.clone(),
            every,
            self.stop.clone(),
        )));
    }
}

/// Enqueues a job now and again. Several servers do; the key makes one waiting job of them, and
/// brings a failed one back.
async fn enqueue_often<J: Job + Default>(
    platform: Platform,
    every: Duration,
    stop: CancellationToken,
) {
    loop {
        let enqueued = async {
            let mut cx = platform.work("worker").await?;
            cx.enqueue_keyed(&J::default(), &format!("often:{}", J::TASK)).await?;
            cx.commit().await
        };
        if let Err(error) = enqueued.await {
            tracing::debug!(%error, task = J::TASK, "not enqueued this time");
        }
        if stop.run_until_cancelled(tokio::time::sleep(every)).await.is_none() {
            return;
        }
    }
}

/// The crontab's line of a periodic job. The key keeps runs from piling up while nobody works.
fn schedule<J: Job + Default>(
    cron: &str,
    catch_up: &str,
) -> Result<Vec<graphile_worker::Crontab>, String> {
    let (task, tries) = (J::TASK, J::TRIES);
    let payload = serde_json::to_string(&J::default()).map_err(|e| e.to_string())?;
    let fill = if catch_up == "0" { String::new() } else { format!("&fill={catch_up}") };
    let line = format!("{cron} task ?max={tries}&jobKey=periodic:{task}{fill} {payload}");
    let mut crontabs = parse_crontab(&line).map_err(|e| e.to_string())?;
    for crontab in &mut crontabs {
        // Put in here, because the crontab's text knows no dots in a name.
        task.clone_into(&mut crontab.task_identifier);
    }
    Ok(crontabs)
}
