//! What can go wrong with a number.

use crate::Fault;
use voxlink_types::{
    error::{Explain, FieldError, Status},
    number::NumberState,
};

/// A verb's refusal.
#[derive(Debug, thiserror::Error)]
pub enum NumberError {
    /// Absent or somebody else's.
    #[error("There is no such number in your account.")]
    NotFound,
    /// The name is too long or holds control characters.
    #[error("A name has at most 64 characters on one line.")]
    Name,
    /// The notes are too long.
    #[error("Notes have at most 4,000 characters.")]
    Notes,
    /// A tag cannot be written like that.
    #[error("A tag has 1 to 32 letters, digits, “-”, “_”, “.” or “:”; “{0}” has not.")]
    Tag(String),
    /// Too many tags.
    #[error("A number has at most 20 tags.")]
    TooManyTags,
    /// A reason is missing or too long.
    #[error("Say why, in at most 300 characters.")]
    Reason,
    /// The message for callers is too long.
    #[error("The message for callers has at most 300 characters.")]
    Message,
    /// The lifecycle does not allow it.
    #[error("A number that is {} cannot be {wanted}.", spoken(*state))]
    State {
        /// Where it stands.
        state: NumberState,
        /// What was asked: `suspended`, `resumed`, `released`.
        wanted: &'static str,
    },
    /// A release waits to be carried out.
    #[error("This number is being released. Undo the release first.")]
    BeingReleased,
    /// No release to undo.
    #[error("No release of this number was asked for.")]
    NotBeingReleased,
    /// The time to undo is over.
    #[error("The time to undo this release is over: the number is being given back.")]
    TooLateToUndo,
    /// What was typed is not the number.
    #[error("Type the number exactly as shown to confirm.")]
    Confirmation,
    /// Nothing was chosen.
    #[error("Choose at least one number first.")]
    NothingChosen,
    /// More than one run takes.
    #[error("One action takes at most {0} numbers; narrow the filter.")]
    TooMany(usize),
    /// Ours.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for NumberError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

const fn spoken(state: NumberState) -> &'static str {
    match state {
        NumberState::Pending => "still being ordered",
        NumberState::Configuring => "still being set up",
        NumberState::Active => "active",
        NumberState::Suspended => "suspended",
        NumberState::PortingIn => "on its way here",
        NumberState::PortingOut => "on its way to another carrier",
        NumberState::Released => "released",
        NumberState::Error => "waiting for our team",
    }
}

impl Explain for NumberError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "number_not_found",
            Self::Name => "number_name_invalid",
            Self::Notes => "number_notes_too_long",
            Self::Tag(_) | Self::TooManyTags => "number_tags_invalid",
            Self::Reason => "reason_required",
            Self::Message => "message_too_long",
            Self::State { .. } => "number_state",
            Self::BeingReleased => "number_being_released",
            Self::NotBeingReleased => "number_not_being_released",
            Self::TooLateToUndo => "release_too_late_to_undo",
            Self::Confirmation => "confirmation_mismatch",
            Self::NothingChosen => "nothing_chosen",
            Self::TooMany(_) => "too_many_numbers",
            Self::Fault(fault) => fault.code(),
        }
    }

    fn status(&self) -> Status {
        match self {
            Self::NotFound => Status::NotFound,
            Self::State { .. }
            | Self::BeingReleased
            | Self::NotBeingReleased
            | Self::TooLateToUndo => Status::Conflict,
            Self::Fault(fault) => fault.status(),
            _ => Status::Unprocessable,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        let field = match self {
            Self::Name => "name",
            Self::Notes => "notes",
            Self::Tag(_) | Self::TooManyTags => "tags",
            Self::Reason => "reason",
            Self::Message => "message",
            Self::Confirmation => "confirm",
            // What was chosen stands on the page before: no field of the form is at fault.
            _ => return Vec::new(),
        };
        vec![FieldError { field: field.to_owned(), message: self.to_string() }]
    }
}
