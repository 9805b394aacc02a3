//! What `make bench` needs beside the server. See `.ci/bench/` for who calls what.
#![expect(clippy::print_stdout, reason = "it prints what others read")]

mod bare;
mod calls;
mod search;

use clap::Parser;

/// The parts of the benchmarks that are programs.
#[derive(Debug, Parser)]
enum Part {
    /// Serve what any voice endpoint on PostgreSQL must do, and nothing else: the limit
    Bare {
        /// Address and port to listen on
        #[arg(long)]
        listen: String,
        /// The database with the numbers
        #[arg(long)]
        database: String,
        /// What the calls are signed with
        #[arg(long)]
        secret: String,
        /// Where the callers think they call
        #[arg(long)]
        url: String,
    },
    /// Print signed calls, one a line: the signature, a tab, the form
    Calls {
        /// The called number
        #[arg(long)]
        to: String,
        /// What they are signed with
        #[arg(long)]
        secret: String,
        /// The endpoint, as it is signed
        #[arg(long)]
        url: String,
        /// How many
        #[arg(long)]
        count: u64,
    },
    /// Ask the local carrier's catalogue every kind of question; a table row each
    Search {
        /// The database with the catalogue
        #[arg(long)]
        database: String,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Part::parse() {
        Part::Bare { listen, database, secret, url } => {
            bare::serve(&listen, &database, secret, url).await
        }
        Part::Calls { to, secret, url, count } => calls::print(&to, &secret, &url, count),
        Part::Search { database } => search::run(&database).await,
    }
}
