//! What a person typed into a field: read, or as it stands there, so that a draft can hold what is
//! not right yet and nothing typed is ever replaced by a value of ours.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A field's value. In JSON it is the value itself, or the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Typed<T> {
    /// It could be read.
    Read(T),
    /// It could not; [`check`](super::check()) says what is wrong with it.
    Raw(String),
}

impl<T: FromStr> Typed<T> {
    /// Reads a field.
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        text.parse().map_or_else(|_| Self::Raw(text.to_owned()), Self::Read)
    }
}

impl<T> Typed<T> {
    /// The value, if it could be read.
    pub fn read(&self) -> Option<&T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Raw(_) => None,
        }
    }
}

impl<T: Copy> Typed<T> {
    /// The value, or `otherwise`: a call is answered whatever the plan holds.
    pub fn or(&self, otherwise: T) -> T {
        self.read().copied().unwrap_or(otherwise)
    }
}

impl<T> From<T> for Typed<T> {
    fn from(value: T) -> Self {
        Self::Read(value)
    }
}

impl<T: fmt::Display> fmt::Display for Typed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(value) => value.fmt(f),
            Self::Raw(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::Clock;

    #[test]
    fn what_cannot_be_read_stays_as_typed_in_json_too() {
        for (text, json) in [("09:00", "\"09:00\""), (" nine ", "\"nine\""), ("", "\"\"")] {
            let typed = Typed::<Clock>::of(text);
            assert_eq!(typed.to_string(), text.trim());
            assert_eq!(serde_json::to_string(&typed).unwrap(), json);
            assert_eq!(serde_json::from_str::<Typed<Clock>>(json).unwrap(), typed);
        }
        for (text, json) in [("20", "20"), ("a while", "\"a while\""), ("70000", "\"70000\"")] {
            let typed = Typed::<u16>::of(text);
            assert_eq!(serde_json::to_string(&typed).unwrap(), json);
            assert_eq!(serde_json::from_str::<Typed<u16>>(json).unwrap(), typed);
        }
        assert_eq!(Typed::<char>::of("12").to_string(), "12");
    }
}
