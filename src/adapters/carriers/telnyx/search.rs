//! Searching: one request for each kind of number, by `filter[…]`; no pages, only a limit. What
//! the answer tells is checked again here; a town is Telnyx's own word, because its names of towns
//! are not always ours.

use super::{Telnyx, fresh::Fresh, requirement};
use crate::carriers::catalogue;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use url::Url;
use voxlink_gateways::{
    CarrierError,
    carrier::{Coverage, Filter, Findings, Offer, OfferCost, SearchQuery},
};
use voxlink_types::{
    Currency, E164,
    number::{Capability, NumberType, Requirement},
};

/// Numbers asked for at a time, at most.
const LARGEST: u32 = 250;

/// Which kinds each country has, as last heard.
pub(super) type Kinds = Fresh<String, Vec<NumberType>>;

#[derive(Debug, Deserialize)]
struct Country {
    code: String,
    numbers: Option<bool>,
    phone_number_type: Option<Vec<String>>,
}

impl Country {
    /// The kinds for sale. Telnyx's words for them are ours.
    fn kinds(&self) -> Vec<NumberType> {
        if self.numbers == Some(false) {
            return Vec::new();
        }
        let words = self.phone_number_type.iter().flatten();
        let kinds: BTreeSet<NumberType> = words.filter_map(|word| word.parse().ok()).collect();
        kinds.into_iter().collect()
    }
}

/// Every country and kind.
pub(super) async fn coverage(telnyx: &Telnyx) -> Result<Vec<Coverage>, CarrierError> {
    let ask = telnyx.get("coverage", telnyx.at(&["country_coverage"]));
    let countries: BTreeMap<String, Country> = telnyx.one(ask).await?;
    let mut all = Vec::new();
    for country in countries.into_values() {
        let kinds = country.kinds();
        all.extend(
            kinds.iter().map(|kind| Coverage { country: country.code.clone(), number_type: *kind }),
        );
        telnyx.kinds.put(country.code, kinds);
    }
    Ok(all)
}

async fn kinds_of(telnyx: &Telnyx, country: &str) -> Result<Vec<NumberType>, CarrierError> {
    let asked = country.to_owned();
    if let Some(known) = telnyx.kinds.get(&asked) {
        return Ok(known);
    }
    let url = telnyx.at(&["country_coverage", "countries", country]);
    let kinds = match telnyx.one::<Country>(telnyx.get("coverage", url)).await {
        Ok(country) => country.kinds(),
        Err(CarrierError::Gone { .. }) => Vec::new(),
        Err(error) => return Err(error),
    };
    telnyx.kinds.put(asked, kinds.clone());
    Ok(kinds)
}

/// True for kinds that belong to a place: the others are not asked for where a place is wanted.
const fn has_place(kind: NumberType) -> bool {
    matches!(kind, NumberType::Local | NumberType::Mobile)
}

fn wanted(query: &SearchQuery, kind: NumberType) -> bool {
    query.types.is_empty() || query.types.contains(&kind)
}

/// Numbers for sale: every wanted kind that the country has, at once.
pub(super) async fn search(telnyx: &Telnyx, query: &SearchQuery) -> Result<Findings, CarrierError> {
    let somewhere =
        query.locality.is_some() || query.region.is_some() || query.rate_centre.is_some();
    let mut kinds = kinds_of(telnyx, &query.country).await?;
    kinds.retain(|kind| wanted(query, *kind) && (!somewhere || has_place(*kind)));
    let asked = kinds.into_iter().map(|kind| of_kind(telnyx, kind, query));
    let mut offers = Vec::new();
    for found in futures::future::join_all(asked).await {
        offers.extend(found?);
    }
    let applied: BTreeSet<Filter> = query.locality.iter().map(|_| Filter::Locality).collect();
    Ok(catalogue::portion(offers, query, applied))
}

async fn of_kind(
    telnyx: &Telnyx,
    kind: NumberType,
    query: &SearchQuery,
) -> Result<Vec<Offer>, CarrierError> {
    let found = available(telnyx, kind, query).await?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let papers = requirement::of(telnyx, &query.country, kind).await?;
    Ok(found.into_iter().filter_map(|a| offered(a, kind, papers, query)).collect())
}

/// One number, if it is for sale now.
pub(super) async fn offer(telnyx: &Telnyx, number: &E164) -> Result<Option<Offer>, CarrierError> {
    let Some(query) = query_of(number) else { return Ok(None) };
    let found = search(telnyx, &query).await?;
    Ok(found.offers.into_iter().find(|offer| offer.number == *number))
}

/// Whether a number for sale can be reserved; `None` when it is not for sale.
pub(super) async fn reservable(
    telnyx: &Telnyx,
    number: &E164,
) -> Result<Option<bool>, CarrierError> {
    let Some(query) = query_of(number) else { return Ok(None) };
    let mut kinds = kinds_of(telnyx, &query.country).await?;
    kinds.retain(|kind| wanted(&query, *kind));
    for kind in kinds {
        let found = available(telnyx, kind, &query).await?;
        if let Some(this) = found.into_iter().find(|a| a.phone_number == number.as_str()) {
            return Ok(Some(this.reservable == Some(true)));
        }
    }
    Ok(None)
}

/// The query that finds one number.
fn query_of(number: &E164) -> Option<SearchQuery> {
    let national = number.digits().get(number.calling_code().len()..)?;
    let country = number.country()?;
    let mut query =
        SearchQuery { contains: Some(national.to_owned()), limit: 20, ..SearchQuery::default() };
    if matches!(country.as_str(), "US" | "CA") {
        // Beside an area code the pattern is matched against the rest only.
        let (area, rest) = national.split_at_checked(3)?;
        query.area_code = Some(area.to_owned());
        query.contains = Some(rest.to_owned());
        // The two kinds that these countries have tell themselves apart by their codes.
        let free = number.is_nanp_toll_free();
        query.types = vec![if free { NumberType::TollFree } else { NumberType::Local }];
    }
    query.country = country;
    Some(query)
}

/// Numbers of one kind as Telnyx tells them.
async fn available(
    telnyx: &Telnyx,
    kind: NumberType,
    query: &SearchQuery,
) -> Result<Vec<Available>, CarrierError> {
    let ask = telnyx.get("search", search_url(telnyx, kind, query));
    match telnyx.many::<Available>(ask).await {
        // Those near what was asked are left out: they do not meet the conditions.
        Ok(page) => Ok(page.data.into_iter().filter(|a| a.best_effort != Some(true)).collect()),
        // Where Telnyx has none at all it refuses.
        Err(CarrierError::Unavailable { .. } | CarrierError::Gone { .. }) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The longest run of digits in a pattern: what a number must contain to match it.
fn solid(pattern: &str) -> Option<&str> {
    pattern.split('?').max_by_key(|run| run.len()).filter(|run| !run.is_empty())
}

fn search_url(telnyx: &Telnyx, kind: NumberType, query: &SearchQuery) -> Url {
    let mut url = telnyx.at(&["available_phone_numbers"]);
    let north_america = matches!(query.country.as_str(), "US" | "CA");
    // Conditions that only we can check thin out what comes: then more is asked for.
    let thinned = !query.exclude.is_empty()
        || query.near.is_some()
        || query.contains.as_ref().is_some_and(|pattern| pattern.contains('?'));
    let wanted = query.offset.saturating_add(query.limit);
    let limit = if thinned { LARGEST } else { wanted.clamp(1, LARGEST) };
    let features: Vec<&str> = query.capabilities.iter().map(|c| c.as_str()).collect();
    let mut add = |name: &str, value: &str| {
        url.query_pairs_mut().append_pair(&format!("filter{name}"), value);
    };
    add("[country_code]", &query.country);
    add("[phone_number_type]", kind.as_str());
    add("[limit]", &limit.to_string());
    if north_america {
        add("[best_effort]", "false");
    }
    if let Some(run) = query.contains.as_deref().and_then(solid) {
        add("[phone_number][contains]", run);
    }
    // Provinces and rate centres are asked for in North America only.
    let texts = [
        ("[national_destination_code]", &query.area_code, true),
        ("[locality]", &query.locality, true),
        ("[administrative_area]", &query.region, north_america),
        ("[rate_center]", &query.rate_centre, north_america),
    ];
    for (name, value, there) in texts {
        if let Some(value) = value.as_ref().filter(|_| there) {
            add(name, value);
        }
    }
    if !features.is_empty() {
        add("[features]", &features.join(","));
    }
    url
}

#[derive(Debug, Deserialize)]
struct Available {
    phone_number: String,
    phone_number_type: Option<String>,
    best_effort: Option<bool>,
    reservable: Option<bool>,
    features: Option<Vec<Feature>>,
    region_information: Option<Vec<Region>>,
    cost_information: Option<Costs>,
}

#[derive(Debug, Deserialize)]
struct Feature {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Region {
    region_type: String,
    region_name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Costs {
    monthly_cost: Option<Value>,
    upfront_cost: Option<Value>,
    currency: Option<String>,
}

impl Costs {
    /// What can be read exactly, in a currency that we keep books in.
    fn read(&self) -> Option<OfferCost> {
        Some(OfferCost {
            monthly: exact(self.monthly_cost.as_ref()?)?,
            setup: exact(self.upfront_cost.as_ref()?)?,
            currency: self.currency.as_ref()?.parse::<Currency>().ok()?,
        })
    }
}

/// A decimal as written, never by way of a float.
fn exact(value: &Value) -> Option<Decimal> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

/// Reads an offer. A number that we cannot read is left out, not the page.
fn offered(
    a: Available,
    kind: NumberType,
    requirement: Requirement,
    query: &SearchQuery,
) -> Option<Offer> {
    let number: E164 = a.phone_number.parse().ok()?;
    let region = |kind: &str| {
        let regions = a.region_information.as_deref().unwrap_or_default();
        let name = regions.iter().find(|r| r.region_type == kind)?.region_name.clone()?;
        (!name.is_empty()).then_some(name)
    };
    let can = |capability: &Capability| {
        let features = a.features.as_deref().unwrap_or_default();
        features.iter().any(|f| f.name.eq_ignore_ascii_case(capability.as_str()))
    };
    // "SHEBOYGAN (SHEBOYGAN)": the town, then its rate centre.
    let town = region("location").map(|name| match name.split_once(" (") {
        Some((town, _)) => town.to_owned(),
        None => name,
    });
    let area_code = query.area_code.clone().filter(|code| {
        number.digits().get(number.calling_code().len()..).is_some_and(|n| n.starts_with(code))
    });
    Some(catalogue::placed(
        Offer {
            carrier: Telnyx::KEY.to_owned(),
            country: region("country_code").unwrap_or_else(|| query.country.clone()),
            number_type: a
                .phone_number_type
                .as_deref()
                .and_then(|k| k.parse().ok())
                .unwrap_or(kind),
            capabilities: Capability::ALL.iter().copied().filter(can).collect(),
            area_code,
            locality: town,
            region: region("state"),
            postal_code: None,
            rate_centre: region("rate_center"),
            lata: None,
            position: None,
            time_zone: None,
            distance_km: None,
            requirement,
            cost: a.cost_information.as_ref().and_then(Costs::read),
            number,
        },
        query.near,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// As in developers.telnyx.com/docs/numbers/phone-numbers/number-reservations.
    fn sheboygan() -> Value {
        json!({
            "quickship": false, "vanity_format": null, "phone_number": "+19205550123",
            "features": [{"name": "emergency"}, {"name": "fax"}, {"name": "sms"}, {"name": "mms"},
                {"name": "hd_voice"}, {"name": "voice"}],
            "reservable": true, "record_type": "available_phone_number", "best_effort": false,
            "region_information": [
                {"region_name": "WI", "region_type": "state"},
                {"region_name": "SHEBOYGAN", "region_type": "rate_center"},
                {"region_name": "SHEBOYGAN (SHEBOYGAN)", "region_type": "location"},
                {"region_name": "US", "region_type": "country_code"}],
            "cost_information": {"monthly_cost": "1.00000", "currency": "USD",
                "upfront_cost": "0.50000"},
            "phone_number_type": "local"
        })
    }

    fn read(record: Value) -> Option<Offer> {
        let query = SearchQuery { country: "US".to_owned(), ..SearchQuery::default() };
        let available = serde_json::from_value(record).unwrap();
        offered(available, NumberType::Local, Requirement::None, &query)
    }

    #[test]
    fn an_offer_is_read_with_place_and_cost() {
        let offer = read(sheboygan()).unwrap();
        assert_eq!(offer.number.as_str(), "+19205550123");
        assert_eq!((offer.country.as_str(), offer.region.as_deref()), ("US", Some("WI")));
        assert_eq!(offer.locality.as_deref(), Some("SHEBOYGAN"));
        assert_eq!(offer.rate_centre.as_deref(), Some("SHEBOYGAN"));
        assert_eq!(offer.capabilities, Capability::ALL);
        let cost = offer.cost.unwrap();
        assert_eq!(
            (cost.monthly.to_string(), cost.setup.to_string()),
            ("1.00000".into(), "0.50000".into())
        );
        assert_eq!(cost.currency, Currency::Usd);
    }

    #[test]
    fn a_price_that_cannot_be_read_is_no_price() {
        let cost = |cost: Value| {
            let mut record = sheboygan();
            record["cost_information"] = cost;
            read(record).unwrap().cost
        };
        assert_eq!(cost(json!(null)), None);
        assert_eq!(cost(json!({"monthly_cost": "1.00", "currency": "XTS"})), None);
        let strange = json!({"monthly_cost": "1.00", "upfront_cost": "free", "currency": "USD"});
        assert_eq!(cost(strange), None);
    }

    #[test]
    fn kinds_are_told_by_the_countrys_own_list() {
        let kinds = |record: Value| serde_json::from_value::<Country>(record).unwrap().kinds();
        let albania = json!({"code": "AL", "features": ["voice", "fax"], "numbers": true,
            "mobile": {}, "phone_number_type": ["toll_free", "local", "moon"], "region": "EMEA"});
        assert_eq!(kinds(albania), [NumberType::Local, NumberType::TollFree]);
        let algeria = json!({"code": "DZ", "numbers": false, "phone_number_type": []});
        assert!(kinds(algeria).is_empty());
    }

    #[test]
    fn a_pattern_is_asked_for_by_its_longest_run() {
        assert_eq!(solid("01?234?5"), Some("234"));
        assert_eq!(solid("42"), Some("42"));
        assert_eq!(solid("??"), None);
    }
}
