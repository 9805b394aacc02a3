//! The people of a company: who they are, what each may do, and how one of them goes.
//!
//! A company always keeps an owner: whoever takes the role from the last one, or takes the last one
//! out, is refused. The owners' rows are locked first, so two owners cannot remove each other at
//! the same moment. People who work for the installation are changed by super administrators only.

use super::{AccountError, Member, invitations};
use crate::{Ctx, Fault, Installation, Platform, RequestInfo, audit::Entry};
use chrono::{DateTime, Utc};
use serde_json::json;
use voxlink_types::{
    ids::UserId,
    role::{PlatformRole, TenantRole},
};

/// A person of the company, as its other people see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colleague {
    /// Who.
    pub id: UserId,
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Whether it is confirmed.
    pub email_verified: bool,
    /// What they may do.
    pub role: TenantRole,
    /// Last sign-in.
    pub last_sign_in_at: Option<DateTime<Utc>>,
    /// Since when they belong to the company.
    pub since: DateTime<Utc>,
}

/// The company's people, owners first.
pub async fn colleagues(cx: &mut Ctx) -> Result<Vec<Colleague>, Fault> {
    let people = sqlx::query_as!(
        Colleague,
        r#"select id as "id: UserId", full_name as name, email,
               email_verified_at is not null as "email_verified!",
               tenant_role as "role: TenantRole", last_sign_in_at, created_at as since
           from users where tenant_id = $1 and is_active
           order by case tenant_role when 'owner' then 0 when 'manager' then 1 else 2 end,
               lower(full_name), id"#,
        cx.tenant().uuid(),
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(people)
}

/// One of the company's people.
pub async fn colleague(cx: &mut Ctx, who: UserId) -> Result<Colleague, AccountError> {
    colleagues(cx).await?.into_iter().find(|c| c.id == who).ok_or(AccountError::NotFound)
}

/// Whether a person of the company may change what it has, now. For work that goes on after the
/// request that asked for it: meanwhile a role may be taken away, or somebody suspended.
pub async fn may_manage(cx: &mut Ctx, who: UserId) -> Result<bool, Fault> {
    let may = sqlx::query_scalar!(
        r#"select exists (
               select 1 from users u join tenants t on t.id = u.tenant_id
               where u.tenant_id = $1 and u.id = $2 and u.is_active and u.suspended_at is null
                 and u.tenant_role in ('manager', 'owner') and t.state = 'active') as "may!""#,
        cx.tenant().uuid(),
        who.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    Ok(may)
}

/// Gives a person of the asker's company another role.
pub async fn change_role(
    platform: &Platform,
    by: &Member,
    who: UserId,
    role: TenantRole,
    request: RequestInfo,
) -> Result<(), AccountError> {
    let mut cx = Ctx::begin_installation(platform, by.actor(false), request).await?;
    let person = locked(&mut cx, by, who).await?;
    if person.role == role {
        return Ok(());
    }
    if role != TenantRole::Owner {
        person.is_replaceable()?;
    }
    sqlx::query!(
        "update users set tenant_role = $3 where tenant_id = $1 and id = $2",
        by.tenant.uuid(),
        who.uuid(),
        role.as_str(),
    )
    .execute(cx.tx())
    .await?;
    if role != TenantRole::Owner {
        invitations::withdraw_all_of(&mut cx, by.tenant, who).await?;
    }
    let entry = Entry {
        action: "user.change_role",
        resource: "user",
        resource_id: Some(who.to_string()),
        old: Some(json!({ "tenant_role": person.role })),
        new: Some(json!({ "tenant_role": role })),
        ..Entry::default()
    };
    cx.audit_of(Some(by.tenant), entry).await?;
    Ok(cx.commit().await?)
}

/// Takes a person out of the asker's company, the asker included: their devices are signed out,
/// their keys and the invitations they made end, and their address is free for another account. Their name stays on what they did.
pub async fn remove(
    platform: &Platform,
    by: &Member,
    who: UserId,
    request: RequestInfo,
) -> Result<(), AccountError> {
    let mut cx = Ctx::begin_installation(platform, by.actor(false), request).await?;
    let person = locked(&mut cx, by, who).await?;
    person.is_replaceable()?;
    let now = cx.now();
    // The row stays for what refers to it; a reserved name (RFC 2606) stands for the address.
    sqlx::query!(
        "update users set is_active = false, password_hash = null, platform_role = 'user',
             email = $3 || '@removed.invalid', email_verified_at = null, marketing_consent_at = null
         where tenant_id = $1 and id = $2",
        by.tenant.uuid(),
        who.uuid(),
        who.to_string(),
    )
    .execute(cx.tx())
    .await?;
    let ended = sqlx::query!(
        "update sessions set revoked_at = $2 where user_id = $1 and revoked_at is null",
        who.uuid(),
        now,
    )
    .execute(cx.tx())
    .await?
    .rows_affected();
    for statement in [
        sqlx::query!(
            "update api_keys set revoked_at = $3 where tenant_id = $1 and user_id = $2 and revoked_at is null",
            by.tenant.uuid(),
            who.uuid(),
            now,
        ),
        sqlx::query!(
            "update refresh_tokens set revoked_at = $3 where tenant_id = $1 and user_id = $2 and revoked_at is null",
            by.tenant.uuid(),
            who.uuid(),
            now,
        ),
    ] {
        statement.execute(cx.tx()).await?;
    }
    // Else they could come back by a link that they made for themselves.
    invitations::withdraw_all_of(&mut cx, by.tenant, who).await?;
    let entry = Entry {
        action: if who == by.user { "user.leave" } else { "user.remove" },
        resource: "user",
        resource_id: Some(who.to_string()),
        old: Some(json!({
            "full_name": person.name, "email": person.email, "tenant_role": person.role,
        })),
        new: Some(json!({ "sessions_ended": ended })),
        ..Entry::default()
    };
    cx.audit_of(Some(by.tenant), entry).await?;
    Ok(cx.commit().await?)
}

/// A person about to be changed.
struct Locked {
    name: String,
    email: String,
    role: TenantRole,
    /// The company's only owner.
    last_owner: bool,
    /// The installation's only super administrator.
    last_super_admin: bool,
}

impl Locked {
    /// Refuses what would leave nobody in charge.
    fn is_replaceable(&self) -> Result<(), AccountError> {
        if self.last_owner || self.last_super_admin {
            return Err(AccountError::LastOwner(self.name.clone()));
        }
        Ok(())
    }
}

/// Locks the person, and the owners they may be the last of.
async fn locked(
    cx: &mut Ctx<Installation>,
    by: &Member,
    who: UserId,
) -> Result<Locked, AccountError> {
    let owners = sqlx::query_scalar!(
        r#"select id as "id: UserId" from users
           where tenant_id = $1 and tenant_role = 'owner' and is_active order by id for update"#,
        by.tenant.uuid(),
    )
    .fetch_all(cx.tx())
    .await?;
    let row = sqlx::query!(
        r#"select full_name, email, tenant_role as "role: TenantRole",
               platform_role as "platform_role: PlatformRole",
               (select count(*) from users where platform_role = 'super_admin' and is_active) as "super_admins!"
           from users where tenant_id = $1 and id = $2 and is_active for update"#,
        by.tenant.uuid(),
        who.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(AccountError::NotFound)?;
    // The session's role may be a moment old: the asker must still be an owner, now.
    if who != by.user && !owners.contains(&by.user) {
        return Err(AccountError::NotFound);
    }
    if row.platform_role.is_staff() && who != by.user && by.platform_role < PlatformRole::SuperAdmin
    {
        return Err(AccountError::AboveYou);
    }
    Ok(Locked {
        last_owner: owners == [who],
        last_super_admin: row.platform_role == PlatformRole::SuperAdmin && row.super_admins == 1,
        name: row.full_name,
        email: row.email,
        role: row.role,
    })
}
