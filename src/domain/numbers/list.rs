//! The list: one page of rows, and what it can be narrowed by.

use super::{Filter, NumberError, Sort, filter};
use crate::Ctx;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;
use voxlink_types::{
    Currency, E164, Page, PageRequest, Paging,
    ids::NumberId,
    number::{Capability, NumberState, NumberType, Standing},
    routing::{Plan, describe},
};

/// A number as a list shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its public id.
    pub id: NumberId,
    /// The number.
    pub number: E164,
    /// Its state.
    pub state: NumberState,
    /// The name its owner gave it.
    pub name: Option<String>,
    /// Its owner's tags.
    pub tags: Vec<String>,
    /// Its owner's notes.
    pub notes: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The kind.
    pub number_type: NumberType,
    /// What it can do.
    pub capabilities: Vec<Capability>,
    /// Town.
    pub locality: Option<String>,
    /// State or province.
    pub region: Option<String>,
    /// What a month costs.
    pub monthly: Decimal,
    /// The currency of the prices.
    pub currency: Currency,
    /// Since when.
    pub started_at: DateTime<Utc>,
    /// When the release that was asked for is carried out.
    pub release_at: Option<DateTime<Utc>>,
    /// The published plan, as stored.
    pub plan: Option<Value>,
    /// Calls in the last 30 days.
    pub calls: i64,
}

impl Row {
    /// Where it stands, as people see it.
    pub fn standing(&self) -> Standing {
        Standing::of(self.state, self.release_at.is_some())
    }

    /// What it does when it rings, in a line; none when nothing is published.
    pub fn what_it_does(&self) -> Option<String> {
        let plan: Plan = serde_json::from_value(self.plan.clone()?).ok()?;
        Some(describe(&plan))
    }

    /// Town and region, where known. Some countries number their regions, which tells nobody
    /// anything.
    pub fn place(&self) -> Option<String> {
        let named = |region: &&String| !region.bytes().all(|b| b.is_ascii_digit());
        match (&self.locality, self.region.as_ref().filter(named)) {
            (Some(town), Some(region)) => Some(format!("{town}, {region}")),
            (one, other) => one.as_ref().or(other).cloned(),
        }
    }
}

/// One page of the numbers that match.
pub async fn list(
    cx: &mut Ctx,
    wanted: &Filter,
    sort: Sort,
    request: PageRequest,
) -> Result<Page<Row>, NumberError> {
    let mut paging = Paging::new(request);
    let (ids, total) = loop {
        let (ids, total) =
            filter::ids(cx, wanted, sort, paging.offset(), Some(paging.limit())).await?;
        if let Some(settled) = paging.settle(ids, |_| total) {
            break settled;
        }
    };
    Ok(Page { rows: rows(cx, &ids).await?, request, total })
}

/// The ids of all numbers that match, in order.
pub async fn matching(
    cx: &mut Ctx,
    wanted: &Filter,
    sort: Sort,
) -> Result<Vec<NumberId>, NumberError> {
    Ok(filter::ids(cx, wanted, sort, 0, None).await?.0)
}

/// The rows of these numbers, in this order; ids of others are passed over.
pub async fn rows(cx: &mut Ctx, ids: &[NumberId]) -> Result<Vec<Row>, NumberError> {
    let since = cx.now() - TimeDelta::days(30);
    let wanted: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let found = sqlx::query!(
        // With outer joins sqlx guesses from the plan of the day what may be null: say it.
        r#"select s.id as "id!: NumberId", s.e164 as "number!: E164", s.state as "state!: NumberState",
                s.friendly_name as "friendly_name?", s.tags as "tags!", s.notes as "notes?",
                i.country as "country!", i.number_type as "number_type!: NumberType",
                i.capabilities as "capabilities!: Vec<Capability>", i.locality as "locality?",
                i.region as "region?", s.monthly as "monthly!", s.currency as "currency!: Currency",
                s.started_at as "started_at!", s.release_at as "release_at?",
                c.plan as "plan?",
                (select count(*) from call_records r
                 where r.tenant_id = s.tenant_id and r.subscription_id = s.id and r.started_at >= $3) as "calls!"
         from subscriptions s
         join inventory i on i.id = s.inventory_id
         left join number_configurations c on c.id = s.published_configuration_id
         where s.tenant_id = $1 and s.id = any($2)"#,
        cx.tenant().uuid(),
        &wanted,
        since,
    )
    .fetch_all(cx.tx())
    .await?;
    let mut by_id: HashMap<NumberId, Row> = found
        .into_iter()
        .map(|r| {
            let row = Row {
                id: r.id,
                number: r.number,
                state: r.state,
                name: r.friendly_name,
                tags: r.tags,
                notes: r.notes,
                country: r.country,
                number_type: r.number_type,
                capabilities: r.capabilities,
                locality: r.locality,
                region: r.region,
                monthly: r.monthly,
                currency: r.currency,
                started_at: r.started_at,
                release_at: r.release_at.filter(|_| r.state != NumberState::Released),
                plan: r.plan,
                calls: r.calls,
            };
            (row.id, row)
        })
        .collect();
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
}

/// What a tenant's numbers can be narrowed by, with how many there are of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// Numbers not released.
    pub total: i64,
    /// By standing, in the standings' order.
    pub standings: Vec<(Standing, i64)>,
    /// By kind.
    pub types: Vec<(NumberType, i64)>,
    /// By country.
    pub countries: Vec<(String, i64)>,
    /// By tag, most used first.
    pub tags: Vec<(String, i64)>,
}

/// Counts a tenant's numbers by what they can be narrowed by. Released numbers count in their own
/// standing only.
pub async fn facets(cx: &mut Ctx) -> Result<Facets, NumberError> {
    let tenant = cx.tenant().uuid();
    let counted = sqlx::query!(
        r#"select s.state as "state: NumberState", s.release_at is not null as "releasing!",
                i.number_type as "number_type: NumberType", i.country, count(*) as "count!"
         from subscriptions s join inventory i on i.id = s.inventory_id
         where s.tenant_id = $1 group by 1, 2, 3, 4"#,
        tenant,
    )
    .fetch_all(cx.tx())
    .await?;
    let tags = sqlx::query!(
        r#"select tag as "tag!", count(*) as "count!"
         from subscriptions, unnest(tags) tag
         where tenant_id = $1 and state <> 'released'
         group by tag order by count(*) desc, tag limit 100"#,
        tenant,
    )
    .fetch_all(cx.tx())
    .await?;
    let mut facets =
        Facets { tags: tags.into_iter().map(|t| (t.tag, t.count)).collect(), ..Facets::default() };
    for group in counted {
        add(&mut facets.standings, Standing::of(group.state, group.releasing), group.count);
        if group.state != NumberState::Released {
            facets.total += group.count;
            add(&mut facets.types, group.number_type, group.count);
            add(&mut facets.countries, group.country, group.count);
        }
    }
    facets.standings.sort();
    facets.types.sort();
    facets.countries.sort();
    Ok(facets)
}

fn add<K: PartialEq>(counts: &mut Vec<(K, i64)>, key: K, count: i64) {
    match counts.iter_mut().find(|(k, _)| *k == key) {
        Some((_, sum)) => *sum += count,
        None => counts.push((key, count)),
    }
}
