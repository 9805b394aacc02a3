//! The price book: what each carrier charges us, times our mark-up, from an instant on. A change
//! closes the old row and opens a new one; nothing that was ever sold by is rewritten.

use crate::{
    Fault, Platform,
    jobs::{Job, JobError},
};
use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use voxlink_gateways::{Carrier, carrier::PriceRow};
use voxlink_types::{
    Currency, Money,
    ids::PriceId,
    number::{NumberType, Requirement},
};

/// What a carrier's price is multiplied with, unless its settings say otherwise.
const MARK_UP: Decimal = Decimal::from_parts(15, 0, 0, false, 1);

/// A price in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Its row in the book.
    pub id: PriceId,
    /// The carrier.
    pub carrier: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The kind.
    pub number_type: NumberType,
    /// A month.
    pub monthly: Money,
    /// Once.
    pub setup: Money,
    /// A minute of an incoming call, exactly.
    pub inbound_minute: Decimal,
    /// Billing increments in seconds: first and next.
    pub increments: (i32, i32),
    /// What must be shown first.
    pub requirement: Requirement,
}

/// The daily job that brings the price book up to date.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct RefreshPrices {}

impl Job for RefreshPrices {
    const TASK: &'static str = "catalog.refresh_prices";

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        refresh_prices(platform).await.map(drop).map_err(JobError::retry)
    }
}

/// Every price in force.
pub async fn current_prices(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vec<Price>, Fault> {
    let rows = sqlx::query!(
        r#"select id as "id: PriceId", carrier, country, number_type as "number_type: NumberType",
                  currency as "currency: Currency", monthly, setup, inbound_minute,
                  increment_initial, increment_next, requirement as "requirement: Requirement"
           from price_books
           where effective_from <= $1 and (effective_to is null or effective_to > $1)"#,
        now
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|r| {
            let money = |exact| {
                Money::round(exact, r.currency)
                    .map_err(|e| Fault::inconsistent(format!("price_books {}", r.id), e))
            };
            Ok(Price {
                id: r.id,
                carrier: r.carrier.clone(),
                country: r.country.clone(),
                number_type: r.number_type,
                monthly: money(r.monthly)?,
                setup: money(r.setup)?,
                inbound_minute: r.inbound_minute,
                increments: (r.increment_initial, r.increment_next),
                requirement: r.requirement,
            })
        })
        .collect()
}

/// The price of one kind at one carrier.
pub fn price_of<'a>(
    prices: &'a [Price],
    carrier: &str,
    country: &str,
    number_type: NumberType,
) -> Option<&'a Price> {
    prices
        .iter()
        .find(|p| p.carrier == carrier && p.country == country && p.number_type == number_type)
}

/// Asks every configured carrier what it charges and brings the book up to date; returns how many
/// prices are new. A carrier that does not answer keeps its prices.
pub async fn refresh_prices(platform: &Platform) -> Result<usize, Fault> {
    let mut changed = 0;
    for carrier in platform.carriers() {
        match carrier.prices().await {
            Ok(rows) => changed += store(platform, carrier.as_ref(), &rows).await?,
            Err(error) => {
                tracing::warn!(carrier = carrier.key(), %error, "no prices from the carrier");
                store(platform, carrier.as_ref(), &[]).await?;
            }
        }
    }
    Ok(changed)
}

async fn store(
    platform: &Platform,
    carrier: &dyn Carrier,
    rows: &[PriceRow],
) -> Result<usize, Fault> {
    let mut cx = platform.work("prices").await?;
    let now = cx.now();
    // Two servers that start together must not both open the next version.
    sqlx::query!("select pg_advisory_xact_lock(7120)").fetch_one(cx.tx()).await?;
    let settings = sqlx::query_scalar!(
        "insert into carriers (key, display_name) values ($1, $2)
         on conflict (key) do update set display_name = excluded.display_name returning settings",
        carrier.key(),
        carrier.name()
    )
    .fetch_one(cx.tx())
    .await?;
    let mark_up = settings["mark_up"].as_str().and_then(|m| m.parse().ok()).unwrap_or(MARK_UP);
    let mut changed = 0;
    for row in rows {
        if store_one(&mut cx, carrier.key(), row, mark_up, now).await? {
            changed += 1;
        }
    }
    cx.commit().await?;
    Ok(changed)
}

async fn store_one(
    cx: &mut crate::Ctx<crate::Installation>,
    carrier: &str,
    row: &PriceRow,
    mark_up: Decimal,
    now: DateTime<Utc>,
) -> Result<bool, Fault> {
    let rounded = |exact: Decimal, digits| {
        (exact * mark_up).round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)
    };
    let (monthly, setup) = (
        rounded(row.monthly, row.currency.exponent()),
        rounded(row.setup, row.currency.exponent()),
    );
    let minute = rounded(row.inbound_minute, 4);
    // North America bills whole minutes, Europe six seconds.
    let (initial, next) =
        if matches!(row.country.as_str(), "US" | "CA") { (60, 60) } else { (6, 6) };
    let old = sqlx::query!(
        r#"select id, version, effective_from,
                  (currency = $4 and cost_monthly = $5 and cost_setup = $6 and cost_inbound_minute = $7
                   and monthly = $8 and setup = $9 and inbound_minute = $10 and increment_initial = $11
                   and increment_next = $12 and requirement = $13) as "same!"
           from price_books
           where carrier = $1 and country = $2 and number_type = $3 and effective_to is null
           order by effective_from desc limit 1"#,
        carrier,
        row.country,
        row.number_type.as_str(),
        row.currency.as_str(),
        row.monthly,
        row.setup,
        row.inbound_minute,
        monthly,
        setup,
        minute,
        initial,
        next,
        row.requirement.as_str(),
    )
    .fetch_optional(cx.tx())
    .await?;
    // A price that began this very instant, or lies ahead, is left as it is.
    if old.as_ref().is_some_and(|o| o.same || o.effective_from >= now) {
        return Ok(false);
    }
    if let Some(old) = &old {
        sqlx::query!("update price_books set effective_to = $2 where id = $1", old.id, now)
            .execute(cx.tx())
            .await?;
    }
    let id = PriceId::new(cx.now_millis());
    sqlx::query!(
        "insert into price_books (id, carrier, country, number_type, currency, cost_monthly, cost_setup,
             cost_inbound_minute, monthly, setup, inbound_minute, increment_initial, increment_next,
             requirement, effective_from, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        id.uuid(),
        carrier,
        row.country,
        row.number_type.as_str(),
        row.currency.as_str(),
        row.monthly,
        row.setup,
        row.inbound_minute,
        monthly,
        setup,
        minute,
        initial,
        next,
        row.requirement.as_str(),
        now,
        old.map_or(1, |o| o.version + 1),
    )
    .execute(cx.tx())
    .await?;
    Ok(true)
}
