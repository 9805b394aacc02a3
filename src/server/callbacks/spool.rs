//! News that cannot be written now, on disk: one file a batch, a line a piece, so that neither an
//! outage of the database nor a restart loses a call.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};
use tokio::io::AsyncWriteExt;
use voxlink_domain::calls::News;

/// The folder of waiting batches.
#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
    count: AtomicU64,
}

impl Spool {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, count: AtomicU64::new(0) }
    }

    /// Keeps a batch; it is on disk when this returns.
    pub(super) async fn keep(&self, batch: &[News], at_millis: i64) -> std::io::Result<()> {
        self.put(batch, at_millis, "jsonl").await
    }

    /// Puts a batch aside that the database refuses, for a person to look at.
    pub(super) async fn put_aside(&self, batch: &[News], at_millis: i64) -> std::io::Result<()> {
        self.put(batch, at_millis, "refused").await
    }

    async fn put(&self, batch: &[News], at_millis: i64, ending: &str) -> std::io::Result<()> {
        tokio::fs::create_dir_all(&self.folder).await?;
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let name = format!("{at_millis:015}-{}-{count}", std::process::id());
        let (draft, place) =
            (self.folder.join(format!("{name}.tmp")), self.folder.join(format!("{name}.{ending}")));
        let mut text = Vec::new();
        for news in batch {
            serde_json::to_writer(&mut text, news)?;
            text.push(b'\n');
        }
        let mut file = tokio::fs::File::create(&draft).await?;
        file.write_all(&text).await?;
        file.sync_all().await?;
        tokio::fs::rename(draft, place).await
    }

    /// The oldest waiting batch and its file.
    pub(super) async fn oldest(&self) -> std::io::Result<Option<(PathBuf, Vec<News>)>> {
        let mut entries = match tokio::fs::read_dir(&self.folder).await {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let mut oldest: Option<PathBuf> = None;
        while let Some(entry) = entries.next_entry().await? {
            let path = entry.path();
            let waits = path.extension().is_some_and(|e| e == "jsonl");
            if waits && oldest.as_ref().is_none_or(|o| path < *o) {
                oldest = Some(path);
            }
        }
        let Some(path) = oldest else { return Ok(None) };
        let text = tokio::fs::read_to_string(&path).await?;
        let batch = text.lines().filter_map(|line| match serde_json::from_str(line) {
            Ok(news) => Some(news),
            Err(error) => {
                tracing::error!(%error, file = %path.display(), "a line of the spool is unreadable");
                None
            }
        });
        let batch = batch.collect();
        Ok(Some((path, batch)))
    }

    /// Drops a batch that is written.
    pub(super) async fn done(&self, file: &Path) -> std::io::Result<()> {
        tokio::fs::remove_file(file).await
    }
}
