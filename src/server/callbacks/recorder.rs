//! Writes news of calls: in batches behind the answers, or on disk while the database is away.
//! What a carrier tells is acknowledged when it is safe in either place, so that nothing that was
//! acknowledged can be lost, not even by `kill -9`.

use super::{books::Books, spool::Spool};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use voxlink_domain::{Platform, calls::News};

const QUEUE: usize = 20_000;
pub(super) const BATCH: usize = 256;

/// Takes news. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Told>,
    overflow: Arc<Overflow>,
    tasks: TaskTracker,
}

/// What the queue had no room for, on its way to disk. What comes while the disk is busy goes
/// there together: one file for many, where one for each would be slower than the callers.
#[derive(Debug)]
struct Overflow {
    spool: Arc<Spool>,
    waiting: Mutex<Vec<Told>>,
    turn: tokio::sync::Mutex<()>,
}

impl Overflow {
    /// Keeps all that waits; nothing where somebody else has just done so.
    async fn keep(&self) {
        let _turn = self.turn.lock().await;
        let mut all =
            std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        while !all.is_empty() {
            let rest = all.split_off(all.len().min(BATCH));
            let (news, waiting): (Vec<News>, Vec<_>) =
                std::mem::replace(&mut all, rest).into_iter().map(|t| (t.news, t.safe)).unzip();
            match self.spool.keep(&news).await {
                Ok(()) => told(waiting),
                Err(error) => {
                    tracing::error!(%error, news = news.len(), "news of calls is lost: queue and disk are full");
                }
            }
        }
    }
}

/// Tells who waits that it is safe. Who waits no longer does not mind.
fn told(waiting: Vec<Option<oneshot::Sender<()>>>) {
    for safe in waiting.into_iter().flatten() {
        let _ = safe.send(());
    }
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
        let overflow =
            Overflow { spool, waiting: Mutex::default(), turn: tokio::sync::Mutex::default() };
        Self { queue, overflow: Arc::new(overflow), tasks: tasks.clone() }
    }

    /// Takes what was heard and answered, and returns at once: nobody lets a telephone ring for
    /// it. Where the queue is full it goes to disk.
    pub fn note(&self, news: News) {
        self.take(Told { news, safe: None });
    }

    /// Takes what a carrier tells, and returns when it is in the database or on the disk.
    pub async fn keep(&self, news: News) -> Result<(), NotKept> {
        let (safe, heard) = oneshot::channel();
        self.take(Told { news, safe: Some(safe) });
        heard.await.map_err(|_| NotKept)
    }

    fn take(&self, told: Told) {
        let Err(error) = self.queue.try_send(told) else { return };
        let overflow = Arc::clone(&self.overflow);
        overflow.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(error.into_inner());
        self.tasks.spawn(async move { overflow.keep().await });
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
        Ok(()) => told(waiting),
        Err(error) => {
            tracing::error!(%error, news = news.len(), "news of calls is lost: the disk does not take it");
        }
    }
}
