//! The wish as it was typed becomes a question to carriers.

use super::{
    SearchError,
    place::{Around, around},
};
use crate::catalog::{Sort, Unread, Wish, digits_of};
use voxlink_gateways::carrier::{Near, SearchQuery, SearchSort};

/// The wish in the carriers' words, and the place it is about.
pub(super) fn query_of(wish: &Wish) -> Result<(SearchQuery, Option<Around>), SearchError> {
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
    let lata = given(&wish.lata);
    if lata.as_ref().is_some_and(|l| l.len() != 3 || !l.bytes().all(|b| b.is_ascii_digit())) {
        let remedy = "A LATA is three digits, such as 128";
        return Err(SearchError::Filter { field: "lata", remedy });
    }
    let place = given(&wish.near).map(|typed| around(&typed, &wish.country)).transpose()?;
    if place.is_none() && wish.sort == Sort::Distance {
        return Err(SearchError::NoPlace);
    }
    let query = SearchQuery {
        country: wish.country.trim().to_ascii_uppercase(),
        types: wish.types.clone(),
        area_code,
        contains,
        exclude,
        locality: given(&wish.locality),
        region: given(&wish.region),
        postal_code: given(&wish.postal_code),
        rate_centre: given(&wish.rate_centre),
        lata,
        near: place.as_ref().map(|p| Near {
            latitude: p.latitude,
            longitude: p.longitude,
            within_km: f64::from(wish.within_km.clamp(1, 500)),
        }),
        capabilities: wish.capabilities.clone(),
        no_papers: wish.no_papers,
        sort: match wish.sort {
            Sort::Best | Sort::Distance => SearchSort::Best,
            Sort::Price | Sort::Number => SearchSort::Number,
        },
        offset: 0,
        limit: 0,
    };
    Ok((query, place))
}
