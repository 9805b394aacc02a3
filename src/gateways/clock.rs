//! Time as a parameter: nothing but [`SystemClock`] reads the machine's clock.

use chrono::{DateTime, Utc};

/// Tells the time.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present instant.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

#[cfg(feature = "fakes")]
mod fixed {
    use super::{Clock, DateTime, Utc};
    use std::sync::{Arc, Mutex};

    /// A clock that stands until it is moved. Clones show the same time.
    #[derive(Debug, Clone)]
    pub struct FixedClock(Arc<Mutex<DateTime<Utc>>>);

    impl FixedClock {
        /// A clock that stands at `moment`.
        pub fn at(moment: DateTime<Utc>) -> Self {
            Self(Arc::new(Mutex::new(moment)))
        }

        /// Moves the clock on.
        pub fn advance(&self, by: chrono::Duration) {
            *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += by;
        }
    }

    impl Clock for FixedClock {
        fn now(&self) -> DateTime<Utc> {
            *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
        }
    }
}

#[cfg(feature = "fakes")]
pub use fixed::FixedClock;
