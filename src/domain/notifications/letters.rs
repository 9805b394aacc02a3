//! Letters of notifications: one job each, sent once, or said not to be.

use crate::{
    Ctx, Fault, Platform,
    jobs::{Job, JobError},
};
use serde::{Deserialize, Serialize};
use voxlink_gateways::mail::{Letter, MailError};
use voxlink_types::{
    ids::{NotificationId, TenantId, UserId},
    notice::NoticeKind,
};

/// Whether a person wants letters about this.
pub(super) async fn wanted(cx: &mut Ctx, user: UserId, kind: NoticeKind) -> Result<bool, Fault> {
    let row = sqlx::query!(
        r#"select (preferences -> 'email' -> $3)::text as wish, marketing_consent_at is not null as "consents!"
         from users where tenant_id = $1 and id = $2"#,
        cx.tenant().uuid(),
        user.uuid(),
        kind.as_str(),
    )
    .fetch_optional(cx.tx())
    .await?;
    let Some(row) = row else { return Ok(false) };
    Ok(row.wish.as_deref() != Some("false") && (kind != NoticeKind::Marketing || row.consents))
}

/// The kinds of notifications that a person also wants by letter.
pub async fn wishes(cx: &mut Ctx, user: UserId) -> Result<Vec<NoticeKind>, Fault> {
    let mut wishes = Vec::new();
    for &kind in NoticeKind::ALL {
        if wanted(cx, user, kind).await? {
            wishes.push(kind);
        }
    }
    Ok(wishes)
}

/// Stores which kinds a person wants by letter. Kinds that are not named keep their wish.
pub async fn wish(cx: &mut Ctx, user: UserId, wishes: &[(NoticeKind, bool)]) -> Result<(), Fault> {
    let wishes: serde_json::Map<_, _> =
        wishes.iter().map(|(kind, wanted)| (kind.to_string(), (*wanted).into())).collect();
    sqlx::query!(
        "update users set preferences = preferences
             || jsonb_build_object('email', coalesce(preferences -> 'email', '{}') || $3::jsonb)
         where tenant_id = $1 and id = $2",
        cx.tenant().uuid(),
        user.uuid(),
        serde_json::Value::Object(wishes),
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}

/// Sends the letter of a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeLetter {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub notification: NotificationId,
}

impl Job for NoticeLetter {
    const TASK: &'static str = "notification.letter";
    const TRIES: i32 = 8;

    fn key(&self) -> Option<String> {
        Some(format!("notification.letter:{}", self.notification))
    }

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        deliver(platform, self).await.map_err(JobError::retry)
    }
}

/// Carries out [`NoticeLetter`]: an error means that it may be tried again. Without a mail server,
/// and where the server refuses for good, the notification says so and the job is done.
pub async fn deliver(platform: &Platform, job: &NoticeLetter) -> Result<(), LetterError> {
    let mut cx = platform.work_for(job.tenant, "worker").await?;
    let row = sqlx::query!(
        r#"select n.title, n.message, n.action_text, n.action_url, u.email, u.full_name
         from notifications n join users u on u.id = n.user_id
         where n.tenant_id = $1 and n.id = $2 and n.metadata ->> 'email' = 'waiting'
           and u.is_active and u.anonymised_at is null"#,
        job.tenant.uuid(),
        job.notification.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?;
    drop(cx);
    let Some(row) = row else { return Ok(()) };
    let mut text = format!("Hello {},\n\n{}\n", row.full_name, row.message);
    if let (Some(words), Some(path)) = (row.action_text, row.action_url) {
        text = format!("{text}\n{words}: {}\n", platform.settings().url(&path));
    }
    text.push_str("\nYou choose which letters you get under “Notifications”.\n");
    let letter = Letter { to: row.email, subject: row.title, text, html: None };
    let outcome = match platform.mailer().send(&letter).await {
        Ok(()) => "sent",
        Err(MailError::NotConfigured) => "not configured",
        Err(MailError::Refused(why)) => {
            tracing::warn!(notification = %job.notification, %why, "a letter was refused");
            "refused"
        }
        Err(error @ MailError::Transient(_)) => return Err(error.into()),
    };
    let mut cx = platform.work_for(job.tenant, "worker").await?;
    sqlx::query!(
        "update notifications set metadata = metadata || jsonb_build_object('email', $3::text)
         where tenant_id = $1 and id = $2",
        job.tenant.uuid(),
        job.notification.uuid(),
        outcome,
    )
    .execute(cx.tx())
    .await?;
    Ok(cx.commit().await?)
}

/// Why a letter must be tried again.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// The mail server's.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// Ours.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for LetterError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}
