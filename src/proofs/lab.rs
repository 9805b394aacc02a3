//! What the proofs share: a scratch database, the real binary as a process that can be killed, and
//! customers with money. Each proof sees its own copy of this module.

use rand::Rng;
use sqlx::{Connection, PgConnection, PgPool, Row, postgres::PgConnectOptions};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::net::TcpStream;
use url::Url;
use uuid::Uuid;
use voxlink_adapters::carriers::local::{Faults, LocalCarrier};
use voxlink_domain::{Db, Platform, Settings, catalog, db::PoolSizes, platform::Parts};
use voxlink_gateways::{Carrier, PaymentProcessor, SystemClock};
use voxlink_testkit::top_up;
use voxlink_types::ids::{BillingAccountId, TenantId, UserId};

/// A number from the environment.
pub fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// A database of the proof's own, in the cluster of `DATABASE_URL`, and a folder.
pub struct Scratch {
    admin: PgConnectOptions,
    name: String,
    pub options: PgConnectOptions,
    url: Url,
    pub data: PathBuf,
}

impl Scratch {
    pub async fn new() -> Self {
        let cluster = std::env::var("DATABASE_URL").expect("DATABASE_URL must name a cluster");
        Self::within(&cluster).await
    }

    /// The same in the cluster at this address.
    pub async fn within(cluster: &str) -> Self {
        let mut url: Url = cluster.parse().expect("DATABASE_URL is not an address");
        let admin: PgConnectOptions = cluster.parse().unwrap();
        let admin = admin.database("postgres");
        let name = format!("voxlink_proof_{:08x}", rand::rng().random::<u32>());
        url.set_path(&name);
        let (options, data) = (admin.clone().database(&name), std::env::temp_dir().join(&name));
        let scratch = Self { admin, name, options, url, data };
        scratch.order("create database", "").await;
        scratch
    }

    async fn order(&self, verb: &str, how: &str) {
        let mut connection =
            PgConnection::connect_with(&self.admin).await.expect("no cluster answers");
        let sql = sqlx::AssertSqlSafe(format!("{verb} {} {how}", self.name));
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }

    /// Tidies up, prints the last line and ends the process: with 1 when a promise is broken.
    pub async fn conclude(self, proof: &str, broken: bool, figures: &str) -> ! {
        self.order("drop database", "with (force)").await;
        if broken {
            println!("the servers' logs: {}", self.data.display());
        } else {
            let _ = std::fs::remove_dir_all(&self.data);
        }
        println!("{proof}: {figures}");
        std::process::exit(i32::from(broken))
    }
}

/// The real server, as a process that can be killed.
pub struct Server {
    child: Option<Child>,
    pub port: u16,
    database: String,
    data: PathBuf,
    /// Settings of the proof's own, from its next start on.
    pub extra: Vec<(&'static str, String)>,
}

impl Server {
    /// A server to be started on a free port, with settings of the proof's own.
    pub fn on_free_port(scratch: &Scratch, extra: Vec<(&'static str, String)>) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let data = scratch.data.join(port.to_string());
        std::fs::create_dir_all(&data).unwrap();
        let database = scratch.url.to_string();
        Self { child: None, port, database, data, extra }
    }

    pub fn address(&self) -> Url {
        format!("http://127.0.0.1:{}", self.port).parse().unwrap()
    }

    /// Starts it and waits until it listens.
    pub async fn begin(&mut self) {
        let log = self.data.join("log");
        let out = std::fs::File::options().create(true).append(true).open(&log).unwrap();
        // A server refuses to start without a style sheet; nobody looks at this one.
        let site = self.data.join("site");
        std::fs::create_dir_all(site.join("pkg")).unwrap();
        std::fs::write(site.join("pkg/voxlink.css"), "").unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_voxlink"))
            .env("SITE_DIR", site)
            .env("DATABASE_URL", &self.database)
            .env("LISTEN", format!("127.0.0.1:{}", self.port))
            .env("PUBLIC_URL", self.address().as_str())
            .env("DATA_DIR", &self.data)
            .envs(self.extra.clone())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .stdin(Stdio::null())
            .spawn()
            .expect("the server does not start");
        let child = self.child.insert(child);
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            let gone = child.try_wait().unwrap();
            let late = since.elapsed() > Duration::from_mins(1);
            assert!(gone.is_none() && !late, "no server ({gone:?}): see {}", log.display());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The domain over the scratch database, as the proof itself uses it.
pub struct Lab {
    pub platform: Platform,
    pub pool: PgPool,
}

impl Lab {
    /// Migrates, makes a catalogue of `numbers` at a local carrier without faults, and prices.
    pub async fn open(
        options: &PgConnectOptions,
        public_url: Url,
        numbers: u64,
        processor: Option<Arc<dyn PaymentProcessor>>,
    ) -> Self {
        let clock = Arc::new(SystemClock);
        let db = Db::connect(options, PoolSizes::default());
        db.migrate().await.expect("the migrations do not apply");
        let pool = db.owner.clone();
        let carrier = LocalCarrier::connect(options, 4, clock.clone(), Faults::default());
        carrier.generate(numbers, 1, |_| ()).await.expect("no numbers");
        let platform = Platform::new(Parts {
            db,
            clock,
            carriers: BTreeMap::from([(carrier.key(), Arc::new(carrier) as Arc<dyn Carrier>)]),
            switchboards: BTreeMap::new(),
            processors: processor.into_iter().map(|p| (p.key(), p)).collect(),
            mailer: Arc::new(voxlink_adapters::mail::NoMail),
            own: None,
            settings: Settings {
                public_url,
                hold_minutes: 15,
                release_grace_days: 10,
                search_deadline: Duration::from_secs(5),
                suspension_message: String::new(),
            },
        });
        catalog::refresh_prices(&platform).await.unwrap();
        Self { platform, pool }
    }

    /// A customer with that much credit in US cents, without the cost of a password.
    pub async fn customer(&self, name: &str, credit: i64) -> (TenantId, UserId) {
        let (tenant, user) = (TenantId::new(1), UserId::new(1));
        let run = async |sql: &'static str, ids: &[Uuid]| {
            let query = ids.iter().fold(sqlx::query(sql), |q, id| q.bind(*id));
            query.bind(name).execute(&self.pool).await.unwrap();
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
        top_up(&self.platform, tenant, credit).await;
        (tenant, user)
    }

    /// The one number that a query gives.
    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query(sql).fetch_one(&self.pool).await.unwrap().get::<i64, _>(0)
    }
}
