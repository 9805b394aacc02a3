//! Letters to people.

use async_trait::async_trait;

/// A letter, plain text and optionally HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The text for every reader.
    pub text: String,
    /// The same for readers that show HTML.
    pub html: Option<String>,
}

/// Why a letter was not taken.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// No mail server is configured: say so, do not pretend.
    #[error("mail is not configured: set MAIL_URL")]
    NotConfigured,
    /// It may be taken later.
    #[error("the mail server did not take the letter now: {0}")]
    Transient(String),
    /// It will never be taken.
    #[error("the mail server refused the letter: {0}")]
    Refused(String),
}

/// Takes letters for delivery.
#[async_trait]
pub trait Mailer: Send + Sync + std::fmt::Debug {
    /// Hands a letter over; `Ok` means that the server took it.
    async fn send(&self, letter: &Letter) -> Result<(), MailError>;

    /// Checks that the server answers.
    async fn check(&self) -> Result<(), MailError>;
}

#[cfg(feature = "fakes")]
mod outbox {
    use super::{Letter, MailError, Mailer, async_trait};
    use std::sync::{Arc, Mutex, PoisonError};

    /// Keeps letters in memory, so that a test can read them, "none was sent" included.
    #[derive(Debug, Clone, Default)]
    pub struct Outbox(Arc<Mutex<Vec<Letter>>>);

    impl Outbox {
        /// All letters so far.
        pub fn letters(&self) -> Vec<Letter> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
        }
    }

    #[async_trait]
    impl Mailer for Outbox {
        async fn send(&self, letter: &Letter) -> Result<(), MailError> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(letter.clone());
            Ok(())
        }

        async fn check(&self) -> Result<(), MailError> {
            Ok(())
        }
    }
}

#[cfg(feature = "fakes")]
pub use outbox::Outbox;
