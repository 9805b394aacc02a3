//! Fills the local carrier's catalogue. Repeatable: the same seed makes the same numbers, a larger
//! count adds to them, and what is sold, held or resting is never touched.

use super::{
    LocalCarrier, failed,
    numbering::{Raw, Series},
    products::{PRODUCTS, Product},
};
use voxlink_gateways::CarrierError;

/// Numbers written by one statement.
const BATCH: usize = 5_000;

/// The most that one catalogue holds.
pub const MOST: u64 = 10_000_000;

impl LocalCarrier {
    /// Makes sure that the catalogue of `seed` holds `count` numbers; returns how many are new.
    /// `progress` is told how many of `count` are done.
    pub async fn generate(
        &self,
        count: u64,
        seed: u32,
        progress: impl Fn(u64) + Send + Sync,
    ) -> Result<u64, CarrierError> {
        if count > MOST {
            return Err(CarrierError::Rejected { detail: format!("at most {MOST} numbers") });
        }
        let wanted = i64::try_from(count).unwrap_or(i64::MAX);
        let made = sqlx::query_scalar!(
            "select count from local_carrier.generated where seed = $1",
            i64::from(seed)
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(failed)?;
        if made.is_some_and(|made| made >= wanted) {
            return Ok(0);
        }
        let (mut done, mut added) = (0, 0);
        for (product, quota) in quotas(count) {
            let mut left = usize::try_from(quota).unwrap_or(0);
            let mut series =
                tokio::task::spawn_blocking(move || Series::new(product, u64::from(seed)))
                    .await
                    .map_err(broken)?;
            while left > 0 {
                let take = left.min(BATCH);
                let (batch, rest) = tokio::task::spawn_blocking(move || {
                    let batch: Vec<Raw> = series.by_ref().take(take).collect();
                    (batch, series)
                })
                .await
                .map_err(broken)?;
                series = rest;
                if batch.is_empty() {
                    break;
                }
                left -= batch.len();
                done += batch.len() as u64;
                added += self.put_on_sale(product, batch).await?;
                progress(done);
            }
        }
        sqlx::query!(
            "insert into local_carrier.generated (seed, count) values ($1, $2)
             on conflict (seed) do update set count = greatest(generated.count, excluded.count)",
            i64::from(seed),
            wanted
        )
        .execute(&self.pool)
        .await
        .map_err(failed)?;
        // The planner must know the new catalogue before the first customer searches it.
        sqlx::query("analyze local_carrier.numbers").execute(&self.pool).await.map_err(failed)?;
        Ok(added)
    }

    async fn put_on_sale(&self, product: &Product, batch: Vec<Raw>) -> Result<u64, CarrierError> {
        let mut numbers = Vec::with_capacity(batch.len());
        let mut nationals = Vec::with_capacity(batch.len());
        let mut areas = Vec::with_capacity(batch.len());
        let mut places = Vec::with_capacity(batch.len());
        for raw in batch {
            numbers.push(raw.number.to_string());
            nationals.push(raw.national);
            areas.push(raw.area_code);
            places.push(raw.place);
        }
        let done = sqlx::query!(
            "insert into local_carrier.numbers (e164, country, number_type, national, area_code, place)
             select e164, $1, $2, national, area_code, place
             from unnest($3::text[], $4::text[], $5::text[], $6::integer[])
                  as made (e164, national, area_code, place)
             on conflict (e164) do nothing",
            product.country,
            product.number_type.as_str(),
            &numbers,
            &nationals,
            &areas as &[Option<String>],
            &places as &[Option<i32>],
        )
        .execute(&self.pool)
        .await
        .map_err(failed)?;
        Ok(done.rows_affected())
    }
}

/// How many numbers of each product make a catalogue of `count`; the first takes the remainder.
fn quotas(count: u64) -> Vec<(&'static Product, u64)> {
    let mut parts: Vec<(&Product, u64)> =
        PRODUCTS.iter().map(|p| (p, count * p.share / 1000)).collect();
    let missing = count - parts.iter().map(|(_, n)| n).sum::<u64>();
    if let Some(first) = parts.first_mut() {
        first.1 += missing;
    }
    parts
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err wants")]
fn broken(error: tokio::task::JoinError) -> CarrierError {
    CarrierError::Transient { detail: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_add_up() {
        for count in [0, 1, 7, 999, 200_000, MOST] {
            assert_eq!(quotas(count).iter().map(|(_, n)| n).sum::<u64>(), count);
        }
    }
}
