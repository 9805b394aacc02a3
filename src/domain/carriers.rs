//! The carriers as administrators see and steer them: who sells, in which order, at which mark-up;
//! how each is, and how requests to it went over all servers.
//!
//! Each server counts by itself ([`Tally`]) and adds what it counted to the database every few
//! seconds ([`tell`]); the page reads sums by day and operation.
//!
//! Decisions:
//! - A *draining* carrier gets no new holds; what a cart holds may still be paid. A *disabled* one
//!   is refused at checkout, too. Neither touches what was ordered or is owned: orders go on,
//!   numbers ring, settings are applied, releases are carried out.
//! - Credentials are the environment's, or entered by administrators and stored sealed; where both
//!   set one, the environment holds. No page can show either.

mod connections;
mod credentials;
mod figures;
mod health;
mod papers;
mod read;
mod standing;
mod tally;
mod traffic;

pub(crate) use connections::Connections;
pub use connections::{AccountSetting, Accounts, Connected, Origin, Values, follow};
pub use credentials::{
    Credential, NewCredentials, Stored, credentials, store_credentials, try_credentials,
};
pub use figures::{Operation, Requests, Took};
pub use health::{AskCarriers, Health, ask};
pub use papers::{NewPapers, OnFile, file_papers, papers, papers_taken, remove_papers};
pub(crate) use papers::{PAPERS_LACKING, PaperIds, filed};
pub use read::{
    Breakers, Callbacks, CallbacksOfDay, CarrierRow, Cost, Holdings, active, all, callbacks,
    holdings, one, operations,
};
pub use standing::{Wish, change};
pub(crate) use standing::{disabled_in, sells};
pub use tally::Tally;
pub(crate) use traffic::sweep;
pub use traffic::tell;

use crate::Fault;
use voxlink_types::{
    error::{Explain, FieldError, Status},
    text_enum,
};

/// How many days the page looks back.
pub const DAYS: u32 = 30;

text_enum! {
    /// Whether a carrier's numbers are sold.
    CarrierState {
        /// They are.
        Enabled = "enabled",
        /// What is held may be paid; nothing new is offered.
        Draining = "draining",
        /// Nothing is sold.
        Disabled = "disabled",
    }
}

impl CarrierState {
    /// The words for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Draining => "Draining",
            Self::Disabled => "Disabled",
        }
    }
}

text_enum! {
    /// What became of something that a carrier called us with.
    CallbackOutcome {
        /// It was taken in.
        Processed = "processed",
        /// It was turned away: unproved or unreadable.
        Refused = "refused",
        /// We failed; the carrier tells it again.
        Failed = "failed",
    }
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum CarriersError {
    /// These fields are wrong.
    #[error("Mend the marked fields.")]
    Fields(Vec<FieldError>),
    /// No such carrier.
    #[error("There is no carrier “{0}” here.")]
    Unknown(String),
    /// Its account is not configured on this server.
    #[error("{0} is not configured on this server, so it cannot be asked.")]
    NotConfigured(String),
    /// It was asked before its new credentials were stored, and is not content.
    #[error("Nothing was stored, because {name} does not take this: {detail}")]
    NotTaken {
        /// The carrier's name.
        name: &'static str,
        /// In its words.
        detail: String,
        /// It did not answer, so it is not known whether it takes them.
        silent: bool,
    },
    /// It takes none, or is not configured on this server.
    #[error("This carrier takes no papers with a purchase, so none are kept for it here.")]
    TakesNoPapers,
    /// The database did not do it.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for CarriersError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl Explain for CarriersError {
    fn code(&self) -> &'static str {
        match self {
            Self::Fields(_) => "carrier_fields",
            Self::Unknown(_) => "unknown_carrier",
            Self::NotConfigured(_) => "carrier_not_configured",
            Self::NotTaken { .. } => "credentials_not_taken",
            Self::TakesNoPapers => "carrier_takes_no_papers",
            Self::Fault(fault) => fault.code(),
        }
    }
    fn status(&self) -> Status {
        match self {
            Self::Fields(_) | Self::NotTaken { .. } => Status::Unprocessable,
            Self::Unknown(_) | Self::TakesNoPapers => Status::NotFound,
            Self::NotConfigured(_) => Status::Conflict,
            Self::Fault(fault) => fault.status(),
        }
    }
    fn fields(&self) -> Vec<FieldError> {
        if let Self::Fields(fields) = self { fields.clone() } else { Vec::new() }
    }
}
