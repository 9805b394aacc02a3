//! What we believe a carrier charges, against what it charges. The price of a kind of number is one
//! difference, however many numbers it is paid for.

use super::{Difference, Drift, DriftKind, InventoryError, Subject};
use crate::{Ctx, Fault, Installation};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use voxlink_gateways::carrier::PriceRow;
use voxlink_types::{Currency, ids::TenantId, number::NumberType};

/// Our book's price in force for a kind of number that somebody has.
pub(super) struct Booked {
    country: String,
    number_type: NumberType,
    currency: Currency,
    monthly: Decimal,
    setup: Decimal,
    inbound_minute: Decimal,
    by_hand: bool,
}

/// How our book stands to a price difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// It is as the carrier showed it to the audit, or has moved on since: another audit tells.
    Follows,
    /// An administrator's price is there, and what the carrier tells does not replace it.
    ByHand,
    /// It is as the audit found it.
    Behind,
}

/// How our book stands to a price difference now.
pub(super) async fn stand(
    cx: &mut Ctx<Installation>,
    drift: &Drift,
) -> Result<Stand, InventoryError> {
    let broken = || Fault::inconsistent(format!("inventory_drift {}", drift.id), "no kind");
    let (country, kind) = drift.subject.split_once(' ').ok_or_else(broken)?;
    let now = cx.now();
    let row = sqlx::query!(
        r#"select b.currency as "currency: Currency", b.cost_monthly, b.cost_setup, b.cost_inbound_minute,
                exists (select from price_books n
                    where n.carrier = b.carrier and n.country = b.country and n.number_type = b.number_type
                      and n.effective_to is null and n.by_hand) as "by_hand!"
         from price_books b
         where b.carrier = $1 and b.country = $2 and b.number_type = $3 and b.effective_from <= $4
           and (b.effective_to is null or b.effective_to > $4)
         order by b.effective_from desc limit 1"#,
        drift.carrier,
        country,
        kind,
        now,
    )
    .fetch_optional(cx.tx())
    .await?;
    let Some(row) = row else { return Ok(Stand::Behind) };
    let ours = shown(row.currency, row.cost_monthly, row.cost_setup, row.cost_inbound_minute);
    Ok(if row.by_hand && ours != drift.there {
        Stand::ByHand
    } else if ours == drift.here {
        Stand::Behind
    } else {
        Stand::Follows
    })
}

/// The prices in force at a carrier for the kinds of numbers that we, or one tenant, have there.
pub(super) async fn booked(
    cx: &mut Ctx<Installation>,
    carrier: &str,
    tenant: Option<TenantId>,
) -> Result<Vec<Booked>, InventoryError> {
    let now = cx.now();
    let rows = sqlx::query_as!(
        Booked,
        r#"select b.country, b.number_type as "number_type: NumberType",
                b.currency as "currency: Currency", b.cost_monthly as monthly,
                b.cost_setup as setup, b.cost_inbound_minute as inbound_minute,
                exists (select from price_books n
                    where n.carrier = b.carrier and n.country = b.country and n.number_type = b.number_type
                      and n.effective_to is null and n.by_hand) as "by_hand!"
         from price_books b
         where b.carrier = $1 and b.effective_from <= $2
           and (b.effective_to is null or b.effective_to > $2)
           and exists (
             select 1 from inventory i join subscriptions s on s.inventory_id = i.id
             where i.carrier = b.carrier and i.country = b.country and i.number_type = b.number_type
               and s.state <> 'released' and ($3::uuid is null or s.tenant_id = $3))"#,
        carrier,
        now,
        tenant.map(TenantId::uuid),
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(rows)
}

/// The kinds whose price is another there. A kind that the carrier does not name is not judged: its
/// price list may hold only what it sells today. A price that was entered by hand says so, for it is
/// not taken over from the carrier.
pub(super) fn differ(booked: &[Booked], told: &[PriceRow]) -> Vec<Difference> {
    booked
        .iter()
        .filter_map(|ours| {
            let theirs = told
                .iter()
                .find(|t| t.country == ours.country && t.number_type == ours.number_type)?;
            let mut here = shown(ours.currency, ours.monthly, ours.setup, ours.inbound_minute);
            let there = shown(theirs.currency, theirs.monthly, theirs.setup, theirs.inbound_minute);
            if here == there {
                return None;
            }
            if ours.by_hand {
                here["entered"] = json!("by hand");
            }
            Some(Difference {
                kind: DriftKind::Price,
                subject: Subject::Kind {
                    country: ours.country.clone(),
                    number_type: ours.number_type,
                },
                holder: None,
                subscription: None,
                here,
                there,
            })
        })
        .collect()
}

fn shown(currency: Currency, monthly: Decimal, setup: Decimal, minute: Decimal) -> Value {
    // As text without trailing zeros: 0.50 and 0.5 are one price.
    let text = |amount: Decimal| format!("{} {currency}", amount.normalize());
    json!({ "monthly": text(monthly), "setup": text(setup), "inbound_minute": text(minute) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxlink_types::number::Requirement;

    fn told(monthly: Decimal) -> PriceRow {
        PriceRow {
            country: "US".to_owned(),
            number_type: NumberType::Local,
            currency: Currency::Usd,
            monthly,
            setup: Decimal::ZERO,
            inbound_minute: Decimal::new(35, 4),
            requirement: Requirement::None,
        }
    }

    fn ours(monthly: Decimal) -> Booked {
        Booked {
            country: "US".to_owned(),
            number_type: NumberType::Local,
            currency: Currency::Usd,
            monthly,
            setup: Decimal::ZERO,
            inbound_minute: Decimal::new(35, 4),
            by_hand: false,
        }
    }

    #[test]
    fn a_price_differs_by_its_worth_and_not_by_its_zeros() {
        let (half, padded) = (Decimal::new(5, 1), Decimal::new(50_000_000, 8));
        assert!(differ(&[ours(half)], &[told(padded)]).is_empty());
        assert!(differ(&[ours(half)], &[]).is_empty(), "a kind that is not named is not judged");
        let found = differ(&[ours(half)], &[told(Decimal::new(65, 2))]);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].kind, found[0].subject.to_string().as_str()),
            (DriftKind::Price, "US local")
        );
        assert_eq!(found[0].there["monthly"], "0.65 USD");
        let by_hand = Booked { by_hand: true, ..ours(half) };
        assert!(differ(std::slice::from_ref(&by_hand), &[told(padded)]).is_empty());
        let found = differ(&[by_hand], &[told(Decimal::new(65, 2))]);
        assert_eq!(found[0].here["entered"], "by hand");
    }
}
