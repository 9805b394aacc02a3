//! All that listens, runs or is typed in a shell.

mod assembly;
pub mod callbacks;
pub mod cli;
pub mod config;
mod demo;
mod doctor;
pub mod health;
pub mod identify;
pub mod logging;
pub mod metrics;
pub mod mount;
pub mod postgres;
mod refusals;
mod router;
mod serve;
pub mod shares;
pub mod web;
pub mod worker;

pub use assembly::{Assembly, Join, Stock};
pub use refusals::{Dress, Refusal};
pub use router::router;
pub use serve::serve;
