//! The line before the database: everybody is served in turn, and told when the line is too long.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::State,
    http::{Request, Response, StatusCode, header},
    routing::{get, post},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::Semaphore;
use tower::ServiceExt;
use tower_sessions::Session;
use voxlink_domain::accounts::sessions::{NewSession, OPENING};
use voxlink_server::web::{self, Admission};
use voxlink_testkit::TestPlatform;
use voxlink_types::ids::UserId;

/// What a browser with a session sends.
const SESSION: &str = "__Host-session=AAAAAAAAAAAAAAAAAAAAAA";

/// A page whose work ends when the test lets it.
#[derive(Clone)]
struct Work {
    may_end: Arc<Semaphore>,
    under_way: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    user: UserId,
}

async fn work(State(work): State<Work>) -> &'static str {
    let now = work.under_way.fetch_add(1, Ordering::SeqCst) + 1;
    work.most.fetch_max(now, Ordering::SeqCst);
    work.may_end.acquire().await.unwrap().forget();
    work.under_way.fetch_sub(1, Ordering::SeqCst);
    "done"
}

async fn sign_in(State(work): State<Work>, session: Session) {
    let new = NewSession { user: work.user, remember: false, user_agent: None, ip: None };
    session.insert(OPENING, new).await.unwrap();
}

struct Rush {
    router: Router,
    admission: Admission,
    work: Work,
    _test: TestPlatform,
}

impl Rush {
    async fn open(at_once: usize, wait: Duration) -> Self {
        let test = TestPlatform::new().await;
        let (_, user) = test.tenant("Ada").await;
        let admission = Admission::new(at_once, wait);
        let work = Work {
            may_end: Arc::new(Semaphore::new(0)),
            under_way: Arc::default(),
            most: Arc::default(),
            user,
        };
        let pages = Router::new()
            .route("/work", get(self::work).post(self::work))
            .route("/in", post(sign_in))
            .route("/pkg/file.js", get(|| async { "file" }))
            .with_state(work.clone());
        let listen = "127.0.0.1:3000".parse().unwrap();
        let pages = web::protect_and_admit(pages, &test.platform, &admission, listen);
        let router = web::headers(pages, &test.platform);
        Self { router, admission, work, _test: test }
    }

    fn ask(&self, request: Request<Body>) -> tokio::task::JoinHandle<Response<Body>> {
        let asked = self.router.clone().oneshot(request);
        tokio::spawn(async move { asked.await.unwrap() })
    }

    fn get(&self, path: &str) -> tokio::task::JoinHandle<Response<Body>> {
        self.ask(Request::get(path).body(Body::empty()).unwrap())
    }

    /// Until so many work and so many wait.
    async fn see(&self, working: usize, waiting: usize) {
        for _ in 0..500 {
            let now = (self.work.under_way.load(Ordering::SeqCst), self.admission.waiting());
            if now == (working, waiting) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let now = (self.work.under_way.load(Ordering::SeqCst), self.admission.waiting());
        panic!("(working, waiting) is {now:?}, not {:?}", (working, waiting));
    }
}

fn form(path: &str, cookie: &str, body: &'static str) -> Request<Body> {
    Request::post(path)
        .header(header::ORIGIN, "https://voxlink.test")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::COOKIE, cookie)
        .body(Body::from(body))
        .unwrap()
}

#[tokio::test]
async fn a_rush_is_served_in_turn_and_nobody_is_turned_away() {
    let rush = Rush::open(4, Duration::from_secs(30)).await;
    let asked: Vec<_> = (0..100).map(|_| rush.get("/work")).collect();
    rush.see(4, 96).await;
    let file = rush.get("/pkg/file.js").await.unwrap();
    assert_eq!(file.status(), StatusCode::OK, "files of the build wait for nobody");
    rush.work.may_end.add_permits(100);
    for answer in asked {
        assert_eq!(answer.await.unwrap().status(), StatusCode::OK);
    }
    assert_eq!(rush.work.most.load(Ordering::SeqCst), 4);
    rush.see(0, 0).await;
}

#[tokio::test]
async fn whoever_would_wait_too_long_is_told_that_nothing_was_done() {
    let rush = Rush::open(1, Duration::from_millis(100)).await;
    let first = rush.get("/work");
    rush.see(1, 0).await;
    let late = rush.get("/work").await.unwrap();
    assert_eq!(late.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(late.headers()[header::RETRY_AFTER], "10");
    assert!(late.headers().contains_key("x-frame-options"), "a page like any other");
    let words = to_bytes(late.into_body(), 2000).await.unwrap();
    assert!(String::from_utf8_lossy(&words).contains("Nothing was done"));
    rush.work.may_end.add_permits(1);
    assert_eq!(first.await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn strangers_hold_up_no_customer_and_who_leaves_leaves_the_line() {
    let rush = Rush::open(1, Duration::from_secs(30)).await;
    let strangers: Vec<_> = (0..3).map(|_| rush.get("/work")).collect();
    rush.see(1, 2).await;
    let customer = Request::get("/work").header(header::COOKIE, format!("a=b; {SESSION}"));
    let customer = rush.ask(customer.body(Body::empty()).unwrap());
    rush.see(2, 2).await;
    strangers[2].abort();
    rush.see(2, 1).await;
    rush.work.may_end.add_permits(3);
    assert_eq!(customer.await.unwrap().status(), StatusCode::OK);
    rush.see(0, 0).await;
}

#[tokio::test]
async fn what_only_looks_a_little_like_a_session_waits_with_strangers() {
    let rush = Rush::open(1, Duration::from_secs(30)).await;
    let stranger = rush.get("/work");
    rush.see(1, 0).await;
    let odd = ["session=1", "__Host-session=x", "xsession=AAAAAAAAAAAAAAAAAAAAAA", "a=session="];
    let odd = odd.map(|cookie| {
        let request = Request::get("/work").header(header::COOKIE, cookie);
        rush.ask(request.body(Body::empty()).unwrap())
    });
    rush.see(1, 4).await;
    rush.work.may_end.add_permits(5);
    for answer in odd.into_iter().chain([stranger]) {
        assert_eq!(answer.await.unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn who_begins_a_form_and_never_ends_it_keeps_nobody_waiting() {
    let rush = Rush::open(1, Duration::from_millis(500)).await;
    let never = || {
        let silence = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
        rush.ask(form("/work", "", "").map(|_| Body::from_stream(silence)))
    };
    let silent: Vec<_> = (0..30).map(|_| never()).collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let page = rush.get("/work");
    rush.see(1, 0).await;
    for answer in silent {
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
        let words = to_bytes(answer.into_body(), 2000).await.unwrap();
        assert!(String::from_utf8_lossy(&words).contains("Nothing was done"));
    }
    rush.work.may_end.add_permits(1);
    assert_eq!(page.await.unwrap().status(), StatusCode::OK);
    let huge = form("/work", "", "").map(|_| Body::from(vec![b'a'; 9 * 1024 * 1024]));
    assert_eq!(rush.ask(huge).await.unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_forms_work_keeps_its_turn_when_its_browser_has_gone() {
    let rush = Rush::open(1, Duration::from_secs(30)).await;
    let answer = rush.ask(form("/in", "", "")).await.unwrap();
    let line = answer.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    let cookie = line.split(';').next().unwrap();
    let left = rush.ask(form("/work", cookie, "_key=key-00001"));
    rush.see(1, 0).await;
    left.abort();
    let next = rush.ask(form("/work", cookie, "_key=key-00002"));
    rush.see(1, 1).await;
    rush.work.may_end.add_permits(2);
    assert_eq!(next.await.unwrap().status(), StatusCode::OK);
    assert_eq!(rush.work.most.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_server_that_stops_tells_those_who_wait_and_finishes_what_it_began() {
    let rush = Rush::open(1, Duration::from_secs(30)).await;
    let begun = rush.get("/work");
    rush.see(1, 0).await;
    let waits = rush.get("/work");
    rush.see(1, 1).await;
    rush.admission.close();
    assert_eq!(waits.await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    rush.work.may_end.add_permits(1);
    assert_eq!(begun.await.unwrap().status(), StatusCode::OK);
}
