//! R3: PostgreSQL is stopped hard and started again, over and over, while numbers are bought and
//! paid for, calls come in and pages are read. What was answered with success is there afterwards,
//! once; nothing is stuck; and the server finds its database again by itself. See `src/PROOFS.md`.
//!
//! `RESTARTS` and `SEED` come from the environment.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof: it prints, reads its sizes from the environment and stops at a surprise"
)]

#[path = "voice/callers.rs"]
#[expect(dead_code, reason = "prove-voice-without-database uses the rest")]
mod callers;
#[path = "saga/carriers.rs"]
#[expect(dead_code, reason = "the carriers stay well here")]
mod carriers;
#[path = "voice/cluster.rs"]
#[expect(dead_code, reason = "prove-voice-without-database uses the rest")]
mod cluster;
#[expect(dead_code, reason = "the cluster is this proof's own, and so is the end")]
mod lab;
#[path = "saga/promises.rs"]
mod promises;
#[path = "saga/shop.rs"]
mod shop;
#[path = "faults/stand.rs"]
#[expect(dead_code, reason = "prove-carrier-faults uses the rest")]
mod stand;
#[path = "../adapters/tests/it/stand_in.rs"]
#[expect(dead_code, reason = "the adapters' tests use the rest")]
mod stand_in;
#[path = "../adapters/tests/it/telnyx/server.rs"]
mod telnyx_server;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use callers::{SECRET, get, post};
use carriers::Carriers;
use cluster::Cluster;
use futures::future::join_all;
use lab::{Lab, Scratch, Server, setting};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sha2::{Digest, Sha256};
use shop::Shop;
use sqlx::Row;
use std::{
    cell::{Cell, RefCell},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use uuid::Uuid;
use voxlink_domain::accounts::sessions::{self, NewSession};
use voxlink_types::ids::UserId;

/// All must have come to its end so long after the last restart.
const RECOVERY: Duration = Duration::from_mins(1);
/// R3: pages are there again so long after PostgreSQL.
const BACK: Duration = Duration::from_secs(5);
/// A buyer tries again so long, and so long PostgreSQL is left alone for the first order and call.
const PATIENCE: Duration = Duration::from_mins(1);
const BUYERS: usize = 3;
/// Numbers of an order, at most.
const MOST: u32 = 5;

/// What is under way, and what was seen. All of it is one task.
#[derive(Debug, Default)]
struct Day {
    over: Cell<bool>,
    /// Carts whose order was acknowledged.
    carts: RefCell<Vec<Uuid>>,
    /// Calls whose end was acknowledged.
    calls: RefCell<Vec<String>>,
    /// Voice answers that were none.
    unanswered: Cell<u32>,
    pages: Cell<u32>,
    /// Of them those that said to come again.
    unavailable: Cell<u32>,
    /// Of them those that were neither, and what they were.
    odd: RefCell<Vec<String>>,
    /// Buyers who gave up, and why.
    gave_up: RefCell<Vec<String>>,
}

fn count_up(cell: &Cell<u32>) {
    cell.set(cell.get() + 1);
}

#[tokio::main]
async fn main() -> ExitCode {
    let restarts = setting("RESTARTS", 20).max(1);
    let seed = setting("SEED", rand::rng().random_range(0..1_000_000));
    println!("prove-database-restart: {restarts} restarts, seed {seed}");
    let home = std::env::temp_dir().join(format!("voxlink-proof-{:08x}", rand::random::<u32>()));
    let cluster = Arc::new(Cluster::make(&home.join("postgres")));
    let scratch = Scratch::within(&cluster.url_of("postgres")).await;
    let (broken, figures) = prove(&cluster, &scratch, restarts, seed).await;
    drop(cluster);
    if broken {
        println!("the logs: {} and {}", scratch.data.display(), home.display());
    } else {
        let _ = std::fs::remove_dir_all(&scratch.data);
        let _ = std::fs::remove_dir_all(&home);
    }
    println!("prove-database-restart: seed={seed} {figures}");
    if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Works, restarts, waits, compares. True when a promise is broken, and the figures.
async fn prove(
    cluster: &Arc<Cluster>,
    scratch: &Scratch,
    restarts: u64,
    seed: u64,
) -> (bool, String) {
    let stock = 300 + u32::try_from(restarts).unwrap() * 150;
    let carriers = Carriers::open(stock).await;
    let mut server = Server::on_free_port(scratch, carriers.settings());
    server.extra.push(("TEST_CARD", "on".to_owned()));
    server.extra.push(("LOCAL_CARRIER_SECRET", SECRET.to_owned()));
    let shop = Shop::open(scratch, server.address(), &carriers, stock, 4, PATIENCE).await;
    let cookie = session(&shop.lab, shop.customer(0).1).await;
    server.begin().await;
    let port = server.port;
    while get(port, "/health/ready").await.is_none_or(|(status, _)| status != 200) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let day = Day::default();
    let buyers = join_all((0..BUYERS).map(|n| buyer(&shop, n, &day, seed)));
    let (_, (), (), slowest) = tokio::join!(
        buyers,
        caller(&shop.lab, port, &day, seed),
        reader(port, &cookie, &day),
        restart(cluster, port, &cookie, &day, restarts, seed)
    );
    // A connection that was used just now is taken for alive, also when it is not.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let last = Instant::now();
    let unfinished = "select (select count(*) from orders where state in ('pending', 'processing'))
        + (select count(*) from queued_jobs() where task = 'order_give_back')";
    let calls = day.calls.take();
    while last.elapsed() < RECOVERY
        && (shop.lab.count(unfinished).await > 0 || lost_calls(&shop.lab, &calls).await.0 > 0)
    {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let recovery = last.elapsed();
    let carts = day.carts.take();
    let lost: i64 = sqlx::query(
        "select count(*) from unnest($1::uuid[]) as cart
         where 1 <> (select count(*) from orders o where o.cart_id = cart)",
    )
    .bind(&carts)
    .fetch_one(&shop.lab.pool)
    .await
    .unwrap()
    .get(0);
    let (calls_lost, calls_doubled) = lost_calls(&shop.lab, &calls).await;
    carriers.copy_books(&shop.lab).await;
    let (broken, promises) = promises::broken(&shop.lab).await;
    let (odd, gave_up) = (day.odd.take(), day.gave_up.take());
    for one in odd.iter().chain(gave_up.iter()).take(5) {
        println!("wrong: {one}");
    }
    let figures = format!(
        "restarts={restarts} orders={} numbers={} by_card={} calls={} pages={} unavailable={} recovery={:.1}s \
         slowest_back_ms={} unanswered={} odd_pages={} gave_up={} orders_lost={lost} \
         calls_lost={calls_lost} calls_doubled={calls_doubled}{promises}",
        carts.len(),
        shop.lab.count("select count(*) from order_items where step = 'done'").await,
        shop.lab.count("select count(*) from orders where payment_kind = 'card'").await,
        calls.len(),
        day.pages.get(),
        day.unavailable.get(),
        recovery.as_secs_f32(),
        slowest.as_millis(),
        day.unanswered.get(),
        odd.len(),
        gave_up.len(),
    );
    // Nothing is proved where nothing happened.
    let idle = carts.is_empty() || calls.is_empty() || day.pages.get() == 0;
    let wrong = lost + calls_lost + calls_doubled + i64::from(day.unanswered.get()) != 0;
    let badly = !odd.is_empty() || !gave_up.is_empty() || slowest > BACK;
    shop.lab.platform.db().close().await;
    (broken || idle || wrong || badly, figures)
}

/// Signs somebody in: the cookie.
async fn session(lab: &Lab, user: UserId) -> String {
    let token: i128 = rand::rng().random();
    let hash: [u8; 32] = Sha256::digest(token.to_le_bytes()).into();
    let new = NewSession { user, remember: false, user_agent: None, ip: None };
    sessions::open(&lab.platform, hash, &new).await.unwrap();
    format!("session={}", URL_SAFE_NO_PAD.encode(token.to_le_bytes()))
}

/// Stops PostgreSQL hard and starts it, again and again; the longest until pages were there.
async fn restart(
    cluster: &Arc<Cluster>,
    port: u16,
    cookie: &str,
    day: &Day,
    restarts: u64,
    seed: u64,
) -> Duration {
    let (mut dice, mut slowest) = (StdRng::seed_from_u64(seed), Duration::ZERO);
    // First there must be something to lose.
    let opened = Instant::now();
    while (day.carts.borrow().is_empty() || day.calls.borrow().is_empty())
        && opened.elapsed() < PATIENCE
    {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for _ in 0..restarts {
        tokio::time::sleep(Duration::from_millis(dice.random_range(300..2_500))).await;
        let stopped = Arc::clone(cluster);
        tokio::task::spawn_blocking(move || stopped.stop_at_once()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(dice.random_range(0..500))).await;
        let started = Arc::clone(cluster);
        tokio::task::spawn_blocking(move || started.start()).await.unwrap();
        let since = Instant::now();
        while page(port, cookie).await != Some(200) && since.elapsed() < BACK * 4 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        slowest = slowest.max(since.elapsed());
    }
    day.over.set(true);
    slowest
}

/// Orders until the day is over.
async fn buyer(shop: &Shop, n: usize, day: &Day, seed: u64) {
    let mut dice = StdRng::seed_from_u64(seed.wrapping_add(n as u64));
    while !day.over.get() {
        let count = dice.random_range(1..=MOST);
        match shop.order(shop.customer(n), &mut dice, count).await {
            Ok(cart) => day.carts.borrow_mut().push(cart.uuid()),
            Err(error) => day.gave_up.borrow_mut().push(format!("a buyer: {error:#}")),
        }
        tokio::time::sleep(Duration::from_millis(dice.random_range(200..800))).await;
    }
}

/// Calls numbers that were bought, and tells how each call ended until it is acknowledged.
async fn caller(lab: &Lab, port: u16, day: &Day, seed: u64) {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut known: Vec<String> = Vec::new();
    while !day.over.get() {
        // The server hears of a new number within a second or two.
        let bought = sqlx::query_scalar(
            "select s.e164 from subscriptions s join inventory i on i.id = s.inventory_id
             where i.carrier = 'local' and s.state = 'active' and s.created_at < now() - interval '5 seconds'
             order by s.created_at desc limit 20",
        )
        .fetch_all(&lab.pool)
        .await;
        known = bought.unwrap_or(known);
        tokio::time::sleep(Duration::from_millis(50)).await;
        if known.is_empty() {
            continue;
        }
        let number = &known[dice.random_range(0..known.len())];
        let id = format!("CA{:032x}", dice.random::<u128>());
        let seconds = dice.random_range(1..400).to_string();
        let form = |more: &[(&str, &str)]| -> Vec<(String, String)> {
            let own = [
                ("CallSid", id.as_str()),
                ("AccountSid", "AC1"),
                ("From", "+442079460000"),
                ("To", number.as_str()),
            ];
            let all = own.iter().chain(more);
            all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let ringing = form(&[("CallStatus", "ringing")]);
        let answer = post(port, "/callbacks/local/voice", &ringing).await;
        if answer.is_none_or(|(status, _)| status != 200) {
            count_up(&day.unanswered);
        }
        let ended = form(&[("CallStatus", "completed"), ("CallDuration", seconds.as_str())]);
        let status = "/callbacks/local/status";
        while post(port, status, &ended).await.is_none_or(|(status, _)| status != 204) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        day.calls.borrow_mut().push(id);
    }
}

/// Acknowledged calls without a record, and with more than one.
async fn lost_calls(lab: &Lab, ids: &[String]) -> (i64, i64) {
    let row = sqlx::query(
        "select count(*) filter (where n = 0), count(*) filter (where n > 1)
         from unnest($1::text[]) as told (call),
              lateral (select count(*) as n from call_records r where r.carrier_call_id = told.call) x",
    )
    .bind(ids)
    .fetch_one(&lab.pool)
    .await
    .unwrap();
    (row.get(0), row.get(1))
}

/// Reads a page until the day is over. While PostgreSQL is away it may say so.
async fn reader(port: u16, cookie: &str, day: &Day) {
    while !day.over.get() {
        count_up(&day.pages);
        match page(port, cookie).await {
            Some(200) => {}
            Some(503) => count_up(&day.unavailable),
            other => day.odd.borrow_mut().push(format!("a page: {other:?}")),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The status of the page of orders; none when no answer came.
async fn page(port: u16, cookie: &str) -> Option<u16> {
    let request = format!(
        "GET /orders HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nAccept: text/html\r\n\
         Connection: close\r\n\r\n"
    );
    let talk = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut raw = Vec::new();
        stream.read_to_end(&mut raw).await.ok()?;
        String::from_utf8_lossy(&raw).split(' ').nth(1)?.parse().ok()
    };
    tokio::time::timeout(Duration::from_secs(15), talk).await.ok().flatten()
}
