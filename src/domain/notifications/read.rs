//! A person's notifications in the app.

use crate::{Ctx, Fault};
use chrono::{DateTime, Utc};
use voxlink_types::{
    Page, PageRequest,
    ids::{NotificationId, UserId},
    notice::NoticeKind,
};

/// A notification as its person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// What it is about.
    pub kind: NoticeKind,
    /// One line.
    pub title: String,
    /// A sentence or two.
    pub message: String,
    /// What to do next: words and our path.
    pub action: Option<(String, String)>,
    /// What became of its letter: `waiting`, `sent`, `not configured`, `refused`; none was wanted
    /// when absent.
    pub letter: Option<String>,
    /// When it was told.
    pub told_at: DateTime<Utc>,
    /// When it was read.
    pub read_at: Option<DateTime<Utc>>,
}

/// A page of a person's notifications, newest first.
pub async fn inbox(
    cx: &mut Ctx,
    user: UserId,
    request: PageRequest,
) -> Result<Page<Notification>, Fault> {
    let total = sqlx::query_scalar!(
        r#"select count(*) as "count!" from notifications where tenant_id = $1 and user_id = $2"#,
        cx.tenant().uuid(),
        user.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    let rows = sqlx::query!(
        r#"select id as "id: NotificationId", kind as "kind: NoticeKind", title, message,
                action_text, action_url, metadata ->> 'email' as letter, created_at, read_at
         from notifications where tenant_id = $1 and user_id = $2
         order by created_at desc, id desc offset $3 limit $4"#,
        cx.tenant().uuid(),
        user.uuid(),
        request.offset(),
        request.limit(),
    )
    .fetch_all(cx.tx())
    .await?;
    let rows = rows
        .into_iter()
        .map(|r| Notification {
            id: r.id,
            kind: r.kind,
            title: r.title,
            message: r.message,
            // Only paths of ours are linked.
            action: r.action_text.zip(r.action_url.filter(|url| is_ours(url))),
            letter: r.letter,
            told_at: r.created_at,
            read_at: r.read_at,
        })
        .collect();
    Ok(Page { rows, request, total })
}

fn is_ours(url: &str) -> bool {
    url.starts_with('/') && !url.starts_with("//")
}

/// How many a person has not read: the number on the bell.
pub async fn unread(cx: &mut Ctx, user: UserId) -> Result<i64, Fault> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from notifications
         where tenant_id = $1 and user_id = $2 and read_at is null"#,
        cx.tenant().uuid(),
        user.uuid(),
    )
    .fetch_one(cx.tx())
    .await?)
}

/// Marks one as read and answers where its action leads; somebody else's is none.
pub async fn mark_read(
    cx: &mut Ctx,
    user: UserId,
    id: NotificationId,
) -> Result<Option<String>, Fault> {
    let now = cx.now();
    let url = sqlx::query_scalar!(
        "update notifications set read_at = coalesce(read_at, $4)
         where tenant_id = $1 and user_id = $2 and id = $3 returning action_url",
        cx.tenant().uuid(),
        user.uuid(),
        id.uuid(),
        now,
    )
    .fetch_optional(cx.tx())
    .await?;
    Ok(url.flatten().filter(|url| is_ours(url)))
}

/// Marks all of a person's as read; answers how many were not.
pub async fn mark_all_read(cx: &mut Ctx, user: UserId) -> Result<u64, Fault> {
    let now = cx.now();
    Ok(sqlx::query!(
        "update notifications set read_at = $3
         where tenant_id = $1 and user_id = $2 and read_at is null",
        cx.tenant().uuid(),
        user.uuid(),
        now,
    )
    .execute(cx.tx())
    .await?
    .rows_affected())
}
