//! The one way out: every request to a carrier or processor goes through a [`Wire`]. It keeps to a
//! pace, gives up in time, repeats what may be repeated, caps what it reads, and stops asking who
//! is down. Adapters say what to send and read what came back, nothing else.
//!
//! Each carrier has a wire, and so connections, pace and breaker, of its own: one that is slow
//! slows no other.

mod ask;
mod breaker;
mod pace;
mod token;

pub use ask::{Answer, Ask, Body, Credentials, Expect, Repeat, stumbled};
pub use breaker::{Breaker, Passage};
pub use pace::Pace;
pub use token::Tokens;

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::Instant};
use voxlink_gateways::{
    CarrierError, Clock,
    carrier::{Exchange, NOT_ASKED, Watch},
};

/// What an answer may weigh once unpacked: the longest that carriers send are lists of some
/// thousand numbers, about a megabyte.
const HEAVIEST: usize = 8 << 20;

/// A request that its caller gave up after so long was not answered, and the carrier hears of it in
/// its figures and its breaker. Sooner it was the caller who went: a browser that closes says
/// nothing of the carrier. Longer than a carrier that is well takes, shorter than the deadlines of a
/// search (5 s unless set) and of a question for health (8 s); where a search's is set below it, only
/// the other questions tell.
const UNANSWERED: Duration = Duration::from_secs(2);

/// How long a request waits for the end of a rest that the carrier asked another one for. Who waits
/// for it has a deadline of some seconds, and is better told the moment than kept in vain.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a wire keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests a second, of all servers together.
    pub per_second: u32,
    /// Requests at once out of a rested quota, of all servers together.
    pub burst: u32,
    /// Requests under way at a time in this process.
    pub at_a_time: usize,
    /// Until a connection stands.
    pub connect: Duration,
    /// Until the answer is whole, for one try.
    pub total: Duration,
    /// Tries after the first, where repeating is safe.
    pub retries: u32,
    /// The first pause between tries; each next one is twice as long, less up to half by chance.
    pub pause: Duration,
}

impl Default for Limits {
    /// requirements/twilio-integration.md §2.1: 100/s, burst 200, 3 retries from 1 s by factor 2, 30 s.
    fn default() -> Self {
        Self {
            per_second: 100,
            burst: 200,
            at_a_time: 32,
            connect: Duration::from_secs(5),
            total: Duration::from_secs(30),
            retries: 3,
            pause: Duration::from_secs(1),
        }
    }
}

/// The way to one carrier.
#[derive(Debug)]
pub struct Wire {
    carrier: &'static str,
    client: reqwest::Client,
    limits: Limits,
    pace: Pace,
    gate: Semaphore,
    breaker: Breaker,
    watch: Arc<dyn Watch>,
    clock: Arc<dyn Clock>,
}

/// How a try went wrong.
struct Trouble {
    error: CarrierError,
    /// Trouble at the carrier, which the breaker counts.
    counts: bool,
    /// Nothing was done for sure, or doing it twice is the same as once.
    again: bool,
    /// The carrier's own word on when to come back.
    wait: Option<Duration>,
}

impl Wire {
    /// A wire to the carrier `carrier`.
    ///
    /// # Errors
    /// When the machine's certificates or TLS cannot be had.
    #[expect(clippy::disallowed_methods, reason = "this is the one guarded client")]
    pub fn new(
        carrier: &'static str,
        limits: Limits,
        watch: Arc<dyn Watch>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, reqwest::Error> {
        crate::choose_tls();
        let client = reqwest::Client::builder()
            .user_agent(concat!("VoxLink/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(limits.connect)
            .timeout(limits.total)
            .pool_idle_timeout(Duration::from_secs(50))
            .build()?;
        Ok(Self {
            carrier,
            client,
            limits,
            pace: Pace::new(carrier, limits.per_second, limits.burst, Arc::clone(&watch)),
            gate: Semaphore::new(limits.at_a_time),
            breaker: Breaker::default(),
            watch,
            clock,
        })
    }

    /// Sends a request and gives the answer, whatever its status below 500 other than 429: what a
    /// refusal means the adapter knows.
    ///
    /// # Errors
    /// [`CarrierError::RateLimited`] with the moment the carrier named, to this request or, while it
    /// rests, to another; [`CarrierError::Transient`] when nothing was done;
    /// [`CarrierError::UnknownOutcome`] when a request that must not be repeated may have been done.
    pub async fn send(&self, ask: &Ask) -> Result<Answer, CarrierError> {
        self.seen(ask, Ok).await
    }

    /// Sends a request and gives the answer of a success; `meaning` tells what any other answer
    /// is. Unlike after [`Wire::send`], a refusal is told to the watch as what it means.
    ///
    /// # Errors
    /// As [`Wire::send`], and what `meaning` makes of a refusal.
    pub async fn done(
        &self,
        ask: &Ask,
        meaning: fn(&Answer) -> CarrierError,
    ) -> Result<Answer, CarrierError> {
        let read = |answer: Answer| {
            if answer.status.is_success() { Ok(answer) } else { Err(meaning(&answer)) }
        };
        self.seen(ask, read).await
    }

    async fn seen(
        &self,
        ask: &Ask,
        read: impl FnOnce(Answer) -> Result<Answer, CarrierError> + Send,
    ) -> Result<Answer, CarrierError> {
        let mut call = Call { wire: self, ask, start: Instant::now(), outcome: None, asked: false };
        let outcome = self.tries(ask, &mut call).await.and_then(read);
        call.comes_to(outcome.as_ref().map_or_else(CarrierError::code, |_| "ok"));
        outcome
    }

    async fn tries(&self, ask: &Ask, call: &mut Call<'_>) -> Result<Answer, CarrierError> {
        let mut pause = self.limits.pause;
        let mut left = self.limits.retries;
        loop {
            let trouble = match self.once(ask, call).await {
                Ok(answer) => return Ok(answer),
                Err(trouble) => trouble,
            };
            call.comes_to(trouble.error.code());
            // A carrier that asks for more patience than a retry has is told of to the caller.
            let wait = trouble.wait.unwrap_or_else(|| jittered(pause));
            if left == 0 || !trouble.again || wait > self.limits.total {
                return Err(trouble.error);
            }
            tracing::debug!(carrier = self.carrier, operation = ask.operation, error = %trouble.error, ?wait, "trying again");
            tokio::time::sleep(wait).await;
            left -= 1;
            pause *= 2;
        }
    }

    async fn once(&self, ask: &Ask, call: &mut Call<'_>) -> Result<Answer, Trouble> {
        let rests = |left| self.left_alone(left);
        self.pace.rested(PATIENCE).map_err(rests)?;
        let passage = self.breaker.passage(ask.probe);
        if let Passage::Shut(wait) = passage {
            let detail = format!(
                "{}it failed too often, so VoxLink waits {} s before it asks again",
                CarrierError::UNASKED,
                wait.as_secs() + 1
            );
            return Err(Trouble {
                error: CarrierError::Transient { detail },
                counts: false,
                again: false,
                wait: None,
            });
        }
        let mut word = Word { call, passage, sent: None, given: false };
        self.pace.wait(PATIENCE).await.map_err(rests)?;
        let Ok(_place) = self.gate.acquire().await else {
            let detail = "the wire is closed".to_owned();
            return Err(Trouble {
                error: CarrierError::Transient { detail },
                counts: false,
                again: false,
                wait: None,
            });
        };
        word.sent = Some(Instant::now());
        word.call.asked = true;
        let mut result = match self.exchange(ask).await {
            Ok(answer) => self.judge(ask, answer),
            Err(error) => Err(lost(ask, &error)),
        };
        let failed = result.as_ref().err().is_some_and(|trouble| trouble.counts);
        word.give(failed);
        // Who is left alone is asked once, and what it said is told, not that it is left alone again.
        if let Err(trouble) = &mut result
            && failed
            && passage == Passage::Probe
        {
            trouble.again = false;
        }
        result
    }

    /// One request, one answer, capped.
    async fn exchange(&self, ask: &Ask) -> Result<Answer, Failure> {
        let mut response = self.client.execute(ask.request(&self.client)?).await?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > HEAVIEST {
                return Err(Failure::TooHeavy);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body, repeat: ask.repeat })
    }

    fn judge(&self, ask: &Ask, answer: Answer) -> Result<Answer, Trouble> {
        let detail = || format!("{} {}", answer.status.as_u16(), answer.said());
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            let wait = asked_to_wait(&answer.headers, self.clock.now());
            if let Some(wait) = wait {
                self.pace.rest_for(wait);
            }
            let until = wait.and_then(|wait| self.moment(wait));
            let error = CarrierError::RateLimited { until, detail: detail() };
            return Err(Trouble { error, counts: false, again: true, wait });
        }
        if answer.status.is_server_error() {
            let found = trouble(ask, detail());
            let Some(wait) = retry_after(&answer.headers, self.clock.now()) else {
                return Err(found);
            };
            self.pace.rest_for(wait);
            let error = match found.error {
                CarrierError::Transient { detail } => {
                    CarrierError::RateLimited { until: self.moment(wait), detail }
                }
                // It may have been done, whenever the carrier is back. Who looks it up before that
                // is told the moment.
                unknown => unknown,
            };
            return Err(Trouble { error, counts: true, again: found.again, wait: Some(wait) });
        }
        if answer.status.is_success() && !ask.expect.fits(&answer.body) {
            return Err(trouble(ask, format!("unreadable answer: {}", detail())));
        }
        Ok(answer)
    }

    /// What a request comes to that is not sent, because the carrier rests for so long.
    fn left_alone(&self, left: Duration) -> Trouble {
        let detail = format!(
            "{}it wants to be left alone for {} s",
            CarrierError::UNASKED,
            left.as_secs() + 1
        );
        let error = CarrierError::RateLimited { until: self.moment(left), detail };
        Trouble { error, counts: false, again: false, wait: None }
    }

    /// The moment in so long; none beyond the calendar.
    fn moment(&self, wait: Duration) -> Option<DateTime<Utc>> {
        self.clock.now().checked_add_signed(TimeDelta::from_std(wait).ok()?)
    }
}

/// A call with all of its tries, told to the watch when it ends, also when its caller gave up.
struct Call<'a> {
    wire: &'a Wire,
    ask: &'a Ask,
    start: Instant,
    /// What it has come to so far; none while there is nothing to say of the carrier.
    outcome: Option<&'static str>,
    /// A request went out, so that the outcome says something of the carrier.
    asked: bool,
}

impl Call<'_> {
    const fn comes_to(&mut self, outcome: &'static str) {
        self.outcome = Some(outcome);
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let Some(outcome) = self.outcome else { return };
        self.wire.watch.saw(Exchange {
            carrier: self.wire.carrier,
            operation: self.ask.operation,
            outcome: if self.asked { outcome } else { NOT_ASKED },
            took: self.start.elapsed(),
        });
    }
}

/// Whoever passed the breaker owes it a word, also when the caller gave up waiting.
struct Word<'a, 'c> {
    call: &'a mut Call<'c>,
    passage: Passage,
    /// When the request went out, once it did.
    sent: Option<Instant>,
    given: bool,
}

impl Word<'_, '_> {
    fn give(mut self, failed: bool) {
        self.given = true;
        self.tell(failed);
    }

    fn tell(&self, failed: bool) {
        let wire = self.call.wire;
        let (breaker, carrier) = (&wire.breaker, wire.carrier);
        if failed && breaker.failed(self.passage) {
            tracing::warn!(
                carrier,
                "the carrier fails again and again: it is left alone for a while"
            );
            wire.watch.breaker(carrier, true);
        } else if !failed && breaker.succeeded() {
            tracing::info!(carrier, "the carrier answers again");
            wire.watch.breaker(carrier, false);
        }
    }
}

impl Drop for Word<'_, '_> {
    fn drop(&mut self) {
        if self.given {
            return;
        }
        if self.sent.is_some_and(|sent| sent.elapsed() >= UNANSWERED) {
            let unanswered = trouble(self.call.ask, "nobody waited any longer".to_owned());
            self.call.comes_to(unanswered.error.code());
            self.tell(true);
        } else {
            self.call.wire.breaker.abandoned(self.passage);
        }
    }
}

/// Why there is no whole answer.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error("an answer of more than {HEAVIEST} bytes")]
    TooHeavy,
}

fn lost(ask: &Ask, failure: &Failure) -> Trouble {
    // Without a connection nothing was asked.
    let unasked = matches!(failure, Failure::Http(e) if e.is_connect() || e.is_builder());
    let mut detail = failure.to_string();
    if let Failure::Http(error) = failure {
        let mut cause = std::error::Error::source(error);
        while let Some(deeper) = cause {
            detail = format!("{detail}: {deeper}");
            cause = deeper.source();
        }
    }
    if unasked {
        let error = CarrierError::Transient { detail };
        return Trouble { error, counts: true, again: true, wait: None };
    }
    trouble(ask, detail)
}

fn trouble(ask: &Ask, detail: String) -> Trouble {
    let again = ask.repeat == Repeat::Safe;
    let error = if again {
        CarrierError::Transient { detail }
    } else {
        CarrierError::UnknownOutcome { detail }
    };
    Trouble { error, counts: true, again, wait: None }
}

/// What a refusal for the rate says of when to come back: `Retry-After`, else the reset header that
/// carriers send in seconds. Beside any other answer the latter says nothing of that.
fn asked_to_wait(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    if headers.contains_key(RETRY_AFTER) {
        return retry_after(headers, now);
    }
    said(headers, "x-ratelimit-reset")?.parse().ok().map(Duration::from_secs)
}

/// `Retry-After` in seconds or as a date (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let said = said(headers, RETRY_AFTER.as_str())?;
    if let Ok(seconds) = said.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(said).ok()?;
    Some((date.with_timezone(&Utc) - now).to_std().unwrap_or_default())
}

fn said<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(0.5..=1.0))
}
