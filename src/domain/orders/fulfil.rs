//! The saga of an order: who works on it, and in which sequence.
//!
//! One worker at a time has the order's lease; every commit of the saga checks that it still has
//! it and extends it, so a worker that was taken for dead writes nothing any more. While a carrier
//! is slow to answer, the lease is renewed beside the request. A dead worker's order is taken over
//! when the lease lapses; [`super::sweep`] sees to it.

use super::{
    News, decide, purchase,
    purchase::{Outcome, Refusal},
    record, settle, tell,
};
use crate::{
    Ctx, Fault, Installation, Platform,
    carriers::PaperIds,
    jobs::{Job, JobError},
};
use chrono::{DateTime, Duration, Utc};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};
use uuid::Uuid;
use voxlink_gateways::carrier::{Offer, OwnedNumber, Papers};
use voxlink_types::{
    Currency, E164, Money,
    ids::{OrderId, OrderItemId, PriceId, TenantId, UserId},
    number::Requirement,
    order::{ItemStep, OrderState, Strategy},
};

/// How long a silent worker keeps an order.
const LEASE: Duration = Duration::seconds(25);
/// How often it is renewed while a carrier is asked: two renewals may fail. Most purchases are over
/// before the first.
const RENEWAL: std::time::Duration = std::time::Duration::from_secs(8);
/// The longest that an order waits because a carrier asks for it: somebody waits for the numbers.
const PATIENCE: Duration = Duration::minutes(10);

/// Fulfils an order, or goes on where somebody stopped.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FulfilJob {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub order: OrderId,
}

impl Job for FulfilJob {
    const TASK: &'static str = "order_fulfil";
    fn key(&self) -> Option<String> {
        Some(format!("order_fulfil:{}", self.order))
    }

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        Ok(fulfil(platform, self.tenant, self.order).await?)
    }
}

/// The order as its worker needs it.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) tenant: TenantId,
    pub(super) order: OrderId,
    pub(super) number: String,
    pub(super) user: UserId,
    /// Paid by card: money is taken at the end, of what was had.
    pub(super) by_card: bool,
    pub(super) currency: Currency,
    pub(super) attempts: i32,
    /// When the first worker took it.
    begun: DateTime<Utc>,
    /// What to do when not all can be had.
    pub(super) strategy: Strategy,
    /// A row of a sheet placed it: the sheet tells of its end, not each order.
    pub(super) by_sheet: bool,
    /// Who has the lease.
    pub(super) owner: String,
}

/// A number of the order as its worker needs it.
#[derive(Debug, Clone)]
pub(super) struct WorkItem {
    pub(super) id: OrderItemId,
    pub(super) step: ItemStep,
    pub(super) carrier: String,
    pub(super) number: E164,
    pub(super) offer: Offer,
    pub(super) price: PriceId,
    pub(super) monthly: Money,
    pub(super) setup: Money,
    pub(super) discount: Money,
    pub(super) tax: Money,
    pub(super) total: Money,
    pub(super) key: Uuid,
    /// Tries to buy it, this visit's included as long as it is not known to be none.
    pub(super) attempts: i32,
    pub(super) hold_id: Option<String>,
    /// The number at its carrier, once it is secured.
    pub(super) owned: Option<OwnedNumber>,
    /// What must be shown before it may be used.
    pub(super) needs: Requirement,
    /// The papers on file for its kind at its carrier.
    pub(super) papers: Option<Papers>,
}

/// How many items may fail, and how many have; shared by those who walk them.
struct Tally {
    /// Numbers that the order wants at least.
    needed: usize,
    may_fail: usize,
    failed: AtomicUsize,
}

/// What is left to do when a visit ends.
#[derive(Debug, Default)]
struct Rest {
    /// A number is under way.
    waiting: bool,
    /// A carrier has no place for a purchase, so some were not asked for.
    crowded: bool,
    /// The carrier's own word on when to come back.
    not_before: Option<DateTime<Utc>>,
}

/// Works on an order until it is finished, must wait, or belongs to somebody else. May be called
/// by anybody at any time. A carrier's numbers are bought one after the other; carriers do not wait
/// for each other. Every write locks the order first, so no two of them meet.
pub async fn fulfil(platform: &Platform, tenant: TenantId, order: OrderId) -> Result<(), Fault> {
    let Some((work, items)) = take(platform, tenant, order).await? else { return Ok(()) };
    let needed = work.strategy.needed(items.len());
    let failed =
        items.iter().filter(|i| matches!(i.step, ItemStep::Failed | ItemStep::Released)).count();
    let tally = Tally { needed, may_fail: items.len() - needed, failed: AtomicUsize::new(failed) };
    let mut carriers: BTreeMap<String, Vec<WorkItem>> = BTreeMap::new();
    for item in items {
        carriers.entry(item.carrier.clone()).or_default().push(item);
    }
    let mut walks = Vec::with_capacity(carriers.len());
    for items in carriers.into_values() {
        walks.push(walk(platform, &work, &tally, items));
    }
    let mut rest = Rest::default();
    // All come to their ends before any is looked at: none is torn from a purchase.
    for walked in join_all(walks).await {
        let Some(left) = walked? else { return Ok(()) };
        rest.waiting |= left.waiting;
        rest.crowded |= left.crowded;
        rest.not_before = rest.not_before.max(left.not_before);
    }
    if !rest.waiting && !rest.crowded {
        if needed > 0 && !decide::decide(platform, &work).await? {
            return Ok(());
        }
        if settle::settle(platform, &work).await? {
            return Ok(());
        }
    }
    come_back(platform, &work, &rest).await
}

/// One carrier's items, one after the other. None when the order is no longer ours.
async fn walk(
    platform: &Platform,
    work: &Work,
    tally: &Tally,
    items: Vec<WorkItem>,
) -> Result<Option<Rest>, Fault> {
    let mut rest = Rest::default();
    for item in items {
        if item.step.is_final() || matches!(item.step, ItemStep::Bought | ItemStep::Secured) {
            continue;
        }
        // Too few are left: the rest need not be tried. What is being bought is followed to its
        // end, because it may be ours already.
        if item.step == ItemStep::Waiting && tally.failed.load(Ordering::Relaxed) > tally.may_fail {
            if !record::refused(platform, work, &item, &Refusal::pointless()).await? {
                return Ok(None);
            }
            continue;
        }
        if item.step == ItemStep::Failed {
            let why = Refusal::again();
            if !record::refused(platform, work, &item, &why).await? {
                return Ok(None);
            }
            continue;
        }
        // Before the intent: who finds no place has not tried.
        let Some(place) = platform.places().take(&item.carrier).await else {
            rest.crowded = true;
            break;
        };
        let Some(item) = intend(platform, work, item).await? else { return Ok(None) };
        let Some(outcome) = ask(platform, work, &item).await else { return Ok(None) };
        drop(place);
        let kept = match outcome.after(platform.clock().now() - work.begun) {
            Outcome::Bought(owned) if tally.needed > 0 => {
                record::secured(platform, work, &item, &owned).await?
            }
            Outcome::Bought(owned) => record::bought(platform, work, &item, &owned).await?,
            Outcome::Refused(why) => {
                tally.failed.fetch_add(1, Ordering::Relaxed);
                record::refused(platform, work, &item, &why).await?
            }
            Outcome::Later(why) => {
                rest.waiting = true;
                rest.not_before = rest.not_before.max(why.until);
                record::unsure(platform, work, &item, &why).await?
            }
        };
        if !kept {
            return Ok(None);
        }
    }
    Ok(Some(rest))
}

/// Takes the lease of an order that is ready and free.
async fn take(
    platform: &Platform,
    tenant: TenantId,
    order: OrderId,
) -> Result<Option<(Work, Vec<WorkItem>)>, Fault> {
    let mut cx = platform.work("worker").await?;
    let (now, owner) = (cx.now(), OrderItemId::new(cx.now_millis()).to_string());
    let row = sqlx::query!(
        r#"with free as (
               select o.id, o.state from orders o
               where o.id = $1 and o.tenant_id = $2 and o.state in ('pending', 'processing')
                 and (o.lease_until is null or o.lease_until <= $3)
                 and (o.payment_kind = 'credit' or o.state = 'processing' or exists (
                     select 1 from payments p
                     where p.order_id = o.id and p.state in ('authorised', 'succeeded')))
               for update of o
           )
           update orders o set state = 'processing', processing_at = coalesce(processing_at, $3),
                  lease_until = $4, lease_owner = $5, attempts = attempts + 1, next_attempt_at = null
           from free where o.id = free.id
           returning o.order_number, o.source, o.strategy, o.strategy_minimum, o.user_id as "user: UserId", o.payment_kind, o.attempts,
                     o.processing_at as "begun!",
                     o.currency as "currency: Currency", free.state as "before: OrderState""#,
        order.uuid(),
        tenant.uuid(),
        now,
        now + LEASE,
        owner,
    )
    .fetch_optional(cx.tx())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let strategy = super::strategy_of(&row.strategy, row.strategy_minimum)?;
    if row.before == OrderState::Pending {
        let message = "We are getting your numbers from the carrier";
        tell(
            &mut cx,
            tenant,
            order,
            News { item: None, kind: "processing", message, detail: Value::Null },
        )
        .await?;
    }
    let work = Work {
        tenant,
        order,
        number: row.order_number,
        user: row.user,
        by_card: row.payment_kind == "card",
        currency: row.currency,
        attempts: row.attempts,
        begun: row.begun,
        strategy,
        by_sheet: row.source == "bulk",
        owner,
    };
    let items = items(&mut cx, &work).await?;
    cx.commit().await?;
    Ok(Some((work, items)))
}

/// The order's items as they are now, in the order's own sequence.
pub(super) async fn items(cx: &mut Ctx<Installation>, work: &Work) -> Result<Vec<WorkItem>, Fault> {
    let rows = sqlx::query!(
        r#"select i.id as "id: OrderItemId", i.step as "step: ItemStep", i.carrier as "carrier!",
                  i.e164 as "number!: E164", i.offer as "offer: sqlx::types::Json<Offer>",
                  i.price_book_id as "price!: PriceId", i.monthly_minor, i.setup_minor, i.discount_minor,
                  i.tax_minor, i.total_minor, i.purchase_key, i.attempts, h.carrier_hold_id as "hold_id?",
                  i.owned as "owned: sqlx::types::Json<OwnedNumber>",
                  p.requirement as "requirement!: Requirement", f.address as "address?", f.bundle as "bundle?",
                  f.identity as "identity?", f.emergency_address as "emergency_address?"
           from order_items i left join holds h on h.e164 = i.e164 and h.order_id = i.order_id
           left join price_books p on p.id = i.price_book_id
           left join carrier_papers f on f.carrier = i.carrier and f.country = p.country
             and f.number_type = p.number_type
           where i.order_id = $1 and i.tenant_id = $2 order by i.position"#,
        work.order.uuid(),
        work.tenant.uuid(),
    )
    .fetch_all(cx.tx())
    .await?;
    let money = |minor| Money::new(minor, work.currency);
    Ok(rows
        .into_iter()
        .map(|r| WorkItem {
            needs: r.offer.requirement.or(r.requirement),
            papers: Some(Papers::from(PaperIds {
                address: r.address,
                bundle: r.bundle,
                identity: r.identity,
                emergency_address: r.emergency_address,
            }))
            .filter(|papers| *papers != Papers::default()),
            id: r.id,
            step: r.step,
            carrier: r.carrier,
            number: r.number,
            offer: r.offer.0,
            price: r.price,
            monthly: money(r.monthly_minor),
            setup: money(r.setup_minor),
            discount: money(r.discount_minor),
            tax: money(r.tax_minor),
            total: money(r.total_minor),
            key: r.purchase_key,
            attempts: r.attempts,
            hold_id: r.hold_id,
            owned: r.owned.map(|o| o.0),
        })
        .collect())
}

/// Checks in a transaction that the order is still ours, keeps it for longer, and locks one of its
/// items, whose step it gives. None: somebody else took the order over, and nothing may be written.
pub(super) async fn lock_item<Scope>(
    cx: &mut Ctx<Scope>,
    work: &Work,
    item: OrderItemId,
) -> Result<Option<ItemStep>, Fault> {
    let until = cx.now() + LEASE;
    let step = sqlx::query_scalar!(
        r#"with ours as (
               update orders set lease_until = $5
               where id = $3 and tenant_id = $2 and lease_owner = $4 and state = 'processing'
               returning id
           )
           select i.step as "step: ItemStep" from ours join order_items i on i.order_id = ours.id
           where i.id = $1 and i.tenant_id = $2 for update of i"#,
        item.uuid(),
        work.tenant.uuid(),
        work.order.uuid(),
        work.owner,
        until
    )
    .fetch_optional(cx.tx())
    .await?;
    Ok(step)
}

/// Stores that a number is about to be bought, before anybody is asked. An item that was being
/// bought when its worker died stays as it is: it is looked up first.
async fn intend(
    platform: &Platform,
    work: &Work,
    mut item: WorkItem,
) -> Result<Option<WorkItem>, Fault> {
    let until = platform.clock().now() + LEASE;
    // One statement is a transaction by itself, and the shortest.
    let attempts = sqlx::query_scalar!(
        "with ours as (
             update orders set lease_until = $5
             where id = $3 and tenant_id = $2 and lease_owner = $4 and state = 'processing'
             returning id
         )
         update order_items i
         set step = case i.step when 'waiting' then 'buying' else i.step end, attempts = i.attempts + 1
         from ours where i.id = $1 and i.tenant_id = $2 and i.order_id = ours.id
         returning i.attempts",
        item.id.uuid(),
        work.tenant.uuid(),
        work.order.uuid(),
        work.owner,
        until
    )
    .fetch_optional(&platform.db().platform)
    .await?;
    Ok(attempts.map(|attempts| {
        item.attempts = attempts;
        item
    }))
}

/// Asks the carrier, and keeps the order meanwhile, because that may take longer than the lease.
/// None when somebody else has the order all the same: they find what comes of it by its key.
async fn ask(platform: &Platform, work: &Work, item: &WorkItem) -> Option<Outcome> {
    tokio::select! {
        outcome = purchase::purchase(platform, item) => Some(outcome),
        () = keep(platform, work) => None,
    }
}

/// Renews the lease now and again; ends when it is lost.
async fn keep(platform: &Platform, work: &Work) {
    loop {
        tokio::time::sleep(RENEWAL).await;
        match renew(platform, work).await {
            Ok(true) => {}
            Ok(false) => return,
            // The next write finds out whose the order is.
            Err(error) => tracing::warn!(order = %work.order, %error, "a lease is not renewed"),
        }
    }
}

async fn renew(platform: &Platform, work: &Work) -> Result<bool, Fault> {
    let until = platform.clock().now() + LEASE;
    let kept = sqlx::query!(
        "update orders set lease_until = $3
         where id = $1 and tenant_id = $4 and lease_owner = $2 and state = 'processing'",
        work.order.uuid(),
        work.owner,
        until,
        work.tenant.uuid(),
    )
    .execute(&platform.db().platform)
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// Gives the lease back and enqueues the next visit, not before the carrier's own word. Who found
/// no place, and nothing else to wait for, comes back in a second or two, and that was no visit.
async fn come_back(platform: &Platform, work: &Work, rest: &Rest) -> Result<(), Fault> {
    let mut cx = platform.work("worker").await?;
    let (due, visits) = if rest.crowded && !rest.waiting {
        let pause = Duration::milliseconds(rand::random_range(1_000..=2_000));
        (cx.now() + pause, work.attempts - 1)
    } else {
        (due(cx.now(), work.attempts, rest.not_before), work.attempts)
    };
    let ours = sqlx::query!(
        "update orders set lease_until = null, lease_owner = null, next_attempt_at = $3, attempts = $5
         where id = $1 and tenant_id = $4 and lease_owner = $2 and state = 'processing'",
        work.order.uuid(),
        work.owner,
        due,
        work.tenant.uuid(),
        visits,
    )
    .execute(cx.tx())
    .await?;
    if ours.rows_affected() == 1 {
        cx.enqueue_at(&FulfilJob { tenant: work.tenant, order: work.order }, Some(due)).await?;
    }
    cx.commit().await
}

/// The next try: after 1, 2, 4, 8, 15, 15, … seconds, after some minutes of that once a minute, after
/// most of an hour every five, less up to half by chance, so that orders that failed together do not
/// come back together; later where a carrier asked for that, at once where it tells news.
fn due(now: DateTime<Utc>, attempts: i32, not_before: Option<DateTime<Utc>>) -> DateTime<Utc> {
    let most = match attempts {
        ..=40 => (1_000i64 << (attempts - 1).clamp(0, 4)).min(15_000),
        41..=90 => 60_000,
        _ => 300_000,
    };
    let usual = now + Duration::milliseconds(rand::random_range(most / 2..=most));
    not_before.map_or(usual, |asked| asked.clamp(usual, now + PATIENCE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_are_scattered_and_heed_the_carrier() {
        let now = DateTime::UNIX_EPOCH;
        for (attempts, most) in
            [(0, 1), (1, 1), (2, 2), (3, 4), (4, 8), (5, 15), (40, 15), (41, 60), (91, 300)]
        {
            let most = Duration::seconds(most);
            let all: Vec<_> = (0..200).map(|_| due(now, attempts, None) - now).collect();
            assert!(all.iter().all(|pause| *pause >= most / 2 && *pause <= most), "{attempts}");
            assert!(all.iter().any(|pause| *pause != all[0]), "{attempts}: all alike");
        }
        let asked = now + Duration::seconds(90);
        assert_eq!(due(now, 3, Some(asked)), asked);
        assert!(due(now, 3, Some(now)) > now, "what is past asks for nothing");
        assert_eq!(due(now, 3, Some(now + Duration::days(1))), now + PATIENCE);
    }
}
