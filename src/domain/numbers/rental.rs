//! How much of the rental that is paid for would be left unused.

use super::NumberError;
use crate::Ctx;
use chrono::{Datelike, Months, NaiveDate};
use chrono_tz::Tz;

/// Whole days from today until the account's next billing day, in the tenant's zone.
pub(super) async fn days_left(cx: &mut Ctx) -> Result<i64, NumberError> {
    let row = sqlx::query!(
        r#"select t.time_zone, coalesce(b.anchor_day, 1) as "anchor_day!"
         from tenants t left join billing_accounts b on b.tenant_id = t.id
         where t.id = $1"#,
        cx.tenant().uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    let zone: Tz = row.time_zone.parse().unwrap_or(Tz::UTC);
    let today = cx.now().with_timezone(&zone).date_naive();
    let anchor = row.anchor_day.unsigned_abs();
    Ok((next_billing_day(today, anchor) - today).num_days())
}

/// The first billing day after `today`; a month too short for the wanted day bills on its last.
fn next_billing_day(today: NaiveDate, anchor: u32) -> NaiveDate {
    let in_month = |first: NaiveDate| {
        (1..=anchor.clamp(1, 31)).rev().find_map(|day| first.with_day(day)).unwrap_or(first)
    };
    let first = today.with_day(1).unwrap_or(today);
    let this_month = in_month(first);
    if this_month > today { this_month } else { in_month(first + Months::new(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_month_bills_on_its_last_day_and_the_wish_is_kept() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (today, anchor, next) in [
            ("2026-11-16", 1, "2026-12-01"),
            ("2026-11-16", 20, "2026-11-20"),
            ("2026-11-16", 16, "2026-12-16"),
            ("2027-01-31", 31, "2027-02-28"),
            ("2027-02-28", 31, "2027-03-31"),
            ("2026-12-31", 1, "2027-01-01"),
        ] {
            assert_eq!(next_billing_day(day(today), anchor), day(next), "{today} {anchor}");
        }
    }
}
