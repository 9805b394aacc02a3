//! What carriers call while a telephone rings.
//!
//! `POST /callbacks/{carrier}/voice[/…]` is answered from memory; what was decided is written
//! behind it. Every request is verified on its raw body against the configured public address
//! before anything of it is read; a forged one gets 403 and leaves nothing. Routes decide what a
//! request is, never its `CallStatus`.

mod intake;
pub mod payments;
mod recorder;
mod spool;
mod voice;

pub use recorder::Recorder;

use axum::{Router, extract::DefaultBodyLimit, routing::post};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use voxlink_domain::{Platform, routing::Table};

/// The largest body a carrier may send.
const BODY_LIMIT: usize = 64 * 1024;

/// How often the table is refreshed, and how often it is read anew as a whole.
const REFRESH: Duration = Duration::from_millis(700);
const RELOAD_EVERY: u32 = 400;

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
    /// Reads what is in service and starts to follow it, and to write news of calls. News that
    /// cannot be written waits in `spool`. With the database away it starts all the same: voice
    /// answers 503 (carriers then ask the fallback address) until the table was read once.
    pub async fn start(platform: Platform, spool: PathBuf) -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let table = Table::default();
        if let Err(error) = table.load(&platform.db().voice, platform.settings()).await {
            tracing::error!(%error, "the numbers in service could not be read");
        }
        tasks.spawn(follow(platform.clone(), table.clone(), stop.clone()));
        let recorder = Recorder::start(platform.clone(), spool, &tasks, stop.clone());
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

    /// The paths, for the table of all routes: carriers prove themselves by signature.
    pub const PATHS: &[&str] = &[
        "/callbacks/{carrier}/voice",
        "/callbacks/{carrier}/voice/{*position}",
        "/callbacks/{carrier}/voice-fallback",
        "/callbacks/{carrier}/status",
        "/callbacks/{carrier}/recording",
    ];

    /// Answers the paths.
    pub fn router(&self) -> Router {
        let [first, on, fallback, status, recording] = Self::PATHS else { return Router::new() };
        Router::new()
            .route(first, post(voice::first))
            .route(on, post(voice::on))
            .route(fallback, post(voice::fallback))
            .route(status, post(intake::status))
            .route(recording, post(intake::recording))
            .layer(DefaultBodyLimit::max(BODY_LIMIT))
            .with_state(Arc::new(self.clone()))
    }
}

async fn follow(platform: Platform, table: Table, stop: CancellationToken) {
    let mut turn: u32 = 0;
    let mut told = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(REFRESH) => {}
        }
        turn = turn.wrapping_add(1);
        let (pool, settings) = (&platform.db().voice, platform.settings());
        let read = if turn.is_multiple_of(RELOAD_EVERY) {
            table.load(pool, settings).await
        } else {
            table.refresh(pool, settings).await
        };
        match read {
            Ok(()) if told => {
                tracing::info!("the numbers in service are followed again");
                told = false;
            }
            Err(error) if !told => {
                tracing::warn!(%error, numbers = table.len(), "answering calls from memory");
                told = true;
            }
            _ => {}
        }
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        metrics::gauge!("voxlink_numbers_in_service").set(table.len() as f64);
    }
}
