//! The adapters against what they talk to.

mod local_carrier;
mod search_speed;
mod test_card;
