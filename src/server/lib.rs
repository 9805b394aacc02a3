//! All that listens, runs or is typed in a shell.

pub mod callbacks;
pub mod config;
mod serve;

pub use serve::{Assembly, serve};
