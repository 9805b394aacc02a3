//! What tests share: a migrated database each, builders, a fixed clock.
#![expect(clippy::expect_used, clippy::disallowed_methods, reason = "test code: a failure here is the test's")]

mod database;

pub use database::TestDatabase;
