//! How fast the local carrier's catalogue answers, by kind of question: the carrier's own query,
//! without the page around it.

use sqlx::postgres::PgConnectOptions;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use voxlink_adapters::carriers::local::{Faults, LocalCarrier};
use voxlink_gateways::{
    Carrier, SystemClock,
    carrier::{Near, SearchQuery},
};
use voxlink_types::number::{Capability, NumberType};

/// How often each question is asked.
const TIMES: usize = 200;

fn questions() -> Vec<(&'static str, SearchQuery)> {
    let us = SearchQuery { country: "US".to_owned(), limit: 26, ..SearchQuery::default() };
    let boston = Some(Near { latitude: 42.3584, longitude: -71.0598, within_km: 50.0 });
    let contains = |digits: &str| SearchQuery { contains: Some(digits.to_owned()), ..us.clone() };
    vec![
        ("everything", us.clone()),
        ("page 40", SearchQuery { offset: 1_000, ..us.clone() }),
        ("toll-free", SearchQuery { types: vec![NumberType::TollFree], ..us.clone() }),
        ("area code", SearchQuery { area_code: Some("617".to_owned()), ..us.clone() }),
        ("1 digit", contains("7")),
        ("2 digits", contains("42")),
        ("3 digits", contains("424")),
        ("4 digits", contains("4242")),
        ("4?2", contains("4?2")),
        ("4?2?4?2", contains("4?2?4?2")),
        ("12??34", contains("12??34")),
        ("1?3?5?7", contains("1?3?5?7")),
        ("1????23", contains("1????23")),
        ("FLOWERS", contains("3569377")),
        ("without 4", SearchQuery { exclude: vec!["4".to_owned()], ..us.clone() }),
        (
            "without 4, 1, 7, 0",
            SearchQuery { exclude: ["4", "1", "7", "0"].map(str::to_owned).to_vec(), ..us.clone() },
        ),
        ("Texas", SearchQuery { region: Some("TX".to_owned()), ..us.clone() }),
        ("Wyoming", SearchQuery { region: Some("WY".to_owned()), ..us.clone() }),
        ("town", SearchQuery { locality: Some("Boston".to_owned()), ..us.clone() }),
        ("near Boston", SearchQuery { near: boston, ..us.clone() }),
        ("near Boston, 42", SearchQuery { near: boston, ..contains("42") }),
        ("near Boston, 4242", SearchQuery { near: boston, ..contains("4242") }),
        ("Texas, 77", SearchQuery { region: Some("TX".to_owned()), ..contains("77") }),
        (
            "SMS in GB",
            SearchQuery { country: "GB".to_owned(), capabilities: vec![Capability::Sms], ..us },
        ),
    ]
}

/// Asks; prints a row of a table for each kind.
pub async fn run(database: &str) -> anyhow::Result<()> {
    let options: PgConnectOptions = database.parse()?;
    let carrier = LocalCarrier::connect(&options, 1, Arc::new(SystemClock), Faults::default());
    for (name, query) in questions() {
        // Once to fill the caches: a catalogue in use is in memory.
        let found = carrier.search(&query).await?.offers.len();
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            let began = Instant::now();
            carrier.search(&query).await?;
            times.push(began.elapsed());
        }
        times.sort();
        let ms = |t: Duration| t.as_secs_f64() * 1000.0;
        let (p50, p99) = (ms(times[TIMES / 2]), ms(times[TIMES * 99 / 100]));
        println!("| {name} | {found} | {p50:.1} | {p99:.1} |");
    }
    Ok(())
}
