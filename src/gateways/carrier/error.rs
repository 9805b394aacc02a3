//! What can go wrong with a carrier, by meaning.

use chrono::{DateTime, Utc};

/// A carrier's refusal or failure. `detail` is the carrier's own code and words, for the
/// administrator; [`CarrierError::for_customer`] is the sentence for everybody else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CarrierError {
    /// Somebody else has it or it is not theirs to sell.
    #[error("the number is not available: {detail}")]
    Unavailable {
        /// The carrier's code and words.
        detail: String,
    },
    /// We have it already: success for a repeated purchase.
    #[error("the number is already ours: {detail}")]
    AlreadyOurs {
        /// The carrier's code and words.
        detail: String,
    },
    /// What we spoke of does not exist (any more).
    #[error("the carrier does not know it: {detail}")]
    Gone {
        /// The carrier's code and words.
        detail: String,
    },
    /// Papers or an address are missing.
    #[error("the carrier wants papers or an address first: {detail}")]
    NeedsPapers {
        /// The carrier's code and words.
        detail: String,
    },
    /// The carrier does not take our credentials.
    #[error("the carrier refused the credentials: {detail}")]
    RefusedCredentials {
        /// The carrier's code and words.
        detail: String,
    },
    /// Our account at the carrier is empty or closed.
    #[error("the account at the carrier has no funds: {detail}")]
    OutOfFunds {
        /// The carrier's code and words.
        detail: String,
    },
    /// Too many requests, or the carrier is away until a moment that it names; nothing was done, or
    /// doing it twice is as once.
    #[error("the carrier asks to wait: {detail}")]
    RateLimited {
        /// Earliest moment for another try, where the carrier said one.
        until: Option<DateTime<Utc>>,
        /// The carrier's code and words.
        detail: String,
    },
    /// It failed and surely did nothing: repeat later.
    #[error("the carrier failed for now: {detail}")]
    Transient {
        /// The carrier's code and words.
        detail: String,
    },
    /// It may have been done or not: look before repeating.
    #[error("the carrier's answer was lost: {detail}")]
    UnknownOutcome {
        /// What was seen.
        detail: String,
    },
    /// A number must be kept longer before it may be released.
    #[error("the carrier wants it to be kept longer: {detail}")]
    TooEarly {
        /// From when on, where the carrier said so.
        until: Option<DateTime<Utc>>,
        /// The carrier's code and words.
        detail: String,
    },
    /// This carrier cannot do that at all.
    #[error("the carrier cannot do that: {detail}")]
    Unsupported {
        /// What is missing.
        detail: String,
    },
    /// We asked something wrong.
    #[error("the carrier did not accept the request: {detail}")]
    Rejected {
        /// The carrier's code and words.
        detail: String,
    },
    /// It is not set up here.
    #[error("the carrier is not configured: {detail}")]
    NotConfigured {
        /// Which setting is missing.
        detail: String,
    },
}

impl CarrierError {
    /// How the detail begins of what was never sent, because the carrier is left alone for a while. It
    /// says nothing of the carrier.
    pub const UNASKED: &'static str = "not asked: ";

    /// Nothing was sent: see [`Self::UNASKED`].
    pub fn is_unasked(&self) -> bool {
        self.may_repeat() && self.detail().starts_with(Self::UNASKED)
    }

    /// The carrier's code and words, for the administrator.
    pub fn detail(&self) -> &str {
        match self {
            Self::Unavailable { detail }
            | Self::AlreadyOurs { detail }
            | Self::Gone { detail }
            | Self::NeedsPapers { detail }
            | Self::RefusedCredentials { detail }
            | Self::OutOfFunds { detail }
            | Self::RateLimited { detail, .. }
            | Self::Transient { detail }
            | Self::UnknownOutcome { detail }
            | Self::TooEarly { detail, .. }
            | Self::Unsupported { detail }
            | Self::Rejected { detail }
            | Self::NotConfigured { detail } => detail,
        }
    }

    /// A stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "number_unavailable",
            Self::AlreadyOurs { .. } => "already_owned",
            Self::Gone { .. } => "unknown_at_carrier",
            Self::NeedsPapers { .. } => "papers_required",
            Self::RefusedCredentials { .. } => "carrier_credentials",
            Self::OutOfFunds { .. } => "carrier_funds",
            Self::RateLimited { .. } => "carrier_busy",
            Self::Transient { .. } => "carrier_failed",
            Self::UnknownOutcome { .. } => "carrier_outcome_unknown",
            Self::TooEarly { .. } => "kept_too_short",
            Self::Unsupported { .. } => "carrier_cannot",
            Self::Rejected { .. } => "carrier_rejected",
            Self::NotConfigured { .. } => "carrier_not_configured",
        }
    }

    /// True when the same request may be sent again later, because nothing was done.
    pub const fn may_repeat(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Transient { .. })
    }

    /// What a customer is told: no codes, no names of ours.
    pub const fn for_customer(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } | Self::Gone { .. } => {
                "Somebody else took this number. Search for another one."
            }
            Self::AlreadyOurs { .. } => "This number is already in an account here.",
            Self::NeedsPapers { .. } => {
                "This number needs an address or documents before it can be bought."
            }
            Self::TooEarly { .. } => {
                "The carrier lets this number go only after a minimum time. We release it then."
            }
            Self::RefusedCredentials { .. }
            | Self::OutOfFunds { .. }
            | Self::Unsupported { .. }
            | Self::Rejected { .. }
            | Self::NotConfigured { .. } => {
                "This carrier cannot sell numbers at the moment. Our team has been told."
            }
            Self::RateLimited { .. } | Self::Transient { .. } | Self::UnknownOutcome { .. } => {
                "The carrier is not answering at the moment. We keep trying."
            }
        }
    }
}
