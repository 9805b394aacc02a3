//! What came of a number, written down: each outcome is one transaction and can be written once.

use super::{
    News,
    decide::GiveBackJob,
    fulfil::{Work, WorkItem, lock_item},
    purchase::{Doubt, Refusal},
    row_id, tell,
};
use crate::{
    Ctx, Fault, Installation, Platform,
    audit::Entry,
    billing::journal::{Account, NewEntry, Posting, post},
    cart::LetGo,
    numbers::{ApplySettings, settings_for},
};
use serde_json::{Value, json};
use uuid::Uuid;
use voxlink_gateways::carrier::OwnedNumber;
use voxlink_types::{
    ids::{InventoryId, NumberId},
    order::ItemStep,
};

/// Begins a write about an item: the lease held, the item locked. `None` when it is not ours to
/// write or has moved on.
async fn begin(
    platform: &Platform,
    work: &Work,
    item: &WorkItem,
    next: ItemStep,
) -> Result<Begun, Fault> {
    let mut cx = platform.work("worker").await?;
    let Some(step) = lock_item(&mut cx, work, item.id).await? else { return Ok(Begun::Lost) };
    Ok(if step.may_become(next) || step == next { Begun::Open(cx, step) } else { Begun::Written })
}

#[expect(clippy::large_enum_variant, reason = "one at a time, and taken apart at once")]
enum Begun {
    Open(Ctx<Installation>, ItemStep),
    /// Somebody wrote an outcome already.
    Written,
    /// The order is somebody else's now.
    Lost,
}

/// Writes a bought number down: inventory, subscription, money, timeline, audit. False when the
/// order is no longer ours.
pub(super) async fn bought(
    platform: &Platform,
    work: &Work,
    item: &WorkItem,
    owned: &OwnedNumber,
) -> Result<bool, Fault> {
    let mut cx = match begin(platform, work, item, ItemStep::Bought).await? {
        Begun::Open(cx, ItemStep::Buying | ItemStep::Unknown | ItemStep::Secured) => cx,
        Begun::Open(..) | Begun::Written => return Ok(true),
        Begun::Lost => return Ok(false),
    };
    let desired = serde_json::to_value(settings_for(
        platform.settings(),
        &item.carrier,
        item.number.as_str(),
    ))
    .map_err(|e| Fault::Internal(e.to_string()))?;
    let number = subscribe(&mut cx, work, item, owned, &desired).await?;
    // A carrier that buys by one request and sets by another leaves a number bare when an answer
    // is lost between the two: it would be in service and not ring.
    let seen = owned.settings.as_ref().and_then(|seen| serde_json::to_value(seen).ok());
    if seen.is_some_and(|seen| seen != desired) {
        cx.enqueue(&ApplySettings { tenant: work.tenant, number }).await?;
    }
    earn(&mut cx, work, item).await?;
    // What is bought by card is charged at the order's end. The carrier's own hold is used up.
    sqlx::query!(
        "with bought as (
             update order_items set step = 'bought', carrier_number_id = $3, subscription_id = $4,
                    failure_code = null, failure_reason = null
             where id = $1 and tenant_id = $2
         ), charged as (
             update orders set charged_minor = charged_minor + $6
             where id = $5 and tenant_id = $2 and $6::bigint > 0
         )
         delete from holds where e164 = $7 and order_id = $5 and tenant_id = $2",
        item.id.uuid(),
        work.tenant.uuid(),
        owned.id,
        number.uuid(),
        work.order.uuid(),
        if work.by_card { 0i64 } else { item.total.minor },
        item.number.as_str(),
    )
    .execute(cx.tx())
    .await?;
    let message = format!("{} is yours and in service", item.number);
    let detail = json!({ "carrier": item.carrier, "carrier_number_id": owned.id, "attempts": item.attempts });
    tell(
        &mut cx,
        work.tenant,
        work.order,
        News { item: Some(item.id), kind: "bought", message: &message, detail },
    )
    .await?;
    cx.audit_of(
        Some(work.tenant),
        Entry {
            action: "number.buy",
            resource: "number",
            resource_id: Some(number.to_string()),
            new: Some(json!({ "number": item.number, "order": work.number, "total": item.total })),
            ..Entry::default()
        },
    )
    .await?;
    cx.commit().await?;
    Ok(true)
}

/// Writes down that a number is ours at the carrier, while the order as a whole is undecided: it is
/// neither in service nor charged yet. False when the order is no longer ours.
pub(super) async fn secured(
    platform: &Platform,
    work: &Work,
    item: &WorkItem,
    owned: &OwnedNumber,
) -> Result<bool, Fault> {
    let mut cx = match begin(platform, work, item, ItemStep::Secured).await? {
        Begun::Open(cx, ItemStep::Buying | ItemStep::Unknown) => cx,
        Begun::Open(..) | Begun::Written => return Ok(true),
        Begun::Lost => return Ok(false),
    };
    let known = serde_json::to_value(owned).map_err(|e| Fault::Internal(e.to_string()))?;
    sqlx::query!(
        "update order_items set step = 'secured', carrier_number_id = $3, owned = $4
         where id = $1 and tenant_id = $2",
        item.id.uuid(),
        work.tenant.uuid(),
        owned.id,
        known,
    )
    .execute(cx.tx())
    .await?;
    let message =
        format!("{} can be had and is kept for you until the others are known", item.number);
    let detail = json!({ "carrier": item.carrier, "carrier_number_id": owned.id });
    tell(
        &mut cx,
        work.tenant,
        work.order,
        News { item: Some(item.id), kind: "secured", message: &message, detail },
    )
    .await?;
    cx.commit().await?;
    Ok(true)
}

/// The number at its carrier, and who pays for it from now on.
async fn subscribe(
    cx: &mut Ctx<Installation>,
    work: &Work,
    item: &WorkItem,
    owned: &OwnedNumber,
    desired: &Value,
) -> Result<NumberId, Fault> {
    let offer = &item.offer;
    let (inventory, number, now) =
        (InventoryId::new(cx.now_millis()), NumberId::new(cx.now_millis()), cx.now());
    let capabilities: Vec<String> =
        offer.capabilities.iter().map(|c| c.as_str().to_owned()).collect();
    let zone = offer.time_zone.as_deref().unwrap_or("UTC");
    let confirmed =
        serde_json::to_value(&owned.settings).map_err(|e| Fault::Internal(e.to_string()))?;
    let (event, actor): (Uuid, String) = (row_id(cx), cx.actor().to_string());
    let written = sqlx::query!(
        "with kept as (
             insert into inventory (id, carrier, e164, country, number_type, capabilities, area_code, locality,
                 region, latitude, longitude, time_zone, carrier_number_id, carrier_account, state)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'sold')
             on conflict (carrier, e164) do update
                 set state = 'sold', aging_until = null, at_carrier = 'active',
                     carrier_number_id = excluded.carrier_number_id,
                     carrier_account = excluded.carrier_account, capabilities = excluded.capabilities
             returning id
         ), subscribed as (
             insert into subscriptions (id, tenant_id, inventory_id, e164, order_item_id, state, time_zone, currency,
                 monthly, setup, inbound_minute, increment_initial, increment_next, price_book_id, desired, confirmed,
                 started_at, created_at)
             select $15, $16, kept.id, $3, $17, 'active', $12, p.currency, p.monthly, p.setup, p.inbound_minute,
                    p.increment_initial, p.increment_next, p.id, $18, $19, $20, $20
             from kept, price_books p where p.id = $21
             returning id
         )
         insert into number_events (id, tenant_id, subscription_id, from_state, to_state, reason, actor, occurred_at)
         select $22, $16, id, null, 'active', $23, $24, $20 from subscribed",
        inventory.uuid(),
        item.carrier,
        item.number.as_str(),
        offer.country,
        offer.number_type.as_str(),
        &capabilities,
        offer.area_code,
        offer.locality,
        offer.region,
        offer.position.map(|p| p.0),
        offer.position.map(|p| p.1),
        zone,
        owned.id,
        owned.account,
        number.uuid(),
        work.tenant.uuid(),
        item.id.uuid(),
        desired,
        if confirmed.is_null() { json!({}) } else { confirmed },
        now,
        item.price.uuid(),
        event,
        format!("Bought with order {}", work.number),
        actor,
    )
    .execute(cx.tx())
    .await?;
    if written.rows_affected() != 1 {
        return Err(Fault::Internal(format!("{} has no price any more", item.number)));
    }
    Ok(number)
}

/// The item's money: what was held (or is owed by card) becomes income and tax.
async fn earn(cx: &mut Ctx<Installation>, work: &Work, item: &WorkItem) -> Result<(), Fault> {
    let from = if work.by_card { Account::Receivable } else { Account::Held };
    let gross = item.monthly.minor + item.setup.minor + item.tax.minor;
    if gross == 0 {
        return Ok(());
    }
    let entry = NewEntry {
        reference: format!("order_item:{}:capture", item.id),
        kind: "order_capture",
        description: format!("{}: set-up and first month", item.number),
        order: Some(work.order),
        postings: vec![
            Posting::debit(from, item.total),
            Posting::debit(Account::Promotions, item.discount),
            Posting::credit(Account::RentalIncome, item.monthly),
            Posting::credit(Account::SetupIncome, item.setup),
            Posting::credit(Account::TaxPayable, item.tax),
        ],
        ..NewEntry::default()
    };
    post(cx, work.tenant, entry).await?;
    Ok(())
}

/// Writes down that a number will not be had; its money is free again. False when the order is no
/// longer ours.
pub(super) async fn refused(
    platform: &Platform,
    work: &Work,
    item: &WorkItem,
    why: &Refusal,
) -> Result<bool, Fault> {
    let mut cx = match begin(platform, work, item, ItemStep::Failed).await? {
        Begun::Open(cx, _) => cx,
        Begun::Written => return Ok(true),
        Begun::Lost => return Ok(false),
    };
    release(&mut cx, work, item, why).await?;
    cx.commit().await?;
    Ok(true)
}

/// Writes down that a number which was secured is not kept: its money is free again, and a job
/// gives it back to the carrier. False when the order is no longer ours.
pub(super) async fn returned(
    platform: &Platform,
    work: &Work,
    item: &WorkItem,
    owned: &OwnedNumber,
) -> Result<bool, Fault> {
    let mut cx = match begin(platform, work, item, ItemStep::Released).await? {
        Begun::Open(cx, ItemStep::Secured) => cx,
        Begun::Open(..) | Begun::Written => return Ok(true),
        Begun::Lost => return Ok(false),
    };
    release(&mut cx, work, item, &Refusal::given_back()).await?;
    let job = GiveBackJob {
        carrier: item.carrier.clone(),
        carrier_number_id: owned.id.clone(),
        item: item.id,
    };
    cx.enqueue(&job).await?;
    cx.commit().await?;
    Ok(true)
}

/// Frees an item's money and hold, in the caller's transaction: failed and released in one.
pub(super) async fn release(
    cx: &mut Ctx<Installation>,
    work: &Work,
    item: &WorkItem,
    why: &Refusal,
) -> Result<(), Fault> {
    sqlx::query!(
        "update order_items set step = 'released', failure_code = coalesce(failure_code, $3),
                failure_reason = coalesce(failure_reason, $4)
         where id = $1 and tenant_id = $2",
        item.id.uuid(),
        work.tenant.uuid(),
        why.code,
        why.sentence,
    )
    .execute(cx.tx())
    .await?;
    sqlx::query!(
        "update orders set released_minor = released_minor + $3 where id = $1 and tenant_id = $2",
        work.order.uuid(),
        work.tenant.uuid(),
        item.total.minor
    )
    .execute(cx.tx())
    .await?;
    if !work.by_card && item.total.minor > 0 {
        let entry = NewEntry {
            reference: format!("order_item:{}:release", item.id),
            kind: "order_release",
            description: format!("{} was not had: back to your balance", item.number),
            order: Some(work.order),
            postings: vec![
                Posting::debit(Account::Held, item.total),
                Posting::credit(Account::Credit, item.total),
            ],
            ..NewEntry::default()
        };
        post(cx, work.tenant, entry).await?;
    }
    drop_hold(cx, work, item, why.code == Refusal::GIVEN_BACK).await?;
    let message = if why.code == Refusal::GIVEN_BACK {
        format!("{}: {}", item.number, why.sentence)
    } else {
        format!("{} could not be had: {}", item.number, why.sentence)
    };
    let detail = json!({ "code": why.code, "carrier": item.carrier, "said": why.detail });
    tell(
        cx,
        work.tenant,
        work.order,
        News { item: Some(item.id), kind: "failed", message: &message, detail },
    )
    .await
}

/// Writes down that it is not known yet. The intent counted a try; a visit that only looked after
/// the number was none. False when the order is no longer ours.
pub(super) async fn unsure(
    platform: &Platform,
    work: &Work,
    item: &WorkItem,
    why: &Doubt,
) -> Result<bool, Fault> {
    let next = if why.unknown { ItemStep::Unknown } else { ItemStep::Buying };
    let mut cx = match begin(platform, work, item, next).await? {
        Begun::Open(cx, _) => cx,
        Begun::Written => return Ok(true),
        Begun::Lost => return Ok(false),
    };
    sqlx::query!(
        "update order_items set step = $3, carrier_order_id = coalesce($4, carrier_order_id),
                attempts = attempts - $5
         where id = $1 and tenant_id = $2",
        item.id.uuid(),
        work.tenant.uuid(),
        next.as_str(),
        why.carrier_order_id,
        i32::from(!why.tried),
    )
    .execute(cx.tx())
    .await?;
    if item.step == ItemStep::Waiting {
        let message = format!("{}: the carrier has not answered yet. We keep asking.", item.number);
        let detail = json!({ "carrier": item.carrier, "said": why.detail });
        tell(
            &mut cx,
            work.tenant,
            work.order,
            News { item: Some(item.id), kind: "waiting", message: &message, detail },
        )
        .await?;
    }
    cx.commit().await?;
    Ok(true)
}

/// The order's hold of a number ends; the carrier's own is used up by a purchase, and else let go.
async fn drop_hold(
    cx: &mut Ctx<Installation>,
    work: &Work,
    item: &WorkItem,
    bought: bool,
) -> Result<(), Fault> {
    let held = sqlx::query_scalar!(
        "delete from holds where e164 = $1 and order_id = $2 and tenant_id = $3 returning carrier_hold_id",
        item.number.as_str(),
        work.order.uuid(),
        work.tenant.uuid()
    )
    .fetch_optional(cx.tx())
    .await?;
    if let (Some(hold), false) = (held.flatten(), bought) {
        cx.enqueue(&LetGo::of(&item.carrier, &item.number, hold)).await?;
    }
    Ok(())
}
