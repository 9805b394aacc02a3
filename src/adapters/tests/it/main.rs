//! The adapters against what they talk to.

mod local_carrier;
mod test_card;
