//! The domain against a real PostgreSQL, one binary for all.

mod accounts;
mod billing;
mod calls;
mod cart;
mod catalog;
mod foundation;
mod jobs;
mod numbers;
mod orders;
mod routing;
