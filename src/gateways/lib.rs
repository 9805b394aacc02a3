//! What VoxLink needs from outside, as traits, and nothing about how it is had.
//!
//! `domain` calls these traits, `adapters` implement them for real vendors. With the feature
//! `fakes` each has a stateful fake that keeps books of its own, and a contract suite that every
//! implementation passes, the fake included.

pub mod carrier;
pub mod clock;
#[cfg(feature = "fakes")]
pub mod fault;
pub mod mail;
pub mod payments;
pub mod sip;

pub use carrier::{Carrier, CarrierError, Switchboard};
pub use clock::{Clock, SystemClock};
pub use mail::{Letter, MailError, Mailer};
pub use payments::{PaymentError, PaymentProcessor};
pub use sip::SipSide;
