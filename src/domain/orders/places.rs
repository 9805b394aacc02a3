//! Places for purchases at a carrier: half of this server's worker for each. Without that a carrier
//! which takes half a minute to answer would have every slot of the worker, and no order at another
//! carrier, no release and no setting would get its turn.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// How long somebody waits for a place while purchases at the carrier come to their ends. It costs
/// a worker's slot meanwhile, so where none comes to its end nobody waits.
const MOMENT: Duration = Duration::from_millis(250);

/// The places at all carriers, by key. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    each: usize,
    carriers: Arc<Mutex<BTreeMap<String, Arc<Counter>>>>,
}

/// The places at one carrier.
#[derive(Debug)]
struct Counter {
    free: Arc<Semaphore>,
    /// Whether a purchase has come to its end since somebody waited for that in vain.
    moves: AtomicBool,
}

/// A purchase under way; dropped when it is over.
#[derive(Debug)]
pub(super) struct Place {
    counter: Arc<Counter>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.counter.moves.store(true, Ordering::Relaxed);
    }
}

impl Places {
    /// For a worker that runs so many jobs at a time.
    pub(crate) fn of(slots: usize) -> Self {
        Self { each: (slots / 2).max(1), carriers: Arc::default() }
    }

    /// A place at a carrier; none when all are taken and the carrier is slow.
    pub(super) async fn take(&self, carrier: &str) -> Option<Place> {
        let counter = self.counter(carrier);
        if let Ok(permit) = Arc::clone(&counter.free).try_acquire_owned() {
            return Some(Place { counter, _permit: permit });
        }
        if !counter.moves.load(Ordering::Relaxed) {
            return None;
        }
        let waited = timeout(MOMENT, Arc::clone(&counter.free).acquire_owned()).await;
        let Ok(Ok(permit)) = waited else {
            counter.moves.store(false, Ordering::Relaxed);
            return None;
        };
        Some(Place { counter, _permit: permit })
    }

    fn counter(&self, carrier: &str) -> Arc<Counter> {
        let mut carriers = self.carriers.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = carriers.entry(carrier.to_owned()).or_insert_with(|| {
            Arc::new(Counter {
                free: Arc::new(Semaphore::new(self.each)),
                moves: AtomicBool::new(true),
            })
        });
        Arc::clone(counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_carrier_has_half_the_worker_and_nobody_elses() {
        let places = Places::of(4);
        let (first, second) = (places.take("slow").await, places.take("slow").await);
        assert!(first.is_some() && second.is_some());
        assert!(places.take("slow").await.is_none(), "waited for in vain");
        assert!(places.take("quick").await.is_some(), "another carrier has its own");
        let at_once = timeout(Duration::from_millis(100), places.take("slow")).await;
        assert!(at_once.unwrap().is_none(), "nobody waits a second time");
        drop(first);
        let third = places.take("slow").await;
        assert!(third.is_some());
        // One is over a moment later: who waits has its place.
        let (fourth, ()) = tokio::join!(places.take("slow"), async { drop(second) });
        assert!(fourth.is_some());
    }

    #[test]
    fn a_worker_of_one_slot_buys() {
        assert_eq!((Places::of(0).each, Places::of(1).each, Places::of(9).each), (1, 1, 4));
    }
}
