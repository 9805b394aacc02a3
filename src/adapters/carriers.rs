//! Carriers. One folder each; none knows the others.

pub mod bandwidth;
mod books;
mod catalogue;
pub mod clec;
mod laml;
pub mod local;
mod page;
pub mod signalwire;
pub mod telnyx;
pub mod twilio;
