//! Among how many servers each carrier's quota is shared.
//!
//! What a carrier lets us ask in a second is for all servers together. Each server that lives says
//! so about every second, in one statement for all of its carriers, and hears how many do: its part
//! is the quota by that number. So no request waits for the database. Who has just come is counted
//! by the others a second later, and who died no more after [`LEASE`].

use crate::{Fault, Platform};
use chrono::TimeDelta;
use std::collections::BTreeMap;
use uuid::Uuid;

/// How long a silent server keeps its part.
pub const LEASE: TimeDelta = TimeDelta::seconds(5);

/// How long the row of a server that is no more is kept.
const KEPT: TimeDelta = TimeDelta::minutes(10);

/// Says that `server` lives and asks these carriers. Answers for each how many servers do, this one
/// included.
pub async fn lease(
    platform: &Platform,
    server: Uuid,
    carriers: &[String],
) -> Result<BTreeMap<String, u32>, Fault> {
    let now = platform.clock().now();
    let rows = sqlx::query!(
        r#"with mine as (
               insert into carrier_leases (carrier, server, expires_at)
               select distinct asked.carrier, $1::uuid, $3::timestamptz
               from unnest($2::text[]) as asked (carrier)
               on conflict (carrier, server) do update set expires_at = excluded.expires_at
           ), gone as (
               delete from carrier_leases where (carrier, server) in (
                   select carrier, server from carrier_leases
                   where server <> $1 and expires_at <= $5 for update skip locked)
           )
           select asked.carrier as "carrier!", (
               select count(*) from carrier_leases l
               where l.carrier = asked.carrier and l.server <> $1
                 and l.expires_at > $4) as "others!"
           from unnest($2::text[]) as asked (carrier)"#,
        server,
        carriers,
        now + LEASE,
        now,
        now - KEPT,
    )
    .fetch_all(&platform.db().platform)
    .await?;
    let all = |others: i64| u32::try_from(others).unwrap_or(u32::MAX).saturating_add(1);
    Ok(rows.into_iter().map(|row| (row.carrier, all(row.others))).collect())
}
