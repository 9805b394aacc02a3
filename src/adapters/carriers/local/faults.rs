//! Misbehaviour by choice: what real carriers do on a bad day, so that the rest of the system can
//! be proved against it. All rates are zero unless the operator asks for them.

use rand::Rng;
use std::time::Duration;
use voxlink_gateways::CarrierError;

/// How often, from 0 to 1, a purchase goes wrong: the request that costs money.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Faults {
    /// It fails and nothing was done.
    pub fail: f64,
    /// It is refused although the number is there.
    pub refuse: f64,
    /// It is done but the answer is lost.
    pub lose_answer: f64,
    /// Each purchase takes this much longer.
    pub delay: Duration,
    /// Status callbacks are sent twice (the side that calls us reads it).
    pub duplicate: f64,
}

/// What shall happen to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is carried out and answered.
    Fine,
    /// It is carried out, and the answer never arrives.
    Unanswered,
}

impl Faults {
    /// Waits, then decides one request's fate; an error means that nothing is to be done.
    pub(super) async fn befall(&self) -> Result<Fate, CarrierError> {
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        let dice: f64 = rand::rng().random();
        if dice < self.fail {
            return Err(CarrierError::Transient { detail: "503 injected fault".to_owned() });
        }
        if dice < self.fail + self.refuse {
            return Err(CarrierError::Unavailable { detail: "21422 injected fault".to_owned() });
        }
        if dice < self.fail + self.refuse + self.lose_answer {
            return Ok(Fate::Unanswered);
        }
        Ok(Fate::Fine)
    }

    /// The answer to a request that was carried out.
    pub(super) fn answer<T>(fate: Fate, done: T) -> Result<T, CarrierError> {
        match fate {
            Fate::Fine => Ok(done),
            Fate::Unanswered => {
                Err(CarrierError::UnknownOutcome { detail: "time-out, injected fault".to_owned() })
            }
        }
    }
}
