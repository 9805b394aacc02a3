//! Searching the stock. What the digits tell the database sees to; places, rate centres and
//! capabilities are seen to here, over the first [`MOST`] numbers that are left.

use super::super::{
    books::undo_since,
    catalogue::{placed, portion},
};
use super::{Clec, failed};
use sqlx::{FromRow, Postgres, QueryBuilder};
use voxlink_gateways::{
    CarrierError,
    carrier::{Filter, Findings, Near, Offer, SearchQuery},
};
use voxlink_types::{
    E164,
    number::{Capability, NumberType, Requirement},
};

/// How many numbers are looked at.
const MOST: i64 = 5_000;

#[derive(Debug, FromRow)]
struct Found {
    e164: E164,
    country: String,
    number_type: NumberType,
    capabilities: Vec<String>,
    rate_centre: Option<String>,
    lata: Option<String>,
    requirement: Requirement,
}

/// Numbers for sale that meet every condition of `query`.
pub(super) async fn search(carrier: &Clec, query: &SearchQuery) -> Result<Findings, CarrierError> {
    let mut sql = statement(query, carrier.clock.now())?;
    let found: Vec<Found> = sql.build_query_as().fetch_all(&carrier.pool).await.map_err(failed)?;
    let offers = found.into_iter().map(|row| offered(row, query.near)).collect();
    let mut applied = query.given();
    applied.retain(|f| matches!(f, Filter::AreaCode | Filter::Contains | Filter::Exclude));
    Ok(portion(offers, query, applied))
}

/// One number, if it is for sale now or rests and is ours to have back.
pub(super) async fn offer(carrier: &Clec, number: &E164) -> Result<Option<Offer>, CarrierError> {
    let now = carrier.clock.now();
    let found = sqlx::query_as!(
        Found,
        r#"select n.e164 as "e164: E164", n.country, n.number_type as "number_type: NumberType",
                  n.capabilities, n.rate_centre, n.lata, r.requirement as "requirement: Requirement"
           from clec.numbers n join clec.rates r using (country, number_type)
           where n.e164 = $1 and (n.held_until is null or n.held_until <= $2)
             and (n.state = 'available'
               or (n.state = 'aging' and n.last_owner = $3 and n.released_at >= $4))"#,
        number.as_str(),
        now,
        carrier.account,
        undo_since(now)
    )
    .fetch_optional(&carrier.pool)
    .await
    .map_err(failed)?;
    Ok(found.map(|row| offered(row, None)))
}

fn statement(
    query: &SearchQuery,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<QueryBuilder<Postgres>, CarrierError> {
    let mut sql = QueryBuilder::new(
        "select n.e164, n.country, n.number_type, n.capabilities, n.rate_centre, n.lata, r.requirement
         from clec.numbers n join clec.rates r using (country, number_type)
         where n.state = 'available' and (n.held_until is null or n.held_until <= ",
    );
    sql.push_bind(now).push(") and n.country = ").push_bind(query.country.clone());
    // Without the cast the column would be compared as text, past its indexes.
    sql.push("::bpchar");
    if !query.types.is_empty() {
        let words: Vec<&str> = query.types.iter().map(|t| t.as_str()).collect();
        sql.push(" and n.number_type = any(").push_bind(words).push(")");
    }
    if let Some(area) = &query.area_code {
        sql.push(" and n.national like ").push_bind(format!("{}%", pattern(area)?));
    }
    if let Some(wanted) = &query.contains {
        sql.push(" and n.national like ").push_bind(format!("%{}%", pattern(wanted)?));
    }
    for unwanted in &query.exclude {
        sql.push(" and n.national not like ").push_bind(format!("%{}%", pattern(unwanted)?));
    }
    sql.push(" order by n.e164 limit ").push_bind(MOST);
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
        Err(CarrierError::Rejected { detail: format!("{digits:?} is no pattern of digits") })
    }
}

fn offered(row: Found, near: Option<Near>) -> Offer {
    let capabilities = row.capabilities.iter().filter_map(|c| c.parse::<Capability>().ok());
    let offer = Offer {
        carrier: Clec::KEY.to_owned(),
        number: row.e164,
        country: row.country,
        number_type: row.number_type,
        capabilities: capabilities.collect(),
        area_code: None,
        locality: None,
        region: None,
        postal_code: None,
        rate_centre: row.rate_centre,
        lata: row.lata,
        position: None,
        time_zone: None,
        distance_km: None,
        requirement: row.requirement,
        cost: None,
    };
    placed(offer, near)
}
