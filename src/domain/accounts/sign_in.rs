//! Sign-in: one answer and one duration for an unknown address and a wrong password.
//!
//! An attempt is counted before the password is looked at and taken back when it was right, so
//! that parallel guesses cannot slip past the count. From the fifth failure on each costs a pause
//! that doubles up to 15 minutes; after 100 in a row only a reset of the password helps. The count
//! is kept by what was typed, existing or not.

use super::{AccountError, Member, password};
use crate::{Actor, Ctx, Fault, Installation, Platform, RequestInfo, audit::Entry};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use voxlink_types::ids::{TenantId, UserId};

/// Failures that cost nothing but themselves.
const FREE_FAILURES: i32 = 4;
/// Failures in a row after which the password is closed.
pub(super) const HARD_LIMIT: i32 = 100;

/// What was typed.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
}

/// Somebody who may come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub user: UserId,
    /// Their company.
    pub tenant: TenantId,
    /// As shown.
    pub name: String,
}

/// Checks address and password. The caller then opens a session with a new token.
pub async fn sign_in(
    platform: &Platform,
    typed: &Credentials,
    request: RequestInfo,
) -> Result<SignedIn, AccountError> {
    let email = typed.email.trim().to_lowercase();
    let subject = subject(&email);
    count_attempt(platform, subject).await?;
    let found = stored(platform, &email).await?;
    let hash = found.as_ref().and_then(|u| u.password_hash.as_deref());
    let verified = match password::verify(&typed.password, hash).await {
        Ok(verified) => verified,
        Err(busy) => {
            take_back(platform, subject).await?;
            return Err(busy);
        }
    };
    let user = match found {
        Some(user) if verified.right => user,
        other => {
            // An unknown address is told to the installation's own chain: the same work.
            let (tenant, id) = other.map_or((None, None), |u| (Some(u.tenant), Some(u.id)));
            refused(platform, tenant, id, "wrong credentials", request).await?;
            return Err(AccountError::WrongCredentials);
        }
    };
    let shut = match (user.is_active, user.suspended_at, user.tenant_state.as_str()) {
        (_, Some(_), _) => Some(user.suspension_reason.unwrap_or_default()),
        (false, ..) => Some("it was closed".to_owned()),
        (.., "closed") => Some("the company's account was closed".to_owned()),
        _ => None,
    };
    if let Some(reason) = shut {
        forget_failures(platform, subject).await?;
        refused(platform, Some(user.tenant), Some(user.id), "suspended", request).await?;
        return Err(AccountError::Suspended(reason));
    }
    let fresh = if verified.stale { Some(password::hash(&typed.password).await?) } else { None };
    let actor = Actor::User { id: user.id, name: user.full_name.clone(), staff: false };
    let mut cx = Ctx::begin_installation(platform, actor, request).await?;
    came_in(&mut cx, user.id, fresh).await?;
    sqlx::query!("delete from sign_in_failures where subject_hash = $1", subject.as_slice())
        .execute(cx.tx())
        .await?;
    cx.audit_of(Some(user.tenant), entry("session.create", Some(user.id), None)).await?;
    cx.commit().await?;
    Ok(SignedIn { user: user.id, tenant: user.tenant, name: user.full_name })
}

/// A person's account as sign-in needs it.
pub(super) struct Stored {
    pub(super) id: UserId,
    pub(super) tenant: TenantId,
    full_name: String,
    pub(super) password_hash: Option<String>,
    is_active: bool,
    suspended_at: Option<DateTime<Utc>>,
    suspension_reason: Option<String>,
    tenant_state: String,
}

/// The account with an address, in the form it is stored in.
pub(super) async fn stored(platform: &Platform, email: &str) -> Result<Option<Stored>, Fault> {
    let found = sqlx::query_as!(
        Stored,
        r#"select u.id as "id: UserId", u.tenant_id as "tenant: TenantId", u.full_name, u.password_hash,
               u.is_active, u.suspended_at, u.suspension_reason, t.state as tenant_state
           from users u join tenants t on t.id = u.tenant_id where u.email = $1"#,
        email
    )
    .fetch_optional(&platform.db().platform)
    .await?;
    Ok(found)
}

/// Remembers that somebody comes in now, with a new hash where theirs is stale.
pub(super) async fn came_in(
    cx: &mut Ctx<Installation>,
    user: UserId,
    fresh: Option<String>,
) -> Result<(), Fault> {
    let now = cx.now();
    sqlx::query!(
        "update users set last_sign_in_at = $2, password_hash = coalesce($3, password_hash) where id = $1",
        user.uuid(),
        now,
        fresh
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}

/// Tells the audit log that somebody left; the session layer ends the session itself.
pub async fn sign_out(
    platform: &Platform,
    member: &Member,
    request: RequestInfo,
) -> Result<(), Fault> {
    let mut cx = Ctx::begin_installation(platform, member.actor(false), request).await?;
    let now = cx.now();
    sqlx::query!(
        "update sessions set revoked_at = $2 where public_id = $1 and revoked_at is null",
        member.session.uuid(),
        now
    )
    .execute(cx.tx())
    .await?;
    cx.audit_of(Some(member.tenant), entry("session.end", Some(member.user), None)).await?;
    cx.commit().await
}

/// What failures are counted by.
pub(super) fn subject(email: &str) -> [u8; 32] {
    Sha256::new().chain_update("sign-in:").chain_update(email).finalize().into()
}

/// Removes the count: after the right password, and after a reset.
pub(super) async fn forget_failures(platform: &Platform, subject: [u8; 32]) -> Result<(), Fault> {
    sqlx::query!("delete from sign_in_failures where subject_hash = $1", subject.as_slice())
        .execute(&platform.db().platform)
        .await?;
    Ok(())
}

/// One statement decides whether the attempt may be made and counts it.
pub(super) async fn count_attempt(
    platform: &Platform,
    subject: [u8; 32],
) -> Result<(), AccountError> {
    let now = platform.clock().now();
    let pool = &platform.db().platform;
    let counted = sqlx::query_scalar!(
        "insert into sign_in_failures as f (subject_hash, failures, last_failure_at)
         values ($1, 1, $2)
         on conflict (subject_hash) do update
         set failures = f.failures + 1,
             last_failure_at = $2,
             blocked_until = case when f.failures >= $3
                 then $2 + least(900, power(2, least(f.failures - $3 + 1, 20))::float8) * interval '1 second' end
         where f.failures < $4 and (f.blocked_until is null or f.blocked_until <= $2)
         returning f.failures",
        subject.as_slice(),
        now,
        FREE_FAILURES,
        HARD_LIMIT,
    )
    .fetch_optional(pool)
    .await?;
    if counted.is_some() {
        return Ok(());
    }
    let state = sqlx::query!(
        "select failures, blocked_until from sign_in_failures where subject_hash = $1",
        subject.as_slice()
    )
    .fetch_optional(pool)
    .await?;
    match state {
        Some(s) if s.failures >= HARD_LIMIT => Err(AccountError::Locked),
        state => Err(AccountError::TryLater(wait(now, state.and_then(|s| s.blocked_until)))),
    }
}

/// Seconds until then, never none.
pub(super) fn wait(now: DateTime<Utc>, until: Option<DateTime<Utc>>) -> u64 {
    until.map_or(1, |until| u64::try_from((until - now).num_seconds()).unwrap_or(0) + 1)
}

/// An attempt that was never judged, or told nobody anything, does not count.
pub(super) async fn take_back(platform: &Platform, subject: [u8; 32]) -> Result<(), Fault> {
    sqlx::query!(
        "update sign_in_failures set failures = failures - 1, blocked_until = null
         where subject_hash = $1 and failures > 0",
        subject.as_slice()
    )
    .execute(&platform.db().platform)
    .await?;
    Ok(())
}

async fn refused(
    platform: &Platform,
    tenant: Option<TenantId>,
    user: Option<UserId>,
    why: &'static str,
    request: RequestInfo,
) -> Result<(), Fault> {
    let actor = Actor::System("sign-in");
    let mut cx: Ctx<Installation> = Ctx::begin_installation(platform, actor, request).await?;
    cx.audit_of(tenant, entry("session.refuse", user, Some(why))).await?;
    cx.commit().await
}

fn entry(
    action: &'static str,
    user: Option<UserId>,
    error: Option<&'static str>,
) -> Entry<'static> {
    Entry {
        action,
        resource: "user",
        resource_id: user.map(|u| u.to_string()),
        error,
        ..Entry::default()
    }
}
