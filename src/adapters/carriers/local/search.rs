//! Searching the catalogue: one indexed query. What depends on the kind of number (capabilities)
//! or on the place (town, region, distance) is settled from the price list and the gazetteer
//! before the database is asked; the rest is the digits.

use super::{
    LocalCarrier, failed,
    numbering::calling_code,
    products::{PRODUCTS, Product},
};
use crate::carriers::books::undo_since;
use sqlx::{FromRow, Postgres, QueryBuilder};
use voxlink_gateways::{
    CarrierError,
    carrier::{Filter, Findings, Near, Offer, SearchQuery, SearchSort},
};
use voxlink_types::{
    E164,
    gazetteer::{Gazetteer, Place},
    number::{NumberType, Requirement},
};

#[derive(Debug, FromRow)]
struct Found {
    e164: E164,
    country: String,
    number_type: NumberType,
    area_code: Option<String>,
    place: Option<i32>,
}

/// Numbers on sale that meet every condition of `query`.
pub(super) async fn search(
    carrier: &LocalCarrier,
    query: &SearchQuery,
) -> Result<Findings, CarrierError> {
    // It keeps no postal codes, rate centres or LATAs.
    let unknown = [Filter::PostalCode, Filter::RateCentre, Filter::Lata];
    let mut applied = query.given();
    applied.retain(|filter| !unknown.contains(filter));
    let none = Findings { applied: applied.clone(), ..Findings::default() };
    let types = kinds(query);
    if types.is_empty() {
        return Ok(none);
    }
    let places = places(query);
    if places.as_ref().is_some_and(Vec::is_empty) {
        return Ok(none);
    }
    let mut sql = statement(query, &types, places.as_deref(), carrier.clock.now())?;
    let found: Vec<Found> = sql.build_query_as().fetch_all(&carrier.pool).await.map_err(failed)?;
    let offers = found.into_iter().filter_map(|row| offered(row, query.near)).collect();
    Ok(Findings { offers, applied, ..Findings::default() })
}

/// One number, if it is on sale now or rests and is the caller's to have back.
pub(super) async fn offer(
    carrier: &LocalCarrier,
    number: &E164,
) -> Result<Option<Offer>, CarrierError> {
    let now = carrier.clock.now();
    let found = sqlx::query_as!(
        Found,
        r#"select e164 as "e164: E164", country, number_type as "number_type: NumberType", area_code, place
           from local_carrier.numbers
           where e164 = $1 and (held_until is null or held_until <= $2)
             and (state = 'available' or (state = 'aging' and last_owner = $3 and released_at >= $4))"#,
        number.as_str(),
        now,
        carrier.account,
        undo_since(now)
    )
    .fetch_optional(&carrier.pool)
    .await
    .map_err(failed)?;
    Ok(found.and_then(|row| offered(row, None)))
}

/// The kinds that are wanted, sold in the country and able to do what is asked.
fn kinds(query: &SearchQuery) -> Vec<NumberType> {
    PRODUCTS
        .iter()
        .filter(|p| p.country == query.country)
        .filter(|p| query.types.is_empty() || query.types.contains(&p.number_type))
        .filter(|p| !query.no_papers || p.requirement == Requirement::None)
        .filter(|p| query.capabilities.iter().all(|c| p.capabilities.contains(c)))
        .map(|p| p.number_type)
        .collect()
}

/// The keys of the places that the query allows, in the order wanted; `None` when it says nothing
/// of places.
fn places(query: &SearchQuery) -> Option<Vec<i32>> {
    let by_name = query.sort == SearchSort::Locality;
    if query.locality.is_none() && query.region.is_none() && query.near.is_none() && !by_name {
        return None;
    }
    let town = query.locality.as_deref().map(str::to_lowercase);
    let mut fitting: Vec<(f64, &Place)> = Gazetteer::get()
        .places()
        .iter()
        .filter(|p| p.country == query.country)
        .filter(|p| query.region.as_deref().is_none_or(|r| p.region.eq_ignore_ascii_case(r)))
        .filter(|p| town.as_deref().is_none_or(|t| p.locality.to_lowercase().starts_with(t)))
        .map(|p| (query.near.map_or(0.0, |n| p.distance_km(n.latitude, n.longitude)), p))
        .filter(|(km, _)| query.near.is_none_or(|n| *km <= n.within_km))
        .collect();
    if by_name {
        fitting.sort_by(|(_, a), (_, b)| a.locality.cmp(&b.locality));
    } else {
        fitting.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    }
    Some(fitting.into_iter().map(|(_, p)| p.key).collect())
}

/// The one query. Ranked places are walked in their order, each by its index, until the page is
/// full; otherwise the planner chooses between the wanted order (many matches) and the index over
/// digits (few).
fn statement(
    query: &SearchQuery,
    types: &[NumberType],
    places: Option<&[i32]>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<QueryBuilder<Postgres>, CarrierError> {
    let ranked = query.sort == SearchSort::Locality
        || (query.near.is_some() && query.sort == SearchSort::Best);
    let mut sql =
        QueryBuilder::new("select n.e164, n.country, n.number_type, n.area_code, n.place from ");
    if let Some(places) = places.filter(|_| ranked) {
        sql.push("unnest(").push_bind(places.to_vec());
        sql.push(
            "::integer[]) with ordinality as wanted (place, rank)
             join local_carrier.numbers n on n.place = wanted.place where ",
        );
    } else {
        sql.push("local_carrier.numbers n where ");
        if let Some(places) = places {
            sql.push("n.place = any(").push_bind(places.to_vec()).push("::integer[]) and ");
        }
    }
    sql.push("n.state = 'available' and (n.held_until is null or n.held_until <= ");
    sql.push_bind(now).push(") and n.country = ").push_bind(query.country.clone());
    // Without the cast the column would be compared as text, past its indexes.
    sql.push("::bpchar");
    let sold_kinds = PRODUCTS.iter().filter(|p| p.country == query.country).count();
    match types {
        [one] => {
            sql.push(" and n.number_type = ").push_bind(one.as_str());
        }
        several if several.len() < sold_kinds => {
            let words: Vec<&str> = several.iter().map(|t| t.as_str()).collect();
            sql.push(" and n.number_type = any(").push_bind(words).push(")");
        }
        _ => {}
    }
    if let Some(area) = &query.area_code {
        let digits = pattern(area)?;
        let start = format!("+{}{digits}%", calling_code(&query.country));
        sql.push(" and n.e164 like ").push_bind(start);
    }
    if let Some(wanted) = &query.contains {
        sql.push(" and n.national like ").push_bind(format!("%{}%", pattern(wanted)?));
        if let Some(pairs) = gapped(wanted) {
            sql.push(" and local_carrier.digit_pairs(n.national) @> ").push_bind(pairs);
        }
    }
    for unwanted in &query.exclude {
        sql.push(" and n.national not like ").push_bind(format!("%{}%", pattern(unwanted)?));
    }
    sql.push(match query.sort {
        _ if places.is_some() && ranked => " order by wanted.rank, n.e164 limit ",
        SearchSort::Best => " order by n.memorable desc, n.e164 limit ",
        SearchSort::Number | SearchSort::Locality => " order by n.e164 limit ",
    });
    sql.push_bind(i64::from(query.limit.min(200)));
    sql.push(" offset ").push_bind(i64::from(query.offset));
    Ok(sql)
}

/// A digit pattern for LIKE. Nothing but digits and `?` gets through.
fn pattern(digits: &str) -> Result<String, CarrierError> {
    let fits = !digits.is_empty()
        && digits.len() <= 15
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'?');
    if fits {
        Ok(digits.replace('?', "_"))
    } else {
        Err(CarrierError::Rejected { detail: format!("21421 bad pattern {digits:?}") })
    }
}

/// The pairs of digits, as `local_carrier.digit_pairs` writes them, of a pattern that the index
/// over three digits side by side cannot find. With fewer than three digits so many numbers match
/// that the first ones are found soonest by walking.
fn gapped(pattern: &str) -> Option<Vec<i32>> {
    let digits: Vec<(i32, i32)> = (0..)
        .zip(pattern.chars())
        .filter_map(|(at, c)| Some((at, i32::try_from(c.to_digit(10)?).ok()?)))
        .collect();
    let side_by_side = pattern.split('?').any(|run| run.len() >= 3);
    if digits.len() < 3 || side_by_side {
        return None;
    }
    let mut pairs = Vec::new();
    for (i, (at, first)) in digits.iter().enumerate() {
        for (later, second) in &digits[i + 1..] {
            pairs.push((later - at) * 100 + first * 10 + second);
        }
    }
    Some(pairs)
}

fn offered(row: Found, near: Option<Near>) -> Option<Offer> {
    let product = Product::of(&row.country, row.number_type)?;
    let place = row.place.and_then(|key| Gazetteer::get().place(key));
    Some(Offer {
        carrier: "local".to_owned(),
        number: row.e164,
        country: row.country,
        number_type: row.number_type,
        capabilities: product.capabilities.to_vec(),
        area_code: row.area_code,
        locality: place.map(|p| p.locality.clone()),
        region: place.map(|p| p.region.clone()),
        postal_code: None,
        rate_centre: None,
        lata: None,
        position: place.map(|p| (p.latitude, p.longitude)),
        time_zone: Some(
            place.map_or_else(|| product.time_zone.to_owned(), |p| p.time_zone.clone()),
        ),
        distance_km: place.zip(near).map(|(p, n)| p.distance_km(n.latitude, n.longitude)),
        requirement: product.requirement,
        cost: None,
    })
}

#[cfg(test)]
mod tests {
    use super::gapped;

    #[test]
    fn only_patterns_without_three_digits_side_by_side_are_looked_up_by_pairs() {
        assert_eq!(gapped("1?2?3"), Some(vec![212, 413, 223]));
        assert_eq!(gapped("12??34").map(|pairs| pairs.len()), Some(6));
        for other in ["42", "4?2", "424", "1234567", "123?4", "?4?2?"] {
            assert_eq!(gapped(other), None, "{other}");
        }
    }
}
