//! What is in service, in memory: every number with its owner, its state and its plan.
//!
//! Each server keeps a table of its own. It is read whole at the start and every few minutes, and
//! what changed (by `updated_at` of the number or its tenant) is read about once a second: cheap,
//! with no notification in the transactions that sell and publish. The server that publishes,
//! suspends or releases reads at once ([`Platform::follow_now`]), the others within that second. While
//! PostgreSQL is away the table stays as it is, and calls are answered. A server that starts
//! meanwhile begins with the copy that was left on its disk ([`Table::restore`]).

use crate::{Fault, Platform, Settings};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, types::Json};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use voxlink_types::{
    E164,
    ids::{ConfigurationId, NumberId, TenantId},
    number::NumberState,
    routing::Plan,
};

/// How far before the newest change each reading begins, for transactions that commit late.
const OVERLAP: TimeDelta = TimeDelta::seconds(20);
/// How long somebody who has changed something waits for it to be followed.
const AT_ONCE: Duration = Duration::from_secs(2);

/// One number in service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Whose.
    pub tenant: TenantId,
    /// The number's id.
    pub number: NumberId,
    /// What it does.
    pub service: Service,
    /// Its plan before the last change, for the calls that are under way.
    #[serde(skip)]
    pub before: Option<(Option<ConfigurationId>, Arc<Plan>)>,
}

/// What a number does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Goes by its plan; without a version it is the neutral one.
    Plan(Option<ConfigurationId>, #[serde(with = "shared")] Arc<Plan>),
    /// Reads a message: the number or its tenant is suspended.
    Suspended(String),
    /// Refuses: not set up yet.
    NotYet,
}

/// A shared plan is written as the plan.
mod shared {
    use super::{Arc, Plan};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(plan: &Arc<Plan>, s: S) -> Result<S::Ok, S::Error> {
        Plan::serialize(plan, s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Arc<Plan>, D::Error> {
        Plan::deserialize(d).map(Arc::new)
    }
}

/// Where what a table holds comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Source {
    /// Nothing was read yet: an unknown number may be one of ours.
    #[default]
    Nothing,
    /// A copy on disk: a number that it lacks may be one of ours.
    Disk,
    /// The database; what it lacks is not ours.
    Database,
}

#[derive(Debug, Default)]
struct Inner {
    lines: HashMap<E164, Arc<Line>>,
    newest: Option<DateTime<Utc>>,
    source: Source,
    read_at: Option<DateTime<Utc>>,
    changes: u64,
}

/// What a table holds at one moment, to be kept on disk.
#[derive(Debug, Clone)]
pub struct Held {
    /// The numbers.
    pub lines: Vec<(E164, Arc<Line>)>,
    /// When the database last confirmed it.
    pub read_at: DateTime<Utc>,
    /// How many changes it has seen: two equal figures of one table mean equal contents.
    pub changes: u64,
}

/// The table. Cheap to clone; clones are one table.
#[derive(Debug, Clone, Default)]
pub struct Table {
    inner: Arc<RwLock<Inner>>,
    /// One reading at a time: an older one must not be put over a newer.
    reading: Arc<tokio::sync::Mutex<()>>,
}

struct Found {
    e164: E164,
    number: NumberId,
    line: Option<Line>,
    changed: DateTime<Utc>,
}

impl Table {
    /// Where its contents come from.
    pub fn source(&self) -> Source {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).source
    }

    /// When the database last confirmed its contents; none before anything was read.
    pub fn read_at(&self) -> Option<DateTime<Utc>> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).read_at
    }

    /// How many changes it has seen.
    pub fn changes(&self) -> u64 {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).changes
    }

    /// What the database has confirmed, to be kept; none before it has.
    pub fn held(&self) -> Option<Held> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let read_at = inner.read_at.filter(|_| inner.source == Source::Database)?;
        let lines = inner.lines.iter().map(|(n, l)| (n.clone(), Arc::clone(l))).collect();
        Some(Held { lines, read_at, changes: inner.changes })
    }

    /// Begins with what was kept, until the database is read. What came from the database stays.
    pub fn restore(&self, lines: Vec<(E164, Line)>, read_at: DateTime<Utc>) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if inner.source == Source::Nothing {
            inner.lines = lines.into_iter().map(|(n, l)| (n, Arc::new(l))).collect();
            inner.source = Source::Disk;
            inner.read_at = Some(read_at);
        }
    }

    /// How many numbers it holds.
    pub fn len(&self) -> usize {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).lines.len()
    }

    /// True while it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A number, if it is ours.
    pub fn line(&self, number: &E164) -> Option<Arc<Line>> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).lines.get(number).cloned()
    }

    /// Reads everything; `now` is when.
    pub async fn load(
        &self,
        pool: &PgPool,
        settings: &Settings,
        now: DateTime<Utc>,
    ) -> Result<(), Fault> {
        let _turn = self.reading.lock().await;
        self.load_in_turn(pool, settings, now).await
    }

    async fn load_in_turn(
        &self,
        pool: &PgPool,
        settings: &Settings,
        now: DateTime<Utc>,
    ) -> Result<(), Fault> {
        let found = read(pool, settings, None).await?;
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let mut old = std::mem::take(&mut inner.lines);
        inner.newest = None;
        for one in found {
            let before = old.remove(&one.e164);
            inner.put(one, before);
        }
        // What is left was released meanwhile.
        inner.changes += old.len() as u64;
        inner.source = Source::Database;
        inner.read_at = Some(now);
        Ok(())
    }

    /// Reads what has changed since the last reading; `now` is when.
    pub async fn refresh(
        &self,
        pool: &PgPool,
        settings: &Settings,
        now: DateTime<Utc>,
    ) -> Result<(), Fault> {
        let _turn = self.reading.lock().await;
        let (source, newest) = {
            let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
            (inner.source, inner.newest)
        };
        if source != Source::Database {
            return self.load_in_turn(pool, settings, now).await;
        }
        let since = newest.map_or(DateTime::UNIX_EPOCH, |n| n - OVERLAP);
        let found = read(pool, settings, Some(since)).await?;
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        for one in found {
            let before = inner.lines.remove(&one.e164);
            inner.put(one, before);
        }
        inner.read_at = Some(now);
        Ok(())
    }

    /// See [`Platform::follow_now`].
    pub(crate) async fn follow_now(&self, platform: &Platform) {
        if self.source() != Source::Database {
            return;
        }
        let now = platform.clock().now();
        let reading = self.refresh(&platform.db().voice, platform.settings(), now);
        match tokio::time::timeout(AT_ONCE, reading).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "what was changed is followed later"),
            Err(_) => {
                tracing::warn!("what was changed is followed later: the reading takes long");
            }
        }
    }
}

impl Inner {
    fn put(&mut self, found: Found, before: Option<Arc<Line>>) {
        self.newest = self.newest.max(Some(found.changed));
        let Some(mut line) = found.line else {
            match before {
                // Released by one, it may long be somebody else's.
                Some(other) if other.number != found.number => {
                    self.lines.insert(found.e164, other);
                }
                gone => self.changes += u64::from(gone.is_some()),
            }
            return;
        };
        match before {
            Some(before)
                if before.service == line.service
                    && (before.tenant, before.number) == (line.tenant, line.number) =>
            {
                line.before.clone_from(&before.before);
            }
            before => {
                self.changes += 1;
                line.before = before.and_then(|b| match &b.service {
                    Service::Plan(id, plan) if b.number == line.number => {
                        Some((*id, Arc::clone(plan)))
                    }
                    _ => None,
                });
            }
        }
        self.lines.insert(found.e164, Arc::new(line));
    }
}

async fn read(
    pool: &PgPool,
    settings: &Settings,
    since: Option<DateTime<Utc>>,
) -> Result<Vec<Found>, Fault> {
    let rows = sqlx::query!(
        r#"select s.id as "number: NumberId", s.tenant_id as "tenant: TenantId", s.e164 as "e164: E164",
                  s.state as "state: NumberState", s.suspension_message,
                  t.state <> 'active' as "silenced!", t.suspension_message as tenant_message,
                  c.id as "configuration?: ConfigurationId", c.plan as "plan?: Json<Plan>",
                  greatest(s.updated_at, t.updated_at) as "changed!"
           from subscriptions s
           join tenants t on t.id = s.tenant_id
           left join number_configurations c on c.id = s.published_configuration_id and c.tenant_id = s.tenant_id
           where ($1::timestamptz is null and s.state <> 'released')
              or s.id in (
                  select id from subscriptions where updated_at > $1
                  union
                  select n.id from tenants x join subscriptions n on n.tenant_id = x.id
                  where x.updated_at > $1)
           -- a number released and bought again has two rows: the living one last
           order by s.state <> 'released', s.started_at"#,
        since,
    )
    .fetch_all(pool)
    .await?;
    let spoken = |own: Option<String>| {
        own.filter(|m| !m.trim().is_empty()).unwrap_or_else(|| settings.suspension_message.clone())
    };
    Ok(rows
        .into_iter()
        .map(|row| {
            let service = if row.silenced {
                Service::Suspended(spoken(row.tenant_message))
            } else if row.state == NumberState::Suspended {
                Service::Suspended(spoken(row.suspension_message))
            } else if row.state.answers() {
                let plan = row.plan.map_or_else(Plan::neutral, |p| p.0);
                Service::Plan(row.configuration, Arc::new(plan))
            } else {
                Service::NotYet
            };
            let line = Line { tenant: row.tenant, number: row.number, service, before: None };
            let line = (row.state != NumberState::Released).then_some(line);
            Found { e164: row.e164, number: row.number, line, changed: row.changed }
        })
        .collect())
}
