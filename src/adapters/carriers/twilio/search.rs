//! Searching: each kind of number is a resource of its own, and which kinds a country has is told
//! by the country's own index.

use super::{ROOT, Twilio};
use crate::{
    carriers::{catalogue, page},
    wire::Answer,
};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::Duration,
};
use tokio::time::Instant;
use url::Url;
use voxlink_gateways::{
    CarrierError,
    carrier::{Coverage, Filter, Findings, Offer, SearchQuery},
};
use voxlink_types::{
    E164,
    number::{Capability, NumberType, Requirement},
};

/// How long the index of a country is believed.
const FRESH: Duration = Duration::from_hours(1);
/// The largest page Twilio gives (error 20007 above).
const LARGEST: u32 = 1_000;
/// `Distance` is in miles, at most so many.
const MOST_MILES: f64 = 500.0;

/// Twilio's name of a kind in addresses, and ours. Two kinds of Twilio's are left out: `Voip` and
/// `MachineToMachine` are no kinds of ours, and would be sold here as something that they are not.
const KINDS: [(&str, &str, NumberType); 5] = [
    ("Local", "local", NumberType::Local),
    ("Mobile", "mobile", NumberType::Mobile),
    ("TollFree", "toll_free", NumberType::TollFree),
    ("National", "national", NumberType::National),
    ("SharedCost", "shared_cost", NumberType::SharedCost),
];

/// Which kinds each country has, as last heard.
#[derive(Debug, Default)]
pub(super) struct Kinds(Mutex<BTreeMap<String, (Instant, Vec<NumberType>)>>);

impl Kinds {
    fn get(&self, country: &str) -> Option<Vec<NumberType>> {
        let known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.get(country).filter(|(at, _)| at.elapsed() < FRESH).map(|(_, kinds)| kinds.clone())
    }

    fn put(&self, country: &str, kinds: Vec<NumberType>) {
        let mut known = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.insert(country.to_owned(), (Instant::now(), kinds));
    }
}

#[derive(Debug, Deserialize)]
struct Country {
    country_code: String,
    #[serde(default)]
    subresource_uris: BTreeMap<String, String>,
}

impl Country {
    fn kinds(&self) -> Vec<NumberType> {
        let there = |word| self.subresource_uris.contains_key(word);
        KINDS.iter().filter(|(_, word, _)| there(*word)).map(|(_, _, kind)| *kind).collect()
    }
}

#[derive(Debug, Deserialize)]
struct Countries {
    countries: Vec<Country>,
    #[serde(default)]
    next_page_uri: Option<String>,
}

/// Every country and kind.
pub(super) async fn coverage(twilio: &Twilio) -> Result<Vec<Coverage>, CarrierError> {
    let mut url = twilio.own(&["AvailablePhoneNumbers"]);
    url.query_pairs_mut().append_pair("PageSize", "1000");
    let mut all = Vec::new();
    loop {
        let answer = twilio.ask(twilio.get("coverage", url)).await?;
        let list: Countries = answer.json()?;
        for country in list.countries {
            let kinds = country.kinds();
            all.extend(kinds.iter().map(|kind| Coverage {
                country: country.country_code.clone(),
                number_type: *kind,
            }));
            twilio.kinds.put(&country.country_code, kinds);
        }
        let next = list.next_page_uri.as_deref();
        match page::following(&twilio.account.api, ROOT, &answer, next)? {
            Some(next) => url = next,
            None => return Ok(all),
        }
    }
}

async fn kinds_of(twilio: &Twilio, country: &str) -> Result<Vec<NumberType>, CarrierError> {
    if let Some(known) = twilio.kinds.get(country) {
        return Ok(known);
    }
    let url = twilio.own(&["AvailablePhoneNumbers", country]);
    let kinds = match twilio.ask(twilio.get("coverage", url)).await {
        Ok(answer) => answer.json::<Country>()?.kinds(),
        Err(CarrierError::Gone { .. }) => Vec::new(),
        Err(error) => return Err(error),
    };
    twilio.kinds.put(country, kinds.clone());
    Ok(kinds)
}

/// Numbers for sale: every wanted kind that the country has, at once.
pub(super) async fn search(twilio: &Twilio, query: &SearchQuery) -> Result<Findings, CarrierError> {
    let kinds = kinds_of(twilio, &query.country).await?;
    let wanted = kinds.into_iter().filter(|k| query.types.is_empty() || query.types.contains(k));
    let asked = wanted.map(|kind| async move {
        let url = search_url(twilio, kind, query);
        let answer = twilio.ask(twilio.get("search", url)).await;
        match answer {
            Ok(answer) => read(&answer, kind, query),
            // 21452 and an empty sub-resource: none there.
            Err(CarrierError::Unavailable { .. } | CarrierError::Gone { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    });
    let mut offers = Vec::new();
    for found in futures::future::join_all(asked).await {
        offers.extend(found?);
    }
    Ok(catalogue::portion(offers, query, applied(query)))
}

/// One number, if it is for sale now.
pub(super) async fn offer(twilio: &Twilio, number: &E164) -> Result<Option<Offer>, CarrierError> {
    let Some(country) = number.country() else { return Ok(None) };
    let national = number.digits().get(number.calling_code().len()..).unwrap_or_default();
    let query = SearchQuery {
        country,
        contains: Some(national.to_owned()),
        limit: 20,
        ..SearchQuery::default()
    };
    let found = search(twilio, &query).await?;
    Ok(found.offers.into_iter().find(|offer| offer.number == *number))
}

/// The conditions that Twilio sees to as we mean them. `Contains` it matches in its own way (the
/// country code counts too), so it is asked for and checked again; it excludes nothing.
fn applied(query: &SearchQuery) -> BTreeSet<Filter> {
    let north_america = matches!(query.country.as_str(), "US" | "CA");
    query
        .given()
        .into_iter()
        .filter(|filter| match filter {
            Filter::Contains | Filter::Exclude => false,
            Filter::AreaCode
            | Filter::Locality
            | Filter::Region
            | Filter::PostalCode
            | Filter::Lata
            | Filter::Near => north_america,
            // A rate centre means nothing without its LATA.
            Filter::RateCentre => north_america && query.lata.is_some(),
            Filter::Capabilities | Filter::NoPapers => true,
        })
        .collect()
}

fn search_url(twilio: &Twilio, kind: NumberType, query: &SearchQuery) -> Url {
    let path = KINDS.iter().find(|(_, _, k)| *k == kind).map_or("Local", |(path, _, _)| path);
    let mut url = twilio.own(&["AvailablePhoneNumbers", &query.country, path]);
    let handed_over = applied(query);
    let mut add = |name: &str, value: &str| {
        url.query_pairs_mut().append_pair(name, value);
    };
    let wanted = query.offset.saturating_add(query.limit).clamp(1, LARGEST);
    add("PageSize", &wanted.to_string());
    // Numbers that are new to Twilio's platform may lack what others do; nobody asks for them here.
    add("Beta", "false");
    if let Some(pattern) = query.contains.as_deref().filter(|p| p.len() >= 2) {
        add("Contains", &pattern.replace('?', "*"));
    }
    let texts = [
        (Filter::AreaCode, "AreaCode", &query.area_code),
        (Filter::Locality, "InLocality", &query.locality),
        (Filter::Region, "InRegion", &query.region),
        (Filter::PostalCode, "InPostalCode", &query.postal_code),
        (Filter::Lata, "InLata", &query.lata),
        (Filter::RateCentre, "InRateCenter", &query.rate_centre),
    ];
    for (filter, name, value) in texts {
        if let Some(value) = value.as_ref().filter(|_| handed_over.contains(&filter)) {
            add(name, value);
        }
    }
    // `NearNumber` is not sent: a search near a number comes as the place that it belongs to.
    if let Some(near) = query.near.filter(|_| handed_over.contains(&Filter::Near)) {
        add("NearLatLong", &format!("{:.5},{:.5}", near.latitude, near.longitude));
        let miles = (near.within_km / 1.609_344).ceil().clamp(1.0, MOST_MILES);
        add("Distance", &format!("{miles:.0}"));
    }
    for capability in &query.capabilities {
        let name = match capability {
            Capability::Voice => "VoiceEnabled",
            Capability::Sms => "SmsEnabled",
            Capability::Mms => "MmsEnabled",
            Capability::Fax => "FaxEnabled",
        };
        add(name, "true");
    }
    // Ours is one condition, no address of any kind: it includes `ExcludeLocalAddressRequired` and
    // `ExcludeForeignAddressRequired`.
    if query.no_papers {
        add("ExcludeAllAddressRequired", "true");
    }
    url
}

#[derive(Debug, Deserialize)]
struct Available {
    phone_number: String,
    iso_country: String,
    locality: Option<String>,
    region: Option<String>,
    postal_code: Option<String>,
    rate_center: Option<String>,
    lata: Option<String>,
    latitude: Option<serde_json::Value>,
    longitude: Option<serde_json::Value>,
    address_requirements: Option<String>,
    beta: Option<bool>,
    #[serde(default)]
    capabilities: BTreeMap<String, bool>,
}

#[derive(Debug, Deserialize)]
struct AvailableList {
    available_phone_numbers: Vec<Available>,
}

/// Reads a page of offers. A number that we cannot read, or that is new to the platform although
/// such were not asked for, is left out, not the page.
fn read(
    answer: &Answer,
    kind: NumberType,
    query: &SearchQuery,
) -> Result<Vec<Offer>, CarrierError> {
    let list: AvailableList = answer.json()?;
    Ok(list.available_phone_numbers.into_iter().filter_map(|a| offered(a, kind, query)).collect())
}

fn offered(a: Available, kind: NumberType, query: &SearchQuery) -> Option<Offer> {
    if a.beta == Some(true) {
        return None;
    }
    let number: E164 = a.phone_number.parse().ok()?;
    let position =
        a.latitude.as_ref().and_then(degrees).zip(a.longitude.as_ref().and_then(degrees));
    // The keys come as `sms` and as `SMS`, and a false one is there too.
    let can = |c: &Capability| {
        a.capabilities.iter().any(|(name, yes)| *yes && name.eq_ignore_ascii_case(c.as_str()))
    };
    let text = |t: Option<String>| t.filter(|t| !t.is_empty());
    Some(catalogue::placed(
        Offer {
            carrier: Twilio::KEY.to_owned(),
            country: a.iso_country,
            number_type: kind,
            capabilities: Capability::ALL.iter().copied().filter(can).collect(),
            area_code: None,
            locality: text(a.locality),
            region: text(a.region),
            postal_code: text(a.postal_code),
            rate_centre: text(a.rate_center),
            lata: text(a.lata),
            position,
            time_zone: None,
            distance_km: None,
            requirement: match a.address_requirements.as_deref() {
                None | Some("" | "none") => Requirement::None,
                Some("local") => Requirement::LocalAddress,
                Some("foreign") => Requirement::ForeignAddress,
                Some(_) => Requirement::AnyAddress,
            },
            cost: None,
            number,
        },
        query.near,
    ))
}

/// Degrees come as text in answers and as numbers in the schema.
fn degrees(value: &serde_json::Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use voxlink_gateways::carrier::Near;

    fn us() -> SearchQuery {
        SearchQuery { country: "US".to_owned(), limit: 10, ..SearchQuery::default() }
    }

    /// Shaped as `AvailablePhoneNumbers/{CountryCode}/Local` answers in twilio_api_v2010.
    fn hilo() -> Value {
        json!({"address_requirements": "none", "beta": false,
            "capabilities": {"mms": true, "sms": false, "voice": true},
            "friendly_name": "(808) 555-0142", "iso_country": "US", "lata": "834",
            "latitude": "19.720000", "locality": "Hilo", "longitude": "-155.090000",
            "phone_number": "+18085550142", "postal_code": "96720", "rate_center": "HILO",
            "region": "HI"})
    }

    fn page(numbers: &[Value], kind: NumberType) -> Vec<Offer> {
        let page = json!({"available_phone_numbers": numbers, "uri": "/x"});
        read(&answer(&page), kind, &us()).unwrap()
    }

    fn answer(body: &Value) -> Answer {
        Answer {
            status: reqwest::StatusCode::OK,
            headers: reqwest::header::HeaderMap::new(),
            body: body.to_string().into_bytes(),
            repeat: crate::wire::Repeat::Safe,
        }
    }

    #[test]
    fn an_offer_is_read_with_its_place_and_what_it_can_do() {
        let offers = page(&[hilo()], NumberType::Local);
        let [offer] = offers.as_slice() else { panic!("{offers:?}") };
        assert_eq!((offer.number.as_str(), offer.country.as_str()), ("+18085550142", "US"));
        assert_eq!((offer.carrier.as_str(), offer.number_type), ("twilio", NumberType::Local));
        assert_eq!(offer.capabilities, [Capability::Voice, Capability::Mms], "false is not there");
        let told = [
            (&offer.area_code, "808"),
            (&offer.locality, "Hilo"),
            (&offer.region, "HI"),
            (&offer.postal_code, "96720"),
            (&offer.rate_centre, "HILO"),
            (&offer.lata, "834"),
        ];
        for (there, wanted) in told {
            assert_eq!(there.as_deref(), Some(wanted));
        }
        assert_eq!(offer.position, Some((19.72, -155.09)));
        assert_eq!((offer.requirement, &offer.cost), (Requirement::None, &None));
    }

    #[test]
    fn what_is_not_told_is_not_made_up() {
        let norway = json!({"address_requirements": "any", "beta": false,
            "capabilities": {"MMS": false, "SMS": true, "voice": false},
            "friendly_name": "+4759440300", "iso_country": "NO", "lata": null, "latitude": null,
            "locality": null, "longitude": null, "phone_number": "+4759440300",
            "postal_code": null, "rate_center": "", "region": null});
        let offers = page(&[norway], NumberType::Mobile);
        let [offer] = offers.as_slice() else { panic!("{offers:?}") };
        assert_eq!(offer.capabilities, [Capability::Sms], "keys come in capitals, too");
        assert_eq!((&offer.locality, &offer.rate_centre, &offer.area_code), (&None, &None, &None));
        assert_eq!((offer.position, offer.requirement), (None, Requirement::AnyAddress));
    }

    #[test]
    fn an_address_that_is_wanted_is_told_and_an_unknown_word_wants_one() {
        for (word, wanted) in [
            (json!(null), Requirement::None),
            (json!("none"), Requirement::None),
            (json!("local"), Requirement::LocalAddress),
            (json!("foreign"), Requirement::ForeignAddress),
            (json!("any"), Requirement::AnyAddress),
            (json!("lunar"), Requirement::AnyAddress),
        ] {
            let mut number = hilo();
            number["address_requirements"] = word.clone();
            assert_eq!(page(&[number], NumberType::Local)[0].requirement, wanted, "{word}");
        }
    }

    #[test]
    fn a_number_that_cannot_be_read_is_left_out_and_a_strange_page_is_an_error() {
        let mut strange = hilo();
        strange["phone_number"] = json!("8085550142");
        assert_eq!(page(&[strange, hilo()], NumberType::Local).len(), 1);
        assert!(page(&[], NumberType::Local).is_empty());
        let refusal = json!({"code": 20404, "message": "not found", "status": 404});
        assert!(read(&answer(&refusal), NumberType::Local, &us()).is_err());
    }

    #[test]
    fn a_country_has_the_kinds_that_its_index_names() {
        let kinds = |country: Value| serde_json::from_value::<Country>(country).unwrap().kinds();
        let at = "/2010-04-01/Accounts/AC1/AvailablePhoneNumbers/AU";
        let australia = json!({"beta": false, "country": "Australia", "country_code": "AU",
            "subresource_uris": {"local": format!("{at}/Local.json"),
                "mobile": format!("{at}/Mobile.json"), "toll_free": format!("{at}/TollFree.json"),
                "voip": format!("{at}/Voip.json")},
            "uri": format!("{at}.json")});
        assert_eq!(kinds(australia), [NumberType::Local, NumberType::Mobile, NumberType::TollFree]);
        assert!(kinds(json!({"country_code": "AQ", "beta": false})).is_empty());
    }

    #[test]
    fn places_are_twilios_matter_in_north_america_alone_and_digits_are_checked_here() {
        let text = |text: &str| Some(text.to_owned());
        let all = SearchQuery {
            area_code: text("808"),
            contains: text("42"),
            exclude: vec!["4".to_owned()],
            locality: text("Hilo"),
            region: text("HI"),
            postal_code: text("96720"),
            rate_centre: text("HILO"),
            lata: text("834"),
            near: Some(Near { latitude: 19.72, longitude: -155.09, within_km: 10.0 }),
            capabilities: vec![Capability::Voice],
            no_papers: true,
            ..us()
        };
        let mut wanted = all.given();
        wanted.remove(&Filter::Contains);
        wanted.remove(&Filter::Exclude);
        assert_eq!(applied(&all), wanted);
        let alone = SearchQuery { lata: None, ..all.clone() };
        assert!(!applied(&alone).contains(&Filter::RateCentre), "it means nothing without a LATA");
        let abroad = SearchQuery { country: "GB".to_owned(), ..all };
        assert_eq!(applied(&abroad), BTreeSet::from([Filter::Capabilities, Filter::NoPapers]));
    }
}
