//! All that listens, runs or is typed in a shell.

pub mod callbacks;
pub mod cli;
pub mod config;
pub mod health;
pub mod logging;
pub mod metrics;
pub mod mount;
pub mod postgres;
mod serve;
pub mod web;
pub mod worker;

pub use serve::{Assembly, serve};
