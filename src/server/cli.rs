//! What is typed in a shell.

pub mod call;

use clap::{Parser, Subcommand};

/// VoxLink: telephone numbers, in your own house.
#[derive(Debug, Parser)]
#[command(name = "voxlink", version)]
pub struct Cli {
    /// What to do; serves when left out.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Listens and serves.
    Serve,
    /// Calls.
    Call {
        /// What with them.
        #[command(subcommand)]
        what: CallCommand,
    },
}

/// What can be done with calls.
#[derive(Debug, Subcommand)]
pub enum CallCommand {
    /// Plays a call with its callbacks against the running server, as a carrier would.
    Simulate(call::Simulate),
}
