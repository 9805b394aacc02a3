//! Orphans: numbers that a carrier sold us for an item that was refused here. An answer that came
//! too late, a request that arrived after it was taken for lost: the customer's money is free again,
//! and the number would cost us for ever.
//!
//! Each refused item that had been asked for is looked up once more by its purchase's key. What was
//! sold after all is adopted where the order still runs (the saga looks it up itself) or where
//! somebody has the number by now; everything else is given back. Where a carrier has no answer, or
//! another order is still about to have the number, the item is asked after again when all others
//! had their turn.

use super::{GiveBackJob, News, tell};
use crate::{Ctx, Fault, Installation, Platform, audit::Entry};
use chrono::TimeDelta;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;
use voxlink_gateways::{CarrierError, carrier::Bought};
use voxlink_types::{
    E164,
    ids::{OrderId, OrderItemId, TenantId},
};

/// A request that was taken for lost may arrive so much later.
const SETTLED: TimeDelta = TimeDelta::minutes(2);
/// No carrier is asked after so much of a sweep: the sweeps of a slow one would pile up in the
/// worker.
const LONGEST: Duration = Duration::from_secs(SETTLED.num_seconds().unsigned_abs() / 2);
/// Items looked at in one sweep.
const MOST: i64 = 50;

/// Whose a number is that was sold for a refused item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// Nobody's: it is given back.
    Nobodys,
    /// Another order is about to have it, or to be refused too.
    Open,
    /// Somebody has it.
    Somebodys,
}

struct Refused {
    id: OrderItemId,
    order: OrderId,
    tenant: TenantId,
    carrier: String,
    number: E164,
    key: Uuid,
}

/// Looks refused purchases up again and gives back what was sold to us after all; returns how many
/// orphans there were.
pub async fn sweep_orphans(platform: &Platform) -> Result<usize, Fault> {
    let (mut orphans, began) = (0, Instant::now());
    for item in next(platform).await? {
        if began.elapsed() >= LONGEST {
            break;
        }
        let Some(carrier) = platform.carrier(&item.carrier) else { continue };
        // Where all are taken, the purchases come first.
        let Some(place) = platform.places().take(&item.carrier).await else { continue };
        let sold = match carrier.find_purchase(&item.number, item.key).await {
            // It works on it still.
            Ok(Some(Bought::Pending { .. })) => continue,
            Ok(Some(Bought::Done(owned))) => match carrier.get(&owned.id).await {
                Ok(owned) => Some(owned.id),
                Err(CarrierError::Gone { .. }) => None,
                Err(CarrierError::Unsupported { .. }) => Some(owned.id),
                Err(_) => continue,
            },
            Ok(None) | Err(CarrierError::Gone { .. } | CarrierError::Unsupported { .. }) => None,
            Err(error) => {
                tracing::warn!(item = %item.id, %error, "a refused purchase cannot be looked up");
                continue;
            }
        };
        drop(place);
        match settle(platform, &item, sold).await {
            Ok(orphan) => orphans += usize::from(orphan),
            Err(fault) if fault.is_transient() => return Err(fault),
            // The others of this turn would wait behind it every time.
            Err(fault) => tracing::error!(item = %item.id, %fault, "an orphan was not settled"),
        }
    }
    Ok(orphans)
}

/// The items whose turn it is, those first that nobody asked after yet. Their turn is written down
/// before they are asked after; that moves `updated_at` too, so they then rest for [`SETTLED`].
async fn next(platform: &Platform) -> Result<Vec<Refused>, Fault> {
    let configured: Vec<String> =
        platform.carriers().map(|carrier| carrier.key().to_owned()).collect();
    let mut cx = platform.work("sweep").await?;
    let now = cx.now();
    let refused = sqlx::query_as!(
        Refused,
        r#"update order_items set orphan_tried_at = $1
           where id = any(array(
               select id from order_items
               where step = 'released' and attempts > 0 and orphan_checked_at is null
                 and updated_at < $2 and kind = 'phone_number'
                 and failure_code is distinct from 'given_back' and carrier = any($3)
               order by orphan_tried_at nulls first, updated_at limit $4
               for update skip locked))
           returning id as "id: OrderItemId", order_id as "order: OrderId",
               tenant_id as "tenant: TenantId", carrier as "carrier!", e164 as "number!: E164",
               purchase_key as key"#,
        now,
        now - SETTLED,
        &configured,
        MOST,
    )
    .fetch_all(cx.tx())
    .await?;
    cx.commit().await?;
    Ok(refused)
}

/// Writes down that an item was looked up, and has its number given back where it is nobody's.
/// Where that is still open nothing is written down: the item comes again. True when it was an
/// orphan.
async fn settle(platform: &Platform, item: &Refused, sold: Option<String>) -> Result<bool, Fault> {
    let mut cx = platform.work("sweep").await?;
    let first = sqlx::query!(
        "update order_items set orphan_checked_at = $3
         where id = $1 and tenant_id = $2 and orphan_checked_at is null",
        item.id.uuid(),
        item.tenant.uuid(),
        cx.now(),
    )
    .execute(cx.tx())
    .await?
    .rows_affected()
        == 1;
    let orphan = match sold {
        Some(id) if first => match claim(&mut cx, item).await? {
            Claim::Nobodys => Some(id),
            // Without a commit: the item is not ticked off.
            Claim::Open => return Ok(false),
            Claim::Somebodys => None,
        },
        _ => None,
    };
    if let Some(id) = &orphan {
        let job = GiveBackJob {
            carrier: item.carrier.clone(),
            carrier_number_id: id.clone(),
            item: item.id,
        };
        cx.enqueue(&job).await?;
        let message = format!(
            "{} came from the carrier after all, too late for this order: it was given back and not charged",
            item.number
        );
        let detail = json!({ "carrier": item.carrier, "carrier_number_id": id });
        let news = News { item: Some(item.id), kind: "orphan", message: &message, detail };
        tell(&mut cx, item.tenant, item.order, news).await?;
        let entry = Entry {
            action: "number.give_back_orphan",
            resource: "order_item",
            resource_id: Some(item.id.to_string()),
            new: Some(json!({ "number": item.number, "carrier_number_id": id })),
            ..Entry::default()
        };
        cx.audit_of(Some(item.tenant), entry).await?;
    }
    cx.commit().await?;
    Ok(orphan.is_some())
}

/// Whose the number is. An order that is only about to have it may be refused as well, and then
/// nobody would give it back.
async fn claim(cx: &mut Ctx<Installation>, item: &Refused) -> Result<Claim, Fault> {
    let claims = sqlx::query!(
        r#"select exists (
               select 1 from subscriptions s join inventory i on i.id = s.inventory_id
               where i.carrier = $1 and s.e164 = $2 and s.state <> 'released'
               union all
               select 1 from order_items o
               where o.carrier = $1 and o.e164 = $2 and o.id <> $3
                 and o.step = 'bought') as "had!",
           exists (
               select 1 from order_items o
               where o.carrier = $1 and o.e164 = $2 and o.id <> $3
                 and o.step in ('buying', 'unknown', 'secured')) as "open!""#,
        item.carrier,
        item.number.as_str(),
        item.id.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    Ok(match (claims.had, claims.open) {
        (true, _) => Claim::Somebodys,
        (false, true) => Claim::Open,
        (false, false) => Claim::Nobodys,
    })
}
