//! Writes news of calls: in batches behind the answers, or on disk while the database is away.
//! What a carrier tells is acknowledged when it is safe in either place, so that nothing that was
//! acknowledged can be lost, not even by `kill -9`.

use super::{books::Books, spool::Spool};
use std::{path::PathBuf, sync::Arc};
use tokio::sync::{mpsc, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use voxlink_domain::{Platform, calls::News};

const QUEUE: usize = 20_000;
pub(super) const BATCH: usize = 256;

/// Takes news. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Told>,
    spool: Arc<Spool>,
    tasks: TaskTracker,
}

/// Neither the database nor the disk took it: to be told again.
#[derive(Debug, thiserror::Error)]
#[error("news of a call could be written nowhere")]
pub struct NotKept;

/// A piece of news and who waits until it is safe.
#[derive(Debug)]
struct Told {
    news: News,
    safe: Option<oneshot::Sender<()>>,
}

impl Recorder {
    /// Starts to write; what waits in the folder is taken up too.
    pub fn start(
        platform: &Platform,
        folder: PathBuf,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        let (queue, told) = mpsc::channel(QUEUE);
        let spool = Arc::new(Spool::new(folder, platform.clock()));
        let books = Books::new(platform.clone(), Arc::clone(&spool));
        tasks.spawn(books.clone().catch_up(stop.clone()));
        tasks.spawn(write(books, told, stop));
        Self { queue, spool, tasks: tasks.clone() }
    }

    /// Takes what was heard and answered, and returns at once: nobody lets a telephone ring for
    /// it. Where the queue is full it goes to disk.
    pub fn note(&self, news: News) {
        if let Err(error) = self.queue.try_send(Told { news, safe: None }) {
            let (spool, news) = (Arc::clone(&self.spool), error.into_inner().news);
            self.tasks.spawn(async move {
                if let Err(error) = spool.keep(&[news]).await {
                    tracing::error!(%error, "news of a call is lost: queue and disk are full");
                }
            });
        }
    }

    /// Takes what a carrier tells, and returns when it is in the database or on the disk.
    pub async fn keep(&self, news: News) -> Result<(), NotKept> {
        let (safe, heard) = oneshot::channel();
        match self.queue.try_send(Told { news, safe: Some(safe) }) {
            Ok(()) => heard.await.map_err(|_| NotKept),
            Err(error) => {
                let news = error.into_inner().news;
                self.spool.keep(&[news]).await.map_err(|error| {
                    tracing::error!(%error, "news of a call is refused: queue and disk are full");
                    NotKept
                })
            }
        }
    }
}

/// Writes what comes until the end, then what is left.
async fn write(books: Books, mut queue: mpsc::Receiver<Told>, stop: CancellationToken) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            taken = queue.recv_many(&mut batch, BATCH) => {
                if taken == 0 {
                    return;
                }
                enter(&books, &mut batch).await;
            }
            () = stop.cancelled() => break,
        }
    }
    queue.close();
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        enter(&books, &mut batch).await;
    }
}

async fn enter(books: &Books, batch: &mut Vec<Told>) {
    let (news, waiting): (Vec<News>, Vec<_>) = batch.drain(..).map(|t| (t.news, t.safe)).unzip();
    match books.enter_or_keep(&news).await {
        Ok(()) => {
            for safe in waiting.into_iter().flatten() {
                // Who waits no longer does not mind.
                let _ = safe.send(());
            }
        }
        Err(error) => {
            tracing::error!(%error, news = news.len(), "news of calls is lost: the disk does not take it");
        }
    }
}
