//! Telephone numbers in E.164 form. The type holds only what has that form; whether a number is
//! valid (feature `numbering`) is libphonenumber's word and is asked for what people type.

use std::{fmt, str::FromStr};

/// A number as `+` and 7 to 15 digits, the first not zero (ITU-T E.164). Never an integer:
/// leading zeros and the plus sign are part of it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct E164(String);

/// Why a text is not a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadNumber {
    /// Not `+` and digits.
    #[error("write the number with + and country code, such as +12025550123")]
    Shape,
    /// The digits have the form but no such number can exist.
    #[error("{0} is not a valid telephone number: check the country code and the digits")]
    Invalid(String),
}

impl E164 {
    /// The number with its plus sign.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits without the plus sign.
    pub fn digits(&self) -> &str {
        &self.0[1..]
    }

    /// The country code (ITU-T E.164 list of assigned codes): `1`, `44`, `353`.
    pub fn calling_code(&self) -> &str {
        let digits = self.digits();
        let long = match &digits.as_bytes()[..2] {
            [b'1' | b'7', _] => 1,
            [b'2', b'0' | b'7']
            | [b'3', b'0'..=b'4' | b'6' | b'9']
            | [b'4', b'0' | b'1' | b'3'..=b'9']
            | [b'5', b'1'..=b'8']
            | [b'6', b'0'..=b'6']
            | [b'8', b'1' | b'2' | b'4' | b'6']
            | [b'9', b'0'..=b'5' | b'8'] => 2,
            _ => 3,
        };
        &digits[..long]
    }

    /// True for the seven North American toll-free codes in service.
    pub fn is_nanp_toll_free(&self) -> bool {
        matches!(
            self.0.get(..5),
            Some("+1800" | "+1833" | "+1844" | "+1855" | "+1866" | "+1877" | "+1888")
        )
    }
}

impl FromStr for E164 {
    type Err = BadNumber;
    fn from_str(s: &str) -> Result<Self, BadNumber> {
        let digits = s.strip_prefix('+').ok_or(BadNumber::Shape)?;
        let shaped = (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if shaped { Ok(Self(s.to_owned())) } else { Err(BadNumber::Shape) }
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for E164 {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for E164 {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

crate::stored_as_text!(E164);

#[cfg(feature = "numbering")]
pub use numbering::{is_country, readable};

#[cfg(feature = "numbering")]
mod numbering {
    use super::{BadNumber, E164};
    use phonenumber::{Mode, PhoneNumber};
    use std::{
        collections::HashMap,
        sync::{PoisonError, RwLock},
    };

    /// How many numbers are remembered as written for people.
    const REMEMBERED: usize = 20_000;

    /// Numbers as written for people abroad. libphonenumber reads and writes with dozens of
    /// patterns, too dear for every answer to a ringing telephone.
    static WRITTEN: RwLock<Option<HashMap<E164, String>>> = RwLock::new(None);

    /// Whether telephone numbers are given out in a country of this code (ISO 3166-1 alpha-2, in
    /// capitals).
    pub fn is_country(code: &str) -> bool {
        code.parse::<phonenumber::country::Id>().is_ok()
    }

    impl E164 {
        /// Reads what a person typed: any punctuation, national form when `country` (ISO 3166-1
        /// alpha-2) is given. The number must be valid by libphonenumber.
        pub fn from_typed(text: &str, country: Option<&str>) -> Result<Self, BadNumber> {
            let region = country.and_then(|c| c.parse().ok());
            let parsed = phonenumber::parse(region, text.trim()).map_err(|_| BadNumber::Shape)?;
            let shown = parsed.format().mode(Mode::E164).to_string();
            if !parsed.is_valid() {
                return Err(BadNumber::Invalid(shown));
            }
            shown.parse()
        }

        /// True when libphonenumber knows a range that the number lies in.
        pub fn is_valid(&self) -> bool {
            self.parsed().is_some_and(|n| n.is_valid())
        }

        /// The country the number belongs to by its digits, where that is certain.
        pub fn country(&self) -> Option<String> {
            self.parsed()?.country().id().map(|id| id.as_ref().to_owned())
        }

        /// As written inside its country: `(202) 555-0123`.
        pub fn national(&self) -> String {
            self.written(Mode::National)
        }

        /// As written for people abroad: `+1 202-555-0123`.
        pub fn international(&self) -> String {
            let known = WRITTEN.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(text) = known.as_ref().and_then(|all| all.get(self)) {
                return text.clone();
            }
            drop(known);
            let text = self.written(Mode::International);
            let mut all = WRITTEN.write().unwrap_or_else(PoisonError::into_inner);
            let all = all.get_or_insert_default();
            if all.len() >= REMEMBERED {
                all.clear();
            }
            all.insert(self.clone(), text.clone());
            text
        }

        fn written(&self, mode: Mode) -> String {
            self.parsed().map_or_else(|| self.0.clone(), |n| n.format().mode(mode).to_string())
        }

        fn parsed(&self) -> Option<PhoneNumber> {
            phonenumber::parse(None, &self.0).ok()
        }
    }

    /// A stored sentence as people read it: every number in E.164 form in it is written as
    /// [`E164::international`] does, everything else stays.
    pub fn readable(text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 8);
        let mut rest = text;
        while let Some(at) = rest.find('+') {
            let (before, number) = rest.split_at(at);
            let digits = number.bytes().skip(1).take_while(u8::is_ascii_digit).count();
            let (number, after) = number.split_at(1 + digits);
            out.push_str(before);
            match number.parse::<E164>() {
                Ok(number) => out.push_str(&number.international()),
                Err(_) => out.push_str(number),
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_e164_form_is_held() {
        for good in ["+12025550123", "+442079460000", "+4930123456"] {
            assert_eq!(good.parse::<E164>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "+",
            "12025550123",
            "+02025550123",
            "+1 202 555 0123",
            "+1234567890123456",
            "+12",
            "+１２３４５６７",
        ] {
            assert_eq!(bad.parse::<E164>(), Err(BadNumber::Shape), "{bad}");
        }
    }

    #[cfg(feature = "numbering")]
    #[test]
    fn numbers_in_a_sentence_become_readable() {
        for (stored, read) in [
            ("+12025550123, first month (VL-1)", "+1 202-555-0123, first month (VL-1)"),
            (
                "Moved from +12025550123 to +12025550124.",
                "Moved from +1 202-555-0123 to +1 202-555-0124.",
            ),
            ("2 + 2, +1, +44 20 7946 0000", "2 + 2, +1, +44 20 7946 0000"),
            ("é+", "é+"),
            ("", ""),
        ] {
            assert_eq!(readable(stored), read);
        }
    }

    #[cfg(feature = "numbering")]
    #[test]
    fn validity_follows_libphonenumber() {
        // The figures of domain-facts: possible is not valid, and +1 is not the United States.
        for (number, valid) in [
            ("+12025550123", true),
            ("+15551234567", false),
            ("+18001234567", false),
            ("+18225551234", false),
            ("+15005550006", true),
            ("+14165550123", true),
        ] {
            assert_eq!(number.parse::<E164>().unwrap().is_valid(), valid, "{number}");
        }
        assert_eq!("+14165550123".parse::<E164>().unwrap().country().as_deref(), Some("CA"));
        assert_eq!("+12025550123".parse::<E164>().unwrap().national(), "(202) 555-0123");
        assert_eq!(
            E164::from_typed("(202) 555-0123", Some("US")).unwrap().as_str(),
            "+12025550123"
        );
        assert!(E164::from_typed("555 1234", Some("US")).is_err());
    }
}
