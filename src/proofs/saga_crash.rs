//! R1: numbers are bought while the server is killed (`kill -9`) at random moments and the carrier
//! fails, refuses and loses answers. Afterwards three books are compared: ours of numbers, the
//! carrier's, the money's. See `src/PROOFS.md`.
//!
//! `PURCHASES`, `KILLS` and `SEED` come from the environment; `DATABASE_URL` names the cluster.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof: it prints, reads its sizes from the environment and stops at a surprise"
)]

use axum::{body::Body, http::Request};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sqlx::{Connection, PgConnection, PgPool, Row, postgres::PgConnectOptions};
use std::{
    collections::BTreeMap,
    fmt::Write,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};
use tower::ServiceExt;
use uuid::Uuid;
use voxlink_adapters::{
    carriers::local::{Faults, LocalCarrier},
    payments::test_card::TestCard,
};
use voxlink_domain::{
    Db, Platform, Settings,
    billing::{
        journal::{Account, NewEntry, Posting, post},
        payments,
    },
    db::PoolSizes,
    orders::{self, Checkout, PaymentChoice},
    platform::Parts,
};
use voxlink_gateways::{Carrier, PaymentProcessor, SystemClock, carrier::SearchQuery};
use voxlink_types::{
    Currency, Money,
    ids::{BillingAccountId, CartId, CartItemId, PriceId, TenantId, UserId},
};

const FAULTS: &str = "fail=0.15,refuse=0.05,lose_answer=0.25";
/// An order may take this long after the last kill.
const RECOVERY: Duration = Duration::from_mins(1);

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// The real server, as a process that can be killed.
struct Server {
    child: Child,
    database: String,
    port: u16,
    data: PathBuf,
    log: PathBuf,
}

impl Server {
    fn spawn(database: &str, port: u16, data: &PathBuf) -> Child {
        std::fs::create_dir_all(data).unwrap();
        let log =
            std::fs::File::options().create(true).append(true).open(data.join("log")).unwrap();
        Command::new(env!("CARGO_BIN_EXE_voxlink"))
            .env("DATABASE_URL", database)
            .env("LISTEN", format!("127.0.0.1:{port}"))
            .env("PUBLIC_URL", format!("http://127.0.0.1:{port}"))
            .env("LOCAL_CARRIER_FAULTS", FAULTS)
            .env("TEST_CARD", "on")
            .env("DATA_DIR", data)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .expect("the server does not start")
    }

    async fn start(database: String, port: u16, data: PathBuf) -> Self {
        let child = Self::spawn(&database, port, &data);
        let log = data.join("log");
        let mut server = Self { child, database, port, data, log };
        server.answer().await;
        server
    }

    async fn answer(&mut self) {
        let since = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            let gone = self.child.try_wait().unwrap();
            assert!(
                gone.is_none() && since.elapsed() < Duration::from_mins(1),
                "the server does not answer ({gone:?}): see {}",
                self.log.display()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// SIGKILL, and a new one.
    async fn kill_and_restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = Self::spawn(&self.database, self.port, &self.data);
        self.answer().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Lab {
    platform: Platform,
    pool: PgPool,
    card: TestCard,
    customers: Vec<(TenantId, UserId)>,
}

impl Lab {
    async fn open(options: &PgConnectOptions, port: u16, purchases: u64) -> Self {
        let clock = Arc::new(SystemClock);
        let public: url::Url = format!("http://127.0.0.1:{port}").parse().unwrap();
        let db = Db::connect(options, PoolSizes::default());
        db.migrate().await.expect("the migrations do not apply");
        let pool = db.owner.clone();
        let carrier = LocalCarrier::connect(options, 4, clock.clone(), Faults::default());
        carrier.generate(20_000, 1, |_| ()).await.expect("no numbers");
        let card = TestCard::connect(options, clock.clone(), &public).unwrap();
        prices(&pool, &carrier).await;
        let platform = Platform::new(Parts {
            db,
            clock,
            carriers: BTreeMap::from([(carrier.key(), Arc::new(carrier) as Arc<dyn Carrier>)]),
            switchboards: BTreeMap::new(),
            processors: BTreeMap::from([(card.key(), Arc::new(card.clone()) as Arc<_>)]),
            mailer: Arc::new(voxlink_adapters::mail::NoMail),
            settings: Settings {
                public_url: public,
                hold_minutes: 15,
                release_grace_days: 10,
                suspension_message: String::new(),
            },
        });
        let mut lab = Self { platform, pool, card, customers: Vec::new() };
        for n in 0..(purchases / 20).clamp(2, 20) {
            let customer = lab.customer(n).await;
            lab.customers.push(customer);
        }
        lab
    }

    async fn customer(&self, n: u64) -> (TenantId, UserId) {
        let (tenant, user) = (TenantId::new(1), UserId::new(1));
        let run = async |sql: &'static str, ids: &[Uuid]| {
            let query = ids.iter().fold(sqlx::query(sql), |q, id| q.bind(*id));
            query.bind(format!("buyer-{n}")).execute(&self.pool).await.unwrap();
        };
        run("insert into tenants (id, name) values ($1, $2)", &[tenant.uuid()]).await;
        run(
            "insert into users (id, tenant_id, email, full_name, tenant_role, terms_accepted_at, terms_version)
             values ($1, $2, $3 || '@example.com', $3, 'owner', now(), '1')",
            &[user.uuid(), tenant.uuid()],
        )
        .await;
        run(
            "insert into billing_accounts (id, tenant_id, company) values ($1, $2, $3)",
            &[BillingAccountId::new(1).uuid(), tenant.uuid()],
        )
        .await;
        let money = Money::new(1_000_000, Currency::Usd);
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
        (tenant, user)
    }

    /// Places an order for numbers from `offset` of the catalogue on, a quarter of them by card.
    async fn order(&self, dice: &mut StdRng, offset: u32, count: u32) {
        let (tenant, user) = self.customers[dice.random_range(0..self.customers.len())];
        let carrier = self.platform.carrier("local").unwrap();
        let query = SearchQuery {
            country: "US".to_owned(),
            offset,
            limit: count,
            ..SearchQuery::default()
        };
        let offers = carrier.search(&query).await.unwrap();
        let cart = CartId::new(2);
        sqlx::query("insert into carts (id, tenant_id, user_id) values ($1, $2, $3)")
            .bind(cart.uuid())
            .bind(tenant.uuid())
            .bind(user.uuid())
            .execute(&self.pool)
            .await
            .unwrap();
        for offer in offers {
            sqlx::query(
                "insert into cart_items (id, tenant_id, cart_id, carrier, e164, offer, price_book_id,
                     monthly_minor, setup_minor, currency)
                 select $1, $2, $3, 'local', $4, $5, id, round(monthly * 100), round(setup * 100), currency
                 from price_books where country = 'US' and number_type = $6 and carrier = 'local'
                 order by effective_from desc limit 1",
            )
            .bind(CartItemId::new(1).uuid())
            .bind(tenant.uuid())
            .bind(cart.uuid())
            .bind(offer.number.as_str())
            .bind(sqlx::types::Json(&offer))
            .bind(offer.number_type.as_str())
            .execute(&self.pool)
            .await
            .unwrap();
        }
        let by_card = dice.random_ratio(1, 4);
        let payment = if by_card {
            PaymentChoice::Card { processor: self.card.key().to_owned() }
        } else {
            PaymentChoice::Credit
        };
        let wish = Checkout { cart, user, payment, expected: None, source: "cli" };
        let mut cx = self.platform.work_for(tenant, "proof").await.unwrap();
        let placed = orders::checkout(&mut cx, &wish).await.expect("an order is refused");
        cx.commit().await.unwrap();
        let Some(payment) = placed.payment else { return };
        payments::open(&self.platform, tenant, payment).await.unwrap();
        let mut cx = self.platform.work_for(tenant, "proof").await.unwrap();
        let id = payments::get(&mut cx, tenant, payment, false).await.unwrap().external_id.unwrap();
        let pay = Request::post(format!("/test-card/{id}/pay"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from("number=4242424242424242&expiry=12%2F49&cvc=123"))
            .unwrap();
        let answer = self.card.pages().oneshot(pay).await.unwrap();
        assert!(answer.status().is_redirection(), "the card was not taken");
        // Nobody comes back from the page: the webhook alone must do.
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query(sql).fetch_one(&self.pool).await.unwrap().get::<i64, _>(0)
    }
}

/// Prices for all that the carrier sells, where nobody has set them.
async fn prices(pool: &PgPool, carrier: &LocalCarrier) {
    sqlx::query("insert into carriers (key, display_name) values ('local', 'Local carrier') on conflict do nothing")
        .execute(pool)
        .await
        .unwrap();
    for row in carrier.prices().await.unwrap() {
        sqlx::query(
            "insert into price_books (id, carrier, country, number_type, currency, cost_monthly, cost_setup, monthly,
                 setup, inbound_minute, increment_initial, increment_next, effective_from)
             select $1, 'local', $2, $3, 'USD', $4, 0, round($4 * 1.5, 2), 0.5, 0.01, 60, 60, now() - interval '1 day'
             where not exists (select 1 from price_books where carrier = 'local' and country = $2 and number_type = $3)",
        )
        .bind(PriceId::new(1).uuid())
        .bind(&row.country)
        .bind(row.number_type.as_str())
        .bind(row.monthly)
        .execute(pool)
        .await
        .unwrap();
    }
}

#[tokio::main]
async fn main() {
    let (purchases, kills) = (setting("PURCHASES", 20), setting("KILLS", 4).max(1));
    let seed = setting("SEED", rand::rng().random_range(0..1_000_000));
    println!(
        "prove-saga-crash: {purchases} purchases, {kills} kills, seed {seed}, faults {FAULTS}"
    );
    let mut dice = StdRng::seed_from_u64(seed);
    let cluster = std::env::var("DATABASE_URL").expect("DATABASE_URL must name a cluster");
    let mut url: url::Url = cluster.parse().expect("DATABASE_URL is not an address");
    let admin: PgConnectOptions = cluster.parse().unwrap();
    let admin = admin.database("postgres");
    let name = format!("voxlink_proof_{:08x}", rand::rng().random::<u32>());
    let sql = |text: String| sqlx::AssertSqlSafe(text);
    let mut connection = PgConnection::connect_with(&admin).await.expect("no cluster answers");
    sqlx::query(sql(format!("create database {name}"))).execute(&mut connection).await.unwrap();
    url.set_path(&name);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let options = admin.clone().database(&name);
    let data = std::env::temp_dir().join(&name);
    let broken =
        prove(&options, url.to_string(), port, data.clone(), &mut dice, purchases, kills).await;
    sqlx::query(sql(format!("drop database {name} with (force)")))
        .execute(&mut connection)
        .await
        .unwrap();
    if broken.0 {
        println!("the server's log: {}", data.display());
    } else {
        let _ = std::fs::remove_dir_all(&data);
    }
    println!("prove-saga-crash: seed={seed} {}", broken.1);
    if broken.0 {
        std::process::exit(1);
    }
}

/// Buys, kills, waits, compares. True when a promise is broken, and the figures.
async fn prove(
    options: &PgConnectOptions,
    url: String,
    port: u16,
    data: PathBuf,
    dice: &mut StdRng,
    purchases: u64,
    kills: u64,
) -> (bool, String) {
    let lab = Lab::open(options, port, purchases).await;
    let mut server = Server::start(url, port, data).await;
    let began = Instant::now();
    let (mut bought, mut offset, mut killed) = (0, 0u32, 0);
    while bought < purchases || killed < kills {
        let share = (purchases * (killed + 1)).div_ceil(kills).min(purchases);
        while bought < share {
            let count = u32::try_from(dice.random_range(1..=5).min(purchases - bought)).unwrap();
            lab.order(dice, offset, count).await;
            // The carrier sells as we go, which moves what is left: leave a gap.
            offset += count + 5;
            bought += u64::from(count);
        }
        if killed < kills {
            tokio::time::sleep(Duration::from_millis(dice.random_range(0..700))).await;
            server.kill_and_restart().await;
            killed += 1;
        }
    }
    let last = Instant::now();
    let unfinished = "select count(*) from orders where state in ('pending', 'processing')";
    while lab.count(unfinished).await > 0 && last.elapsed() < RECOVERY {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let recovery = last.elapsed();
    let mut broken = false;
    let mut figures = format!(
        "purchases={purchases} orders={} kills={killed} had={} refused={} by_card={} seconds={:.0} recovery={:.1}s",
        lab.count("select count(*) from orders").await,
        lab.count("select count(*) from order_items where step = 'done'").await,
        lab.count("select count(*) from order_items where step = 'released'").await,
        lab.count("select count(*) from orders where payment_kind = 'card'").await,
        began.elapsed().as_secs_f32(),
        recovery.as_secs_f32(),
    );
    for (promise, sql) in PROMISES {
        let found = lab.count(sql).await;
        broken |= found != 0;
        let _ = write!(figures, " {promise}={found}");
    }
    lab.platform.db().close().await;
    (broken, figures)
}

/// What must be nothing.
const PROMISES: &[(&str, &str)] = &[
    ("stuck", "select count(*) from orders where state in ('pending', 'processing')"),
    (
        "bought_unrecorded",
        "select count(*) from local_carrier.owned o where o.released_at is null and not exists (
             select 1 from subscriptions s join inventory i on i.id = s.inventory_id
             where s.state = 'active' and i.carrier_number_id = o.id and i.e164 = o.e164)",
    ),
    (
        "recorded_unbought",
        "select count(*) from subscriptions s join inventory i on i.id = s.inventory_id where not exists (
             select 1 from local_carrier.owned o where o.id = i.carrier_number_id and o.released_at is null)",
    ),
    (
        "bought_twice",
        "select count(*) from (select e164 from local_carrier.purchases group by e164 having count(*) > 1) x",
    ),
    (
        "charged_twice",
        "select count(*) from (select i.id from order_items i
             join journal_entries e on e.reference = 'order_item:oit_' || replace(i.id::text, '-', '') || ':capture'
             group by i.id having count(*) <> 1) x",
    ),
    (
        "charged_without_number",
        "select count(*) from order_items i
         join journal_entries e on e.reference = 'order_item:oit_' || replace(i.id::text, '-', '') || ':capture'
         where i.subscription_id is null",
    ),
    (
        "number_without_charge",
        "select count(*) from order_items i where i.subscription_id is not null and not exists (
             select 1 from journal_entries e
             where e.reference = 'order_item:oit_' || replace(i.id::text, '-', '') || ':capture')",
    ),
    (
        "wrong_charge",
        "select count(*) from orders o where o.charged_minor <> (
             select coalesce(sum(i.total_minor), 0) from order_items i where i.order_id = o.id and i.subscription_id is not null)
             or o.charged_minor + o.released_minor <> o.total_minor",
    ),
    (
        "wrong_card_charge",
        "select count(*) from orders o
         join payments p on p.order_id = o.id
         join test_card.payments t on t.id = p.external_id
         where t.captured_minor <> o.charged_minor or p.captured_minor <> o.charged_minor or t.state = 'authorised'",
    ),
    (
        "held_left",
        "select abs(coalesce(sum(amount_minor), 0))::bigint from journal_postings where account in ('held', 'receivable')",
    ),
    (
        "journal_sum",
        "select count(*) from (select currency from journal_postings group by currency having sum(amount_minor) <> 0) x",
    ),
    ("holds_left", "select count(*) from holds"),
    (
        "broken_audit_chains",
        "select count(*) from tenants t, lateral verify_audit(t.id)",
    ),
];
