//! What a call costs: from the seconds it was answered to an exact price.
//!
//! A duration is first lengthened to the billing increments, then priced once, at the precision of
//! the price book (8 decimals, half-up). Prices of calls are added up exactly; nothing is rounded
//! again before the invoice.

use rust_decimal::{Decimal, RoundingStrategy};
use std::{fmt, str::FromStr};

/// Decimals of a rated price: those of `NUMERIC(20,8)`.
pub const PRICE_DECIMALS: u32 = 8;

/// How [`price`] rounds, as it is written into a usage record's derivation.
pub const ROUNDING: &str = "half-up at 8 decimals, once per call";

/// Billing increments: the first piece of a call and every further one, in seconds; written `60/60`
/// or `6/6`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Increments {
    initial: u32,
    next: u32,
}

/// Why a call cannot be rated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RatingError {
    /// An increment of nothing would never end.
    #[error("billing increments are written like 60/60, both at least one second")]
    Increments,
    /// The price does not fit.
    #[error("the price of the call is too large")]
    Overflow,
}

impl Increments {
    /// Both parts must be at least one second.
    pub const fn new(initial: u32, next: u32) -> Result<Self, RatingError> {
        if initial == 0 || next == 0 {
            return Err(RatingError::Increments);
        }
        Ok(Self { initial, next })
    }

    /// The seconds that are billed for seconds answered. The initial piece is billed whole; only
    /// what is beyond it is lengthened to steps of the next.
    pub fn billed(self, seconds: u32) -> u64 {
        let (initial, next) = (u64::from(self.initial), u64::from(self.next));
        match u64::from(seconds) {
            0 => 0,
            short if short <= initial => initial,
            long => initial + (long - initial).div_ceil(next) * next,
        }
    }
}

impl fmt::Display for Increments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.initial, self.next)
    }
}

impl FromStr for Increments {
    type Err = RatingError;
    fn from_str(text: &str) -> Result<Self, RatingError> {
        let (initial, next) = text.split_once('/').ok_or(RatingError::Increments)?;
        let part = |s: &str| s.trim().parse().map_err(|_| RatingError::Increments);
        Self::new(part(initial)?, part(next)?)
    }
}

/// The price of billed seconds at a rate per minute, rounded once.
pub fn price(billed_seconds: u64, per_minute: Decimal) -> Result<Decimal, RatingError> {
    let exact = Decimal::from(billed_seconds)
        .checked_mul(per_minute)
        .and_then(|sixty_fold| sixty_fold.checked_div(Decimal::from(60)))
        .ok_or(RatingError::Overflow)?;
    Ok(exact.round_dp_with_strategy(PRICE_DECIMALS, RoundingStrategy::MidpointAwayFromZero))
}

/// Seconds as minutes, for reading: exact to 8 decimals. Prices are never computed from it.
pub fn minutes(seconds: u64) -> Decimal {
    (Decimal::from(seconds) / Decimal::from(60))
        .round_dp_with_strategy(PRICE_DECIMALS, RoundingStrategy::MidpointAwayFromZero)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_durations() {
        for (increments, seconds, billed) in [
            ("60/60", 0, 0),
            ("60/60", 1, 60),
            ("60/60", 60, 60),
            ("60/60", 61, 120),
            ("6/6", 1, 6),
            ("6/6", 61, 66),
            ("30/6", 32, 36),
            ("30/6", 57, 60),
            ("30/6", 75, 78),
            // Lengthening the whole duration to the step would give 24.
            ("20/6", 21, 26),
            ("1/1", 59, 59),
        ] {
            assert_eq!(
                increments.parse::<Increments>().unwrap().billed(seconds),
                billed,
                "{seconds} s at {increments}"
            );
        }
    }

    #[test]
    fn known_prices() {
        let rate = Decimal::new(6, 3);
        for (billed, price_is) in [(36, "0.0036"), (60, "0.0060"), (78, "0.0078"), (0, "0")] {
            assert_eq!(price(billed, rate).unwrap(), price_is.parse::<Decimal>().unwrap());
        }
        // A third of a unit at the eighth decimal goes down, a half goes up.
        assert_eq!(price(1, Decimal::new(20, 8)).unwrap(), Decimal::ZERO);
        assert_eq!(price(1, Decimal::new(30, 8)).unwrap(), Decimal::new(1, 8));
    }

    #[test]
    fn senseless_increments_are_refused() {
        for bad in ["", "60", "0/6", "6/0", "-6/6", "a/b", "6/6/6"] {
            assert_eq!(bad.parse::<Increments>(), Err(RatingError::Increments), "{bad}");
        }
    }

    #[test]
    fn a_price_that_does_not_fit_is_an_error() {
        assert_eq!(price(u64::MAX, Decimal::MAX), Err(RatingError::Overflow));
    }

    proptest! {
        #[test]
        fn billed_is_the_least_step_that_holds_the_call(initial in 1u32..600, next in 1u32..600, seconds in 0u32..1_000_000) {
            let billed = Increments::new(initial, next).unwrap().billed(seconds);
            if seconds == 0 {
                prop_assert_eq!(billed, 0);
            } else {
                prop_assert!(billed >= u64::from(seconds.max(initial)));
                prop_assert_eq!((billed - u64::from(initial)) % u64::from(next), 0);
                let step = u64::from(next);
                prop_assert!(billed == u64::from(initial) || billed - step < u64::from(seconds));
            }
        }

        #[test]
        fn a_longer_call_is_never_cheaper(initial in 1u32..120, next in 1u32..120, a in 0u32..100_000, b in 0u32..100_000, rate in 0i64..1_000_000_000) {
            let increments = Increments::new(initial, next).unwrap();
            let rate = Decimal::new(rate, 8);
            let (short, long) = (a.min(b), a.max(b));
            prop_assert!(price(increments.billed(short), rate).unwrap() <= price(increments.billed(long), rate).unwrap());
        }

        #[test]
        fn a_price_is_at_most_half_a_unit_off(billed in 0u64..10_000_000, rate in 0i64..100_000_000_000) {
            let rate = Decimal::new(rate, 8);
            let off = price(billed, rate).unwrap() * Decimal::from(60) - Decimal::from(billed) * rate;
            prop_assert!(off.abs() <= Decimal::new(30, 8));
        }

        #[test]
        fn increments_are_read_back(initial in 1u32.., next in 1u32..) {
            let increments = Increments::new(initial, next).unwrap();
            prop_assert_eq!(increments.to_string().parse(), Ok(increments));
        }
    }
}
