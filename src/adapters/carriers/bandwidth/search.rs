//! Searching Bandwidth's inventory: local numbers of the United States and Canada by one place or
//! one pattern at a time, toll-free numbers by their code
//! (dev.bandwidth.com/docs/numbers/guides/searchingForNumbers). What goes beyond is checked on the
//! answer.

use super::{Bandwidth, available::Found, xml};
use crate::carriers::catalogue;
use std::collections::{BTreeMap, BTreeSet};
use url::Url;
use voxlink_gateways::{
    CarrierError,
    carrier::{Filter, Findings, Near, Offer, SearchQuery},
};
use voxlink_types::{E164, gazetteer::Gazetteer, number::NumberType};

/// `quantity` at most.
const MOST: u32 = 5000;

/// Asked for where we still check conditions on the answer.
const PLENTY: u32 = 1000;

/// Area codes asked at once for a point.
const AREAS: usize = 4;

/// Where to look when nobody says where: Bandwidth refuses a search without any condition (4010),
/// and these have the most numbers.
const ANYWHERE: [(&str, &[&str]); 2] =
    [("US", &["NY", "CA", "TX", "FL"]), ("CA", &["ON", "QC", "BC", "AB"])];

const TOLL_FREE: [&str; 7] = ["800", "833", "844", "855", "866", "877", "888"];

/// What is asked of `availableNumbers` at once, and the conditions that it sees to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Question {
    kind: NumberType,
    pairs: Vec<(&'static str, String)>,
    applied: BTreeSet<Filter>,
}

impl Question {
    fn local() -> Self {
        let pairs = vec![("enableTNDetail", "true".to_owned())];
        Self { kind: NumberType::Local, pairs, applied: BTreeSet::new() }
    }

    fn toll_free() -> Self {
        Self { kind: NumberType::TollFree, pairs: Vec::new(), applied: BTreeSet::new() }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.pairs.push((name, value.to_owned()));
        self
    }

    fn seeing_to(mut self, filter: Filter) -> Self {
        self.applied.insert(filter);
        self
    }

    fn url(&self, bandwidth: &Bandwidth) -> Url {
        let mut url = bandwidth.own(&["availableNumbers"]);
        url.query_pairs_mut().extend_pairs(&self.pairs);
        url
    }
}

/// Numbers for sale.
pub(super) async fn search(
    bandwidth: &Bandwidth,
    query: &SearchQuery,
) -> Result<Findings, CarrierError> {
    let questions = questions(query);
    let applied = questions
        .iter()
        .fold(query.given(), |all, one| all.intersection(&one.applied).copied().collect());
    let mut asked = Vec::with_capacity(questions.len());
    for question in &questions {
        asked.push(ask(bandwidth, "search", question, query));
    }
    let mut offers = Vec::new();
    for found in futures::future::join_all(asked).await {
        offers.extend(found?);
    }
    Ok(catalogue::portion(offers, query, applied))
}

/// One number, if it is for sale now: among all of its thousand, or by its last seven digits.
pub(super) async fn offer(
    bandwidth: &Bandwidth,
    number: &E164,
) -> Result<Option<Offer>, CarrierError> {
    let tn = xml::written(number);
    let (Some(thousand), Some(line)) = (tn.get(..7), tn.get(3..)) else { return Ok(None) };
    if tn.len() != 10 {
        return Ok(None);
    }
    let question = if number.is_nanp_toll_free() {
        Question::toll_free().with("tollFreeVanity", line).with("quantity", "100")
    } else {
        Question::local()
            .with("npaNxxx", thousand)
            .with("LCA", "false")
            .with("quantity", &PLENTY.to_string())
    };
    let found = ask(bandwidth, "offer", &question, &SearchQuery::default()).await?;
    Ok(found.into_iter().find(|offer| offer.number == *number))
}

async fn ask(
    bandwidth: &Bandwidth,
    operation: &'static str,
    question: &Question,
    query: &SearchQuery,
) -> Result<Vec<Offer>, CarrierError> {
    let answer = match bandwidth.ask(bandwidth.get(operation, question.url(bandwidth))).await {
        Ok(answer) => answer,
        // It has none there, or no such place.
        Err(CarrierError::Unavailable { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let found: Found = xml::read(&answer)?;
    let messages = bandwidth.account.messaging_application.is_some();
    let offers = found.offers(question.kind, messages);
    let here = |offer: &Offer| query.country.is_empty() || offer.country == query.country;
    Ok(offers.into_iter().filter(here).map(|offer| catalogue::placed(offer, query.near)).collect())
}

fn questions(query: &SearchQuery) -> Vec<Question> {
    let wanted = |kind| query.types.is_empty() || query.types.contains(&kind);
    let toll_free = query.area_code.as_deref().map(|code| TOLL_FREE.contains(&code));
    let mut all = Vec::new();
    if matches!(query.country.as_str(), "US" | "CA")
        && wanted(NumberType::Local)
        && toll_free != Some(true)
    {
        all.extend(local(query));
    }
    // A toll-free number is at no place, so that no condition on the place can hold for one.
    let anywhere = query.locality.is_none()
        && query.region.is_none()
        && query.postal_code.is_none()
        && query.rate_centre.is_none()
        && query.lata.is_none()
        && query.near.is_none();
    if query.country == "US" && wanted(NumberType::TollFree) && anywhere && toll_free != Some(false)
    {
        all.push(free(query));
    }
    all.into_iter().map(|question| counted(question, query)).collect()
}

/// With how many numbers are asked for: more than wanted where we leave some out ourselves.
fn counted(question: Question, query: &SearchQuery) -> Question {
    let wanted = query.offset.saturating_add(query.limit).clamp(1, MOST);
    let checked_here = !query.given().is_subset(&question.applied);
    let quantity = if checked_here { wanted.max(PLENTY) } else { wanted };
    question.with("quantity", &quantity.to_string())
}

/// Digits alone, without `?`.
fn plain(pattern: Option<&String>, lengths: std::ops::RangeInclusive<usize>) -> Option<&str> {
    let digits = |p: &&str| lengths.contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
    pattern.map(String::as_str).filter(digits)
}

/// A pattern goes with area code and state only; places go together.
fn local(query: &SearchQuery) -> Vec<Question> {
    let mut question = Question::local();
    let mut bound = false;
    if let Some(code) = plain(query.area_code.as_ref(), 3..=3) {
        question = question.with("areaCode", code).seeing_to(Filter::AreaCode);
        bound = true;
    }
    let region = query.region.as_deref().filter(|region| region.len() == 2);
    if let Some(region) = region {
        question = question.with("state", &region.to_uppercase()).seeing_to(Filter::Region);
        bound = true;
    }
    if let Some(whole) = plain(query.contains.as_ref(), 10..=10) {
        // All ten digits, so all of its thousand; an area code besides is checked on the answer.
        let thousand = whole.get(..7).unwrap_or(whole);
        let question = Question::local().with("npaNxxx", thousand).with("LCA", "false");
        return vec![question];
    }
    if let Some(vanity) = plain(query.contains.as_ref(), 4..=7) {
        // Found in the last seven digits: part of what we mean, and all of that does hold.
        return vec![question.with("localVanity", vanity).seeing_to(Filter::Contains)];
    }
    if let Some(zip) = plain(query.postal_code.as_ref(), 5..=5) {
        question = question.with("zip", zip).seeing_to(Filter::PostalCode);
        bound = true;
    }
    if let Some(lata) = plain(query.lata.as_ref(), 3..=5) {
        question = question.with("lata", lata).seeing_to(Filter::Lata);
        bound = true;
    }
    if let (Some(rate_centre), Some(_)) = (&query.rate_centre, region) {
        question = question
            .with("rateCenter", &rate_centre.to_uppercase())
            .with("LCA", "false")
            .seeing_to(Filter::RateCentre);
    }
    if let Some(town) = &query.locality {
        // A town goes with its state only: the one people most likely mean.
        let known = Gazetteer::get().find(town, Some(&query.country));
        let likely = known.map(|place| place.region.clone()).filter(|code| code.len() == 2);
        if region.is_some() || likely.is_some() {
            if let (None, Some(state)) = (region, likely) {
                question = question.with("state", &state);
            }
            question = question.with("city", &town.to_uppercase()).seeing_to(Filter::Locality);
            bound = true;
        }
    }
    if bound {
        return vec![question];
    }
    if let Some(near) = query.near {
        let areas = areas_near(near, &query.country);
        return areas.iter().map(|code| question.clone().with("areaCode", code)).collect();
    }
    let states = ANYWHERE.iter().find(|(country, _)| *country == query.country);
    let states = states.map(|(_, states)| *states).unwrap_or_default();
    states.iter().map(|state| question.clone().with("state", state)).collect()
}

fn free(query: &SearchQuery) -> Question {
    if let Some(vanity) = plain(query.contains.as_ref(), 7..=7) {
        return Question::toll_free().with("tollFreeVanity", vanity);
    }
    // Three digits, of which an asterisk is any.
    match query.area_code.as_deref() {
        Some(code) => {
            Question::toll_free().with("tollFreeWildCardPattern", code).seeing_to(Filter::AreaCode)
        }
        None => Question::toll_free().with("tollFreeWildCardPattern", "8**"),
    }
}

/// The area codes with exchanges nearest to a point, within its distance.
fn areas_near(near: Near, country: &str) -> Vec<&'static str> {
    let gazetteer = Gazetteer::get();
    let mut areas: BTreeMap<&'static str, f64> = BTreeMap::new();
    for exchange in gazetteer.exchanges() {
        let Some(place) = gazetteer.places().get(exchange.place).filter(|p| p.country == country)
        else {
            continue;
        };
        let code = exchange.prefix.strip_prefix("+1").and_then(|digits| digits.get(..3));
        let km = place.distance_km(near.latitude, near.longitude);
        if let Some(code) = code.filter(|_| km <= near.within_km) {
            let nearest = areas.entry(code).or_insert(km);
            *nearest = nearest.min(km);
        }
    }
    let mut areas: Vec<(&'static str, f64)> = areas.into_iter().collect();
    areas.sort_by(|a, b| a.1.total_cmp(&b.1));
    areas.into_iter().take(AREAS).map(|(code, _)| code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn us() -> SearchQuery {
        let types = vec![NumberType::Local];
        SearchQuery { country: "US".to_owned(), types, limit: 10, ..SearchQuery::default() }
    }

    fn asked(query: &SearchQuery) -> Vec<String> {
        let pair = |(name, value): &(&'static str, String)| format!("{name}={value}");
        let said = |q: &Question| q.pairs.iter().map(pair).collect::<Vec<_>>().join("&");
        questions(query).iter().map(said).collect()
    }

    #[test]
    fn places_go_together_and_a_pattern_goes_alone() {
        let text = |text: &str| Some(text.to_owned());
        let detail = "enableTNDetail=true";
        let in_boston = SearchQuery {
            area_code: text("617"),
            region: text("ma"),
            locality: text("Boston"),
            ..us()
        };
        let wanted = format!("{detail}&areaCode=617&state=MA&city=BOSTON&quantity=10");
        assert_eq!(asked(&in_boston), [wanted]);
        let spelt = SearchQuery { contains: text("2277"), ..in_boston.clone() };
        let wanted = format!("{detail}&areaCode=617&state=MA&localVanity=2277&quantity=1000");
        assert_eq!(asked(&spelt), [wanted]);
        let exact = SearchQuery { contains: text("6175550100"), ..us() };
        assert_eq!(asked(&exact), [format!("{detail}&npaNxxx=6175550&LCA=false&quantity=1000")]);
        let rough = SearchQuery { contains: text("4?2"), region: text("MA"), ..us() };
        assert_eq!(asked(&rough), [format!("{detail}&state=MA&quantity=1000")]);
        let centre = SearchQuery { rate_centre: text("Cary"), region: text("NC"), ..us() };
        let wanted = format!("{detail}&state=NC&rateCenter=CARY&LCA=false&quantity=10");
        assert_eq!(asked(&centre), [wanted]);
    }

    #[test]
    fn nothing_is_asked_without_a_condition() {
        assert_eq!(asked(&us()).len(), 4);
        assert!(asked(&us()).iter().all(|question| question.contains("state=")));
        let near = Some(Near { latitude: 42.36, longitude: -71.06, within_km: 30.0 });
        let areas = asked(&SearchQuery { near, ..us() });
        assert!((1..=AREAS).contains(&areas.len()), "{areas:?}");
        assert!(areas.iter().any(|question| question.contains("areaCode=617")), "{areas:?}");
        assert!(asked(&SearchQuery { country: "FR".to_owned(), ..us() }).is_empty());
    }

    #[test]
    fn a_town_is_asked_for_with_its_likeliest_state() {
        let query = SearchQuery { locality: Some("Boston".to_owned()), ..us() };
        assert_eq!(asked(&query), ["enableTNDetail=true&state=MA&city=BOSTON&quantity=10"]);
    }

    #[test]
    fn toll_free_numbers_are_at_no_place() {
        let all = SearchQuery { types: Vec::new(), ..us() };
        let free = |query: &SearchQuery| {
            asked(query).into_iter().find(|question| question.contains("tollFree"))
        };
        let wanted = "tollFreeWildCardPattern=8**&quantity=10";
        assert_eq!(free(&all).as_deref(), Some(wanted));
        let code = SearchQuery { area_code: Some("888".to_owned()), ..all.clone() };
        assert_eq!(asked(&code), ["tollFreeWildCardPattern=888&quantity=10"]);
        let spelt = SearchQuery { contains: Some("2255288".to_owned()), ..all.clone() };
        assert_eq!(free(&spelt).as_deref(), Some("tollFreeVanity=2255288&quantity=1000"));
        let placed = SearchQuery { region: Some("MA".to_owned()), ..all };
        assert_eq!(free(&placed), None);
    }
}
