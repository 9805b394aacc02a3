//! Search: every carrier is asked at once, what they offer is priced and merged.

use super::{BadPattern, Price, Sort, Unread, Wish, current_prices, digits_of, found_in, price_of};
use crate::{Fault, Platform};
use std::{cmp::Ordering, collections::HashSet, sync::Arc, time::Duration};
use voxlink_gateways::{
    Carrier, CarrierError,
    carrier::{Near, Offer, SearchQuery, SearchSort},
};
use voxlink_types::{
    E164, PageRequest,
    error::{Explain, FieldError, Status},
    gazetteer::Gazetteer,
    number::NumberType,
};

/// How long a carrier may take before the others' answers are shown without it.
const PATIENCE: Duration = Duration::from_secs(4);
/// How deep answers of several carriers are merged.
const DEEPEST: u32 = 1_000;

/// A number that can be had, with its price.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The offer.
    pub offer: Offer,
    /// Its price.
    pub price: Price,
    /// Where the digits looked for stand in [`E164::digits`]: start and length.
    pub mark: Option<(usize, usize)>,
}

/// What a search finds with one condition left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wider {
    /// The condition, by its field: `near`, `digits`, `area`, …
    pub field: &'static str,
    /// Numbers found, up to one page.
    pub found: usize,
    /// There are more.
    pub more: bool,
}

/// A page of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The numbers.
    pub hits: Vec<Hit>,
    /// There are more.
    pub more: bool,
    /// The place searched around, as it is called.
    pub near: Option<String>,
    /// Other places of that name, as they are called.
    pub also: Vec<String>,
    /// The digits looked for.
    pub digits: Option<String>,
    /// Carriers that did not answer, by name.
    pub silent: Vec<String>,
}

/// Why a search was not made.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Digits that cannot be looked for.
    #[error("{what}")]
    Pattern {
        /// The field.
        field: &'static str,
        /// What is wrong.
        what: BadPattern,
    },
    /// An area code is digits.
    #[error("An area code is up to 7 digits, such as 617")]
    AreaCode,
    /// No such place.
    #[error(
        "We know no place “{0}” there. Write a town such as Boston, MA, a telephone number, or coordinates such as 42.36,-71.06; postal codes are not known"
    )]
    Place(String),
    /// A filter that cannot be read.
    #[error("{remedy}")]
    Filter {
        /// The field.
        field: &'static str,
        /// What to write instead.
        remedy: &'static str,
    },
    /// Distance needs a place.
    #[error("Sorting by distance needs a place to measure from")]
    NoPlace,
    /// No carrier answered.
    #[error("No carrier is answering at the moment. Try again in a minute")]
    Silent,
    /// The database did not do it.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for SearchError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl Explain for SearchError {
    fn code(&self) -> &'static str {
        match self {
            Self::Pattern { .. } => "bad_pattern",
            Self::AreaCode => "bad_area_code",
            Self::Filter { .. } => "bad_filter",
            Self::Place(_) => "unknown_place",
            Self::NoPlace => "place_missing",
            Self::Silent => "carriers_silent",
            Self::Fault(fault) => fault.code(),
        }
    }
    fn status(&self) -> Status {
        match self {
            Self::Silent => Status::Unavailable,
            Self::Fault(fault) => fault.status(),
            _ => Status::Unprocessable,
        }
    }
    fn fields(&self) -> Vec<FieldError> {
        let field = match self {
            Self::Pattern { field, .. } | Self::Filter { field, .. } => field,
            Self::AreaCode => "area",
            Self::Place(_) | Self::NoPlace => "near",
            Self::Silent | Self::Fault(_) => return Vec::new(),
        };
        vec![FieldError { field: field.to_owned(), message: self.to_string() }]
    }
}

/// The countries and kinds that have a price, by country.
pub async fn coverage(platform: &Platform) -> Result<Vec<(String, Vec<NumberType>)>, Fault> {
    let mut connection = platform.db().app.acquire().await?;
    let mut prices = current_prices(&mut connection, platform.clock().now()).await?;
    prices.sort_by(|a, b| (&a.country, a.number_type).cmp(&(&b.country, b.number_type)));
    let mut out: Vec<(String, Vec<NumberType>)> = Vec::new();
    for price in prices {
        match out.last_mut() {
            Some((country, kinds)) if *country == price.country => {
                if kinds.last() != Some(&price.number_type) {
                    kinds.push(price.number_type);
                }
            }
            _ => out.push((price.country, vec![price.number_type])),
        }
    }
    Ok(out)
}

/// Searches all configured carriers.
pub async fn search(platform: &Platform, wish: &Wish) -> Result<Found, SearchError> {
    let (query, place) = query_of(wish)?;
    let (near, also) = place.map_or_else(Default::default, |p| (Some(p.name), p.also));
    let mut connection = platform.db().app.acquire().await.map_err(Fault::from)?;
    let prices = current_prices(&mut connection, platform.clock().now()).await?;
    drop(connection);
    let sources = sources(platform, wish, &query, &prices);
    let wanted = u32::try_from(wish.page.limit()).unwrap_or(25) + 1;
    let offset = u32::try_from(wish.page.offset()).unwrap_or(u32::MAX);
    let (mut hits, silent) = collect(&sources, &prices, wish.sort, offset, wanted).await?;
    let more = hits.len() >= wanted as usize;
    hits.truncate(wanted as usize - 1);
    let taken = taken(platform, &hits).await?;
    hits.retain(|hit| !taken.contains(&hit.offer.number));
    if let Some(digits) = &query.contains {
        for hit in &mut hits {
            let all = hit.offer.number.digits();
            let code = all.len() - national_length(&hit.offer);
            hit.mark = found_in(digits, &all[code..]).map(|at| (code + at, digits.len()));
        }
    }
    Ok(Found { hits, more, near, also, digits: query.contains, silent })
}

/// For a search that finds nothing: which single condition to leave out, and what is found then,
/// most first. Conditions without which there is still nothing are not named.
pub async fn wider(platform: &Platform, wish: &Wish) -> Vec<Wider> {
    let first = PageRequest::new(1, wish.page.size);
    let without = [
        ("near", !wish.near.is_empty()),
        ("digits", !wish.contains.is_empty()),
        ("area", !wish.area_code.is_empty()),
        ("locality", !wish.locality.is_empty()),
        ("region", !wish.region.is_empty()),
        ("exclude", !wish.exclude.is_empty()),
        ("type", !wish.types.is_empty()),
        ("can", !wish.capabilities.is_empty()),
        ("max", wish.max_monthly.is_some()),
    ];
    let asked = without.into_iter().filter(|(_, given)| *given).map(|(field, _)| async move {
        let mut wider = Wish { page: first, sort: Sort::Number, ..wish.clone() };
        match field {
            "near" => wider.near.clear(),
            "digits" => wider.contains.clear(),
            "area" => wider.area_code.clear(),
            "locality" => wider.locality.clear(),
            "region" => wider.region.clear(),
            "exclude" => wider.exclude.clear(),
            "type" => wider.types.clear(),
            "can" => wider.capabilities.clear(),
            _ => wider.max_monthly = None,
        }
        let found = search(platform, &wider).await.ok()?;
        Some(Wider { field, found: found.hits.len(), more: found.more })
    });
    let mut answers: Vec<Wider> = futures::future::join_all(asked)
        .await
        .into_iter()
        .flatten()
        .filter(|w| w.found > 0)
        .collect();
    answers.sort_by_key(|w| (!w.more, std::cmp::Reverse(w.found)));
    answers
}

/// How many of a number's digits stand after its country code.
fn national_length(offer: &Offer) -> usize {
    let code = match offer.country.as_str() {
        "US" | "CA" => 1,
        "IE" => 3,
        _ => 2,
    };
    offer.number.digits().len().saturating_sub(code)
}

/// A point to measure from.
struct Around {
    name: String,
    latitude: f64,
    longitude: f64,
    also: Vec<String>,
}

/// Other places of a name that are offered.
const NAMESAKES: usize = 5;

/// What was typed as a place: coordinates, a number, or a town.
fn around(typed: &str, country: &str) -> Result<Around, SearchError> {
    if let Some((latitude, longitude)) = coordinates(typed) {
        let name = format!("{latitude}, {longitude}");
        return Ok(Around { name, latitude, longitude, also: Vec::new() });
    }
    let all = Gazetteer::get();
    let number = E164::from_typed(typed, Some(country)).ok();
    let towns = match number.and_then(|number| all.of_number(&number)) {
        Some(place) => vec![place],
        None => all.namesakes(typed, Some(country)),
    };
    let Some((place, others)) = towns.split_first() else {
        return Err(SearchError::Place(typed.to_owned()));
    };
    let name = place.shown();
    // Only a name that tells places apart is a way to the other one.
    let mut also: Vec<String> = Vec::new();
    for other in others.iter().filter(|other| other.locality == place.locality) {
        let shown = other.shown();
        if also.len() < NAMESAKES && shown != name && !also.contains(&shown) {
            also.push(shown);
        }
    }
    Ok(Around { name, latitude: place.latitude, longitude: place.longitude, also })
}

/// `42.36,-71.06`: degrees north and east.
fn coordinates(typed: &str) -> Option<(f64, f64)> {
    let (north, east) = typed.split_once(',')?;
    let degrees = |text: &str, most: f64| {
        let text = text.trim();
        let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'));
        let value: f64 = text.parse().ok().filter(|_| plain)?;
        (value.abs() <= most).then_some(value)
    };
    Some((degrees(north, 90.0)?, degrees(east, 180.0)?))
}

/// The wish in the carriers' words, and the place it is about.
fn query_of(wish: &Wish) -> Result<(SearchQuery, Option<Around>), SearchError> {
    if let Some((field, remedy)) = wish.unread.first().map(Unread::remedy) {
        return Err(SearchError::Filter { field, remedy });
    }
    let digits = |field: &'static str, typed: &str| {
        digits_of(typed).map_err(|what| SearchError::Pattern { field, what })
    };
    let given = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
    let area_code = given(&wish.area_code);
    if area_code.as_ref().is_some_and(|a| a.len() > 7 || !a.bytes().all(|b| b.is_ascii_digit())) {
        return Err(SearchError::AreaCode);
    }
    let contains = given(&wish.contains).map(|c| digits("digits", &c)).transpose()?;
    let exclude = wish
        .exclude
        .split(',')
        .filter_map(given)
        .map(|e| digits("exclude", &e))
        .collect::<Result<_, _>>()?;
    let place = given(&wish.near).map(|typed| around(&typed, &wish.country)).transpose()?;
    if place.is_none() && wish.sort == Sort::Distance {
        return Err(SearchError::NoPlace);
    }
    let query = SearchQuery {
        country: wish.country.clone(),
        types: wish.types.clone(),
        area_code,
        contains,
        exclude,
        locality: given(&wish.locality),
        region: given(&wish.region),
        near: place.as_ref().map(|p| Near {
            latitude: p.latitude,
            longitude: p.longitude,
            within_km: f64::from(wish.within_km.clamp(1, 500)),
        }),
        capabilities: wish.capabilities.clone(),
        sort: match wish.sort {
            Sort::Best | Sort::Distance => SearchSort::Best,
            Sort::Price | Sort::Number => SearchSort::Number,
        },
        offset: 0,
        limit: 0,
        ..SearchQuery::default()
    };
    Ok((query, place))
}

/// One question to one carrier.
struct Source {
    carrier: Arc<dyn Carrier>,
    query: SearchQuery,
}

/// Who is asked what. A kind that is too dear, or has no price, is not asked for; sorted by price,
/// each price is a question of its own, because a carrier does not know our prices.
fn sources(platform: &Platform, wish: &Wish, query: &SearchQuery, prices: &[Price]) -> Vec<Source> {
    let mut out = Vec::new();
    for carrier in platform.carriers().filter(|c| c.abilities().search) {
        let mut fitting: Vec<&Price> = prices
            .iter()
            .filter(|p| p.carrier == carrier.key() && p.country == wish.country)
            .filter(|p| wish.types.is_empty() || wish.types.contains(&p.number_type))
            .filter(|p| {
                wish.max_monthly.is_none_or(|most| {
                    p.monthly.currency == most.currency && p.monthly.minor <= most.minor
                })
            })
            .collect();
        fitting.sort_by_key(|p| p.monthly.minor);
        let groups: Vec<Vec<NumberType>> = if wish.sort == Sort::Price {
            fitting
                .chunk_by(|a, b| a.monthly == b.monthly)
                .map(|same| same.iter().map(|p| p.number_type).collect())
                .collect()
        } else if fitting.is_empty() {
            Vec::new()
        } else {
            vec![fitting.iter().map(|p| p.number_type).collect()]
        };
        for types in groups {
            let query = SearchQuery { types, ..query.clone() };
            out.push(Source { carrier: Arc::clone(carrier), query });
        }
    }
    out
}

/// The rows from `offset` on, over all sources, and the names of those that kept silent.
async fn collect(
    sources: &[Source],
    prices: &[Price],
    sort: Sort,
    offset: u32,
    wanted: u32,
) -> Result<(Vec<Hit>, Vec<String>), SearchError> {
    // One source pages by itself; several are merged from the start.
    let (skip, from, count) = match sources {
        [_] => (0, offset, wanted),
        _ if offset >= DEEPEST => return Ok((Vec::new(), Vec::new())),
        _ => (offset as usize, 0, offset + wanted),
    };
    let asked = sources.iter().map(|source| async move {
        (source, tokio::time::timeout(PATIENCE, ask(source, from, count)).await)
    });
    let (mut hits, mut silent) = (Vec::new(), Vec::new());
    for (source, answer) in futures::future::join_all(asked).await {
        match answer {
            Ok(Ok(offers)) => hits.extend(offers.into_iter().filter_map(|offer| {
                let price =
                    price_of(prices, &offer.carrier, &offer.country, offer.number_type)?.clone();
                Some(Hit { offer, price, mark: None })
            })),
            Ok(Err(error)) => {
                tracing::warn!(carrier = source.carrier.key(), %error, "a search failed");
                silent.push(source.carrier.name().to_owned());
            }
            Err(_) => {
                tracing::warn!(carrier = source.carrier.key(), "a search took too long");
                silent.push(source.carrier.name().to_owned());
            }
        }
    }
    silent.dedup();
    if !sources.is_empty() && silent.len() == sources.len() {
        return Err(SearchError::Silent);
    }
    if sources.len() > 1 {
        hits.sort_by(|a, b| in_order(a, b, sort));
    }
    let hits = hits.into_iter().skip(skip).take(wanted as usize).collect();
    Ok((hits, silent))
}

/// `count` offers of one source, in the carriers' largest portions.
async fn ask(source: &Source, from: u32, count: u32) -> Result<Vec<Offer>, CarrierError> {
    let mut all = Vec::new();
    while (all.len() as u64) < u64::from(count) {
        let have = u32::try_from(all.len()).unwrap_or(u32::MAX);
        let limit = (count - have).min(200);
        let query = SearchQuery { offset: from + have, limit, ..source.query.clone() };
        let findings = source.carrier.search(&query).await?;
        let last = findings.offers.len() < limit as usize;
        let ours: Vec<_> = query.given().difference(&findings.applied).copied().collect();
        let fits = |offer: &Offer| ours.iter().all(|f| query.met_by(*f, offer) != Some(false));
        all.extend(findings.offers.into_iter().filter(fits));
        if last {
            break;
        }
    }
    Ok(all)
}

fn in_order(a: &Hit, b: &Hit, sort: Sort) -> Ordering {
    let far = |hit: &Hit| hit.offer.distance_km.unwrap_or(f64::MAX);
    let first = match sort {
        Sort::Price => a.price.monthly.minor.cmp(&b.price.monthly.minor),
        Sort::Best | Sort::Distance => far(a).total_cmp(&far(b)),
        Sort::Number => Ordering::Equal,
    };
    first.then_with(|| a.offer.number.cmp(&b.offer.number))
}

/// Which of these numbers somebody holds or has here. Carriers without reservations cannot know.
async fn taken(platform: &Platform, hits: &[Hit]) -> Result<HashSet<E164>, Fault> {
    if hits.is_empty() {
        return Ok(HashSet::new());
    }
    let numbers: Vec<String> = hits.iter().map(|hit| hit.offer.number.to_string()).collect();
    let rows = sqlx::query_scalar!(
        r#"select e164 as "e164!: E164" from holds
           where e164 = any($1) and (order_id is not null or expires_at > $2)
           union
           select e164 from inventory where e164 = any($1) and state in ('sold', 'reserved')"#,
        &numbers,
        platform.clock().now()
    )
    .fetch_all(&platform.db().platform)
    .await?;
    Ok(rows.into_iter().collect())
}
