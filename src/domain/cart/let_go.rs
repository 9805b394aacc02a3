//! Letting a carrier's own hold go, for whatever reason it is needed no longer.

use crate::{
    Fault, Platform,
    jobs::{Job, JobError},
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use voxlink_gateways::CarrierError;
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
        if wanted {
            return Ok(());
        }
        let Some(carrier) = platform.carrier(&self.carrier) else {
            return unreached(platform, &self.carrier);
        };
        carrier.let_go(&self.number, &self.hold).await.map_err(JobError::retry)
    }
}

/// What becomes of a hold at a carrier that this server cannot reach: without an account it lapses by
/// itself, but another server may know the account.
fn unreached(platform: &Platform, carrier: &str) -> Result<(), JobError> {
    if platform.without_account(carrier) {
        return Ok(());
    }
    Err(JobError::retry(format!("the account at {carrier} is not known here")))
}

/// Lets go of a hold whose answer was lost, when its line is out of the cart: the carrier may have
/// set the number aside, and nobody heard under which id. Holding again with the same key tells the
/// id. A carrier that does not know its own holds by the key keeps the number until they lapse.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LetGoLost {
    carrier: String,
    number: E164,
    key: Uuid,
}

impl LetGoLost {
    /// A request that was taken for lost may arrive so much later.
    pub(super) const PAUSE: TimeDelta = TimeDelta::minutes(1);
    /// Should letting go fail after all, what it was asked for lapses as soon.
    const LASTS: TimeDelta = TimeDelta::minutes(1);

    /// The hold that was asked for with `key`.
    pub(super) fn of(carrier: &str, number: &E164, key: Uuid) -> Self {
        Self { carrier: carrier.to_owned(), number: number.clone(), key }
    }
}

impl Job for LetGoLost {
    const TASK: &'static str = "cart.let_go_lost";
    const TRIES: i32 = 6;

    fn key(&self) -> Option<String> {
        Some(format!("cart.let_go_lost:{}", self.key))
    }

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        let now = platform.clock().now();
        // Whoever holds it here by now has it from the carrier, so ours is not there any more.
        let taken = sqlx::query_scalar!(
            r#"select exists (select 1 from holds
                   where e164 = $1 and (expires_at > $2 or order_id is not null)) as "taken!""#,
            self.number.as_str(),
            now
        )
        .fetch_one(&platform.db().platform)
        .await
        .map_err(Fault::from)?;
        if taken {
            return Ok(());
        }
        let Some(carrier) = platform.carrier(&self.carrier) else {
            return unreached(platform, &self.carrier);
        };
        match carrier.hold(&self.number, self.key, now + Self::LASTS).await {
            Ok(held) => carrier.let_go(&self.number, &held.id).await.map_err(JobError::retry),
            // Somebody else's, or sold: not set aside for us.
            Err(
                CarrierError::Unavailable { .. }
                | CarrierError::AlreadyOurs { .. }
                | CarrierError::Gone { .. }
                | CarrierError::Unsupported { .. },
            ) => Ok(()),
            Err(error) => Err(JobError::retry(error)),
        }
    }
}
