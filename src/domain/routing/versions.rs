//! Drafts and versions, in the tenant's own transactions.

use super::RoutingError;
use crate::{Ctx, Fault, audit::Entry};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::types::Json;
use voxlink_types::{
    E164,
    ids::{ConfigurationId, NumberId, UserId},
    number::NumberState,
    routing::{Address, Kind, Plan, check, describe, differences},
    text_enum,
};

/// Bytes of a plan's JSON: a hundred steps with long texts.
const LARGEST: usize = 300_000;

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

struct Owned {
    e164: E164,
    state: NumberState,
    name: Option<String>,
    time_zone: String,
}

/// The number, locked where it is to be changed, so that versions are counted one by one.
async fn owned(cx: &mut Ctx, number: NumberId, change: bool) -> Result<Owned, RoutingError> {
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

/// Keeps a plan as the number's draft. Telephone numbers typed in any form become E.164 where
/// they can. A plan that does what is in service leaves no draft.
///
/// `opened` is the [`Editing::revision`] that the person began with: when somebody else has saved
/// something different since, nothing is changed. Without it the plan replaces what is there.
pub async fn save_draft(
    cx: &mut Ctx,
    number: NumberId,
    mut plan: Plan,
    opened: Option<&str>,
) -> Result<Option<ConfigurationId>, RoutingError> {
    let size = serde_json::to_string(&plan).map_or(usize::MAX, |json| json.len());
    if plan.nodes.len() > 100 || size > LARGEST {
        return Err(RoutingError::TooLarge);
    }
    let owned = owned(cx, number, true).await?;
    normalise(&mut plan, &owned.e164);
    let editing = editing(cx, number).await?;
    if opened.is_some_and(|opened| opened != editing.revision()) && plan != editing.plan() {
        return Err(RoutingError::Changed);
    }
    if plan == editing.in_service() {
        discard_draft(cx, number).await?;
        return Ok(None);
    }
    let (tenant, user) = (cx.tenant(), cx.actor().user_id().map(UserId::uuid));
    if let Some(draft) = editing.draft {
        if draft.plan != plan {
            sqlx::query!(
                "update number_configurations set plan = $3
                 where tenant_id = $1 and id = $2 and state = 'draft'",
                tenant.uuid(),
                draft.id.uuid(),
                Json(&plan) as _,
            )
            .execute(cx.tx())
            .await?;
            // A draft is saved by a button, never by itself, so a row for each saving is no noise.
            cx.audit(Entry {
                action: "routing.draft",
                resource: "number",
                resource_id: Some(number.to_string()),
                old: Some(json!({"does": describe(&draft.plan)})),
                new: Some(json!({
                    "does": describe(&plan), "changes": differences(&draft.plan, &plan),
                })),
                ..Entry::default()
            })
            .await?;
        }
        return Ok(Some(draft.id));
    }
    let id = ConfigurationId::new(cx.now_millis());
    sqlx::query!(
        "insert into number_configurations (id, tenant_id, subscription_id, version, plan, created_by)
         select $1, $2, $3, coalesce(max(version), 0) + 1, $4, $5
         from number_configurations where tenant_id = $2 and subscription_id = $3",
        id.uuid(),
        tenant.uuid(),
        number.uuid(),
        Json(&plan) as _,
        user,
    )
    .execute(cx.tx())
    .await?;
    let entry = Entry {
        action: "routing.draft",
        resource: "number",
        resource_id: Some(number.to_string()),
        new: Some(json!({"does": describe(&plan)})),
        ..Entry::default()
    };
    cx.audit(entry).await?;
    Ok(Some(id))
}

/// Throws the draft away.
pub async fn discard_draft(cx: &mut Ctx, number: NumberId) -> Result<(), RoutingError> {
    let tenant = cx.tenant();
    owned(cx, number, true).await?;
    let gone = sqlx::query!(
        "delete from number_configurations
         where tenant_id = $1 and subscription_id = $2 and state = 'draft' returning version",
        tenant.uuid(),
        number.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?;
    if let Some(gone) = gone {
        let entry = Entry {
            action: "routing.discard",
            resource: "number",
            resource_id: Some(number.to_string()),
            old: Some(json!({"version": gone.version})),
            ..Entry::default()
        };
        cx.audit(entry).await?;
    }
    Ok(())
}

/// Puts the draft into service. What is answered changes within a second, on every server.
pub async fn publish(
    cx: &mut Ctx,
    number: NumberId,
    note: Option<&str>,
) -> Result<ConfigurationId, RoutingError> {
    let owned = owned(cx, number, true).await?;
    let editing = editing(cx, number).await?;
    let old = editing.in_service();
    let draft = editing.draft.ok_or(RoutingError::NoDraft)?;
    let problems = check(&draft.plan, Some(&owned.e164));
    if !problems.is_empty() {
        return Err(RoutingError::Problems(problems));
    }
    go_live(cx, number, draft.id, note).await?;
    told(cx, number, "routing.publish", draft.version, &old, &draft.plan, note).await?;
    Ok(draft.id)
}

/// Publishes a copy of an old version. A draft stays as it is.
pub async fn roll_back(
    cx: &mut Ctx,
    number: NumberId,
    to: ConfigurationId,
) -> Result<ConfigurationId, RoutingError> {
    let owned = owned(cx, number, true).await?;
    let editing = editing(cx, number).await?;
    let old = editing.in_service();
    let wanted = plan_of(cx, number, to).await?;
    if wanted == old {
        return Err(RoutingError::NoChange);
    }
    // What was right once may be wrong now: a number may have become dear or one's own.
    let problems = check(&wanted, Some(&owned.e164));
    if !problems.is_empty() {
        return Err(RoutingError::Problems(problems));
    }
    let (tenant, user) = (cx.tenant(), cx.actor().user_id().map(UserId::uuid));
    let id = ConfigurationId::new(cx.now_millis());
    let made = sqlx::query!(
        r#"insert into number_configurations
             (id, tenant_id, subscription_id, version, plan, created_by, state, published_at)
         select $1, $2, $3, max(version) + 1, $4, $5, 'superseded', $6
         from number_configurations where tenant_id = $2 and subscription_id = $3
         returning version,
             (select version from number_configurations where tenant_id = $2 and id = $7) as "copied!""#,
        id.uuid(),
        tenant.uuid(),
        number.uuid(),
        Json(&wanted) as _,
        user,
        cx.now(),
        to.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    let note = format!("Back to version {}", made.copied);
    go_live(cx, number, id, Some(&note)).await?;
    told(cx, number, "routing.roll_back", made.version, &old, &wanted, Some(&note)).await?;
    Ok(id)
}

/// Changes places: what was in service is superseded, `id` is in service.
async fn go_live(
    cx: &mut Ctx,
    number: NumberId,
    id: ConfigurationId,
    note: Option<&str>,
) -> Result<(), Fault> {
    let (tenant, now, user) = (cx.tenant(), cx.now(), cx.actor().user_id().map(UserId::uuid));
    sqlx::query!(
        "update number_configurations set state = 'superseded'
         where tenant_id = $1 and subscription_id = $2 and state = 'published'",
        tenant.uuid(),
        number.uuid()
    )
    .execute(cx.tx())
    .await?;
    sqlx::query!(
        "update number_configurations
         set state = 'published', published_at = $3, published_by = $4, note = $5
         where tenant_id = $1 and id = $2",
        tenant.uuid(),
        id.uuid(),
        now,
        user,
        note,
    )
    .execute(cx.tx())
    .await?;
    sqlx::query!(
        "update subscriptions set published_configuration_id = $3 where tenant_id = $1 and id = $2",
        tenant.uuid(),
        number.uuid(),
        id.uuid(),
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}

async fn told(
    cx: &mut Ctx,
    number: NumberId,
    action: &str,
    version: i32,
    old: &Plan,
    new: &Plan,
    note: Option<&str>,
) -> Result<(), Fault> {
    cx.audit(Entry {
        action,
        resource: "number",
        resource_id: Some(number.to_string()),
        old: Some(json!({"does": describe(old)})),
        new: Some(json!({
            "does": describe(new), "version": version, "changes": differences(old, new),
        })),
        reason: note,
        ..Entry::default()
    })
    .await
}

/// Numbers as people type them become E.164 where that is possible; the rest stays as typed.
pub fn normalise(plan: &mut Plan, own: &E164) {
    let country = own.country();
    for node in plan.nodes.values_mut() {
        let Kind::Forward(forward) = &mut node.kind else { continue };
        for Address(text) in &mut forward.targets {
            if !text.contains(['@', ':'])
                && let Ok(number) = E164::from_typed(text, country.as_deref())
            {
                *text = number.to_string();
            }
        }
    }
}
