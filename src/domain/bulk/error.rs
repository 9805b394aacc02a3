//! What can go wrong with a sheet as a whole, and with one of its rows.

use super::LARGEST;
use crate::{
    Fault, campaigns::CampaignError, carriers::PAPERS_LACKING, catalog::SearchError,
    numbers::NumberError, orders::CheckoutError, routing::RoutingError,
};
use voxlink_types::{
    E164, Money,
    error::{Explain, FieldError, Status},
};

/// Why a sheet was not taken, or a run did not move.
#[derive(Debug, thiserror::Error)]
pub enum BulkError {
    /// Absent or somebody else's.
    #[error("There is no such run in your account.")]
    NotFound,
    /// Nothing was sent.
    #[error("Choose a file, or paste its rows.")]
    Nothing,
    /// A file without anything in it.
    #[error("The file is empty.")]
    EmptyFile,
    /// Which of the two is meant?
    #[error("Choose a file or paste rows, not both.")]
    Both,
    /// A quote without its other half; its line.
    #[error("The quote opened in line {0} is never closed.")]
    OpenQuote(u64),
    /// Not text.
    #[error("This is not a text file. Save the sheet as CSV (UTF-8) and send that.")]
    NotText,
    /// Too many bytes.
    #[error("A file has at most {} KB. Split it into several.", LARGEST / 1024)]
    TooLarge,
    /// Too many rows.
    #[error("A file has at most {most} rows, and this one has {count}. Split it into several.")]
    TooManyRows {
        /// How many it may have.
        most: usize,
        /// How many it has.
        count: usize,
    },
    /// Only a header.
    #[error("There are no rows under the header.")]
    NoRows,
    /// A column that means nothing here.
    #[error(
        "The column “{typed}” is not known here. Name it one of {known}, or take it out; the first row must name the columns."
    )]
    UnknownColumn {
        /// As typed.
        typed: String,
        /// What is known.
        known: String,
    },
    /// A column stands twice.
    #[error("The column “{0}” stands there twice. Take one of them out.")]
    TwiceColumn(String),
    /// A column is missing.
    #[error("The column “{missing}” is missing. Name it in the first row, which reads: {header}")]
    MissingColumn {
        /// The one.
        missing: String,
        /// The header of the template.
        header: String,
    },
    /// A run that is elsewhere.
    #[error("This run is no longer where it was when you looked. See how it stands now.")]
    Moved,
    /// The sum is another one than was shown.
    #[error("The numbers cost {0} now. Check the sum and start again; nothing was bought.")]
    OtherTotal(Money),
    /// Ours.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for BulkError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl Explain for BulkError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "bulk_run_not_found",
            Self::Nothing | Self::EmptyFile | Self::NoRows => "bulk_sheet_empty",
            Self::Both => "bulk_sheet_twice",
            Self::NotText | Self::OpenQuote(_) => "bulk_sheet_not_text",
            Self::TooLarge | Self::TooManyRows { .. } => "bulk_sheet_too_large",
            Self::UnknownColumn { .. } | Self::TwiceColumn(_) | Self::MissingColumn { .. } => {
                "bulk_sheet_columns"
            }
            Self::Moved => "bulk_run_state",
            Self::OtherTotal(_) => "total_changed",
            Self::Fault(fault) => fault.code(),
        }
    }

    fn status(&self) -> Status {
        match self {
            Self::NotFound => Status::NotFound,
            Self::Moved | Self::OtherTotal(_) => Status::Conflict,
            Self::Fault(fault) => fault.status(),
            _ => Status::Unprocessable,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::NotFound | Self::Moved | Self::OtherTotal(_) | Self::Fault(_) => Vec::new(),
            _ => vec![FieldError { field: "rows".to_owned(), message: self.to_string() }],
        }
    }
}

/// Why a row was not done.
#[derive(Debug)]
pub(super) enum RowError {
    /// The sentence for the person.
    Refused(String),
    /// A failure of ours.
    Fault(Fault),
}

impl RowError {
    /// A refusal.
    pub(super) fn because(why: impl Into<String>) -> Self {
        Self::Refused(why.into())
    }

    /// The sentence that the row keeps. A failure of ours that may pass is given back, so that the
    /// job is tried again; another one sinks its row only, and the log has its text.
    pub(super) fn sentence(self) -> Result<String, Fault> {
        match self {
            Self::Refused(why) => Ok(why),
            Self::Fault(fault) if fault.is_transient() => Err(fault),
            Self::Fault(fault) => {
                tracing::error!(%fault, "a row of a sheet failed");
                Ok("Something failed here. Nothing was changed by this row; try it again in another sheet.".to_owned())
            }
        }
    }
}

impl From<Fault> for RowError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<sqlx::Error> for RowError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// A verb's refusal is the row's; its failure is ours.
macro_rules! refused_by {
    ($($error:ident),+) => {$(
        impl From<$error> for RowError {
            fn from(error: $error) -> Self {
                match error {
                    $error::Fault(fault) => Self::Fault(fault),
                    refusal => Self::Refused(refusal.to_string()),
                }
            }
        }
    )+};
}
refused_by!(NumberError, RoutingError, CampaignError, SearchError);

impl From<CheckoutError> for RowError {
    fn from(error: CheckoutError) -> Self {
        match error {
            CheckoutError::Fault(fault) => Self::Fault(fault),
            // The sentences of a checkout speak of the cart, which there is none of here.
            CheckoutError::Taken(numbers) => {
                let numbers: Vec<&str> = numbers.iter().map(E164::as_str).collect();
                Self::Refused(format!(
                    "{} is in somebody's cart or has just been sold.",
                    numbers.join(", ")
                ))
            }
            CheckoutError::NeedsPapers(numbers) => {
                let numbers: Vec<&str> = numbers.iter().map(E164::as_str).collect();
                Self::Refused(format!("{} {PAPERS_LACKING}.", numbers.join(", ")))
            }
            CheckoutError::NotEnough { have, need, missing } => Self::Refused(format!(
                "Your balance is {have}, and this row costs {need}. Top up at least {missing}."
            )),
            refusal => Self::Refused(refusal.to_string()),
        }
    }
}
