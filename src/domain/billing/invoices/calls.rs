//! The calls behind a cost: behind a usage line of an invoice, or of a stretch of time. A page at a
//! time for people, a piece at a time for files: a line of a million calls needs no more memory
//! than one of two hundred.

use super::InvoiceError;
use crate::{
    Actor, Ctx, Fault, Platform, RequestInfo,
    billing::{
        export,
        usage::{RatedCall, Span, calls_between},
    },
};
use chrono::{DateTime, Utc};
use futures::stream::{self, Stream};
use rust_decimal::Decimal;
use voxlink_types::{
    Currency, Page, PageRequest,
    ids::{CallId, InvoiceId, InvoiceLineId, NumberId, TenantId, UsageId},
};

/// Calls read at once for a file.
const CHUNK: i64 = 2_000;

/// Which calls are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallsOf {
    /// Those behind a usage line.
    Line(InvoiceId, InvoiceLineId),
    /// Those of a stretch of time, of one number or of all.
    Span(Span, Option<NumberId>),
}

/// What the calls of a line have in common.
struct UsageLine {
    number: Option<NumberId>,
    unit_price: Decimal,
    kind: Option<String>,
    direction: Option<String>,
    increments: Option<String>,
    calls: i64,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
}

async fn usage_line(
    cx: &mut Ctx<TenantId>,
    invoice: InvoiceId,
    line: InvoiceLineId,
) -> Result<UsageLine, InvoiceError> {
    sqlx::query_as!(
        UsageLine,
        r#"select number_id as "number: NumberId", unit_price, derivation->>'kind' as kind,
                  derivation->>'direction' as direction, derivation->>'increments' as increments,
                  coalesce((derivation->>'records')::bigint, 0) as "calls!",
                  period_start as "first!", period_end as "last!"
           from invoice_lines
           where id = $1 and invoice_id = $2 and tenant_id = $3 and kind = 'usage'
             and period_start is not null and period_end is not null"#,
        line.uuid(),
        invoice.uuid(),
        cx.tenant().uuid(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(InvoiceError::NotFound)
}

/// The calls behind a usage line, oldest first. Their prices add up to the line's exact amount.
pub async fn calls_behind(
    cx: &mut Ctx<TenantId>,
    invoice: InvoiceId,
    line: InvoiceLineId,
    request: PageRequest,
) -> Result<Page<RatedCall>, InvoiceError> {
    let of = usage_line(cx, invoice, line).await?;
    let rows = read(cx, invoice, &of, None, request.limit(), request.offset()).await?;
    Ok(Page { rows, request, total: of.calls })
}

/// The rated calls after a place in the order of their beginnings. A call whose record is gone is
/// still in what was billed, so it is listed, without who called whom.
async fn read(
    cx: &mut Ctx<TenantId>,
    invoice: InvoiceId,
    line: &UsageLine,
    after: Option<(DateTime<Utc>, UsageId)>,
    limit: i64,
    offset: i64,
) -> Result<Vec<RatedCall>, Fault> {
    let (at, id) = after.unwrap_or((DateTime::UNIX_EPOCH, UsageId::from_uuid(uuid::Uuid::nil())));
    Ok(sqlx::query_as!(
        RatedCall,
        r#"select u.id as "usage: UsageId", split_part(u.source, ':', 2)::uuid as "call!: CallId", u.occurred_at as started_at,
                  s.id as "number: NumberId", coalesce(c.from_number, '') as "from!", coalesce(c.to_number, '') as "to!",
                  coalesce((u.derivation->>'raw_seconds')::bigint, 0) as "raw_seconds!",
                  coalesce((u.derivation->>'billed_seconds')::bigint, 0) as "billed_seconds!",
                  coalesce(u.derivation->>'increments', '') as "increments!",
                  u.unit_price as rate, u.cost, u.currency as "currency: Currency"
           from (select * from usage_records
                 where tenant_id = $1 and invoice_id = $2 and subscription_id = $3
                   and unit_price = $4 and kind = $5
                   and derivation->>'direction' is not distinct from $6
                   and derivation->>'increments' is not distinct from $7
                   and source like 'call:%'
                   and occurred_at >= $8 and occurred_at <= $9 and (occurred_at, id) > ($10, $11)
                 order by occurred_at, id limit $12 offset $13) u
           left join call_records c on c.tenant_id = u.tenant_id and c.started_at = u.occurred_at
                and u.source = 'call:' || c.id::text
           join subscriptions s on s.id = u.subscription_id and s.tenant_id = u.tenant_id
           order by u.occurred_at, u.id"#,
        cx.tenant().uuid(),
        invoice.uuid(),
        line.number.map(NumberId::uuid),
        line.unit_price,
        line.kind,
        line.direction,
        line.increments,
        line.first,
        line.last,
        at,
        id.uuid(),
        limit,
        offset,
    )
    .fetch_all(cx.tx())
    .await?)
}

/// A file of calls: what is wanted and who asks.
#[derive(Debug, Clone)]
pub struct CallFile {
    /// The platform to read from.
    pub platform: Platform,
    /// The tenant whose calls they are.
    pub tenant: TenantId,
    /// Who asks.
    pub actor: Actor,
    /// Which calls.
    pub of: CallsOf,
}

/// How far a file has been written.
enum Written {
    Nothing,
    To(DateTime<Utc>, UsageId),
    All,
}

/// The file, a piece at a time, oldest call first. Each piece is a transaction of its own, so a
/// slow download holds no connection.
pub fn call_file(
    wanted: CallFile,
) -> impl Stream<Item = Result<Vec<u8>, InvoiceError>> + Send + 'static {
    stream::try_unfold((wanted, Written::Nothing), |(wanted, written)| async move {
        let (after, begins) = match written {
            Written::All => return Ok(None),
            Written::Nothing => (None, true),
            Written::To(at, id) => (Some((at, id)), false),
        };
        let (request, actor) = (RequestInfo::default(), wanted.actor.clone());
        let mut cx = Ctx::begin(&wanted.platform, wanted.tenant, actor, request).await?;
        let calls = match wanted.of {
            CallsOf::Line(invoice, line) => {
                let line = usage_line(&mut cx, invoice, line).await?;
                read(&mut cx, invoice, &line, after, CHUNK, 0).await?
            }
            CallsOf::Span(span, number) => {
                calls_between(&mut cx, span, number, after, CHUNK).await?
            }
        };
        let bytes = export::calls(&calls, begins)?;
        let full = i64::try_from(calls.len()).unwrap_or(CHUNK) == CHUNK;
        let next = match calls.last() {
            Some(last) if full => Written::To(last.started_at, last.usage),
            _ => Written::All,
        };
        Ok(Some((bytes, (wanted, next))))
    })
}
