//! Sessions: one row per signed-in device. The cookie's token is stored only as its SHA-256; people
//! see and revoke their devices by `public_id`.
//!
//! A session ends 30 minutes after its last use and 12 hours after it began; with "remember me"
//! 30 days and 90 days.

use super::{AccountError, Member};
use crate::{Ctx, Fault, Platform, RequestInfo, audit::Entry};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sqlx::types::ipnetwork::IpNetwork;
use std::net::IpAddr;
use voxlink_types::ids::{SessionId, UserId};

/// Under this name the session layer is told of a [`NewSession`].
pub const OPENING: &str = "opening";
/// Under this name it tells whose a session is: a [`Member`].
pub const MEMBER: &str = "member";

/// How long a session may last: unused, and in all.
pub const fn limits(remember: bool) -> (TimeDelta, TimeDelta) {
    if remember {
        (TimeDelta::days(30), TimeDelta::days(90))
    } else {
        (TimeDelta::minutes(30), TimeDelta::hours(12))
    }
}

/// What a new session is made of. It travels through the session layer as JSON.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct NewSession {
    /// Who signed in.
    pub user: UserId,
    /// Whether the device is to be remembered.
    pub remember: bool,
    /// Its browser, as it calls itself.
    pub user_agent: Option<String>,
    /// Its address.
    pub ip: Option<IpAddr>,
}

/// Stores a session under the hash of its token.
pub async fn open(platform: &Platform, hash: [u8; 32], new: &NewSession) -> Result<(), Fault> {
    let now = platform.clock().now();
    let (idle, absolute) = limits(new.remember);
    let id = SessionId::new(u64::try_from(now.timestamp_millis()).unwrap_or(0));
    let agent = new.user_agent.as_deref().map(|a| a.chars().take(400).collect::<String>());
    sqlx::query!(
        "insert into sessions (token_hash, public_id, user_id, remember, device, user_agent, ip,
             created_at, last_seen_at, expires_at, absolute_expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10)",
        hash.as_slice(),
        id.uuid(),
        new.user.uuid(),
        new.remember,
        agent.as_deref().map(device),
        agent,
        new.ip.map(IpNetwork::from) as Option<IpNetwork>,
        now,
        now + idle,
        now + absolute,
    )
    .execute(&platform.db().platform)
    .await?;
    Ok(())
}

/// Who a live session belongs to: one query, and at most once a minute a second one that moves
/// the idle limit on.
pub async fn find(platform: &Platform, hash: [u8; 32]) -> Result<Option<Member>, Fault> {
    let now = platform.clock().now();
    let pool = &platform.db().platform;
    let row = sqlx::query!(
        r#"select s.public_id as "session: SessionId", s.remember, s.last_seen_at,
               u.id as "user: UserId", u.tenant_id as "tenant: voxlink_types::ids::TenantId",
               u.full_name, u.email, u.time_zone, u.language, u.email_verified_at,
               u.tenant_role as "tenant_role: voxlink_types::role::TenantRole",
               u.platform_role as "platform_role: voxlink_types::role::PlatformRole",
               u.preferences->>'theme' as theme,
               t.name as company, t.state, t.suspension_reason
           from sessions s
           join users u on u.id = s.user_id and u.is_active and u.suspended_at is null
           join tenants t on t.id = u.tenant_id and t.state <> 'closed'
           where s.token_hash = $1 and s.revoked_at is null
             and s.expires_at > $2 and s.absolute_expires_at > $2"#,
        hash.as_slice(),
        now,
    )
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if now - row.last_seen_at >= TimeDelta::minutes(1) {
        let (idle, _) = limits(row.remember);
        sqlx::query!(
            "update sessions set last_seen_at = $2, expires_at = least($3, absolute_expires_at)
             where token_hash = $1 and revoked_at is null",
            hash.as_slice(),
            now,
            now + idle,
        )
        .execute(pool)
        .await?;
    }
    Ok(Some(Member {
        user: row.user,
        tenant: row.tenant,
        session: row.session,
        name: row.full_name,
        email: row.email,
        email_verified: row.email_verified_at.is_some(),
        company: row.company,
        tenant_role: row.tenant_role,
        platform_role: row.platform_role,
        suspended: (row.state == "suspended").then(|| row.suspension_reason.unwrap_or_default()),
        time_zone: row.time_zone,
        language: row.language,
        theme: row.theme.and_then(|t| t.parse().ok()).unwrap_or_default(),
    }))
}

/// Ends one session by its token's hash; one that is gone already is no error.
pub async fn close(platform: &Platform, hash: [u8; 32]) -> Result<(), Fault> {
    sqlx::query!(
        "update sessions set revoked_at = $2 where token_hash = $1 and revoked_at is null",
        hash.as_slice(),
        platform.clock().now(),
    )
    .execute(&platform.db().platform)
    .await?;
    Ok(())
}

/// Forgets what ended more than 30 days ago: sessions, links of letters and failures.
pub async fn sweep(platform: &Platform) -> Result<u64, Fault> {
    let past = platform.clock().now() - TimeDelta::days(30);
    let pool = &platform.db().platform;
    let sessions = sqlx::query!(
        "delete from sessions where expires_at < $1 or absolute_expires_at < $1 or revoked_at < $1",
        past
    );
    let mut gone = sessions.execute(pool).await?.rows_affected();
    let links = sqlx::query!("delete from one_time_tokens where expires_at < $1", past);
    gone += links.execute(pool).await?.rows_affected();
    let failures = sqlx::query!("delete from sign_in_failures where last_failure_at < $1", past);
    gone += failures.execute(pool).await?.rows_affected();
    Ok(gone)
}

/// A signed-in device, as its owner sees it.
#[derive(Debug, Clone)]
pub struct Device {
    /// Revoked by it.
    pub id: SessionId,
    /// Browser and platform.
    pub device: String,
    /// From where, last known.
    pub ip: Option<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Last use, to the minute.
    pub last_seen_at: DateTime<Utc>,
    /// Whether it is remembered.
    pub remember: bool,
}

/// The live sessions of a person, the latest used first.
pub async fn devices(platform: &Platform, user: UserId) -> Result<Vec<Device>, Fault> {
    let rows = sqlx::query!(
        r#"select public_id as "id: SessionId", device, host(ip) as ip, created_at, last_seen_at, remember
           from sessions
           where user_id = $1 and revoked_at is null and expires_at > $2 and absolute_expires_at > $2
           order by last_seen_at desc"#,
        user.uuid(),
        platform.clock().now(),
    )
    .fetch_all(&platform.db().platform)
    .await?;
    let device = |device: Option<String>| device.unwrap_or_else(|| "An unknown device".to_owned());
    Ok(rows
        .into_iter()
        .map(|r| Device {
            id: r.id,
            device: device(r.device),
            ip: r.ip,
            created_at: r.created_at,
            last_seen_at: r.last_seen_at,
            remember: r.remember,
        })
        .collect())
}

/// Which of a person's sessions to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoke {
    /// This one.
    One(SessionId),
    /// All but this one.
    AllBut(SessionId),
}

/// Ends sessions of the person who asks; a session of somebody else is not found.
pub async fn revoke(
    platform: &Platform,
    member: &Member,
    which: Revoke,
    request: RequestInfo,
) -> Result<u64, AccountError> {
    let mut cx = Ctx::begin_installation(platform, member.actor(false), request).await?;
    let now = cx.now();
    let (one, but) = match which {
        Revoke::One(id) => (Some(id.uuid()), None),
        Revoke::AllBut(id) => (None, Some(id.uuid())),
    };
    let ended = sqlx::query!(
        "update sessions set revoked_at = $4
         where user_id = $1 and revoked_at is null
           and ($2::uuid is null or public_id = $2) and ($3::uuid is null or public_id <> $3)",
        member.user.uuid(),
        one,
        but,
        now,
    )
    .execute(cx.tx())
    .await?
    .rows_affected();
    if ended == 0 && one.is_some() {
        return Err(AccountError::NotFound);
    }
    cx.audit_of(
        Some(member.tenant),
        Entry {
            action: "session.revoke",
            resource: "user",
            resource_id: Some(member.user.to_string()),
            new: Some(json!({ "sessions_ended": ended })),
            ..Entry::default()
        },
    )
    .await?;
    cx.commit().await?;
    Ok(ended)
}

/// Browser and platform out of a user agent: what a person needs to know their own devices apart.
pub fn device(agent: &str) -> String {
    let first = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    // The order matters: Edge and Opera also call themselves Chrome, Chrome also Safari.
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let platform = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, platform) {
        (Some(browser), Some(platform)) => format!("{browser} on {platform}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => "An unknown browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::device;

    #[test]
    fn people_know_their_devices() {
        let table = [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("curl/8.1", "curl"),
            ("", "An unknown browser"),
        ];
        for (agent, shown) in table {
            assert_eq!(device(agent), shown);
        }
    }
}
