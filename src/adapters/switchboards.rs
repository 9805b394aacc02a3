//! The calling sides of carriers: who proves that a callback is theirs, reads it, and writes the
//! answer in their language.

mod bandwidth;
mod ed25519;
mod edge;
mod form;
mod signature;

pub use bandwidth::BandwidthSwitchboard;
pub use edge::EdgeSwitchboard;
pub use form::FormSwitchboard;
pub use signature::sign_form;
