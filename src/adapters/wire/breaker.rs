//! The circuit breaker of one carrier: after failures in a row nobody is sent into the wall any
//! more; after a pause one request tries whether it still stands.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Failures in a row that open it.
const FAILURES: u32 = 8;
/// The first pause; it doubles with every failed probe up to [`LONGEST`].
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_mins(2);

/// What may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// Everything.
    Free,
    /// This one request, which decides for all.
    Probe,
    /// Nothing for so long.
    Shut(Duration),
}

#[derive(Debug, Clone, Copy)]
struct Inner {
    failures: u32,
    pause: Duration,
    shut_until: Option<Instant>,
    probing: bool,
}

/// A breaker. A failure is an answer that tells of trouble at the carrier (no connection, no
/// answer in time, 5xx), not a refusal.
#[derive(Debug)]
pub struct Breaker(Mutex<Inner>);

impl Default for Breaker {
    fn default() -> Self {
        Self(Mutex::new(Inner { failures: 0, pause: PAUSE, shut_until: None, probing: false }))
    }
}

impl Breaker {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// May a request be sent? Whoever gets [`Passage::Free`] or [`Passage::Probe`] says afterwards
    /// how it went, by [`Breaker::succeeded`], [`Breaker::failed`] or [`Breaker::abandoned`]. `probe`:
    /// the request is meant to find out, so it need not wait for the pause to end.
    pub fn passage(&self, probe: bool) -> Passage {
        let mut inner = self.inner();
        let Some(until) = inner.shut_until else { return Passage::Free };
        let left = until.saturating_duration_since(Instant::now());
        if (!left.is_zero() && !probe) || inner.probing {
            return Passage::Shut(left.max(Duration::from_millis(100)));
        }
        inner.probing = true;
        Passage::Probe
    }

    /// The carrier answered. True when this closed the breaker.
    pub fn succeeded(&self) -> bool {
        let mut inner = self.inner();
        let was_shut = inner.shut_until.is_some();
        *inner = Inner { failures: 0, pause: PAUSE, shut_until: None, probing: false };
        was_shut
    }

    /// The carrier is in trouble, says a request with this passage. True when this opened the
    /// breaker.
    pub fn failed(&self, passage: Passage) -> bool {
        let mut inner = self.inner();
        inner.failures += 1;
        if inner.shut_until.is_some() {
            // Only the probe's word counts; requests that were under way when it opened do not.
            if passage == Passage::Probe {
                inner.probing = false;
                inner.pause = (inner.pause * 2).min(LONGEST);
                inner.shut_until = Some(Instant::now() + inner.pause);
            }
            return false;
        }
        if inner.failures < FAILURES {
            return false;
        }
        inner.shut_until = Some(Instant::now() + inner.pause);
        true
    }

    /// A request with this passage was given up before anything could be said of the carrier. A
    /// probe lets the next one try; any other changes nothing: a probe may be under way.
    pub fn abandoned(&self, passage: Passage) {
        if passage == Passage::Probe {
            self.inner().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_opens_after_failures_in_a_row_and_closes_by_a_probe() {
        let breaker = Breaker::default();
        for _ in 0..FAILURES - 1 {
            assert!(!breaker.failed(Passage::Free));
        }
        breaker.succeeded();
        assert_eq!(
            breaker.passage(false),
            Passage::Free,
            "a success in between starts the count anew"
        );
        for n in 1..=FAILURES {
            assert_eq!(breaker.failed(Passage::Free), n == FAILURES);
        }
        assert!(matches!(breaker.passage(false), Passage::Shut(left) if left <= PAUSE));
        tokio::time::advance(PAUSE).await;
        assert_eq!(breaker.passage(false), Passage::Probe);
        assert!(matches!(breaker.passage(false), Passage::Shut(_)), "one probe at a time");
        assert!(!breaker.failed(Passage::Probe), "it is open already");
        tokio::time::advance(PAUSE).await;
        assert!(matches!(breaker.passage(false), Passage::Shut(_)), "the second pause is longer");
        tokio::time::advance(PAUSE).await;
        assert_eq!(breaker.passage(false), Passage::Probe);
        assert!(breaker.succeeded());
        assert_eq!(breaker.passage(false), Passage::Free);
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_given_up_does_not_shut_it_for_ever() {
        let breaker = Breaker::default();
        for _ in 0..FAILURES {
            breaker.failed(Passage::Free);
        }
        tokio::time::advance(PAUSE).await;
        assert_eq!(breaker.passage(false), Passage::Probe);
        breaker.abandoned(Passage::Probe);
        assert_eq!(breaker.passage(false), Passage::Probe);
    }

    #[tokio::test(start_paused = true)]
    async fn who_wants_to_know_probes_sooner_and_alone() {
        let breaker = Breaker::default();
        for _ in 0..FAILURES {
            breaker.failed(Passage::Free);
        }
        assert_eq!(breaker.passage(true), Passage::Probe);
        assert!(matches!(breaker.passage(true), Passage::Shut(_)), "one probe at a time");
        breaker.failed(Passage::Probe);
        assert!(matches!(breaker.passage(false), Passage::Shut(left) if left > PAUSE));
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_probe_speaks_for_the_probe() {
        let breaker = Breaker::default();
        for _ in 0..FAILURES {
            breaker.failed(Passage::Free);
        }
        tokio::time::advance(PAUSE).await;
        assert_eq!(breaker.passage(false), Passage::Probe);
        // Requests from before it opened end while the probe is under way.
        breaker.abandoned(Passage::Free);
        assert!(matches!(breaker.passage(false), Passage::Shut(_)), "one probe at a time");
        assert!(!breaker.failed(Passage::Free));
        assert!(matches!(breaker.passage(false), Passage::Shut(_)), "one probe at a time");
        breaker.abandoned(Passage::Probe);
        assert_eq!(breaker.passage(false), Passage::Probe, "no pause was begun by the others");
    }
}
