//! Stands between an adapter and the mock: one address per carrier, whose paths belong to several
//! specifications, and a list of what the mock found in each request.

use crate::stand::Stand;
use anyhow::Context;
use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use url::Url;

/// Requests of one operation after which it is stopped: an example that always names a next page
/// would be followed for ever.
const MOST: usize = 200;
/// No request of ours is longer.
const HEAVIEST: usize = 1 << 20;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The carrier's specification does not allow it.
    Error,
    /// The specification leaves it in doubt.
    Warning,
    /// About the mock, not about us.
    Note,
}

/// What was found in a request.
#[derive(Debug, Clone)]
pub struct Finding {
    pub severity: Severity,
    pub text: String,
}

/// A request, as the adapter sent it, and what was found in it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Method and address.
    pub line: String,
    /// The body, as text.
    pub body: String,
    pub findings: Vec<Finding>,
}

/// A running front.
pub struct Front {
    pub url: Url,
    desk: Arc<Desk>,
    server: tokio::task::JoinHandle<()>,
}

struct Desk {
    client: reqwest::Client,
    /// The beginning of a path and where the specification that has it is served.
    served: Vec<(&'static str, Url)>,
    /// As [`Stand::unspecified`] and [`Stand::preferred`].
    unspecified: &'static [&'static str],
    preferred: &'static [(&'static str, &'static str)],
    heard: Mutex<Vec<Exchange>>,
}

type Answer = (StatusCode, HeaderMap, Bytes);

impl Front {
    /// Opens a front for a carrier's paths. Where each specification is served stands in the
    /// environment: `AT_TWILIO_API_V2010`.
    pub async fn open(stand: &Stand) -> anyhow::Result<Self> {
        let mut served = Vec::new();
        for (start, specification) in stand.specifications {
            let name = format!("AT_{}", specification.to_uppercase());
            let at = std::env::var(&name)
                .with_context(|| format!("{name} is not set: start this by `make judge`"))?;
            served.push((*start, at.parse::<Url>().with_context(|| format!("{name}: {at}"))?));
        }
        // The longest first: `/api/v2/` before `/api/`.
        served.sort_by_key(|(start, _)| std::cmp::Reverse(start.len()));
        let redirect = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().no_proxy().redirect(redirect).build()?;
        let (unspecified, preferred) = (stand.unspecified, stand.preferred);
        let heard = Mutex::default();
        let desk = Arc::new(Desk { client, served, unspecified, preferred, heard });
        let app = Router::new().fallback(pass).with_state(Arc::clone(&desk));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?).parse::<Url>()?;
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                println!("the front ended: {error}");
            }
        });
        Ok(Self { url, desk, server })
    }

    /// What was heard since this was asked last.
    pub fn heard(&self) -> Vec<Exchange> {
        std::mem::take(&mut *self.desk.heard())
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Desk {
    fn heard(&self) -> MutexGuard<'_, Vec<Exchange>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request on to the mock of its specification.
    async fn forward(&self, head: &Parts, body: Bytes) -> anyhow::Result<Answer> {
        let path = head.uri.path();
        let (_, at) = self
            .served
            .iter()
            .find(|(start, _)| path.starts_with(start))
            .with_context(|| format!("no specification of this carrier has {path}"))?;
        let address = at.join(&head.uri.to_string())?;
        let mut headers = head.headers.clone();
        for ours in [
            header::HOST,
            header::CONNECTION,
            header::CONTENT_LENGTH,
            header::TRANSFER_ENCODING,
            header::ACCEPT_ENCODING,
        ] {
            headers.remove(ours);
        }
        let asked = format!("{} {path}", head.method);
        if let Some((_, wanted)) = self.preferred.iter().find(|(of, _)| *of == asked) {
            headers.insert("prefer", HeaderValue::from_static(wanted));
        }
        let request = self.client.request(head.method.clone(), address).headers(headers);
        let answer = request.body(body).send().await?;
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        for theirs in [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
            headers.remove(theirs);
        }
        Ok((status, headers, answer.bytes().await?))
    }
}

async fn pass(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let line = format!("{} {}", head.method, head.uri);
    let Ok(body) = to_bytes(body, HEAVIEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let text = String::from_utf8_lossy(&body).into_owned();
    let note = |text| (gone(), vec![Finding { severity: Severity::Note, text }]);
    let (answer, findings) = if desk.heard().len() >= MOST {
        note(format!("stopped after {MOST} requests"))
    } else if desk.unspecified.iter().any(|start| head.uri.path().starts_with(start)) {
        note("not judged: the specifications leave it out".to_owned())
    } else {
        match desk.forward(&head, body).await {
            Ok(answer) => judged(answer),
            Err(error) => {
                let text = format!("not judged: {error:#}");
                (gone(), vec![Finding { severity: Severity::Error, text }])
            }
        }
    };
    desk.heard().push(Exchange { line, body: text, findings });
    answer.into_response()
}

/// An answer to what is not sent on. A refusal, because trouble would open the adapter's breaker
/// and nothing more would be asked.
fn gone() -> Answer {
    (StatusCode::NOT_FOUND, HeaderMap::new(), Bytes::from_static(b"{}"))
}

/// The mock's answer and what it found in the request.
fn judged(answer: Answer) -> (Answer, Vec<Finding>) {
    let (status, headers, body) = &answer;
    let one = |severity, text| vec![Finding { severity, text }];
    match found(headers, body) {
        Err(error) => {
            (answer, one(Severity::Error, format!("the finding is unreadable: {error:#}")))
        }
        Ok(findings) if !findings.is_empty() || !status.is_server_error() => (answer, findings),
        Ok(_) => {
            let words: String = String::from_utf8_lossy(body).chars().take(300).collect();
            // The mock tells in JSON that it has no example to answer with, and in plain text that
            // it broke.
            let judged = serde_json::from_slice::<Value>(body).is_ok();
            let severity = if judged { Severity::Note } else { Severity::Error };
            (gone(), one(severity, format!("the mock cannot answer: {words}")))
        }
    }
}

/// The violations, whole in the body of a refusal, else in a header, which may be cut.
fn found(headers: &HeaderMap, body: &[u8]) -> anyhow::Result<Vec<Finding>> {
    let Some(told) = headers.get("x-judge") else { return Ok(Vec::new()) };
    let problem: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let list = match problem.get("violations") {
        Some(whole) => whole.clone(),
        None => serde_json::from_slice(&URL_SAFE_NO_PAD.decode(told.as_bytes())?)?,
    };
    let list = list.as_array().context("it is no list")?;
    let text = |violation: &Value, name: &str| {
        violation.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let read = |violation: &Value| {
        let severity = match text(violation, "severity").as_str() {
            "error" => Severity::Error,
            "warn" => Severity::Warning,
            _ => return None,
        };
        let [place, code, message] = ["where", "code", "message"].map(|name| text(violation, name));
        Some(Finding { severity, text: format!("{place} [{code}] {message}") })
    };
    Ok(list.iter().filter_map(read).collect())
}
