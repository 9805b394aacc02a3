//! How much of the rental that is paid for would be left unused.

use super::NumberError;
use crate::{Ctx, billing::invoices::end_of_first_month};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use voxlink_types::ids::NumberId;

/// Whole days of rental that are paid or billed already and lie after the number is given back, in
/// the tenant's zone. Mostly none: only the first month is paid in advance.
pub(super) async fn days_left(
    cx: &mut Ctx,
    id: NumberId,
    given_back: DateTime<Utc>,
) -> Result<i64, NumberError> {
    let row = sqlx::query!(
        r#"select t.time_zone, (s.started_at at time zone t.time_zone)::date as "started_on!",
                  s.order_item_id is not null as "bought!",
                  (select max((l.derivation->>'to')::date)
                   from invoice_lines l join invoices i on i.id = l.invoice_id
                   where l.tenant_id = $1 and l.number_id = s.id and l.kind = 'rental'
                     and i.state <> 'cancelled') as billed_to
           from subscriptions s join tenants t on t.id = s.tenant_id
           where s.tenant_id = $1 and s.id = $2"#,
        cx.tenant().uuid(),
        id.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    let zone: Tz = row.time_zone.parse().unwrap_or(Tz::UTC);
    let first = if row.bought { end_of_first_month(row.started_on) } else { row.started_on };
    let paid_to = row.billed_to.map_or(first, |billed| billed.max(first));
    let last = given_back.with_timezone(&zone).date_naive();
    Ok((paid_to - last).num_days().max(0))
}
