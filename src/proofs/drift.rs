//! R9: a carrier's books are changed behind our back, and the audit finds every change, of the
//! right kind, and nothing else; mending is done once however often it is asked for. See
//! `src/PROOFS.md`.
//!
//! `NUMBERS`, `DRIFTED` and `SEED` come from the environment; `DATABASE_URL` names the cluster.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a proof: it prints, reads its sizes from the environment and stops at a surprise"
)]

use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Instant,
};
use voxlink_domain::{
    inventory::{self, AuditWish, Drift, DriftFilter, DriftKind, InventoryError, Remedy, Report},
    numbers::settings_for,
};
use voxlink_gateways::{
    carrier::fake::{FakeCarrier, Meddling},
    fault::Script,
};
use voxlink_testkit::{Outside, TestPlatform};
use voxlink_types::{
    E164, PageRequest,
    ids::{InventoryAuditId, PriceId, TenantId},
};

/// A size from the environment.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The `n`-th number: area codes 201 to 209, then 301 to 309 and so on, eight million each.
fn number(n: u64) -> E164 {
    let (area, line) = (n / 8_000_000, n % 8_000_000);
    format!("+1{}0{}{:07}", 2 + area / 9, 1 + area % 9, 2_000_000 + line).parse().unwrap()
}

type Differences = BTreeSet<(String, DriftKind)>;

struct Lab {
    test: TestPlatform,
    carrier: FakeCarrier,
    tenants: Vec<TenantId>,
}

impl Lab {
    /// So many numbers of three tenants, written down here and in the carrier's books alike.
    async fn open(numbers: u64) -> Self {
        let carrier = FakeCarrier::new([], Script::calm());
        let outside = Outside { carriers: vec![Arc::new(carrier.clone())], ..Outside::default() };
        let test = TestPlatform::with(outside).await;
        let mut tenants = Vec::new();
        for name in ["One", "Two", "Three"] {
            tenants.push(test.tenant(name).await.0);
        }
        let lab = Self { test, carrier, tenants };
        let settings = settings_for(lab.test.platform.settings(), FakeCarrier::KEY, "");
        lab.carrier.own((0..numbers).map(number), &settings);
        lab.record().await;
        lab
    }

    /// Writes down what the carrier has.
    async fn record(&self) {
        let pool = &self.test.platform.db().owner;
        let price = PriceId::new(1).uuid();
        sqlx::query("insert into carriers (key, display_name) values ('fake', 'Fake carrier')")
            .execute(pool)
            .await
            .unwrap();
        sqlx::query(
            "insert into price_books (id, carrier, country, number_type, currency, cost_monthly, cost_setup,
                 cost_inbound_minute, monthly, setup, inbound_minute, increment_initial, increment_next, effective_from)
             values ($1, 'fake', 'US', 'local', 'USD', 0.65, 0, 0.0035, 1, 0, 0.01, 60, 60, '2026-01-01')",
        )
        .bind(price)
        .execute(pool)
        .await
        .unwrap();
        let sales = self.carrier.sales();
        let tenants: Vec<_> = self.tenants.iter().map(|t| t.uuid()).collect();
        for chunk in sales.chunks(10_000) {
            let e164: Vec<String> = chunk.iter().map(|s| s.number.to_string()).collect();
            let ids: Vec<String> = chunk.iter().map(|s| s.carrier_number_id.clone()).collect();
            sqlx::query(
                "with sold as (
                     insert into inventory (id, carrier, e164, country, number_type, capabilities, carrier_number_id, state)
                     select gen_random_uuid(), 'fake', n.e164, 'US', 'local', array['voice'], n.id, 'sold'
                     from unnest($1::text[], $2::text[]) n (e164, id)
                     returning id, e164
                 )
                 insert into subscriptions (id, tenant_id, inventory_id, e164, state, time_zone, currency, monthly, setup,
                     inbound_minute, increment_initial, increment_next, price_book_id, started_at)
                 select gen_random_uuid(), ($3::uuid[])[1 + (row_number() over ())::int % array_length($3::uuid[], 1)],
                     id, e164, 'active', 'UTC', 'USD', 1, 0, 0.01, 60, 60, $4, '2026-11-01'
                 from sold",
            )
            .bind(&e164)
            .bind(&ids)
            .bind(&tenants)
            .bind(price)
            .execute(pool)
            .await
            .unwrap();
        }
    }

    /// Changes so many numbers behind our back, by turns in four ways, and the price; what must be
    /// found.
    async fn meddle(&self, dice: &mut StdRng, numbers: u64, drifted: u64) -> Differences {
        let mut all: Vec<u64> = (0..numbers).collect();
        all.shuffle(dice);
        let mut expected = Differences::new();
        let mut slipped = Vec::new();
        for (turn, &n) in (1u64..drifted).zip(&all) {
            let known = number(n);
            let kind = match turn % 4 {
                0 => {
                    self.carrier.meddle(&known, &Meddling::Lose);
                    DriftKind::MissingThere
                }
                1 => {
                    self.carrier.meddle(&known, &Meddling::Silence);
                    DriftKind::Status
                }
                2 => {
                    let elsewhere = format!("https://elsewhere.test/{}", dice.random::<u32>());
                    self.carrier.meddle(&known, &Meddling::Redirect(elsewhere));
                    DriftKind::Callbacks
                }
                _ => {
                    let stranger = number(numbers + n);
                    expected.insert((stranger.to_string(), DriftKind::MissingHere));
                    slipped.push(stranger);
                    continue;
                }
            };
            expected.insert((known.to_string(), kind));
        }
        let settings = settings_for(self.test.platform.settings(), FakeCarrier::KEY, "");
        self.carrier.own(slipped, &settings);
        if drifted > 0 {
            sqlx::query("update price_books set cost_monthly = 0.5 where carrier = 'fake'")
                .execute(&self.test.platform.db().owner)
                .await
                .unwrap();
            expected.insert(("US local".to_owned(), DriftKind::Price));
        }
        expected
    }

    async fn audit(&self) -> Report {
        let wish = AuditWish { carrier: FakeCarrier::KEY.to_owned(), tenant: None, by: "proof" };
        inventory::audit(&self.test.platform, &wish).await.unwrap()
    }

    /// The differences that wait, from the database.
    async fn open_rows(&self, audit: InventoryAuditId) -> Vec<Drift> {
        let mut cx = self.test.platform.work("proof").await.unwrap();
        inventory::open_of_audit(&mut cx, audit).await.unwrap()
    }

    /// Settles what is left for a person, by turns adopted and given back; how many could not be.
    async fn decide(&self, rows: &[Drift]) -> u64 {
        let mut failed = 0;
        for (turn, drift) in rows.iter().enumerate() {
            let remedy = if turn % 2 == 0 { Remedy::Adopt } else { Remedy::GiveBack };
            let holder = self.tenants.get(turn % self.tenants.len()).copied();
            let mut cx = self.test.platform.work("proof").await.unwrap();
            let done: Result<(), InventoryError> =
                inventory::apply(&mut cx, &self.test.platform, drift.id, remedy, holder).await;
            match done {
                Ok(()) => cx.commit().await.unwrap(),
                Err(error) => {
                    println!("{}: {error}", drift.subject);
                    failed += 1;
                }
            }
        }
        failed
    }

    /// All that stands in the books of both sides, as a few counts: equal before and after what
    /// must change nothing.
    async fn figures(&self) -> (Vec<(String, i64)>, usize, usize) {
        let counts = sqlx::query_as(
            "select state, count(*) from subscriptions group by state
             union all select 'inventory ' || at_carrier, count(*) from inventory group by at_carrier
             union all select 'drift ' || state, count(*) from inventory_drift group by state
             union all select 'events', count(*) from number_events
             union all select 'prices', count(*) from price_books
             order by 1",
        );
        let counts = counts.fetch_all(&self.test.platform.db().owner).await.unwrap();
        let sales = self.carrier.sales();
        let ours = sales.iter().filter(|sale| !sale.released).count();
        (counts, sales.len(), ours)
    }
}

fn told(report: &Report) -> Differences {
    report.differences.iter().map(|d| (d.subject.to_string(), d.kind)).collect()
}

#[tokio::main]
async fn main() {
    let (numbers, drifted) = (setting("NUMBERS", 100_000), setting("DRIFTED", 500));
    let seed = setting("SEED", rand::rng().random_range(0..1_000_000));
    println!("prove-drift: {drifted} of {numbers} numbers drift, seed {seed}");
    let mut dice = StdRng::seed_from_u64(seed);
    let lab = Lab::open(numbers).await;

    // Books that agree have no differences.
    let agreed = lab.audit().await.differences.len();

    let expected = lab.meddle(&mut dice, numbers, drifted).await;
    let began = Instant::now();
    let report = lab.audit().await;
    let seconds = began.elapsed().as_secs_f32();
    let found = told(&report);
    let right = found.intersection(&expected).count();
    let missed = expected.difference(&found).count();
    let wrong = found.difference(&expected).count();
    let doubled = report.differences.len() - found.len();
    let rows = lab.open_rows(report.audit).await;
    let unwritten = expected.len().abs_diff(rows.len());
    // Seen again, nothing is written twice.
    let again = lab.audit().await;
    let twice = lab.open_rows(again.audit).await.len().abs_diff(rows.len());
    let mut kinds: BTreeMap<DriftKind, usize> = BTreeMap::new();
    for (_, kind) in &found {
        *kinds.entry(*kind).or_default() += 1;
    }

    // Mended: what there is one way for at once, the rest by decision.
    let fixed = inventory::fix(&lab.test.platform, again.audit, "proof").await.unwrap();
    let left = lab.open_rows(again.audit).await;
    let undecided = lab.decide(&left).await;
    lab.test.run_jobs().await;
    let remaining = lab.audit().await.differences.len();

    // Once more, from the same plan and from a new one: nothing moves.
    let before = lab.figures().await;
    let repeated = inventory::fix(&lab.test.platform, again.audit, "proof").await.unwrap();
    let fresh = lab.audit().await;
    let once_more = inventory::fix(&lab.test.platform, fresh.audit, "proof").await.unwrap();
    lab.test.run_jobs().await;
    let moved = usize::from(before != lab.figures().await)
        + repeated.done
        + once_more.done
        + fresh.differences.len();

    // No stranger was left on the list of what waits.
    let mut cx = lab.test.platform.work("proof").await.unwrap();
    let waiting = inventory::drift(&mut cx, &DriftFilter::default(), PageRequest::default()).await;
    let waiting = waiting.unwrap().total;
    drop(cx);
    let kinds: Vec<String> = kinds.iter().map(|(kind, n)| format!("{kind}={n}")).collect();
    println!(
        "prove-drift: seed={seed} numbers={numbers} drifted={drifted} found={right} {} missed={missed} false={wrong} \
         doubled={doubled} false_when_agreed={agreed} unwritten={unwritten} written_twice={twice} mended={} \
         stuck={} undecided={undecided} remaining={remaining} waiting={waiting} moved_again={moved} seconds={seconds:.1}",
        kinds.join(" "),
        fixed.done,
        fixed.waiting.len(),
    );
    let bad = agreed + missed + wrong + doubled + unwritten + twice + remaining + moved;
    let broken = bad > 0
        || right != usize::try_from(drifted).unwrap()
        || !fixed.waiting.is_empty()
        || undecided > 0
        || waiting > 0;
    lab.test.platform.db().close().await;
    std::process::exit(i32::from(broken))
}
