//! R11: carriers that misbehave, fault by fault, through the adapters' real wire: a stand-in on
//! loopback is slow, hangs, tears, floods, lies and refuses, and every question and purchase must
//! come to the right meaning in bounded time and memory, and every number be sold once. Then
//! faults of ours are planted, and the proof must find each. See `src/PROOFS.md`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a proof: it prints and stops at a surprise"
)]

#[path = "faults/apart.rs"]
mod apart;
#[path = "faults/cases.rs"]
mod cases;
#[path = "faults/stand.rs"]
#[expect(dead_code, reason = "prove-saga-crash uses the rest")]
mod stand;
#[path = "../adapters/tests/it/stand_in.rs"]
#[expect(dead_code, reason = "the adapters' tests use the rest")]
mod stand_in;
#[path = "faults/subject.rs"]
mod subject;
#[path = "../adapters/tests/it/telnyx/server.rs"]
mod telnyx_server;

use cases::Case;
use futures::future::join_all;
use stand::Stand;
use std::{process::ExitCode, time::Instant};
use subject::{Plant, Report};

/// What a heavy answer may cost in memory: the cap of 8 MiB, its growth, and what else goes on.
const MEMORY: u64 = 64 << 20;

#[tokio::main]
async fn main() -> ExitCode {
    let began = Instant::now();
    let elsewhere = Stand::open().await;
    let cases = cases::all(&elsewhere);
    let (heavy, light): (Vec<Case>, Vec<Case>) = cases.into_iter().partition(Case::heavy);
    let count = heavy.len() + light.len();

    // One after the other, for the memory of each.
    let (mut reports, mut most) = (Vec::new(), 0);
    for case in &heavy {
        let (report, bytes) = measured(case, None).await;
        most = most.max(bytes);
        reports.push(report);
    }
    // The rest waits more than it works.
    let light = join_all(light.iter().map(|case| cases::run(case, None)));
    let (light, (breaker, tried), orders, tls) =
        tokio::join!(light, apart::breaker(None), apart::at_every_step(), cases::without_tls());
    reports.extend(light);
    reports.extend([breaker, orders, tls]);
    let (slow, alone, beside) = apart::beside(None).await;
    reports.push(slow);
    let mut redirects = Report::of("redirect elsewhere");
    redirects.must(elsewhere.seen().is_empty(), || "it was followed".to_owned());
    reports.push(redirects);

    let mut missed = plants().await;
    if let Some(case) = heavy.first()
        && measured(case, Some(Plant::ReadsAll)).await.0.wrong.is_empty()
    {
        missed.push(Plant::ReadsAll);
    }
    let wrong: Vec<&String> = reports.iter().flat_map(|report| &report.wrong).collect();
    for one in &wrong {
        println!("wrong: {one}");
    }
    for plant in &missed {
        println!("not found: {plant:?}");
    }
    let looked: usize = reports.iter().map(|report| report.looked).sum();
    let broken = !wrong.is_empty() || !missed.is_empty();
    println!(
        "prove-carrier-faults: faults={count} checks={looked} wrong={} plants={} missed={} most_memory_mib={} \
         tried_again_ms={} other_p99_alone_ms={:.1} other_p99_beside_ms={:.1} seconds={:.0}",
        wrong.len(),
        PLANTS.len() + 1,
        missed.len(),
        most >> 20,
        tried.as_millis(),
        alone.as_secs_f64() * 1e3,
        beside.as_secs_f64() * 1e3,
        began.elapsed().as_secs_f64()
    );
    ExitCode::from(u8::from(broken))
}

/// Runs a case alone and measures how much memory it takes at most.
async fn measured(case: &Case, plant: Option<Plant>) -> (Report, u64) {
    let before = memory("VmRSS:");
    // Forgets the highest so far (proc_pid_clear_refs(5)); where that is refused, the highest
    // since the start is what counts.
    drop(std::fs::write("/proc/self/clear_refs", "5"));
    let mut report = cases::run(case, plant).await;
    let bytes = memory("VmHWM:").saturating_sub(before);
    report.must(bytes < MEMORY, || format!("it takes {} MiB", bytes >> 20));
    (report, bytes)
}

/// A line of `/proc/self/status`, in bytes.
fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let found = status.lines().find_map(|l| l.strip_prefix(line)).unwrap();
    let kib: u64 = found.trim().trim_end_matches("kB").trim().parse().unwrap();
    kib << 10
}

/// What is planted besides [`Plant::ReadsAll`], and the fault that shows it.
const PLANTS: [(Plant, &str); 7] = [
    (Plant::WaitsForEver, "silence, undone"),
    (Plant::GivesUp, "503, undone"),
    (Plant::RepeatsBlindly, "answer after the time-out, done"),
    (Plant::TakesLostForUndone, "torn body, done"),
    (Plant::NeverLooks, "HTML with 200, done"),
    (Plant::Forgets, ""),
    (Plant::OneWire, ""),
];

/// Plants faults of ours; those that nobody noticed.
async fn plants() -> Vec<Plant> {
    let elsewhere = Stand::open().await;
    let all = cases::all(&elsewhere);
    let run = PLANTS.map(|(plant, shown_by)| {
        let case = all.iter().find(|case| case.title() == shown_by);
        async move {
            let report = match (plant, case) {
                (Plant::Forgets, _) => apart::breaker(Some(plant)).await.0,
                (Plant::OneWire, _) => apart::beside(Some(plant)).await.0,
                (_, Some(case)) => cases::run(case, Some(plant)).await,
                (_, None) => Report::default(),
            };
            report.wrong.is_empty().then_some(plant)
        }
    });
    join_all(run).await.into_iter().flatten().collect()
}
