//! Letters about accounts: confirm an address, reset a password.
//!
//! The asking is the same for addresses we know and do not know; the letter's job looks, makes the
//! link's token at the last moment (stored hashed, used once) and sends it.

use super::{AccountError, password, sign_in};
use crate::{
    Actor, Ctx, Fault, Platform, RequestInfo,
    audit::Entry,
    jobs::{Job, JobError},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use sqlx::PgExecutor;
use voxlink_gateways::{Letter, MailError};
use voxlink_types::{
    ids::{TenantId, UserId},
    text_enum,
};

text_enum! {
    /// What a link in a letter is for.
    Purpose {
        /// The address is right.
        VerifyEmail = "verify_email",
        /// A new password.
        ResetPassword = "reset_password",
    }
}

impl Purpose {
    /// How long the link works.
    const fn lifetime(self) -> TimeDelta {
        match self {
            Self::VerifyEmail => TimeDelta::hours(48),
            Self::ResetPassword => TimeDelta::hours(1),
        }
    }
}

/// A letter to be written, by address: the job finds out whether anybody lives there.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct AccountLetter {
    /// To whom.
    pub email: String,
    /// What about.
    pub purpose: Purpose,
}

impl AccountLetter {
    /// Writes and sends it. Nothing happens for an unknown address, and nothing within a minute
    /// of the last one, so that nobody's letter box is filled by a stranger.
    pub async fn send(&self, platform: &Platform) -> Result<(), LetterError> {
        let (pool, now) = (&platform.db().platform, platform.clock().now());
        let a_while_ago = now - TimeDelta::minutes(1);
        let Some(made) = issue(pool, &self.email, self.purpose, now, a_while_ago).await? else {
            return Ok(());
        };
        let letter = self.letter(platform, &made.full_name, &made.token);
        let sent = platform.mailer().send(&letter).await;
        if sent.is_err() {
            let token_hash = hash(&made.token);
            // Nobody will ever hold this link; and the next try must not find it too fresh.
            sqlx::query!(
                "delete from one_time_tokens where token_hash = $1",
                token_hash.as_slice()
            )
            .execute(&platform.db().platform)
            .await
            .map_err(Fault::from)?;
        }
        Ok(sent?)
    }

    fn letter(&self, platform: &Platform, name: &str, token: &str) -> Letter {
        let (path, subject, ask, lasts) = match self.purpose {
            Purpose::VerifyEmail => (
                "/verify",
                "Confirm your e-mail address",
                "please confirm that this address is yours:",
                "48 hours",
            ),
            Purpose::ResetPassword => (
                "/reset",
                "Choose a new password",
                "somebody, probably you, asked for a new password. Choose it here:",
                "one hour",
            ),
        };
        let link = platform.settings().url(&format!("{path}?token={token}"));
        let text = format!(
            "Hello {name},\n\n{ask}\n\n{link}\n\nThe link works for {lasts} and once. If you did not \
             ask for it, there is nothing to do.\n\nVoxLink\n"
        );
        Letter { to: self.email.clone(), subject: subject.to_owned(), text, html: None }
    }
}

/// A link's token, and whom it was made for.
struct Issued {
    token: String,
    user: UserId,
    tenant: TenantId,
    full_name: String,
}

/// Makes a link's token for the person at an address, unless one was made after `since`. A
/// confirmed address needs no confirmation.
async fn issue(
    on: impl PgExecutor<'_>,
    email: &str,
    purpose: Purpose,
    now: DateTime<Utc>,
    since: DateTime<Utc>,
) -> Result<Option<Issued>, Fault> {
    let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let token_hash = hash(&token);
    let made = sqlx::query!(
        r#"with person as (
               select id, tenant_id, full_name from users
               where email = $1 and anonymised_at is null and is_active
                 and ($2 <> 'verify_email' or email_verified_at is null)
                 and not exists (select from one_time_tokens
                                 where user_id = users.id and purpose = $2 and created_at > $4)
           ), made as (
               insert into one_time_tokens (token_hash, user_id, purpose, expires_at, created_at)
               select $3, id, $2, $5, $6 from person
           )
           select id as "user: UserId", tenant_id as "tenant: TenantId", full_name from person"#,
        email,
        purpose.as_str(),
        token_hash.as_slice(),
        since,
        now + purpose.lifetime(),
        now,
    )
    .fetch_optional(on)
    .await?;
    Ok(made.map(|m| Issued { token, user: m.user, tenant: m.tenant, full_name: m.full_name }))
}

/// Makes the link that lets the person at an address choose a new password, for whoever has the
/// server's shell to hand over; `None` when nobody has the address. Works for an hour and once.
pub async fn reset_link(platform: &Platform, email: &str) -> Result<Option<String>, Fault> {
    let email = email.trim().to_lowercase();
    let mut cx = platform.work("cli").await?;
    let now = cx.now();
    let Some(made) = issue(cx.tx(), &email, Purpose::ResetPassword, now, now).await? else {
        return Ok(None);
    };
    tell(&mut cx, made.tenant, made.user, "user.make_reset_link").await?;
    cx.commit().await?;
    Ok(Some(platform.settings().url(&format!("/reset?token={}", made.token))))
}

/// Why a letter was not sent.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// The mail server did not take it.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// Our own failure.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Job for AccountLetter {
    const TASK: &'static str = "account_letter";
    const TRIES: i32 = 8;

    fn key(&self) -> Option<String> {
        // Asked twice before it is written is written once.
        Some(format!("account_letter:{}:{}", self.purpose, hex::encode(hash(&self.email))))
    }

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        match self.send(platform).await {
            // Mail was switched off since it was asked for; the pages say so.
            Ok(()) | Err(LetterError::Mail(MailError::NotConfigured)) => Ok(()),
            Err(LetterError::Fault(fault)) => Err(fault.into()),
            Err(LetterError::Mail(error @ MailError::Transient(_))) => Err(JobError::retry(error)),
            Err(LetterError::Mail(error)) => Err(JobError::fail(error)),
        }
    }
}

pub(super) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// Asks for a link to choose a new password; the same answer for every address. Without a mail
/// server nothing is asked for: the page says so.
pub async fn ask_for_reset(
    platform: &Platform,
    email: &str,
    request: RequestInfo,
) -> Result<(), Fault> {
    ask(platform, email, Purpose::ResetPassword, request).await
}

/// Asks once more for the link that confirms an address.
pub async fn ask_for_verification(
    platform: &Platform,
    email: &str,
    request: RequestInfo,
) -> Result<(), Fault> {
    ask(platform, email, Purpose::VerifyEmail, request).await
}

async fn ask(
    platform: &Platform,
    email: &str,
    purpose: Purpose,
    request: RequestInfo,
) -> Result<(), Fault> {
    if !platform.mailer().is_on() {
        return Ok(());
    }
    let email: String = email.trim().to_lowercase().chars().take(254).collect();
    let mut cx = Ctx::begin_installation(platform, Actor::System("letters"), request).await?;
    cx.enqueue(&AccountLetter { email, purpose }).await?;
    cx.commit().await
}

/// Confirms the address that the link's token was sent to.
pub async fn verify(
    platform: &Platform,
    token: &str,
    request: RequestInfo,
) -> Result<(), AccountError> {
    let mut cx = Ctx::begin_installation(platform, Actor::System("letters"), request).await?;
    let (user, tenant, _) = spend(&mut cx, token, Purpose::VerifyEmail).await?;
    let now = cx.now();
    sqlx::query!(
        "update users set email_verified_at = coalesce(email_verified_at, $2) where id = $1",
        user.uuid(),
        now
    )
    .execute(cx.tx())
    .await?;
    tell(&mut cx, tenant, user, "user.verify_email").await?;
    cx.commit().await?;
    Ok(())
}

/// Sets a new password by a letter's link: ends all sessions, and lifts the pause of failures.
pub async fn reset(
    platform: &Platform,
    token: &str,
    wanted: &str,
    request: RequestInfo,
) -> Result<(), AccountError> {
    let token_hash = hash(token);
    let email = sqlx::query_scalar!(
        "select u.email from one_time_tokens o join users u on u.id = o.user_id
         where o.token_hash = $1 and o.purpose = 'reset_password' and o.used_at is null and o.expires_at > $2",
        token_hash.as_slice(),
        platform.clock().now()
    )
    .fetch_optional(&platform.db().platform)
    .await?
    .ok_or(AccountError::LinkSpent)?;
    password::check(wanted, &[&email]).map_err(|m| AccountError::field("password", m))?;
    let fresh = password::hash(wanted).await?;
    let mut cx = Ctx::begin_installation(platform, Actor::System("letters"), request).await?;
    let (user, tenant, email) = spend(&mut cx, token, Purpose::ResetPassword).await?;
    let now = cx.now();
    sqlx::query!(
        "update users set password_hash = $2, email_verified_at = coalesce(email_verified_at, $3) where id = $1",
        user.uuid(),
        fresh,
        now
    )
    .execute(cx.tx())
    .await?;
    sqlx::query!(
        "update sessions set revoked_at = $2 where user_id = $1 and revoked_at is null",
        user.uuid(),
        now
    )
    .execute(cx.tx())
    .await?;
    let subject = sign_in::subject(&email);
    sqlx::query!("delete from sign_in_failures where subject_hash = $1", subject.as_slice())
        .execute(cx.tx())
        .await?;
    tell(&mut cx, tenant, user, "user.reset_password").await?;
    cx.commit().await?;
    Ok(())
}

/// Uses a token up, and with it all older ones of its kind.
async fn spend(
    cx: &mut Ctx<crate::Installation>,
    token: &str,
    purpose: Purpose,
) -> Result<(UserId, TenantId, String), AccountError> {
    let now = cx.now();
    let token_hash = hash(token);
    let found = sqlx::query!(
        r#"update one_time_tokens o set used_at = $3 from users u
           where o.token_hash = $1 and o.purpose = $2 and o.used_at is null and o.expires_at > $3
             and u.id = o.user_id and u.is_active
           returning u.id as "user: UserId", u.tenant_id as "tenant: TenantId", u.email"#,
        token_hash.as_slice(),
        purpose.as_str(),
        now
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(AccountError::LinkSpent)?;
    sqlx::query!(
        "update one_time_tokens set used_at = $3 where user_id = $1 and purpose = $2 and used_at is null",
        found.user.uuid(),
        purpose.as_str(),
        now
    )
    .execute(cx.tx())
    .await?;
    Ok((found.user, found.tenant, found.email))
}

async fn tell(
    cx: &mut Ctx<crate::Installation>,
    tenant: TenantId,
    user: UserId,
    action: &'static str,
) -> Result<(), Fault> {
    let entry =
        Entry { action, resource: "user", resource_id: Some(user.to_string()), ..Entry::default() };
    cx.audit_of(Some(tenant), entry).await
}
