//! `make prove-voice-without-database`: PostgreSQL is stopped hard while calls come in, the server
//! is killed and started again without it, and PostgreSQL comes back. Every call is answered by
//! the published plan all the while, and is recorded and charged once afterwards. See
//! `src/PROOFS.md`.
//!
//! `SECONDS_DOWN`, `CALLERS`, `ROUNDS` and `SEED` come from the environment.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof: it prints, reads its sizes from the environment and stops at a surprise"
)]

#[path = "voice/callers.rs"]
mod callers;
#[path = "voice/cluster.rs"]
mod cluster;

use callers::{Dialled, Line, SECRET, caller, get, post};
use cluster::{Cluster, free_port};
use sqlx::Row;
use std::{
    fmt::Write,
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use voxlink_domain::routing;
use voxlink_testkit::{Outside, TestDatabase, TestPlatform};
use voxlink_types::{
    ids::{NumberId, TenantId},
    routing::{Address, Kind, Next, Plan},
};

const NUMBERS: u32 = 20;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// The real server, as a process that can be killed.
struct Server {
    child: Child,
    port: u16,
    database: String,
    data: PathBuf,
}

impl Server {
    fn spawn(port: u16, database: &str, data: &Path) -> Child {
        std::fs::create_dir_all(data).unwrap();
        let log =
            std::fs::File::options().create(true).append(true).open(data.join("log")).unwrap();
        // A server refuses to start without a style sheet; nobody looks at this one.
        let site = data.join("site");
        std::fs::create_dir_all(site.join("pkg")).unwrap();
        std::fs::write(site.join("pkg/voxlink.css"), "").unwrap();
        Command::new(env!("CARGO_BIN_EXE_voxlink"))
            .env("SITE_DIR", site)
            .env("DATABASE_URL", database)
            .env("LISTEN", format!("127.0.0.1:{port}"))
            .env("PUBLIC_URL", format!("http://127.0.0.1:{port}"))
            .env("LOCAL_CARRIER_SECRET", SECRET)
            .env("DATA_DIR", data)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .expect("the server does not start")
    }

    async fn start(database: String, data: PathBuf) -> Self {
        let port = free_port();
        let server = Self { child: Self::spawn(port, &database, &data), port, database, data };
        server.becomes("/health/ready", 200, 60).await;
        server
    }

    /// SIGKILL, and a new one; how long until it hears.
    async fn kill_and_restart(&mut self) -> Duration {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let since = Instant::now();
        self.child = Self::spawn(self.port, &self.database, &self.data);
        self.becomes("/health/live", 200, 60).await;
        since.elapsed()
    }

    /// Waits for an answer; how long it took.
    async fn becomes(&self, path: &str, wanted: u16, seconds: u64) -> Duration {
        let since = Instant::now();
        while get(self.port, path).await.is_none_or(|(status, _)| status != wanted) {
            assert!(
                since.elapsed() < Duration::from_secs(seconds),
                "{path} does not become {wanted}: see {}",
                self.data.join("log").display()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        since.elapsed()
    }

    fn waiting(&self) -> usize {
        let files = std::fs::read_dir(self.data.join("calls")).into_iter().flatten().flatten();
        files.filter(|f| f.path().extension().is_some_and(|e| e == "jsonl")).count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Rings `target`, then takes a message.
async fn publish(test: &TestPlatform, tenant: TenantId, number: NumberId, target: &str) {
    let mut plan = Plan::neutral();
    let mail = Next::Node(plan.entry.clone());
    let desk = plan.add("forward", "UTC").unwrap();
    *plan.nodes.get_mut(&desk).unwrap().kind.branch_mut("no_answer").unwrap() = Some(mail);
    if let Kind::Forward(forward) = &mut plan.nodes.get_mut(&desk).unwrap().kind {
        forward.targets = vec![Address(target.to_owned())];
    }
    plan.entry = desk;
    let mut cx = test.platform.work_for(tenant, "proof").await.unwrap();
    routing::save_draft(&mut cx, number, plan, None).await.unwrap();
    routing::publish(&mut cx, number, None).await.unwrap();
    cx.commit().await.unwrap();
}

#[tokio::main]
async fn main() -> ExitCode {
    let home = std::env::temp_dir().join(format!("voxlink-proof-{:08x}", rand::random::<u32>()));
    let cluster = Cluster::make(&home.join("postgres"));
    let (broken, figures) = prove(&cluster, &home.join("server")).await;
    drop(cluster);
    if broken {
        println!("the server's log and data: {}", home.display());
    } else {
        let _ = std::fs::remove_dir_all(&home);
    }
    println!("prove-voice-without-database: {figures}");
    if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// True when a promise is broken, and the figures.
async fn prove(cluster: &Cluster, data: &Path) -> (bool, String) {
    let seconds = Duration::from_secs(setting("SECONDS_DOWN", 30).max(2));
    let (count, rounds, seed) =
        (setting("CALLERS", 16), setting("ROUNDS", 1).max(1), setting("SEED", rand::random()));
    let database = TestDatabase::on(&cluster.options()).await;
    let address = cluster.url_of(&database.name);
    let test = TestPlatform::on(database, Outside::default());
    let (tenant, _) = test.tenant("Called").await;
    let (mut numbers, mut ids) = (Vec::new(), Vec::new());
    for n in 0..NUMBERS {
        let number = format!("+1617555{:04}", 100 + n);
        let target = format!("+1202555{:04}", 100 + n);
        let id = test.number(tenant, &number).await;
        publish(&test, tenant, id, &target).await;
        numbers.push(Dialled { number, target });
        ids.push(id);
    }
    let mut server = Server::start(address, data.to_owned()).await;
    let line = Arc::new(Line { port: server.port, ..Line::default() });
    let numbers = Arc::new(numbers);
    let calling: Vec<_> = (0..count)
        .map(|n| tokio::spawn(caller(Arc::clone(&line), Arc::clone(&numbers), seed ^ n)))
        .collect();

    let (mut unready, mut ready, mut restart, mut kept) =
        <(Duration, Duration, Duration, usize)>::default();
    let mut dead = 0;
    for _ in 0..rounds {
        tokio::time::sleep(Duration::from_secs(3)).await;
        cluster.stop_at_once();
        line.down.store(true, Ordering::Relaxed);
        unready = unready.max(server.becomes("/health/ready", 503, 10).await);
        let until = Instant::now() + seconds;
        while Instant::now() < until {
            dead += u64::from(get(server.port, "/health/live").await.is_none_or(|a| a.0 != 200));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        kept = kept.max(server.waiting());
        line.excused.store(true, Ordering::Relaxed);
        restart = restart.max(server.kill_and_restart().await);
        line.excused.store(false, Ordering::Relaxed);
        tokio::time::sleep(seconds / 2).await;
        cluster.start();
        line.down.store(false, Ordering::Relaxed);
        ready = ready.max(server.becomes("/health/ready", 200, 30).await);
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    line.stop.store(true, Ordering::Relaxed);
    for one in calling {
        one.await.unwrap();
    }
    let caught_up = caught_up(&server).await;
    let followed = change(&test, tenant, ids[0], &server, &numbers[0]).await;

    let mut broken = server.waiting() > 0 || kept == 0 || dead > 0 || followed.is_none();
    let mut figures = format!(
        "seed={seed} callers={count} rounds={rounds} calls={}",
        line.calls.load(Ordering::Relaxed)
    );
    for (name, times) in [("with", &line.up), ("without", &line.without)] {
        let mut times = times.lock().unwrap().clone();
        times.sort_unstable();
        broken |= times.is_empty();
        let at = |share: usize| {
            times.get((times.len() * share / 1000).min(times.len().saturating_sub(1)))
        };
        let ms = |micros: Option<&u64>| {
            f64::from(u32::try_from(*micros.unwrap_or(&0)).unwrap()) / 1000.0
        };
        write!(
            figures,
            " answers_{name}={} p50_ms={:.1} p99_ms={:.1} max_ms={:.1}",
            times.len(),
            ms(at(500)),
            ms(at(990)),
            ms(times.last())
        )
        .unwrap();
    }
    let wrong = line.wrong.lock().unwrap().clone();
    for one in wrong.iter().take(5) {
        println!("wrong: {one}");
    }
    write!(
        figures,
        " wrong_answers={} live_failed={dead} unready_after_ms={} ready_after_ms={} answering_after_kill_ms={} \
         batches_kept={kept} told_again={} longest_told_ms={} caught_up_ms={} followed_ms={}",
        wrong.len(),
        unready.as_millis(),
        ready.as_millis(),
        restart.as_millis(),
        line.again.load(Ordering::Relaxed),
        line.longest_told.load(Ordering::Relaxed) / 1000,
        caught_up.as_millis(),
        followed.map_or(-1, |f| i64::try_from(f.as_millis()).unwrap())
    )
    .unwrap();
    let (unlike, books) = compare(&test, &line, &server).await;
    (broken || !wrong.is_empty() || unlike, format!("{figures} {books}"))
}

/// Waits until nothing waits on disk, as long as it gets less; how long it took.
async fn caught_up(server: &Server) -> Duration {
    let since = Instant::now();
    let (mut least, mut progress) = (usize::MAX, Instant::now());
    while progress.elapsed() < Duration::from_secs(30) {
        let waiting = server.waiting();
        if waiting == 0 {
            break;
        }
        if waiting < least {
            (least, progress) = (waiting, Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    since.elapsed()
}

/// Publishes another plan: how long until it is the one that answers.
async fn change(
    test: &TestPlatform,
    tenant: TenantId,
    id: NumberId,
    server: &Server,
    called: &Dialled,
) -> Option<Duration> {
    publish(test, tenant, id, "+12025550199").await;
    let since = Instant::now();
    let form = [("CallSid", "CA-last"), ("To", called.number.as_str())];
    let form = form.map(|(k, v)| (k.to_owned(), v.to_owned()));
    while since.elapsed() < Duration::from_secs(5) {
        let answer = post(server.port, "/callbacks/local/voice", &form).await;
        if answer.is_some_and(|(_, text)| text.contains("+12025550199")) {
            return Some(since.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    None
}

/// Compares what the carrier told with what was recorded and charged; true when they differ.
async fn compare(test: &TestPlatform, line: &Line, server: &Server) -> (bool, String) {
    let told = line.told.lock().unwrap().clone();
    let pool = &test.platform.db().owner;
    let ids: Vec<&str> = told.iter().map(|t| t.id.as_str()).collect();
    let numbers: Vec<&str> = told.iter().map(|t| t.to.as_str()).collect();
    let lengths: Vec<i32> = told.iter().map(|t| i32::try_from(t.seconds).unwrap()).collect();
    let row = sqlx::query(
        "with told as (
             select * from unnest($1::text[], $2::text[], $3::int[]) as t (id, number, seconds)),
         recorded as (
             select t.id, t.seconds, count(r.id) as records,
                    count(*) filter (where r.status = 'completed' and r.duration_seconds = t.seconds
                                     and r.to_number = t.number) as good,
                    count(*) filter (where r.decision is null) as unheard,
                    sum(r.billable_seconds) as billed
             from told t left join call_records r on r.carrier_call_id = t.id
             group by t.id, t.seconds)
         select count(*) filter (where records = 0) as lost,
                count(*) filter (where records > 1) as doubled,
                count(*) filter (where records = 1 and good = 0) as wrong,
                count(*) filter (where unheard > 0) as unheard,
                count(*) filter (where billed is distinct from ceil(seconds / 60.0) * 60) as misbilled,
                (select count(*) from usage_records where kind = 'voice_minutes') - count(*) as usage_off,
                (select count(*) from call_records where carrier_call_id <> 'CA-last') - count(*) as records_off
         from recorded",
    )
    .bind(&ids)
    .bind(&numbers)
    .bind(&lengths)
    .fetch_one(pool)
    .await
    .unwrap();
    let refused = std::fs::read_dir(server.data.join("calls")).unwrap().flatten();
    let refused = refused.filter(|f| f.path().extension().is_some_and(|e| e == "refused")).count();
    let mut unlike = refused > 0 || told.is_empty();
    let mut figures = format!("told={} refused={refused}", told.len());
    for name in ["lost", "doubled", "wrong", "misbilled", "usage_off", "records_off"] {
        let n: i64 = row.get(name);
        unlike |= n != 0;
        write!(figures, " {name}={n}").unwrap();
    }
    // Not promised: the way through the plan of calls in hand when the server was killed.
    write!(figures, " paths_lost={}", row.get::<i64, _>("unheard")).unwrap();
    (unlike, figures)
}
