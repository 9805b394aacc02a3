//! The numbers of the catalogue, one after another: a pure function of the seed. The first `n` of
//! a larger catalogue are the catalogue of size `n`, product by product.

use super::products::Product;
use voxlink_types::{E164, gazetteer::Gazetteer, number::NumberType, plan::Ranges};

/// A number before it is on sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// The number.
    pub number: E164,
    /// Its digits after the country code.
    pub national: String,
    /// National destination code, where the kind has one.
    pub area_code: Option<String>,
    /// The gazetteer's key of its place.
    pub place: Option<i32>,
}

/// Digits that many numbers begin with, and how many digits complete one.
#[derive(Debug, Clone)]
struct Stem {
    prefix: String,
    line_digits: u32,
    area_code: Option<String>,
    place: Option<i32>,
}

/// The numbers of one product, in their order, without end until its stems are used up.
#[derive(Debug)]
pub struct Series {
    calling_code: &'static str,
    ranges: Option<Ranges>,
    stems: Vec<Stem>,
    seed: u64,
    next: u64,
    end: u64,
}

impl Series {
    /// The numbers of `product` for a seed.
    pub fn new(product: &Product, seed: u64) -> Self {
        let calling_code = calling_code(product.country);
        let ranges = Ranges::of(product.country, product.number_type);
        let mut stems = match (product.number_type, &ranges) {
            (_, None) => Vec::new(),
            (NumberType::TollFree, _) => toll_free(product.country),
            (NumberType::Mobile, _) => mobile(product.country),
            (_, Some(ranges)) => local(product.country, ranges),
        };
        shuffle(&mut stems, seed);
        let lines = stems.iter().map(|s| 10u64.pow(s.line_digits)).max().unwrap_or(0);
        let end = stems.len() as u64 * lines;
        Self { calling_code, ranges, stems, seed, next: 0, end }
    }
}

impl Iterator for Series {
    type Item = Raw;

    fn next(&mut self) -> Option<Raw> {
        // Round by round over all stems, so that a small catalogue has numbers everywhere.
        while self.next < self.end {
            let count = self.stems.len() as u64;
            let (at, round) = (self.next % count, self.next / count);
            self.next += 1;
            let Some(stem) = usize::try_from(at).ok().and_then(|at| self.stems.get(at)) else {
                continue;
            };
            let lines = 10u64.pow(stem.line_digits);
            if round >= lines {
                continue;
            }
            // An affine map whose factor has no divisor in common with 10 visits every line once.
            let salt = mix(self.seed ^ at);
            let factor =
                (salt % lines / 10) * 10 + [1, 3, 7, 9][usize::from((salt >> 60) as u8 & 3)];
            let line = (u128::from(round) * u128::from(factor) + u128::from(salt >> 20))
                % u128::from(lines);
            let text = format!("{}{line:0width$}", stem.prefix, width = stem.line_digits as usize);
            let Ok(number) = text.parse::<E164>() else { continue };
            let national = &number.digits()[self.calling_code.len()..];
            if self.ranges.as_ref().is_some_and(|ranges| ranges.hold(national)) {
                let national = national.to_owned();
                return Some(Raw {
                    number,
                    national,
                    area_code: stem.area_code.clone(),
                    place: stem.place,
                });
            }
        }
        None
    }
}

/// The country code that a country's numbers begin with.
pub fn calling_code(country: &str) -> &'static str {
    match country {
        "GB" => "44",
        "DE" => "49",
        "IE" => "353",
        "NL" => "31",
        "SE" => "46",
        _ => "1",
    }
}

/// Every exchange of the gazetteer whose numbers libphonenumber calls valid at some length.
fn local(country: &str, ranges: &Ranges) -> Vec<Stem> {
    let all = Gazetteer::get();
    let code = calling_code(country);
    // Lengths of the national number, the most usual first.
    let lengths: &[usize] = match country {
        "DE" => &[10, 11, 9],
        "IE" => &[8, 9, 7, 10],
        "SE" => &[9, 8, 7],
        "NL" => &[9],
        _ => &[10],
    };
    all.exchanges()
        .iter()
        .filter_map(|exchange| {
            let place = &all.places()[exchange.place];
            if place.country != country {
                return None;
            }
            let national = exchange.prefix.get(1 + code.len()..)?;
            if code == "1" && is_service_code(national.get(3..6)?) {
                return None;
            }
            let line_digits = lengths.iter().find_map(|length| {
                let digits = u32::try_from(length.checked_sub(national.len())?).ok()?;
                ((3..=8).contains(&digits) && mostly_valid(national, digits, ranges))
                    .then_some(digits)
            })?;
            let area = if code == "1" { &national[..3] } else { national };
            Some(Stem {
                prefix: exchange.prefix.clone(),
                line_digits,
                area_code: Some(area.to_owned()),
                place: Some(place.key),
            })
        })
        .collect()
}

/// True when samples over the whole range of lines are valid.
fn mostly_valid(stem: &str, digits: u32, ranges: &Ranges) -> bool {
    let lines = 10u64.pow(digits);
    let valid = (1..10u64).filter(|n| {
        let line = n * lines / 10 + 7 * lines / 100;
        ranges.hold(&format!("{stem}{line:0width$}", width = digits as usize))
    });
    valid.count() >= 7
}

/// N11 codes are services; 555 is directory assistance and fiction.
fn is_service_code(exchange: &str) -> bool {
    exchange.ends_with("11") || exchange == "555"
}

/// All seven codes in service. One exchange in six is Canada's, the rest the United States'.
fn toll_free(country: &str) -> Vec<Stem> {
    let mut stems = Vec::new();
    for area in ["800", "833", "844", "855", "866", "877", "888"] {
        for exchange in 200..1000 {
            let text = exchange.to_string();
            // 800-855 is for the deaf, 950 and 976 are reserved everywhere.
            let reserved = matches!(text.as_str(), "855" | "950" | "976");
            let canadian = exchange % 6 == 1;
            if !is_service_code(&text) && !reserved && canadian == (country == "CA") {
                stems.push(Stem {
                    prefix: format!("+1{area}{exchange}"),
                    line_digits: 4,
                    area_code: Some(area.to_owned()),
                    place: None,
                });
            }
        }
    }
    stems
}

/// Ranges that the countries' plans give to mobile networks.
fn mobile(country: &str) -> Vec<Stem> {
    let (ranges, line_digits): (&[&str], u32) = match country {
        "GB" => (&["7400", "7480", "7520", "7700", "7782", "7810", "7900", "7956"], 6),
        "DE" => (&["1511", "1512", "1520", "1522", "1570", "1575", "1590"], 7),
        "IE" => (&["83", "85", "86", "87", "89"], 7),
        "NL" => (&["61", "62", "63", "64", "65"], 7),
        "SE" => (&["70", "72", "73", "76", "79"], 7),
        _ => (&[], 0),
    };
    let code = calling_code(country);
    let stem = |range: &&str| Stem {
        prefix: format!("+{code}{range}"),
        line_digits,
        area_code: None,
        place: None,
    };
    ranges.iter().map(stem).collect()
}

/// SplitMix64's mixing step.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Fisher and Yates.
fn shuffle<T>(items: &mut [T], seed: u64) {
    for i in (1..items.len()).rev() {
        let pick = mix(seed.wrapping_mul(31) ^ i as u64) % (i as u64 + 1);
        items.swap(i, usize::try_from(pick).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::carriers::local::products::PRODUCTS;
    use std::collections::HashSet;

    #[test]
    fn every_product_makes_valid_numbers_once_each_and_the_same_again() {
        for product in PRODUCTS {
            let numbers: Vec<Raw> = Series::new(product, 7).take(120).collect();
            assert_eq!(numbers.len(), 120, "{} {}", product.country, product.number_type);
            let distinct: HashSet<&str> = numbers.iter().map(|r| r.number.as_str()).collect();
            assert_eq!(distinct.len(), 120);
            assert!(numbers.iter().all(|r| r.number.is_valid()));
            if product.number_type != NumberType::TollFree {
                let wrong = numbers
                    .iter()
                    .find(|r| r.number.country().is_some_and(|c| c != product.country));
                assert_eq!(wrong, None, "{} {}", product.country, product.number_type);
            }
            let again: Vec<Raw> = Series::new(product, 7).take(100).collect();
            assert_eq!(again, numbers[..100]);
            let other: Vec<Raw> = Series::new(product, 8).take(100).collect();
            assert_ne!(other, numbers[..100]);
        }
    }

    #[test]
    fn north_american_service_codes_are_left_out_and_all_toll_free_codes_are_there() {
        let us =
            |kind| PRODUCTS.iter().find(|p| p.country == "US" && p.number_type == kind).unwrap();
        let local: Vec<Raw> = Series::new(us(NumberType::Local), 1).take(5_000).collect();
        let toll_free: Vec<Raw> = Series::new(us(NumberType::TollFree), 1).take(5_000).collect();
        for raw in local.iter().chain(&toll_free) {
            let exchange = &raw.national[3..6];
            assert!(!is_service_code(exchange), "{}", raw.number);
        }
        let codes: HashSet<&str> =
            toll_free.iter().filter_map(|r| r.area_code.as_deref()).collect();
        assert_eq!(codes.len(), 7);
        assert!(toll_free.iter().all(|r| r.number.is_nanp_toll_free()));
        assert!(local.iter().all(|r| r.place.is_some()));
    }
}
