//! Telling the database what a server counted, and forgetting what is old.

use super::tally::{Counted, Kind, Sum, Tally};
use crate::{Ctx, Fault, Installation, Platform};
use chrono::{DateTime, Days, TimeDelta, Utc};
use uuid::Uuid;

/// How many days are kept.
const KEPT: Days = Days::new(90);

/// Adds what was counted to the figures of all servers; `server` is this process. What cannot be
/// told is kept for the next time. The day is that of the telling, a few seconds later than what is
/// told, or longer where the database was away.
pub async fn tell(platform: &Platform, server: Uuid, tally: &Tally) -> Result<(), Fault> {
    let counted = tally.take();
    if counted.is_empty() {
        return Ok(());
    }
    let stored = store(platform, server, &counted).await;
    if stored.is_err() {
        // Where only the answer to the commit was lost it is counted twice: it is a statistic.
        tally.give_back(counted);
    }
    stored
}

async fn store(platform: &Platform, server: Uuid, counted: &Counted) -> Result<(), Fault> {
    let mut cx = platform.work("carriers").await?;
    let now = cx.now();
    requests(&mut cx, now, counted).await?;
    callbacks(&mut cx, now, counted).await?;
    breakers(&mut cx, now, server, counted).await?;
    cx.commit().await
}

async fn requests(
    cx: &mut Ctx<Installation>,
    now: DateTime<Utc>,
    counted: &Counted,
) -> Result<(), Fault> {
    if counted.requests.is_empty() {
        return Ok(());
    }
    let text = |of: fn(&Kind) -> &'static str| -> Vec<String> {
        counted.requests.keys().map(|kind| of(kind).to_owned()).collect()
    };
    let (carriers, operations) = (text(|kind| kind.carrier), text(|kind| kind.operation));
    let outcomes = text(|kind| kind.outcome);
    let count = |of: fn(&Sum) -> i64| -> Vec<i64> { counted.requests.values().map(of).collect() };
    let (requests, micros) = (count(|sum| sum.requests), count(|sum| sum.took_micros));
    let within: Vec<i32> = counted.requests.keys().map(|kind| kind.within_ms).collect();
    sqlx::query!(
        "insert into carrier_traffic as t
             (carrier, day, operation, outcome, within_ms, requests, took_micros)
         select n.carrier, $1::date, n.operation, n.outcome, n.within_ms, n.requests, n.took_micros
         from unnest($2::text[], $3::text[], $4::text[], $5::integer[], $6::bigint[], $7::bigint[])
              as n (carrier, operation, outcome, within_ms, requests, took_micros)
         on conflict (carrier, day, operation, outcome, within_ms) do update
             set requests = t.requests + excluded.requests,
                 took_micros = t.took_micros + excluded.took_micros",
        now.date_naive(),
        &carriers,
        &operations,
        &outcomes,
        &within,
        &requests,
        &micros,
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}

async fn callbacks(
    cx: &mut Ctx<Installation>,
    now: DateTime<Utc>,
    counted: &Counted,
) -> Result<(), Fault> {
    if counted.callbacks.is_empty() {
        return Ok(());
    }
    let carriers: Vec<String> =
        counted.callbacks.keys().map(|(carrier, _)| (*carrier).to_owned()).collect();
    let outcomes: Vec<String> =
        counted.callbacks.keys().map(|(_, outcome)| outcome.as_str().to_owned()).collect();
    let counts: Vec<i64> = counted.callbacks.values().copied().collect();
    sqlx::query!(
        "insert into carrier_callbacks as t (carrier, day, outcome, requests)
         select n.carrier, $1::date, n.outcome, n.requests
         from unnest($2::text[], $3::text[], $4::bigint[]) as n (carrier, outcome, requests)
         on conflict (carrier, day, outcome) do update
             set requests = t.requests + excluded.requests",
        now.date_naive(),
        &carriers,
        &outcomes,
        &counts,
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}

async fn breakers(
    cx: &mut Ctx<Installation>,
    now: DateTime<Utc>,
    server: Uuid,
    counted: &Counted,
) -> Result<(), Fault> {
    if counted.breakers.is_empty() {
        return Ok(());
    }
    let carriers: Vec<String> =
        counted.breakers.keys().map(|carrier| (*carrier).to_owned()).collect();
    let open: Vec<bool> = counted.breakers.values().copied().collect();
    sqlx::query!(
        "insert into carrier_breakers as b (server, carrier, is_open, since, told_at)
         select $1::uuid, n.carrier, n.is_open, $2::timestamptz, $2::timestamptz
         from unnest($3::text[], $4::boolean[]) as n (carrier, is_open)
         on conflict (server, carrier) do update
             set since = case when b.is_open = excluded.is_open then b.since else excluded.since end,
                 is_open = excluded.is_open, told_at = excluded.told_at",
        server,
        now,
        &carriers,
        &open,
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}

/// Forgets old days, and the breakers of servers that ended.
pub(crate) async fn sweep(platform: &Platform) -> Result<(), Fault> {
    let mut cx = platform.work("worker").await?;
    let now = cx.now();
    let oldest = now.date_naive() - KEPT;
    sqlx::query!("delete from carrier_traffic where day < $1", oldest).execute(cx.tx()).await?;
    sqlx::query!("delete from carrier_callbacks where day < $1", oldest).execute(cx.tx()).await?;
    let ended = now - TimeDelta::hours(1);
    sqlx::query!("delete from carrier_breakers where told_at < $1", ended).execute(cx.tx()).await?;
    cx.commit().await
}
