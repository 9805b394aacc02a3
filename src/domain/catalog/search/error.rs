//! Why a search was not made.

use crate::{Fault, catalog::BadPattern};
use voxlink_types::error::{Explain, FieldError, Status};

/// Why a search was not made.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Digits that cannot be looked for.
    #[error("{what}")]
    Pattern {
        /// The field.
        field: &'static str,
        /// What is wrong.
        what: BadPattern,
    },
    /// An area code is digits.
    #[error("An area code is up to 7 digits, such as 617")]
    AreaCode,
    /// No such place.
    #[error(
        "We know no place “{0}” there. Write a town such as Boston, MA, a telephone number, or coordinates such as 42.36,-71.06; postal codes are not known"
    )]
    Place(String),
    /// A filter that cannot be read.
    #[error("{remedy}")]
    Filter {
        /// The field.
        field: &'static str,
        /// What to write instead.
        remedy: &'static str,
    },
    /// Distance needs a place.
    #[error("Sorting by distance needs a place to measure from")]
    NoPlace,
    /// No carrier answered.
    #[error("No carrier is answering at the moment. Try again in a minute")]
    Silent,
    /// The database did not do it.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for SearchError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl Explain for SearchError {
    fn code(&self) -> &'static str {
        match self {
            Self::Pattern { .. } => "bad_pattern",
            Self::AreaCode => "bad_area_code",
            Self::Filter { .. } => "bad_filter",
            Self::Place(_) => "unknown_place",
            Self::NoPlace => "place_missing",
            Self::Silent => "carriers_silent",
            Self::Fault(fault) => fault.code(),
        }
    }
    fn status(&self) -> Status {
        match self {
            Self::Silent => Status::Unavailable,
            Self::Fault(fault) => fault.status(),
            _ => Status::Unprocessable,
        }
    }
    fn fields(&self) -> Vec<FieldError> {
        let field = match self {
            Self::Pattern { field, .. } | Self::Filter { field, .. } => field,
            Self::AreaCode => "area",
            Self::Place(_) | Self::NoPlace => "near",
            Self::Silent | Self::Fault(_) => return Vec::new(),
        };
        vec![FieldError { field: field.to_owned(), message: self.to_string() }]
    }
}
