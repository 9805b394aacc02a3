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
    let (now, actor, user) =
        (cx.now(), cx.actor().to_string(), cx.actor().user_id().map(|u| u.uuid()));
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
