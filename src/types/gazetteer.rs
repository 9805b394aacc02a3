//! Where telephone exchanges are: 33,565 prefixes of seven countries and their towns, embedded.
//! For search near a place or a number, and the raw material of the local carrier's catalogue.
//! Source and licences: `gazetteer/ATTRIBUTION.md`.

use crate::E164;
use std::{collections::HashMap, io::Read, sync::LazyLock};

static EXCHANGES: &[u8] = include_bytes!("gazetteer/exchanges.csv.gz");

/// A town.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Stays the same whatever else the data holds: a hash of what the place is.
    pub key: i32,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Its name in English.
    pub locality: String,
    /// State, province or first-level code.
    pub region: String,
    /// Degrees north, WGS84.
    pub latitude: f64,
    /// Degrees east, WGS84.
    pub longitude: f64,
    /// IANA zone.
    pub time_zone: String,
    /// How many exchanges it has: the larger the town, the more.
    pub exchanges: u32,
}

/// A telephone exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The digits that all its numbers begin with, with the plus sign.
    pub prefix: String,
    /// Its place, by position in [`Gazetteer::places`].
    pub place: usize,
}

/// All places and exchanges.
#[derive(Debug)]
pub struct Gazetteer {
    places: Vec<Place>,
    exchanges: Vec<Exchange>,
    by_prefix: HashMap<String, usize>,
    by_name: HashMap<String, Vec<usize>>,
    by_key: HashMap<i32, usize>,
}

#[derive(serde::Deserialize)]
struct Row {
    country: String,
    prefix: String,
    locality: String,
    region: String,
    latitude: f64,
    longitude: f64,
    timezone: String,
}

impl Gazetteer {
    /// The embedded data, read once.
    pub fn get() -> &'static Self {
        static READ: LazyLock<Gazetteer> = LazyLock::new(|| {
            let mut text = String::new();
            // The bytes are part of the binary and a test reads them: a failure would be a
            // broken build. An empty gazetteer then makes searches by place find nothing.
            let _ = flate2::read::GzDecoder::new(EXCHANGES).read_to_string(&mut text);
            Gazetteer::read(&text)
        });
        &READ
    }

    fn read(text: &str) -> Self {
        let mut all = Self {
            places: Vec::new(),
            exchanges: Vec::new(),
            by_prefix: HashMap::new(),
            by_name: HashMap::new(),
            by_key: HashMap::new(),
        };
        for row in csv::Reader::from_reader(text.as_bytes()).deserialize::<Row>().flatten() {
            let key = place_key(&row);
            let place = *all.by_key.entry(key).or_insert_with(|| {
                all.places.push(Place {
                    key,
                    country: row.country.clone(),
                    locality: row.locality.clone(),
                    region: row.region.clone(),
                    latitude: row.latitude,
                    longitude: row.longitude,
                    time_zone: row.timezone.clone(),
                    exchanges: 0,
                });
                let position = all.places.len() - 1;
                all.by_name.entry(fold(&row.locality)).or_default().push(position);
                position
            });
            all.places[place].exchanges += 1;
            all.by_prefix.insert(row.prefix.clone(), place);
            all.exchanges.push(Exchange { prefix: row.prefix, place });
        }
        for namesakes in all.by_name.values_mut() {
            namesakes.sort_by_key(|&p| std::cmp::Reverse(all.places[p].exchanges));
        }
        all
    }

    /// Every place, in the order of the data.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Every exchange, in the order of the data.
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// The place with a key.
    pub fn place(&self, key: i32) -> Option<&Place> {
        self.by_key.get(&key).map(|&p| &self.places[p])
    }

    /// The place people most likely mean by `name`: `Boston`, `boston, ma`, `Springfield IL`.
    /// Among namesakes the one in `country` wins, then the largest.
    pub fn find(&self, name: &str, country: Option<&str>) -> Option<&Place> {
        let folded = fold(name);
        let (town, region) = match folded.rsplit_once(',') {
            Some((town, region)) => (town.trim(), Some(region.trim())),
            None => (folded.as_str(), None),
        };
        let exact = self.among(town, region, country);
        // "springfield il" without its comma.
        exact.or_else(|| {
            let (town, region) = folded.rsplit_once(' ')?;
            self.among(town.trim(), Some(region), country)
        })
    }

    fn among(&self, town: &str, region: Option<&str>, country: Option<&str>) -> Option<&Place> {
        let namesakes = self.by_name.get(town)?.iter().map(|&p| &self.places[p]);
        let fits = |p: &&Place| {
            region.is_none_or(|r| {
                p.region.eq_ignore_ascii_case(r) || p.country.eq_ignore_ascii_case(r)
            })
        };
        let mut fitting = namesakes.filter(fits);
        match country {
            Some(code) => fitting.find(|p| p.country == code),
            None => fitting.next(),
        }
    }

    /// Places whose name begins with `prefix`, largest first, at most `limit`.
    pub fn beginning(&self, prefix: &str, country: Option<&str>, limit: usize) -> Vec<&Place> {
        let folded = fold(prefix);
        let mut found: Vec<&Place> = self
            .places
            .iter()
            .filter(|p| country.is_none_or(|c| p.country == c))
            .filter(|p| fold(&p.locality).starts_with(&folded))
            .collect();
        found.sort_by_key(|p| std::cmp::Reverse(p.exchanges));
        found.truncate(limit);
        found
    }

    /// Where a number's exchange is, by the longest prefix that is known.
    pub fn of_number(&self, number: &E164) -> Option<&Place> {
        let text = number.as_str();
        (4..text.len()).rev().find_map(|n| self.by_prefix.get(&text[..n])).map(|&p| &self.places[p])
    }
}

impl Place {
    /// Great-circle distance to a point, in kilometres.
    pub fn distance_km(&self, latitude: f64, longitude: f64) -> f64 {
        distance_km((self.latitude, self.longitude), (latitude, longitude))
    }

    /// `Boston, MA`; only the town where the region is a code that says nothing to people.
    pub fn shown(&self) -> String {
        if matches!(self.country.as_str(), "US" | "CA") {
            format!("{}, {}", self.locality, self.region)
        } else {
            self.locality.clone()
        }
    }
}

/// Great-circle distance between two points (degrees north and east), in kilometres.
pub fn distance_km(from: (f64, f64), to: (f64, f64)) -> f64 {
    const EARTH_RADIUS_KM: f64 = 6371.0088;
    let (a, b) = (from.0.to_radians(), to.0.to_radians());
    let (dlat, dlon) = (b - a, (to.1 - from.1).to_radians());
    let h = (dlat / 2.0).sin().powi(2) + a.cos() * b.cos() * (dlon / 2.0).sin().powi(2);
    2.0 * EARTH_RADIUS_KM * h.sqrt().min(1.0).asin()
}

/// A stable 31-bit FNV-1a hash of what makes a place one.
fn place_key(row: &Row) -> i32 {
    let identity = format!(
        "{}|{}|{}|{}|{}",
        row.country, row.region, row.locality, row.latitude, row.longitude
    );
    let hash = identity
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    i32::try_from((hash >> 32 ^ hash) & 0x7fff_ffff).unwrap_or(0)
}

/// Lower case without the marks that people leave out.
fn fold(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.trim().chars().flat_map(char::to_lowercase) {
        match c {
            'ä' | 'å' | 'á' | 'à' | 'â' => out.push('a'),
            'ö' | 'ø' | 'ó' | 'ô' => out.push('o'),
            'ü' | 'ú' => out.push('u'),
            'é' | 'è' | 'ê' | 'ë' => out.push('e'),
            'í' | 'î' => out.push('i'),
            'ç' => out.push('c'),
            'ñ' => out.push('n'),
            'ß' => out.push_str("ss"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_data_is_whole_and_every_place_has_its_own_key() {
        let all = Gazetteer::get();
        assert_eq!(all.exchanges().len(), 33_565);
        assert_eq!(all.places().len(), 13_440, "a hash collision would join two places");
        assert_eq!(all.place(all.places()[7].key), Some(&all.places()[7]));
    }

    #[test]
    fn a_name_finds_the_place_that_people_mean() {
        let all = Gazetteer::get();
        for (typed, country, region) in [
            ("Boston", None, "MA"),
            ("boston, ma", None, "MA"),
            ("Boston MA", Some("US"), "MA"),
            ("boston", Some("GB"), "ENG"),
            ("Springfield, IL", None, "IL"),
            ("Norrkoping", None, "16"),
        ] {
            assert_eq!(
                all.find(typed, country).map(|p| p.region.as_str()),
                Some(region),
                "{typed}"
            );
        }
        assert_eq!(all.find("Atlantis", None), None);
        assert_eq!(all.beginning("bost", Some("US"), 5)[0].shown(), "Boston, MA");
    }

    #[test]
    fn a_number_is_where_its_exchange_is() {
        let all = Gazetteer::get();
        let number = "+16172270123".parse().unwrap();
        let boston = all.of_number(&number).unwrap();
        assert_eq!(boston.locality, "Boston");
        // New York's City Hall to Boston is about 306 km.
        assert!((boston.distance_km(40.7128, -74.006) - 306.0).abs() < 3.0);
        assert_eq!(all.of_number(&"+18005550123".parse().unwrap()), None);
    }
}
