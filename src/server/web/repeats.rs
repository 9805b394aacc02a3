//! A form that is sent twice does its work once: the first answer is kept and given again.
//!
//! The key is the form's hidden field `_key`, made when the page was rendered, or the header
//! `Idempotency-Key`. The work runs to its end also when the browser has gone away, so that the
//! repeat finds an answer; a repeat that comes while it runs waits a moment, then gets 409.

use super::admission::Turn;
use crate::router::BODY_LIMIT;
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{CONTENT_TYPE, LOCATION},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use voxlink_domain::{
    Fault, Platform,
    accounts::{Member, Visitor},
    idempotency::{self, Answer, Claim},
};

/// The hidden field of the kit's forms.
const FIELD: &str = "_key";
/// Largest answer that is kept.
const KEPT: usize = 64 * 1024;
/// How often a repeat looks for the answer of the first, a tenth of a second apart.
const LOOKS: u32 = 30;

pub(super) async fn layer(
    State(platform): State<Platform>,
    request: Request,
    next: Next,
) -> Response {
    let member = match request.extensions().get::<Visitor>() {
        Some(Visitor::SignedIn(member)) if request.method() == Method::POST => Arc::clone(member),
        _ => return next.run(request).await,
    };
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, BODY_LIMIT).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "This is larger than 8 MB.").into_response();
    };
    let Some(key) = key(&parts.headers, &bytes) else {
        return next.run(Request::from_parts(parts, Body::from(bytes))).await;
    };
    let route = format!("{} {}", parts.method, parts.uri.path());
    let address = parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let hash = digest(&member, &address, &parts.headers, &bytes);
    let turn = parts.extensions.get::<Turn>().cloned();
    let request = Request::from_parts(parts, Body::from(bytes));
    let job = Job { platform, member, key, _turn: turn };
    match job.run(&route, &hash, request, next).await {
        Ok(response) => response,
        Err(fault) => {
            // Before any work: what comes later is told by `unsure`.
            tracing::error!(%fault, "a form's key could not be claimed");
            let text = "VoxLink cannot do this at the moment. Nothing was changed: try again.";
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
    }
}

/// One form with its key.
struct Job {
    platform: Platform,
    member: Arc<Member>,
    key: String,
    /// Kept until the work has ended, also when the browser has gone away.
    _turn: Option<Turn>,
}

impl Job {
    async fn run(
        self,
        route: &str,
        hash: &[u8],
        request: Request,
        next: Next,
    ) -> Result<Response, Fault> {
        for _ in 0..LOOKS {
            let claim =
                idempotency::claim(&self.platform, self.member.tenant, &self.key, route, hash)
                    .await?;
            match claim {
                Claim::First => {
                    let work =
                        tokio::spawn(async move { self.first(next.run(request).await).await });
                    return Ok(work.await.unwrap_or_else(|error| unsure(&error)));
                }
                Claim::Repeat(answer) => return Ok(again(answer)),
                Claim::Mismatch => {
                    let text = "This form was sent before with other content. Open the page again.";
                    return Ok((StatusCode::UNPROCESSABLE_ENTITY, text).into_response());
                }
                Claim::Running => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        let text =
            "This form was sent already and is still being worked on. Look again in a moment.";
        Ok((StatusCode::CONFLICT, [("retry-after", "5")], text).into_response())
    }

    /// Keeps the answer, or gives the key free when nothing was done. The work has ended: whatever
    /// fails here, the person gets its answer.
    async fn first(self, response: Response) -> Response {
        let (parts, body) = response.into_parts();
        let done = parts.status.is_success() || parts.status.is_redirection();
        let location = parts.headers.get(LOCATION).and_then(|l| l.to_str().ok()).map(str::to_owned);
        let (platform, tenant) = (&self.platform, self.member.tenant);
        if !done {
            if let Err(fault) = idempotency::free(platform, tenant, &self.key).await {
                tracing::error!(%fault, "a form's key could not be given free");
            }
            return Response::from_parts(parts, body);
        }
        let bytes = match to_bytes(body, usize::MAX).await {
            Ok(bytes) => bytes,
            Err(error) => return unsure(&error),
        };
        let kept = if bytes.len() <= KEPT { bytes.to_vec() } else { Vec::new() };
        let answer = Answer { status: parts.status.as_u16(), location, body: kept };
        if let Err(fault) = idempotency::keep(platform, tenant, &self.key, &answer).await {
            tracing::error!(%fault, "a form's answer could not be kept");
        }
        Response::from_parts(parts, Body::from(bytes))
    }
}

/// The work began and nobody knows how far it came.
fn unsure(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "a form's work ended without an answer");
    let text = "VoxLink failed while it did this. It may be done: look before you repeat it.";
    (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
}

/// A kept answer, given again.
fn again(answer: Answer) -> Response {
    let kind = match answer.body.first() {
        Some(b'<') => "text/html; charset=utf-8",
        Some(b'{' | b'[') => "application/json",
        _ => "text/plain; charset=utf-8",
    };
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
    if let Some(location) = answer.location.and_then(|l| HeaderValue::from_str(&l).ok()) {
        headers.insert(LOCATION, location);
    }
    response
}

/// The key, from the header or from the form.
fn key(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let header = headers.get("idempotency-key").and_then(|v| v.to_str().ok()).map(str::to_owned);
    let found = header.or_else(|| {
        let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        if kind.starts_with("application/x-www-form-urlencoded") {
            let mut fields = url::form_urlencoded::parse(body);
            return fields.find(|(name, _)| name == FIELD).map(|(_, value)| value.into_owned());
        }
        kind.starts_with("multipart/form-data").then(|| part(body))?
    });
    found.filter(|key| (8..=255).contains(&key.len()) && key.is_ascii())
}

/// The value of the key's part of a multipart form; the kit's forms send it first.
fn part(body: &[u8]) -> Option<String> {
    let start = &body[..body.len().min(4096)];
    let text = String::from_utf8_lossy(start);
    let (_, rest) = text.split_once(&format!("name=\"{FIELD}\"\r\n\r\n"))?;
    rest.split_once("\r\n").map(|(value, _)| value.to_owned())
}

/// What two equal requests have in common: person, address and content. A multipart form's
/// boundary is new each time and is left out.
fn digest(member: &Member, address: &str, headers: &HeaderMap, body: &Bytes) -> [u8; 32] {
    let boundary = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok()?.split_once("boundary="))
        .map(|(_, boundary)| boundary.trim_matches('"').as_bytes())
        .filter(|boundary| !boundary.is_empty());
    let mut hash = Sha256::new();
    hash.update(member.user.uuid().as_bytes());
    hash.update(address.as_bytes());
    hash.update([0]);
    match boundary {
        None => hash.update(body),
        Some(boundary) => {
            let mut rest: &[u8] = body;
            while let Some(at) = rest.windows(boundary.len()).position(|w| w == boundary) {
                hash.update(&rest[..at]);
                rest = &rest[at + boundary.len()..];
            }
            hash.update(rest);
        }
    }
    hash.finalize().into()
}
