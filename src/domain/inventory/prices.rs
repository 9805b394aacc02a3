//! What we believe a carrier charges, against what it charges. The price of a kind of number is one
//! difference, however many numbers it is paid for.

use super::{Difference, DriftKind, InventoryError, Subject};
use crate::{Ctx, Installation};
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
                b.cost_setup as setup, b.cost_inbound_minute as inbound_minute
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
/// price list may hold only what it sells today.
pub(super) fn differ(booked: &[Booked], told: &[PriceRow]) -> Vec<Difference> {
    booked
        .iter()
        .filter_map(|ours| {
            let theirs = told
                .iter()
                .find(|t| t.country == ours.country && t.number_type == ours.number_type)?;
            let here = shown(ours.currency, ours.monthly, ours.setup, ours.inbound_minute);
            let there = shown(theirs.currency, theirs.monthly, theirs.setup, theirs.inbound_minute);
            (here != there).then(|| Difference {
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
    }
}
