//! Notifications: told in the transaction that causes them, read in the app, and sent by letter to
//! those who want letters.
//!
//! A fact is told once: its `dedupe_key` is unique per person. A letter goes out by a job; where
//! mail is not configured the notification says so in `metadata.email` instead of pretending. A
//! person's wish stands in `users.preferences` as `{"email": {"billing": false}}`; what is not
//! said is on, except marketing, which needs consent.

mod letters;
mod read;

pub use letters::{LetterError, NoticeLetter, deliver, wish, wishes};
pub use read::{Notification, inbox, mark_all_read, mark_read, unread};

use crate::{Ctx, Fault};
use serde_json::json;
use voxlink_types::{
    ids::{NotificationId, UserId},
    notice::NoticeKind,
};

/// What people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// One line.
    pub title: String,
    /// A sentence or two.
    pub message: String,
    /// What to do next: the words and our path.
    pub action: Option<(String, String)>,
    /// Names the fact, such as `order:…:completed`, so that it is told once.
    pub dedupe_key: Option<String>,
}

/// Tells one person of the tenant.
pub async fn notify(cx: &mut Ctx, user: UserId, notice: &Notice) -> Result<(), Fault> {
    let id = NotificationId::new(cx.now_millis());
    let (tenant, now) = (cx.tenant(), cx.now());
    let wants_letter = letters::wanted(cx, user, notice.kind).await?;
    let (channels, metadata) = if wants_letter {
        (vec!["in_app".to_owned(), "email".to_owned()], json!({"email": "waiting"}))
    } else {
        (vec!["in_app".to_owned()], json!({}))
    };
    let (text, url) = notice.action.clone().unzip();
    let told = sqlx::query!(
        "insert into notifications (id, tenant_id, user_id, kind, title, message, channels,
             action_text, action_url, metadata, dedupe_key, delivered_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
         on conflict (dedupe_key) do nothing",
        id.uuid(),
        tenant.uuid(),
        user.uuid(),
        notice.kind.as_str(),
        notice.title,
        notice.message,
        &channels,
        text,
        url,
        metadata,
        notice.dedupe_key.as_ref().map(|key| format!("{key}:{user}")),
        now,
    )
    .execute(cx.tx())
    .await?
    .rows_affected();
    if told == 1 && wants_letter {
        cx.enqueue(&NoticeLetter { tenant, notification: id }).await?;
    }
    Ok(())
}

/// Tells everybody of the tenant who may act: its managers and owners.
pub async fn notify_managers(cx: &mut Ctx, notice: &Notice) -> Result<(), Fault> {
    let people = sqlx::query_scalar!(
        r#"select id as "id: UserId" from users
         where tenant_id = $1 and is_active and anonymised_at is null
           and tenant_role in ('manager', 'owner')
         order by id"#,
        cx.tenant().uuid(),
    )
    .fetch_all(cx.tx())
    .await?;
    for user in people {
        notify(cx, user, notice).await?;
    }
    Ok(())
}
