//! News that cannot be written now, on disk: one file a batch, a line a piece, so that neither an
//! outage of the database nor a `kill -9` loses a call. A batch that was kept is on the disk, file
//! and folder; what it says of callers is for its owner's eyes only.

use chrono::{DateTime, Utc};
use std::{
    io::{Error, ErrorKind, Result},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};
use voxlink_domain::calls::News;
use voxlink_gateways::Clock;

/// The endings of files that wait, and of those that a person must look at.
pub(crate) const WAITING: &str = "jsonl";
pub(crate) const REFUSED: &str = "refused";

/// The folder of waiting batches.
#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
}

/// A batch that waits.
#[derive(Debug)]
pub(super) struct Batch {
    pub file: PathBuf,
    pub news: Vec<News>,
    /// Whether there are lines that cannot be read.
    spoiled: bool,
}

impl Spool {
    pub(super) fn new(folder: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { folder, clock }
    }

    /// Keeps a batch; it is on disk when this returns.
    pub(super) async fn keep(&self, news: &[News]) -> Result<()> {
        self.put(news, WAITING).await
    }

    /// Puts a batch aside that the database refuses, for a person to look at.
    pub(super) async fn put_aside(&self, news: &[News]) -> Result<()> {
        self.put(news, REFUSED).await
    }

    async fn put(&self, news: &[News], ending: &str) -> Result<()> {
        if news.is_empty() {
            return Ok(());
        }
        // Sorted by name is sorted by time. Servers that share the folder do not meet.
        let millis = self.clock.now().timestamp_millis();
        let name = format!("{millis:015}-{:016x}.{ending}", rand::random::<u64>());
        write(self.folder.join(name), news).await
    }

    /// The files that wait, oldest first.
    pub(super) async fn waiting(&self) -> Result<Vec<PathBuf>> {
        let folder = self.folder.clone();
        on_disk(move || files(&folder, WAITING)).await
    }

    /// Reads a batch; none where another server was faster.
    pub(super) async fn read(&self, file: PathBuf) -> Result<Option<Batch>> {
        let text = match tokio::fs::read_to_string(&file).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let mut batch = Batch { file, news: Vec::new(), spoiled: false };
        for line in text.lines() {
            match serde_json::from_str(line) {
                Ok(news) => batch.news.push(news),
                Err(error) => {
                    tracing::error!(%error, file = %batch.file.display(), "a line of the spool is unreadable");
                    batch.spoiled = true;
                }
            }
        }
        Ok(Some(batch))
    }

    /// A batch is written but for `rest`, which keeps its age.
    pub(super) async fn written(&self, batch: &Batch, rest: &[News]) -> Result<()> {
        if rest.len() == batch.news.len() && !rest.is_empty() {
            return Ok(());
        }
        if !rest.is_empty() {
            return write(batch.file.clone(), rest).await;
        }
        let gone = if batch.spoiled {
            tokio::fs::rename(&batch.file, batch.file.with_extension(REFUSED)).await
        } else {
            tokio::fs::remove_file(&batch.file).await
        };
        gone.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
    }

    /// Since when a batch waits, by its name.
    pub(super) fn since(file: &Path) -> Option<DateTime<Utc>> {
        let millis = file.file_name()?.to_str()?.split('-').next()?.parse().ok()?;
        DateTime::from_timestamp_millis(millis)
    }
}

/// The files of one ending in a folder, by name.
pub(crate) fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let paths = entries.map(|entry| entry.map(|e| e.path()));
    let mut found: Vec<PathBuf> = paths
        .filter(|path| path.as_ref().map_or(true, |p| p.extension().is_some_and(|e| e == ending)))
        .collect::<Result<_>>()?;
    found.sort();
    Ok(found)
}

async fn write(place: PathBuf, news: &[News]) -> Result<()> {
    let mut text = Vec::new();
    for news in news {
        serde_json::to_writer(&mut text, news)?;
        text.push(b'\n');
    }
    on_disk(move || replace(&place, |file| std::io::Write::write_all(file, &text))).await
}

/// Writes a file whole or not at all, and durably, for its owner only.
pub(crate) fn replace(
    place: &Path,
    fill: impl FnOnce(&mut std::fs::File) -> Result<()>,
) -> Result<()> {
    let folder = place.parent().unwrap_or(Path::new("."));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let draft = place.with_extension(format!("{:016x}.tmp", rand::random::<u64>()));
    let made = std::fs::File::options().write(true).create_new(true).mode(0o600).open(&draft);
    let filled = made.and_then(|mut file| {
        fill(&mut file)?;
        file.sync_all()
    });
    match filled.and_then(|()| std::fs::rename(&draft, place)) {
        // The name is on the disk only when its folder is.
        Ok(()) => std::fs::File::open(folder)?.sync_all(),
        Err(error) => {
            let _ = std::fs::remove_file(&draft);
            Err(error)
        }
    }
}

/// Does what waits for the disk beside the requests, not between them.
pub(crate) async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::other)?
}
