//! What was heard a while ago and is still believed.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long an answer is believed: what a country sells and asks for changes by the week.
const FRESH: Duration = Duration::from_hours(1);

/// Answers by what was asked.
#[derive(Debug)]
pub(super) struct Fresh<K, V>(Mutex<BTreeMap<K, (Instant, V)>>);

impl<K, V> Default for Fresh<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord, V: Clone> Fresh<K, V> {
    fn known(&self) -> MutexGuard<'_, BTreeMap<K, (Instant, V)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer, where it is still believed.
    pub(super) fn get(&self, asked: &K) -> Option<V> {
        let known = self.known();
        known.get(asked).filter(|(at, _)| at.elapsed() < FRESH).map(|(_, answer)| answer.clone())
    }

    /// Keeps an answer.
    pub(super) fn put(&self, asked: K, answer: V) {
        self.known().insert(asked, (Instant::now(), answer));
    }
}
