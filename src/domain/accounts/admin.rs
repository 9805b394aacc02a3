//! What staff see and do: accounts, their people, suspension and its end; orders and numbers over
//! all tenants; the audit log.
//!
//! Suspending a company signs its people out at once and leaves its numbers answering with the
//! message that was chosen; the calls side reads the tenant's state.

mod audit_log;
mod care;
mod export;
mod overview;

pub use audit_log::{AuditFilter, AuditRow, ChainState, audit_log, verify_chain};
pub use care::{Hand, Note, add_note, adjust, notes, sign_out_all};
pub use export::{Exported, export};
pub use overview::{NumberRow, OrderRow, Overview, WorkFilter, numbers, orders, overview};

use super::AccountError;
use crate::{Ctx, Installation, audit::Entry};
use chrono::{DateTime, Utc};
use serde_json::json;
use voxlink_types::{
    Page, PageRequest, Paging,
    ids::{TenantId, UserId},
    role::{PlatformRole, TenantRole},
    text_enum,
};

text_enum! {
    /// The state of a company's account.
    TenantState {
        /// In use.
        Active = "active",
        /// Shut by staff; its numbers play a message.
        Suspended = "suspended",
        /// Anonymised, kept for its invoices.
        Closed = "closed",
    }
}

/// Which accounts are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// Part of a company's name, or of a person's name or address.
    pub search: String,
    /// Only those in this state.
    pub state: Option<TenantState>,
}

/// An account in the list.
#[derive(Debug, Clone)]
pub struct AccountRow {
    /// Which.
    pub id: TenantId,
    /// The company.
    pub name: String,
    /// Its state.
    pub state: TenantState,
    /// The first owner's address.
    pub owner: Option<String>,
    /// People in it.
    pub people: i64,
    /// Numbers it has.
    pub numbers: i64,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When anybody of it last signed in.
    pub last_sign_in_at: Option<DateTime<Utc>>,
}

/// One page of the accounts that fit.
pub async fn accounts(
    cx: &mut Ctx<Installation>,
    filter: &AccountFilter,
    request: PageRequest,
) -> Result<Page<AccountRow>, AccountError> {
    let search = filter.search.trim();
    let like = (!search.is_empty()).then(|| contains(search));
    let mut paging = Paging::new(request);
    let (rows, total) = loop {
        let found = sqlx::query!(
        r#"select t.id as "id: TenantId", t.name, t.state as "state: TenantState", t.created_at,
               (select u.email from users u where u.tenant_id = t.id and u.tenant_role = 'owner'
                and u.is_active order by u.created_at limit 1) as owner,
               (select count(*) from users u where u.tenant_id = t.id and u.is_active) as "people!",
               (select count(*) from subscriptions s where s.tenant_id = t.id and s.state <> 'released') as "numbers!",
               (select max(u.last_sign_in_at) from users u where u.tenant_id = t.id) as last_sign_in_at,
               count(*) over () as "total!"
           from tenants t
           where ($1::text is null or t.name ilike $1 or exists (
                     select from users u where u.tenant_id = t.id and (u.email || ' ' || u.full_name) ilike $1))
             and ($2::text is null or t.state = $2)
           order by t.created_at desc, t.id desc limit $3 offset $4"#,
        like,
        filter.state.map(TenantState::as_str),
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
        .map(|r| AccountRow {
            id: r.id,
            name: r.name,
            state: r.state,
            owner: r.owner,
            people: r.people,
            numbers: r.numbers,
            created_at: r.created_at,
            last_sign_in_at: r.last_sign_in_at,
        })
        .collect();
    Ok(Page { rows, request, total })
}

/// The pattern for "contains this", with the pattern's own signs taken literally.
fn contains(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// An account in full.
#[derive(Debug, Clone)]
pub struct Account {
    /// Which.
    pub id: TenantId,
    /// The company.
    pub name: String,
    /// Its state.
    pub state: TenantState,
    /// Since when it is suspended.
    pub suspended_at: Option<DateTime<Utc>>,
    /// Why.
    pub suspension_reason: Option<String>,
    /// What callers hear; none is the installation's default.
    pub suspension_message: Option<String>,
    /// Its zone.
    pub time_zone: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// The currency of its billing account.
    pub currency: Option<String>,
    /// Its people, owners first.
    pub people: Vec<Person>,
}

/// A person of an account.
#[derive(Debug, Clone)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Whether it is confirmed.
    pub email_verified: bool,
    /// Standing in the company.
    pub tenant_role: TenantRole,
    /// Standing above companies.
    pub platform_role: PlatformRole,
    /// Last sign-in.
    pub last_sign_in_at: Option<DateTime<Utc>>,
    /// Live sessions.
    pub sessions: i64,
}

/// Reads an account.
pub async fn account(cx: &mut Ctx<Installation>, id: TenantId) -> Result<Account, AccountError> {
    let now = cx.now();
    let row = sqlx::query!(
        r#"select t.name, t.state as "state: TenantState", t.suspended_at, t.suspension_reason,
               t.suspension_message, t.time_zone, t.created_at, b.currency as "currency?"
           from tenants t left join billing_accounts b on b.tenant_id = t.id where t.id = $1"#,
        id.uuid()
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(AccountError::NotFound)?;
    let people = sqlx::query_as!(
        Person,
        r#"select u.id as "id: UserId", u.full_name as name, u.email,
               u.email_verified_at is not null as "email_verified!",
               u.tenant_role as "tenant_role: TenantRole", u.platform_role as "platform_role: PlatformRole",
               u.last_sign_in_at,
               (select count(*) from sessions s where s.user_id = u.id and s.revoked_at is null
                and s.expires_at > $2 and s.absolute_expires_at > $2) as "sessions!"
           from users u where u.tenant_id = $1 and u.is_active
           order by case u.tenant_role when 'owner' then 0 when 'manager' then 1 else 2 end, u.created_at"#,
        id.uuid(),
        now
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(Account {
        id,
        name: row.name,
        state: row.state,
        suspended_at: row.suspended_at,
        suspension_reason: row.suspension_reason,
        suspension_message: row.suspension_message,
        time_zone: row.time_zone,
        created_at: row.created_at,
        currency: row.currency,
        people,
    })
}

/// Shuts an account: its people are signed out, its numbers play `message` (or the installation's
/// default). Nobody shuts themselves out, and only a super administrator shuts out staff.
pub async fn suspend(
    cx: &mut Ctx<Installation>,
    id: TenantId,
    reason: &str,
    message: Option<&str>,
) -> Result<(), AccountError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(AccountError::field("reason", "Say why, in at most 500 characters."));
    }
    let message = message.map(str::trim).filter(|m| !m.is_empty());
    if message.is_some_and(|m| m.chars().count() > 500) {
        return Err(AccountError::field("message", "Use at most 500 characters."));
    }
    let (now, acting) = (cx.now(), cx.actor().user_id());
    let state = lock(cx, id).await?;
    let standing = sqlx::query!(
        r#"select coalesce(bool_or(id = $2), false) as "own!",
               coalesce(bool_or(platform_role <> 'user'), false) as "staff!",
               exists (select from users where id = $2 and platform_role = 'super_admin') as "above!"
           from users where tenant_id = $1"#,
        id.uuid(),
        acting.map(UserId::uuid)
    )
    .fetch_one(cx.tx())
    .await?;
    if standing.own {
        return Err(AccountError::Oneself);
    }
    if standing.staff && !standing.above {
        return Err(AccountError::AboveYou);
    }
    if state != TenantState::Active {
        return Err(AccountError::State(state.as_str()));
    }
    sqlx::query!(
        "update tenants set state = 'suspended', suspended_at = $2, suspension_reason = $3, suspension_message = $4
         where id = $1",
        id.uuid(),
        now,
        reason,
        message
    )
    .execute(cx.tx())
    .await?;
    let ended = care::end_sessions(cx, id).await?;
    cx.audit_of(
        Some(id),
        Entry {
            action: "account.suspend",
            resource: "tenant",
            resource_id: Some(id.to_string()),
            old: Some(json!({ "state": "active" })),
            new: Some(json!({
                "state": "suspended", "callers_hear": message, "sessions_ended": ended,
            })),
            reason: Some(reason),
            ..Entry::default()
        },
    )
    .await?;
    Ok(())
}

/// Opens a suspended account again.
pub async fn restore(
    cx: &mut Ctx<Installation>,
    id: TenantId,
    reason: &str,
) -> Result<(), AccountError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(AccountError::field("reason", "Say why, in at most 500 characters."));
    }
    let state = lock(cx, id).await?;
    if state != TenantState::Suspended {
        return Err(AccountError::State(state.as_str()));
    }
    let old = sqlx::query!("select suspension_reason from tenants where id = $1", id.uuid())
        .fetch_one(cx.tx())
        .await?;
    sqlx::query!(
        "update tenants set state = 'active', suspended_at = null, suspension_reason = null, suspension_message = null
         where id = $1",
        id.uuid()
    )
    .execute(cx.tx())
    .await?;
    cx.audit_of(
        Some(id),
        Entry {
            action: "account.restore",
            resource: "tenant",
            resource_id: Some(id.to_string()),
            old: Some(json!({ "state": "suspended", "reason": old.suspension_reason })),
            new: Some(json!({ "state": "active" })),
            reason: Some(reason),
            ..Entry::default()
        },
    )
    .await?;
    Ok(())
}

async fn lock(cx: &mut Ctx<Installation>, id: TenantId) -> Result<TenantState, AccountError> {
    sqlx::query_scalar!(
        r#"select state as "state: TenantState" from tenants where id = $1 for update"#,
        id.uuid()
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(AccountError::NotFound)
}
