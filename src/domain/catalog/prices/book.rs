//! Writing in the price book: one price at a time, in the caller's transaction.

use crate::{Ctx, Fault, Installation, audit::Entry};
use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};
use voxlink_gateways::carrier::PriceRow;
use voxlink_types::ids::PriceId;

/// What a carrier's price is multiplied with, unless its settings say otherwise.
pub(crate) const MARK_UP: Decimal = Decimal::from_parts(15, 0, 0, false, 1);

/// A price as it shall stand in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewPrice {
    /// The carrier.
    pub carrier: String,
    /// What it charges us.
    pub cost: PriceRow,
    /// What a customer pays a month.
    pub monthly: Decimal,
    /// What a customer pays once.
    pub setup: Decimal,
    /// What a customer pays for a minute.
    pub minute: Decimal,
    /// From when on.
    pub from: DateTime<Utc>,
    /// An administrator entered it.
    pub by_hand: bool,
}

impl NewPrice {
    /// The carrier's price times the mark-up: month and set-up to the currency's smallest coin, the
    /// minute to four digits, half up.
    pub fn marked_up(carrier: &str, cost: PriceRow, mark_up: Decimal, from: DateTime<Utc>) -> Self {
        let exponent = cost.currency.exponent();
        Self {
            carrier: carrier.to_owned(),
            monthly: rounded(cost.monthly * mark_up, exponent),
            setup: rounded(cost.setup * mark_up, exponent),
            minute: rounded(cost.inbound_minute * mark_up, 4),
            cost,
            from,
            by_hand: false,
        }
    }

    /// Billing increments in seconds: North America bills whole minutes, Europe six seconds.
    fn increments(&self) -> (i32, i32) {
        if matches!(self.cost.country.as_str(), "US" | "CA") { (60, 60) } else { (6, 6) }
    }

    fn told(&self) -> Value {
        json!({
            "carrier": self.carrier, "country": self.cost.country,
            "type": self.cost.number_type, "currency": self.cost.currency.as_str(),
            "cost_monthly": self.cost.monthly.to_string(), "cost_setup": self.cost.setup.to_string(),
            "cost_minute": self.cost.inbound_minute.to_string(), "monthly": self.monthly.to_string(),
            "setup": self.setup.to_string(), "minute": self.minute.to_string(), "from": self.from,
        })
    }
}

fn rounded(exact: Decimal, digits: u32) -> Decimal {
    exact.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)
}

/// What became of a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// It stands in the book.
    New,
    /// The same was there.
    Same,
    /// An administrator's price is there and stands.
    ByHand,
    /// A price that begins then or later is there: what lies ahead is not rewritten.
    Ahead(DateTime<Utc>),
}

/// Lets one write at a time: two servers that start together must not both open the next version.
pub(super) async fn alone(cx: &mut Ctx<Installation>) -> Result<(), Fault> {
    sqlx::query!("select pg_advisory_xact_lock(7120)").fetch_one(cx.tx()).await?;
    Ok(())
}

/// A carrier's mark-up; none when there is no such carrier.
pub(super) async fn mark_up(
    cx: &mut Ctx<Installation>,
    carrier: &str,
) -> Result<Option<Decimal>, Fault> {
    let settings = sqlx::query_scalar!("select settings from carriers where key = $1", carrier)
        .fetch_optional(cx.tx())
        .await?;
    Ok(settings.map(|s| s["mark_up"].as_str().and_then(|m| m.parse().ok()).unwrap_or(MARK_UP)))
}

/// Enters a price: closes the one in force and opens this one, with its audit row.
pub(super) async fn enter(cx: &mut Ctx<Installation>, price: &NewPrice) -> Result<Written, Fault> {
    let (cost, (initial, next)) = (&price.cost, price.increments());
    let old = sqlx::query!(
        r#"select id as "id: PriceId", version, effective_from, by_hand, monthly, setup, inbound_minute,
                  (currency = $4 and cost_monthly = $5 and cost_setup = $6 and cost_inbound_minute = $7
                   and monthly = $8 and setup = $9 and inbound_minute = $10 and increment_initial = $11
                   and increment_next = $12 and requirement = $13 and by_hand = $14) as "same!"
           from price_books
           where carrier = $1 and country = $2 and number_type = $3 and effective_to is null
           order by effective_from desc limit 1"#,
        price.carrier,
        cost.country,
        cost.number_type.as_str(),
        cost.currency.as_str(),
        cost.monthly,
        cost.setup,
        cost.inbound_minute,
        price.monthly,
        price.setup,
        price.minute,
        initial,
        next,
        cost.requirement.as_str(),
        price.by_hand,
    )
    .fetch_optional(cx.tx())
    .await?;
    if let Some(old) = &old {
        if old.same {
            return Ok(Written::Same);
        }
        if old.by_hand && !price.by_hand {
            return Ok(Written::ByHand);
        }
        if old.effective_from >= price.from {
            return Ok(Written::Ahead(old.effective_from));
        }
        sqlx::query!(
            "update price_books set effective_to = $2 where id = $1",
            old.id.uuid(),
            price.from
        )
        .execute(cx.tx())
        .await?;
    }
    let id = PriceId::new(cx.now_millis());
    sqlx::query!(
        "insert into price_books (id, carrier, country, number_type, currency, cost_monthly, cost_setup,
             cost_inbound_minute, monthly, setup, inbound_minute, increment_initial, increment_next,
             requirement, effective_from, version, by_hand)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        id.uuid(),
        price.carrier,
        cost.country,
        cost.number_type.as_str(),
        cost.currency.as_str(),
        cost.monthly,
        cost.setup,
        cost.inbound_minute,
        price.monthly,
        price.setup,
        price.minute,
        initial,
        next,
        cost.requirement.as_str(),
        price.from,
        old.as_ref().map_or(1, |o| o.version + 1),
        price.by_hand,
    )
    .execute(cx.tx())
    .await?;
    let before = old.map(|o| {
        json!({
            "price": o.id.to_string(), "monthly": o.monthly.normalize().to_string(),
            "setup": o.setup.normalize().to_string(),
            "minute": o.inbound_minute.normalize().to_string(),
        })
    });
    let entry = Entry {
        action: "price.enter",
        resource: "price",
        resource_id: Some(id.to_string()),
        old: before,
        new: Some(price.told()),
        ..Entry::default()
    };
    cx.audit_of(None, entry).await?;
    Ok(Written::New)
}
