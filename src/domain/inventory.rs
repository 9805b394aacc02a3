//! Inventory truth: what the carriers say is ours, compared with what is written down here, and
//! what is done about the differences.
//!
//! [`audit()`] reads a carrier's list page by page, compares ([`compare`] is pure) and keeps each
//! difference until somebody settles it: applied, ignored with a reason, or rolled back. It runs
//! every night, from the shell and from the administrators' page. Nothing is changed at a carrier
//! in a transaction: a difference is decided first and carried out by [`CarryOutDrift`].
//!
//! Decisions:
//! - A number that the carrier no longer shows is not taken away from its tenant: it is marked and
//!   waits for a person, so that nobody loses a number by a carrier's bad day.
//! - A number that only the carrier has is never given back by itself: somebody says whose it is,
//!   or that it is to go. What a refused purchase left behind is another thing: [`crate::orders`]
//!   finds it by the purchase's key and gives it back.
//! - A number becomes an account's only when it rings at its carrier, and at the price of its kind by
//!   the numbering plan; what no plan knows is refused.
//! - A price difference is settled when the book has followed, not when the carrier was asked. What an
//!   administrator entered is theirs to change or to leave.
//! - What is on its way (being ordered, ported, given back) is compared once it has arrived.

mod adopt;
mod apply;
mod audit;
mod carry_out;
mod compare;
mod error;
mod fix;
mod import;
mod listing;
mod prices;
mod read;
mod store;

pub use adopt::{Adoption, adopt};
pub use apply::{apply, ignore, remedies, roll_back, still_ours};
pub use audit::{AuditCarrier, AuditCarriers, AuditWish, Report, audit};
pub use carry_out::{CarryOutDrift, carry_out};
pub use compare::{Callbacks, Comparison, Recorded};
pub use error::InventoryError;
pub use fix::{Fixed, SettleCarrier, fix, settle};
pub use import::{Columns, ImportRow, Imported, RowOutcome, import, read_rows};
pub use listing::owned_pages;
pub use read::{
    AuditRow, Drift, DriftFilter, FailedAudit, audits, drift, drift_of, failed_audits, open_at,
    open_of_audit, settleable,
};

use serde_json::Value;
use std::fmt;
use voxlink_gateways::carrier::OwnedNumber;
use voxlink_types::{
    E164,
    ids::{NumberId, TenantId},
    number::NumberType,
    text_enum,
};

text_enum! {
    /// How the two sides differ.
    DriftKind {
        /// We have it, the carrier does not.
        MissingThere = "missing_there",
        /// The carrier has it in our account, we have it nowhere.
        MissingHere = "missing_here",
        /// It stands otherwise there, or goes by another id.
        Status = "status",
        /// It calls other addresses.
        Callbacks = "callbacks",
        /// It costs us something else than our price book says.
        Price = "price",
    }
}

impl DriftKind {
    /// The words for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::MissingThere => "Missing at the carrier",
            Self::MissingHere => "Missing here",
            Self::Status => "Status differs",
            Self::Callbacks => "Callback addresses differ",
            Self::Price => "Price differs",
        }
    }
}

text_enum! {
    /// What became of a difference.
    DriftState {
        /// Waits for somebody.
        Open = "open",
        /// Settled.
        Applied = "applied",
        /// Left as it is, for a reason.
        Ignored = "ignored",
        /// A later audit no longer saw it.
        Gone = "gone",
    }
}

impl DriftState {
    /// The words for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Applied => "Applied",
            Self::Ignored => "Ignored",
            Self::Gone => "No longer there",
        }
    }
}

text_enum! {
    /// How a number stands at its carrier.
    Standing {
        /// It rings.
        Active = "active",
        /// It is ours there and does not ring.
        Inactive = "inactive",
        /// It is not ours there.
        Missing = "missing",
    }
}

impl Standing {
    /// What a carrier's answer says.
    pub const fn of(owned: &OwnedNumber) -> Self {
        if owned.active { Self::Active } else { Self::Inactive }
    }
}

text_enum! {
    /// What is done about a difference.
    Remedy {
        /// Write down here how it is there.
        TakeOver = "take_over",
        /// Set it there as it is here.
        SetAgain = "set_again",
        /// Record it as a tenant's.
        Adopt = "adopt",
        /// Give it back to the carrier.
        GiveBack = "give_back",
    }
}

impl Remedy {
    /// The words on its button.
    pub const fn label(self) -> &'static str {
        match self {
            Self::TakeOver => "Take over the carrier's side",
            Self::SetAgain => "Set it there again",
            Self::Adopt => "Give it to an account",
            Self::GiveBack => "Give it back to the carrier",
        }
    }
}

/// What a difference is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A number.
    Number(E164),
    /// A country and kind: what the carrier charges for it.
    Kind {
        /// ISO 3166-1 alpha-2.
        country: String,
        /// The kind.
        number_type: NumberType,
    },
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Kind { country, number_type } => write!(f, "{country} {number_type}"),
        }
    }
}

/// A difference as it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Its kind.
    pub kind: DriftKind,
    /// What it is about.
    pub subject: Subject,
    /// Who has the number here.
    pub holder: Option<TenantId>,
    /// As that tenant's.
    pub subscription: Option<NumberId>,
    /// How it is here.
    pub here: Value,
    /// How it is there.
    pub there: Value,
}
