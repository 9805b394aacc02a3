//! The price book: what each carrier charges us, times our mark-up, from an instant on. A change
//! closes the old row and opens a new one; nothing that was ever sold by is rewritten. What has no
//! price is not sold.

mod book;
mod import;
mod read;
mod refresh;

pub(crate) use book::MARK_UP;
pub use import::{ImportError, Imported, import_prices};
pub use refresh::{RefreshPrices, refresh_prices};

use crate::Fault;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use voxlink_gateways::carrier::Offer;
use voxlink_types::{
    Money,
    ids::PriceId,
    number::{NumberType, Requirement},
};

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
    /// What the carrier charges us a month, in the same currency.
    pub cost_monthly: Decimal,
    /// What the carrier charges us once.
    pub cost_setup: Decimal,
    /// A minute of an incoming call, exactly.
    pub inbound_minute: Decimal,
    /// Billing increments in seconds: first and next.
    pub increments: (i32, i32),
    /// What must be shown first.
    pub requirement: Requirement,
}

impl Price {
    /// Whether the offered number costs us no more than this price was made from. Carriers want
    /// more for a number that is easy to remember; by the price of its kind it would be sold at a
    /// loss, so it is not sold.
    pub fn covers(&self, offer: &Offer) -> bool {
        offer.cost.as_ref().is_none_or(|cost| {
            cost.currency == self.monthly.currency
                && cost.monthly <= self.cost_monthly
                && cost.setup <= self.cost_setup
        })
    }
}

/// Every price in force.
pub async fn current_prices(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vec<Price>, Fault> {
    let rows = sqlx::query!(
        r#"select id as "id: PriceId", carrier, country, number_type as "number_type: NumberType",
                  currency as "currency: voxlink_types::Currency", cost_monthly, cost_setup, monthly, setup,
                  inbound_minute, increment_initial, increment_next,
                  requirement as "requirement: Requirement"
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
                cost_monthly: r.cost_monthly,
                cost_setup: r.cost_setup,
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
