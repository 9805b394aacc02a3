//! Orders as their customers see them.

use super::{Due, dues, strategy_of};
use crate::{Ctx, Fault, billing::address::Address};
use chrono::{DateTime, Utc};
use serde_json::Value;
use voxlink_types::{
    Currency, E164, Money, Page, PageRequest, Paging,
    ids::{CartId, NumberId, OrderId, OrderItemId, PaymentId},
    order::{ItemStep, OrderState, PaymentState, Strategy},
};

/// Which orders are wanted.
#[derive(Debug, Clone, Default)]
pub struct OrderFilter {
    /// In this state.
    pub state: Option<OrderState>,
    /// With this in the order's number or in a telephone number of it.
    pub query: Option<String>,
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// The order.
    pub id: OrderId,
    /// Its number for people.
    pub number: String,
    /// Where it stands.
    pub state: OrderState,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// How many numbers.
    pub items: i64,
    /// How many of them were had.
    pub had: i64,
    /// What it would cost in all.
    pub total: Money,
    /// What was charged.
    pub charged: Money,
    /// True when paid by card.
    pub by_card: bool,
    /// True when its card was refused and it is not paid yet.
    pub due: bool,
}

/// A page of the tenant's orders, newest first.
pub async fn list(
    cx: &mut Ctx,
    filter: &OrderFilter,
    request: PageRequest,
) -> Result<Page<OrderRow>, Fault> {
    let tenant = cx.tenant();
    let like = filter.query.as_deref().map(str::trim).filter(|q| !q.is_empty()).map(|q| {
        let escaped = q.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        format!("%{escaped}%")
    });
    let mut paging = Paging::new(request);
    let (rows, total) = loop {
        let found = sqlx::query!(
        r#"select o.id as "id: OrderId", o.order_number, o.state as "state: OrderState", o.placed_at,
                  o.total_minor, o.charged_minor, o.currency as "currency: Currency", o.payment_kind,
                  exists (select 1 from order_dues d where d.order_id = o.id and d.paid_at is null) as "due!",
                  (select count(*) from order_items i where i.order_id = o.id) as "items!",
                  (select count(*) from order_items i where i.order_id = o.id and i.step in ('bought', 'done')) as "had!",
                  count(*) over () as "total!"
           from orders o
           where o.tenant_id = $1 and ($2::text is null or o.state = $2)
             and ($3::text is null or o.order_number ilike $3 or exists (
                 select 1 from order_items i where i.order_id = o.id and i.e164 like $3))
           order by o.created_at desc, o.id desc limit $4 offset $5"#,
        tenant.uuid(),
        filter.state.map(OrderState::as_str),
        like,
        paging.limit(),
        paging.offset(),
    )
    .fetch_all(cx.tx())
    .await?;
        if let Some(settled) = paging.settle(found, |r| r.total) {
            break settled;
        }
    };
    let rows = rows
        .into_iter()
        .map(|r| OrderRow {
            id: r.id,
            number: r.order_number,
            state: r.state,
            placed_at: r.placed_at,
            items: r.items,
            had: r.had,
            total: Money::new(r.total_minor, r.currency),
            charged: Money::new(r.charged_minor, r.currency),
            by_card: r.payment_kind == "card",
            due: r.due,
        })
        .collect();
    Ok(Page { rows, request, total })
}

/// A number of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The item.
    pub id: OrderItemId,
    /// What it is.
    pub description: String,
    /// The number.
    pub number: Option<E164>,
    /// Where its saga stands.
    pub step: ItemStep,
    /// A month.
    pub monthly: Money,
    /// Once.
    pub setup: Money,
    /// Its share of the promotion.
    pub discount: Money,
    /// Its share of the taxes.
    pub tax: Money,
    /// What it cost in all.
    pub total: Money,
    /// The number as the tenant has it now.
    pub subscription: Option<NumberId>,
    /// Why it was not had, for the customer.
    pub failure: Option<String>,
    /// The carrier that may still have it: it was given back, or not asked for, because of the
    /// order's other numbers.
    pub free_at: Option<String>,
}

/// A line of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// `placed`, `bought`, `failed`, …
    pub kind: String,
    /// As the customer reads it.
    pub message: String,
    /// For administrators only.
    pub detail: Value,
}

/// An order with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The order.
    pub id: OrderId,
    /// Its number for people.
    pub number: String,
    /// Where it stands.
    pub state: OrderState,
    /// True when paid by card.
    pub by_card: bool,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// When it came to its end.
    pub finished_at: Option<DateTime<Utc>>,
    /// First months and set-ups.
    pub subtotal: Money,
    /// The promotion.
    pub discount: Money,
    /// The taxes.
    pub tax: Money,
    /// The sum.
    pub total: Money,
    /// Charged so far.
    pub charged: Money,
    /// Given up so far: never charged.
    pub released: Money,
    /// The promotion's code.
    pub promotion: Option<String>,
    /// Why it was cancelled.
    pub cancellation: Option<String>,
    /// The numbers.
    pub items: Vec<Item>,
    /// The timeline, oldest first.
    pub events: Vec<Event>,
    /// Who was billed, as it stood then.
    pub billed_to: Address,
    /// What was to be done when not all could be had.
    pub strategy: Strategy,
    /// What it still owes.
    pub due: Option<Due>,
    /// The latest card payment.
    pub payment: Option<CardPayment>,
}

/// A card payment of an order, as its page needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardPayment {
    /// The payment.
    pub id: PaymentId,
    /// Where it stands.
    pub state: PaymentState,
    /// When it began.
    pub began_at: DateTime<Utc>,
    /// Why it failed, for the customer.
    pub failure: Option<String>,
}

/// The order that a cart became.
pub async fn of_cart(cx: &mut Ctx, cart: CartId) -> Result<Option<OrderId>, Fault> {
    let tenant = cx.tenant();
    Ok(sqlx::query_scalar!(
        r#"select id as "id: OrderId" from orders where cart_id = $1 and tenant_id = $2"#,
        cart.uuid(),
        tenant.uuid()
    )
    .fetch_optional(cx.tx())
    .await?)
}

/// One order of the tenant.
pub async fn get(cx: &mut Ctx, id: OrderId) -> Result<Option<Order>, Fault> {
    let tenant = cx.tenant();
    let row = sqlx::query!(
        r#"select order_number, state as "state: OrderState", payment_kind, placed_at, finished_at, subtotal_minor,
                  discount_minor, tax_minor, total_minor, charged_minor, released_minor, promotion_code,
                  cancellation_reason, currency as "currency: Currency", strategy, strategy_minimum,
                  billing_address as "billed_to: sqlx::types::Json<Address>"
           from orders where id = $1 and tenant_id = $2"#,
        id.uuid(),
        tenant.uuid()
    )
    .fetch_optional(cx.tx())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let money = |minor| Money::new(minor, row.currency);
    let items = sqlx::query!(
        r#"select id as "id: OrderItemId", description, e164 as "number: E164", step as "step: ItemStep", monthly_minor,
                  setup_minor, discount_minor, tax_minor, total_minor, subscription_id as "subscription: NumberId", failure_reason,
                  case when step = 'released' and failure_code in ('given_back', 'not_tried') then carrier end as "free_at?"
           from order_items where order_id = $1 and tenant_id = $2 order by position"#,
        id.uuid(),
        tenant.uuid()
    )
    .fetch_all(cx.tx())
    .await?
    .into_iter()
    .map(|i| Item {
        id: i.id,
        description: i.description,
        number: i.number,
        step: i.step,
        monthly: money(i.monthly_minor),
        setup: money(i.setup_minor),
        discount: money(i.discount_minor),
        tax: money(i.tax_minor),
        total: money(i.total_minor),
        subscription: i.subscription,
        failure: i.failure_reason,
        free_at: i.free_at,
    })
    .collect();
    let events = sqlx::query_as!(
        Event,
        "select occurred_at, kind, message, detail from order_events
         where order_id = $1 and tenant_id = $2 order by occurred_at, seq",
        id.uuid(),
        tenant.uuid()
    )
    .fetch_all(cx.tx())
    .await?;
    let payment = sqlx::query!(
        r#"select id as "id: PaymentId", state as "state: PaymentState", failure_reason, created_at from payments
           where order_id = $1 and tenant_id = $2 order by created_at desc, id desc limit 1"#,
        id.uuid(),
        tenant.uuid()
    )
    .fetch_optional(cx.tx())
    .await?;
    let due = dues(cx).await?.into_iter().find(|due| due.order == id);
    Ok(Some(Order {
        strategy: strategy_of(&row.strategy, row.strategy_minimum)?,
        due,
        billed_to: row.billed_to.0,
        id,
        number: row.order_number,
        state: row.state,
        by_card: row.payment_kind == "card",
        placed_at: row.placed_at,
        finished_at: row.finished_at,
        subtotal: money(row.subtotal_minor),
        discount: money(row.discount_minor),
        tax: money(row.tax_minor),
        total: money(row.total_minor),
        charged: money(row.charged_minor),
        released: money(row.released_minor),
        promotion: row.promotion_code,
        cancellation: row.cancellation_reason,
        items,
        events,
        payment: payment.map(|p| CardPayment {
            id: p.id,
            state: p.state,
            began_at: p.created_at,
            failure: p.failure_reason,
        }),
    }))
}
