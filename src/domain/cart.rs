//! Carts and holds: a number is in one cart at a time.
//!
//! Holding takes three steps, none of which waits for another inside a transaction: the hold is
//! taken in the database (which decides the race), the carrier is asked to set the number aside,
//! and what it answered is recorded, or the hold is let go again.

mod hold;
mod let_go;
mod line;
mod promotion;
mod sweep;
mod view;

pub use hold::{Buyer, clear, hold, hold_again, remove};
pub use let_go::{LetGo, LetGoLost};
pub use promotion::{Promotion, PromotionRefusal, apply_promotion, drop_promotion, standing};
pub use sweep::{SweepHolds, sweep};
pub use view::{CartItem, CartView, Standing, view};

use crate::{Fault, carriers::PAPERS_LACKING};
use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;
use voxlink_types::{
    E164,
    error::{Explain, FieldError, Status},
};

/// The most numbers in one cart.
pub const MOST_ITEMS: i64 = 50;

/// The longest that a cart can have a number by extending its hold.
pub const LONGEST_HOLD: TimeDelta = TimeDelta::hours(1);

/// How long a number that was let go is remembered as the tenant's: held again within this time,
/// the longest hold goes on and does not begin anew, so that others get their turn.
pub const REST: TimeDelta = TimeDelta::minutes(5);

/// Why the cart did not change.
#[derive(Debug, thiserror::Error)]
pub enum CartError {
    /// Somebody else has it.
    #[error(
        "{} is in somebody else's cart or has just been sold. Choose another number",
        .0.international()
    )]
    Taken(E164),
    /// It cannot be held longer.
    #[error(
        "{} is held until {}, an hour after you first held it, and no longer. Check out before then",
        number.international(),
        until.format("%H:%M %Z")
    )]
    Longest {
        /// Which.
        number: E164,
        /// When its hold ends, in the person's zone.
        until: DateTime<Tz>,
    },
    /// It was held for as long as it can be.
    #[error(
        "You had {} for an hour, the longest that a cart can hold a number. You can hold it again from {}, unless somebody else does",
        number.international(),
        again.format("%H:%M %Z")
    )]
    Rests {
        /// Which.
        number: E164,
        /// From when on, in the person's zone.
        again: DateTime<Tz>,
    },
    /// Nobody sells it.
    #[error("{} is not for sale", .0.international())]
    NotForSale(E164),
    /// It needs papers, and its carrier has none of ours.
    #[error("{} {}", .0.international(), PAPERS_LACKING)]
    NeedsPapers(E164),
    /// Its carrier sells nothing at the moment, so it is not held longer.
    #[error(
        "{} cannot be held longer: its carrier sells no new numbers at the moment",
        .0.international()
    )]
    NoLonger(E164),
    /// No such carrier here.
    #[error("This number's carrier is not connected here any more")]
    NoCarrier,
    /// The carrier did not do it.
    #[error("{0}")]
    Carrier(&'static str),
    /// The account is billed in another currency.
    #[error(
        "{} is priced in another currency than your account is billed in. Choose another number",
        .0.international()
    )]
    OtherCurrency(E164),
    /// Too many.
    #[error("A cart holds at most {MOST_ITEMS} numbers. Buy these first")]
    Full,
    /// Not in this cart.
    #[error("This number is not in your cart")]
    NotInCart,
    /// The code gives nothing.
    #[error("{0}")]
    Promotion(PromotionRefusal),
    /// The database did not do it.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for CartError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl Explain for CartError {
    fn code(&self) -> &'static str {
        match self {
            Self::Taken(_) => "number_taken",
            Self::Longest { .. } | Self::Rests { .. } => "hold_limit",
            Self::NotForSale(_) | Self::NoLonger(_) => "not_for_sale",
            Self::NeedsPapers(_) => "papers_required",
            Self::NoCarrier => "carrier_not_configured",
            Self::Carrier(_) => "carrier_failed",
            Self::OtherCurrency(_) => "other_currency",
            Self::Full => "cart_full",
            Self::NotInCart => "not_in_cart",
            Self::Promotion(_) => "promotion_invalid",
            Self::Fault(fault) => fault.code(),
        }
    }
    fn status(&self) -> Status {
        match self {
            Self::Taken(_)
            | Self::Longest { .. }
            | Self::Rests { .. }
            | Self::NotForSale(_)
            | Self::NoLonger(_)
            | Self::NeedsPapers(_)
            | Self::OtherCurrency(_)
            | Self::Full => Status::Conflict,
            Self::NoCarrier | Self::Carrier(_) => Status::BadGateway,
            Self::NotInCart => Status::NotFound,
            Self::Promotion(_) => Status::Unprocessable,
            Self::Fault(fault) => fault.status(),
        }
    }
    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Promotion(_) => {
                vec![FieldError { field: "code".to_owned(), message: self.to_string() }]
            }
            _ => Vec::new(),
        }
    }
}
