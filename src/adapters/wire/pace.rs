//! How fast one carrier is asked: a token bucket. It holds this server's part of what all servers
//! together may ask, which grows and shrinks with their number. And the rest that a carrier asks
//! for, which binds every request of this server, not the refused one alone.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use voxlink_gateways::carrier::Watch;

/// The part may grow meanwhile, so who waits looks again after this long.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// A rest is kept no longer, whatever is asked for: one header that was written wrongly must not
/// close a carrier for days. Who still wants rest says so to the one request that comes then.
const LONGEST_REST: Duration = Duration::from_mins(15);

/// The pace of one carrier.
#[derive(Debug)]
pub struct Pace {
    carrier: &'static str,
    per_second: u32,
    burst: u32,
    watch: Arc<dyn Watch>,
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
    rests_until: Instant,
}

/// What one server may ask.
#[derive(Debug, Clone, Copy)]
struct Part {
    per_second: f64,
    burst: f64,
}

impl Pace {
    /// A pace of `per_second` requests on average, `burst` at once, of all servers together.
    pub fn new(carrier: &'static str, per_second: u32, burst: u32, watch: Arc<dyn Watch>) -> Self {
        let now = Instant::now();
        let bucket = Bucket { tokens: f64::from(burst), filled: now, rests_until: now };
        Self { carrier, per_second, burst, watch, bucket: Mutex::new(bucket) }
    }

    /// Waits until one more request may be sent.
    ///
    /// # Errors
    /// How long the carrier still rests, where that is longer than `patience`.
    pub async fn wait(&self, patience: Duration) -> Result<(), Duration> {
        loop {
            self.rested(patience)?;
            let Err(pause) = self.draw() else { return Ok(()) };
            tokio::time::sleep(pause.clamp(Duration::from_millis(5), LOOK_AGAIN)).await;
        }
    }

    /// Whether the carrier may be asked within `patience`.
    ///
    /// # Errors
    /// How long it still rests, where that is longer.
    pub fn rested(&self, patience: Duration) -> Result<(), Duration> {
        let left = self.bucket().rests_until.saturating_duration_since(Instant::now());
        if left > patience { Err(left) } else { Ok(()) }
    }

    /// Sends nobody for so long, as the carrier asked.
    pub fn rest_for(&self, time: Duration) {
        self.bucket().rest_until(Instant::now() + time.min(LONGEST_REST));
    }

    fn draw(&self) -> Result<(), Duration> {
        let part = self.part();
        self.bucket().draw(part, Instant::now())
    }

    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This server's part. A burst lets at least one request through, however many servers there
    /// are: the rate then keeps the average.
    fn part(&self) -> Part {
        let servers = f64::from(self.watch.servers(self.carrier).max(1));
        Part {
            per_second: f64::from(self.per_second.max(1)) / servers,
            burst: (f64::from(self.burst) / servers).max(1.0),
        }
    }
}

impl Bucket {
    /// Takes a token, or tells how long until there is one.
    fn draw(&mut self, part: Part, now: Instant) -> Result<(), Duration> {
        let rest = self.rests_until.saturating_duration_since(now);
        if !rest.is_zero() {
            return Err(rest);
        }
        let gained = now.duration_since(self.filled).as_secs_f64() * part.per_second;
        self.tokens = (self.tokens + gained).min(part.burst);
        self.filled = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - self.tokens) / part.per_second))
    }

    /// A rest, unless a longer one is under way. Nothing is saved up for its end: who asked for rest
    /// gets one request then and the others at the rate, not a burst.
    fn rest_until(&mut self, until: Instant) {
        if until > self.rests_until {
            (self.rests_until, self.filled) = (until, until);
            self.tokens = self.tokens.min(1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use voxlink_gateways::carrier::Exchange;

    /// Longer than any rest here.
    const PATIENT: Duration = Duration::from_mins(1);

    /// So many servers.
    #[derive(Debug)]
    struct Among(AtomicU32);

    impl Watch for Among {
        fn saw(&self, _: Exchange) {}
        fn breaker(&self, _: &'static str, _: bool) {}
        fn servers(&self, _: &'static str) -> u32 {
            self.0.load(Ordering::SeqCst)
        }
    }

    fn among(servers: u32) -> (Pace, Arc<Among>) {
        let watch = Arc::new(Among(AtomicU32::new(servers)));
        (Pace::new("test", 100, 200, Arc::clone(&watch) as Arc<dyn Watch>), watch)
    }

    /// How many requests go within a time.
    async fn within(pace: &Pace, time: Duration) -> u32 {
        let end = Instant::now() + time;
        let mut sent = 0;
        while tokio::time::timeout_at(end, pace.wait(PATIENT)).await.is_ok() {
            sent += 1;
        }
        sent
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_at_once_and_the_rest_at_the_rate() {
        let (pace, _) = among(1);
        let start = Instant::now();
        for _ in 0..200 {
            pace.wait(PATIENT).await.unwrap();
        }
        assert!(start.elapsed() < Duration::from_millis(10), "the burst");
        for _ in 0..100 {
            pace.wait(PATIENT).await.unwrap();
        }
        let took = start.elapsed();
        assert!(
            took >= Duration::from_millis(900) && took < Duration::from_millis(1_600),
            "{took:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn servers_share_burst_and_rate() {
        // How many servers; at once, and in ten seconds after that.
        for (servers, at_once, in_ten) in
            [(0, 200, 1_000), (1, 200, 1_000), (2, 100, 500), (4, 50, 250), (400, 1, 2)]
        {
            let (pace, _) = among(servers);
            let burst = within(&pace, Duration::from_millis(4)).await;
            let rest = within(&pace, Duration::from_secs(10)).await;
            assert_eq!(burst, at_once, "{servers} servers, at once");
            assert!(rest.abs_diff(in_ten) <= 2 + in_ten / 20, "{servers} servers: {rest} in 10 s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_part_follows_the_number_of_servers() {
        let (pace, watch) = among(1);
        watch.0.store(10, Ordering::SeqCst);
        let burst = within(&pace, Duration::from_millis(4)).await;
        assert_eq!(burst, 20, "what was saved up for one server is not had by each of ten");
        // Alone a token comes every 10 ms, among a thousand every 10 s.
        watch.0.store(1_000, Ordering::SeqCst);
        let start = Instant::now();
        let alone = async {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            watch.0.store(1, Ordering::SeqCst);
        };
        let (sent, ()) = tokio::join!(pace.wait(PATIENT), alone);
        sent.unwrap();
        let took = start.elapsed();
        assert!(took < Duration::from_secs(3), "who waits notices that it is alone: {took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_rest_binds_everybody_and_no_burst_follows_it() {
        let (pace, _) = among(1);
        pace.rest_for(Duration::from_secs(2));
        pace.rest_for(Duration::from_secs(1));
        let start = Instant::now();
        let told = pace.wait(Duration::from_secs(1)).await;
        assert_eq!(told, Err(Duration::from_secs(2)), "a shorter one changes nothing");
        assert_eq!(start.elapsed(), Duration::ZERO, "who has no such patience is told at once");
        pace.wait(Duration::from_secs(2)).await.unwrap();
        let took = start.elapsed();
        assert!(took >= Duration::from_secs(2) && took < Duration::from_millis(2_100), "{took:?}");
        let sent = within(&pace, Duration::from_secs(1)).await;
        assert!((90..=105).contains(&sent), "{sent} in the first second");
        pace.rest_for(Duration::from_hours(1_000));
        assert_eq!(pace.wait(PATIENT).await, Err(LONGEST_REST));
    }
}
