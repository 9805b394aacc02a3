//! How fast one carrier is asked: a token bucket that all servers share, drawn from in portions.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use voxlink_gateways::carrier::Watch;

/// Requests fetched from the shared quota at a time: a query per so many requests.
const PORTION: u32 = 20;
/// Portions not used up go stale: what was granted long ago is not a burst of now.
const FRESH: Duration = Duration::from_secs(1);

/// The pace of one carrier.
#[derive(Debug)]
pub struct Pace {
    carrier: &'static str,
    per_second: u32,
    burst: u32,
    watch: Arc<dyn Watch>,
    purse: Mutex<Purse>,
}

#[derive(Debug)]
struct Purse {
    /// From the shared quota, and when it came.
    granted: u32,
    at: Instant,
    /// This server's own bucket, for when nobody can tell about the shared one.
    own: f64,
    filled: Instant,
}

impl Pace {
    /// A pace of `per_second` requests on average, `burst` at once.
    pub fn new(carrier: &'static str, per_second: u32, burst: u32, watch: Arc<dyn Watch>) -> Self {
        let now = Instant::now();
        let purse = Purse { granted: 0, at: now, own: f64::from(burst), filled: now };
        Self { carrier, per_second, burst, watch, purse: Mutex::new(purse) }
    }

    /// Waits until one more request may be sent.
    pub async fn wait(&self) {
        loop {
            let had = self.with(|purse| {
                let had = purse.granted > 0 && purse.at.elapsed() < FRESH;
                purse.granted = if had { purse.granted - 1 } else { 0 };
                had
            });
            if had {
                return;
            }
            let wish = PORTION.min(self.burst);
            let pause =
                match self.watch.grant(self.carrier, wish, self.per_second, self.burst).await {
                    Some(grant) if grant.requests > 0 => {
                        self.with(|purse| {
                            purse.granted += grant.requests;
                            purse.at = Instant::now();
                        });
                        continue;
                    }
                    Some(grant) => grant.wait,
                    None => match self.with(|purse| purse.draw(self.per_second, self.burst)) {
                        Ok(()) => return,
                        Err(pause) => pause,
                    },
                };
            tokio::time::sleep(pause.max(Duration::from_millis(5))).await;
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Purse) -> T) -> T {
        act(&mut self.purse.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Purse {
    /// Takes one from the own bucket, or tells how long until there is one.
    fn draw(&mut self, per_second: u32, burst: u32) -> Result<(), Duration> {
        let rate = f64::from(per_second.max(1));
        let now = Instant::now();
        let gained = now.duration_since(self.filled).as_secs_f64() * rate;
        self.own = (self.own + gained).min(f64::from(burst));
        self.filled = now;
        if self.own >= 1.0 {
            self.own -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - self.own) / rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxlink_gateways::carrier::Unwatched;

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_at_once_and_the_rest_at_the_rate() {
        let pace = Pace::new("test", 100, 200, Arc::new(Unwatched));
        let start = Instant::now();
        for _ in 0..200 {
            pace.wait().await;
        }
        assert!(start.elapsed() < Duration::from_millis(10), "the burst");
        for _ in 0..100 {
            pace.wait().await;
        }
        let took = start.elapsed();
        assert!(
            took >= Duration::from_millis(900) && took < Duration::from_millis(1_600),
            "{took:?}"
        );
    }
}
