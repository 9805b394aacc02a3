//! What went wrong with a form, by field. A handler that could not do what a form asks renders
//! the same page again with a [`Wrong`]; the fields inside [`crate::ui::Form`] find their own
//! sentence in it.

use crate::errors::{PageError, http_status};
use axum::http::StatusCode;
use std::sync::Arc;
use voxlink_types::error::{Explain, FieldError};

/// The errors of a form; cheap to clone. The default has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wrong {
    status: StatusCode,
    sentence: Option<String>,
    fields: Arc<Vec<FieldError>>,
}

impl Wrong {
    /// Nothing is wrong: the form as first shown.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Takes an error apart for the form. Failures of ours, and errors that are not about what
    /// was typed (not found, not allowed), are handed on as a [`PageError`].
    pub fn of<E: Explain>(error: E) -> Result<Self, PageError> {
        let status = http_status(error.status());
        let elsewhere = matches!(status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN);
        if status.is_server_error() || elsewhere {
            return Err(error.into());
        }
        let fields = error.fields();
        Ok(Self { status, sentence: Some(error.to_string()), fields: Arc::new(fields) })
    }

    /// One field is wrong; found by the handler itself.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            sentence: Some(message.clone()),
            fields: Arc::new(vec![FieldError { field: field.to_owned(), message }]),
        }
    }

    /// The form as a whole is refused.
    pub fn whole(sentence: impl Into<String>) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            sentence: Some(sentence.into()),
            fields: Arc::default(),
        }
    }

    /// The status of the page that shows the form again.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong with a field.
    pub fn about(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }

    /// True for the first field that is wrong: it takes the focus.
    pub fn is_first(&self, field: &str) -> bool {
        self.fields.first().is_some_and(|error| error.field == field)
    }

    /// What to say above the form.
    pub fn summary(&self) -> Option<String> {
        match self.fields.len() {
            0 => self.sentence.clone(),
            1 => Some("Please look at the marked field.".to_owned()),
            n => Some(format!("Please look at the {n} marked fields.")),
        }
    }
}
