//! The domain against a real PostgreSQL, one binary for all.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests: a failure here is the test's")]

mod accounts;
mod billing;
mod bulk;
mod calls;
mod carriers;
mod cart;
mod catalog;
mod credentials;
mod foundation;
mod inventory;
mod jobs;
mod numbers;
mod orders;
mod people;
mod prices;
mod routing;
mod search;
