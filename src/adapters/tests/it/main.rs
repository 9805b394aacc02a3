//! The adapters against what they talk to.

mod local_carrier;
