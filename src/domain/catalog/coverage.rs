//! What is for sale at all.

use super::current_prices;
use crate::{Fault, Platform};
use voxlink_types::number::NumberType;

/// The countries and kinds that have a price, by country.
pub async fn coverage(platform: &Platform) -> Result<Vec<(String, Vec<NumberType>)>, Fault> {
    let mut connection = platform.db().app.acquire().await?;
    let mut prices = current_prices(&mut connection, platform.clock().now()).await?;
    prices.sort_by(|a, b| (&a.country, a.number_type).cmp(&(&b.country, b.number_type)));
    let mut out: Vec<(String, Vec<NumberType>)> = Vec::new();
    for price in prices {
        match out.last_mut() {
            Some((country, kinds)) if *country == price.country => {
                if kinds.last() != Some(&price.number_type) {
                    kinds.push(price.number_type);
                }
            }
            _ => out.push((price.country, vec![price.number_type])),
        }
    }
    Ok(out)
}
