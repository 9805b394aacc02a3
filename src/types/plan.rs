//! A country's numbering plan by libphonenumber, for checking many numbers of one kind: its
//! patterns are compiled once, where [`crate::E164::is_valid`] must first find out whose number
//! it has.

use crate::{E164, number::NumberType};
use phonenumber::{Metadata, metadata::DATABASE};
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

/// A number's country (ISO 3166-1 alpha-2) and kind by its digits; none where no country's plan
/// knows it, and for what nobody rents. North American toll-free numbers count as the United States'.
/// The digits are looked up as they are: libphonenumber's own number drops the zero that Italian
/// numbers begin with.
pub fn kind_of(number: &E164) -> Option<(String, NumberType)> {
    let code = number.calling_code();
    let national = number.digits().get(code.len()..)?;
    let plans = DATABASE.by_code(&code.parse::<u16>().ok()?)?;
    let plan = plans.into_iter().find(|plan| match plan.leading_digits() {
        Some(first) => first.find(national).is_some_and(|found| found.start() == 0),
        None => kind(plan, national).is_some(),
    })?;
    // Codes that no country has, such as +800.
    if plan.id() == "001" {
        return None;
    }
    Some((plan.id().to_owned(), kind(plan, national)?))
}

/// In libphonenumber's order, for its ranges overlap. Numbers of a network, of a company and of a
/// person belong to no place: they are sold as national ones.
fn kind(plan: &Metadata, national: &str) -> Option<NumberType> {
    let all = plan.descriptors();
    if !all.general().is_match(national) {
        return None;
    }
    let ranges = [
        (all.premium_rate(), Some(NumberType::Premium)),
        (all.toll_free(), Some(NumberType::TollFree)),
        (all.shared_cost(), Some(NumberType::SharedCost)),
        (all.voip(), Some(NumberType::National)),
        (all.personal_number(), Some(NumberType::National)),
        (all.pager(), None),
        (all.uan(), Some(NumberType::National)),
        (all.voicemail(), None),
        (all.fixed_line(), Some(NumberType::Local)),
        (all.mobile(), Some(NumberType::Mobile)),
    ];
    ranges
        .into_iter()
        .find(|(range, _)| range.is_some_and(|range| range.is_match(national)))
        .and_then(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_tells_its_country_and_kind() {
        for (number, country, kind) in [
            ("+12025550123", "US", NumberType::Local),
            ("+14165550123", "CA", NumberType::Local),
            ("+18002345678", "US", NumberType::TollFree),
            ("+19002345678", "US", NumberType::Premium),
            ("+442079460018", "GB", NumberType::Local),
            ("+447400123456", "GB", NumberType::Mobile),
            ("+448081570000", "GB", NumberType::TollFree),
            ("+445512345678", "GB", NumberType::National),
            ("+445612345678", "GB", NumberType::National),
            ("+4930123456", "DE", NumberType::Local),
            ("+4915123456789", "DE", NumberType::Mobile),
            ("+4918012345", "DE", NumberType::SharedCost),
            ("+390236618300", "IT", NumberType::Local),
        ] {
            let told = kind_of(&number.parse().unwrap());
            assert_eq!(told, Some((country.to_owned(), kind)), "{number}");
        }
        for number in ["+15551234567", "+80012345678", "+9991234567"] {
            assert_eq!(kind_of(&number.parse().unwrap()), None, "{number}");
        }
    }

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
