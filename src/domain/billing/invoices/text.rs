//! An invoice in words, the same on the page, on paper and in the PDF.

use super::{Invoice, Line, LineKind};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use voxlink_types::{Money, e164::readable, money::show_rate};

impl Line {
    /// What it is, as people read it: the stored sentence with its number spelled out.
    pub fn text(&self) -> String {
        readable(&self.description).replace(" %", "\u{a0}%")
    }

    /// The stretch of time that it is for and when that is paid, for what has one: rent in advance
    /// (with the order) or in arrears, usage always in arrears.
    pub fn period_text(&self) -> Option<String> {
        let (first, last) = self.days?;
        let days = days_text(first, last);
        match (self.kind, self.prepaid()) {
            (LineKind::Rental, true) => Some(format!("{days}, in advance")),
            (LineKind::Rental | LineKind::Usage, false) => Some(format!("{days}, in arrears")),
            _ => None,
        }
    }

    /// How many of what, as it is printed: of a tax its base; nothing for a payment.
    pub fn quantity_text(&self) -> String {
        match (self.kind, self.unit.as_str()) {
            (LineKind::Payment, _) | (_, "order") => String::new(),
            (LineKind::Tax, _) => show_rate(self.quantity, self.amount.currency),
            (_, unit) => {
                let plural = if self.quantity == Decimal::ONE { "" } else { "s" };
                format!("{} {unit}{plural}", self.quantity.round_dp(4).normalize())
            }
        }
    }

    /// The price of one, as it is printed: a rate per unit, or a tax's percentage.
    pub fn price_text(&self) -> String {
        match (self.kind, self.unit.as_str()) {
            (LineKind::Payment, _) | (_, "order") => String::new(),
            (LineKind::Tax, _) => {
                format!("{}\u{a0}%", (self.unit_price * Decimal::from(100)).normalize())
            }
            _ => show_rate(self.unit_price, self.amount.currency),
        }
    }
}

impl Invoice {
    /// The days that it bills.
    pub fn period_text(&self) -> String {
        days_text(self.from, self.last_day())
    }

    /// By which clock its days are, and how it is rounded.
    pub fn reading_text(&self) -> String {
        let zone = self.zone.name();
        let place = zone.rsplit('/').next().unwrap_or(zone).replace('_', " ");
        let least = Money::new(1, self.total.currency);
        format!(
            "Dates are in {place} time. Every line and every tax is rounded to the nearest {least}."
        )
    }
}

/// A stretch of days, its last one among them; one day is written once.
fn days_text(first: NaiveDate, last: NaiveDate) -> String {
    let day = |day: NaiveDate| day.format("%-d %b %Y");
    if first == last { day(first).to_string() } else { format!("{} to {}", day(first), day(last)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_day_is_written_once() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(days_text(day("2026-11-20"), day("2026-11-20")), "20 Nov 2026");
        assert_eq!(days_text(day("2026-11-01"), day("2026-11-30")), "1 Nov 2026 to 30 Nov 2026");
    }
}
