//! Stand-ins for carriers: servers on loopback that speak a carrier's own protocol, keep books,
//! and fail by script. Adapters talk to them over real connections.

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use url::Url;
use voxlink_adapters::wire::{Limits, Wire};
use voxlink_gateways::{
    SystemClock,
    carrier::Unwatched,
    fault::{Fault, Script},
};

/// A running stand-in.
pub struct StandIn {
    pub url: Url,
    faults: Arc<Mutex<Script>>,
    server: tokio::task::JoinHandle<()>,
}

impl StandIn {
    /// Serves `carrier` on a port of its own.
    pub async fn of(carrier: Router) -> Self {
        let faults = Arc::new(Mutex::new(Script::calm()));
        let app = carrier.layer(middleware::from_fn_with_state(Arc::clone(&faults), misbehave));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, faults, server }
    }

    /// From now on requests fail by this script.
    pub fn misbehave(&self, script: Script) {
        *lock(&self.faults) = script;
    }

    /// Tells what happens to the next request.
    pub fn tell(&self, fault: Fault) {
        lock(&self.faults).tell(Some(fault));
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The lock of a stand-in's books.
pub fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A wire as production has it, in a hurry.
pub fn wire(carrier: &'static str) -> Wire {
    let limits = Limits {
        total: Duration::from_secs(3),
        pause: Duration::from_millis(1),
        per_second: 10_000,
        burst: 10_000,
        ..Limits::default()
    };
    Wire::new(carrier, limits, Arc::new(Unwatched), Arc::new(SystemClock)).unwrap()
}

async fn misbehave(
    State(faults): State<Arc<Mutex<Script>>>,
    request: Request,
    next: Next,
) -> Response {
    let fault = lock(&faults).draw();
    match fault {
        None | Some(Fault::Pending(_) | Fault::Unavailable | Fault::Doubled) => {
            next.run(request).await
        }
        Some(Fault::Transient) => {
            let wait = [(header::RETRY_AFTER, HeaderValue::from_static("0"))];
            (StatusCode::TOO_MANY_REQUESTS, wait, "{}").into_response()
        }
        Some(Fault::LostRequest) => broken(),
        Some(Fault::LostAnswer) => {
            next.run(request).await;
            broken()
        }
    }
}

/// An answer that breaks off: the connection ends before the body does.
fn broken() -> Response {
    let torn = futures::stream::iter([Ok("{"), Err(std::io::Error::other("gone"))]);
    Body::from_stream(torn).into_response()
}

/// The fields of a form or of a query.
pub fn fields(text: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}
