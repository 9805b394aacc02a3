//! How fast the local carrier's catalogue answers, by kind of question, over COUNT numbers:
//! `COUNT=200000 cargo bench --bench search_speed`.
#![expect(clippy::unwrap_used, reason = "a measurement: a failure here is its own")]
#![expect(clippy::disallowed_methods, reason = "its size is a variable of the command")]
#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use voxlink_adapters::carriers::local::{Faults, LocalCarrier};
use voxlink_gateways::{
    Carrier, SystemClock,
    carrier::{Near, SearchQuery},
};
use voxlink_testkit::TestDatabase;
use voxlink_types::number::{Capability, NumberType};

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
        ("7 digits", contains("3569377")),
        ("4?2", contains("4?2")),
        ("4?2?4?2", contains("4?2?4?2")),
        ("12??34", contains("12??34")),
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

#[tokio::main]
async fn main() {
    let count = std::env::var("COUNT").ok().and_then(|c| c.parse().ok()).unwrap_or(200_000);
    let database = TestDatabase::new().await;
    let carrier =
        LocalCarrier::connect(&database.options, 4, Arc::new(SystemClock), Faults::default());
    let began = Instant::now();
    carrier.generate(count, 1, |_| {}).await.unwrap();
    println!("{count} numbers made in {:.1} s", began.elapsed().as_secs_f32());
    for (name, query) in questions() {
        let mut times: Vec<Duration> = Vec::new();
        let mut found = 0;
        for _ in 0..101 {
            let began = Instant::now();
            found = carrier.search(&query).await.unwrap().len();
            times.push(began.elapsed());
        }
        times.sort();
        let ms = |t: Duration| t.as_secs_f64() * 1000.0;
        println!(
            "{name:>20}: p50 {:6.2} ms, p99 {:6.2} ms, {found} found",
            ms(times[50]),
            ms(times[99])
        );
    }
}
