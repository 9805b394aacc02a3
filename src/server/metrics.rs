//! Figures for Prometheus: requests, pools, jobs, carriers, and what other rooms count (`metrics`
//! macros).

mod carriers;
pub(crate) mod traffic;

pub use carriers::CarrierFigures;
pub(crate) use carriers::tally;

use crate::mount::Mount;
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
    routing::get,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgPool;
use std::{sync::OnceLock, time::Instant};
use subtle::ConstantTimeEq;
use voxlink_domain::{Platform, jobs};

/// From a cached voice answer to the slowest page, in seconds.
const BUCKETS: &[f64] = &[
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0,
];

/// From a carrier near by to one that is tried again and again, in seconds.
const CARRIER_BUCKETS: &[f64] =
    &[0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0];

/// The process has one recorder, whoever asks first.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Who reads the figures, and whose.
#[derive(Clone)]
struct Figures {
    platform: Platform,
    token: Option<SecretString>,
}

/// Begins counting and gives the row of `/metrics`; with a token only `Authorization: Bearer …` reads it.
pub fn routes(platform: &Platform, token: Option<SecretString>) -> Vec<Mount> {
    recorder();
    let access = if token.is_some() { "token" } else { "public" };
    let figures = Figures { platform: platform.clone(), token };
    vec![Mount { access, ..Mount::public("/metrics", get(show).with_state(figures)) }]
}

fn recorder() -> Option<&'static PrometheusHandle> {
    RECORDER
        .get_or_init(|| {
            let carriers = Matcher::Full("voxlink_carrier_request_seconds".to_owned());
            PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), BUCKETS)
                .and_then(|all| all.set_buckets_for_metric(carriers, CARRIER_BUCKETS))
                .and_then(PrometheusBuilder::install_recorder)
                .inspect_err(|error| tracing::error!(%error, "figures cannot be counted"))
                .ok()
        })
        .as_ref()
}

async fn show(State(figures): State<Figures>, headers: HeaderMap) -> Response {
    if let Some(token) = &figures.token {
        let given =
            headers.get(header::AUTHORIZATION).and_then(|v| v.as_bytes().strip_prefix(b"Bearer "));
        if !given.is_some_and(|g| bool::from(g.ct_eq(token.expose_secret().as_bytes()))) {
            return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")])
                .into_response();
        }
    }
    let Some(recorder) = recorder() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let db = figures.platform.db();
    for (name, pool) in
        [("app", &db.app), ("platform", &db.platform), ("voice", &db.voice), ("owner", &db.owner)]
    {
        pool_figures(name, pool);
    }
    job_figures(&figures.platform).await;
    recorder.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], recorder.render())
        .into_response()
}

fn pool_figures(name: &'static str, pool: &PgPool) {
    let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
    metrics::gauge!("voxlink_pool_connections", "pool" => name, "state" => "idle").set(idle);
    metrics::gauge!("voxlink_pool_connections", "pool" => name, "state" => "busy")
        .set(pool.size().saturating_sub(idle));
}

/// The queue by state; with the database away the last figures stand.
#[expect(clippy::cast_precision_loss, reason = "gauges are floating")]
async fn job_figures(platform: &Platform) {
    let totals = async {
        let mut cx = platform.work("metrics").await?;
        jobs::totals(&mut cx).await
    };
    let Ok(totals) = totals.await else { return };
    for &state in jobs::JobState::ALL {
        let count = totals.iter().find(|(s, _)| *s == state).map_or(0, |(_, n)| *n);
        metrics::gauge!("voxlink_jobs", "state" => state.as_str()).set(count as f64);
    }
}

/// Counts every request by its row, not its path: ids would make a series each.
pub async fn count(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("(file or none)", MatchedPath::as_str)
        .to_owned();
    let method = request.method().to_string();
    let response = next.run(request).await;
    let labels =
        [("method", method), ("route", route), ("status", response.status().as_u16().to_string())];
    metrics::counter!("voxlink_http_requests_total", &labels).increment(1);
    metrics::histogram!("voxlink_http_request_seconds", &labels[..2]).record(began.elapsed());
    response
}
