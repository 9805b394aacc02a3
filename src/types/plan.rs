//! A country's numbering plan by libphonenumber, for checking many numbers of one kind: its
//! patterns are compiled once, where [`crate::E164::is_valid`] must first find out whose number
//! it has.

use crate::number::NumberType;
use phonenumber::metadata::DATABASE;
use regex::Regex;

/// The ranges of one kind of number in one country.
#[derive(Debug, Clone)]
pub struct Ranges {
    pattern: Regex,
    lengths: Vec<u16>,
}

impl Ranges {
    /// The ranges of `kind` in `country` (ISO 3166-1 alpha-2); none when the plan has no such kind.
    pub fn of(country: &str, kind: NumberType) -> Option<Self> {
        let metadata = DATABASE.by_id(country)?;
        let all = metadata.descriptors();
        let ranges = match kind {
            NumberType::Local => all.fixed_line(),
            NumberType::Mobile => all.mobile(),
            NumberType::TollFree => all.toll_free(),
            NumberType::Premium => all.premium_rate(),
            NumberType::SharedCost => all.shared_cost(),
            NumberType::National => all.uan(),
            NumberType::International => None,
        }?;
        // libphonenumber's patterns are written with blanks for people and mean the whole number.
        let pattern = format!("^(?x:{})$", ranges.national_number().as_str());
        let lengths = match ranges.possible_length() {
            [] => all.general().possible_length(),
            own => own,
        };
        Some(Self { pattern: Regex::new(&pattern).ok()?, lengths: lengths.to_vec() })
    }

    /// True when the digits after the country code lie in these ranges.
    pub fn hold(&self, national: &str) -> bool {
        u16::try_from(national.len()).is_ok_and(|n| self.lengths.contains(&n))
            && self.pattern.is_match(national)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_agree_with_validity() {
        for (country, kind, inside, outside) in [
            ("US", NumberType::Local, "2025550123", "5551234567"),
            ("US", NumberType::TollFree, "8005550123", "8225551234"),
            ("CA", NumberType::Local, "4165550123", "2025550123"),
            ("GB", NumberType::Mobile, "7400123456", "2079460000"),
            ("DE", NumberType::Local, "30123456", "1512345678"),
        ] {
            let ranges = Ranges::of(country, kind).unwrap();
            assert!(ranges.hold(inside), "{country} {kind}");
            assert!(!ranges.hold(outside), "{country} {kind}");
        }
        assert!(Ranges::of("XX", NumberType::Local).is_none());
    }
}
