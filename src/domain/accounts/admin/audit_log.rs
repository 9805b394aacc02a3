//! Reading the audit log, and checking that nobody has changed it.

use crate::{Ctx, Fault, Installation};
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;
use voxlink_types::{Page, PageRequest, Paging, ids::TenantId};

/// Which entries are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only this tenant's chain.
    pub tenant: Option<TenantId>,
    /// The actor's text begins so: `user:usr_…`, `staff:`, `system:`.
    pub actor: String,
    /// The action begins so: `account.`, `number.release`.
    pub action: String,
    /// The resource, or the beginning of its id.
    pub resource: String,
    /// From this moment.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub to: Option<DateTime<Utc>>,
}

/// An entry.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// Whose chain; none is the installation's.
    pub tenant: Option<TenantId>,
    /// The company, when there is one.
    pub company: Option<String>,
    /// Place in the chain.
    pub seq: i64,
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// Their name, when it is a person.
    pub actor_name: Option<String>,
    /// What was done.
    pub action: String,
    /// To what sort of thing.
    pub resource: String,
    /// To which one.
    pub resource_id: Option<String>,
    /// The changed parts before.
    pub old: Option<Value>,
    /// The changed parts after.
    pub new: Option<Value>,
    /// Why.
    pub reason: Option<String>,
    /// From where.
    pub ip: Option<String>,
    /// The request.
    pub request_id: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
}

/// One page of the entries that fit, the newest first.
pub async fn audit_log(
    cx: &mut Ctx<Installation>,
    filter: &AuditFilter,
    request: PageRequest,
) -> Result<Page<AuditRow>, Fault> {
    let starts = |text: &str| {
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let mut paging = Paging::new(request);
    let (rows, total) = loop {
        let found = sqlx::query!(
        r#"select a.tenant_id, t.name as "company?", a.seq, a.occurred_at, a.actor, u.full_name as "actor_name?",
               a.action, a.resource, a.resource_id, a.old_values, a.new_values, a.reason, host(a.ip) as ip,
               a.request_id, a.error, count(*) over () as "total!"
           from audit_log a
           left join tenants t on t.id = a.tenant_id
           left join users u on u.id = a.actor_user_id
           where ($1::uuid is null or a.tenant_id = $1)
             and ($2::text is null or starts_with(a.actor, $2) or starts_with(lower(u.full_name), lower($2)))
             and ($3::text is null or starts_with(a.action, $3))
             and ($4::text is null or a.resource = $4 or starts_with(a.resource_id, $4))
             and ($5::timestamptz is null or a.occurred_at >= $5)
             and ($6::timestamptz is null or a.occurred_at < $6)
           order by a.occurred_at desc, a.tenant_id, a.seq desc limit $7 offset $8"#,
        filter.tenant.map(TenantId::uuid),
        starts(&filter.actor),
        starts(&filter.action),
        starts(&filter.resource),
        filter.from,
        filter.to,
        paging.limit(),
        paging.offset(),
    )
    .fetch_all(cx.tx())
    .await?;
        if let Some(settled) = paging.settle(found, |r| r.total) {
            break settled;
        }
    };
    let rows = rows
        .into_iter()
        .map(|r| AuditRow {
            tenant: (r.tenant_id != Uuid::nil()).then(|| TenantId::from_uuid(r.tenant_id)),
            company: r.company,
            seq: r.seq,
            occurred_at: r.occurred_at,
            actor: r.actor,
            actor_name: r.actor_name,
            action: r.action,
            resource: r.resource,
            resource_id: r.resource_id,
            old: r.old_values,
            new: r.new_values,
            reason: r.reason,
            ip: r.ip,
            request_id: r.request_id,
            error: r.error,
        })
        .collect();
    Ok(Page { rows, request, total })
}

/// What the check of a chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainState {
    /// Entries of the chain.
    pub entries: i64,
    /// The first broken entry and what is wrong with it.
    pub broken: Option<(i64, String)>,
}

/// Checks a tenant's chain, or the installation's own, from its beginning.
pub async fn verify_chain(
    cx: &mut Ctx<Installation>,
    tenant: Option<TenantId>,
) -> Result<ChainState, Fault> {
    let of = tenant.map_or(Uuid::nil(), TenantId::uuid);
    let entries =
        sqlx::query_scalar!(r#"select count(*) as "n!" from audit_log where tenant_id = $1"#, of)
            .fetch_one(cx.tx())
            .await?;
    let broken =
        sqlx::query!(r#"select broken_seq as "seq!", why as "why!" from verify_audit($1)"#, of)
            .fetch_optional(cx.tx())
            .await?
            .map(|b| (b.seq, b.why));
    Ok(ChainState { entries, broken })
}
