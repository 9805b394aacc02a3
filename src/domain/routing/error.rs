//! What can go wrong with what a number does.

use crate::Fault;
use voxlink_types::{
    error::{Explain, FieldError, Status},
    routing::Problem,
};

/// A verb's refusal.
#[derive(Debug, thiserror::Error)]
pub enum RoutingError {
    /// Absent or somebody else's.
    #[error("There is no such number in your account.")]
    NoNumber,
    /// Absent or another number's.
    #[error("There is no such version of this number.")]
    NoVersion,
    /// There is no draft to publish.
    #[error("There is nothing to publish: change something first.")]
    NoDraft,
    /// The plan does what is in service already.
    #[error("This is what the number does already.")]
    NoChange,
    /// Released numbers do nothing.
    #[error("This number is released: what it does cannot be changed any more.")]
    Released,
    /// The plan is not right yet.
    #[error("The plan cannot be published: {}.", .0.first().map_or("", |p| p.message.as_str()))]
    Problems(Vec<Problem>),
    /// The draft is not the one that the editor was opened with.
    #[error("This plan was changed in another window or by a colleague since you opened it.")]
    Changed,
    /// The plan is larger than any call needs.
    #[error("The plan is too large: use at most 100 steps and shorter texts.")]
    TooLarge,
    /// Ours.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for RoutingError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl Explain for RoutingError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoNumber => "number_not_found",
            Self::NoVersion => "version_not_found",
            Self::NoDraft => "no_draft",
            Self::NoChange => "no_change",
            Self::Released => "number_released",
            Self::Problems(_) => "plan_has_problems",
            Self::Changed => "plan_changed",
            Self::TooLarge => "plan_too_large",
            Self::Fault(fault) => fault.code(),
        }
    }

    fn status(&self) -> Status {
        match self {
            Self::NoNumber | Self::NoVersion => Status::NotFound,
            Self::NoDraft | Self::NoChange | Self::Released | Self::Changed => Status::Conflict,
            Self::Problems(_) | Self::TooLarge => Status::Unprocessable,
            Self::Fault(fault) => fault.status(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        let Self::Problems(problems) = self else { return Vec::new() };
        let field = |p: &Problem| FieldError {
            field: p.field.clone().unwrap_or_else(|| format!("n.{}", p.node)),
            message: format!("“{}”: {}", p.title, p.message),
        };
        problems.iter().map(field).collect()
    }
}
