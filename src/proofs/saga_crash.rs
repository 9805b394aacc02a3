//! R1: numbers are bought at three carriers while the server is killed (`kill -9`) at random
//! moments and the carriers fail, refuse and lose answers; some orders want all of their numbers or
//! at least so many, and give back what they had when too few could be had. Afterwards three books
//! are compared: ours of numbers, the carriers', the money's. See `src/PROOFS.md`.
//!
//! `PURCHASES`, `MOST`, `KILLS` and `SEED` come from the environment; `DATABASE_URL` names the
//! cluster.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof: it prints, reads its sizes from the environment and stops at a surprise"
)]

#[path = "saga/carriers.rs"]
mod carriers;
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

use carriers::{Carriers, FAULTS};
use lab::{Scratch, Server, setting};
use rand::{Rng, SeedableRng, rngs::StdRng};
use shop::Shop;
use std::time::{Duration, Instant};

/// An order may take this long after the last kill.
const RECOVERY: Duration = Duration::from_mins(1);
/// So many orders may be under way when the server is killed; more wait, but not longer than this.
const UNDER_WAY: i64 = 40;
const PATIENCE: Duration = Duration::from_secs(90);

/// How much is done.
#[derive(Debug, Clone, Copy)]
struct Size {
    /// Orders.
    purchases: u64,
    /// Numbers of one, at most.
    most: u32,
    kills: u64,
}

#[tokio::main]
async fn main() {
    let size = Size {
        purchases: setting("PURCHASES", 100).max(1),
        most: u32::try_from(setting("MOST", 50)).unwrap().clamp(1, 50),
        kills: setting("KILLS", 20).max(1),
    };
    let seed = setting("SEED", rand::rng().random_range(0..1_000_000));
    let Size { purchases, most, kills } = size;
    println!(
        "prove-saga-crash: {purchases} purchases of 1 to {most} numbers, {kills} kills, {FAULTS} % faults, seed {seed}"
    );
    let mut dice = StdRng::seed_from_u64(seed);
    let scratch = Scratch::new().await;
    let (broken, figures) = prove(&scratch, &mut dice, size, seed).await;
    let figures = format!("seed={seed} {figures}");
    scratch.conclude("prove-saga-crash", broken, &figures).await;
}

/// Numbers that each carrier needs, with half as many to spare.
fn stock(size: Size) -> u32 {
    let mean = u64::from(size.most) + 1;
    u32::try_from(size.purchases * mean / 4).unwrap() + 3 * size.most
}

/// Buys, kills, waits, compares. True when a promise is broken, and the figures.
async fn prove(scratch: &Scratch, dice: &mut StdRng, size: Size, seed: u64) -> (bool, String) {
    let carriers = Carriers::open(stock(size)).await;
    let mut server = Server::on_free_port(scratch, carriers.settings());
    server.extra.push(("TEST_CARD", "on".to_owned()));
    let buyers = (size.purchases / 20).clamp(2, 20);
    let address = server.address();
    let shop = Shop::open(scratch, address, &carriers, stock(size), buyers, Duration::ZERO).await;
    server.extra.push(carriers.misbehave(seed));
    server.begin().await;
    let began = Instant::now();
    let (mut bought, mut killed, mut stalled, mut longest) = (0, 0, 0, Duration::ZERO);
    while bought < size.purchases || killed < size.kills {
        let share = (size.purchases * (killed + 1)).div_ceil(size.kills).min(size.purchases);
        while bought < share {
            let count = dice.random_range(1..=size.most);
            let who = shop.customer(dice.random_range(0..20));
            shop.order(who, dice, count).await.expect("an order is refused");
            bought += 1;
        }
        if killed < size.kills {
            let waited = worked_off(&shop).await;
            longest = longest.max(waited);
            stalled += u32::from(waited >= PATIENCE);
            tokio::time::sleep(Duration::from_millis(dice.random_range(0..700))).await;
            server.kill();
            killed += 1;
            if killed == size.kills {
                server.extra.push(carriers.be_well());
            }
            server.begin().await;
        }
    }
    let last = Instant::now();
    // An order that is not to be ends before the carrier has its numbers back.
    let unfinished = "select (select count(*) from orders where state in ('pending', 'processing'))
        + (select count(*) from queued_jobs() where task = 'order_give_back')";
    while shop.lab.count(unfinished).await > 0 && last.elapsed() < RECOVERY {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let recovery = last.elapsed();
    carriers.copy_books(&shop.lab).await;
    let (broken, promises) = promises::broken(&shop.lab).await;
    let figures = format!(
        "purchases={} numbers={} kills={killed} had={} refused={} given_back={} local={} twilio={} telnyx={} by_card={} \
         best_effort={} all_or_nothing={} at_least={} seconds={:.0} longest_wait={:.0}s recovery={:.1}s stalled={stalled}{promises}",
        shop.lab.count("select count(*) from orders").await,
        shop.lab.count("select count(*) from order_items").await,
        shop.lab.count("select count(*) from order_items where step = 'done'").await,
        shop.lab.count("select count(*) from order_items where step = 'released'").await,
        shop.lab.count("select count(*) from order_items where failure_code = 'given_back'").await,
        shop.lab.count("select count(*) from proof.owned where carrier = 'local'").await,
        shop.lab.count("select count(*) from proof.owned where carrier = 'twilio'").await,
        shop.lab.count("select count(*) from proof.owned where carrier = 'telnyx'").await,
        shop.lab.count("select count(*) from orders where payment_kind = 'card'").await,
        shop.lab.count("select count(*) from orders where strategy = 'best_effort'").await,
        shop.lab.count("select count(*) from orders where strategy = 'all_or_nothing'").await,
        shop.lab.count("select count(*) from orders where strategy = 'at_least'").await,
        began.elapsed().as_secs_f32(),
        longest.as_secs_f32(),
        recovery.as_secs_f32(),
    );
    shop.lab.platform.db().close().await;
    (broken || stalled > 0, figures)
}

/// Waits until not too many orders are under way, and no longer than [`PATIENCE`]; how long.
async fn worked_off(shop: &Shop) -> Duration {
    let since = Instant::now();
    let under_way = "select count(*) from orders where state in ('pending', 'processing')";
    while shop.lab.count(under_way).await > UNDER_WAY && since.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    since.elapsed()
}
