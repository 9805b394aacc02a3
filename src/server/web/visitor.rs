//! Who asks, and from where: put on the request for the extractors.

use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, USER_AGENT},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use tower_sessions::Session;
use voxlink_domain::{
    RequestInfo,
    accounts::{Member, Visitor, sessions::MEMBER},
};

/// Finds the visitor by the session, with one query, and describes the request.
pub(super) async fn layer(session: Session, mut request: Request, next: Next) -> Response {
    if super::is_file(request.uri().path()) {
        return next.run(request).await;
    }
    let info = describe(&request);
    // A request without the cookie asks nobody.
    let visitor = match session.get::<Arc<Member>>(MEMBER).await {
        Ok(Some(member)) => Visitor::SignedIn(member),
        Ok(None) => Visitor::Anonymous,
        Err(error) => {
            tracing::error!(%error, request_id = info.id, "the session could not be read");
            let text = "VoxLink cannot reach its database. Try again in a moment.";
            return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "5")], text).into_response();
        }
    };
    let signed_in = matches!(visitor, Visitor::SignedIn(_));
    request.extensions_mut().insert(visitor);
    request.extensions_mut().insert(info);
    let mut response = next.run(request).await;
    // Before any layer that lets files be kept: what one person was shown is kept nowhere.
    if signed_in && !response.headers().contains_key(CACHE_CONTROL) {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

fn describe(request: &Request<Body>) -> RequestInfo {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    let short = |text: &str, length| text.chars().take(length).collect::<String>();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip());
    RequestInfo {
        id: header("x-request-id").map(|id| short(id, 100)),
        ip: client(peer, header("x-forwarded-for")),
        user_agent: header(USER_AGENT.as_str()).map(|agent| short(agent, 400)),
        endpoint: Some(short(&format!("{} {}", request.method(), request.uri().path()), 200)),
    }
}

/// The client's address. What a proxy says is believed only of one on this machine, and only its
/// own last word: what stands before it comes from the client.
fn client(peer: Option<IpAddr>, forwarded: Option<&str>) -> Option<IpAddr> {
    let told = || forwarded?.rsplit(',').next()?.trim().parse().ok();
    match peer {
        Some(proxy) if proxy.is_loopback() => told().or(peer),
        _ => peer,
    }
}

#[cfg(test)]
mod tests {
    use super::client;

    #[test]
    fn only_a_proxy_on_this_machine_is_believed() {
        let ip = |text: &str| Some(text.parse().unwrap());
        assert_eq!(client(ip("127.0.0.1"), Some("6.6.6.6, 198.51.100.7")), ip("198.51.100.7"));
        assert_eq!(client(ip("198.51.100.9"), Some("6.6.6.6")), ip("198.51.100.9"));
        assert_eq!(client(ip("127.0.0.1"), Some("junk")), ip("127.0.0.1"));
        assert_eq!(client(None, Some("6.6.6.6")), None);
    }
}
