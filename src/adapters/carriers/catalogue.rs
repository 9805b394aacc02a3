//! What every carrier's search answer needs before it is an answer of ours: places, distances,
//! and the portion asked for.

use std::collections::BTreeSet;
use voxlink_gateways::carrier::{Filter, Findings, Near, Offer, SearchQuery, SearchSort};
use voxlink_types::{gazetteer::Gazetteer, number::NumberType};

/// Fills in what the carrier did not say and the number's own digits tell: area code, place, zone,
/// distance. What the carrier said stays.
pub(super) fn placed(mut offer: Offer, near: Option<Near>) -> Offer {
    if offer.number_type == NumberType::Local {
        let place = Gazetteer::get().of_number(&offer.number);
        offer.time_zone = offer.time_zone.or_else(|| place.map(|p| p.time_zone.clone()));
        offer.position = offer.position.or_else(|| place.map(|p| (p.latitude, p.longitude)));
        if offer.locality.is_none() {
            offer.locality = place.map(|p| p.locality.clone());
        }
        if offer.region.is_none() {
            offer.region = place.map(|p| p.region.clone());
        }
    }
    if offer.area_code.is_none() && offer.number.calling_code() == "1" {
        offer.area_code = offer.national().get(..3).map(str::to_owned);
    }
    if let (Some(near), Some((latitude, longitude))) = (near, offer.position) {
        offer.distance_km = Some(voxlink_types::gazetteer::distance_km(
            (near.latitude, near.longitude),
            (latitude, longitude),
        ));
    }
    offer
}

/// The portion that the query asks for, out of all that came: conditions we can check are checked
/// before anything is counted, so that a portion is full when there is more. What visibly breaks a
/// condition is dropped also where the carrier says that it searched by it: then we checked it.
pub(super) fn portion(
    mut offers: Vec<Offer>,
    query: &SearchQuery,
    mut applied: BTreeSet<Filter>,
) -> Findings {
    let ours: Vec<Filter> = query.given().difference(&applied).copied().collect();
    let mut checked = BTreeSet::new();
    offers.retain(|o| query.types.is_empty() || query.types.contains(&o.number_type));
    for filter in &applied {
        let came = offers.len();
        offers.retain(|offer| !query.belied_by(*filter, offer));
        if offers.len() < came {
            checked.insert(*filter);
        }
    }
    for filter in ours {
        let mut sure = true;
        offers.retain(|offer| {
            let met = query.met_by(filter, offer);
            sure &= met.is_some();
            met.unwrap_or(true)
        });
        // Told apart in the answer: what nobody could check is not called applied.
        if sure {
            applied.insert(filter);
            checked.insert(filter);
        }
    }
    let far = |offer: &Offer| offer.distance_km.unwrap_or(f64::MAX);
    match query.sort {
        SearchSort::Best if query.near.is_some() => {
            offers.sort_by(|a, b| far(a).total_cmp(&far(b)).then_with(|| a.number.cmp(&b.number)));
        }
        SearchSort::Best | SearchSort::Number => offers.sort_by(|a, b| a.number.cmp(&b.number)),
        SearchSort::Locality => {
            offers
                .sort_by(|a, b| a.locality.cmp(&b.locality).then_with(|| a.number.cmp(&b.number)));
        }
    }
    offers.dedup_by(|a, b| a.number == b.number);
    let (offset, limit) = (query.offset as usize, query.limit as usize);
    Findings { offers: offers.into_iter().skip(offset).take(limit).collect(), applied, checked }
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxlink_types::number::{Capability, Requirement};

    fn offer(number: &str, region: &str) -> Offer {
        Offer {
            number: number.parse().unwrap(),
            carrier: "careless".to_owned(),
            country: "US".to_owned(),
            number_type: NumberType::Local,
            capabilities: vec![Capability::Voice],
            area_code: None,
            locality: Some("Saint Paul".to_owned()),
            region: Some(region.to_owned()),
            postal_code: None,
            rate_centre: None,
            lata: None,
            position: None,
            time_zone: None,
            distance_km: None,
            requirement: Requirement::None,
            cost: None,
        }
    }

    #[test]
    fn what_visibly_breaks_a_condition_is_dropped_whatever_the_carrier_says() {
        let text = |text: &str| Some(text.to_owned());
        let us = SearchQuery { country: "US".to_owned(), limit: 10, ..SearchQuery::default() };
        for (query, filter, left) in [
            (SearchQuery { contains: text("74992"), ..us.clone() }, Filter::Contains, 1),
            (SearchQuery { area_code: text("612"), ..us.clone() }, Filter::AreaCode, 1),
            (SearchQuery { exclude: vec!["749".to_owned()], ..us.clone() }, Filter::Exclude, 1),
            (SearchQuery { region: text("mn"), ..us.clone() }, Filter::Region, 1),
            (SearchQuery { capabilities: vec![Capability::Fax], ..us }, Filter::Capabilities, 0),
        ] {
            let offers = vec![offer("+16125574992", "MN"), offer("+12125550142", "NY")];
            let found = portion(offers, &query, BTreeSet::from([filter]));
            assert_eq!(found.offers.len(), left, "{filter}");
            assert_eq!(found.applied, BTreeSet::from([filter]));
            assert_eq!(found.checked, found.applied, "{filter} was ours to check");
        }
    }

    #[test]
    fn names_of_places_are_left_to_the_carrier() {
        for query in [
            SearchQuery { locality: Some("St Paul".to_owned()), ..SearchQuery::default() },
            SearchQuery { region: Some("Minnesota".to_owned()), ..SearchQuery::default() },
        ] {
            let query = SearchQuery { limit: 10, ..query };
            let given = query.given();
            let found = portion(vec![offer("+16125550142", "MN")], &query, given.clone());
            assert_eq!((found.offers.len(), &found.applied), (1, &given));
            assert!(found.checked.is_empty());
        }
    }
}
