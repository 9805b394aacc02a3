//! What there is of a number: its draft, what is in service, and what was.

use super::RoutingError;
use crate::{Ctx, Fault};
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use voxlink_types::{
    E164,
    ids::{ConfigurationId, NumberId},
    number::NumberState,
    routing::Plan,
    text_enum,
};

text_enum! {
    /// Where a version stands.
    VersionState {
        /// Being written.
        Draft = "draft",
        /// In service.
        Published = "published",
        /// Was in service.
        Superseded = "superseded",
    }
}

/// One version of what a number does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its id.
    pub id: ConfigurationId,
    /// Its count, from 1.
    pub version: i32,
    /// Where it stands.
    pub state: VersionState,
    /// What it does.
    pub plan: Plan,
    /// What the person who published it said.
    pub note: Option<String>,
    /// When it went into service first.
    pub published_at: Option<DateTime<Utc>>,
    /// By whom, as shown.
    pub published_by: Option<String>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// What the editor needs to know of a number.
#[derive(Debug, Clone)]
pub struct Editing {
    /// The number's id.
    pub number: NumberId,
    /// The number.
    pub e164: E164,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its zone.
    pub time_zone: String,
    /// Its state.
    pub state: NumberState,
    /// What is being written.
    pub draft: Option<Version>,
    /// What is in service; none: [`Plan::neutral`].
    pub published: Option<Version>,
}

/// A version that is or was in service, as lists show it.
#[derive(Debug, Clone)]
pub struct Past {
    /// Its id.
    pub id: ConfigurationId,
    /// Its count, from 1.
    pub version: i32,
    /// Where it stands.
    pub state: VersionState,
    /// What it does, of the newest ones only: a plan may be large.
    pub plan: Option<Plan>,
    /// What the person who published it said.
    pub note: Option<String>,
    /// When it went into service first.
    pub published_at: Option<DateTime<Utc>>,
    /// By whom, as shown.
    pub published_by: Option<String>,
}

impl Editing {
    /// What the number does now.
    pub fn in_service(&self) -> Plan {
        self.published.as_ref().map_or_else(Plan::neutral, |v| v.plan.clone())
    }

    /// Names the state that the editor shows, so that a later one is noticed.
    pub fn revision(&self) -> String {
        match (&self.draft, &self.published) {
            (Some(v), _) => format!("{}.{}", v.id, v.updated_at.timestamp_micros()),
            (None, Some(v)) => v.id.to_string(),
            (None, None) => "neutral".to_owned(),
        }
    }

    /// What the editor shows: the draft, or what is in service.
    pub fn plan(&self) -> Plan {
        self.draft.as_ref().map_or_else(|| self.in_service(), |v| v.plan.clone())
    }
}

/// What a change needs to know of its number.
pub(super) struct Owned {
    pub(super) e164: E164,
    state: NumberState,
    name: Option<String>,
    time_zone: String,
}

/// The number, locked where it is to be changed, so that versions are counted one by one.
pub(super) async fn owned(
    cx: &mut Ctx,
    number: NumberId,
    change: bool,
) -> Result<Owned, RoutingError> {
    let tenant = cx.tenant();
    if change {
        sqlx::query!(
            "select id from subscriptions where tenant_id = $1 and id = $2 for update",
            tenant.uuid(),
            number.uuid()
        )
        .fetch_optional(cx.tx())
        .await?;
    }
    let found = sqlx::query_as!(
        Owned,
        r#"select e164 as "e164: E164", state as "state: NumberState", friendly_name as name, time_zone
           from subscriptions where tenant_id = $1 and id = $2"#,
        tenant.uuid(),
        number.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(RoutingError::NoNumber)?;
    if change && found.state == NumberState::Released {
        return Err(RoutingError::Released);
    }
    Ok(found)
}

struct Row {
    id: ConfigurationId,
    version: i32,
    state: VersionState,
    plan: Json<Plan>,
    note: Option<String>,
    published_at: Option<DateTime<Utc>>,
    published_by: Option<String>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for Version {
    fn from(row: Row) -> Self {
        let Row { id, version, state, plan, note, published_at, published_by, updated_at } = row;
        Self { id, version, state, plan: plan.0, note, published_at, published_by, updated_at }
    }
}

/// The draft and what is in service; a preview asks for them whenever somebody rests from typing.
async fn current(cx: &mut Ctx, number: NumberId) -> Result<Vec<Version>, Fault> {
    let tenant = cx.tenant();
    let rows = sqlx::query_as!(
        Row,
        r#"select c.id as "id: ConfigurationId", c.version, c.state as "state: VersionState",
                  c.plan as "plan: Json<Plan>", c.note, c.published_at,
                  u.full_name as "published_by?", c.updated_at
           from number_configurations c left join users u on u.id = c.published_by
           where c.tenant_id = $1 and c.subscription_id = $2
             and c.state in ('draft', 'published')"#,
        tenant.uuid(),
        number.uuid(),
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(rows.into_iter().map(Version::from).collect())
}

/// All that was ever in service, newest first; the newest `whole` with their plans.
pub async fn history(cx: &mut Ctx, number: NumberId, whole: i64) -> Result<Vec<Past>, Fault> {
    let tenant = cx.tenant();
    let rows = sqlx::query!(
        r#"select c.id as "id: ConfigurationId", c.version, c.state as "state: VersionState",
                  case when row_number() over (order by c.version desc) <= $3 then c.plan end
                      as "plan: Json<Plan>",
                  c.note, c.published_at, u.full_name as "published_by?"
           from number_configurations c left join users u on u.id = c.published_by
           where c.tenant_id = $1 and c.subscription_id = $2 and c.state <> 'draft'
           order by c.version desc limit 200"#,
        tenant.uuid(),
        number.uuid(),
        whole,
    )
    .fetch_all(cx.tx())
    .await?;
    let past = rows.into_iter().map(|r| Past {
        id: r.id,
        version: r.version,
        state: r.state,
        plan: r.plan.map(|p| p.0),
        note: r.note,
        published_at: r.published_at,
        published_by: r.published_by,
    });
    Ok(past.collect())
}

/// What a version does that is or was in service.
pub async fn plan_of(
    cx: &mut Ctx,
    number: NumberId,
    version: ConfigurationId,
) -> Result<Plan, RoutingError> {
    let (tenant, _) = (cx.tenant(), owned(cx, number, false).await?);
    let plan = sqlx::query_scalar!(
        r#"select plan as "plan: Json<Plan>" from number_configurations
           where tenant_id = $1 and subscription_id = $2 and id = $3 and state <> 'draft'"#,
        tenant.uuid(),
        number.uuid(),
        version.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?;
    plan.map(|p| p.0).ok_or(RoutingError::NoVersion)
}

/// What a number does and what is being written for it.
pub async fn editing(cx: &mut Ctx, number: NumberId) -> Result<Editing, RoutingError> {
    let owned = owned(cx, number, false).await?;
    let (drafts, published): (Vec<Version>, Vec<Version>) =
        current(cx, number).await?.into_iter().partition(|v| v.state == VersionState::Draft);
    Ok(Editing {
        number,
        e164: owned.e164,
        name: owned.name,
        time_zone: owned.time_zone,
        state: owned.state,
        draft: drafts.into_iter().next(),
        published: published.into_iter().next(),
    })
}
