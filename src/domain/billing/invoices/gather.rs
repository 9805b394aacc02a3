//! What there is to bill: numbers to rent, usage not yet invoiced, orders not yet listed.

use super::Period;
use crate::{Ctx, Fault, Installation};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use uuid::Uuid;
use voxlink_types::{
    Currency,
    ids::{BillingAccountId, InvoiceId, NumberId, OrderId, OrderItemId, TenantId},
};

/// The account that is billed.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: BillingAccountId,
    pub tenant: TenantId,
    pub currency: Currency,
    pub anchor_day: u32,
    pub zone: Tz,
}

/// A tenant's account. With `lock` it stays locked until the transaction ends: whoever bills it or
/// spends its balance waits.
pub async fn account<Scope>(
    cx: &mut Ctx<Scope>,
    tenant: TenantId,
    lock: bool,
) -> Result<Account, Fault> {
    if lock {
        sqlx::query!(
            "select id from billing_accounts where tenant_id = $1 for update",
            tenant.uuid()
        )
        .fetch_one(cx.tx())
        .await?;
    }
    let row = sqlx::query!(
        r#"select a.id as "id: BillingAccountId", a.currency as "currency: Currency", a.anchor_day,
                  t.time_zone
           from billing_accounts a join tenants t on t.id = a.tenant_id
           where a.tenant_id = $1"#,
        tenant.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    let zone = row.time_zone.parse().map_err(|e: chrono_tz::ParseError| {
        Fault::inconsistent(format!("tenants.time_zone of {tenant}"), e)
    })?;
    Ok(Account {
        id: row.id,
        tenant,
        currency: row.currency,
        anchor_day: u32::try_from(row.anchor_day).unwrap_or(1),
        zone,
    })
}

/// A number that may owe rent for a period.
#[derive(Debug)]
pub struct RentedNumber {
    pub id: NumberId,
    pub e164: String,
    pub monthly: Decimal,
    pub price_book: Uuid,
    pub bought: bool,
    pub started_on: NaiveDate,
    pub released_on: Option<NaiveDate>,
    /// Up to which day earlier invoices have billed it.
    pub billed_to: Option<NaiveDate>,
}

/// The account's numbers that were in service in the period.
pub async fn rented<Scope>(
    cx: &mut Ctx<Scope>,
    account: &Account,
    period: &Period,
) -> Result<Vec<RentedNumber>, Fault> {
    Ok(sqlx::query_as!(
        RentedNumber,
        r#"select s.id as "id: NumberId", s.e164, s.monthly, s.price_book_id as price_book,
                  s.order_item_id is not null as "bought!",
                  (s.started_at at time zone $5::text)::date as "started_on!",
                  (s.released_at at time zone $5::text)::date as released_on,
                  (select max((l.derivation->>'to')::date) from invoice_lines l join invoices i on i.id = l.invoice_id
                   where l.tenant_id = $1 and l.number_id = s.id and l.kind = 'rental' and i.state <> 'cancelled')
                      as billed_to
           from subscriptions s
           where s.tenant_id = $1 and s.currency = $2 and s.started_at < $4
             and (s.released_at is null or s.released_at >= $3)
             and s.state not in ('pending', 'porting_in', 'error')
           order by s.e164, s.started_at"#,
        account.tenant.uuid(),
        account.currency.as_str(),
        period.start(),
        period.end(),
        period.zone.name(),
    )
    .fetch_all(cx.tx())
    .await?)
}

/// Usage of one number, kind, direction and rate.
#[derive(Debug)]
pub struct UsageGroup {
    pub number: Option<NumberId>,
    pub e164: Option<String>,
    pub kind: String,
    pub direction: Option<String>,
    pub unit: String,
    pub unit_price: Decimal,
    pub increments: Option<String>,
    pub count: i64,
    pub quantity: Decimal,
    pub billed_seconds: Option<i64>,
    pub cost: Decimal,
    pub first: DateTime<Utc>,
    pub last: DateTime<Utc>,
}

/// The account's usage before the period's end that `taken_by` has taken up, or that no invoice
/// has; grouped as the invoice shows it.
pub async fn usage<Scope>(
    cx: &mut Ctx<Scope>,
    account: &Account,
    period: &Period,
    taken_by: Option<InvoiceId>,
) -> Result<Vec<UsageGroup>, Fault> {
    Ok(sqlx::query_as!(
        UsageGroup,
        r#"select u.subscription_id as "number: NumberId", max(s.e164) as e164, u.kind,
                  u.derivation->>'direction' as direction, u.unit, u.unit_price,
                  u.derivation->>'increments' as increments, count(*) as "count!",
                  sum(u.quantity) as "quantity!",
                  sum((u.derivation->>'billed_seconds')::bigint)::bigint as billed_seconds,
                  sum(u.cost) as "cost!", min(u.occurred_at) as "first!", max(u.occurred_at) as "last!"
           from usage_records u
           left join subscriptions s on s.id = u.subscription_id and s.tenant_id = u.tenant_id
           where u.tenant_id = $1 and u.billing_account_id = $2 and u.currency = $3
             and u.occurred_at < $4 and u.state = 'final'
             and (u.invoice_id = $5 or ($5 is null and u.invoice_id is null))
           group by u.subscription_id, u.kind, u.derivation->>'direction', u.unit, u.unit_price,
                    u.derivation->>'increments'
           order by max(s.e164) nulls last, u.kind, u.derivation->>'direction', u.unit_price"#,
        account.tenant.uuid(),
        account.id.uuid(),
        account.currency.as_str(),
        period.end(),
        taken_by.map(InvoiceId::uuid),
    )
    .fetch_all(cx.tx())
    .await?)
}

/// Takes up the usage that no invoice has, so that what is billed and what is marked are the same
/// rows even while calls are being rated.
pub async fn take_up_usage(
    cx: &mut Ctx<Installation>,
    account: &Account,
    period: &Period,
    invoice: InvoiceId,
) -> Result<(), Fault> {
    sqlx::query!(
        "update usage_records set invoice_id = $5
         where tenant_id = $1 and billing_account_id = $2 and currency = $3 and occurred_at < $4
           and invoice_id is null and state = 'final'",
        account.tenant.uuid(),
        account.id.uuid(),
        account.currency.as_str(),
        period.end(),
        invoice.uuid(),
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}

/// A number that an order charged.
#[derive(Debug)]
pub struct ChargedItem {
    pub order: OrderId,
    pub order_number: String,
    pub item: OrderItemId,
    pub e164: Option<String>,
    pub number: Option<NumberId>,
    pub price_book: Option<Uuid>,
    pub promotion: Option<String>,
    pub monthly_minor: i64,
    pub setup_minor: i64,
    pub discount_minor: i64,
    pub tax_minor: i64,
    pub started_on: NaiveDate,
}

/// The items of orders that ended before the period's end and stand on no invoice yet. An order whose
/// card was refused waits until what is due is paid: it is no invoice's to claim, and not paid.
pub async fn charged_items<Scope>(
    cx: &mut Ctx<Scope>,
    account: &Account,
    period: &Period,
) -> Result<Vec<ChargedItem>, Fault> {
    Ok(sqlx::query_as!(
        ChargedItem,
        r#"select o.id as "order: OrderId", o.order_number, i.id as "item: OrderItemId", i.e164,
                  i.subscription_id as "number: NumberId", i.price_book_id as price_book,
                  o.promotion_code as promotion, i.monthly_minor, i.setup_minor, i.discount_minor,
                  i.tax_minor,
                  (coalesce(s.started_at, o.finished_at, o.placed_at) at time zone $4::text)::date as "started_on!"
           from order_items i
           join orders o on o.id = i.order_id
           left join subscriptions s on s.id = i.subscription_id
           where i.tenant_id = $1 and o.tenant_id = $1 and i.currency = $2
             and o.state in ('completed', 'partial') and i.step in ('bought', 'done')
             and o.finished_at < $3
             and not exists (select 1 from order_dues d where d.order_id = o.id and d.tenant_id = $1 and d.paid_at is null)
             and not exists (select 1 from invoice_lines l join invoices v on v.id = l.invoice_id
                             where l.tenant_id = $1 and l.derivation->>'order_item' = i.id::text
                               and v.state <> 'cancelled')
           order by o.placed_at, o.id, i.position"#,
        account.tenant.uuid(),
        account.currency.as_str(),
        period.end(),
        period.zone.name(),
    )
    .fetch_all(cx.tx())
    .await?)
}
