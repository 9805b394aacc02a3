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

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::{StreamExt, stream};
use rand::Rng;
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection, PgPool, Row, postgres::PgConnectOptions};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Barrier,
};
use uuid::Uuid;
use voxlink_adapters::carriers::local::{Faults, LocalCarrier};
use voxlink_domain::{
    Db, Platform, Settings,
    accounts::sessions::{self, NewSession},
    billing::journal::{Account, NewEntry, Posting, post},
    catalog,
    db::PoolSizes,
    platform::Parts,
};
use voxlink_gateways::{Carrier, SystemClock, carrier::SearchQuery};
use voxlink_types::{
    Currency, E164, Money,
    ids::{BillingAccountId, TenantId, UserId},
};

/// One of the two servers.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    async fn start(database: &str, data: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let data = data.join(port.to_string());
        std::fs::create_dir_all(&data).unwrap();
        let log =
            std::fs::File::options().create(true).append(true).open(data.join("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_voxlink"))
            .env("DATABASE_URL", database)
            .env("LISTEN", format!("127.0.0.1:{port}"))
            .env("PUBLIC_URL", format!("http://127.0.0.1:{port}"))
            .env("DATA_DIR", &data)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .expect("the server does not start");
        let mut server = Self { child, port };
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            let gone = server.child.try_wait().unwrap();
            assert!(
                gone.is_none() && since.elapsed() < Duration::from_secs(60),
                "no server: {gone:?}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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
}

struct Lab {
    platform: Platform,
    pool: PgPool,
    number: E164,
}

impl Lab {
    async fn open(options: &PgConnectOptions) -> Self {
        let clock = Arc::new(SystemClock);
        let db = Db::connect(options, PoolSizes::default());
        db.migrate().await.expect("the migrations do not apply");
        let pool = db.owner.clone();
        let carrier = LocalCarrier::connect(options, 4, clock.clone(), Faults::default());
        carrier.generate(1_000, 1, |_| ()).await.expect("no numbers");
        let query = SearchQuery { country: "US".to_owned(), limit: 1, ..SearchQuery::default() };
        let number = carrier.search(&query).await.unwrap().remove(0).number;
        let platform = Platform::new(Parts {
            db,
            clock,
            carriers: BTreeMap::from([(carrier.key(), Arc::new(carrier) as Arc<dyn Carrier>)]),
            switchboards: BTreeMap::new(),
            processors: BTreeMap::new(),
            mailer: Arc::new(voxlink_adapters::mail::NoMail),
            settings: Settings {
                public_url: "http://127.0.0.1".parse().unwrap(),
                hold_minutes: 15,
                release_grace_days: 10,
                suspension_message: String::new(),
            },
        });
        catalog::refresh_prices(&platform).await.unwrap();
        Self { platform, pool, number }
    }

    /// A customer with $100 and a session, without the cost of a password.
    async fn customer(&self, n: u64) -> Customer {
        let (tenant, user) = (TenantId::new(1), UserId::new(1));
        let run = async |sql: &'static str, ids: &[Uuid]| {
            let query = ids.iter().fold(sqlx::query(sql), |q, id| q.bind(*id));
            query.bind(format!("racer-{n}")).execute(&self.pool).await.unwrap();
        };
        run("insert into tenants (id, name) values ($1, $2)", &[tenant.uuid()]).await;
        run(
            "insert into users (id, tenant_id, email, full_name, tenant_role, terms_accepted_at, terms_version,
                 email_verified_at)
             values ($1, $2, $3 || '@example.com', $3, 'owner', now(), '1', now())",
            &[user.uuid(), tenant.uuid()],
        )
        .await;
        run(
            "insert into billing_accounts (id, tenant_id, company) values ($1, $2, $3)",
            &[BillingAccountId::new(1).uuid(), tenant.uuid()],
        )
        .await;
        let money = Money::new(10_000, Currency::Usd);
        let mut cx = self.platform.work_for(tenant, "proof").await.unwrap();
        let entry = NewEntry {
            reference: format!("proof:{tenant}"),
            kind: "top_up",
            postings: vec![
                Posting::debit(Account::Processor, money),
                Posting::credit(Account::Credit, money),
            ],
            ..NewEntry::default()
        };
        post(&mut cx, tenant, entry).await.unwrap();
        cx.commit().await.unwrap();
        let token: i128 = rand::rng().random();
        let hash: [u8; 32] = Sha256::digest(token.to_le_bytes()).into();
        let new = NewSession { user, remember: false, user_agent: None, ip: None };
        sessions::open(&self.platform, hash, &new).await.unwrap();
        let cookie = format!("session={}", URL_SAFE_NO_PAD.encode(token.to_le_bytes()));
        Customer { tenant, user, cookie }
    }

    async fn count(&self, sql: &'static str, id: Uuid) -> i64 {
        sqlx::query(sql).bind(id).fetch_one(&self.pool).await.unwrap().get::<i64, _>(0)
    }
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
    let talk = async {
        let mut stream = connected.ok()?;
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut raw = Vec::new();
        stream.read_to_end(&mut raw).await.ok()?;
        let text = String::from_utf8_lossy(&raw);
        let head = text.split("\r\n\r\n").next()?.to_owned();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer { status, head })
    };
    tokio::time::timeout(Duration::from_secs(120), talk)
        .await
        .ok()
        .flatten()
        .unwrap_or(Answer { status: 0, head: String::new() })
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
    let carts: u64 = std::env::var("CARTS").ok().and_then(|v| v.parse().ok()).unwrap_or(100);
    let cluster = std::env::var("DATABASE_URL").expect("DATABASE_URL must name a cluster");
    let mut url: url::Url = cluster.parse().expect("DATABASE_URL is not an address");
    let admin: PgConnectOptions = cluster.parse().unwrap();
    let admin = admin.database("postgres");
    let name = format!("voxlink_proof_{:08x}", rand::rng().random::<u32>());
    let sql = |text: String| sqlx::AssertSqlSafe(text);
    let mut connection = PgConnection::connect_with(&admin).await.expect("no cluster answers");
    sqlx::query(sql(format!("create database {name}"))).execute(&mut connection).await.unwrap();
    url.set_path(&name);
    let data = std::env::temp_dir().join(&name);
    let options = admin.clone().database(&name);
    let (broken, figures) = prove(&options, url.as_str(), data.clone(), carts.max(2)).await;
    sqlx::query(sql(format!("drop database {name} with (force)")))
        .execute(&mut connection)
        .await
        .unwrap();
    if broken {
        println!("the servers' logs: {}", data.display());
    } else {
        let _ = std::fs::remove_dir_all(&data);
    }
    println!("prove-cart-race: {figures}");
    if broken {
        std::process::exit(1);
    }
}

/// Races, then counts. True when a promise is broken, and the figures.
async fn prove(options: &PgConnectOptions, url: &str, data: PathBuf, carts: u64) -> (bool, String) {
    let lab = Lab::open(options).await;
    let customers: Vec<Customer> =
        stream::iter(0..carts).map(|n| lab.customer(n)).buffered(8).collect().await;
    let servers = [Server::start(url, &data).await, Server::start(url, &data).await];
    let ports = [servers[0].port, servers[1].port];

    let began = Instant::now();
    let form = format!("one=local%3A%2B{}&back=%2Fsearch", lab.number.digits());
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

    let won = winners.first().map(|&n| &customers[n]);
    let winner = won.map_or(Uuid::nil(), |c| c.tenant.uuid());
    // The carrier's own book: every number that is not simply for sale is the winner's.
    let at_carrier = lab
        .count(
            "select count(*) from local_carrier.numbers n
             where (n.state <> 'available' or n.held_by is not null) and (
                 n.hold_key in (select i.id from cart_items i where i.tenant_id = $1)
                 or exists (select 1 from local_carrier.purchases p
                            join order_items i on i.purchase_key = p.key and i.tenant_id = $1
                            where p.e164 = n.e164))",
            winner,
        )
        .await;
    let elsewhere = lab
        .count(
            "select (select count(*) from cart_items where tenant_id <> $1)
                  + (select count(*) from holds where tenant_id <> $1)
                  + (select count(*) - 1 from local_carrier.numbers where state <> 'available' or held_by is not null)",
            winner,
        )
        .await;
    let disagrees = i64::from(at_carrier != 1 || elsewhere != 0);
    let charged = lab
        .count(
            "select count(*) from (
                 select b.tenant_id from billing_accounts b
                 left join journal_postings p on p.tenant_id = b.tenant_id and p.account = 'credit'
                 where b.tenant_id <> $1
                 group by b.tenant_id having abs(coalesce(sum(p.amount_minor), 0)) <> 10000) x",
            winner,
        )
        .await;
    let orders = lab.count("select count(*) from orders where tenant_id <> $1", winner).await;
    let winner_orders = lab
        .count(
            "select count(*) from orders o where o.tenant_id = $1
               and 1 = (select count(*) from order_items i where i.order_id = o.id)",
            winner,
        )
        .await;
    let journal = lab
        .count(
            "select count(*) from (select currency from journal_postings where $1::uuid is not null
                 group by currency having sum(amount_minor) <> 0) x",
            winner,
        )
        .await;
    let winner_wrong = i64::from(winner_orders != 1 || won.is_none_or(|c| c.user.uuid().is_nil()));
    lab.platform.db().close().await;
    let figures = format!(
        "carts={carts} servers=2 seconds={seconds:.1} winners={} clear={} unclear={unclear} errors_5xx={failed} \
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
