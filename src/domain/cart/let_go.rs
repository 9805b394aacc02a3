//! Letting a carrier's own hold go, for whatever reason it is needed no longer.

use crate::{
    Fault, Platform,
    jobs::{Job, JobError},
};
use serde::{Deserialize, Serialize};
use voxlink_types::E164;

/// Tells a carrier that a number is no longer wanted. Enqueued in the transaction that ends our
/// hold, so that neither a crash nor a carrier's bad minute leaves the number set aside.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LetGo {
    carrier: String,
    number: E164,
    hold: String,
}

impl LetGo {
    /// The hold that the carrier calls `hold`.
    pub fn of(carrier: &str, number: &E164, hold: String) -> Self {
        Self { carrier: carrier.to_owned(), number: number.clone(), hold }
    }

    /// After the commit that enqueued it: tells the carrier now, so that the next person can have
    /// the number now. What fails is left to the job.
    pub(super) async fn at_once(&self, platform: &Platform) {
        if let Err(error) = self.run(platform).await {
            tracing::info!(number = %self.number, %error, "a carrier's hold is let go later");
        }
    }
}

impl Job for LetGo {
    const TASK: &'static str = "cart.let_go";
    // The carrier's hold ends by itself within the hour.
    const TRIES: i32 = 6;

    fn key(&self) -> Option<String> {
        Some(format!("cart.let_go:{}:{}:{}", self.carrier, self.number, self.hold))
    }

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        // Held again meanwhile under the same reservation: then it is wanted after all.
        let wanted = sqlx::query_scalar!(
            r#"select exists (select 1 from holds where e164 = $1 and carrier_hold_id = $2) as "wanted!""#,
            self.number.as_str(),
            self.hold
        )
        .fetch_one(&platform.db().platform)
        .await
        .map_err(Fault::from)?;
        let Some(carrier) = platform.carrier(&self.carrier) else { return Ok(()) };
        if wanted {
            return Ok(());
        }
        carrier.let_go(&self.number, &self.hold).await.map_err(JobError::retry)
    }
}
