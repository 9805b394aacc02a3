//! Dunning: what an order still owes because its card was refused after the numbers were had.
//!
//! The sum is said on the order and under Billing, and can be paid there by another card or from
//! the balance. Every hour the job looks at what is due again: 1, 3, 7, 14, 21 and 28 days after
//! the refusal, then weekly, it takes the sum from the balance where that covers it, and reminds
//! otherwise. From [`GRACE`] on the account places no new orders. Its numbers stay in service:
//! callers are not punished for a card. Whether an account is suspended is for a person to decide.

use super::{News, fulfil::Work, list, tell};
use crate::{
    Ctx, Fault, Platform,
    audit::Entry,
    billing::{
        journal::{Account, NewEntry, Posting, available_credit, post},
        payments::{self, PaymentsError},
    },
    jobs::{Job, JobError},
    notifications::{Notice, notify_managers},
};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use voxlink_gateways::PaymentError;
use voxlink_types::{
    Currency, Money,
    error::{Explain, Status},
    ids::{OrderId, PaymentId, TenantId},
    notice::NoticeKind,
    order::PaymentState,
};

/// How long an account may owe before it places no new orders.
pub const GRACE: Duration = Duration::days(7);

/// A sum that an order still owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The order.
    pub order: OrderId,
    /// Its number for people.
    pub number: String,
    /// How much.
    pub amount: Money,
    /// Since when.
    pub opened_at: DateTime<Utc>,
    /// When it is collected or reminded of again.
    pub next_attempt_at: DateTime<Utc>,
}

impl Due {
    /// From when on no new order is placed.
    pub fn stops_orders_at(&self) -> DateTime<Utc> {
        self.opened_at + GRACE
    }
}

/// Why a sum that is due was not paid from the balance.
#[derive(Debug, thiserror::Error)]
pub enum DueError {
    /// No such order in this tenant.
    #[error("There is no such order.")]
    Absent,
    /// Nothing is due.
    #[error("Nothing is due for this order any more.")]
    Nothing,
    /// A card is paying it.
    #[error("A card payment for this order is under way. Look again in a minute.")]
    UnderWay,
    /// Too little money.
    #[error(
        "Your balance is {have}, and {need} is due. Top up at least {missing}, or pay by card."
    )]
    NotEnough {
        /// The balance.
        have: Money,
        /// What is due.
        need: Money,
        /// The difference.
        missing: Money,
    },
    /// The database did not do it.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for DueError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl Explain for DueError {
    fn code(&self) -> &'static str {
        match self {
            Self::Absent => "order_unknown",
            Self::Nothing => "nothing_due",
            Self::UnderWay => "payment_under_way",
            Self::NotEnough { .. } => "not_enough_credit",
            Self::Fault(fault) => fault.code(),
        }
    }
    fn status(&self) -> Status {
        match self {
            Self::Absent => Status::NotFound,
            Self::Nothing | Self::UnderWay => Status::Conflict,
            Self::NotEnough { .. } => Status::PaymentRequired,
            Self::Fault(fault) => fault.status(),
        }
    }
}

/// What the tenant owes for orders, the oldest first.
pub async fn dues(cx: &mut Ctx) -> Result<Vec<Due>, Fault> {
    let tenant = cx.tenant();
    let rows = sqlx::query!(
        r#"select d.order_id as "order: OrderId", o.order_number, d.amount_minor,
                  d.currency as "currency: Currency", d.opened_at, d.next_attempt_at
           from order_dues d join orders o on o.id = d.order_id
           where d.tenant_id = $1 and d.paid_at is null order by d.opened_at, d.order_id"#,
        tenant.uuid()
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Due {
            order: r.order,
            number: r.order_number,
            amount: Money::new(r.amount_minor, r.currency),
            opened_at: r.opened_at,
            next_attempt_at: r.next_attempt_at,
        })
        .collect())
}

/// The sum that keeps the tenant from ordering, if there is one.
pub(super) async fn blocking(cx: &mut Ctx) -> Result<Option<Due>, Fault> {
    let now = cx.now();
    Ok(dues(cx).await?.into_iter().find(|due| due.stops_orders_at() <= now))
}

/// Writes down that an order's card was refused for what was had. In the transaction that ends the
/// order.
pub(super) async fn fall_due(cx: &mut Ctx, work: &Work, amount: Money) -> Result<(), Fault> {
    let (tenant, now) = (cx.tenant(), cx.now());
    sqlx::query!(
        "insert into order_dues (order_id, tenant_id, amount_minor, currency, opened_at, next_attempt_at)
         values ($1, $2, $3, $4, $5, $6) on conflict (order_id) do nothing",
        work.order.uuid(),
        tenant.uuid(),
        amount.minor,
        amount.currency.as_str(),
        now,
        now + Duration::days(pause(0)),
    )
    .execute(cx.tx())
    .await?;
    let until = (now + GRACE).format("%-d %B");
    let notice = Notice {
        kind: NoticeKind::Billing,
        title: format!("Payment due for order {}", work.number),
        message: format!(
            "Your card was refused when {amount} was to be charged. Your numbers stay in service. \
             Pay by another card or from your balance by {until}; after that no new orders can be placed."
        ),
        action: Some(("Pay now".to_owned(), format!("/orders/{}", work.order))),
        dedupe_key: Some(format!("order:{}:due:0", work.order)),
    };
    notify_managers(cx, &notice).await
}

/// What is due for one order, locked with the tenant's account: whoever pays, pays alone.
pub(super) async fn locked(cx: &mut Ctx, order: OrderId) -> Result<Option<Money>, Fault> {
    let tenant = cx.tenant();
    sqlx::query!("select id from billing_accounts where tenant_id = $1 for update", tenant.uuid())
        .fetch_optional(cx.tx())
        .await?;
    let row = sqlx::query!(
        r#"select amount_minor, currency as "currency: Currency" from order_dues
           where order_id = $1 and tenant_id = $2 and paid_at is null for update"#,
        order.uuid(),
        tenant.uuid()
    )
    .fetch_optional(cx.tx())
    .await?;
    Ok(row.map(|r| Money::new(r.amount_minor, r.currency)))
}

/// Pays what an order owes from the balance.
pub async fn pay_from_credit(cx: &mut Ctx, order: OrderId) -> Result<Money, DueError> {
    let tenant = cx.tenant();
    let Some(need) = locked(cx, order).await? else {
        let ours = list::get(cx, order).await?.is_some();
        return Err(if ours { DueError::Nothing } else { DueError::Absent });
    };
    let by_card = sqlx::query_scalar!(
        r#"select exists (select 1 from payments where order_id = $1 and tenant_id = $2
               and purpose = 'due' and state in ('authorised', 'succeeded')) as "by_card!""#,
        order.uuid(),
        tenant.uuid()
    )
    .fetch_one(cx.tx())
    .await?;
    if by_card {
        return Err(DueError::UnderWay);
    }
    let have = available_credit(cx, tenant, need.currency).await?;
    if have.minor < need.minor {
        let missing = Money::new(need.minor - have.minor, need.currency);
        return Err(DueError::NotEnough { have, need, missing });
    }
    let entry = NewEntry {
        reference: format!("order:{order}:due"),
        kind: "order_payment",
        description: "Order paid from the balance after its card was refused".to_owned(),
        order: Some(order),
        postings: vec![
            Posting::debit(Account::Credit, need),
            Posting::credit(Account::Receivable, need),
        ],
        ..NewEntry::default()
    };
    post(cx, tenant, entry).await.map_err(Fault::from)?;
    paid(cx, order, "credit").await?;
    Ok(need)
}

/// Writes down that an order owes nothing any more; the journal has been told.
pub(super) async fn paid(cx: &mut Ctx, order: OrderId, from: &str) -> Result<(), Fault> {
    let (tenant, now) = (cx.tenant(), cx.now());
    let amount = sqlx::query!(
        r#"with settled as (
               update order_dues set paid_at = $3, paid_from = $4
               where order_id = $1 and tenant_id = $2 and paid_at is null
               returning amount_minor, currency)
           update orders o set charged_minor = charged_minor + s.amount_minor
           from settled s where o.id = $1 and o.tenant_id = $2
           returning s.amount_minor, s.currency as "currency: Currency""#,
        order.uuid(),
        tenant.uuid(),
        now,
        from,
    )
    .fetch_optional(cx.tx())
    .await?;
    let Some(amount) = amount.map(|a| Money::new(a.amount_minor, a.currency)) else {
        return Ok(());
    };
    let by = if from == "card" { "by card" } else { "from your balance" };
    let message = format!("{amount} was paid {by}; nothing is due any more");
    tell(
        cx,
        tenant,
        order,
        News { item: None, kind: "paid", message: &message, detail: Value::Null },
    )
    .await?;
    cx.audit(Entry {
        action: "order.due_paid",
        resource: "order",
        resource_id: Some(order.to_string()),
        new: Some(json!({ "amount": amount, "from": from })),
        ..Entry::default()
    })
    .await
}

/// Charges the card that somebody gave for what an order owes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CollectDueJob {
    /// Whose.
    pub tenant: TenantId,
    /// Which order.
    pub order: OrderId,
    /// The card's payment, authorised.
    pub payment: PaymentId,
}

impl Job for CollectDueJob {
    const TASK: &'static str = "order_collect_due";
    fn key(&self) -> Option<String> {
        Some(format!("order_collect_due:{}", self.payment))
    }

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        Ok(self.collect(platform).await?)
    }
}

impl CollectDueJob {
    /// Captures what is due, once; a card that came too late is let go. While a payment is
    /// authorised the balance does not pay, so the two never both do.
    pub async fn collect(&self, platform: &Platform) -> Result<(), PaymentsError> {
        let mut cx = platform.work_for(self.tenant, "dunning").await?;
        let open = locked(&mut cx, self.order).await?;
        let payment = payments::get(&mut cx, self.tenant, self.payment, false).await?;
        drop(cx);
        let job = payments::ReconcileJob { tenant: self.tenant, payment: self.payment };
        let (Some(amount), PaymentState::Authorised) = (open, payment.state) else {
            return payments::run_reconcile(platform, &job).await;
        };
        let gateway = platform.processor(&payment.processor).ok_or(PaymentsError::NoProcessor)?;
        let id = payment.external_id.as_deref().unwrap_or_default();
        match gateway.capture(id, amount, payment.key).await {
            Ok(()) => {}
            Err(error @ (PaymentError::Transient(_) | PaymentError::UnknownOutcome(_))) => {
                return Err(error.into());
            }
            Err(error) => {
                tracing::warn!(order = %self.order, %error, "a card was refused for what is due");
                gateway.void(id, self.payment.uuid()).await?;
            }
        }
        payments::reconcile(platform, self.tenant, self.payment).await.map(drop)
    }
}

/// The job of every hour.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct DunJob {}

impl Job for DunJob {
    const TASK: &'static str = "orders.dun";
    const TRIES: i32 = 3;

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        dun(platform).await.map(drop).map_err(JobError::retry)
    }
}

/// Collects what is due again, or reminds; returns how many it looked at. One that fails is logged and
/// keeps no other from its turn.
pub async fn dun(platform: &Platform) -> Result<usize, Fault> {
    let mut cx = platform.work("dunning").await?;
    let now = cx.now();
    let again = sqlx::query!(
        r#"select order_id as "order: OrderId", tenant_id as "tenant: TenantId" from order_dues
           where paid_at is null and next_attempt_at <= $1 order by next_attempt_at limit 500"#,
        now
    )
    .fetch_all(cx.tx())
    .await?;
    drop(cx);
    for due in &again {
        if let Err(error) = collect_or_remind(platform, due.tenant, due.order).await {
            tracing::error!(tenant = %due.tenant, order = %due.order, %error, "a due was not looked at");
        }
    }
    Ok(again.len())
}

async fn collect_or_remind(
    platform: &Platform,
    tenant: TenantId,
    order: OrderId,
) -> Result<(), Fault> {
    let mut cx = platform.work_for(tenant, "dunning").await?;
    match pay_from_credit(&mut cx, order).await {
        Ok(_) => {}
        Err(DueError::Fault(fault)) => return Err(fault),
        Err(DueError::Absent | DueError::Nothing | DueError::UnderWay) => return Ok(()),
        Err(DueError::NotEnough { .. }) => remind(&mut cx, order).await?,
    }
    cx.commit().await
}

/// Reminds of what is due, once per time; the due is locked.
async fn remind(cx: &mut Ctx, order: OrderId) -> Result<(), Fault> {
    let (tenant, now) = (cx.tenant(), cx.now());
    let row = sqlx::query!(
        r#"update order_dues d set reminders = reminders + 1
           from orders o where o.id = d.order_id and d.order_id = $1 and d.tenant_id = $2
             and d.paid_at is null and d.next_attempt_at <= $3
           returning d.reminders, d.opened_at, d.amount_minor, d.currency as "currency: Currency", o.order_number"#,
        order.uuid(),
        tenant.uuid(),
        now
    )
    .fetch_optional(cx.tx())
    .await?;
    let Some(row) = row else { return Ok(()) };
    let mut next = row.opened_at + Duration::days(pause(row.reminders));
    // After a long stop one reminder is enough.
    if next <= now {
        next = now + Duration::days(1);
    }
    sqlx::query!(
        "update order_dues set next_attempt_at = $3 where order_id = $1 and tenant_id = $2",
        order.uuid(),
        tenant.uuid(),
        next
    )
    .execute(cx.tx())
    .await?;
    let amount = Money::new(row.amount_minor, row.currency);
    let stops = row.opened_at + GRACE;
    let consequence = if stops <= now {
        "No new orders can be placed until it is paid.".to_owned()
    } else {
        format!("From {} on no new orders can be placed.", stops.format("%-d %B"))
    };
    let notice = Notice {
        kind: NoticeKind::Billing,
        title: format!("Reminder: payment due for order {}", row.order_number),
        message: format!("{amount} is still due. {consequence} Your numbers stay in service."),
        action: Some(("Pay now".to_owned(), format!("/orders/{order}"))),
        dedupe_key: Some(format!("order:{order}:due:{}", row.reminders)),
    };
    notify_managers(cx, &notice).await?;
    let message = format!("Reminder sent: {amount} is still due");
    tell(
        cx,
        tenant,
        order,
        News { item: None, kind: "reminder", message: &message, detail: Value::Null },
    )
    .await
}

/// On which day after the refusal the next reminder comes, by how many went out.
const fn pause(reminders: i32) -> i64 {
    match reminders {
        0 => 1,
        1 => 3,
        n => 7 * (n as i64 - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::pause;

    #[test]
    fn reminders_come_at_first_soon_and_then_weekly() {
        assert_eq!((0..7).map(pause).collect::<Vec<_>>(), [1, 3, 7, 14, 21, 28, 35]);
    }
}
