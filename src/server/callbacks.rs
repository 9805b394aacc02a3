//! What carriers call while a telephone rings.
//!
//! `POST /callbacks/{carrier}/voice[/…]` is answered from memory; what was decided is written
//! behind it. Every request is verified on its raw body against the configured public address
//! before anything of it is read; a forged one gets 403 and leaves nothing. Routes decide what a
//! request is, never its `CallStatus`.

mod books;
mod count;
mod intake;
pub(crate) mod kept;
pub mod payments;
mod recorder;
pub(crate) mod spool;
mod voice;

pub use recorder::{NotKept, Recorder};

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn_with_state, routing::post};
use kept::Kept;
use std::{path::Path, sync::Arc, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use voxlink_domain::{
    Fault, Platform, carriers,
    routing::{Source, Table},
    trunks,
};

/// The largest body a carrier may send.
const BODY_LIMIT: usize = 64 * 1024;

/// How often the table is refreshed, and how often it is read anew as a whole.
const REFRESH: Duration = Duration::from_millis(700);
const RELOAD_EVERY: u32 = 400;
/// Every how many turns edges, trunks and stored credentials are read: about three seconds.
const EDGES_EVERY: u32 = 4;
/// A reading that takes longer has failed.
const READING: Duration = Duration::from_secs(20);
/// How long the start waits for the database where it can begin without.
const AT_START: Duration = Duration::from_secs(1);
/// Every how many turns it is told again that calls are answered from memory: about ten minutes.
const TELL_EVERY: u32 = 200;

/// What the callbacks answer from and write to.
#[derive(Debug, Clone)]
pub struct Callbacks {
    pub(crate) platform: Platform,
    pub(crate) table: Table,
    pub(crate) recorder: Recorder,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Callbacks {
    /// Reads what is in service and starts to follow it, and to write news of calls. What must
    /// outlive the process is kept in `data_dir`: the numbers in service, and in `calls` the news
    /// that cannot be written. With the database away it starts all the same, from what was kept;
    /// where nothing is, voice answers 503 (carriers then ask the fallback address) until the
    /// database was read once.
    pub async fn start(platform: Platform, data_dir: &Path) -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let table = platform.in_service().clone();
        let kept = Kept::new(&platform, data_dir);
        kept.restore(&table, platform.clock().now()).await;
        let patience = if table.source() == Source::Disk { AT_START } else { READING };
        if let Err(error) = read(&platform, &table, true, patience).await {
            tracing::error!(%error, "the numbers in service could not be read from the database");
        }
        own_trunks(&platform).await;
        stored_accounts(&platform).await;
        tasks.spawn(follow(platform.clone(), table.clone(), kept, stop.clone()));
        let recorder = Recorder::start(&platform, data_dir.join("calls"), &tasks, stop.clone());
        Self { platform, table, recorder, tasks, stop }
    }

    /// Writes or keeps what is under way, then ends.
    pub async fn finish(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// What is in service, as this server sees it.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The paths, for the table of all routes: carriers prove themselves by signature or
    /// credentials.
    pub const PATHS: &[&str] = &[
        "/callbacks/{carrier}/voice",
        "/callbacks/{carrier}/voice/{*position}",
        "/callbacks/{carrier}/voice-fallback",
        "/callbacks/{carrier}/status",
        "/callbacks/{carrier}/recording",
        "/callbacks/{carrier}/order",
    ];

    /// Answers the paths.
    pub fn router(&self) -> Router {
        let [first, on, fallback, status, recording, order] = Self::PATHS else {
            return Router::new();
        };
        let state = Arc::new(self.clone());
        Router::new()
            .route(first, post(voice::first))
            .route(on, post(voice::on))
            .route(fallback, post(voice::fallback))
            .route(status, post(intake::status))
            .route(recording, post(intake::recording))
            .route(order, post(intake::order))
            .layer(DefaultBodyLimit::max(BODY_LIMIT))
            .layer(from_fn_with_state(Arc::clone(&state), count::count))
            .with_state(state)
    }
}

/// Reads the table from the database, whole or what has changed.
async fn read(
    platform: &Platform,
    table: &Table,
    whole: bool,
    patience: Duration,
) -> Result<(), Fault> {
    let (pool, settings) = (&platform.db().voice, platform.settings());
    let now = platform.clock().now();
    let reading = async {
        if whole {
            table.load(pool, settings, now).await
        } else {
            table.refresh(pool, settings, now).await
        }
    };
    tokio::time::timeout(patience, reading)
        .await
        .unwrap_or(Err(Fault::Database(sqlx::Error::PoolTimedOut)))
}

/// Reads edges and trunks. Where that fails, what was read before goes on to hold.
async fn own_trunks(platform: &Platform) {
    match tokio::time::timeout(AT_START, trunks::follow(platform)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "own trunks could not be read"),
        Err(_) => tracing::warn!("own trunks could not be read: the database takes long"),
    }
}

/// Goes by the carriers' credentials that are stored now. Where that fails, what was read before goes
/// on to hold.
async fn stored_accounts(platform: &Platform) {
    match tokio::time::timeout(AT_START, carriers::follow(platform)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "stored credentials could not be read"),
        Err(_) => tracing::warn!("stored credentials could not be read: the database takes long"),
    }
}

/// Keeps the table as the database has it, and the copy on disk as the table.
async fn follow(platform: Platform, table: Table, mut kept: Kept, stop: CancellationToken) {
    let (mut turn, mut failures): (u32, u32) = (0, 0);
    while stop.run_until_cancelled(tokio::time::sleep(REFRESH)).await.is_some() {
        turn = turn.wrapping_add(1);
        let read = read(&platform, &table, turn.is_multiple_of(RELOAD_EVERY), READING).await;
        if read.is_ok() && turn.is_multiple_of(EDGES_EVERY) {
            own_trunks(&platform).await;
            stored_accounts(&platform).await;
        }
        let age = table.read_at().map(|at| (platform.clock().now() - at).num_seconds().max(0));
        match read {
            Ok(()) => {
                if failures > 0 {
                    tracing::info!("the numbers in service are followed again");
                }
                failures = 0;
                kept.follow(&table, false).await;
            }
            Err(error) => {
                if failures.is_multiple_of(TELL_EVERY) {
                    tracing::warn!(%error, numbers = table.len(), age_seconds = age, "answering calls from memory");
                }
                failures = failures.wrapping_add(1);
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "gauges are floating")]
        {
            metrics::gauge!("voxlink_numbers_in_service").set(table.len() as f64);
            if let Some(age) = age {
                metrics::gauge!("voxlink_numbers_in_service_age_seconds").set(age as f64);
            }
        }
    }
    kept.follow(&table, true).await;
}
