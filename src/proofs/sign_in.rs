//! `make prove-sign-in` (R25): nobody learns from an answer, nor from its time, whether an address
//! has an account.
//!
//! `SAMPLES` known addresses with a wrong password and as many unknown ones are sent to `/sign-in`,
//! by turns and each address once, then to `/forgot`; through the pages and layers of the server,
//! without a network in between, which only adds noise. src/PROOFS.md says what is compared.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a proof: it fails loudly, prints, and reads its size from the environment"
)]

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, header},
};
use std::{
    process::ExitCode,
    time::{Duration, Instant},
};
use tower::ServiceExt;
use voxlink_app::{App, mounted_pages, routes};
use voxlink_domain::accounts::password;
use voxlink_server::web;
use voxlink_testkit::TestPlatform;

/// What is asked of an address.
struct Asked {
    path: &'static str,
    with: &'static str,
}

const FORMS: [Asked; 2] = [
    Asked { path: "/sign-in", with: "&password=not+the+right+sentence" },
    Asked { path: "/forgot", with: "" },
];

/// What the one kind of addresses was answered.
#[derive(Default)]
struct Heard {
    times: Vec<Duration>,
    answers: Vec<String>,
}

impl Heard {
    fn median(&self) -> Duration {
        let mut sorted = self.times.clone();
        sorted.sort();
        sorted[sorted.len() / 2]
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let samples = std::env::var("SAMPLES").map_or(200, |n| n.parse().unwrap());
    let test = TestPlatform::new().await;
    let app = App {
        platform: test.platform.clone(),
        leptos: leptos::config::LeptosOptions::builder().output_name("voxlink").build(),
    };
    let router = web::protect(mounted_pages(app, routes()), &test.platform);
    let hash = password::hash("the sentence of everybody here").await.unwrap();
    password::warm();
    let (tenant, _) = test.tenant("Known").await;
    sqlx::query(
        "insert into users (id, tenant_id, email, password_hash, full_name, tenant_role, terms_accepted_at, terms_version)
         select gen_random_uuid(), $1, 'known' || n || '@example.com', $2, 'Known', 'viewer', now(), '2026-01'
         from generate_series(0, $3) n",
    )
    .bind(tenant.uuid())
    .bind(&hash)
    .bind(samples)
    .execute(&test.platform.db().owner)
    .await
    .unwrap();
    let mut wrong = 0;
    for form in FORMS {
        let (mut known, mut unknown) = (Heard::default(), Heard::default());
        for n in 0..=samples {
            // The first pair warms connections and plans, and is not counted.
            for (kind, heard) in [("known", &mut known), ("guess", &mut unknown)] {
                let body = format!("email={kind}{n}%40example.com{}", form.with);
                let (took, answer) = ask(&router, form.path, body).await;
                if n > 0 {
                    heard.times.push(took);
                    heard.answers.push(answer.replace(&format!("{kind}{n}"), "ADDRESS"));
                }
            }
        }
        let same = known.answers.iter().chain(&unknown.answers).all(|a| *a == known.answers[0]);
        let apart = known.median().abs_diff(unknown.median());
        let p = chance(&known.times, &unknown.times);
        // Chance alone makes p small once in a hundred; a difference that no network lets through
        // tells nobody anything.
        let told = p <= 0.01 && apart > Duration::from_millis(1);
        wrong += i32::from(!same) + i32::from(told);
        println!(
            "{}: known {:.2} ms, unknown {:.2} ms (medians of {samples}), p {p:.3}, answers {}",
            form.path,
            known.median().as_secs_f64() * 1e3,
            unknown.median().as_secs_f64() * 1e3,
            if same { "alike" } else { "that DIFFER" },
        );
    }
    println!("prove-sign-in: {samples} samples of each kind and form, {wrong} violations");
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The time of an answer, and what can be told of it: status, headers, text, without the nonce and
/// the form's key.
async fn ask(router: &Router, path: &str, body: String) -> (Duration, String) {
    let request = Request::post(path)
        .header(header::ORIGIN, "https://voxlink.test")
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap();
    let began = Instant::now();
    let (head, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = to_bytes(body, 4_000_000).await.unwrap();
    let took = began.elapsed();
    let text = String::from_utf8_lossy(&bytes);
    let mut plain = format!("{} {:?} ", head.status, head.headers.get(header::LOCATION));
    for cookie in head.headers.get_all(header::SET_COOKIE) {
        plain.push_str(cookie.to_str().unwrap());
    }
    let mut rest = &*text;
    while let Some(at) = ["nonce=\"", "name=\"_key\" value=\""]
        .iter()
        .filter_map(|mark| rest.find(mark).map(|i| i + mark.len()))
        .min()
    {
        plain.push_str(&rest[..at]);
        rest = rest[at..].split_once('"').map_or("", |(_, rest)| rest);
    }
    (took, plain + rest)
}

/// The chance that two samples of one and the same distribution differ as much as these do: the
/// Mann-Whitney test, two-sided, by its normal approximation.
fn chance(known: &[Duration], unknown: &[Duration]) -> f64 {
    let mut all: Vec<(Duration, bool)> =
        known.iter().map(|t| (*t, true)).chain(unknown.iter().map(|t| (*t, false))).collect();
    all.sort();
    let ranks: f64 =
        (1..).zip(&all).filter(|(_, (_, known))| *known).map(|(rank, _)| f64::from(rank)).sum();
    let (n, m) = (known.len() as f64, unknown.len() as f64);
    let u = ranks - n * (n + 1.0) / 2.0;
    let z = (u - n * m / 2.0).abs() / (n * m * (n + m + 1.0) / 12.0).sqrt();
    (2.0 * tail(z)).min(1.0)
}

/// How much of the normal distribution lies above `z`: Abramowitz and Stegun 26.2.17, error below 1e-7.
fn tail(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let poly = t
        * (0.319_381_530
            + t * (-0.356_563_782
                + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    density * poly
}
