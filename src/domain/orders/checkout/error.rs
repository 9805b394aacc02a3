//! Why an order was not placed, as the person reads it.

use crate::{
    Fault, carriers,
    orders::{Due, PriceChange},
};
use voxlink_types::{
    E164, Money,
    error::{Explain, FieldError, Status},
};

/// Why an order was not placed. Nothing was charged.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    /// No such open cart of this person.
    #[error("This cart is no longer open. If you have just paid, see your orders.")]
    NoCart,
    /// Nothing in it.
    #[error("Your cart is empty. Search for a number first.")]
    Empty,
    /// Somebody else has a number now.
    #[error("{} went to somebody else while your hold had run out. Remove it to go on; nothing was charged.", list(.0))]
    Taken(Vec<E164>),
    /// Its carrier was disabled since it was held.
    #[error("{} cannot be bought at the moment, because the carrier is switched off. Remove it to go on; nothing was charged.", list(.0))]
    NotSold(Vec<E164>),
    /// They need papers, and its carrier has none of ours.
    #[error("{} {}, or remove it to go on; nothing was charged.", list(.0), carriers::PAPERS_LACKING)]
    NeedsPapers(Vec<E164>),
    /// Prices changed since they were shown.
    #[error("The price of {} has changed since you added it. Check the new amounts; nothing was charged.", list(&.0.iter().map(|c| c.number.clone()).collect::<Vec<_>>()))]
    PriceChanged(Vec<PriceChange>),
    /// The total is another one than was shown (tax or promotion).
    #[error(
        "The total is now {now}, it was {was}. Check it and confirm again; nothing was charged."
    )]
    TotalChanged {
        /// The total as it was shown.
        was: Money,
        /// The total now.
        now: Money,
    },
    /// A carrier's price is in another currency than the account.
    #[error("{0} is priced in another currency than your account. Remove it to go on.")]
    OtherCurrency(E164),
    /// At least more numbers than there are.
    #[error("Choose at least 1 and at most {count}: so many numbers are in your cart.")]
    Minimum {
        /// How many there are.
        count: usize,
    },
    /// An older order is unpaid for too long.
    #[error("Order {} is unpaid: {} has been due since its card was refused. Pay it first; your cart stays as it is.", .0.number, .0.amount)]
    PaymentDue(Box<Due>),
    /// Too little money.
    #[error(
        "Your balance is {have}, and this order costs {need}. Top up at least {missing}, or pay by card."
    )]
    NotEnough {
        /// The balance.
        have: Money,
        /// The order's total.
        need: Money,
        /// The difference.
        missing: Money,
    },
    /// No such processor here.
    #[error("This way to pay is not offered here. Choose another one.")]
    NoProcessor,
    /// The database did not do it.
    #[error(transparent)]
    Fault(#[from] Fault),
}

fn list(numbers: &[E164]) -> String {
    numbers.iter().map(E164::as_str).collect::<Vec<_>>().join(", ")
}

impl From<sqlx::Error> for CheckoutError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl Explain for CheckoutError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoCart => "cart_closed",
            Self::Empty => "cart_empty",
            Self::Taken(_) => "number_taken",
            Self::NotSold(_) => "not_for_sale",
            Self::NeedsPapers(_) => "papers_required",
            Self::PriceChanged(_) => "price_changed",
            Self::TotalChanged { .. } => "total_changed",
            Self::OtherCurrency(_) => "other_currency",
            Self::Minimum { .. } => "strategy_minimum",
            Self::PaymentDue(_) => "payment_due",
            Self::NotEnough { .. } => "not_enough_credit",
            Self::NoProcessor => "processor_unknown",
            Self::Fault(fault) => fault.code(),
        }
    }
    fn status(&self) -> Status {
        match self {
            Self::NotEnough { .. } | Self::PaymentDue(_) => Status::PaymentRequired,
            Self::Minimum { .. } | Self::Empty | Self::OtherCurrency(_) | Self::NoProcessor => {
                Status::Unprocessable
            }
            Self::Fault(fault) => fault.status(),
            _ => Status::Conflict,
        }
    }
    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::NotEnough { .. } | Self::NoProcessor => {
                vec![FieldError { field: "payment".to_owned(), message: self.to_string() }]
            }
            Self::Minimum { .. } => {
                vec![FieldError { field: "minimum".to_owned(), message: self.to_string() }]
            }
            _ => Vec::new(),
        }
    }
}
