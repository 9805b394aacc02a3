//! Bodies: too heavy, packed, torn, of another kind, without end.

use super::{Carrier, Say, in_haste, look, once, order, say, transient, unknown, wire};
use axum::{Router, body::Body};
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::Instant,
};
use url::Url;
use voxlink_adapters::wire::{Answer, Expect, Limits};
use voxlink_gateways::CarrierError;

/// What an answer may weigh.
const HEAVIEST: usize = 8 << 20;

#[tokio::test]
async fn an_answer_is_read_up_to_its_weight_and_no_further() {
    let text = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    let carrier = Carrier::saying(vec![say(200, &text(HEAVIEST)), say(200, &text(HEAVIEST + 1))]);
    let carrier = carrier.await;
    let (wire, _) = wire(Limits { total: Duration::from_secs(30), ..once() });
    let whole = wire.send(&look(carrier.url())).await.unwrap();
    assert_eq!(whole.body.len(), HEAVIEST);
    let heavy = wire.send(&look(carrier.url())).await;
    assert!(transient(&heavy) && heavy.unwrap_err().detail().contains("more than"));
    let heavy = wire.send(&order(carrier.url())).await;
    assert!(unknown(&heavy), "it may have been done");
}

fn packed(body: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(body).unwrap();
    gzip.finish().unwrap()
}

#[tokio::test]
async fn packed_answers_are_unpacked_and_a_bomb_is_not() {
    let gzip = |body: Vec<u8>| Say { body, ..say(200, "") }.with("content-encoding", "gzip");
    let bomb = packed(" ".repeat(HEAVIEST * 4).as_bytes());
    assert!(bomb.len() < 100_000, "small on the way");
    let carrier = Carrier::saying(vec![
        gzip(packed(br#"{"number": "+12125550100"}"#)),
        gzip(bomb),
        gzip(b"not packed at all".to_vec()),
    ])
    .await;
    let (wire, _) = wire(once());
    let read: Value = wire.send(&look(carrier.url())).await.unwrap().json().unwrap();
    assert_eq!(read["number"], "+12125550100");
    let heavy = wire.send(&look(carrier.url())).await;
    assert!(transient(&heavy) && heavy.unwrap_err().detail().contains("more than"));
    let torn = wire.send(&look(carrier.url())).await;
    assert!(transient(&torn), "{torn:?}");
    let torn = wire.send(&order(carrier.url())).await;
    assert!(unknown(&torn), "{torn:?}");
}

/// A server that sends these bytes to everybody and hangs up.
async fn raw(bytes: &'static [u8]) -> (Url, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut request = vec![0; 4096];
                assert!(stream.read(&mut request).await.unwrap() > 0);
                stream.write_all(bytes).await.unwrap();
                stream.shutdown().await.unwrap();
                // Read on, so that the answer is not reset away by what was not read.
                drop(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await);
            });
        }
    });
    (url, asked)
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_answer() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"a\":"
            [..],
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ] {
        let (url, asked) = raw(bytes).await;
        let (wire, _) = wire(Limits { retries: 1, ..in_haste() });
        let answer = wire.send(&look(url.clone())).await;
        assert!(transient(&answer), "{answer:?}");
        // The client itself may ask again where a connection ended before any byte of an answer.
        let so_far = asked.load(Ordering::SeqCst);
        assert!(so_far >= 2, "what is safe is repeated");
        let answer = wire.send(&order(url)).await;
        assert!(unknown(&answer), "{answer:?}");
        assert_eq!(asked.load(Ordering::SeqCst), so_far + 1, "what may have been done is not");
    }
}

#[tokio::test]
async fn content_of_another_kind_is_trouble_at_the_carrier() {
    for (expect, good, bad) in [
        (Expect::Json, r#"{"data": []}"#, "<html><body>Maintenance</body></html>"),
        (Expect::Json, "[]", r#"{"data": ["#),
        (Expect::Xml, "<?xml version=\"1.0\"?><a/>", "<!DOCTYPE html><html></html>"),
        (Expect::Xml, "\n<SearchResult/>", r#"{"error": "sorry"}"#),
    ] {
        let carrier = Carrier::saying(vec![say(200, bad), say(200, good), say(200, bad)]).await;
        let (wire, _) = wire(in_haste());
        let answer = wire.send(&look(carrier.url()).expecting(expect)).await.unwrap();
        assert_eq!((answer.body.as_slice(), carrier.asked()), (good.as_bytes(), 2), "repeated");
        let answer = wire.send(&order(carrier.url()).expecting(expect)).await;
        assert!(unknown(&answer), "{bad}: {answer:?}");
        assert_eq!(carrier.asked(), 3, "a proxy may have said that after it was done");
    }
    // A refusal may be of any kind; its status tells enough.
    let carrier = Carrier::saying(vec![say(403, "<html>Forbidden</html>")]).await;
    let (wire, _) = wire(in_haste());
    assert_eq!(wire.send(&look(carrier.url())).await.unwrap().status, 403);
}

#[derive(Debug, serde::Deserialize)]
#[expect(dead_code, reason = "read and never looked at")]
struct Record {
    sid: String,
    status: u32,
}

/// The record of an account at Twilio, new or listed, has its `auth_token`.
#[tokio::test]
async fn a_success_that_cannot_be_read_is_not_quoted() {
    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    let read = |answer: Result<Answer, CarrierError>| answer.and_then(|a| a.json::<Record>());
    for (body, told) in [
        // It breaks off; it is no JSON at all.
        (format!(r#"{{"sid": "AC1", "auth_token": "{SECRET}""#), "bytes"),
        (format!("<html>{SECRET}</html>"), "45 bytes"),
        // JSON of another shape: a reader names what it stumbled over.
        (format!(r#"{{"sid": "AC1", "status": "{SECRET}"}}"#), "line 1 column"),
        (format!(r#"{{"sid": "AC1", "auth_token": "{SECRET}"}}"#), "`status` is missing"),
    ] {
        let carrier = Carrier::saying(vec![say(200, &body)]).await;
        let (wire, _) = wire(once());
        for ask in [look(carrier.url()), order(carrier.url())] {
            let error = read(wire.send(&ask).await).unwrap_err();
            assert!(!error.detail().contains(SECRET), "{}", error.detail());
            assert!(error.detail().contains(told), "{told}: {}", error.detail());
        }
    }
    // What is no success is quoted still: the carrier's words say what to mend.
    let carrier = Carrier::saying(vec![say(500, "the queue is full")]).await;
    let (wire, _) = wire(once());
    let error = wire.send(&look(carrier.url())).await.unwrap_err();
    assert!(error.detail().contains("the queue is full"));
}

#[tokio::test]
async fn neither_silence_nor_an_endless_drip_holds_anybody_up() {
    let silent = Router::new().fallback(std::future::pending::<()>);
    let drip = || {
        let drops = futures::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Ok::<_, std::io::Error>(" "), ()))
        });
        std::future::ready(Body::from_stream(drops))
    };
    let dripping = Router::new().fallback(drip);
    for app in [silent, dripping] {
        let carrier = Carrier::of(app).await;
        let (wire, _) = wire(Limits { total: Duration::from_millis(300), ..once() });
        let start = Instant::now();
        let answer = wire.send(&look(carrier.url())).await;
        assert!(transient(&answer), "{answer:?}");
        let answer = wire.send(&order(carrier.url())).await;
        assert!(unknown(&answer), "{answer:?}");
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    }
}
