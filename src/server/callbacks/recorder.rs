//! Writes news of calls behind the answers: a bounded queue, batches, a spool on disk while the
//! database is away. Nothing here makes a carrier wait.

use super::spool::Spool;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use voxlink_domain::{
    Fault, Platform,
    calls::{News, write},
};

const QUEUE: usize = 20_000;
const BATCH: usize = 256;
/// News of a call that nobody has told of yet waits this often, then is put aside.
const PATIENCE: u32 = 900;
const PAUSE: Duration = Duration::from_secs(1);

/// Takes news. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Recorder {
    queue: mpsc::Sender<News>,
    spool: Arc<Spool>,
    platform: Platform,
    tasks: TaskTracker,
}

impl Recorder {
    /// Starts to write, what waits in the folder first.
    pub fn start(
        platform: Platform,
        folder: PathBuf,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        let (queue, news) = mpsc::channel(QUEUE);
        let spool = Arc::new(Spool::new(folder));
        let writer =
            Writer { platform: platform.clone(), spool: Arc::clone(&spool), early: Vec::new() };
        tasks.spawn(writer.run(news, stop));
        Self { queue, spool, platform, tasks: tasks.clone() }
    }

    /// Takes a piece of news and returns at once. Where the queue is full it goes to disk.
    pub fn tell(&self, news: News) {
        if let Err(error) = self.queue.try_send(news) {
            let news = error.into_inner();
            let (spool, now) = (Arc::clone(&self.spool), self.platform.clock().now());
            self.tasks.spawn(async move {
                if let Err(error) = spool.keep(&[news], now.timestamp_millis()).await {
                    tracing::error!(%error, "news of a call is lost: queue and disk are full");
                }
            });
        }
    }
}

struct Writer {
    platform: Platform,
    spool: Arc<Spool>,
    /// News of calls not known yet, and how often it was tried.
    early: Vec<(News, u32)>,
}

impl Writer {
    async fn run(mut self, mut queue: mpsc::Receiver<News>, stop: CancellationToken) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                biased;
                taken = queue.recv_many(&mut batch, BATCH) => {
                    if taken == 0 { break }
                    self.take(std::mem::take(&mut batch)).await;
                }
                () = stop.cancelled() => break,
                () = tokio::time::sleep(PAUSE) => self.again().await,
            }
        }
        queue.close();
        while let Some(news) = queue.recv().await {
            batch.push(news);
        }
        batch.extend(self.early.drain(..).map(|(news, _)| news));
        for part in batch.chunks(BATCH) {
            self.take(part.to_vec()).await;
        }
        let rest: Vec<News> = self.early.drain(..).map(|(news, _)| news).collect();
        self.keep(&rest).await;
    }

    async fn take(&mut self, batch: Vec<News>) {
        match self.write(&batch).await {
            Ok(early) => self.early.extend(early.into_iter().map(|news| (news, 0))),
            Err(fault) if fault.is_transient() => {
                tracing::warn!(%fault, news = batch.len(), "news of calls waits on disk");
                self.keep(&batch).await;
            }
            Err(fault) => self.one_by_one(&batch, &fault).await,
        }
    }

    /// One piece that cannot be written must not hold up the others.
    async fn one_by_one(&mut self, batch: &[News], fault: &Fault) {
        tracing::error!(%fault, news = batch.len(), "a batch of news was refused");
        for news in batch {
            let alone = std::slice::from_ref(news);
            match self.write(alone).await {
                Ok(early) => self.early.extend(early.into_iter().map(|news| (news, 0))),
                Err(fault) if fault.is_transient() => self.keep(alone).await,
                Err(fault) => {
                    tracing::error!(%fault, call = ?news.call(), "news of a call is put aside");
                    self.put_aside(alone).await;
                }
            }
        }
    }

    async fn write(&self, batch: &[News]) -> Result<Vec<News>, Fault> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let mut cx = self.platform.work("calls").await?;
        let written = write(&mut cx, batch).await?;
        cx.commit().await?;
        metrics::counter!("voxlink_calls_recorded_total").increment(written.new_calls as u64);
        if written.foreign > 0 {
            tracing::warn!(news = written.foreign, "news of numbers that are nobody's");
        }
        Ok(written.early)
    }

    /// What had to wait is tried again.
    async fn again(&mut self) {
        let waiting = std::mem::take(&mut self.early);
        if !waiting.is_empty() {
            let news: Vec<News> = waiting.iter().map(|(news, _)| news.clone()).collect();
            match self.write(&news).await {
                Ok(early) => {
                    for (news, tries) in waiting.into_iter().filter(|(n, _)| early.contains(n)) {
                        if tries < PATIENCE {
                            self.early.push((news, tries + 1));
                        } else {
                            self.put_aside(&[news]).await;
                        }
                    }
                }
                Err(fault) if fault.is_transient() => self.early = waiting,
                Err(fault) => self.one_by_one(&news, &fault).await,
            }
        }
        for _ in 0..64 {
            match self.spool.oldest().await {
                Ok(None) => return,
                Ok(Some((file, batch))) => {
                    match self.write(&batch).await {
                        Ok(early) => self.early.extend(early.into_iter().map(|news| (news, 0))),
                        Err(fault) if fault.is_transient() => return,
                        Err(fault) => self.one_by_one(&batch, &fault).await,
                    }
                    if let Err(error) = self.spool.done(&file).await {
                        tracing::error!(%error, "the spool cannot be emptied");
                        return;
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the spool cannot be read");
                    return;
                }
            }
        }
    }

    async fn keep(&self, batch: &[News]) {
        if batch.is_empty() {
            return;
        }
        let now = self.platform.clock().now().timestamp_millis();
        if let Err(error) = self.spool.keep(batch, now).await {
            tracing::error!(%error, news = batch.len(), "news of calls is lost: the disk does not take it");
        }
    }

    async fn put_aside(&self, batch: &[News]) {
        let now = self.platform.clock().now().timestamp_millis();
        if let Err(error) = self.spool.put_aside(batch, now).await {
            tracing::error!(%error, "news of a call is lost: the disk does not take it");
        }
    }
}
