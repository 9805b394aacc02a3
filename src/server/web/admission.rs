//! Admission: pages and forms wait here for their turn, before they ask the database for anything.
//!
//! When thousands press *Hold* at one moment, most would wait for a database connection and some
//! would fail half-way, when `POOL_WAIT_SECONDS` is over. Here they wait in the order in which they
//! came; whoever has a turn gets a connection soon. Visitors who bring a session wait in another
//! line than those who do not: a flood of sign-ins, which wait for their hashes, holds up no
//! customer. Carriers' and processors' callbacks, health and figures never pass here.
//!
//! What looks like a session is believed, because asking would cost what is rationed here: made-up
//! cookies lengthen the customers' line, where each is served as quickly as a page for nobody, and
//! gain nothing else. A turn is given to whole requests only: a body is read before, so that those
//! who send slowly or never keep nobody waiting.
//!
//! The lines have an end. Who would wait longer than `QUEUE_SECONDS`, or comes when
//! [`MOST_WAITING`] wait already, gets 503 with `Retry-After` and a page that says that nothing was
//! done. An answer may take [`PATIENCE`] from its turn on; a form's work goes on after that, and
//! keeps its turn until it ends.

use super::is_file;
use crate::router::BODY_LIMIT;
use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header::COOKIE, header::RETRY_AFTER},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tower_sessions::{cookie::Cookie, session::Id};

/// The longest that an answer may take to begin, from its turn on.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// The most that wait in one line: each costs a connection and some 30 KB.
const MOST_WAITING: usize = 10_000;

/// How long a browser may be silent while it sends a body, and how long it may take in all.
const SILENCE: Duration = Duration::from_secs(10);
const SENDING: Duration = Duration::from_mins(1);
/// So much of each body is kept for whoever waits; what is larger shares [`ROOM`] with all.
const SMALL: usize = 16 * 1024;
/// The most memory for the larger bodies of those who wait.
const ROOM: usize = 128 * 1024 * 1024;

const BUSY: &str = "More people want something at this moment than VoxLink can serve. Nothing was done. Wait a little, then reload this page: what you sent is sent again.";
const SILENT: &str = "What you sent did not arrive in time. Nothing was done. Check your connection, then reload this page: what you sent is sent again.";
const LARGE: &str = "This is larger than 8 MB.";
const SLOW: &str = "This takes longer than it should. It may still be done: look whether it was before you repeat it.";

/// Where pages and forms wait. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Admission(Arc<Lines>);

#[derive(Debug)]
struct Lines {
    signed_in: Line,
    others: Line,
    wait: Duration,
    /// In bytes.
    room: Arc<Semaphore>,
}

/// A body that has arrived, and the room it takes until its turn.
struct Arrived {
    body: Bytes,
    room: Option<OwnedSemaphorePermit>,
}

/// Why a body did not arrive.
enum Missing {
    Silent,
    Large,
    NoRoom,
}

/// One line, first come first served.
#[derive(Debug)]
struct Line {
    name: &'static str,
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// Somebody's turn; it ends when the last copy is dropped.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    _permit: Arc<OwnedSemaphorePermit>,
}

/// Somebody's place in a line, also given up when they go away.
struct Place<'a>(&'a Line);

impl Admission {
    /// Two lines of `at_once` turns each, in which nobody waits longer than `wait`.
    pub fn new(at_once: usize, wait: Duration) -> Self {
        let line = |name| Line {
            name,
            turns: Arc::new(Semaphore::new(at_once)),
            waiting: AtomicUsize::new(0),
        };
        let (signed_in, others) = (line("signed_in"), line("others"));
        let room = Arc::new(Semaphore::new(ROOM));
        Self(Arc::new(Lines { signed_in, others, wait, room }))
    }

    /// Gives no more turns: the server stops. Who waits is told so and may ask another server.
    pub fn close(&self) {
        self.0.signed_in.turns.close();
        self.0.others.turns.close();
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        [&self.0.signed_in, &self.0.others].map(|l| l.waiting.load(Ordering::Relaxed)).iter().sum()
    }

    fn line(&self, headers: &HeaderMap) -> &Line {
        let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let session = values.flat_map(Cookie::split_parse).flatten().any(|cookie| {
            ["session", "__Host-session"].contains(&cookie.name())
                && cookie.value().parse::<Id>().is_ok()
        });
        if session { &self.0.signed_in } else { &self.0.others }
    }

    /// Reads a body to its end. A browser is not waited for longer than it would wait itself.
    async fn read(&self, body: Body) -> Result<Arrived, Missing> {
        let (mut parts, mut read, mut room) = (body.into_data_stream(), Vec::new(), None);
        let silence = SILENCE.min(self.0.wait);
        while let Some(part) = timeout(silence, parts.next()).await.map_err(|_| Missing::Silent)? {
            // The limit outside of this layer ends a body with an error.
            let part = part.map_err(|_| Missing::Large)?;
            read.extend_from_slice(&part);
            if read.len() > BODY_LIMIT {
                return Err(Missing::Large);
            }
            if read.len() > SMALL {
                let more = u32::try_from(part.len()).map_err(|_| Missing::Large)?;
                let taken = Arc::clone(&self.0.room).try_acquire_many_owned(more);
                let taken = taken.map_err(|_| Missing::NoRoom)?;
                match &mut room {
                    None => room = Some(taken),
                    Some(room) => OwnedSemaphorePermit::merge(room, taken),
                }
            }
        }
        Ok(Arrived { body: read.into(), room })
    }
}

impl Line {
    /// What is said to whom it cannot serve; it is dressed like every refusal.
    fn refuse(&self, why: &'static str) -> Response {
        metrics::counter!("voxlink_requests_refused_total", "line" => self.name).increment(1);
        (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "10")], why).into_response()
    }

    /// Waits for a turn; none when the line is too long.
    async fn turn(&self, wait: Duration) -> Option<Turn> {
        let turn = |permit| Turn { _permit: Arc::new(permit) };
        if let Ok(permit) = Arc::clone(&self.turns).try_acquire_owned() {
            return Some(turn(permit));
        }
        let _place = Place::take(self)?;
        let permit = timeout(wait, Arc::clone(&self.turns).acquire_owned()).await;
        permit.ok()?.ok().map(turn)
    }

    #[expect(clippy::cast_precision_loss, reason = "a gauge")]
    fn show(&self) {
        let waiting = self.waiting.load(Ordering::Relaxed) as f64;
        metrics::gauge!("voxlink_requests_waiting", "line" => self.name).set(waiting);
    }
}

impl<'a> Place<'a> {
    fn take(line: &'a Line) -> Option<Self> {
        let place = Self(line);
        let before = line.waiting.fetch_add(1, Ordering::Relaxed);
        line.show();
        (before < MOST_WAITING).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
        self.0.show();
    }
}

/// Lets a request in when it is its turn.
pub(super) async fn layer(
    State(admission): State<Admission>,
    request: Request,
    next: Next,
) -> Response {
    if is_file(request.uri().path()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let line = admission.line(&parts.headers);
    let arrived = timeout(SENDING, admission.read(body)).await.unwrap_or(Err(Missing::Silent));
    let Arrived { body, room } = match arrived {
        Ok(arrived) => arrived,
        Err(Missing::Silent) => return (StatusCode::REQUEST_TIMEOUT, SILENT).into_response(),
        Err(Missing::Large) => return (StatusCode::PAYLOAD_TOO_LARGE, LARGE).into_response(),
        Err(Missing::NoRoom) => return line.refuse(BUSY),
    };
    let mut request = Request::from_parts(parts, Body::from(body));
    let Some(turn) = line.turn(admission.0.wait).await else {
        tracing::warn!(line = line.name, "a request was turned away: the line is too long");
        return line.refuse(BUSY);
    };
    drop(room);
    request.extensions_mut().insert(turn.clone());
    let response = timeout(PATIENCE, next.run(request)).await;
    drop(turn);
    response.unwrap_or_else(|_| line.refuse(SLOW))
}
