//! What can go wrong with an audit and what is decided after it.

use crate::{Fault, jobs::JobError};
use voxlink_gateways::CarrierError;
use voxlink_types::error::{Explain, FieldError, Status};

/// A verb's refusal.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// No such difference.
    #[error("There is no such difference.")]
    NotFound,
    /// The number's carrier is not set up in this installation.
    #[error("The carrier “{0}” is not configured here.")]
    NoCarrier(String),
    /// The carrier did not tell.
    #[error("The carrier could not be compared: {0}")]
    Carrier(CarrierError),
    /// A carrier's list that never ends.
    #[error("The carrier's list of numbers repeats itself: the audit is of no use.")]
    EndlessList,
    /// It is settled already.
    #[error("This difference is not open any more. Look at it again.")]
    NotOpen,
    /// Nothing to roll back.
    #[error("Only what was applied or ignored can be rolled back.")]
    NothingToRollBack,
    /// What was done has no way back.
    #[error("{0}")]
    NoWayBack(&'static str),
    /// That is nothing to do about this kind of difference.
    #[error("That does not settle this kind of difference.")]
    WrongRemedy,
    /// A reason is missing or too long.
    #[error("Say why, in at most 300 characters.")]
    Reason,
    /// No account to give it to.
    #[error("Choose the account by its id, such as ten_0190a5c2…; no account in use has this one.")]
    Account,
    /// The campaign is not there.
    #[error("That account has no such campaign in use.")]
    Campaign,
    /// Somebody has the number.
    #[error("Another account has this number already.")]
    Held,
    /// An order has not come to its end with it.
    #[error("An order is about to have this number. Try again once that order is done.")]
    Ordered,
    /// Nothing to sell it by.
    #[error(
        "There is no price for this kind of number at this carrier. Fetch the carrier's prices first."
    )]
    NoPrice,
    /// It does not ring at its carrier.
    #[error(
        "The carrier does not have this number in service yet, so nobody is to pay for it. Compare or import again once it rings there."
    )]
    Silent,
    /// Neither its country nor its kind can be told.
    #[error(
        "No country's numbering plan knows this number and its kind, so no price fits it. Check its digits; if they are right, leave it at the carrier."
    )]
    Unplaced,
    /// The number moved on after the audit.
    #[error("The number has been released since the carrier was compared. Compare again.")]
    Stale,
    /// A price that only an administrator changes.
    #[error(
        "An administrator entered this price, and what the carrier tells does not replace it. Enter the carrier's price with “voxlink prices import”, or ignore the difference."
    )]
    ByHand,
    /// The carrier was asked for its prices, and the book is as it was.
    #[error(
        "The carrier told no new price when it was asked, so the price book is as it was. It is asked again every day."
    )]
    PriceBehind,
    /// Priced in a currency that the account is not billed in.
    #[error("The carrier's price is in another currency than the account is billed in.")]
    Currency,
    /// Ours.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<CarrierError> for InventoryError {
    fn from(error: CarrierError) -> Self {
        // No source: the sentence has the carrier's words already, and the shell prints every cause.
        Self::Carrier(error)
    }
}

impl From<sqlx::Error> for InventoryError {
    fn from(error: sqlx::Error) -> Self {
        match crate::fault::broken_constraint(&error) {
            Some("subscriptions_one_active") => Self::Held,
            Some("account_currency") => Self::Currency,
            _ => Self::Fault(error.into()),
        }
    }
}

impl From<InventoryError> for JobError {
    fn from(error: InventoryError) -> Self {
        match error {
            InventoryError::Fault(fault) => fault.into(),
            // Reading, setting and giving back come to the same when done twice.
            InventoryError::Carrier(carrier)
                if carrier.may_repeat()
                    || matches!(carrier, CarrierError::UnknownOutcome { .. }) =>
            {
                Self::retry(carrier)
            }
            behind @ InventoryError::PriceBehind => Self::retry(behind),
            other => Self::fail(other),
        }
    }
}

impl Explain for InventoryError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "drift_not_found",
            Self::NoCarrier(_) => "carrier_not_configured",
            Self::Carrier(error) => error.code(),
            Self::EndlessList => "carrier_list_endless",
            Self::NotOpen => "drift_not_open",
            Self::NothingToRollBack | Self::NoWayBack(_) => "no_way_back",
            Self::WrongRemedy => "wrong_remedy",
            Self::Reason => "reason_required",
            Self::Account => "account_not_found",
            Self::Campaign => "campaign_not_found",
            Self::Held => "number_taken",
            Self::Ordered => "number_ordered",
            Self::NoPrice => "no_price",
            Self::Silent => "number_not_in_service",
            Self::Unplaced => "number_kind_unknown",
            Self::Stale => "drift_outdated",
            Self::ByHand => "price_by_hand",
            Self::PriceBehind => "price_unchanged",
            Self::Currency => "account_currency",
            Self::Fault(fault) => fault.code(),
        }
    }

    fn status(&self) -> Status {
        match self {
            Self::NotFound => Status::NotFound,
            Self::Carrier(_) | Self::EndlessList => Status::BadGateway,
            Self::Reason | Self::Account | Self::Campaign | Self::WrongRemedy => {
                Status::Unprocessable
            }
            Self::Fault(fault) => fault.status(),
            _ => Status::Conflict,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        let field = match self {
            Self::Reason => "reason",
            Self::Account | Self::Currency => "account",
            _ => return Vec::new(),
        };
        vec![FieldError { field: field.to_owned(), message: self.to_string() }]
    }
}
