//! Payment processors: who takes a customer's card and gives us the money.

#[cfg(feature = "fakes")]
pub mod contract;
#[cfg(feature = "fakes")]
pub mod fake;

use async_trait::async_trait;
use http::HeaderMap;
use uuid::Uuid;
use voxlink_types::Money;

/// A wish to be paid through the processor's own page: no card number ever reaches us.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// Made before the first try and the same for every try.
    pub key: Uuid,
    /// Our payment's public id, given back in every event.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// What the person reads on the page.
    pub description: String,
    /// Where the person comes back to (absolute), paid or not.
    pub return_url: String,
    /// True to set the money aside only, and capture it later in part or whole.
    pub authorise_only: bool,
}

/// Where to send the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The processor's id of the payment.
    pub external_id: String,
    /// The page to send the person to.
    pub url: String,
}

/// Where a payment stands at the processor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcessorState {
    /// The person has not finished.
    Open,
    /// Money set aside.
    Authorised,
    /// Money taken: how much.
    Captured(Money),
    /// Refused: a code and a sentence for the customer.
    Declined {
        /// The processor's code.
        code: String,
        /// A sentence for the customer.
        reason: String,
    },
    /// Given up or voided.
    Cancelled,
    /// Given back so far.
    Refunded(Money),
}

/// A payment as the processor tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessorPayment {
    /// The processor's id.
    pub external_id: String,
    /// Our payment's public id.
    pub reference: String,
    /// The amount asked for.
    pub amount: Money,
    /// Where it stands.
    pub state: ProcessorState,
    /// Brand and last four digits of the card, when known.
    pub card: Option<(String, String)>,
}

/// An event the processor sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentEvent {
    /// Unique: the same event sent twice has the same id.
    pub id: String,
    /// The processor's id of the payment. Its state is fetched, not believed from the event,
    /// because events come out of order.
    pub external_id: String,
    /// The processor's word for what happened.
    pub kind: String,
}

/// Why a processor did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// Not set up here.
    #[error("the processor is not configured: {0}")]
    NotConfigured(String),
    /// It does not know the payment.
    #[error("the processor does not know the payment: {0}")]
    Unknown(String),
    /// The payment's state forbids it.
    #[error("the processor refused: {0}")]
    Refused(String),
    /// It failed and surely did nothing.
    #[error("the processor failed for now: {0}")]
    Transient(String),
    /// It may have been done or not.
    #[error("the processor's answer was lost: {0}")]
    UnknownOutcome(String),
    /// The event is not from the processor.
    #[error("the event's signature does not fit")]
    Forged,
}

/// A payment processor. Every verb may be repeated: `key` makes it the same act.
#[async_trait]
pub trait PaymentProcessor: Send + Sync + std::fmt::Debug {
    /// The word in the database and in URLs: `test_card`, `stripe`, …
    fn key(&self) -> &'static str;

    /// The name for people.
    fn name(&self) -> &'static str;

    /// The origins of the pages it sends people to (`https://pay.example.com`). Browsers follow a
    /// form's redirect only to where the page's policy allows.
    fn page_origins(&self) -> Vec<String>;

    /// Opens a payment and says where to send the person.
    async fn open(&self, checkout: &Checkout) -> Result<Redirect, PaymentError>;

    /// Where a payment stands.
    async fn get(&self, external_id: &str) -> Result<ProcessorPayment, PaymentError>;

    /// Takes `amount` of what was set aside, once, and lets the rest go.
    async fn capture(
        &self,
        external_id: &str,
        amount: Money,
        key: Uuid,
    ) -> Result<(), PaymentError>;

    /// Lets go of what was set aside; of nothing is success.
    async fn void(&self, external_id: &str, key: Uuid) -> Result<(), PaymentError>;

    /// Gives `amount` of what was taken back.
    async fn refund(&self, external_id: &str, amount: Money, key: Uuid)
    -> Result<(), PaymentError>;

    /// Checks and reads an event, on the raw body. No default: every processor must prove itself.
    fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<PaymentEvent, PaymentError>;
}
