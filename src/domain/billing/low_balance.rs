//! The warning that a balance is low: told once when it falls below what its owner chose, and again
//! only after it has been above.

use super::journal::available_credit;
use crate::{
    Ctx, Fault, Platform,
    audit::Entry,
    jobs::{Job, JobError},
    notifications::{Notice, notify_managers},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use voxlink_types::{Currency, Money, ids::TenantId, notice::NoticeKind};

/// Below which balance the tenant wants to be warned; none for never.
pub async fn threshold(cx: &mut Ctx) -> Result<Option<Money>, Fault> {
    let row = sqlx::query!(
        r#"select low_balance_minor, currency as "currency: Currency"
           from billing_accounts where tenant_id = $1"#,
        cx.tenant().uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    Ok(row.low_balance_minor.map(|minor| Money::new(minor, row.currency)))
}

/// Sets it. The next check starts afresh.
pub async fn set_threshold(cx: &mut Ctx, wished: Option<Money>) -> Result<(), Fault> {
    let wished = wished.filter(|m| m.minor > 0);
    let before = threshold(cx).await?;
    if before == wished {
        return Ok(());
    }
    sqlx::query!(
        "update billing_accounts set low_balance_minor = $2, low_balance_told_at = null where tenant_id = $1",
        cx.tenant().uuid(),
        wished.map(|m| m.minor),
    )
    .execute(cx.tx())
    .await?;
    cx.audit(Entry {
        action: "billing.low_balance",
        resource: "billing_account",
        resource_id: Some(cx.tenant().to_string()),
        old: Some(json!({ "below": before })),
        new: Some(json!({ "below": wished })),
        ..Entry::default()
    })
    .await
}

/// Looks at all balances that have a limit.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct WarnOfLowBalance {}

impl Job for WarnOfLowBalance {
    const TASK: &'static str = "billing.low_balance";

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        warn(platform).await?;
        Ok(())
    }
}

/// Warns where a balance has fallen below its limit since it was last above. Returns how many were
/// warned. An account that fails is logged and keeps no other from its warning.
pub async fn warn(platform: &Platform) -> Result<usize, Fault> {
    let mut cx = platform.work("billing").await?;
    let crossed = sqlx::query_scalar!(
        r#"select a.tenant_id as "tenant: TenantId"
           from billing_accounts a
           cross join lateral (
               select coalesce(-sum(p.amount_minor), 0) as credit from journal_postings p
               where p.tenant_id = a.tenant_id and p.account = 'credit' and p.currency = a.currency) b
           where a.low_balance_minor is not null
             and (b.credit < a.low_balance_minor) <> (a.low_balance_told_at is not null)"#
    )
    .fetch_all(cx.tx())
    .await?;
    cx.commit().await?;
    let mut warned = 0;
    for tenant in crossed {
        let looked = async {
            let mut cx = platform.work_for(tenant, "billing").await?;
            let low = look(&mut cx).await?;
            cx.commit().await?;
            Ok::<_, Fault>(low)
        };
        match looked.await {
            Ok(low) => warned += usize::from(low),
            Err(error) => tracing::error!(%tenant, %error, "a low balance was not looked at"),
        }
    }
    Ok(warned)
}

/// One account, under its lock; true when it was warned.
async fn look(cx: &mut Ctx) -> Result<bool, Fault> {
    let (tenant, now) = (cx.tenant(), cx.now());
    let row = sqlx::query!(
        r#"select low_balance_minor, low_balance_told_at, currency as "currency: Currency"
           from billing_accounts where tenant_id = $1 for update"#,
        tenant.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    let Some(least) = row.low_balance_minor.map(|m| Money::new(m, row.currency)) else {
        return Ok(false);
    };
    let credit = available_credit(cx, tenant, row.currency).await?;
    let low = credit.minor < least.minor;
    if low == row.low_balance_told_at.is_some() {
        return Ok(false);
    }
    sqlx::query!(
        "update billing_accounts set low_balance_told_at = $2 where tenant_id = $1",
        tenant.uuid(),
        low.then_some(now),
    )
    .execute(cx.tx())
    .await?;
    if low {
        let notice = Notice {
            kind: NoticeKind::Billing,
            title: "Your balance is low".to_owned(),
            message: format!("It is {credit}, below the {least} that you asked to be warned at."),
            action: Some(("Top up".to_owned(), "/billing/top-up".to_owned())),
            dedupe_key: Some(format!("low_balance:{tenant}:{}", now.timestamp())),
        };
        notify_managers(cx, &notice).await?;
    }
    Ok(low)
}
