//! What is in service, in memory: every number with its owner, its state and its plan.
//!
//! Each server keeps a table of its own. It is read whole at the start and every few minutes, and
//! what changed (by `updated_at` of the number or its tenant) is read about once a second: cheap,
//! with no notification in the transactions that sell and publish. While PostgreSQL is away the
//! table stays as it is, and calls are answered.

use crate::{Fault, Settings};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgPool, types::Json};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};
use voxlink_types::{
    E164,
    ids::{ConfigurationId, NumberId, TenantId},
    number::NumberState,
    routing::Plan,
};

/// How far before the newest change each reading begins, for transactions that commit late.
const OVERLAP: TimeDelta = TimeDelta::seconds(20);

/// One number in service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Whose.
    pub tenant: TenantId,
    /// The number's id.
    pub number: NumberId,
    /// What it does.
    pub service: Service,
    /// Its plan before the last change, for the calls that are under way.
    pub before: Option<(Option<ConfigurationId>, Arc<Plan>)>,
}

/// What a number does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Service {
    /// Goes by its plan; without a version it is the neutral one.
    Plan(Option<ConfigurationId>, Arc<Plan>),
    /// Reads a message: the number or its tenant is suspended.
    Suspended(String),
    /// Refuses: not set up yet.
    NotYet,
}

#[derive(Debug, Default)]
struct Inner {
    lines: HashMap<E164, Arc<Line>>,
    newest: Option<DateTime<Utc>>,
    loaded: bool,
}

/// The table. Cheap to clone; clones are one table.
#[derive(Debug, Clone, Default)]
pub struct Table(Arc<RwLock<Inner>>);

struct Found {
    e164: E164,
    line: Option<Line>,
    changed: DateTime<Utc>,
}

impl Table {
    /// True once it was read whole: before that an unknown number may be one of ours.
    pub fn is_loaded(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).loaded
    }

    /// How many numbers it holds.
    pub fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).lines.len()
    }

    /// True while it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A number, if it is ours.
    pub fn line(&self, number: &E164) -> Option<Arc<Line>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).lines.get(number).cloned()
    }

    /// Reads everything.
    pub async fn load(&self, pool: &PgPool, settings: &Settings) -> Result<(), Fault> {
        let found = read(pool, settings, None).await?;
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::take(&mut inner.lines);
        inner.newest = None;
        for one in found {
            inner.put(one, &old);
        }
        inner.loaded = true;
        Ok(())
    }

    /// Reads what has changed since the last reading.
    pub async fn refresh(&self, pool: &PgPool, settings: &Settings) -> Result<(), Fault> {
        let (loaded, newest) = {
            let inner = self.0.read().unwrap_or_else(PoisonError::into_inner);
            (inner.loaded, inner.newest)
        };
        if !loaded {
            return self.load(pool, settings).await;
        }
        let since = newest.map_or(DateTime::UNIX_EPOCH, |n| n - OVERLAP);
        let found = read(pool, settings, Some(since)).await?;
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for one in found {
            let old = inner.lines.remove_entry(&one.e164).into_iter().collect();
            inner.put(one, &old);
        }
        Ok(())
    }
}

impl Inner {
    fn put(&mut self, found: Found, old: &HashMap<E164, Arc<Line>>) {
        self.newest = self.newest.max(Some(found.changed));
        let Some(mut line) = found.line else { return };
        let before = old.get(&found.e164);
        line.before = match before.map(|b| (&b.service, b)) {
            Some((service, b)) if *service == line.service => b.before.clone(),
            Some((Service::Plan(id, plan), _)) => Some((*id, Arc::clone(plan))),
            _ => None,
        };
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
            Found { e164: row.e164, line, changed: row.changed }
        })
        .collect())
}
