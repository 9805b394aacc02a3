//! Letters: an SMTP server, or none.

use async_trait::async_trait;
use voxlink_gateways::{Letter, MailError, Mailer};

/// No mail server is set: says so and pretends nothing.
#[derive(Debug, Clone, Copy)]
pub struct NoMail;

#[async_trait]
impl Mailer for NoMail {
    async fn send(&self, _: &Letter) -> Result<(), MailError> {
        Err(MailError::NotConfigured)
    }

    async fn check(&self) -> Result<(), MailError> {
        Err(MailError::NotConfigured)
    }
}
