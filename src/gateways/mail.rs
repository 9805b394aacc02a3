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
    /// False where no mail server is configured: pages then say so instead of promising a letter.
    fn is_on(&self) -> bool;

    /// Hands a letter over; `Ok` means that the server took it.
    async fn send(&self, letter: &Letter) -> Result<(), MailError>;

    /// Checks that the server answers.
    async fn check(&self) -> Result<(), MailError>;
}

#[cfg(feature = "fakes")]
mod outbox {
    use super::{Letter, MailError, Mailer, async_trait};
    use std::sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    };

    /// Keeps letters in memory, so that a test can read them, "none was sent" included.
    #[derive(Debug, Clone, Default)]
    pub struct Outbox {
        letters: Arc<Mutex<Vec<Letter>>>,
        off: Arc<AtomicBool>,
    }

    impl Outbox {
        /// All letters so far.
        pub fn letters(&self) -> Vec<Letter> {
            self.letters.lock().unwrap_or_else(PoisonError::into_inner).clone()
        }

        /// From now on it is as if no mail server were configured.
        pub fn switch_off(&self) {
            self.off.store(true, Ordering::SeqCst);
        }
    }

    #[async_trait]
    impl Mailer for Outbox {
        fn is_on(&self) -> bool {
            !self.off.load(Ordering::SeqCst)
        }

        async fn send(&self, letter: &Letter) -> Result<(), MailError> {
            self.check().await?;
            self.letters.lock().unwrap_or_else(PoisonError::into_inner).push(letter.clone());
            Ok(())
        }

        async fn check(&self) -> Result<(), MailError> {
            if self.is_on() { Ok(()) } else { Err(MailError::NotConfigured) }
        }
    }
}

#[cfg(feature = "fakes")]
pub use outbox::Outbox;
