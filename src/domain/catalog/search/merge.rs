//! Many carriers' offers become one list: each number once, ranked.

use super::Hit;
use crate::catalog::Sort;
use std::{cmp::Ordering, collections::BTreeMap};
use voxlink_types::{E164, number::NumberType};

/// A hit, with what ranks it beside what it is.
struct Row {
    hit: Hit,
    /// Its carrier's.
    priority: i32,
    /// How many its carrier named before it.
    place: usize,
}

/// One list of several, from the `offset`th row on.
pub(super) fn merged(hits: Vec<(i32, Vec<Hit>)>, sort: Sort, offset: u32, wanted: u32) -> Vec<Hit> {
    let rows = hits.into_iter().flat_map(|(priority, hits)| {
        hits.into_iter().enumerate().map(move |(place, hit)| Row { hit, priority, place })
    });
    let mut rows = once_each(rows);
    rows.sort_by(|a, b| in_order(a, b, sort));
    let rows = rows.into_iter().map(|row| row.hit);
    rows.skip(offset as usize).take(wanted as usize).collect()
}

/// A number that several carriers offer is shown once: the cheapest, then the one that the carrier
/// sets aside, then by the carrier's priority.
fn once_each(rows: impl Iterator<Item = Row>) -> Vec<Row> {
    let mut best: BTreeMap<E164, Row> = BTreeMap::new();
    for row in rows {
        let known = best.get(&row.hit.offer.number);
        if known.is_none_or(|known| better(&row, known) == Ordering::Less) {
            best.insert(row.hit.offer.number.clone(), row);
        }
    }
    best.into_values().collect()
}

fn better(a: &Row, b: &Row) -> Ordering {
    by_price(a, b)
        .then_with(|| b.hit.holding.at_carrier.is_some().cmp(&a.hit.holding.at_carrier.is_some()))
        .then_with(|| a.priority.cmp(&b.priority))
}

fn by_price(a: &Row, b: &Row) -> Ordering {
    // Amounts of two currencies are not compared; each currency stands by itself.
    let key = |row: &Row| {
        let price = &row.hit.price;
        (price.monthly.currency, price.monthly.minor, price.setup.minor)
    };
    key(a).cmp(&key(b))
}

/// Which kinds come first where nothing else decides: local, then toll-free, then mobile.
pub(super) const fn preference(kind: NumberType) -> u8 {
    match kind {
        NumberType::Local => 0,
        NumberType::TollFree => 1,
        NumberType::Mobile => 2,
        NumberType::National => 3,
        NumberType::International => 4,
        NumberType::SharedCost => 5,
        NumberType::Premium => 6,
    }
}

fn in_order(a: &Row, b: &Row, sort: Sort) -> Ordering {
    let far = |row: &Row| row.hit.offer.distance_km.unwrap_or(f64::MAX);
    match sort {
        Sort::Price => by_price(a, b).then_with(|| by_preference(a, b)),
        Sort::Best | Sort::Distance => far(a).total_cmp(&far(b)).then_with(|| by_preference(a, b)),
        Sort::Number => a.hit.offer.number.cmp(&b.hit.offer.number),
    }
}

/// The kind, then who can do more, then the carrier's priority, then what the carrier recommends.
fn by_preference(a: &Row, b: &Row) -> Ordering {
    let kind = |row: &Row| preference(row.hit.offer.number_type);
    let can = |row: &Row| row.hit.offer.capabilities.len();
    kind(a)
        .cmp(&kind(b))
        .then_with(|| can(b).cmp(&can(a)))
        .then_with(|| (a.priority, a.place).cmp(&(b.priority, b.place)))
        .then_with(|| a.hit.offer.number.cmp(&b.hit.offer.number))
}
