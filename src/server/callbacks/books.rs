//! Entering news of calls into the database, and catching up with what had to wait on disk.

use super::{
    recorder::BATCH,
    spool::{Batch, Spool},
};
use chrono::TimeDelta;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use voxlink_domain::{
    Ctx, Fault, Platform,
    calls::{News, write},
};

/// How often it is looked whether something waits.
const PAUSE: Duration = Duration::from_secs(1);
/// A batch may take this long while carriers wait; then it goes to disk.
const AT_ONCE: Duration = Duration::from_secs(5);
/// It may take this long when nobody waits.
const LATER: Duration = Duration::from_mins(1);
/// News of a call that nobody has told of waits this long, then is put aside.
const PATIENCE: TimeDelta = TimeDelta::minutes(15);

/// Why news is not in the database.
enum NotEntered {
    /// It does not answer, or not as it should: to be tried again.
    Away(Fault),
    /// This news cannot be written, however often.
    Refused(Fault),
}

/// The database's books and the disk's. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Books {
    platform: Platform,
    spool: Arc<Spool>,
    /// Once the database did not answer, nobody waits for it until it does again.
    away: Arc<AtomicBool>,
}

impl Books {
    pub(super) fn new(platform: Platform, spool: Arc<Spool>) -> Self {
        Self { platform, spool, away: Arc::default() }
    }

    /// Writes news to the database, or to disk. It is safe when this returns well.
    pub(super) async fn enter_or_keep(&self, news: &[News]) -> std::io::Result<()> {
        if self.away.load(Ordering::Relaxed) {
            return self.spool.keep(news).await;
        }
        match self.enter(news, AT_ONCE).await {
            Ok(early) => self.spool.keep(&early).await,
            Err(NotEntered::Away(_)) => self.spool.keep(news).await,
            Err(NotEntered::Refused(fault)) => self.one_by_one(news, &fault).await,
        }
    }

    /// Writes to the database; what is told of calls not known yet comes back.
    async fn enter(&self, news: &[News], patience: Duration) -> Result<Vec<News>, NotEntered> {
        let judged = |fault: Fault| {
            if fault.is_transient() { NotEntered::Away(fault) } else { NotEntered::Refused(fault) }
        };
        let writing = async {
            // Without a connection nothing is wrong with the news, whatever else is.
            let mut cx =
                Ctx::begin_calls(&self.platform, "calls").await.map_err(NotEntered::Away)?;
            let written = write(&mut cx, news).await.map_err(judged)?;
            cx.commit().await.map_err(judged)?;
            Ok(written)
        };
        let written = tokio::time::timeout(patience, writing)
            .await
            .unwrap_or(Err(NotEntered::Away(Fault::Database(sqlx::Error::PoolTimedOut))));
        let why = if let Err(NotEntered::Away(fault)) = &written { Some(fault) } else { None };
        if self.away.swap(why.is_some(), Ordering::Relaxed) != why.is_some() {
            if let Some(fault) = why {
                tracing::warn!(%fault, "news of calls waits on disk");
            } else {
                tracing::info!("news of calls is written again");
            }
        }
        let written = written?;
        metrics::counter!("voxlink_calls_recorded_total").increment(written.new_calls as u64);
        if written.foreign > 0 {
            tracing::warn!(news = written.foreign, "news of numbers that are nobody's");
        }
        Ok(written.early)
    }

    /// One piece that cannot be written must not hold up the others.
    async fn one_by_one(&self, batch: &[News], fault: &Fault) -> std::io::Result<()> {
        tracing::error!(%fault, news = batch.len(), "a batch of news was refused");
        for news in batch {
            let alone = std::slice::from_ref(news);
            match self.enter(alone, AT_ONCE).await {
                Ok(early) => self.spool.keep(&early).await?,
                Err(NotEntered::Away(_)) => self.spool.keep(alone).await?,
                Err(NotEntered::Refused(fault)) => {
                    tracing::error!(%fault, call = ?news.call(), "news of a call is put aside");
                    self.spool.put_aside(alone).await?;
                }
            }
        }
        Ok(())
    }

    /// Takes up what waits on disk, beside what comes in: neither holds the other up.
    pub(super) async fn catch_up(self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_some() {
            // Interrupted anywhere, it is only done again.
            let done = stop.run_until_cancelled(self.through_the_spool()).await;
            if let Some(Err(error)) = done {
                tracing::error!(%error, "the folder of waiting news cannot be worked through");
            }
        }
    }

    async fn through_the_spool(&self) -> std::io::Result<()> {
        let files = self.spool.waiting().await?;
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        metrics::gauge!("voxlink_calls_waiting_batches").set(files.len() as f64);
        let (mut group, mut size) = (Vec::new(), 0);
        for file in files {
            let Some(batch) = self.spool.read(file).await? else { continue };
            size += batch.news.len();
            group.push(batch);
            // Many small files are one transaction.
            if size >= BATCH && !self.settle(&std::mem::take(&mut group)).await? {
                return Ok(());
            }
            size = if group.is_empty() { 0 } else { size };
        }
        self.settle(&group).await.map(drop)
    }

    /// Writes some waiting batches; false when the database is away.
    async fn settle(&self, group: &[Batch]) -> std::io::Result<bool> {
        let news: Vec<News> = group.iter().flat_map(|b| b.news.iter().cloned()).collect();
        if news.is_empty() && !self.away.load(Ordering::Relaxed) {
            return self.drop_written(group, &[]).await.map(|()| true);
        }
        // With nothing to write this only asks whether the database is back.
        match self.enter(&news, LATER).await {
            Ok(early) => self.drop_written(group, &early).await.map(|()| true),
            Err(NotEntered::Away(_)) => Ok(false),
            Err(NotEntered::Refused(fault)) => {
                for batch in group {
                    self.one_by_one(&batch.news, &fault).await?;
                    self.spool.written(batch, &[]).await?;
                }
                Ok(true)
            }
        }
    }

    async fn drop_written(&self, group: &[Batch], early: &[News]) -> std::io::Result<()> {
        for batch in group {
            let rest: Vec<News> =
                batch.news.iter().filter(|n| early.contains(n)).cloned().collect();
            if !rest.is_empty() && self.is_old(&batch.file) {
                tracing::error!(news = rest.len(), "news of calls nobody knows is put aside");
                self.spool.put_aside(&rest).await?;
                self.spool.written(batch, &[]).await?;
            } else {
                self.spool.written(batch, &rest).await?;
            }
        }
        Ok(())
    }

    fn is_old(&self, file: &Path) -> bool {
        Spool::since(file).is_none_or(|since| self.platform.clock().now() - since > PATIENCE)
    }
}
