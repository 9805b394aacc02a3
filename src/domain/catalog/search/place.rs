//! What was typed as a place: a town, a number, or coordinates.

use super::SearchError;
use voxlink_types::{E164, gazetteer::Gazetteer};

/// A point to measure from.
pub(super) struct Around {
    pub name: String,
    pub latitude: f64,
    pub longitude: f64,
    pub also: Vec<String>,
}

/// Other places of a name that are offered.
const NAMESAKES: usize = 5;

/// What was typed as a place: coordinates, a number, or a town.
pub(super) fn around(typed: &str, country: &str) -> Result<Around, SearchError> {
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
