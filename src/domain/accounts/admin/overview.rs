//! Staff's first page, and the lists of orders and numbers over all tenants.

use super::contains;
use crate::{Ctx, Fault, Installation};
use chrono::{DateTime, TimeDelta, Utc};
use voxlink_types::{
    Currency, E164, Money, Page, PageRequest, Paging,
    ids::{NumberId, OrderId, TenantId},
    number::NumberState,
    order::OrderState,
};

/// Figures of the installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// Accounts in use.
    pub active_accounts: i64,
    /// Accounts suspended.
    pub suspended_accounts: i64,
    /// Accounts opened within 30 days.
    pub new_accounts: i64,
    /// Numbers that tenants have.
    pub numbers: i64,
    /// Orders being fulfilled.
    pub open_orders: i64,
    /// Orders within 30 days.
    pub recent_orders: i64,
    /// Calls within 24 hours.
    pub recent_calls: i64,
    /// Refused sign-ins within 24 hours.
    pub refused_sign_ins: i64,
    /// Differences between the carriers' books and ours that wait.
    pub open_drift: i64,
}

/// Counts them.
pub async fn overview(cx: &mut Ctx<Installation>) -> Result<Overview, Fault> {
    let now = cx.now();
    let figures = sqlx::query_as!(
        Overview,
        r#"select
            (select count(*) from tenants where state = 'active') as "active_accounts!",
            (select count(*) from tenants where state = 'suspended') as "suspended_accounts!",
            (select count(*) from tenants where created_at > $1) as "new_accounts!",
            (select count(*) from subscriptions where state <> 'released') as "numbers!",
            (select count(*) from orders where state in ('pending', 'processing')) as "open_orders!",
            (select count(*) from orders where placed_at > $1) as "recent_orders!",
            (select count(*) from call_records where started_at > $2) as "recent_calls!",
            (select count(*) from audit_log where action = 'session.refuse' and occurred_at > $2) as "refused_sign_ins!",
            (select count(*) from inventory_drift where state = 'open') as "open_drift!""#,
        now - TimeDelta::days(30),
        now - TimeDelta::hours(24),
    )
    .fetch_one(cx.tx())
    .await?;
    Ok(figures)
}

/// Which orders or numbers are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkFilter {
    /// Part of an order's number, a telephone number or a company's name.
    pub search: String,
    /// Only those in this state.
    pub state: Option<String>,
    /// Only this account's.
    pub tenant: Option<TenantId>,
}

impl WorkFilter {
    fn like(&self) -> Option<String> {
        let search = self.search.trim();
        (!search.is_empty()).then(|| contains(search))
    }
}

/// An order in the list.
#[derive(Debug, Clone)]
pub struct OrderRow {
    /// Which.
    pub id: OrderId,
    /// As people call it.
    pub number: String,
    /// Whose.
    pub tenant: TenantId,
    /// The company.
    pub company: String,
    /// Its state.
    pub state: OrderState,
    /// What it came to.
    pub total: Money,
    /// When.
    pub placed_at: DateTime<Utc>,
}

/// One page of the orders that fit.
pub async fn orders(
    cx: &mut Ctx<Installation>,
    filter: &WorkFilter,
    request: PageRequest,
) -> Result<Page<OrderRow>, Fault> {
    let mut paging = Paging::new(request);
    let (rows, total) = loop {
        let found = sqlx::query!(
        r#"select o.id as "id: OrderId", o.order_number, o.tenant_id as "tenant: TenantId", t.name as company,
               o.state as "state: OrderState", o.total_minor, o.currency as "currency: Currency", o.placed_at,
               count(*) over () as "total!"
           from orders o join tenants t on t.id = o.tenant_id
           where ($1::text is null or o.order_number ilike $1 or t.name ilike $1)
             and ($2::text is null or o.state = $2) and ($3::uuid is null or o.tenant_id = $3)
           order by o.placed_at desc, o.id desc limit $4 offset $5"#,
        filter.like(),
        filter.state,
        filter.tenant.map(TenantId::uuid),
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
            tenant: r.tenant,
            company: r.company,
            state: r.state,
            total: Money::new(r.total_minor, r.currency),
            placed_at: r.placed_at,
        })
        .collect();
    Ok(Page { rows, request, total })
}

/// A number in the list.
#[derive(Debug, Clone)]
pub struct NumberRow {
    /// Which.
    pub id: NumberId,
    /// The number.
    pub e164: E164,
    /// Whose.
    pub tenant: TenantId,
    /// The company.
    pub company: String,
    /// Its state.
    pub state: NumberState,
    /// At which carrier.
    pub carrier: String,
    /// Since when.
    pub started_at: DateTime<Utc>,
}

/// One page of the numbers that fit.
pub async fn numbers(
    cx: &mut Ctx<Installation>,
    filter: &WorkFilter,
    request: PageRequest,
) -> Result<Page<NumberRow>, Fault> {
    let mut paging = Paging::new(request);
    let (rows, total) = loop {
        let found = sqlx::query!(
        r#"select s.id as "id: NumberId", s.e164 as "e164: E164", s.tenant_id as "tenant: TenantId",
               t.name as company, s.state as "state: NumberState", i.carrier, s.started_at,
               count(*) over () as "total!"
           from subscriptions s join tenants t on t.id = s.tenant_id join inventory i on i.id = s.inventory_id
           where ($1::text is null or s.e164 like $1 or t.name ilike $1)
             and ($2::text is null or s.state = $2) and ($3::uuid is null or s.tenant_id = $3)
           order by s.started_at desc, s.id desc limit $4 offset $5"#,
        filter.like(),
        filter.state,
        filter.tenant.map(TenantId::uuid),
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
        .map(|r| NumberRow {
            id: r.id,
            e164: r.e164,
            tenant: r.tenant,
            company: r.company,
            state: r.state,
            carrier: r.carrier,
            started_at: r.started_at,
        })
        .collect();
    Ok(Page { rows, request, total })
}
