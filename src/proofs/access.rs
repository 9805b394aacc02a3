//! `make prove-access` (R22): every route of the server is asked by everybody who might ask, and
//! the answers are compared with one table, `src/server/tests/access.tsv`.
//!
//! The server's own router over a database of its own with two tenants; each path names a thing
//! that tenant A really has, each form would do its work. Then faults are planted, one after the
//! other, and each must be found. src/PROOFS.md says what is compared.
//!
//! `PLANT=name` plants one fault only and prints what the proof says; `PLANT=none` plants none.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a proof: it fails loudly, prints, and reads its size from the environment"
)]

#[path = "access/cast.rs"]
mod cast;
#[path = "access/cells.rs"]
mod cells;
#[path = "access/house.rs"]
mod house;
#[path = "access/outside.rs"]
mod outside;
#[path = "access/plants.rs"]
mod plants;
#[path = "access/scenes.rs"]
mod scenes;
#[path = "access/table.rs"]
mod table;
#[path = "access/wall.rs"]
mod wall;

use cast::Cast;
use cells::Cells;
use house::House;
use plants::{PLANTS, Plant};
use std::{process::ExitCode, time::Instant};
use table::Table;

/// What was looked at, and what is wrong.
#[derive(Debug, Default)]
struct Report {
    routes: usize,
    cells: usize,
    over: usize,
    forged: usize,
    smuggled: usize,
    tables: usize,
    wrong: Vec<String>,
}

/// Asks everything, or only the routes of a planted fault.
async fn prove(plant: Option<Plant>) -> Report {
    let table = Table::read(include_str!("../server/tests/access.tsv"));
    let house = House::open(plant).await;
    let mut report = Report::default();
    let mut routes = house.routes().await;
    let asked =
        |row: &str, path: &str| plant.is_none_or(|p| row.ends_with(p.only) || path == p.only);
    routes.retain(|route| asked("", &route.path));
    report.routes = routes.len();
    // A route without a row, or a row without a route, is told before anything is asked.
    for gone in table.rows.keys().filter(|name| routes.iter().all(|r| r.name() != **name)) {
        if plant.is_none_or(|p| gone.split(' ').nth(1) == Some(p.only)) {
            report.wrong.push(format!("{gone}: the table has a row for a route that is not there"));
        }
    }
    let mut cast = Cast::new(&house).await;
    if plant.is_none_or(|p| p.only == "(wall)") {
        let (tables, leaks) = wall::look(&cast).await;
        report.tables = tables;
        report.wrong.extend(leaks);
    }
    let mut cells = Cells { table: &table, report: &mut report };
    for route in &routes {
        cells.row(&mut cast, route).await;
        cells.forged(&mut cast, route).await;
    }
    cells.over(&mut cast, &routes).await;
    if plant.is_none_or(|p| p.only == "/numbers/bulk") {
        outside::smuggle(&mut cast, cells.report).await;
    }
    if plant.is_none() {
        outside::files(&cast, cells.report).await;
    }
    house.close().await;
    report
}

#[tokio::main]
async fn main() -> ExitCode {
    let wanted = std::env::var("PLANT").ok();
    let began = Instant::now();
    if let Some(name) = wanted.as_deref().filter(|name| *name != "none") {
        let Some(plant) = PLANTS.iter().find(|plant| plant.name == name) else {
            let known: Vec<_> = PLANTS.iter().map(|plant| plant.name).collect();
            println!("prove-access: PLANT={name} is none of: {}", known.join(", "));
            return ExitCode::FAILURE;
        };
        let report = prove(Some(*plant)).await;
        for line in &report.wrong {
            println!("{line}");
        }
        println!("prove-access: PLANT={name}: {} violations", report.wrong.len());
        return ExitCode::FAILURE;
    }
    // The faults meanwhile: each has a house of its own.
    let plants = tokio::spawn(async move {
        let (mut found, mut missed) = (0, Vec::new());
        for plant in PLANTS.iter().filter(|_| wanted.is_none()) {
            let told = prove(Some(*plant)).await.wrong;
            if told.iter().any(|line| line.contains(plant.told)) {
                found += 1;
            } else {
                let told = told.join("\n    ");
                missed.push(format!("the planted fault {} was not found: {told}", plant.name));
            }
        }
        (found, missed)
    });
    let mut report = tokio::spawn(prove(None)).await.unwrap();
    let (planted, missed) = plants.await.unwrap();
    report.wrong.extend(missed);
    for line in &report.wrong {
        println!("{line}");
    }
    println!(
        "prove-access: {} routes, {} cells, {} ended sessions, {} forged forms, {} smuggled ids, \
         {} tables behind the second wall, {planted} planted faults found, {} violations in {} s",
        report.routes,
        report.cells,
        report.over,
        report.forged,
        report.smuggled,
        report.tables,
        report.wrong.len(),
        began.elapsed().as_secs(),
    );
    if report.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
