//! Asking carriers how they are: by a person's button, and every few minutes by the clock.

use super::CarriersError;
use crate::{
    Fault, Platform,
    jobs::{Job, JobError},
};
use chrono::{DateTime, Utc};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;
use voxlink_gateways::{Carrier, carrier::NOT_ASKED};

/// How long a carrier may think about it.
const PATIENCE: Duration = Duration::from_secs(8);
/// What stands for an answer that did not come.
const SILENT: &str = "no_answer";
/// How much of a carrier's words is kept.
const WORDS: usize = 500;

/// How a carrier was when it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// `ok`, `no_answer`, `not_asked`, or the code of a [`voxlink_gateways::CarrierError`].
    pub code: String,
    /// What went wrong, in the carrier's words; empty when nothing did.
    pub detail: String,
    /// How long it took, in milliseconds.
    pub took_ms: i32,
    /// When.
    pub asked_at: DateTime<Utc>,
}

impl Health {
    /// It answers and takes our credentials.
    pub fn is_good(&self) -> bool {
        self.code == "ok"
    }

    /// Nothing was sent, because the carrier is left alone for a while: its last answer stands.
    pub fn is_unasked(&self) -> bool {
        self.code == NOT_ASKED
    }
}

/// Whether an answer of this code tells nothing of what was asked: the carrier was not reached, was
/// busy, or kept silent.
pub(super) fn is_silence(code: &str) -> bool {
    // The last three are `CarrierError`'s for what may be asked again or has no answer.
    [SILENT, NOT_ASKED, "carrier_busy", "carrier_failed", "carrier_outcome_unknown"].contains(&code)
}

/// Asks a carrier now and keeps the answer for the page; where it is left alone, the one before stays.
/// Not in a transaction: it waits.
pub async fn ask(platform: &Platform, key: &str) -> Result<Health, CarriersError> {
    let carrier =
        platform.carrier(key).ok_or_else(|| CarriersError::NotConfigured(key.to_owned()))?;
    Ok(asked(platform, carrier.as_ref()).await?)
}

/// How a carrier answers: the code, what it said, and after how many milliseconds.
pub(super) async fn answer(carrier: &dyn Carrier) -> (&'static str, String, i32) {
    let begun = Instant::now();
    let answer = tokio::time::timeout(PATIENCE, carrier.health()).await;
    let took_ms = i32::try_from(begun.elapsed().as_millis()).unwrap_or(i32::MAX);
    let (code, detail) = match answer {
        Ok(Ok(())) => ("ok", String::new()),
        Ok(Err(error)) if error.is_unasked() => (NOT_ASKED, error.detail().to_owned()),
        Ok(Err(error)) => (error.code(), error.to_string().chars().take(WORDS).collect()),
        Err(_) => (SILENT, format!("no answer within {} seconds", PATIENCE.as_secs())),
    };
    (code, detail, took_ms)
}

async fn asked(platform: &Platform, carrier: &dyn Carrier) -> Result<Health, Fault> {
    let (code, detail, took_ms) = answer(carrier).await;
    let mut cx = platform.work("carriers").await?;
    let asked_at = cx.now();
    let health = Health { code: code.to_owned(), detail, took_ms, asked_at };
    if health.is_unasked() {
        return Ok(health);
    }
    sqlx::query!(
        "insert into carrier_health (carrier, code, detail, took_ms, asked_at)
         values ($1, $2, $3, $4, $5)
         on conflict (carrier) do update
             set code = excluded.code, detail = excluded.detail, took_ms = excluded.took_ms,
                 asked_at = excluded.asked_at",
        carrier.key(),
        health.code,
        health.detail,
        health.took_ms,
        health.asked_at,
    )
    .execute(cx.tx())
    .await?;
    cx.commit().await?;
    Ok(health)
}

/// Asks every configured carrier, all at once.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct AskCarriers {}

impl Job for AskCarriers {
    const TASK: &'static str = "carriers.ask";
    const TRIES: i32 = 1;

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        let carriers: Vec<Arc<dyn Carrier>> = platform.carriers().collect();
        let answers = carriers.iter().map(|carrier| asked(platform, carrier.as_ref()));
        for answer in join_all(answers).await {
            answer?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxlink_gateways::CarrierError;

    #[test]
    fn only_an_answer_speaks_of_what_was_asked() {
        let detail = || "503".to_owned();
        for silent in [
            CarrierError::Transient { detail: detail() },
            CarrierError::RateLimited { until: None, detail: detail() },
            CarrierError::UnknownOutcome { detail: detail() },
        ] {
            assert!(is_silence(silent.code()), "{silent}");
        }
        let refused = CarrierError::RefusedCredentials { detail: detail() };
        assert!(!is_silence(refused.code()));
    }
}
