//! Sharing a rounded amount among its parts so that nothing is lost.

use rust_decimal::{Decimal, prelude::ToPrimitive};
use voxlink_types::{Money, money::MoneyError};

/// Shares `total`, which is the rounded sum of the exact parts (in major units), among them: each
/// gets its whole units, and the units left over go to the largest remainders, the earlier part
/// first among equals. The shares add up to `total`.
pub fn by_largest_remainder(total: Money, exact: &[Decimal]) -> Result<Vec<Money>, MoneyError> {
    let unit = Decimal::from(10i64.pow(total.currency.exponent()));
    let mut left = total.minor;
    let mut shares = Vec::with_capacity(exact.len());
    let mut remainders = Vec::with_capacity(exact.len());
    for (index, part) in exact.iter().enumerate() {
        let scaled = part.checked_mul(unit).ok_or(MoneyError::Overflow)?;
        let whole = scaled.floor();
        let minor = whole.to_i64().ok_or(MoneyError::Overflow)?;
        left = left.checked_sub(minor).ok_or(MoneyError::Overflow)?;
        shares.push(Money::new(minor, total.currency));
        remainders.push((scaled - whole, index));
    }
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    // Floors are never more than the rounded sum, and less by at most one unit per part.
    for (_, index) in remainders.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        shares[index].minor += 1;
    }
    Ok(shares)
}
