//! R2: many carts want one number at the same moment, over two server processes. One gets it, the
//! others get a clear word, and nobody but the winner pays. See `src/PROOFS.md`.
//!
//! `CARTS` comes from the environment; `DATABASE_URL` names the cluster.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof: it prints, reads its size from the environment and stops at a surprise"
)]

mod lab;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::{StreamExt, stream};
use lab::{Lab, Scratch, Server, setting};
use rand::Rng;
use sha2::{Digest, Sha256};
use sqlx::Row;
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Barrier,
};
use uuid::Uuid;
use voxlink_domain::accounts::sessions::{self, NewSession};
use voxlink_gateways::carrier::SearchQuery;
use voxlink_types::ids::{TenantId, UserId};

/// A signed-in person with an empty cart.
#[derive(Clone)]
struct Customer {
    tenant: TenantId,
    user: UserId,
    cookie: String,
}

/// An answer: its status and its headers; a status of 0 never came.
#[derive(Debug, Clone)]
struct Answer {
    status: u16,
    head: String,
    after: Duration,
}

/// A customer with $100 and a session.
async fn customer(lab: &Lab, n: u64) -> Customer {
    let (tenant, user) = lab.customer(&format!("racer-{n}"), 10_000).await;
    let token: i128 = rand::rng().random();
    let hash: [u8; 32] = Sha256::digest(token.to_le_bytes()).into();
    let new = NewSession { user, remember: false, user_agent: None, ip: None };
    sessions::open(&lab.platform, hash, &new).await.unwrap();
    let cookie = format!("session={}", URL_SAFE_NO_PAD.encode(token.to_le_bytes()));
    Customer { tenant, user, cookie }
}

/// What a query with the winner's tenant counts.
async fn count(lab: &Lab, sql: &'static str, winner: Uuid) -> i64 {
    sqlx::query(sql).bind(winner).fetch_one(&lab.pool).await.unwrap().get::<i64, _>(0)
}

/// Sends a form as a browser would; waits at `together` with the connection open, so that all
/// forms leave at once.
async fn send(port: u16, path: &str, cookie: &str, form: &str, together: &Barrier) -> Answer {
    let body = format!("{form}&_key={}", Uuid::now_v7());
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n\
         Sec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let connected = TcpStream::connect(("127.0.0.1", port)).await;
    together.wait().await;
    let sent = Instant::now();
    let talk = async {
        let mut stream = connected.ok()?;
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut raw = Vec::new();
        stream.read_to_end(&mut raw).await.ok()?;
        let text = String::from_utf8_lossy(&raw);
        let head = text.split("\r\n\r\n").next()?.to_owned();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer { status, head, after: sent.elapsed() })
    };
    tokio::time::timeout(Duration::from_mins(5), talk)
        .await
        .ok()
        .flatten()
        .unwrap_or_else(|| Answer { status: 0, head: String::new(), after: sent.elapsed() })
}

/// All customers send the same form at once, by turns to one server and the other.
async fn all_at_once(
    customers: &[Customer],
    ports: [u16; 2],
    path: &str,
    form: &str,
) -> Vec<Answer> {
    let together = Barrier::new(customers.len());
    let sent = customers
        .iter()
        .enumerate()
        .map(|(n, customer)| send(ports[n % 2], path, &customer.cookie, form, &together));
    futures::future::join_all(sent).await
}

#[tokio::main]
async fn main() {
    let scratch = Scratch::new().await;
    let (broken, figures) = prove(&scratch, setting("CARTS", 100).max(2)).await;
    scratch.conclude("prove-cart-race", broken, &figures).await;
}

/// Races, then counts. True when a promise is broken, and the figures.
async fn prove(scratch: &Scratch, carts: u64) -> (bool, String) {
    let public = "http://127.0.0.1".parse().unwrap();
    let lab = Lab::open(&scratch.options, public, 1_000, None).await;
    let query = SearchQuery { country: "US".to_owned(), limit: 1, ..SearchQuery::default() };
    let carrier = lab.platform.carrier("local").unwrap();
    let number = carrier.search(&query).await.unwrap().offers.remove(0).number;
    let customers: Vec<Customer> =
        stream::iter(0..carts).map(|n| customer(&lab, n)).buffered(8).collect().await;
    let mut servers = [(); 2].map(|()| Server::on_free_port(scratch, Vec::new()));
    for server in &mut servers {
        server.begin().await;
    }
    let ports = [servers[0].port, servers[1].port];

    let began = Instant::now();
    let form = format!("one=local%3A%2B{}&back=%2Fsearch", number.digits());
    let holds = all_at_once(&customers, ports, "/search/hold", &form).await;
    let seconds = began.elapsed().as_secs_f32();
    let winners: Vec<usize> =
        (0..holds.len()).filter(|&n| holds[n].head.contains("location: /cart")).collect();
    let clear = |answer: &Answer| {
        answer.status == 303
            && answer.head.contains("location: /search")
            && answer.head.contains("somebody+else")
    };
    let unclear = holds.len() - winners.len() - holds.iter().filter(|a| clear(a)).count();

    let pay = "payment=credit&terms=on&expected=&name=Racer&line1=1+Main+St&line2=&city=Boston\
               &region=MA&postal_code=02110&country=US";
    let bought = all_at_once(&customers, ports, "/checkout", pay).await;
    let answers = || holds.iter().chain(&bought);
    let failed = answers().filter(|a| a.status >= 500).count();
    let broken = answers().filter(|a| a.status == 0).count();
    let slowest = answers().map(|a| a.after).max().unwrap_or_default().as_secs_f32();

    let won = winners.first().map(|&n| &customers[n]);
    let winner = won.map_or(Uuid::nil(), |c| c.tenant.uuid());
    // The carrier's own book: every number that is not simply for sale is the winner's.
    let at_carrier = count(
        &lab,
        "select count(*) from local_carrier.numbers n
             where (n.state <> 'available' or n.held_by is not null) and (
                 n.hold_key in (select i.id from cart_items i where i.tenant_id = $1)
                 or exists (select 1 from local_carrier.purchases p
                            join order_items i on i.purchase_key = p.key and i.tenant_id = $1
                            where p.e164 = n.e164))",
        winner,
    )
    .await;
    let elsewhere = count(
        &lab,
        "select (select count(*) from cart_items where tenant_id <> $1)
              + (select count(*) from holds where tenant_id <> $1)
              + (select count(*) - 1 from local_carrier.numbers
                 where state <> 'available' or held_by is not null)",
        winner,
    )
    .await;
    let disagrees = i64::from(at_carrier != 1 || elsewhere != 0);
    let charged = count(
        &lab,
        "select count(*) from (
                 select b.tenant_id from billing_accounts b
                 left join journal_postings p on p.tenant_id = b.tenant_id and p.account = 'credit'
                 where b.tenant_id <> $1
                 group by b.tenant_id having abs(coalesce(sum(p.amount_minor), 0)) <> 10000) x",
        winner,
    )
    .await;
    let orders = count(&lab, "select count(*) from orders where tenant_id <> $1", winner).await;
    let winner_orders = count(
        &lab,
        "select count(*) from orders o where o.tenant_id = $1
               and 1 = (select count(*) from order_items i where i.order_id = o.id)
               and o.total_minor > o.released_minor
               and o.total_minor - o.released_minor - 10000 = (
                   select sum(p.amount_minor) from journal_postings p
                   where p.tenant_id = $1 and p.account = 'credit')",
        winner,
    )
    .await;
    let journal = lab
        .count(
            "select count(*) from (select currency from journal_postings
             group by currency having sum(amount_minor) <> 0) x",
        )
        .await;
    let winner_wrong = i64::from(winner_orders != 1 || won.is_none_or(|c| c.user.uuid().is_nil()));
    lab.platform.db().close().await;
    let figures = format!(
        "carts={carts} servers=2 seconds={seconds:.1} slowest_answer={slowest:.1} winners={} clear={} unclear={unclear} errors_5xx={failed} \
         broken={broken} carrier_disagrees={disagrees} losers_charged={charged} loser_orders={orders} \
         winner_wrong={winner_wrong} journal_sum={journal}",
        winners.len(),
        holds.iter().filter(|a| clear(a)).count(),
    );
    let bad = winners.len() != 1
        || unclear + failed + broken != 0
        || disagrees + charged + orders + winner_wrong + journal != 0;
    (bad, figures)
}
