//! The server as a whole against a real PostgreSQL, one binary for all.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests: a failure here is the test's")]

mod admission;
mod bandwidth;
mod edges;
mod house;
mod metrics;
mod shares;
mod voice;
mod web;
mod worker;
