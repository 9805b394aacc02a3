//! The adapters against what they talk to.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests: a failure here is the test's")]

mod bandwidth;
mod clec;
mod local_carrier;
mod signalwire;
mod stand_in;
mod telnyx;
mod test_card;
mod twilio;
mod wire;
