//! The layers around the pages: sessions, forged forms, kept answers, headers.

use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header},
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tower::ServiceExt;
use tower_sessions::Session;
use voxlink_domain::accounts::{
    Visitor,
    sessions::{NewSession, OPENING},
};
use voxlink_server::web;
use voxlink_testkit::TestPlatform;
use voxlink_types::ids::UserId;

/// A little application: sign in, sign out, say who one is, count what a form does.
fn little(test: &TestPlatform, user: UserId) -> (Router, Arc<AtomicUsize>) {
    let done = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&done);
    let owner = test.platform.db().owner.clone();
    let router = Router::new()
        .route(
            "/in",
            post(move |session: Session| async move {
                session.cycle_id().await.unwrap();
                let new = NewSession { user, remember: false, user_agent: None, ip: None };
                session.insert(OPENING, new).await.unwrap();
                Redirect::to("/")
            }),
        )
        .route(
            "/said",
            post(|uri: Uri, headers: HeaderMap, body: String| async move {
                let length =
                    headers.get(header::CONTENT_LENGTH).map(|l| l.to_str().unwrap().to_owned());
                format!("{uri} {body} {}", length.unwrap_or_default())
            }),
        )
        .route("/out", post(|session: Session| async move { session.flush().await.unwrap() }))
        .route(
            "/me",
            get(|Extension(visitor): Extension<Visitor>| async move {
                match visitor {
                    Visitor::SignedIn(member) => member.name.clone(),
                    Visitor::Anonymous => "nobody".to_owned(),
                }
            }),
        )
        .route(
            "/do",
            post(move |body: String| async move {
                if body.contains("slow") {
                    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                }
                if body.contains("wrong") {
                    return StatusCode::UNPROCESSABLE_ENTITY.into_response();
                }
                let n = count.fetch_add(1, Ordering::SeqCst);
                assert!(!body.contains("panic"), "a handler fails");
                if body.contains("forget") {
                    let gone = "alter table idempotency_keys rename to gone";
                    sqlx::query(gone).execute(&owner).await.unwrap();
                }
                Redirect::to(&format!("/done/{n}")).into_response()
            }),
        );
    (web::headers(web::protect(router, &test.platform), &test.platform), done)
}

async fn send(
    router: &Router,
    method: Method,
    path: &str,
    cookie: &str,
    body: &str,
) -> Response<Body> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::ORIGIN, "https://voxlink.test")
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::COOKIE, cookie)
        .body(Body::from(body.to_owned()))
        .unwrap();
    router.clone().oneshot(request).await.unwrap()
}

/// What a handler behind the layers is told of a form.
async fn said(router: &Router, path: &str, body: &str) -> String {
    let request = Request::post(path)
        .header(header::ORIGIN, "https://voxlink.test")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8")
        .header(header::CONTENT_LENGTH, body.len())
        .body(Body::from(body.to_owned()))
        .unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    String::from_utf8(to_bytes(answer.into_body(), 1000).await.unwrap().to_vec()).unwrap()
}

async fn who(router: &Router, cookie: &str) -> String {
    let answer = send(router, Method::GET, "/me", cookie, "").await;
    String::from_utf8(to_bytes(answer.into_body(), 1000).await.unwrap().to_vec()).unwrap()
}

fn cookie(answer: &Response<Body>) -> String {
    let line = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    line.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn signing_in_gives_a_new_token_and_signing_out_ends_it() {
    let test = TestPlatform::new().await;
    let (_, user) = test.tenant("Ada").await;
    let (router, _) = little(&test, user);
    let answer =
        send(&router, Method::POST, "/in", "__Host-session=AAAAAAAAAAAAAAAAAAAAAA", "").await;
    let line = answer.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    for flag in ["__Host-session=", "HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(line.contains(flag), "{line}");
    }
    let first = cookie(&answer);
    assert_ne!(first, "__Host-session=AAAAAAAAAAAAAAAAAAAAAA", "a planted token is not taken over");
    assert_eq!(who(&router, &first).await, "Ada");
    let second = cookie(&send(&router, Method::POST, "/in", &first, "").await);
    assert_ne!(first, second);
    assert_eq!(who(&router, &first).await, "nobody", "the old token is dead");
    send(&router, Method::POST, "/out", &second, "").await;
    assert_eq!(who(&router, &second).await, "nobody");
}

#[tokio::test]
async fn nobody_is_told_what_nobody_can_see() {
    let test = TestPlatform::new().await;
    let (_, user) = test.tenant("Ada").await;
    let (router, _) = little(&test, user);
    let email = said(&router, "/said", "email=ada%40example.com%00&password=a+long+one").await;
    assert_eq!(email, "/said email=ada%40example.com&password=a+long+one 43");
    let query = said(&router, "/said?q=%00&page=2", "a=1").await;
    assert_eq!(query, "/said?q=&page=2 a=1 3");
    let name = said(&router, "/said", "name=Ada%E2%80%AEecalevoL").await;
    assert_eq!(name, "/said name=AdaecalevoL 16");
    let emoji = said(&router, "/said?q=%41", "&b=%F0%9F%91%A9%E2%80%8D%F0%9F%92%BB&c=%0D%0a").await;
    assert_eq!(emoji, "/said?q=%41 &b=%F0%9F%91%A9%E2%80%8D%F0%9F%92%BB&c=%0D%0a 45", "as it came");
}

#[tokio::test]
async fn a_form_of_another_site_does_nothing() {
    let test = TestPlatform::new().await;
    let (_, user) = test.tenant("Ada").await;
    let (router, done) = little(&test, user);
    let cookie = cookie(&send(&router, Method::POST, "/in", "", "").await);
    for (name, value) in
        [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("x-none", "")]
    {
        let request = Request::post("/do").header(header::COOKIE, &cookie).header(name, value);
        let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}");
    }
    assert_eq!(done.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_form_sent_twice_is_done_once() {
    let test = TestPlatform::new().await;
    let (_, user) = test.tenant("Ada").await;
    let (router, done) = little(&test, user);
    let cookie = cookie(&send(&router, Method::POST, "/in", "", "").await);
    let send = async |body| send(&router, Method::POST, "/do", &cookie, body).await;
    let (first, twin) = tokio::join!(send("slow=1&_key=key-00001"), send("slow=1&_key=key-00001"));
    for answer in [&first, &twin] {
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()[header::LOCATION], "/done/0");
    }
    let replayed =
        [&first, &twin].iter().filter(|a| a.headers().contains_key("idempotency-replayed")).count();
    assert_eq!((replayed, done.load(Ordering::SeqCst)), (1, 1));
    assert_eq!(send("other=1&_key=key-00001").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(send("wrong=1&_key=key-00002").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        send("right=1&_key=key-00002").await.status(),
        StatusCode::SEE_OTHER,
        "nothing was kept of a refusal"
    );
    assert_eq!(done.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_was_done_is_never_called_undone() {
    let test = TestPlatform::new().await;
    let (_, user) = test.tenant("Ada").await;
    let (router, done) = little(&test, user);
    let cookie = cookie(&send(&router, Method::POST, "/in", "", "").await);
    let send = async |body| send(&router, Method::POST, "/do", &cookie, body).await;
    let words = async |answer: Response<Body>| {
        let words = to_bytes(answer.into_body(), 1000).await.unwrap();
        String::from_utf8(words.to_vec()).unwrap()
    };
    let failed = send("panic=1&_key=key-00001").await;
    assert_eq!(failed.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(words(failed).await.contains("It may be done: look before you repeat it."));
    let unkept = send("forget=1&_key=key-00002").await;
    assert_eq!(unkept.status(), StatusCode::SEE_OTHER, "the answer, though it cannot be kept");
    assert_eq!(unkept.headers()[header::LOCATION], "/done/1");
    let unclaimed = send("_key=key-00003").await;
    assert_eq!(unclaimed.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(words(unclaimed).await.contains("Nothing was changed"));
    assert_eq!(done.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let test = TestPlatform::new().await;
    let (_, user) = test.tenant("Ada").await;
    let (router, _) = little(&test, user);
    let cookie = cookie(&send(&router, Method::POST, "/in", "", "").await);
    let answer = send(&router, Method::GET, "/me", &cookie, "").await;
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ] {
        assert_eq!(answer.headers()[name], value);
    }
    assert!(answer.headers().contains_key("strict-transport-security"));
}
