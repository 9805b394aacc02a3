//! What a person changes about themselves: name, zone, language, looks, password.

use super::{AccountError, Member, password, people::check_name, sign_in};
use crate::{Ctx, Platform, RequestInfo, audit::Entry};
use serde_json::json;
use voxlink_types::{error::FieldError, text_enum};

text_enum! {
    /// Light or dark.
    #[derive(Default)]
    Theme {
        /// As the device has it.
        #[default]
        System = "system",
        /// Light.
        Light = "light",
        /// Dark.
        Dark = "dark",
    }
}

/// Languages that pages can be shown in.
pub const LANGUAGES: &[(&str, &str)] = &[("en", "English")];

/// The part of a person that they edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The name.
    pub full_name: String,
    /// IANA zone.
    pub time_zone: String,
    /// Language tag.
    pub language: String,
    /// Light or dark.
    pub theme: Theme,
    /// Whether news are wanted.
    pub wants_news: bool,
}

/// Reads it.
pub async fn profile(cx: &mut Ctx, member: &Member) -> Result<Profile, AccountError> {
    let tenant = cx.tenant();
    let row = sqlx::query!(
        "select full_name, time_zone, language, preferences->>'theme' as theme, marketing_consent_at
         from users where tenant_id = $1 and id = $2",
        tenant.uuid(),
        member.user.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(AccountError::NotFound)?;
    Ok(Profile {
        full_name: row.full_name,
        time_zone: row.time_zone,
        language: row.language,
        theme: row.theme.and_then(|t| t.parse().ok()).unwrap_or_default(),
        wants_news: row.marketing_consent_at.is_some(),
    })
}

/// Stores it.
pub async fn save_profile(
    cx: &mut Ctx,
    member: &Member,
    wanted: &Profile,
) -> Result<(), AccountError> {
    let mut wrong = Vec::new();
    let mut say = |field: &str, message: &str| {
        wrong.push(FieldError { field: field.to_owned(), message: message.to_owned() });
    };
    if let Err(message) = check_name(&wanted.full_name) {
        say("full_name", &message);
    }
    if wanted.time_zone.parse::<chrono_tz::Tz>().is_err() {
        say("time_zone", "Choose a time zone from the list.");
    }
    if !LANGUAGES.iter().any(|(tag, _)| *tag == wanted.language) {
        say("language", "Choose a language from the list.");
    }
    if !wrong.is_empty() {
        return Err(AccountError::Fields(wrong));
    }
    let before = profile(cx, member).await?;
    let (tenant, now) = (cx.tenant(), cx.now());
    sqlx::query!(
        "update users set full_name = $3, time_zone = $4, language = $5,
             preferences = preferences || jsonb_build_object('theme', $6::text),
             marketing_consent_at = case when $7 then coalesce(marketing_consent_at, $8) end
         where tenant_id = $1 and id = $2",
        tenant.uuid(),
        member.user.uuid(),
        wanted.full_name.trim(),
        wanted.time_zone,
        wanted.language,
        wanted.theme.as_str(),
        wanted.wants_news,
        now,
    )
    .execute(cx.tx())
    .await?;
    let told = |p: &Profile| {
        json!({
            "full_name": p.full_name.trim(), "time_zone": p.time_zone, "language": p.language,
            "theme": p.theme, "marketing_consent": p.wants_news,
        })
    };
    cx.audit(Entry {
        action: "user.update",
        resource: "user",
        resource_id: Some(member.user.to_string()),
        old: Some(told(&before)),
        new: Some(told(wanted)),
        ..Entry::default()
    })
    .await?;
    Ok(())
}

/// Changes the password of somebody who knows the present one, and signs out their other devices.
pub async fn change_password(
    platform: &Platform,
    member: &Member,
    present: &str,
    wanted: &str,
    request: RequestInfo,
) -> Result<(), AccountError> {
    let stored = sqlx::query_scalar!(
        "select password_hash from users where tenant_id = $1 and id = $2",
        member.tenant.uuid(),
        member.user.uuid()
    )
    .fetch_optional(&platform.db().platform)
    .await?
    .flatten();
    // Somebody at an open screen has no more guesses than somebody at the sign-in page.
    let subject = sign_in::subject(&member.email);
    sign_in::count_attempt(platform, subject).await?;
    if !password::verify(present, stored.as_deref()).await?.right {
        return Err(AccountError::field("present", "This is not your present password."));
    }
    let own = [member.email.as_str(), member.name.as_str(), member.company.as_str()];
    password::check(wanted, &own).map_err(|message| AccountError::field("wanted", message))?;
    let hash = password::hash(wanted).await?;
    let mut cx = Ctx::begin_installation(platform, member.actor(false), request).await?;
    let now = cx.now();
    sqlx::query!(
        "update users set password_hash = $3 where tenant_id = $1 and id = $2",
        member.tenant.uuid(),
        member.user.uuid(),
        hash
    )
    .execute(cx.tx())
    .await?;
    sqlx::query!(
        "update sessions set revoked_at = $3
         where user_id = $1 and public_id <> $2 and revoked_at is null",
        member.user.uuid(),
        member.session.uuid(),
        now
    )
    .execute(cx.tx())
    .await?;
    sqlx::query!("delete from sign_in_failures where subject_hash = $1", subject.as_slice())
        .execute(cx.tx())
        .await?;
    cx.audit_of(
        Some(member.tenant),
        Entry {
            action: "user.change_password",
            resource: "user",
            resource_id: Some(member.user.to_string()),
            ..Entry::default()
        },
    )
    .await?;
    cx.commit().await?;
    Ok(())
}
