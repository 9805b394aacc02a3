//! The audit log: every change tells, in its own transaction, who did what to what.

use crate::{Ctx, Fault, Installation};
use serde_json::Value;
use sqlx::types::ipnetwork::IpNetwork;
use uuid::Uuid;
use voxlink_types::ids::TenantId;

/// One entry. Values are the parts that changed, never secrets.
#[derive(Debug, Clone, Default)]
pub struct Entry<'a> {
    /// `number.release`, `order.place`, `account.suspend`: noun and verb.
    pub action: &'a str,
    /// `number`, `order`, `tenant`.
    pub resource: &'a str,
    /// Its public id.
    pub resource_id: Option<String>,
    /// The changed parts before.
    pub old: Option<Value>,
    /// The changed parts after.
    pub new: Option<Value>,
    /// Why, where the person was asked.
    pub reason: Option<&'a str>,
    /// What went wrong, when it is a failure that is told.
    pub error: Option<&'a str>,
}

impl Ctx<TenantId> {
    /// Appends to the tenant's chain. It locks the chain until the transaction ends: call it
    /// after the other locks.
    pub async fn audit(&mut self, entry: Entry<'_>) -> Result<(), Fault> {
        let tenant = self.tenant().uuid();
        append(self, tenant, entry).await
    }
}

impl Ctx<Installation> {
    /// Appends to a tenant's chain, or to the installation's own for `None`.
    pub async fn audit_of(
        &mut self,
        tenant: Option<TenantId>,
        entry: Entry<'_>,
    ) -> Result<(), Fault> {
        append(self, tenant.map_or(Uuid::nil(), TenantId::uuid), entry).await
    }
}

async fn append<Scope>(cx: &mut Ctx<Scope>, tenant: Uuid, entry: Entry<'_>) -> Result<(), Fault> {
    let (now, actor, user) = (
        cx.now(),
        cx.actor().to_string(),
        cx.actor().user_id().map(voxlink_types::ids::UserId::uuid),
    );
    let request = cx.request().clone();
    sqlx::query!(
        "select append_audit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        tenant,
        now,
        actor,
        user,
        entry.action,
        entry.resource,
        entry.resource_id,
        entry.old,
        entry.new,
        entry.reason,
        request.ip.map(IpNetwork::from) as Option<IpNetwork>,
        request.user_agent,
        request.id,
        request.endpoint,
        entry.error.is_none(),
        entry.error,
    )
    .fetch_one(cx.tx())
    .await?;
    Ok(())
}

/// What checking the chains found.
#[derive(Debug, Default)]
pub struct Verified {
    /// How many chains there are.
    pub chains: usize,
    /// The first broken entry of each broken chain.
    pub broken: Vec<Broken>,
}

/// A chain that does not hold.
#[derive(Debug)]
pub struct Broken {
    /// Whose: a tenant's id, or `installation`.
    pub chain: String,
    /// The entry.
    pub seq: i64,
    /// What is wrong with it.
    pub why: String,
}

/// Computes every chain again.
pub async fn verify(cx: &mut Ctx<Installation>) -> Result<Verified, Fault> {
    let chains = sqlx::query_scalar!(
        r#"select id as "id!" from (
               select '00000000-0000-0000-0000-000000000000'::uuid as id
               union select id from tenants union select tenant_id from audit_log) chains
           order by id"#
    )
    .fetch_all(cx.tx())
    .await?;
    let mut found = Verified { chains: chains.len(), broken: Vec::new() };
    for id in chains {
        let row =
            sqlx::query!(r#"select broken_seq as "seq!", why as "why!" from verify_audit($1)"#, id)
                .fetch_optional(cx.tx())
                .await?;
        if let Some(row) = row {
            let chain = if id.is_nil() {
                "installation".to_owned()
            } else {
                TenantId::from_uuid(id).to_string()
            };
            found.broken.push(Broken { chain, seq: row.seq, why: row.why });
        }
    }
    Ok(found)
}
