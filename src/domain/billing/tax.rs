//! Tax: by a table of rates, by jurisdiction and day, each a line of its own.
//!
//! [`compute`] is the rule and pure: the base of a tax is the exact, unrounded sum of what it
//! applies to; the tax is rounded once per document, half-up, to the currency's unit; what is
//! rounded is then shared among the taxed items by largest remainder, so that the items' shares
//! always add up to the line. A tax is never part of another tax's base.
//!
//! [`for_amounts`] is what cart, checkout and invoice run call. The place is the billing address;
//! where there is none yet, the tenant's country without a region.

mod share;

use crate::{Ctx, Fault};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use voxlink_types::{Currency, Money, ids::TenantId, money::MoneyError, text_enum};

pub use share::by_largest_remainder;

text_enum! {
    /// What is taxed: rates name the kinds that they apply to.
    TaxedKind {
        /// Monthly rental.
        Rental = "rental",
        /// Set-up.
        Setup = "setup",
        /// Calls and messages.
        Usage = "usage",
    }
}

/// Where the customer is, as far as tax goes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Place {
    /// ISO 3166 country, upper case.
    pub country: String,
    /// State or province code, upper case.
    pub region: Option<String>,
    /// True when the customer gave a VAT number.
    pub has_vat_number: bool,
    /// The seller's country: reverse charge is for customers elsewhere.
    pub seller_country: String,
}

/// An amount that may be taxed: exact, in major units, after its discount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base {
    /// What it is for.
    pub kind: TaxedKind,
    /// How much, unrounded.
    pub exact: Decimal,
}

/// A row of the table that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// The row.
    pub id: Uuid,
    /// Who levies it.
    pub jurisdiction: String,
    /// What it is called on the invoice.
    pub name: String,
    /// Its version among the rows of this name.
    pub version: i32,
    /// As a fraction: 0.0625.
    pub rate: Decimal,
    /// The kinds it applies to.
    pub applies_to: Vec<TaxedKind>,
    /// True when the customer accounts for it instead of paying it to us.
    pub reverse_charged: bool,
}

/// One tax of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxLine {
    /// The rate it was computed by.
    pub rate: Rate,
    /// The exact sum that it was computed on.
    pub base: Decimal,
    /// The exact tax; zero under reverse charge.
    pub exact: Decimal,
    /// The tax, rounded once.
    pub amount: Money,
    /// Each given amount's share, in the order given; they add up to `amount`.
    pub shares: Vec<Money>,
}

impl TaxLine {
    /// As an invoice or a cart shows it: `Massachusetts: Telecommunications sales tax (6.25\u{a0}%)`.
    pub fn label(&self) -> String {
        let Rate { jurisdiction, name, rate, reverse_charged, .. } = &self.rate;
        if *reverse_charged {
            return format!(
                "{jurisdiction}: {name}, reverse charge: to be accounted for by the customer"
            );
        }
        format!("{jurisdiction}: {name} ({}\u{a0}%)", (rate * Decimal::from(100)).normalize())
    }
}

/// The taxes of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taxes {
    /// One line per tax, in the table's order.
    pub lines: Vec<TaxLine>,
    /// Their sum.
    pub total: Money,
    /// Each given amount's share of all taxes, in the order given.
    pub by_item: Vec<Money>,
}

/// The taxes on amounts at the given rates.
pub fn compute(rates: &[Rate], bases: &[Base], currency: Currency) -> Result<Taxes, MoneyError> {
    let mut by_item = vec![Money::zero(currency); bases.len()];
    let mut lines = Vec::with_capacity(rates.len());
    for rate in rates {
        let factor = if rate.reverse_charged { Decimal::ZERO } else { rate.rate };
        let applies = |b: &Base| rate.applies_to.contains(&b.kind);
        if !bases.iter().any(|b| applies(b) && !b.exact.is_zero()) {
            continue;
        }
        let mut base = Decimal::ZERO;
        let mut exact_shares = Vec::with_capacity(bases.len());
        for item in bases {
            let taxed = if applies(item) { item.exact } else { Decimal::ZERO };
            base = base.checked_add(taxed).ok_or(MoneyError::Overflow)?;
            exact_shares.push(taxed.checked_mul(factor).ok_or(MoneyError::Overflow)?);
        }
        let exact = base.checked_mul(factor).ok_or(MoneyError::Overflow)?;
        let amount = Money::round(exact, currency)?;
        let shares = by_largest_remainder(amount, &exact_shares)?;
        for (sum, share) in by_item.iter_mut().zip(&shares) {
            *sum = sum.plus(*share)?;
        }
        lines.push(TaxLine { rate: rate.clone(), base, exact, amount, shares });
    }
    let total = Money::sum(currency, lines.iter().map(|l| l.amount))?;
    Ok(Taxes { lines, total, by_item })
}

/// The taxes on amounts in a place on a day.
pub async fn for_amounts<Scope>(
    cx: &mut Ctx<Scope>,
    place: &Place,
    day: NaiveDate,
    currency: Currency,
    bases: &[Base],
) -> Result<Taxes, Fault> {
    let rates = rates_on(cx, place, day).await?;
    compute(&rates, bases, currency).map_err(|e| Fault::Internal(format!("tax: {e}")))
}

/// The rates in force in a place on a day.
pub async fn rates_on<Scope>(
    cx: &mut Ctx<Scope>,
    place: &Place,
    day: NaiveDate,
) -> Result<Vec<Rate>, Fault> {
    let rows = sqlx::query!(
        r#"select id, jurisdiction, name, version, rate, reverse_charge,
                  applies_to as "applies_to: Vec<TaxedKind>"
           from tax_rates
           where country = $1 and (region is null or region = $2)
             and effective_from <= $3 and (effective_to is null or effective_to > $3)
           order by region nulls first, jurisdiction, name"#,
        place.country,
        place.region,
        day,
    )
    .fetch_all(cx.tx())
    .await?;
    let elsewhere = place.has_vat_number && place.country != place.seller_country;
    Ok(rows
        .into_iter()
        .map(|r| Rate {
            id: r.id,
            jurisdiction: r.jurisdiction,
            name: r.name,
            version: r.version,
            rate: r.rate,
            applies_to: r.applies_to,
            reverse_charged: r.reverse_charge && elsewhere,
        })
        .collect())
}

/// Where a tenant is taxed: its billing address, or the country it registered with.
pub async fn place_of<Scope>(cx: &mut Ctx<Scope>, tenant: TenantId) -> Result<Place, Fault> {
    let row = sqlx::query!(
        r#"select coalesce(nullif(upper(a.billing_address->>'country'), ''), t.country) as "country!",
                  nullif(upper(trim(a.billing_address->>'region')), '') as region,
                  coalesce(trim(a.vat_number) <> '', false) as "has_vat_number!",
                  (select s.country from sellers s) as "seller_country!"
           from tenants t join billing_accounts a on a.tenant_id = t.id
           where t.id = $1"#,
        tenant.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    Ok(Place {
        country: row.country,
        region: row.region,
        has_vat_number: row.has_vat_number,
        seller_country: row.seller_country,
    })
}

#[cfg(test)]
mod tests;
