//! `make judge JUDGE=folder`: everything that the carriers' adapters send, judged by a strict mock
//! of the carriers' published specifications.
//!
//! The mock is no part of this project: .ci/judge.sh starts it and says in `AT_…` where each
//! specification is served. `CARRIER=twilio` judges one carrier. src/PROOFS.md says what is counted.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof: it prints, asks the mock, and reads from the environment where that is"
)]

#[path = "judge/bandwidth.rs"]
mod bandwidth;
#[path = "judge/front.rs"]
mod front;
#[path = "judge/questions.rs"]
mod questions;
#[path = "judge/signalwire.rs"]
mod signalwire;
#[path = "judge/stand.rs"]
mod stand;
#[path = "judge/telnyx.rs"]
mod telnyx;
#[path = "judge/tour.rs"]
mod tour;
#[path = "judge/twilio.rs"]
mod twilio;

use front::Front;
use stand::Stand;
use std::{process::ExitCode, sync::Arc, time::Duration};
use tour::Row;
use voxlink_adapters::wire::{Limits, Wire};
use voxlink_gateways::{Clock, SystemClock, carrier::Unwatched};

/// Who is judged.
static STANDS: &[&Stand] = &[
    &twilio::STAND,
    &signalwire::STAND,
    &telnyx::STAND,
    &telnyx::WITH_AN_APPLICATION,
    &bandwidth::STAND,
];

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    voxlink_adapters::choose_tls();
    let wanted = std::env::var("CARRIER").ok();
    let mut rows = Vec::new();
    for stand in STANDS.iter().filter(|stand| wanted.as_deref().is_none_or(|w| w == stand.key)) {
        let front = Front::open(stand).await?;
        let carrier = (stand.adapter)(&front.url, wire(stand.key)?);
        rows.push(tour::run(stand, &front, carrier.as_ref(), SystemClock.now()).await?);
    }
    Ok(if told(&rows) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A wire that sends everything once and waits for nothing.
fn wire(carrier: &'static str) -> anyhow::Result<Wire> {
    let limits = Limits {
        per_second: 10_000,
        burst: 10_000,
        retries: 0,
        total: Duration::from_secs(20),
        ..Limits::default()
    };
    Ok(Wire::new(carrier, limits, Arc::new(Unwatched), Arc::new(SystemClock))?)
}

/// Prints the table; true when something was judged and nothing found.
fn told(rows: &[Row]) -> bool {
    println!("\n| carrier | operations | unsupported | requests | errors | warnings | notes |");
    println!("|---|---|---|---|---|---|---|");
    for row in rows {
        println!(
            "| {} | {} | {} | {} | {} | {} | {} |",
            row.key,
            row.operations,
            row.unsupported,
            row.requests,
            row.errors,
            row.warnings,
            row.notes,
        );
    }
    let sum = |of: fn(&Row) -> usize| rows.iter().map(of).sum::<usize>();
    let (requests, errors) = (sum(|row| row.requests), sum(|row| row.errors));
    println!("judge: {} carriers, {requests} requests, {errors} errors", rows.len());
    requests > 0 && errors == 0
}
