//! Audits and differences as the administrators' page and the shell show them.

use super::{DriftKind, DriftState, InventoryError, Remedy};
use crate::{Ctx, Installation};
use chrono::{DateTime, Utc};
use serde_json::Value;
use voxlink_types::{
    Page, PageRequest, Paging,
    ids::{DriftId, InventoryAuditId, NumberId, TenantId},
};

/// An audit that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Which.
    pub id: InventoryAuditId,
    /// The carrier's name.
    pub carrier: String,
    /// The carrier's key.
    pub key: String,
    /// Numbers of ours.
    pub here: i32,
    /// Numbers of the carrier's list.
    pub there: i32,
    /// Differences found then.
    pub differences: i32,
    /// Of the carrier's, waiting now.
    pub open: i64,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
}

/// The last whole audit of each carrier.
pub async fn audits(cx: &mut Ctx<Installation>) -> Result<Vec<AuditRow>, InventoryError> {
    let rows = sqlx::query_as!(
        AuditRow,
        r#"select distinct on (a.carrier) a.id as "id: InventoryAuditId", c.display_name as carrier,
                a.carrier as key, a.here, a.there, a.differences, a.finished_at,
                (select count(*) from inventory_drift d
                 where d.carrier = a.carrier and d.state = 'open') as "open!"
         from inventory_audits a join carriers c on c.key = a.carrier
         where a.holder_id is null order by a.carrier, a.finished_at desc"#,
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(rows)
}

/// The last try to compare a carrier that came to nothing; none where a later one was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedAudit {
    /// The carrier's key.
    pub carrier: String,
    /// Why, in the carrier's words.
    pub reason: String,
    /// When.
    pub tried_at: DateTime<Utc>,
}

/// The carriers that could not be compared when it was tried last.
pub async fn failed_audits(cx: &mut Ctx<Installation>) -> Result<Vec<FailedAudit>, InventoryError> {
    let rows = sqlx::query_as!(
        FailedAudit,
        "select carrier, reason, tried_at from inventory_audit_failures order by carrier",
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(rows)
}

/// How many of each carrier's open differences are clear: one thing can be done about them, and no
/// person entered what would be replaced.
pub async fn settleable(cx: &mut Ctx<Installation>) -> Result<Vec<(String, i64)>, InventoryError> {
    let rows = sqlx::query!(
        r#"select carrier, count(*) as "clear!" from inventory_drift
           where state = 'open' and kind <> 'missing_here' and not (here ? 'entered')
           group by carrier"#,
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(rows.into_iter().map(|row| (row.carrier, row.clear)).collect())
}

/// Which differences are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DriftFilter {
    /// Part of the number or kind, or of the account's name.
    pub search: String,
    /// In this state; `None` is those that wait.
    pub state: Option<DriftState>,
    /// Of this kind.
    pub kind: Option<DriftKind>,
    /// At this carrier.
    pub carrier: Option<String>,
}

/// A difference with both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// Which.
    pub id: DriftId,
    /// The carrier's key.
    pub carrier: String,
    /// The number, or the country and kind.
    pub subject: String,
    /// How the sides differ.
    pub kind: DriftKind,
    /// Who has the number: id and company.
    pub holder: Option<(TenantId, String)>,
    /// As that tenant's.
    pub subscription: Option<NumberId>,
    /// How it is here.
    pub here: Value,
    /// How it is there.
    pub there: Value,
    /// What became of it.
    pub state: DriftState,
    /// What was done.
    pub remedy: Option<Remedy>,
    /// Why it was left.
    pub reason: Option<String>,
    /// Who decided, as the audit log calls them.
    pub decided_by: Option<String>,
    /// Their name, where it was a person.
    pub decided_name: Option<String>,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// When it was seen first.
    pub first_seen_at: DateTime<Utc>,
    /// When it was seen last.
    pub last_seen_at: DateTime<Utc>,
}

impl Drift {
    /// True for a price that an administrator entered: the carrier's does not replace it.
    pub fn by_hand(&self) -> bool {
        self.here.get("entered").is_some()
    }
}

/// One page of the differences that fit, newest first.
pub async fn drift(
    cx: &mut Ctx<Installation>,
    filter: &DriftFilter,
    request: PageRequest,
) -> Result<Page<Drift>, InventoryError> {
    let search = filter.search.trim();
    let search = (!search.is_empty()).then(|| search.to_lowercase());
    let mut paging = Paging::new(request);
    let (rows, total) = loop {
        let found = rows(
            cx,
            Wanted {
                id: None,
                audit: None,
                search: search.as_deref(),
                state: Some(filter.state.unwrap_or(DriftState::Open)),
                kind: filter.kind,
                carrier: filter.carrier.as_deref(),
                limit: paging.limit(),
                offset: paging.offset(),
            },
        )
        .await?;
        if let Some(settled) = paging.settle(found, |(_, total)| *total) {
            break settled;
        }
    };
    Ok(Page { rows: rows.into_iter().map(|(drift, _)| drift).collect(), request, total })
}

/// One difference.
pub async fn drift_of(cx: &mut Ctx<Installation>, id: DriftId) -> Result<Drift, InventoryError> {
    let wanted = Wanted { id: Some(id), limit: 1, ..Wanted::default() };
    let found = rows(cx, wanted).await?.pop();
    found.map(|(drift, _)| drift).ok_or(InventoryError::NotFound)
}

/// The differences that wait since an audit, in its order.
pub async fn open_of_audit(
    cx: &mut Ctx<Installation>,
    audit: InventoryAuditId,
) -> Result<Vec<Drift>, InventoryError> {
    let wanted = Wanted {
        audit: Some(audit),
        state: Some(DriftState::Open),
        limit: i64::MAX,
        ..Wanted::default()
    };
    Ok(rows(cx, wanted).await?.into_iter().map(|(drift, _)| drift).collect())
}

/// The differences that wait at a carrier.
pub async fn open_at(
    cx: &mut Ctx<Installation>,
    carrier: &str,
) -> Result<Vec<Drift>, InventoryError> {
    let wanted = Wanted {
        carrier: Some(carrier),
        state: Some(DriftState::Open),
        limit: i64::MAX,
        ..Wanted::default()
    };
    Ok(rows(cx, wanted).await?.into_iter().map(|(drift, _)| drift).collect())
}

#[derive(Default)]
struct Wanted<'a> {
    id: Option<DriftId>,
    audit: Option<InventoryAuditId>,
    search: Option<&'a str>,
    state: Option<DriftState>,
    kind: Option<DriftKind>,
    carrier: Option<&'a str>,
    limit: i64,
    offset: i64,
}

/// The rows that fit, each with the count of all.
async fn rows(
    cx: &mut Ctx<Installation>,
    wanted: Wanted<'_>,
) -> Result<Vec<(Drift, i64)>, InventoryError> {
    let rows = sqlx::query!(
        // With outer joins sqlx guesses from the plan of the day what may be null: say it.
        r#"select d.id as "id!: DriftId", d.carrier as "carrier!", d.subject as "subject!",
                d.kind as "kind!: DriftKind", t.id as "holder?: TenantId", t.name as "company?",
                d.subscription_id as "subscription?: NumberId", d.here as "here!", d.there as "there!",
                d.state as "state!: DriftState", d.remedy as "remedy?: Remedy", d.reason as "reason?",
                d.decided_by as "decided_by?", u.full_name as "decided_name?", d.decided_at as "decided_at?",
                d.first_seen_at as "first_seen_at!", d.last_seen_at as "last_seen_at!",
                count(*) over () as "total!"
         from inventory_drift d left join tenants t on t.id = d.holder_id
             left join users u on u.id = case when d.decided_by ~ ':usr_[0-9a-f]{32}$'
                 then right(d.decided_by, 32)::uuid end
         where ($1::uuid is null or d.id = $1)
           and ($2::uuid is null or d.audit_id = $2)
           and ($3::text is null or strpos(lower(d.subject), $3) > 0 or strpos(lower(t.name), $3) > 0)
           and ($4::text is null or d.state = $4)
           and ($5::text is null or d.kind = $5)
           and ($6::text is null or d.carrier = $6)
         order by d.last_seen_at desc, d.carrier, d.subject, d.kind, d.id limit $7 offset $8"#,
        wanted.id.map(DriftId::uuid),
        wanted.audit.map(InventoryAuditId::uuid),
        wanted.search,
        wanted.state.map(DriftState::as_str),
        wanted.kind.map(DriftKind::as_str),
        wanted.carrier,
        wanted.limit,
        wanted.offset,
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let drift = Drift {
                id: r.id,
                carrier: r.carrier,
                subject: r.subject,
                kind: r.kind,
                holder: r.holder.zip(r.company),
                subscription: r.subscription,
                here: r.here,
                there: r.there,
                state: r.state,
                remedy: r.remedy,
                reason: r.reason,
                decided_by: r.decided_by,
                decided_name: r.decided_name,
                decided_at: r.decided_at,
                first_seen_at: r.first_seen_at,
                last_seen_at: r.last_seen_at,
            };
            (drift, r.total)
        })
        .collect())
}
