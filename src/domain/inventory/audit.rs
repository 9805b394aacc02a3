//! One audit: our records, the carrier's list, the comparison, a second look at whatever may have
//! moved while the list was read, and the differences kept.

use super::{
    Callbacks, Comparison, Difference, DriftKind, InventoryError, Recorded, Standing,
    adopt::account, owned_pages, prices, store,
};
use crate::{
    Ctx, Installation, Platform,
    jobs::{Job, JobError},
    numbers::{settings_for, sweep_settings},
};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, pin::pin, sync::Arc};
use uuid::Uuid;
use voxlink_gateways::{Carrier, CarrierError};
use voxlink_types::{
    E164,
    ids::{InventoryAuditId, NumberId, TenantId},
};

/// So many numbers that the list did not have are asked for one by one. Beyond that the list is
/// believed: another account's credentials would make every number missing.
const ASKED_AGAIN: usize = 1000;

/// What is to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditWish {
    /// The carrier's key.
    pub carrier: String,
    /// Only this tenant's numbers; what is missing here is not told then, because it is nobody's.
    pub tenant: Option<TenantId>,
    /// Who asked: `cli`, `worker`.
    pub by: &'static str,
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Which audit.
    pub audit: InventoryAuditId,
    /// The carrier's key.
    pub carrier: String,
    /// Numbers of ours that were compared.
    pub here: usize,
    /// Numbers that the carrier listed.
    pub there: usize,
    /// Whether prices could be compared.
    pub priced: bool,
    /// The differences, by what they are about.
    pub differences: Vec<Difference>,
    /// When it began.
    pub started_at: DateTime<Utc>,
}

/// Compares a carrier's list with ours and keeps the differences. It changes nothing else, here or
/// there. That the whole list could not be had is kept, too, until it can.
pub async fn audit(platform: &Platform, wish: &AuditWish) -> Result<Report, InventoryError> {
    let done = compared(platform, wish).await;
    let reason = match &done {
        // A carrier that has no list fails at nothing.
        Err(InventoryError::Carrier(CarrierError::Unsupported { .. })) => None,
        Err(InventoryError::Carrier(error)) => Some(error.to_string()),
        Err(error @ InventoryError::EndlessList) => Some(error.to_string()),
        _ => None,
    };
    if let (Some(reason), None) = (reason, wish.tenant) {
        let mut cx = platform.work(wish.by).await?;
        store::keep_failure(&mut cx, &wish.carrier, &reason).await?;
        cx.commit().await?;
    }
    done
}

async fn compared(platform: &Platform, wish: &AuditWish) -> Result<Report, InventoryError> {
    let carrier = platform
        .carrier(&wish.carrier)
        .ok_or_else(|| InventoryError::NoCarrier(wish.carrier.clone()))?;
    let mut cx = platform.work(wish.by).await?;
    if let Some(tenant) = wish.tenant {
        // Nobody's numbers agree with any list.
        account(&mut cx, tenant).await?;
    }
    let started_at = cx.now();
    let recorded = recorded(&mut cx, platform, wish).await?;
    let booked = prices::booked(&mut cx, &wish.carrier, wish.tenant).await?;
    drop(cx);

    let here = recorded.len();
    let mut comparison = Comparison::of(recorded, wish.tenant.is_none());
    let mut pages = pin!(owned_pages(Arc::clone(&carrier)));
    while let Some(page) = pages.try_next().await? {
        comparison.page(&page);
    }
    let there = comparison.listed();
    ask_again(carrier.as_ref(), &mut comparison).await?;
    let told = match carrier.prices().await {
        Ok(told) => Some(told),
        // Who tells no prices has them entered by hand.
        Err(CarrierError::Unsupported { .. }) => None,
        // Numbers can be compared all the same.
        Err(error) => {
            tracing::warn!(carrier = wish.carrier, %error, "prices are not compared");
            None
        }
    };
    let mut differences = comparison.finish();
    if let Some(told) = &told {
        differences.extend(prices::differ(&booked, told));
    }

    let mut cx = platform.work(wish.by).await?;
    let differences = still_so(&mut cx, &wish.carrier, differences).await?;
    let audit = InventoryAuditId::new(cx.now_millis());
    let report = Report {
        audit,
        carrier: wish.carrier.clone(),
        here,
        there,
        priced: told.is_some(),
        differences,
        started_at,
    };
    store::keep(&mut cx, wish, &report).await?;
    cx.commit().await?;
    Ok(report)
}

/// Asks the carrier for each number that its list did not have.
async fn ask_again(
    carrier: &dyn Carrier,
    comparison: &mut Comparison,
) -> Result<(), InventoryError> {
    let unseen = comparison.unseen();
    if unseen.len() > ASKED_AGAIN {
        return Ok(());
    }
    for recorded in unseen {
        match carrier.get(&recorded.carrier_number_id).await {
            // Another number under that id is not this one.
            Ok(owned) if owned.number == recorded.number => comparison.page(&[owned]),
            Ok(_) | Err(CarrierError::Gone { .. } | CarrierError::Unsupported { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The numbers that should be at the carrier. What is on its way is compared once it has arrived.
async fn recorded(
    cx: &mut Ctx<Installation>,
    platform: &Platform,
    wish: &AuditWish,
) -> Result<Vec<Recorded>, InventoryError> {
    let rows = sqlx::query!(
        r#"select s.e164 as "number: E164", s.tenant_id as "holder: TenantId",
                s.id as "subscription: NumberId", s.confirmed,
                i.carrier_number_id as "carrier_number_id!", i.at_carrier as "standing: Standing"
         from subscriptions s join inventory i on i.id = s.inventory_id
         where i.carrier = $1 and ($2::uuid is null or s.tenant_id = $2)
           and s.state in ('active', 'suspended', 'error') and i.carrier_number_id is not null"#,
        wish.carrier,
        wish.tenant.map(TenantId::uuid),
    )
    .fetch_all(cx.tx())
    .await?;
    // The label is not compared, so one set of addresses serves all.
    let ours = settings_for(platform.settings(), &wish.carrier, "");
    Ok(rows
        .into_iter()
        .map(|r| Recorded {
            number: r.number,
            holder: r.holder,
            subscription: r.subscription,
            carrier_number_id: r.carrier_number_id,
            standing: r.standing,
            callbacks: Callbacks::wanted(&ours, &r.confirmed),
        })
        .collect())
}

/// The differences that are none of our own doing: while the list was read a number may have been
/// bought, released or given back, and the list was older or newer than our records.
async fn still_so(
    cx: &mut Ctx<Installation>,
    carrier: &str,
    differences: Vec<Difference>,
) -> Result<Vec<Difference>, InventoryError> {
    let ids: Vec<Uuid> =
        differences.iter().filter_map(|d| d.subscription.map(NumberId::uuid)).collect();
    let live: HashSet<NumberId> = sqlx::query_scalar!(
        r#"select id as "id: NumberId" from subscriptions
           where id = any($1) and state in ('active', 'suspended', 'error')"#,
        &ids
    )
    .fetch_all(cx.tx())
    .await?
    .into_iter()
    .collect();
    let strangers: Vec<String> = differences
        .iter()
        .filter(|d| d.kind == DriftKind::MissingHere)
        .map(|d| d.subject.to_string())
        .collect();
    // Had by now, being bought, or on its way back: an order's own saga sees to those.
    let moving: HashSet<String> = sqlx::query_scalar!(
        r#"select s.e164 as "e164!" from subscriptions s join inventory i on i.id = s.inventory_id
           where i.carrier = $1 and s.e164 = any($2) and s.state <> 'released'
           union
           select o.e164 from order_items o
           where o.carrier = $1 and o.e164 = any($2)
             and (o.step in ('buying', 'unknown', 'secured', 'bought')
                  or (o.step = 'released' and o.attempts > 0 and (o.updated_at > $3
                      or (o.orphan_checked_at is null
                          and o.failure_code is distinct from 'given_back'))))"#,
        carrier,
        &strangers,
        cx.now() - chrono::TimeDelta::hours(1),
    )
    .fetch_all(cx.tx())
    .await?
    .into_iter()
    .collect();
    Ok(differences
        .into_iter()
        .filter(|d| match (d.kind, d.subscription) {
            (DriftKind::MissingHere, _) => !moving.contains(&d.subject.to_string()),
            (_, Some(id)) => live.contains(&id),
            (_, None) => true,
        })
        .collect())
}

/// Every night: an audit of each carrier that is configured.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct AuditCarriers {}

impl Job for AuditCarriers {
    const TASK: &'static str = "inventory.audit_carriers";

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        // Comparing with the wishes comes first: what was never confirmed is told again.
        sweep_settings(platform).await?;
        let mut cx = platform.work("worker").await?;
        for carrier in platform.carriers() {
            cx.enqueue(&AuditCarrier { carrier: carrier.key().to_owned(), tenant: None }).await?;
        }
        Ok(cx.commit().await?)
    }
}

/// One carrier's audit, by the clock or because an administrator asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditCarrier {
    /// The carrier's key.
    pub carrier: String,
    /// Only this tenant's numbers.
    pub tenant: Option<TenantId>,
}

impl Job for AuditCarrier {
    const TASK: &'static str = "inventory.audit_carrier";
    /// Over some ten hours: a carrier that is left alone for a while is asked once that has passed.
    /// The next night asks again.
    const TRIES: i32 = 10;

    fn key(&self) -> Option<String> {
        let tenant = self.tenant.map(|t| t.to_string()).unwrap_or_default();
        Some(format!("inventory.audit_carrier:{}:{tenant}", self.carrier))
    }

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        let wish = AuditWish { carrier: self.carrier.clone(), tenant: self.tenant, by: "worker" };
        match audit(platform, &wish).await {
            // A carrier that has no list has nothing to be compared with, today or tomorrow.
            Err(InventoryError::Carrier(CarrierError::Unsupported { detail })) => {
                tracing::info!(carrier = self.carrier, detail, "not audited");
                Ok(())
            }
            done => Ok(done.map(drop)?),
        }
    }
}
