//! R1: numbers are bought while the server is killed (`kill -9`) at random moments and the carrier
//! fails, refuses and loses answers; some orders want all of their numbers or at least so many, and
//! give back what they had when too few could be had. Afterwards three books are compared: ours of numbers, the
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

mod lab;

use axum::{body::Body, http::Request};
use lab::{Scratch, Server, setting};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::{
    fmt::Write,
    sync::Arc,
    time::{Duration, Instant},
};
use tower::ServiceExt;
use voxlink_adapters::payments::test_card::TestCard;
use voxlink_domain::{
    billing::payments,
    orders::{self, Checkout, PaymentChoice},
};
use voxlink_gateways::{PaymentProcessor, SystemClock, carrier::SearchQuery};
use voxlink_types::{
    ids::{CartId, CartItemId, TenantId, UserId},
    order::Strategy,
};

const FAULTS: &str = "fail=0.15,refuse=0.10,lose_answer=0.25";
/// An order may take this long after the last kill.
const RECOVERY: Duration = Duration::from_mins(1);

/// Buyers in a lab.
struct Shop {
    lab: lab::Lab,
    card: TestCard,
    customers: Vec<(TenantId, UserId)>,
}

impl Shop {
    /// Places an order for numbers from `offset` of the catalogue on, a quarter of them by card.
    async fn order(&self, dice: &mut StdRng, offset: u32, count: u32) {
        let (tenant, user) = self.customers[dice.random_range(0..self.customers.len())];
        let carrier = self.lab.platform.carrier("local").unwrap();
        let query = SearchQuery {
            country: "US".to_owned(),
            offset,
            limit: count,
            ..SearchQuery::default()
        };
        let offers = carrier.search(&query).await.unwrap().offers;
        let cart = CartId::new(2);
        sqlx::query("insert into carts (id, tenant_id, user_id) values ($1, $2, $3)")
            .bind(cart.uuid())
            .bind(tenant.uuid())
            .bind(user.uuid())
            .execute(&self.lab.pool)
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
            .execute(&self.lab.pool)
            .await
            .unwrap();
        }
        let by_card = dice.random_ratio(1, 4);
        let payment = if by_card {
            PaymentChoice::Card { processor: self.card.key().to_owned() }
        } else {
            PaymentChoice::Credit
        };
        let strategy = strategy(dice, count);
        let wish = Checkout { cart, user, payment, expected: None, strategy, source: "cli" };
        let mut cx = self.lab.platform.work_for(tenant, "proof").await.unwrap();
        let placed = orders::checkout(&mut cx, &wish).await.expect("an order is refused");
        cx.commit().await.unwrap();
        let Some(payment) = placed.payment else { return };
        payments::open(&self.lab.platform, tenant, payment).await.unwrap();
        let mut cx = self.lab.platform.work_for(tenant, "proof").await.unwrap();
        let id = payments::get(&mut cx, tenant, payment, false).await.unwrap().external_id.unwrap();
        let pay = Request::post(format!("/test-card/{id}/pay"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from("number=4242424242424242&expiry=12%2F49&cvc=123"))
            .unwrap();
        let answer = self.card.pages().oneshot(pay).await.unwrap();
        assert!(answer.status().is_redirection(), "the card was not taken");
        // Nobody comes back from the page: the webhook alone must do.
    }
}

/// What the buyer wants when not all of `count` numbers can be had.
fn strategy(dice: &mut StdRng, count: u32) -> Strategy {
    match dice.random_range(0..3) {
        0 => Strategy::BestEffort,
        1 => Strategy::AllOrNothing,
        _ => Strategy::AtLeast(dice.random_range(1..=u16::try_from(count).unwrap())),
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
    let scratch = Scratch::new().await;
    let (broken, figures) = prove(&scratch, &mut dice, purchases, kills).await;
    let figures = format!("seed={seed} {figures}");
    scratch.conclude("prove-saga-crash", broken, &figures).await;
}

/// Buys, kills, waits, compares. True when a promise is broken, and the figures.
async fn prove(scratch: &Scratch, dice: &mut StdRng, purchases: u64, kills: u64) -> (bool, String) {
    let misbehave = [("LOCAL_CARRIER_FAULTS", FAULTS), ("TEST_CARD", "on")];
    let mut server = Server::on_free_port(scratch, &misbehave);
    let address = server.address();
    let card =
        TestCard::connect(&scratch.options, Arc::new(SystemClock), &address, &address).unwrap();
    let processor = Some(Arc::new(card.clone()) as Arc<dyn PaymentProcessor>);
    let lab = lab::Lab::open(&scratch.options, address, 20_000, processor).await;
    let mut customers = Vec::new();
    for n in 0..(purchases / 20).clamp(2, 20) {
        customers.push(lab.customer(&format!("buyer-{n}"), 1_000_000).await);
    }
    let shop = Shop { lab, card, customers };
    server.begin().await;
    let began = Instant::now();
    let (mut bought, mut offset, mut killed) = (0, 0u32, 0);
    while bought < purchases || killed < kills {
        let share = (purchases * (killed + 1)).div_ceil(kills).min(purchases);
        while bought < share {
            let count = u32::try_from(dice.random_range(1..=5).min(purchases - bought)).unwrap();
            shop.order(dice, offset, count).await;
            // The carrier sells as we go, which moves what is left: leave a gap.
            offset += count + 5;
            bought += u64::from(count);
        }
        if killed < kills {
            tokio::time::sleep(Duration::from_millis(dice.random_range(0..700))).await;
            server.kill();
            server.begin().await;
            killed += 1;
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
    let mut broken = false;
    let mut figures = format!(
        "purchases={purchases} orders={} kills={killed} had={} refused={} given_back={} by_card={} best_effort={} all_or_nothing={} at_least={} seconds={:.0} recovery={:.1}s",
        shop.lab.count("select count(*) from orders").await,
        shop.lab.count("select count(*) from order_items where step = 'done'").await,
        shop.lab.count("select count(*) from order_items where step = 'released'").await,
        shop.lab.count("select count(*) from order_items where failure_code = 'given_back'").await,
        shop.lab.count("select count(*) from orders where payment_kind = 'card'").await,
        shop.lab.count("select count(*) from orders where strategy = 'best_effort'").await,
        shop.lab.count("select count(*) from orders where strategy = 'all_or_nothing'").await,
        shop.lab.count("select count(*) from orders where strategy = 'at_least'").await,
        began.elapsed().as_secs_f32(),
        recovery.as_secs_f32(),
    );
    for (promise, sql) in PROMISES {
        let found = shop.lab.count(sql).await;
        broken |= found != 0;
        let _ = write!(figures, " {promise}={found}");
    }
    shop.lab.platform.db().close().await;
    (broken, figures)
}

/// What must be nothing.
const PROMISES: &[(&str, &str)] = &[
    ("stuck", "select count(*) from orders where state in ('pending', 'processing')"),
    (
        "give_backs_left",
        "select count(*) from queued_jobs() where task = 'order_give_back'",
    ),
    (
        "not_given_back",
        "select count(*) from order_items i where i.failure_code = 'given_back' and not exists (
             select 1 from local_carrier.owned o where o.id = i.carrier_number_id and o.released_at is not null)",
    ),
    (
        "strategy_unmet",
        "select count(*) from orders o, lateral (
             select count(*) as wanted, count(i.subscription_id) as had
             from order_items i where i.order_id = o.id) n
         where o.strategy <> 'best_effort' and n.had > 0
           and n.had < coalesce(o.strategy_minimum, n.wanted)",
    ),
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
