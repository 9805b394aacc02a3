//! What the administrators' pages show.

use super::{
    CallbackOutcome, CarrierState, CarriersError, DAYS, Health, Operation, Origin,
    figures::{Row, by_operation},
    standing::mark_up_of,
};
use crate::{Ctx, Fault, Installation, Platform};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use voxlink_types::Currency;

/// A server that has not told of its breakers for so long has ended.
const SILENT: TimeDelta = TimeDelta::seconds(60);

/// At how many servers a carrier is left alone because it fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Breakers {
    /// Servers that told of it lately; none where it has no breaker, being no network away.
    pub servers: i64,
    /// Of them those that leave it alone.
    pub open: i64,
    /// Since when the first of those does.
    pub since: Option<DateTime<Utc>>,
}

/// A carrier in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierRow {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its account is configured on this server.
    pub configured: bool,
    /// Its callbacks can be proved on this server.
    pub proved: bool,
    /// The variables that are unset on this server and without which one of the two is missing.
    pub lacks: Vec<&'static str>,
    /// Where its credentials come from on this server.
    pub origin: Origin,
    /// Why what is stored of them is not used: the end of a sentence.
    pub trouble: Option<String>,
    /// Whether its numbers are sold.
    pub state: CarrierState,
    /// The lower, the sooner its numbers come among equals.
    pub priority: i32,
    /// What its prices are multiplied with.
    pub mark_up: Decimal,
    /// How it was when it was asked last.
    pub health: Option<Health>,
    /// Whether it is left alone.
    pub breakers: Breakers,
    /// Requests within [`DAYS`].
    pub requests: i64,
    /// Of them not done.
    pub failed: i64,
}

/// The first day that the pages show.
fn first_day(now: DateTime<Utc>) -> NaiveDate {
    now.date_naive() - Days::new(u64::from(DAYS.saturating_sub(1)))
}

/// All carriers: those that have a row, and those that are configured and have none yet.
pub async fn all(
    platform: &Platform,
    cx: &mut Ctx<Installation>,
) -> Result<Vec<CarrierRow>, Fault> {
    let now = cx.now();
    let rows = sqlx::query!(
        r#"select c.key, c.display_name, c.state as "state: CarrierState", c.priority,
                  c.settings->>'mark_up' as mark_up, h.code as "code?", h.detail as "detail?",
                  h.took_ms as "took_ms?", h.asked_at as "asked_at?",
                  coalesce(t.requests, 0)::bigint as "requests!",
                  coalesce(t.failed, 0)::bigint as "failed!",
                  b.servers as "servers!", b.open as "open!", b.since as "since?"
           from carriers c
           left join carrier_health h on h.carrier = c.key
           cross join lateral (
               select sum(requests) as requests, sum(requests) filter (where outcome <> 'ok') as failed
               from carrier_traffic where carrier = c.key and day >= $1 and outcome <> 'not_asked') t
           cross join lateral (
               select count(*) as servers, count(*) filter (where is_open) as open,
                      min(since) filter (where is_open) as since
               from carrier_breakers where carrier = c.key and told_at > $2) b
           order by c.key"#,
        first_day(now),
        now - SILENT,
    )
    .fetch_all(cx.tx())
    .await?;
    let mut all: Vec<CarrierRow> = rows
        .into_iter()
        .map(|row| {
            let asked = row.code.zip(row.detail).zip(row.took_ms).zip(row.asked_at);
            CarrierRow {
                state: row.state,
                priority: row.priority,
                mark_up: mark_up_of(row.mark_up.as_deref()),
                health: asked.map(|(((code, detail), took_ms), asked_at)| Health {
                    code,
                    detail,
                    took_ms,
                    asked_at,
                }),
                breakers: Breakers { servers: row.servers, open: row.open, since: row.since },
                requests: row.requests,
                failed: row.failed,
                ..here(platform, row.key, row.display_name)
            }
        })
        .collect();
    for carrier in platform.carriers() {
        if all.iter().all(|row| row.key != carrier.key()) {
            all.push(here(platform, carrier.key().to_owned(), carrier.name().to_owned()));
        }
    }
    all.sort_by(|a, b| (a.priority, &a.key).cmp(&(b.priority, &b.key)));
    Ok(all)
}

/// What this server knows of a carrier, and the schema's defaults.
fn here(platform: &Platform, key: String, name: String) -> CarrierRow {
    CarrierRow {
        configured: platform.carrier(&key).is_some(),
        proved: platform.answers(&key),
        lacks: platform.lacks(&key),
        origin: platform.origin(&key),
        trouble: platform.trouble(&key),
        key,
        name,
        state: CarrierState::Enabled,
        priority: 100,
        mark_up: mark_up_of(None),
        health: None,
        breakers: Breakers::default(),
        requests: 0,
        failed: 0,
    }
}

/// One carrier.
pub async fn one(
    platform: &Platform,
    cx: &mut Ctx<Installation>,
    key: &str,
) -> Result<CarrierRow, CarriersError> {
    let all = all(platform, cx).await?;
    let found = all.into_iter().find(|row| row.key == key);
    found.ok_or_else(|| CarriersError::Unknown(key.chars().take(40).collect()))
}

/// The requests of the last [`DAYS`] by operation and day, over all servers.
pub async fn operations(cx: &mut Ctx<Installation>, key: &str) -> Result<Vec<Operation>, Fault> {
    let from = first_day(cx.now());
    let rows = sqlx::query_as!(
        Row,
        "select day, operation, outcome, within_ms, requests, took_micros
         from carrier_traffic where carrier = $1 and day >= $2",
        key,
        from,
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(by_operation(&rows))
}

/// What a carrier called us with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Callbacks {
    /// Taken in.
    pub processed: i64,
    /// Turned away.
    pub refused: i64,
    /// Failed by us.
    pub failed: i64,
}

impl Callbacks {
    /// All of them.
    pub const fn received(self) -> i64 {
        self.processed + self.refused + self.failed
    }
}

/// A day's callbacks.
pub type CallbacksOfDay = (NaiveDate, Callbacks);

/// The callbacks of the last [`DAYS`], the newest day first, over all servers.
pub async fn callbacks(
    cx: &mut Ctx<Installation>,
    key: &str,
) -> Result<Vec<CallbacksOfDay>, Fault> {
    let from = first_day(cx.now());
    let rows = sqlx::query!(
        r#"select day, outcome as "outcome: CallbackOutcome", requests
           from carrier_callbacks where carrier = $1 and day >= $2"#,
        key,
        from,
    )
    .fetch_all(cx.tx())
    .await?;
    let mut days: BTreeMap<NaiveDate, Callbacks> = BTreeMap::new();
    for row in rows {
        let day = days.entry(row.day).or_default();
        *match row.outcome {
            CallbackOutcome::Processed => &mut day.processed,
            CallbackOutcome::Refused => &mut day.refused,
            CallbackOutcome::Failed => &mut day.failed,
        } += row.requests;
    }
    Ok(days.into_iter().rev().collect())
}

/// What the numbers in service cost and bring a month, in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// The currency.
    pub currency: Currency,
    /// What the carrier charges us, by the prices that the numbers were sold at.
    pub monthly: Decimal,
    /// What our customers pay.
    pub rent: Decimal,
}

/// A carrier's numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Somebody has them now.
    pub active: i64,
    /// Bought by orders within [`DAYS`].
    pub bought: i64,
    /// Given back within [`DAYS`].
    pub released: i64,
    /// What the active ones cost.
    pub costs: Vec<Cost>,
}

/// A carrier's numbers over all tenants.
pub async fn holdings(cx: &mut Ctx<Installation>, key: &str) -> Result<Holdings, Fault> {
    let from = first_day(cx.now()).and_time(NaiveTime::MIN).and_utc();
    let counts = sqlx::query!(
        r#"select count(*) filter (where s.state <> 'released') as "active!",
                  count(*) filter (where s.order_item_id is not null
                      and s.started_at >= $2) as "bought!",
                  count(*) filter (where s.released_at >= $2) as "released!"
           from subscriptions s join inventory i on i.id = s.inventory_id where i.carrier = $1"#,
        key,
        from,
    )
    .fetch_one(cx.tx())
    .await?;
    let costs = sqlx::query_as!(
        Cost,
        r#"select p.currency as "currency: Currency", sum(p.cost_monthly) as "monthly!",
                  coalesce(sum(s.monthly) filter (where s.currency = p.currency), 0) as "rent!"
           from subscriptions s
           join inventory i on i.id = s.inventory_id
           join price_books p on p.id = s.price_book_id
           where i.carrier = $1 and s.state <> 'released'
           group by p.currency order by p.currency"#,
        key,
    )
    .fetch_all(cx.tx())
    .await?;
    let (active, bought, released) = (counts.active, counts.bought, counts.released);
    Ok(Holdings { active, bought, released, costs })
}

/// How many numbers of each carrier somebody has.
pub async fn active(cx: &mut Ctx<Installation>) -> Result<BTreeMap<String, i64>, Fault> {
    let rows = sqlx::query!(
        r#"select i.carrier, count(*) as "active!"
           from subscriptions s join inventory i on i.id = s.inventory_id
           where s.state <> 'released' group by i.carrier"#
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(rows.into_iter().map(|row| (row.carrier, row.active)).collect())
}
