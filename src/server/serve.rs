//! Starts everything and stops it gracefully.
//!
//! With the database away it listens all the same: `/health/ready` says so, calls are answered
//! from memory as far as it is there, and the rest begins when the database does.

use crate::{
    Assembly, callbacks::Callbacks, config::Config, metrics::traffic, router::router,
    web::Admission, worker,
};
use anyhow::Context;
use std::{net::SocketAddr, path::Path, time::Duration};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use voxlink_domain::{
    Platform, carriers, catalog::RefreshPrices, db::MigrationFailed, jobs::upkeep,
};

/// How long requests and jobs under way may take to end.
const DRAIN: Duration = Duration::from_secs(10);
/// Requests that still wait for their turn this long before the end are told to come back, so that
/// nobody is cut off.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What to do where the style sheet that pages name is not in the site's folder.
pub(crate) const STYLE_REMEDY: &str = "run cargo leptos build, set SITE_DIR to the site it built, \
    and copy its hash.txt to beside the binary";

/// Serves until SIGTERM or SIGINT; `listening` is called once people can come. Refuses where the
/// style sheet is missing: every page would be bare, and nothing would say why.
pub async fn serve(
    config: &Config,
    mut parts: Assembly,
    listening: impl FnOnce(),
) -> anyhow::Result<()> {
    if let Some(file) = missing_style(&config.site_dir, &parts.style) {
        anyhow::bail!("the pages' style sheet {file} is not there: {STYLE_REMEDY}");
    }
    // Every visitor is an open file, and many shells allow 1,024 of them.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    let platform = parts.platform.clone();
    let prepared = match prepare(&platform).await {
        Ok(()) => true,
        Err(MigrationFailed::Away(error)) => {
            tracing::warn!(%error, "the database does not answer yet; going on trying");
            false
        }
        Err(error) => return Err(error.into()),
    };
    voxlink_domain::accounts::password::warm();
    let listener = tokio::net::TcpListener::bind(config.listen).await.with_context(|| {
        format!("LISTEN={} cannot be had: does another server run there?", config.listen)
    })?;
    let callbacks = Callbacks::start(platform.clone(), &config.data_dir).await;
    for running in std::mem::take(&mut parts.background) {
        let stop = stop.clone();
        tasks.spawn(async move {
            let _ = stop.run_until_cancelled(running).await;
        });
    }
    tasks.spawn(work(platform.clone(), prepared, config.worker_concurrency, stop.clone()));
    tasks.spawn(traffic::tell(platform.clone(), stop.clone()));
    tasks.spawn(stop_on_signal(stop.clone()));

    let admission = Admission::new(config.requests_at_once, config.queue_wait);
    let service = router(config, parts, &callbacks, &admission)
        .into_make_service_with_connect_info::<SocketAddr>();
    tracing::info!(address = %config.listen, "listening");
    listening();
    let ending = stop.clone();
    let serving = axum::serve(listener, service)
        .with_graceful_shutdown(async move { ending.cancelled().await });
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(DRAIN.saturating_sub(LAST_WORDS)).await;
        admission.close();
        tokio::time::sleep(LAST_WORDS).await;
    };
    tokio::select! {
        served = serving => served?,
        () = late => tracing::warn!("requests under way were cut off"),
    }
    stop.cancel();
    callbacks.finish().await;
    tasks.close();
    // The worker hands back what does not end in time; a little more than its own patience.
    if tokio::time::timeout(worker::GRACE + Duration::from_secs(3), tasks.wait()).await.is_err() {
        tracing::warn!("work in the background was cut off");
    }
    drop(tokio::time::timeout(Duration::from_secs(3), platform.db().close()).await);
    tracing::info!("stopped");
    Ok(())
}

/// The file of the style sheet that pages name, if it is not in the site's folder.
pub(crate) fn missing_style(site: &Path, style: &str) -> Option<String> {
    let file = site.join(style.trim_start_matches('/'));
    (!file.is_file()).then(|| file.display().to_string())
}

/// Brings the database up to date.
pub(crate) async fn prepare(platform: &Platform) -> Result<(), MigrationFailed> {
    platform.db().migrate().await?;
    if let Err(error) = upkeep::make_partitions(platform).await {
        tracing::error!(%error, "the partitions of the next months could not be made");
    }
    // A new installation, or a new carrier, has no prices yet and sells nothing without. By a job,
    // because it asks every carrier: a slow one must not hold up the start.
    let prices = async {
        let mut cx = platform.work("start").await?;
        cx.enqueue_keyed(&RefreshPrices::default(), "start:prices").await?;
        cx.commit().await
    };
    if let Err(error) = prices.await {
        tracing::error!(%error, "the carriers' prices are not asked for at the start");
    }
    Ok(())
}

/// Runs jobs once the database is there and the credentials that it keeps are read: a job that finds
/// no carrier takes it for one without an account.
async fn work(platform: Platform, prepared: bool, concurrency: usize, stop: CancellationToken) {
    let mut ready = prepared;
    while !ready {
        if stop.run_until_cancelled(tokio::time::sleep(Duration::from_secs(1))).await.is_none() {
            return;
        }
        match prepare(&platform).await {
            Ok(()) => ready = true,
            Err(MigrationFailed::Away(_)) => {}
            Err(error) => tracing::error!(%error, "the database cannot be brought up to date"),
        }
    }
    if concurrency == 0 {
        tracing::info!("no jobs run here (WORKER_CONCURRENCY=0)");
        return;
    }
    loop {
        match stop.run_until_cancelled(carriers::follow(&platform)).await {
            None => return,
            Some(Ok(())) => break,
            Some(Err(error)) => {
                tracing::warn!(%error, "no jobs yet: stored credentials could not be read");
            }
        }
        if stop.run_until_cancelled(tokio::time::sleep(Duration::from_secs(1))).await.is_none() {
            return;
        }
    }
    worker::run(platform, concurrency, stop).await;
}

/// SIGTERM and SIGINT begin the end.
async fn stop_on_signal(stop: CancellationToken) {
    let (Ok(mut term), Ok(mut int)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be heard: the server stops without draining");
        return;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
        () = stop.cancelled() => return,
    }
    tracing::info!("stopping: requests and jobs under way may end");
    stop.cancel();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use voxlink_domain::sealing::Seal;
    use voxlink_testkit::{FakeAccounts, TestPlatform};

    #[tokio::test]
    async fn jobs_wait_until_the_stored_credentials_are_read() {
        let test = TestPlatform::new().await;
        let accounts = Arc::new(FakeAccounts::default());
        let platform = test.platform.clone().connecting(accounts, Seal::new(&[7; 32])).unwrap();
        let stop = CancellationToken::new();
        let working = tokio::spawn(work(platform.clone(), true, 1, stop.clone()));
        let read = async {
            while !platform.knows_accounts() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), read).await.unwrap();
        stop.cancel();
        working.await.unwrap();
    }

    #[test]
    fn a_style_sheet_that_is_not_there_is_named() {
        let site = std::env::temp_dir().join(format!("voxlink-site-{}", std::process::id()));
        std::fs::create_dir_all(site.join("pkg")).unwrap();
        std::fs::write(site.join("pkg/voxlink.abc.css"), "").unwrap();
        assert_eq!(missing_style(&site, "/pkg/voxlink.abc.css"), None);
        let missing = missing_style(&site, "/pkg/voxlink.css").unwrap();
        assert!(missing.ends_with("pkg/voxlink.css"), "{missing}");
        std::fs::remove_dir_all(&site).unwrap();
    }
}
