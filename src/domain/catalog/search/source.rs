//! Who is asked what.

use super::{Holding, merge::preference};
use crate::{
    Fault, Platform,
    catalog::{Price, Sort, Wish},
};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use std::{collections::BTreeMap, sync::Arc};
use voxlink_gateways::{Carrier, carrier::SearchQuery};
use voxlink_types::{ids::PriceId, number::NumberType};

/// One question to one carrier.
#[derive(Debug)]
pub(super) struct Source {
    /// Who is asked.
    pub carrier: Arc<dyn Carrier>,
    /// What.
    pub query: SearchQuery,
    /// The lower, the sooner its numbers come among equals.
    pub priority: i32,
    /// The prices that its numbers are sold by.
    pub book: Vec<PriceId>,
}

impl Source {
    /// How its numbers can be held from now on.
    pub fn holding(&self, minutes: i64, now: DateTime<Utc>) -> Holding {
        let until = now + TimeDelta::minutes(minutes);
        let abilities = self.carrier.abilities();
        let at_carrier = abilities.holds.then(|| match abilities.hold_minutes {
            0 => until,
            most => until.min(now + TimeDelta::minutes(i64::from(most))),
        });
        Holding { until, at_carrier }
    }
}

/// The carriers whose numbers are sold, with their priorities.
pub(super) async fn sellers(connection: &mut PgConnection) -> Result<BTreeMap<String, i32>, Fault> {
    let rows = sqlx::query!("select key, priority from carriers where state = 'enabled'")
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.key, row.priority)).collect())
}

/// The questions of a search. A kind that is too dear, or has no price, is not asked for. Sorted by
/// price, each price is a question of its own, because a carrier does not know our prices; where
/// several carriers are merged by preference, each kind is, so that none crowds the others out.
pub(super) fn sources(
    platform: &Platform,
    wish: &Wish,
    query: &SearchQuery,
    prices: &[Price],
    sellers: &BTreeMap<String, i32>,
) -> Vec<Source> {
    let carriers = platform.carriers().filter(|c| c.abilities().search);
    let fitting: Vec<(Arc<dyn Carrier>, i32, Vec<&Price>)> = carriers
        .filter_map(|carrier| {
            let priority = *sellers.get(carrier.key())?;
            let fitting = for_sale(carrier.key(), wish, query, prices);
            Some((carrier, priority, fitting))
        })
        .filter(|(_, _, prices)| !prices.is_empty())
        .collect();
    let several = fitting.len() > 1;
    let mut out = Vec::new();
    for (carrier, priority, prices) in fitting {
        let groups: Vec<&[&Price]> = match wish.sort {
            Sort::Price => prices.chunk_by(|a, b| a.monthly == b.monthly).collect(),
            Sort::Best | Sort::Distance if several => prices.chunks(1).collect(),
            _ => vec![&prices[..]],
        };
        for group in groups {
            let mut types: Vec<NumberType> = group.iter().map(|p| p.number_type).collect();
            types.sort();
            out.push(Source {
                carrier: Arc::clone(&carrier),
                query: SearchQuery { types, ..query.clone() },
                priority,
                book: group.iter().map(|p| p.id).collect(),
            });
        }
    }
    out
}

/// The prices of a carrier that a search is about, the cheapest first.
fn for_sale<'a>(
    carrier: &str,
    wish: &Wish,
    query: &SearchQuery,
    prices: &'a [Price],
) -> Vec<&'a Price> {
    let affordable = |p: &Price| {
        wish.max_monthly
            .is_none_or(|most| p.monthly.currency == most.currency && p.monthly.minor <= most.minor)
    };
    let mut fitting: Vec<&Price> = prices
        .iter()
        .filter(|p| p.carrier == carrier && p.country == query.country && affordable(p))
        .filter(|p| query.types.is_empty() || query.types.contains(&p.number_type))
        .collect();
    fitting.sort_by_key(|p| (p.monthly.minor, preference(p.number_type)));
    fitting
}
