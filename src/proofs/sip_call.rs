//! `make prove-sip-call`: a real call over own trunks. Kamailio stands at the edge with the
//! configuration that VoxLink wrote for it; one `sipp` calls a number that was brought in by block
//! and bought in the shop; the published plan decides whom it rings; a second `sipp` answers; and
//! the call is recorded and charged with its length. See `src/PROOFS.md`.
//!
//! `CALLS` and `SECONDS_SPOKEN` come from the environment; `DATABASE_URL` names the cluster.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof: it prints, reads its sizes from the environment and stops at a surprise"
)]

mod lab;

use base64::{Engine, engine::general_purpose::STANDARD};
use lab::{Lab, Scratch, Server, setting};
use sqlx::Row;
use std::{
    net::UdpSocket,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};
use url::Url;
use voxlink_adapters::carriers::clec::Clec;
use voxlink_domain::{
    orders::{self, Checkout, PaymentChoice},
    routing,
};
use voxlink_gateways::{Carrier, SystemClock};
use voxlink_types::{
    E164,
    ids::{CartId, CartItemId, NumberId, TenantId, UserId},
    order::Strategy,
    routing::{Address, Kind, Plan},
};

/// 32 bytes in base64, the same for the server and for the commands.
const SECRET_KEY: &str = "c2lwLWNhbGwtcHJvb2Ytc2lwLWNhbGwtcHJvb2YtMTI=";
/// The number that is called, and one that nobody has.
const NUMBER: &str = "+16175550101";
const NOBODYS: &str = "+16175550109";
/// Whom the plan rings.
const DESK: &str = "+12025550123";

/// A process that ends with the proof.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody has now.
fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A command of VoxLink's own; what it said.
fn voxlink(database: &Url, data: &Path, public: &Url, arguments: &[&str]) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_voxlink"))
        .args(arguments)
        .env("DATABASE_URL", database.as_str())
        .env("PUBLIC_URL", public.as_str())
        .env("DATA_DIR", data)
        .env("SECRET_KEY", SECRET_KEY)
        .output()
        .expect("the binary does not start");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let why = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "voxlink {}: {said}{why}", arguments.join(" "));
    said
}

/// Starts a program; what it says goes to a file.
fn start(program: &str, arguments: &[&str], folder: &Path, name: &str) -> Running {
    let log = std::fs::File::create(folder.join(format!("{name}.log"))).unwrap();
    let child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap_or_else(|e| panic_without(program, &e));
    Running(child)
}

fn panic_without(program: &str, error: &std::io::Error) -> Child {
    println!("{program} does not start ({error}): run make prove-sip-call, which installs it");
    std::process::exit(1)
}

/// Writes a scenario where sipp finds it.
fn scenario(folder: &Path, name: &str, text: &str) -> PathBuf {
    let place = folder.join(format!("{name}.xml"));
    std::fs::write(&place, text).unwrap();
    place
}

/// Buys the number as a customer does; its id once it is in service.
async fn buy(lab: &Lab, clec: &Clec, tenant: TenantId, user: UserId) -> NumberId {
    let number: E164 = NUMBER.parse().unwrap();
    let offer = clec.offer(&number).await.unwrap().expect("the number is for sale");
    let cart = CartId::new(2);
    sqlx::query("insert into carts (id, tenant_id, user_id) values ($1, $2, $3)")
        .bind(cart.uuid())
        .bind(tenant.uuid())
        .bind(user.uuid())
        .execute(&lab.pool)
        .await
        .unwrap();
    let added = sqlx::query(
        "insert into cart_items (id, tenant_id, cart_id, carrier, e164, offer, price_book_id,
             monthly_minor, setup_minor, currency)
         select $1, $2, $3, 'clec', $4, $5, id, round(monthly * 100), round(setup * 100), currency
         from price_books where country = 'US' and number_type = 'local' and carrier = 'clec'
         order by effective_from desc limit 1",
    )
    .bind(CartItemId::new(1).uuid())
    .bind(tenant.uuid())
    .bind(cart.uuid())
    .bind(NUMBER)
    .bind(sqlx::types::Json(&offer))
    .execute(&lab.pool)
    .await
    .unwrap();
    assert_eq!(added.rows_affected(), 1, "own trunks have a price");
    let (payment, strategy) = (PaymentChoice::Credit, Strategy::BestEffort);
    let wish = Checkout { cart, user, payment, expected: None, strategy, source: "cli" };
    let mut cx = lab.platform.work_for(tenant, "proof").await.unwrap();
    orders::checkout(&mut cx, &lab.platform, &wish).await.expect("the order is refused");
    cx.commit().await.unwrap();
    let since = Instant::now();
    loop {
        let found = sqlx::query(
            "select id from subscriptions where tenant_id = $1 and e164 = $2 and state = 'active'",
        )
        .bind(tenant.uuid())
        .bind(NUMBER)
        .fetch_optional(&lab.pool)
        .await
        .unwrap();
        if let Some(row) = found {
            return NumberId::from_uuid(row.get(0));
        }
        assert!(since.elapsed() < Duration::from_mins(1), "the number is not bought");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Rings the desk; where nobody answers, the call ends.
async fn publish(lab: &Lab, tenant: TenantId, number: NumberId) {
    let mut plan = Plan::neutral();
    let desk = plan.add("forward", "UTC").unwrap();
    let node = plan.nodes.get_mut(&desk).unwrap();
    *node.kind.branch_mut("no_answer").unwrap() = Some(voxlink_types::routing::Next::HangUp);
    if let Kind::Forward(forward) = &mut node.kind {
        forward.targets = vec![Address(DESK.to_owned())];
    }
    plan.nodes.retain(|name, _| *name == desk);
    plan.entry = desk;
    let mut cx = lab.platform.work_for(tenant, "proof").await.unwrap();
    routing::save_draft(&mut cx, number, plan, None).await.unwrap();
    routing::publish(&mut cx, number, None).await.unwrap();
    cx.commit().await.unwrap();
}

#[tokio::main]
async fn main() {
    let (calls, spoken) = (setting("CALLS", 5).max(1), setting("SECONDS_SPOKEN", 4).max(1));
    assert_eq!(STANDARD.decode(SECRET_KEY).unwrap().len(), 32);
    let scratch = Scratch::new().await;
    let secret = vec![("SECRET_KEY", SECRET_KEY.to_owned())];
    let mut server = Server::on_free_port(&scratch, secret);
    let (public, data) = (server.address(), scratch.data.join("sip"));
    std::fs::create_dir_all(&data).unwrap();
    let lab = Lab::open(&scratch.options, public.clone(), 10, None).await;
    let (tenant, user) = lab.customer("called", 10_000).await;
    server.begin().await;

    let mut database: Url = std::env::var("DATABASE_URL").unwrap().parse().unwrap();
    database.set_path(scratch.options.get_database().unwrap());
    let run = |arguments: &[&str]| voxlink(&database, &data, &public, arguments);
    let (edge, calling, answering) = (free_port(), free_port(), free_port());
    let (edge_at, calling_at, answering_at) =
        (edge.to_string(), calling.to_string(), answering.to_string());
    run(&["own-numbers", "rate", "--country", "US", "--monthly", "0.10", "--minute", "0.002"]);
    run(&[
        "own-numbers",
        "block",
        "--first",
        "+16175550100",
        "--last",
        "+16175550108",
        "--country",
        "US",
    ]);
    let trunk = |name: &str, port: &str, carries: &str| {
        let at = ["--host", "127.0.0.1", "--port", port, "--carries", carries];
        run(&[&["trunk", "add", "--name", name][..], &at[..]].concat());
    };
    trunk("callers", &calling_at, "inbound");
    trunk("desks", &answering_at, "outbound");
    let at = ["--host", "127.0.0.1", "--port", edge_at.as_str()];
    run(&[&["edge", "add", "--name", "edge-1", "--kind", "kamailio"][..], &at[..]].concat());
    let into = data.to_string_lossy().into_owned();
    run(&["edge", "configuration", "--name", "edge-1", "--into", &into]);

    let clec = Clec::connect(&scratch.options, 2, Arc::new(SystemClock));
    let number = buy(&lab, &clec, tenant, user).await;
    publish(&lab, tenant, number).await;
    // The server follows edges, trunks and plans within a few seconds.
    tokio::time::sleep(Duration::from_secs(5)).await;

    let script = data.join("etc/kamailio/kamailio.cfg").to_string_lossy().into_owned();
    let kamailio = start(
        "kamailio",
        &["-f", &script, "-DD", "-E", "-Y", &into, "-P", &format!("{into}/kamailio.pid")],
        &data,
        "kamailio",
    );
    let desk = scenario(&data, "desk", include_str!("sip/desk.xml"));
    let desk = start(
        "sipp",
        &[
            "-sf",
            &desk.to_string_lossy(),
            "-i",
            "127.0.0.1",
            "-p",
            &answering_at,
            "-nostdin",
            // Answers the OPTIONS of the trunk's test.
            "-aa",
            "-trace_msg",
            "-message_file",
            "desk.messages",
        ],
        &data,
        "desk",
    );
    tokio::time::sleep(Duration::from_secs(2)).await;
    let heard = run(&["trunk", "test", "--name", "desks"]);
    println!("{}", heard.trim());
    let asks = format!("127.0.0.1:{edge}");
    let call = |name: &str, text: &str, to: &str, count: u64| {
        let file = scenario(&data, name, text);
        let log = std::fs::File::create(data.join(format!("{name}.log"))).unwrap();
        let (count, pause) = (count.to_string(), (spoken * 1000).to_string());
        let done = Command::new("sipp")
            .args(["-sf", &file.to_string_lossy(), "-s", to, "-i", "127.0.0.1"])
            .args(["-p", &calling_at, "-m", &count, "-r", "2", "-d", &pause, "-nostdin"])
            .args(["-timeout", "60", "-timeout_error", &asks])
            .current_dir(&data)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .status()
            .unwrap();
        done.success()
    };
    let taken = call("caller", include_str!("sip/caller.xml"), NUMBER, calls);
    let refused = call("stranger", include_str!("sip/stranger.xml"), NOBODYS, 1);
    // The last reports are on their way into the database.
    tokio::time::sleep(Duration::from_secs(3)).await;
    drop((kamailio, desk));

    let rung = std::fs::read_to_string(data.join("desk.messages")).unwrap_or_default();
    let rung = rung.matches(&format!("INVITE sip:{DESK}@")).count();
    let row = sqlx::query(
        "select count(*) as records,
                count(*) filter (where status = 'completed' and to_number = $1 and carrier = 'clec'
                    and from_number = '+12025550199' and configuration_id is not null
                    and duration_seconds between $2 and $2 + 1) as good,
                count(*) filter (where billable_seconds = 60) as charged,
                coalesce(min(duration_seconds), -1) as shortest,
                coalesce(max(duration_seconds), -1) as longest
         from call_records where tenant_id = $3",
    )
    .bind(NUMBER)
    .bind(i32::try_from(spoken).unwrap())
    .bind(tenant.uuid())
    .fetch_one(&lab.pool)
    .await
    .unwrap();
    let usage = lab.count("select count(*) from usage_records where kind = 'voice_minutes'").await;
    let of = |name: &str| row.get::<i64, _>(name);
    let wanted = i64::try_from(calls).unwrap();
    let minute = spoken < 60;
    let broken = !taken
        || !refused
        || rung < usize::try_from(calls).unwrap()
        || of("records") != wanted
        || of("good") != wanted
        || (minute && of("charged") != wanted)
        || usage != wanted;
    let figures = format!(
        "calls={calls} seconds={spoken} taken={taken} stranger_refused={refused} invites_at_desk={rung} \
         records={} good={} charged={} usage={usage} shortest={} longest={}",
        of("records"),
        of("good"),
        of("charged"),
        row.get::<i32, _>("shortest"),
        row.get::<i32, _>("longest"),
    );
    drop(server);
    clec.close().await;
    scratch.conclude("prove-sip-call", broken, &figures).await;
}
