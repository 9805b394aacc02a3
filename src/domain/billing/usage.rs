//! Usage: every call is rated once, from the price its number was bought at, with everything that
//! is needed to compute it again.
//!
//! - A call that was not answered costs 0 and leaves no usage record: its price is set to zero and
//!   nothing else is written, so that a late event which says that it was answered after all still
//!   rates it.
//! - A call that was rated stays as it is, however often and in whatever order its events arrive.
//! - A call that is told late is dated by its start. If its month is invoiced already, the next
//!   invoice takes it up.

mod running;

pub use running::{
    DayCost, MonthToDate, NumberCost, RatedCall, Span, calls_between, month_to_date,
};

use crate::{Ctx, Fault};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::json;
use voxlink_types::{
    Currency,
    error::{Explain, Status},
    ids::{BillingAccountId, CallId, NumberId, PriceId, TenantId, UsageId},
    rating::{self, Increments, RatingError},
    text_enum,
};

text_enum! {
    /// Which way a call went, seen from the number.
    CallDirection {
        /// To the number.
        Inbound = "inbound",
        /// From the number.
        Outbound = "outbound",
    }
}

/// A call that ended, as far as its price depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallToRate {
    /// Whose number it was.
    pub tenant: TenantId,
    /// The call record.
    pub call: CallId,
    /// The number.
    pub subscription: NumberId,
    /// Which way.
    pub direction: CallDirection,
    /// When it began, exactly as in the call record: the usage is dated by it.
    pub started_at: DateTime<Utc>,
    /// From answer to end; 0 when nobody answered. Ringing is not counted.
    pub answered_seconds: u32,
}

/// What a call costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rated {
    /// Its usage record.
    pub usage: UsageId,
    /// The seconds that are billed.
    pub billed_seconds: u64,
    /// The price, exact to 8 decimals.
    pub price: Decimal,
    /// Its currency: the number's.
    pub currency: Currency,
}

/// Why a call was not rated.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// The tenant never had that number.
    #[error("The call's number does not belong to this account.")]
    NoSuchNumber,
    /// The number's price makes no sense.
    #[error("The call cannot be rated: {0}.")]
    Rating(#[from] RatingError),
    /// Our own failure.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for UsageError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl Explain for UsageError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoSuchNumber => "number_not_found",
            Self::Rating(_) => "not_ratable",
            Self::Fault(fault) => fault.code(),
        }
    }
    fn status(&self) -> Status {
        match self {
            Self::NoSuchNumber => Status::NotFound,
            Self::Rating(_) => Status::Internal,
            Self::Fault(fault) => fault.status(),
        }
    }
}

/// The name under which a call is rated once. Invoices find the call by it.
pub fn source_of(call: CallId) -> String {
    format!("call:{}", call.uuid())
}

/// Rates a call and writes the price into its record, once: a repeated event gets the price that
/// stands. `None` for a call that costs nothing because nobody answered. Either kind of `Ctx` may
/// do it: the worker's or the tenant's own.
pub async fn record_call<Scope>(
    cx: &mut Ctx<Scope>,
    call: &CallToRate,
) -> Result<Option<Rated>, UsageError> {
    let number = sqlx::query!(
        r#"select s.currency as "currency: Currency", s.inbound_minute, s.increment_initial,
                  s.increment_next, s.price_book_id as "price_book: PriceId", b.version,
                  b.outbound_minute, a.id as "account: BillingAccountId"
           from subscriptions s
           join price_books b on b.id = s.price_book_id
           join billing_accounts a on a.tenant_id = s.tenant_id
           where s.id = $1 and s.tenant_id = $2"#,
        call.subscription.uuid(),
        call.tenant.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(UsageError::NoSuchNumber)?;
    if call.answered_seconds == 0 {
        set_price(cx, call, Decimal::ZERO, 0, number.currency).await?;
        return Ok(None);
    }

    let source = source_of(call.call);
    let usage = UsageId::new(cx.now_millis());
    let first = sqlx::query!(
        "insert into usage_keys (source, usage_id, tenant_id, occurred_at) values ($1, $2, $3, $4)
         on conflict (source) do nothing",
        source,
        usage.uuid(),
        call.tenant.uuid(),
        call.started_at,
    )
    .execute(cx.tx())
    .await?
    .rows_affected()
        == 1;
    if !first {
        return standing(cx, call.tenant, &source).await.map(Some);
    }

    let part = |n: i32| u32::try_from(n).map_err(|_| RatingError::Increments);
    let increments =
        Increments::new(part(number.increment_initial)?, part(number.increment_next)?)?;
    let rate = match call.direction {
        CallDirection::Inbound => number.inbound_minute,
        // Only the incoming price is copied into the subscription; the outgoing one stands in the
        // price book row that it was bought by, which is never changed, only followed by another.
        CallDirection::Outbound => number.outbound_minute,
    };
    let billed_seconds = increments.billed(call.answered_seconds);
    let price = rating::price(billed_seconds, rate)?;
    let derivation = json!({
        "price_book": number.price_book,
        "version": number.version,
        "direction": call.direction,
        "increments": increments.to_string(),
        "raw_seconds": call.answered_seconds,
        "billed_seconds": billed_seconds,
        "rate_per_minute": rate.normalize(),
        "rounding": rating::ROUNDING,
    });
    sqlx::query!(
        "insert into usage_records (id, tenant_id, billing_account_id, kind, source, subscription_id,
             occurred_at, raw_quantity, quantity, unit, unit_price, cost, currency, state, derivation)
         values ($1, $2, $3, 'voice_minutes', $4, $5, $6, $7, $8, 'minute', $9, $10, $11, 'final', $12)",
        usage.uuid(),
        call.tenant.uuid(),
        number.account.uuid(),
        source,
        call.subscription.uuid(),
        call.started_at,
        rating::minutes(call.answered_seconds.into()),
        rating::minutes(billed_seconds),
        rate,
        price,
        number.currency.as_str(),
        derivation,
    )
    .execute(cx.tx())
    .await?;
    set_price(cx, call, price, billed_seconds, number.currency).await?;
    Ok(Some(Rated { usage, billed_seconds, price, currency: number.currency }))
}

/// The rating that was made when the call was first told.
async fn standing<Scope>(
    cx: &mut Ctx<Scope>,
    tenant: TenantId,
    source: &str,
) -> Result<Rated, UsageError> {
    let row = sqlx::query!(
        r#"select u.id as "id: UsageId", u.cost, u.currency as "currency: Currency",
                  (u.derivation->>'billed_seconds')::bigint as "billed!"
           from usage_keys k
           join usage_records u on u.id = k.usage_id and u.occurred_at = k.occurred_at
           where k.source = $1 and k.tenant_id = $2 and u.tenant_id = $2"#,
        source,
        tenant.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or_else(|| Fault::inconsistent(format!("usage_keys {source}"), "no usage record"))?;
    Ok(Rated {
        usage: row.id,
        billed_seconds: u64::try_from(row.billed).unwrap_or(0),
        price: row.cost,
        currency: row.currency,
    })
}

/// Writes the price into the call record. A price above zero is never set back to zero by a late
/// "nobody answered".
async fn set_price<Scope>(
    cx: &mut Ctx<Scope>,
    call: &CallToRate,
    price: Decimal,
    billed_seconds: u64,
    currency: Currency,
) -> Result<(), Fault> {
    sqlx::query!(
        "update call_records set price = $4, currency = $5, billable_seconds = $6
         where id = $1 and started_at = $2 and tenant_id = $3
           and (price is null or price = 0)",
        call.call.uuid(),
        call.started_at,
        call.tenant.uuid(),
        price,
        currency.as_str(),
        i32::try_from(billed_seconds).unwrap_or(i32::MAX),
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}
