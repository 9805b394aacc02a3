//! Misbehaviour by choice: what real carriers do on a bad day, so that the rest of the system can
//! be proved against it and shown to people. All rates are zero unless the operator asks for them.

use super::{LocalCarrier, ownership::already_ours};
use rand::Rng;
use std::time::Duration;
use voxlink_gateways::{
    CarrierError,
    carrier::{Bought, Purchase},
};

/// How often, from 0 to 1, the carrier misbehaves: by the same faults as the carrier in memory that
/// tests use. A purchase, the request that costs money, meets one of the first six; they come to 1
/// at most.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Faults {
    /// It fails and nothing was done.
    pub fail: f64,
    /// It is refused although the number is there.
    pub refuse: f64,
    /// It is done but the answer is lost.
    pub lose_answer: f64,
    /// It never arrives, which looks like a lost answer.
    pub lose_request: f64,
    /// It arrives twice, and the answer is the second one's.
    pub duplicate: f64,
    /// It is taken as an order, and done for who asks what became of it.
    pub pending: f64,
    /// Each purchase, search, setting and release takes this much longer.
    pub delay: Duration,
    /// A search fails.
    pub search_down: f64,
    /// No settings are taken.
    pub configure_down: f64,
    /// No number is taken back.
    pub release_down: f64,
}

/// What befalls one purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Failed,
    Refused,
    AnswerLost,
    RequestLost,
    Doubled,
    Pending,
}

fn down() -> CarrierError {
    CarrierError::Transient { detail: "503 injected fault".to_owned() }
}

fn lost() -> CarrierError {
    CarrierError::UnknownOutcome { detail: "time-out, injected fault".to_owned() }
}

impl Faults {
    async fn dawdle(&self) {
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
    }

    /// What happens before anything but a purchase is done: it takes its time, and this often it
    /// fails and nothing is to be done.
    pub(super) async fn befall(&self, rate: f64) -> Result<(), CarrierError> {
        self.dawdle().await;
        let dice: f64 = rand::rng().random();
        if dice < rate { Err(down()) } else { Ok(()) }
    }

    /// The fate of a purchase.
    fn draw(&self) -> Option<Fate> {
        let fates = [
            (self.fail, Fate::Failed),
            (self.refuse, Fate::Refused),
            (self.lose_answer, Fate::AnswerLost),
            (self.lose_request, Fate::RequestLost),
            (self.duplicate, Fate::Doubled),
            (self.pending, Fate::Pending),
        ];
        let mut dice: f64 = rand::rng().random();
        for (rate, fate) in fates {
            if dice < rate {
                return Some(fate);
            }
            dice -= rate;
        }
        None
    }

    /// Sells a number as far as its fate allows. What was sold by the same key before is neither
    /// refused nor an open order.
    pub(super) async fn sell(
        &self,
        carrier: &LocalCarrier,
        purchase: &Purchase,
    ) -> Result<Bought, CarrierError> {
        self.dawdle().await;
        match self.draw() {
            None => carrier.sell(purchase).await,
            Some(Fate::Failed) => Err(down()),
            Some(Fate::RequestLost) => Err(lost()),
            Some(Fate::AnswerLost) => carrier.sell(purchase).await.and(Err(lost())),
            Some(Fate::Doubled) => {
                carrier.sell(purchase).await.and(Err(already_ours(&purchase.number)))
            }
            Some(Fate::Refused) => {
                let before = carrier.purchase_of(&purchase.number, purchase.key).await?;
                let detail = "21422 injected fault".to_owned();
                before.ok_or(CarrierError::Unavailable { detail })
            }
            // The books have it at once, under the order's own id: so a server that was killed in
            // between finds it, and nobody else is sold the number.
            Some(Fate::Pending) => {
                match carrier.purchase_of(&purchase.number, purchase.key).await? {
                    Some(before) => Ok(before),
                    None => match carrier.sell(purchase).await? {
                        Bought::Done(owned) => Ok(Bought::Pending { order_id: owned.id }),
                        pending @ Bought::Pending { .. } => Ok(pending),
                    },
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rate_is_the_rate_of_its_own_fault() {
        let none = Faults::default();
        let cases = [
            (none, None),
            (Faults { fail: 1.0, ..none }, Some(Fate::Failed)),
            (Faults { refuse: 1.0, ..none }, Some(Fate::Refused)),
            (Faults { lose_answer: 1.0, ..none }, Some(Fate::AnswerLost)),
            (Faults { lose_request: 1.0, ..none }, Some(Fate::RequestLost)),
            (Faults { duplicate: 1.0, ..none }, Some(Fate::Doubled)),
            (Faults { pending: 1.0, ..none }, Some(Fate::Pending)),
        ];
        for (faults, fate) in cases {
            assert_eq!(faults.draw(), fate, "{faults:?}");
        }
        let half = Faults { fail: 0.25, pending: 0.25, ..none };
        let drawn: Vec<_> = (0..1_000).map(|_| half.draw()).collect();
        for fate in [None, Some(Fate::Failed), Some(Fate::Pending)] {
            assert!(drawn.contains(&fate), "{fate:?}");
        }
    }
}
