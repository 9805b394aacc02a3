//! Running cost: what the usage of a month has come to so far, before anything is invoiced.

use crate::{Ctx, Fault};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use voxlink_types::{
    Currency,
    ids::{CallId, NumberId, TenantId, UsageId},
};

/// A stretch of time, [from, to), in the billing zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first instant in it.
    pub from: DateTime<Utc>,
    /// The first instant after it.
    pub to: DateTime<Utc>,
}

/// One day's usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayCost {
    /// The day, in the billing zone.
    pub day: NaiveDate,
    /// Calls rated.
    pub calls: i64,
    /// Seconds billed.
    pub billed_seconds: i64,
    /// Their exact cost.
    pub cost: Decimal,
}

/// One number's usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberCost {
    /// The number.
    pub number: NumberId,
    /// As dialled.
    pub e164: String,
    /// As its owner calls it.
    pub friendly_name: Option<String>,
    /// Calls rated.
    pub calls: i64,
    /// Seconds billed.
    pub billed_seconds: i64,
    /// Their exact cost.
    pub cost: Decimal,
}

/// The usage of a stretch of time in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthToDate {
    /// By day, earliest first; days without usage are absent.
    pub days: Vec<DayCost>,
    /// By number, dearest first.
    pub numbers: Vec<NumberCost>,
    /// The exact sum.
    pub total: Decimal,
    /// Its currency.
    pub currency: Currency,
}

/// One rated call, for the list behind a cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatedCall {
    /// Its usage record.
    pub usage: UsageId,
    /// The call.
    pub call: CallId,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// The number it was about.
    pub number: NumberId,
    /// Who called; empty when the call's record is gone.
    pub from: String,
    /// Whom; empty as well then.
    pub to: String,
    /// Seconds answered.
    pub raw_seconds: i64,
    /// Seconds billed.
    pub billed_seconds: i64,
    /// The increments, `60/60`.
    pub increments: String,
    /// The rate per minute.
    pub rate: Decimal,
    /// The exact price.
    pub cost: Decimal,
    /// Its currency.
    pub currency: Currency,
}

/// What the usage in `span` has come to, by day of `zone` and by number.
pub async fn month_to_date(
    cx: &mut Ctx<TenantId>,
    span: Span,
    zone: chrono_tz::Tz,
    currency: Currency,
) -> Result<MonthToDate, Fault> {
    let tenant = cx.tenant().uuid();
    let days = sqlx::query_as!(
        DayCost,
        r#"select (occurred_at at time zone $5::text)::date as "day!", count(*) as "calls!",
                  coalesce(sum((derivation->>'billed_seconds')::bigint), 0)::bigint as "billed_seconds!",
                  sum(cost) as "cost!"
           from usage_records
           where tenant_id = $1 and occurred_at >= $2 and occurred_at < $3 and currency = $4
           group by 1 order by 1"#,
        tenant,
        span.from,
        span.to,
        currency.as_str(),
        zone.name(),
    )
    .fetch_all(cx.tx())
    .await?;
    let numbers = sqlx::query_as!(
        NumberCost,
        r#"select s.id as "number: NumberId", s.e164, s.friendly_name, count(*) as "calls!",
                  coalesce(sum((u.derivation->>'billed_seconds')::bigint), 0)::bigint as "billed_seconds!",
                  sum(u.cost) as "cost!"
           from usage_records u join subscriptions s on s.id = u.subscription_id
           where u.tenant_id = $1 and s.tenant_id = $1
             and u.occurred_at >= $2 and u.occurred_at < $3 and u.currency = $4
           group by s.id order by sum(u.cost) desc, s.e164"#,
        tenant,
        span.from,
        span.to,
        currency.as_str(),
    )
    .fetch_all(cx.tx())
    .await?;
    let total = days.iter().map(|d| d.cost).sum();
    Ok(MonthToDate { days, numbers, total, currency })
}

/// The rated calls of a stretch of time, of one number or of all, oldest first: at most `limit`
/// after a place in that order. A call whose record is gone is listed without who called whom.
pub async fn calls_between(
    cx: &mut Ctx<TenantId>,
    span: Span,
    number: Option<NumberId>,
    after: Option<(DateTime<Utc>, UsageId)>,
    limit: i64,
) -> Result<Vec<RatedCall>, Fault> {
    let tenant = cx.tenant().uuid();
    let (at, id) = after.unwrap_or((DateTime::UNIX_EPOCH, UsageId::from_uuid(uuid::Uuid::nil())));
    let calls = sqlx::query_as!(
        RatedCall,
        r#"select u.id as "usage: UsageId", split_part(u.source, ':', 2)::uuid as "call!: CallId", u.occurred_at as started_at, s.id as "number: NumberId",
                  coalesce(c.from_number, '') as "from!", coalesce(c.to_number, '') as "to!",
                  coalesce((u.derivation->>'raw_seconds')::bigint, 0) as "raw_seconds!",
                  coalesce((u.derivation->>'billed_seconds')::bigint, 0) as "billed_seconds!",
                  coalesce(u.derivation->>'increments', '') as "increments!",
                  u.unit_price as rate, u.cost, u.currency as "currency: Currency"
           from (select * from usage_records
                 where tenant_id = $1 and occurred_at >= $2 and occurred_at < $3 and kind = 'voice_minutes'
                   and source like 'call:%' and subscription_id is not null
                   and ($4::uuid is null or subscription_id = $4) and (occurred_at, id) > ($5, $6)
                 order by occurred_at, id limit $7) u
           left join call_records c on c.tenant_id = u.tenant_id and c.started_at = u.occurred_at
                and u.source = 'call:' || c.id::text
           join subscriptions s on s.id = u.subscription_id and s.tenant_id = u.tenant_id
           order by u.occurred_at, u.id"#,
        tenant,
        span.from,
        span.to,
        number.map(NumberId::uuid),
        at,
        id.uuid(),
        limit,
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(calls)
}
