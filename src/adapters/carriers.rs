//! Carriers. One folder each; none knows the others.

mod catalogue;
mod laml;
pub mod local;
mod page;
pub mod signalwire;
pub mod telnyx;
pub mod twilio;
