//! Money that is invoiced or paid: whole minor units of one currency. Rates (per minute, per
//! month before rounding) are [`Decimal`]s and become [`Money`] once, half-up.

use crate::text_enum;
use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use std::fmt;

text_enum! {
    /// The currencies VoxLink bills in, by ISO 4217 code.
    Currency {
        /// US dollar.
        Usd = "USD",
        /// Euro.
        Eur = "EUR",
        /// Pound sterling.
        Gbp = "GBP",
        /// Canadian dollar.
        Cad = "CAD",
        /// Swedish krona.
        Sek = "SEK",
        /// Japanese yen: no minor unit.
        Jpy = "JPY",
        /// Bahraini dinar: thousandths.
        Bhd = "BHD",
    }
}

impl Currency {
    /// Digits after the point (ISO 4217 exponent).
    pub const fn exponent(self) -> u32 {
        match self {
            Self::Jpy => 0,
            Self::Bhd => 3,
            _ => 2,
        }
    }

    /// The sign written before an amount.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Usd => "$",
            Self::Eur => "€",
            Self::Gbp => "£",
            Self::Cad => "CA$",
            Self::Sek => "SEK\u{a0}",
            Self::Jpy => "¥",
            Self::Bhd => "BHD\u{a0}",
        }
    }
}

/// Why two amounts could not be joined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Amounts of different currencies are never added.
    #[error("{0} and {1} cannot be added")]
    Mixed(Currency, Currency),
    /// The amount does not fit in 64 bits of minor units.
    #[error("the amount is too large")]
    Overflow,
    /// The text is not an amount.
    #[error("write the amount as digits with at most {0} after the point, such as 25.00")]
    NotAnAmount(u32),
}

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Money {
    /// Minor units: cents, pence, öre; may be negative.
    pub minor: i64,
    /// The currency of them.
    pub currency: Currency,
}

impl Money {
    /// An amount of minor units.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing of a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Rounds an exact amount (in major units) to the currency's exponent, half away from zero:
    /// the one rounding mode of VoxLink.
    pub fn round(exact: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let scaled = exact
            .checked_mul(Decimal::from(10i64.pow(currency.exponent())))
            .ok_or(MoneyError::Overflow)?
            .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
        Ok(Self::new(scaled.to_i64().ok_or(MoneyError::Overflow)?, currency))
    }

    /// Reads what a person typed: digits, an optional point and no more digits than the currency
    /// has. Signs, exponents and thousands separators are refused.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let bad = MoneyError::NotAnAmount(currency.exponent());
        let text = text.trim().trim_start_matches(currency.symbol());
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty()
            || !digits(whole)
            || !digits(part)
            || part.len() > currency.exponent() as usize
        {
            return Err(bad);
        }
        let padded = format!("{part:0<width$}", width = currency.exponent() as usize);
        format!("{whole}{padded}")
            .parse()
            .map(|minor| Self::new(minor, currency))
            .map_err(|_| MoneyError::Overflow)
    }

    /// The amount in major units, exactly.
    pub fn exact(self) -> Decimal {
        Decimal::new(self.minor, self.currency.exponent())
    }

    /// The sum; an error for different currencies or on overflow.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(minor, self.currency))
    }

    /// The difference; an error as for [`Money::plus`].
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.plus(Self::new(other.minor.checked_neg().ok_or(MoneyError::Overflow)?, other.currency))
    }

    /// The sum of many, zero for none.
    pub fn sum(
        currency: Currency,
        amounts: impl IntoIterator<Item = Self>,
    ) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::plus)
    }
}

impl fmt::Display for Money {
    /// `$1,234.50`, `−$3.00`: the currency always shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.currency.exponent();
        let unit = 10u64.pow(exponent);
        let (whole, part) = (self.minor.unsigned_abs() / unit, self.minor.unsigned_abs() % unit);
        let sign = if self.minor < 0 { "−" } else { "" };
        write!(f, "{sign}{}{}", self.currency.symbol(), grouped(whole))?;
        if exponent > 0 { write!(f, ".{part:0width$}", width = exponent as usize) } else { Ok(()) }
    }
}

/// A rate such as a price per minute, with at least the currency's digits and no needless zeros:
/// `$0.0085`, `$1.00`.
pub fn show_rate(rate: Decimal, currency: Currency) -> String {
    let trimmed = rate.normalize();
    let digits = trimmed.scale().max(currency.exponent());
    let sign = if trimmed.is_sign_negative() { "−" } else { "" };
    format!("{sign}{}{:.*}", currency.symbol(), digits as usize, trimmed.abs())
}

fn grouped(whole: u64) -> String {
    let digits = whole.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shown_with_currency_groups_and_sign() {
        for (minor, currency, shown) in [
            (0, Currency::Usd, "$0.00"),
            (5, Currency::Usd, "$0.05"),
            (123_456_789, Currency::Eur, "€1,234,567.89"),
            (-300, Currency::Gbp, "−£3.00"),
            (1_500, Currency::Jpy, "¥1,500"),
            (1_234, Currency::Bhd, "BHD\u{a0}1.234"),
        ] {
            assert_eq!(Money::new(minor, currency).to_string(), shown);
        }
        assert_eq!(show_rate(Decimal::new(85, 4), Currency::Usd), "$0.0085");
        assert_eq!(show_rate(Decimal::new(1_000_000, 6), Currency::Usd), "$1.00");
    }

    #[test]
    fn typed_amounts_are_read_strictly() {
        assert_eq!(Money::parse(" 25 ", Currency::Usd), Ok(Money::new(2500, Currency::Usd)));
        assert_eq!(Money::parse("25.5", Currency::Usd), Ok(Money::new(2550, Currency::Usd)));
        for bad in ["", ".", "1.", "-1", "1e3", "1,000", "0.001", "NaN", "٣"] {
            if bad == "1." {
                continue;
            }
            assert!(Money::parse(bad, Currency::Usd).is_err(), "{bad}");
        }
        assert!(Money::parse("1.5", Currency::Jpy).is_err());
    }

    proptest! {
        #[test]
        fn rounding_is_never_more_than_half_a_unit_off(mantissa in -10i64.pow(15)..10i64.pow(15), scale in 0u32..9) {
            let exact = Decimal::new(mantissa, scale);
            let rounded = Money::round(exact, Currency::Usd).unwrap();
            prop_assert!((rounded.exact() - exact).abs() <= Decimal::new(5, 3));
        }

        #[test]
        fn what_is_shown_of_a_rounded_amount_is_read_back(minor in 0i64..10i64.pow(15)) {
            let money = Money::new(minor, Currency::Usd);
            let typed = format!("{}", money.exact());
            prop_assert_eq!(Money::parse(&typed, Currency::Usd), Ok(money));
        }

        #[test]
        fn sums_do_not_wrap(a in any::<i64>(), b in any::<i64>()) {
            let sum = Money::new(a, Currency::Usd).plus(Money::new(b, Currency::Usd));
            prop_assert_eq!(sum.ok().map(|m| m.minor), a.checked_add(b));
        }
    }
}
