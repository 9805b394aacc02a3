//! How many letters of invitation go out: they reach people who never asked for anything.
//!
//! A company sends fifty in a day. One address gets one in a minute and five in a day, whoever
//! sends them: a company is opened in a minute. A link that is handed over costs nothing.

use super::AccountError;
use crate::{Fault, Platform};
use chrono::TimeDelta;
use voxlink_types::ids::TenantId;

/// Letters of a company in a day.
const OF_A_COMPANY: i64 = 50;
/// Letters to an address in a day.
const TO_AN_ADDRESS: i64 = 5;

/// Takes a letter from what may be sent, or says why none may. Counted before the invitation is
/// written, so that one that fails counts too.
pub(super) async fn take(
    platform: &Platform,
    tenant: TenantId,
    email: &str,
) -> Result<(), AccountError> {
    let now = platform.clock().now();
    let (minute, day) = (now - TimeDelta::minutes(1), now - TimeDelta::days(1));
    let mut tx = platform.db().platform.begin().await?;
    // One at a time: letters at the same moment cannot slip past the count.
    sqlx::query!("select pg_advisory_xact_lock(hashtext('invitation_letters'))")
        .execute(&mut *tx)
        .await?;
    sqlx::query!("delete from invitation_letters where sent_at <= $1", day)
        .execute(&mut *tx)
        .await?;
    let sent = sqlx::query!(
        r#"select count(*) filter (where tenant_id = $1) as "of_company!",
               count(*) filter (where email = $2) as "to_address!",
               count(*) filter (where email = $2 and sent_at > $3) as "just_now!"
           from invitation_letters where tenant_id = $1 or email = $2"#,
        tenant.uuid(),
        email,
        minute,
    )
    .fetch_one(&mut *tx)
    .await?;
    let refused = if sent.of_company >= OF_A_COMPANY {
        Some(
            "Your company has sent fifty invitations by letter in a day. Wait, or choose the link and hand it over yourself.",
        )
    } else if sent.to_address >= TO_AN_ADDRESS {
        Some(
            "This address has got five letters in a day. Wait until tomorrow, or choose the link and hand it over yourself.",
        )
    } else if sent.just_now > 0 {
        Some(
            "A letter to this address left less than a minute ago. Wait a minute, or choose the link and hand it over yourself.",
        )
    } else {
        None
    };
    if let Some(sentence) = refused {
        return Err(AccountError::field("email", sentence));
    }
    sqlx::query!(
        "insert into invitation_letters (tenant_id, email, sent_at) values ($1, $2, $3)",
        tenant.uuid(),
        email,
        now,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await.map_err(Fault::from)?;
    Ok(())
}
