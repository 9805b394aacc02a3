//! What is for sale and what it costs: as the operator brings it in.

use super::{Clec, failed};
use async_trait::async_trait;
use voxlink_gateways::{
    CarrierError,
    carrier::PriceRow,
    sip::{Arrival, OwnNumbers, TakenIn},
};
use voxlink_types::{
    Currency, E164,
    number::{NumberType, Requirement},
};

impl Clec {
    /// What each kind costs.
    pub(super) async fn rates(&self) -> Result<Vec<PriceRow>, CarrierError> {
        sqlx::query_as!(
            PriceRow,
            r#"select country, number_type as "number_type: NumberType",
                      currency as "currency: Currency", monthly, setup, inbound_minute,
                      requirement as "requirement: Requirement"
               from clec.rates order by country, number_type"#
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failed)
    }
}

#[async_trait]
impl OwnNumbers for Clec {
    async fn set_rate(&self, rate: &PriceRow) -> Result<(), CarrierError> {
        sqlx::query!(
            "insert into clec.rates (country, number_type, currency, monthly, setup, inbound_minute, requirement)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (country, number_type) do update
             set currency = excluded.currency, monthly = excluded.monthly, setup = excluded.setup,
                 inbound_minute = excluded.inbound_minute, requirement = excluded.requirement",
            rate.country,
            rate.number_type.as_str(),
            rate.currency.to_string(),
            rate.monthly,
            rate.setup,
            rate.inbound_minute,
            rate.requirement.as_str()
        )
        .execute(&self.pool)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn take_in(&self, batch: &str, all: &[Arrival]) -> Result<TakenIn, CarrierError> {
        let rates = self.rates().await?;
        let mut tx = self.pool.begin().await.map_err(failed)?;
        let mut taken = TakenIn::default();
        for one in all {
            let (country, kind) = (&one.country, one.number_type);
            if !rates.iter().any(|r| r.country == *country && r.number_type == kind) {
                let detail = format!("{}: set a rate for {country}, {kind} first", one.number);
                return Err(CarrierError::Rejected { detail });
            }
            let digits = one.number.digits();
            let national = digits.get(one.number.calling_code().len()..).unwrap_or(digits);
            let abilities: Vec<String> =
                one.capabilities.iter().map(|c| c.as_str().to_owned()).collect();
            let written = sqlx::query!(
                "insert into clec.numbers (e164, country, number_type, national, capabilities, rate_centre, lata, batch)
                 values ($1, $2, $3, $4, $5, $6, $7, $8)
                 on conflict (e164) do nothing",
                one.number.as_str(),
                one.country,
                kind.as_str(),
                national,
                &abilities[..],
                one.rate_centre,
                one.lata,
                batch
            )
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
            taken.new += written.rows_affected();
            taken.there += 1 - written.rows_affected().min(1);
        }
        // Repeated, it changes nothing: a lost answer to the commit is no danger.
        tx.commit().await.map_err(failed)?;
        Ok(taken)
    }

    async fn withdraw(&self, number: &E164) -> Result<bool, CarrierError> {
        let done = sqlx::query!(
            "update clec.numbers
             set state = 'withdrawn', aging_until = null, held_by = null, hold_key = null, held_until = null
             where e164 = $1 and state <> 'owned'",
            number.as_str()
        )
        .execute(&self.pool)
        .await
        .map_err(failed)?;
        Ok(done.rows_affected() == 1)
    }
}
