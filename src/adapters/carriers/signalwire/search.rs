//! Searching SignalWire: US local and toll-free numbers; one digit pattern of three to seven
//! digits, a town only with its state. The rest is checked on the answer.

use super::SignalWire;
use crate::carriers::catalogue;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use url::Url;
use voxlink_gateways::{
    CarrierError,
    carrier::{Filter, Findings, Offer, SearchQuery},
};
use voxlink_types::{
    E164,
    number::{Capability, NumberType, Requirement},
};

/// `max_results` at most.
const MOST: u32 = 100;

/// Numbers for sale.
pub(super) async fn search(
    signalwire: &SignalWire,
    query: &SearchQuery,
) -> Result<Findings, CarrierError> {
    let mut offers = Vec::new();
    let mut applied = query.given();
    if query.country == "US" {
        for kind in [NumberType::Local, NumberType::TollFree] {
            if !query.types.is_empty() && !query.types.contains(&kind) {
                continue;
            }
            let (url, seen_to) = search_url(signalwire, kind, query);
            applied = applied.intersection(&seen_to).copied().collect();
            let answer = signalwire.ask(signalwire.get("search", url)).await?;
            let list: List = answer.json()?;
            offers.extend(list.data.into_iter().filter_map(|a| offered(a, kind, query)));
        }
    }
    Ok(catalogue::portion(offers, query, applied))
}

/// One number, if it is for sale now: by its last seven digits in its area.
pub(super) async fn offer(
    signalwire: &SignalWire,
    number: &E164,
) -> Result<Option<Offer>, CarrierError> {
    let digits = number.digits();
    if number.calling_code() != "1" || digits.len() != 11 {
        return Ok(None);
    }
    let query = SearchQuery {
        country: "US".to_owned(),
        types: vec![if number.is_nanp_toll_free() {
            NumberType::TollFree
        } else {
            NumberType::Local
        }],
        area_code: Some(digits[1..4].to_owned()),
        contains: Some(digits[4..].to_owned()),
        limit: MOST,
        ..SearchQuery::default()
    };
    let found = search(signalwire, &query).await?;
    Ok(found.offers.into_iter().find(|offer| offer.number == *number))
}

/// The question about one kind, and the conditions it sees to.
fn search_url(
    signalwire: &SignalWire,
    kind: NumberType,
    query: &SearchQuery,
) -> (Url, BTreeSet<Filter>) {
    let mut url = signalwire.numbers(&["search"]);
    let mut applied = BTreeSet::new();
    let mut add = |name: &str, value: &str| {
        url.query_pairs_mut().append_pair(name, value);
    };
    let local = kind == NumberType::Local;
    add("number_type", if local { "local" } else { "toll-free" });
    add("max_results", &query.offset.saturating_add(query.limit).clamp(1, MOST).to_string());
    if let Some(code) = query.area_code.as_ref().filter(|code| code.len() == 3) {
        add("areacode", code);
        applied.insert(Filter::AreaCode);
    }
    let plain = |p: &&String| (3..=7).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
    if let Some(pattern) = query.contains.as_ref().filter(plain) {
        add("contains", pattern);
        applied.insert(Filter::Contains);
    }
    if let Some(region) = query.region.as_ref().filter(|r| local && r.len() == 2) {
        add("region", &region.to_uppercase());
        applied.insert(Filter::Region);
        if let Some(town) = &query.locality {
            add("city", town);
        }
    }
    (url, applied)
}

#[derive(Debug, Deserialize)]
struct List {
    data: Vec<Available>,
}

#[derive(Debug, Deserialize)]
struct Available {
    number: String,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    city: Option<String>,
    #[serde(default)]
    rate_center: Option<String>,
    #[serde(default)]
    lata: Option<String>,
    #[serde(default)]
    capabilities: BTreeMap<String, bool>,
}

fn offered(a: Available, kind: NumberType, query: &SearchQuery) -> Option<Offer> {
    let number: E164 = a.number.parse().ok()?;
    let can = |c: &Capability| a.capabilities.get(c.as_str()).copied().unwrap_or(false);
    let text = |t: Option<String>| t.filter(|t| !t.is_empty());
    Some(catalogue::placed(
        Offer {
            carrier: SignalWire::KEY.to_owned(),
            country: "US".to_owned(),
            number_type: kind,
            capabilities: Capability::ALL.iter().copied().filter(can).collect(),
            area_code: None,
            locality: text(a.city),
            region: text(a.region),
            postal_code: None,
            rate_centre: text(a.rate_center),
            lata: text(a.lata),
            position: None,
            time_zone: None,
            distance_km: None,
            requirement: Requirement::None,
            cost: None,
            number,
        },
        query.near,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// Shaped as the schema `AvailablePhoneNumbersResponse`, whose places may be left out.
    fn page(numbers: &[Value], kind: NumberType) -> Vec<Offer> {
        let page = json!({"links": {"self": "/api/relay/rest/phone_numbers/search",
            "first": "/api/relay/rest/phone_numbers/search"}, "data": numbers});
        let list: List = serde_json::from_value(page).unwrap();
        let query = SearchQuery { country: "US".to_owned(), ..SearchQuery::default() };
        list.data.into_iter().filter_map(|a| offered(a, kind, &query)).collect()
    }

    #[test]
    fn an_offer_is_read_with_its_place_and_what_it_can_do() {
        let number = json!({"number": "+12135550142", "region": "CA", "city": "Los Angeles",
            "rate_center": "LSAN DA 01", "lata": "730",
            "capabilities": {"voice": true, "sms": true, "mms": false, "fax": true}});
        let offers = page(&[number], NumberType::Local);
        let [offer] = offers.as_slice() else { panic!("{offers:?}") };
        assert_eq!((offer.number.as_str(), offer.country.as_str()), ("+12135550142", "US"));
        assert_eq!((offer.carrier.as_str(), offer.number_type), ("signalwire", NumberType::Local));
        assert_eq!(offer.capabilities, [Capability::Voice, Capability::Sms, Capability::Fax]);
        let told = [
            (&offer.area_code, "213"),
            (&offer.locality, "Los Angeles"),
            (&offer.region, "CA"),
            (&offer.rate_centre, "LSAN DA 01"),
            (&offer.lata, "730"),
        ];
        for (there, wanted) in told {
            assert_eq!(there.as_deref(), Some(wanted));
        }
        assert_eq!((&offer.postal_code, &offer.cost), (&None, &None));
    }

    #[test]
    fn a_toll_free_number_is_at_no_place_and_does_what_it_is_said_to() {
        let bare = json!({"number": "+18885550142", "region": "", "city": null});
        let offers = page(&[bare], NumberType::TollFree);
        let [offer] = offers.as_slice() else { panic!("{offers:?}") };
        assert_eq!((&offer.locality, &offer.region, offer.position), (&None, &None, None));
        assert_eq!(offer.area_code.as_deref(), Some("888"));
        assert!(offer.capabilities.is_empty(), "none was told");
    }

    #[test]
    fn a_number_that_cannot_be_read_is_left_out_and_a_strange_page_is_an_error() {
        let good = json!({"number": "+12135550142"});
        assert_eq!(page(&[json!({"number": "soon"}), good], NumberType::Local).len(), 1);
        let refusal = json!({"errors": [{"code": "invalid_parameter", "status": "422"}]});
        assert!(serde_json::from_value::<List>(refusal).is_err());
    }
}
