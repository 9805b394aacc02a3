//! Why something about an account was not done.

use crate::Fault;
use voxlink_types::error::{Explain, FieldError, Status};

/// Why something about an account was not done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Fields are wrong; each says what to do.
    #[error("Some fields need your attention.")]
    Fields(Vec<FieldError>),
    /// Unknown address or wrong password: the two are one answer.
    #[error("The e-mail address or the password is not right.")]
    WrongCredentials,
    /// Too many failures: a pause.
    #[error("Too many attempts. Try again in {0} seconds, or reset the password.")]
    TryLater(u64),
    /// Far too many failures: only a reset helps.
    #[error(
        "Sign-in with this password is closed after too many failures. Reset the password to go on."
    )]
    Locked,
    /// All places for hashing are taken.
    #[error("Many people are signing in at this moment. Try again in {0} seconds.")]
    Busy(u64),
    /// The person may not come in; told only after the right password.
    #[error("This account is suspended: {0}")]
    Suspended(String),
    /// The link of a letter is used, too old or wrong.
    #[error("This link is no longer valid. Ask for a new one.")]
    LinkSpent,
    /// Absent, or somebody else's.
    #[error("There is no such account.")]
    NotFound,
    /// Staff cannot shut themselves out.
    #[error("You cannot suspend your own account.")]
    Oneself,
    /// An administrator's account is changed only by those who may change administrators.
    #[error("Only a super administrator may do this to somebody who works for the installation.")]
    AboveYou,
    /// Somebody must stay in charge.
    #[error("{0} is the last one in charge. Make somebody else an owner first.")]
    LastOwner(String),
    /// It is in that state already, or closed.
    #[error("The account is {0} and cannot be changed this way.")]
    State(&'static str),
    /// Our own failure.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl AccountError {
    /// One wrong field.
    pub(crate) fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Fields(vec![FieldError { field: field.to_owned(), message: message.into() }])
    }

    /// Seconds after which it is worth trying again, for `Retry-After`.
    pub const fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TryLater(seconds) | Self::Busy(seconds) => Some(*seconds),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for AccountError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl Explain for AccountError {
    fn code(&self) -> &'static str {
        match self {
            Self::Fields(_) => "invalid_fields",
            Self::WrongCredentials => "wrong_credentials",
            Self::TryLater(_) => "too_many_attempts",
            Self::Locked => "sign_in_locked",
            Self::Busy(_) => "busy",
            Self::Suspended(_) => "suspended",
            Self::LinkSpent => "link_spent",
            Self::NotFound => "account_not_found",
            Self::Oneself => "own_account",
            Self::AboveYou => "role_too_low",
            Self::LastOwner(_) => "last_owner",
            Self::State(_) => "wrong_state",
            Self::Fault(fault) => fault.code(),
        }
    }

    fn status(&self) -> Status {
        match self {
            Self::Fields(_) => Status::Unprocessable,
            Self::WrongCredentials => Status::Unauthenticated,
            Self::TryLater(_) | Self::Locked | Self::Busy(_) => Status::TooMany,
            Self::Suspended(_) | Self::AboveYou => Status::Forbidden,
            Self::LinkSpent | Self::NotFound => Status::NotFound,
            Self::Oneself | Self::LastOwner(_) | Self::State(_) => Status::Conflict,
            Self::Fault(fault) => fault.status(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Fields(fields) => fields.clone(),
            _ => Vec::new(),
        }
    }
}
