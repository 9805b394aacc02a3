//! XML as the numbers API speaks it, and how it writes telephone numbers: ten digits for North
//! America, with the plus sign elsewhere.

use crate::wire::{Answer, Body, stumbled};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use voxlink_gateways::CarrierError;
use voxlink_types::E164;

const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;

/// Reads an answer. The name of the outermost element is not looked at: refusals and successes
/// share it.
pub(super) fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, CarrierError> {
    parse(&answer.body).map_err(|why| answer.unreadable(&stumbled(&why)))
}

/// Reads a document.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    quick_xml::de::from_str(text).map_err(|error| error.to_string())
}

/// Writes a document; its outermost element is named as the type says.
pub(super) fn write<T: Serialize>(value: &T) -> Result<Body, CarrierError> {
    match quick_xml::se::to_string(value) {
        Ok(text) => Ok(Body::Xml(format!("{DECLARATION}{text}"))),
        Err(error) => Err(CarrierError::Rejected { detail: format!("cannot be written: {error}") }),
    }
}

/// A list of numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Numbers {
    #[serde(default, rename = "TelephoneNumber")]
    pub(super) numbers: Vec<String>,
}

impl Numbers {
    pub(super) fn one(number: &str) -> Self {
        Self { numbers: vec![number.to_owned()] }
    }

    pub(super) fn has(&self, number: &str) -> bool {
        self.numbers.iter().any(|there| there.trim() == number)
    }
}

/// A number as Bandwidth writes it, which is also its id there.
pub(super) fn written(number: &E164) -> String {
    let national = number.digits().get(number.calling_code().len()..).unwrap_or_default();
    if number.calling_code() == "1" && national.len() == 10 {
        national.to_owned()
    } else {
        number.as_str().to_owned()
    }
}

/// A number that Bandwidth wrote.
pub(super) fn number(text: &str) -> Option<E164> {
    let text = text.trim();
    if text.len() == 10 && !text.starts_with('+') {
        format!("+1{text}").parse().ok()
    } else if text.starts_with('+') {
        text.parse().ok()
    } else {
        format!("+{text}").parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_ten_digits_in_north_america_only() {
        for (ours, theirs) in [("+12125550100", "2125550100"), ("+33140289562", "+33140289562")] {
            assert_eq!(written(&ours.parse().unwrap()), theirs);
            assert_eq!(number(theirs).unwrap().as_str(), ours);
        }
        assert_eq!(number("12125550100").unwrap().as_str(), "+12125550100");
        assert_eq!(number("( a number )"), None);
    }
}
