//! The wire by itself: what it repeats and what it must not, how long it waits, when it leaves a
//! carrier alone, and what it refuses to read.

mod bodies;

use crate::stand_in::{StandIn, lock};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::HeaderValue,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde_json::json;
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, time::Instant};
use url::Url;
use voxlink_adapters::wire::{Answer, Ask, Body, Credentials, Limits, Wire};
use voxlink_gateways::{
    CarrierError,
    carrier::{Exchange, Watch},
    clock::FixedClock,
};

/// Failures in a row after which a carrier is left alone, and the first pause.
const FAILURES: u32 = 8;
const PAUSE: Duration = Duration::from_secs(5);

/// What the watch was told.
#[derive(Debug, Default)]
struct Seen {
    exchanges: Mutex<Vec<(&'static str, &'static str)>>,
    breaker: Mutex<Vec<bool>>,
}

impl Watch for Seen {
    fn saw(&self, exchange: Exchange) {
        assert_eq!(exchange.carrier, "test");
        lock(&self.exchanges).push((exchange.operation, exchange.outcome));
    }
    fn breaker(&self, _: &'static str, open: bool) {
        lock(&self.breaker).push(open);
    }
    fn servers(&self, _: &'static str) -> u32 {
        1
    }
}

/// One answer of a carrier.
#[derive(Clone)]
struct Say {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

fn say(status: u16, body: &str) -> Say {
    Say { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

impl Say {
    fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

impl IntoResponse for Say {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap();
        let mut response = (status, self.body).into_response();
        for (name, value) in self.headers {
            response.headers_mut().insert(name, HeaderValue::from_str(&value).unwrap());
        }
        response
    }
}

/// A carrier that gives these answers one after the other, the last one for ever.
struct Carrier {
    server: StandIn,
    asked: Arc<AtomicU32>,
}

impl Carrier {
    async fn saying(answers: Vec<Say>) -> Self {
        let answers = Arc::new(Mutex::new(VecDeque::from(answers)));
        Self::of(Router::new().fallback(next).with_state(answers)).await
    }

    async fn of(app: Router) -> Self {
        let asked = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&asked);
        let app =
            app.layer(axum::middleware::map_request(move |request: axum::extract::Request| {
                count.fetch_add(1, Ordering::SeqCst);
                std::future::ready(request)
            }));
        Self { server: StandIn::of(app).await, asked }
    }

    fn url(&self) -> Url {
        self.server.url.clone()
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn next(State(answers): State<Arc<Mutex<VecDeque<Say>>>>, _: Bytes) -> Say {
    let mut answers = lock(&answers);
    let first = answers.front().unwrap().clone();
    if answers.len() > 1 {
        answers.pop_front();
    }
    first
}

fn in_haste() -> Limits {
    Limits {
        per_second: 10_000,
        burst: 10_000,
        total: Duration::from_secs(3),
        pause: Duration::from_millis(1),
        ..Limits::default()
    }
}

/// Without a second try, so that one request is one failure.
fn once() -> Limits {
    Limits { retries: 0, ..in_haste() }
}

fn noon() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn wire(limits: Limits) -> (Wire, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let clock = Arc::new(FixedClock::at(noon()));
    (Wire::new("test", limits, seen.clone(), clock).unwrap(), seen)
}

fn look(url: Url) -> Ask {
    Ask::get("search", url, Credentials::Bearer("token".into()))
}

fn order(url: Url) -> Ask {
    Ask::post("buy", url, Credentials::Bearer("token".into()), Body::Json(json!({"a": 1})))
}

fn transient(answer: &Result<Answer, CarrierError>) -> bool {
    matches!(answer, Err(CarrierError::Transient { .. }))
}

fn unknown(answer: &Result<Answer, CarrierError>) -> bool {
    matches!(answer, Err(CarrierError::UnknownOutcome { .. }))
}

#[tokio::test]
async fn what_is_safe_is_repeated_until_it_is_answered() {
    let carrier = Carrier::saying(vec![say(503, ""), say(500, "oops"), say(200, "{}")]).await;
    let (wire, seen) = wire(in_haste());
    assert_eq!(wire.send(&look(carrier.url())).await.unwrap().status, 200);
    assert_eq!(carrier.asked(), 3);
    assert_eq!(*lock(&seen.exchanges), [("search", "ok")], "one exchange, retries included");
}

#[tokio::test]
async fn a_carrier_that_stays_down_is_asked_four_times_and_told_of() {
    let carrier = Carrier::saying(vec![say(502, "bad gateway")]).await;
    let (wire, seen) = wire(in_haste());
    let answer = wire.send(&look(carrier.url())).await;
    assert!(transient(&answer), "{answer:?}");
    assert!(answer.unwrap_err().detail().contains("502 bad gateway"));
    assert_eq!(carrier.asked(), 4);
    assert_eq!(*lock(&seen.exchanges), [("search", "carrier_failed")]);
}

#[tokio::test]
async fn what_may_have_been_done_is_not_sent_again() {
    let carrier = Carrier::saying(vec![say(503, ""), say(200, "{}")]).await;
    let (wire, seen) = wire(in_haste());
    let answer = wire.send(&order(carrier.url())).await;
    assert!(unknown(&answer), "{answer:?}");
    assert_eq!(carrier.asked(), 1);
    assert_eq!(*lock(&seen.exchanges), [("buy", "carrier_outcome_unknown")]);
    // The same by an adapter that knows twice to be as once.
    let carrier = Carrier::saying(vec![say(503, ""), say(200, "{}")]).await;
    wire.send(&order(carrier.url()).safely()).await.unwrap();
    assert_eq!(carrier.asked(), 2);
}

#[tokio::test]
async fn what_was_surely_not_done_is_repeated_even_if_it_creates() {
    // Refused for its rate: not looked at.
    let busy = say(429, "{}").with("retry-after", 0);
    let carrier = Carrier::saying(vec![busy.clone(), busy, say(201, "{}")]).await;
    let (wire, _) = wire(in_haste());
    assert_eq!(wire.send(&order(carrier.url())).await.unwrap().status, 201);
    assert_eq!(carrier.asked(), 3);
    // Nobody listens there: not even connected.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let answer = wire.send(&order(format!("http://{free}").parse().unwrap())).await;
    assert!(transient(&answer), "{answer:?}");
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_is_not_repeated() {
    let carrier = Carrier::saying(vec![say(404, r#"{"code": 20404}"#)]).await;
    let (wire, seen) = wire(in_haste());
    assert_eq!(wire.send(&look(carrier.url())).await.unwrap().status, 404);
    assert_eq!(carrier.asked(), 1);
    let gone = |answer: &Answer| CarrierError::Gone { detail: answer.said() };
    let meant = wire.done(&look(carrier.url()), gone).await;
    assert!(matches!(meant, Err(CarrierError::Gone { .. })), "{meant:?}");
    assert_eq!(*lock(&seen.exchanges), [("search", "ok"), ("search", "unknown_at_carrier")]);
}

#[tokio::test]
async fn it_waits_as_long_as_the_carrier_asks() {
    let after = noon() + TimeDelta::seconds(1);
    let date = after.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    for (name, value) in [
        ("retry-after", "1".to_owned()),
        ("retry-after", date),
        ("x-ratelimit-reset", "1".to_owned()),
    ] {
        let busy = say(429, "{}").with(name, &value);
        let carrier = Carrier::saying(vec![busy, say(200, "{}")]).await;
        let (wire, _) = wire(in_haste());
        let start = Instant::now();
        wire.send(&look(carrier.url())).await.unwrap();
        let took = start.elapsed();
        assert!(took >= Duration::from_secs(1), "{name}: {value} took {took:?}");
        assert!(took < Duration::from_secs(3), "{name}: {value} took {took:?}");
    }
}

#[tokio::test]
async fn who_asks_for_more_patience_than_a_try_has_is_told_of_with_the_moment() {
    let two_minutes = noon() + TimeDelta::minutes(2);
    for (value, until) in [
        ("120", Some(two_minutes)),
        ("Sat, 21 Nov 2026 12:02:00 GMT", Some(two_minutes)),
        // Beyond every calendar.
        ("9000000000000", None),
    ] {
        let carrier = Carrier::saying(vec![say(429, "{}").with("retry-after", value)]).await;
        let (wire, _) = wire(in_haste());
        match wire.send(&order(carrier.url())).await {
            Err(CarrierError::RateLimited { until: told, .. }) => {
                assert_eq!(told, until, "{value}");
            }
            other => panic!("{value}: {other:?}"),
        }
        assert_eq!(carrier.asked(), 1, "{value}");
    }
    // What nobody can read, and what is over, is no reason to wait.
    for value in ["soon", "-5", "Sat, 21 Nov 2026 11:00:00 GMT"] {
        let busy = say(429, "{}").with("retry-after", value);
        let carrier = Carrier::saying(vec![busy, say(200, "{}")]).await;
        let (wire, _) = wire(in_haste());
        wire.send(&look(carrier.url())).await.unwrap();
        assert_eq!(carrier.asked(), 2, "{value}");
    }
}

#[tokio::test]
async fn the_rest_that_a_carrier_asks_for_binds_every_request() {
    for status in [429, 503] {
        let busy = say(status, "{}").with("retry-after", 120);
        let carrier = Carrier::saying(vec![busy, say(200, "{}")]).await;
        let (wire, seen) = wire(in_haste());
        match wire.send(&look(carrier.url())).await {
            Err(CarrierError::RateLimited { until: Some(until), .. }) => {
                assert_eq!(until, noon() + TimeDelta::minutes(2), "{status}");
            }
            other => panic!("{status}: {other:?}"),
        }
        for ask in [look(carrier.url()), order(carrier.url())] {
            match wire.send(&ask).await {
                Err(CarrierError::RateLimited { until: Some(until), detail }) => {
                    let left = until - noon();
                    let range = TimeDelta::seconds(100)..=TimeDelta::seconds(120);
                    assert!(range.contains(&left), "{status}: {left}");
                    assert!(detail.starts_with(CarrierError::UNASKED), "{detail}");
                }
                other => panic!("{status}: {other:?}"),
            }
        }
        assert_eq!(carrier.asked(), 1, "{status}");
        pass(Duration::from_mins(2)).await;
        wire.send(&order(carrier.url())).await.unwrap();
        assert!(lock(&seen.breaker).is_empty());
    }
    // A short one is waited for.
    let busy = say(429, "{}").with("retry-after", 1);
    let carrier = Carrier::saying(vec![busy, say(200, "{}")]).await;
    let (wire, _) = wire(once());
    let start = Instant::now();
    wire.send(&look(carrier.url())).await.unwrap_err();
    wire.send(&look(carrier.url())).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_purchase_that_may_have_been_done_stays_unknown_and_its_look_up_knows_the_moment() {
    let away = say(503, "").with("retry-after", 120);
    let carrier = Carrier::saying(vec![away, say(200, "{}")]).await;
    let (wire, _) = wire(in_haste());
    let bought = wire.send(&order(carrier.url())).await;
    assert!(unknown(&bought), "{bought:?}");
    let looked = wire.send(&look(carrier.url())).await;
    assert!(matches!(looked, Err(CarrierError::RateLimited { until: Some(_), .. })), "{looked:?}");
    assert_eq!(carrier.asked(), 1);
}

#[tokio::test]
async fn when_a_quota_begins_anew_is_no_word_on_when_a_failure_ends() {
    let failed = say(500, "").with("x-ratelimit-reset", 120);
    let carrier = Carrier::saying(vec![failed, say(200, "{}")]).await;
    let (wire, _) = wire(in_haste());
    wire.send(&look(carrier.url())).await.unwrap();
    assert_eq!(carrier.asked(), 2);
}

/// Lets pauses and rests pass without waiting for them.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_carrier_that_fails_again_and_again_is_left_alone_and_tried_after_a_while() {
    let mut answers = vec![say(503, ""); FAILURES as usize + 1];
    answers.push(say(200, "{}"));
    let carrier = Carrier::saying(answers).await;
    let (wire, seen) = wire(once());
    for _ in 0..FAILURES {
        assert!(lock(&seen.breaker).is_empty());
        wire.send(&look(carrier.url())).await.unwrap_err();
    }
    assert_eq!(*lock(&seen.breaker), [true]);
    // Also what creates something was surely not done.
    let shut = wire.send(&order(carrier.url())).await;
    assert!(transient(&shut) && shut.unwrap_err().is_unasked());
    assert_eq!(carrier.asked(), FAILURES, "nobody is sent");
    assert_eq!(lock(&seen.exchanges).last(), Some(&("buy", "not_asked")), "told apart");
    pass(PAUSE).await;
    wire.send(&look(carrier.url())).await.unwrap_err();
    assert_eq!(carrier.asked(), FAILURES + 1, "one tries");
    pass(PAUSE).await;
    wire.send(&look(carrier.url())).await.unwrap_err();
    assert_eq!(carrier.asked(), FAILURES + 1, "the second pause is longer");
    pass(PAUSE).await;
    wire.send(&look(carrier.url())).await.unwrap();
    wire.send(&look(carrier.url())).await.unwrap();
    assert_eq!(*lock(&seen.breaker), [true, false]);
}

#[tokio::test]
async fn a_question_whether_it_is_back_is_sent_once_although_it_is_left_alone() {
    let mut answers = vec![say(503, ""); FAILURES as usize];
    answers.extend([say(503, "still down"), say(200, "{}"), say(200, "{}")]);
    let carrier = Carrier::saying(answers).await;
    let (wire, seen) = wire(in_haste());
    while lock(&seen.breaker).is_empty() {
        wire.send(&look(carrier.url())).await.unwrap_err();
    }
    assert!(wire.send(&look(carrier.url())).await.unwrap_err().is_unasked());
    let probe = look(carrier.url()).probing();
    let asked = carrier.asked();
    let down = wire.send(&probe).await.unwrap_err();
    assert!(!down.is_unasked() && down.detail().contains("still down"), "{down}");
    assert_eq!(carrier.asked(), asked + 1, "it is not repeated");
    wire.send(&probe).await.unwrap();
    assert_eq!(*lock(&seen.breaker), [true, false]);
    wire.send(&look(carrier.url())).await.unwrap();
}

async fn hangs() -> Say {
    std::future::pending().await
}

#[tokio::test]
async fn who_hangs_is_left_alone_though_every_caller_gives_up_first() {
    let carrier = Carrier::of(Router::new().fallback(hangs)).await;
    let (wire, seen) = wire(in_haste());
    let (question, purchase) = (look(carrier.url()), order(carrier.url()));
    let given_up = async |ask: &Ask, after: u64, times: u32| {
        let after = Duration::from_millis(after);
        let all = (0..times).map(|_| tokio::time::timeout(after, wire.send(ask)));
        for answer in futures::future::join_all(all).await {
            answer.unwrap_err();
        }
    };
    // Customers who go at once say nothing of the carrier.
    given_up(&question, 50, FAILURES * 2).await;
    assert!(lock(&seen.exchanges).is_empty() && lock(&seen.breaker).is_empty());
    tokio::join!(given_up(&question, 2_300, FAILURES - 1), given_up(&purchase, 2_300, 1));
    let mut told = lock(&seen.exchanges).clone();
    told.sort_unstable();
    let mut unanswered = vec![("buy", "carrier_outcome_unknown")];
    unanswered.resize(FAILURES as usize, ("search", "carrier_failed"));
    assert_eq!(told, unanswered);
    assert_eq!(*lock(&seen.breaker), [true]);
    let (shut, asked) = (wire.send(&question).await, carrier.asked());
    assert!(transient(&shut) && shut.unwrap_err().detail().contains("not asked"));
    // The probe hangs, too; the next one comes after twice the pause.
    pass(PAUSE).await;
    given_up(&question, 2_300, 1).await;
    assert_eq!(carrier.asked(), asked + 1);
    pass(PAUSE).await;
    wire.send(&question).await.unwrap_err();
    assert_eq!(carrier.asked(), asked + 1, "the second pause is longer");
}

#[tokio::test]
async fn a_carrier_that_failed_is_told_of_though_nobody_waits_for_the_next_try() {
    let carrier = Carrier::saying(vec![say(503, "")]).await;
    let (wire, seen) = wire(Limits { pause: Duration::from_secs(2), ..in_haste() });
    let ask = look(carrier.url());
    // In the middle of the pause, which lasts a second at least.
    tokio::time::timeout(Duration::from_millis(500), wire.send(&ask)).await.unwrap_err();
    assert_eq!(*lock(&seen.exchanges), [("search", "carrier_failed")]);
}

#[tokio::test]
async fn refusals_and_rate_limits_are_no_failures() {
    let busy = say(429, "{}").with("retry-after", 0);
    let carrier = Carrier::saying(vec![busy]).await;
    let refusing = Carrier::saying(vec![say(401, "{}")]).await;
    let (wire, seen) = wire(once());
    for _ in 0..FAILURES * 2 {
        wire.send(&look(carrier.url())).await.unwrap_err();
        wire.send(&look(refusing.url())).await.unwrap();
    }
    assert!(lock(&seen.breaker).is_empty());
}

#[tokio::test]
async fn credentials_do_not_follow_a_carrier_elsewhere() {
    let elsewhere = Carrier::saying(vec![say(200, "{}")]).await;
    let away = say(307, "").with("location", elsewhere.url());
    let carrier = Carrier::saying(vec![away]).await;
    let (wire, _) = wire(in_haste());
    assert_eq!(wire.send(&look(carrier.url())).await.unwrap().status, 307);
    assert_eq!(elsewhere.asked(), 0);
}

#[tokio::test]
async fn only_so_many_requests_are_under_way_at_a_time() {
    let (now, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (under_way, highest) = (Arc::clone(&now), Arc::clone(&most));
    let app = Router::new().fallback(move || {
        let (under_way, highest) = (Arc::clone(&under_way), Arc::clone(&highest));
        async move {
            highest.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
            under_way.fetch_sub(1, Ordering::SeqCst);
            "{}"
        }
    });
    let carrier = Carrier::of(app).await;
    let (wire, _) = wire(Limits { at_a_time: 2, ..in_haste() });
    let ask = look(carrier.url());
    for answer in futures::future::join_all((0..8).map(|_| wire.send(&ask))).await {
        answer.unwrap();
    }
    assert_eq!((carrier.asked(), most.load(Ordering::SeqCst)), (8, 2));
}
