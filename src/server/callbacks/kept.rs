//! The numbers in service, kept on disk: what a server answers calls from that starts while the
//! database is away. One file, written whole or not at all, for its owner only: a first line that
//! says of which database and when, then a line for each number.
//!
//! It is written within moments of a change (less often where it is large), and every ten minutes
//! without one. Older than a day it is not used: a number may be somebody else's by then.

use super::spool::{on_disk, replace};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::{
    io::{BufRead, BufReader, BufWriter, Error, ErrorKind, Result, Write},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::Instant;
use voxlink_domain::{
    Platform,
    routing::{Held, Line, Table},
};
use voxlink_types::E164;

/// The file's name in the data folder.
const NAME: &str = "numbers-in-service.jsonl";
/// What is older is not used.
pub(crate) const OLDEST: TimeDelta = TimeDelta::days(1);
/// How often it is written when nothing has changed, so that its age tells how long nobody was
/// there.
const ANYWAY: Duration = Duration::from_mins(10);
/// How long a writing that failed waits for the next: what was not kept is not forgotten.
const AGAIN: Duration = Duration::from_secs(5);
/// A change waits this many times as long as the last writing took.
const BREATHER: u32 = 50;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Head {
    format: u32,
    /// Which database it is a copy of: a data folder may be used with another one.
    database: String,
    /// When the database last confirmed it.
    pub read_at: DateTime<Utc>,
    /// How many lines follow.
    pub numbers: usize,
}

/// The numbers and what they do.
type Lines = Vec<(E164, Line)>;

/// The copy on disk, and what was last written to it.
#[derive(Debug)]
pub(super) struct Kept {
    place: PathBuf,
    database: String,
    last: Option<(u64, Instant)>,
    failed: Option<Instant>,
    cost: Duration,
}

impl Kept {
    pub(super) fn new(platform: &Platform, data_dir: &Path) -> Self {
        let o = platform.db().voice.connect_options();
        let host = o.get_socket().map_or(o.get_host().into(), |s| s.to_string_lossy());
        let database =
            format!("{host}:{}/{}", o.get_port(), o.get_database().unwrap_or(o.get_username()));
        Self {
            place: data_dir.join(NAME),
            database,
            last: None,
            failed: None,
            cost: Duration::ZERO,
        }
    }

    /// Gives an empty table what is kept, and says so; nothing where nothing fit is kept.
    pub(super) async fn restore(&self, table: &Table, now: DateTime<Utc>) {
        let place = self.place.clone();
        let (head, lines) = match on_disk(move || read(&place)).await {
            Ok(Some(kept)) => kept,
            Ok(None) => return,
            Err(error) => {
                tracing::error!(%error, file = %self.place.display(), "the kept numbers in service are unreadable");
                return;
            }
        };
        let age = now - head.read_at;
        if head.database != self.database {
            tracing::warn!(of = %head.database, "the kept numbers in service are another database's: not used");
        } else if age > OLDEST {
            tracing::warn!(
                age_hours = age.num_hours(),
                "the kept numbers in service are too old: not used"
            );
        } else {
            let (age_seconds, numbers) = (age.num_seconds().max(0), head.numbers);
            tracing::info!(age_seconds, numbers, "beginning with the kept numbers in service");
            table.restore(lines, head.read_at);
        }
    }

    /// Writes what the table holds, when it is time to.
    pub(super) async fn follow(&mut self, table: &Table, ending: bool) {
        if !ending && self.failed.is_some_and(|at| at.elapsed() < AGAIN) {
            return;
        }
        let due = self.last.is_none_or(|(changes, at)| {
            let changed = changes != table.changes();
            let pause = if changed { self.cost * BREATHER } else { ANYWAY };
            at.elapsed() >= pause || (ending && changed)
        });
        let Some(held) = due.then(|| table.held()).flatten() else { return };
        let (place, database, changes) = (self.place.clone(), self.database.clone(), held.changes);
        let began = Instant::now();
        match on_disk(move || keep(&place, database, &held)).await {
            Ok(()) => {
                self.cost = began.elapsed();
                (self.last, self.failed) = (Some((changes, Instant::now())), None);
            }
            Err(error) => {
                tracing::error!(%error, file = %self.place.display(), "the numbers in service cannot be kept on disk");
                self.failed = Some(Instant::now());
            }
        }
    }
}

fn keep(place: &Path, database: String, held: &Held) -> Result<()> {
    let head = Head { format: 1, database, read_at: held.read_at, numbers: held.lines.len() };
    replace(place, |file| {
        let mut text = BufWriter::new(file);
        serde_json::to_writer(&mut text, &head)?;
        for (number, line) in &held.lines {
            text.write_all(b"\n")?;
            serde_json::to_writer(&mut text, &(number, &**line))?;
        }
        text.write_all(b"\n")?;
        text.flush()
    })
}

/// What is kept in a data folder, without the numbers; none where nothing is.
pub(crate) fn look(data_dir: &Path) -> Result<Option<Head>> {
    Ok(open(&data_dir.join(NAME))?.map(|(head, _)| head))
}

fn read(place: &Path) -> Result<Option<(Head, Lines)>> {
    let Some((head, rest)) = open(place)? else { return Ok(None) };
    let lines: Lines = rest
        .lines()
        .map(|line| serde_json::from_str(&line?).map_err(Error::from))
        .collect::<Result<_>>()?;
    if lines.len() != head.numbers {
        let why = format!("{} of {} numbers are there", lines.len(), head.numbers);
        return Err(Error::new(ErrorKind::InvalidData, why));
    }
    Ok(Some((head, lines)))
}

fn open(place: &Path) -> Result<Option<(Head, BufReader<std::fs::File>)>> {
    let file = match std::fs::File::open(place) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let mut rest = BufReader::new(file);
    let mut first = String::new();
    rest.read_line(&mut first)?;
    let head: Head = serde_json::from_str(&first)?;
    if head.format == 1 {
        Ok(Some((head, rest)))
    } else {
        Err(Error::new(ErrorKind::InvalidData, format!("format {} is unknown", head.format)))
    }
}
