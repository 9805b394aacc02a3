//! What tests share: a migrated database each, builders, a fixed clock.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "test code: a failure here is the test's"
)]

mod accounts;
mod database;
mod jobs;
mod number;
mod platform;

pub use accounts::FakeAccounts;
pub use database::TestDatabase;
pub use platform::{Outside, TestPlatform, monday, top_up};
