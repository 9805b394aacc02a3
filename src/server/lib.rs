//! All that listens, runs or is typed in a shell.

pub mod callbacks;
pub mod config;
pub mod postgres;
mod serve;
pub mod worker;

pub use serve::{Assembly, serve};
