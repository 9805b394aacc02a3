//! What addresses look like: states and provinces, and postal codes by country.

use super::super::vat::fits;

/// USPS Publication 28, appendix B: the states, the District of Columbia, the territories and the
/// armed forces.
const STATES: [&str; 59] = [
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS",
    "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY",
    "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV",
    "WI", "WY", "DC", "AS", "GU", "MP", "PR", "VI", "AA", "AE", "AP",
];

/// Canada Post, addressing guidelines: provinces and territories.
const PROVINCES: [&str; 13] =
    ["AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT"];

/// Postal codes without blanks and hyphens, and one as it is written: `9` is a digit, `A` a
/// letter, `X` either. Universal Postal Union, "Addressing solutions" by country.
const POSTAL: &[(&str, &[&str], &str)] = &[
    ("US", &["99999", "999999999"], "02108"),
    ("CA", &["A9A9A9"], "K1A 0B1"),
    ("GB", &["A99AA", "A999AA", "AA99AA", "AA999AA", "A9A9AA", "AA9A9AA"], "SW1A 1AA"),
    ("IE", &["A99XXXX", "D6WXXXX"], "D02 X285"),
    ("DE", &["99999"], "10115"),
    ("NL", &["9999AA"], "1012 AB"),
    ("SE", &["99999"], "111 22"),
    ("AT", &["9999"], "1010"),
    ("AU", &["9999"], "2000"),
    ("BE", &["9999"], "1000"),
    ("BG", &["9999"], "1000"),
    ("BR", &["99999999"], "01310-100"),
    ("CH", &["9999"], "8001"),
    ("CY", &["9999"], "1010"),
    ("CZ", &["99999"], "110 00"),
    ("DK", &["9999"], "1050"),
    ("EE", &["99999"], "10111"),
    ("ES", &["99999"], "28001"),
    ("FI", &["99999"], "00100"),
    ("FR", &["99999"], "75001"),
    ("GR", &["99999"], "105 57"),
    ("HR", &["99999"], "10000"),
    ("HU", &["9999"], "1051"),
    ("IN", &["999999"], "110001"),
    ("IT", &["99999"], "00184"),
    ("JP", &["9999999"], "100-0001"),
    ("LT", &["99999"], "LT-01100"),
    ("LU", &["9999"], "L-1118"),
    ("LV", &["9999"], "LV-1050"),
    ("MT", &["AAA9999"], "VLT 1117"),
    ("MX", &["99999"], "06000"),
    ("NO", &["9999"], "0150"),
    ("NZ", &["9999"], "6011"),
    ("PL", &["99999"], "00-001"),
    ("PT", &["9999999"], "1100-148"),
    ("RO", &["999999"], "010011"),
    ("SG", &["999999"], "049315"),
    ("SI", &["9999"], "1000"),
    ("SK", &["99999"], "811 01"),
];

/// What is wrong with a region in its upper case; elsewhere it may be anything.
pub(super) fn region(country: &str, region: &str) -> Result<(), &'static str> {
    match country {
        "US" if !STATES.contains(&region) => {
            Err("Write the two letters of the state or territory, such as MA: tax depends on it.")
        }
        "CA" if !PROVINCES.contains(&region) => Err(
            "Write the two letters of the province or territory, such as ON: tax depends on it.",
        ),
        _ => Ok(()),
    }
}

/// What is wrong with a postal code in its upper case. Ireland's may stay empty: many there do not
/// know theirs.
pub(super) fn postal_code(country: &str, typed: &str) -> Result<(), String> {
    let bare: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let Some((_, shapes, example)) = POSTAL.iter().find(|(of, ..)| *of == country) else {
        let fits = (2..=12).contains(&bare.len());
        return if fits { Ok(()) } else { Err("Write the postal code.".to_owned()) };
    };
    // Some write the country before it: D-10115, LV-1050.
    let alone = typed.split_once('-').and_then(|(before, _)| {
        let lettered = before.len() <= 2 && before.bytes().all(|b| b.is_ascii_uppercase());
        bare.strip_prefix(before).filter(|_| lettered && !before.is_empty())
    });
    let right = |code: &str| shapes.iter().any(|shape| fits(shape, code));
    match (bare.is_empty(), country) {
        (true, "IE") => Ok(()),
        _ if right(&bare) || alone.is_some_and(right) => Ok(()),
        _ => Err(format!("Write a postal code of the country, such as {example}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::address::COUNTRIES;

    #[test]
    fn every_country_of_the_list_has_its_shape_and_fits_it() {
        for country in COUNTRIES {
            let found = POSTAL.iter().find(|(of, ..)| *of == country);
            let (.., example) = found.unwrap();
            assert_eq!(postal_code(country, example), Ok(()), "{country}");
        }
    }

    #[test]
    fn postal_codes_are_those_of_the_country() {
        for (country, code, good) in [
            ("US", "02108", true),
            ("US", "02108-1234", true),
            ("US", "ABCDE", false),
            ("US", "0210", false),
            ("US", "", false),
            ("CA", "K1A0B1", true),
            ("CA", "02108", false),
            ("GB", "SW1A1AA", true),
            ("GB", "M1 1AE", true),
            ("GB", "12345", false),
            ("DE", "D-10115", true),
            ("DE", "ABCDE", false),
            ("IE", "", true),
            ("IE", "D6W XY00", true),
            ("IE", "02108", false),
            ("NL", "1012 AB", true),
            ("NL", "1012", false),
            ("SE", "SE-111 22", true),
            ("FR", "7500", false),
            ("DE", "1\u{661}115", false),
        ] {
            assert_eq!(postal_code(country, code).is_ok(), good, "{country} {code}");
        }
    }

    #[test]
    fn states_and_provinces_are_their_country_s() {
        for (country, code, good) in [
            ("US", "MA", true),
            ("US", "DC", true),
            ("US", "PR", true),
            ("US", "ZZ", false),
            ("US", "ON", false),
            ("US", "", false),
            ("CA", "QC", true),
            ("CA", "MA", false),
            ("DE", "", true),
            ("DE", "BAYERN", true),
        ] {
            assert_eq!(region(country, code).is_ok(), good, "{country} {code}");
        }
    }
}
