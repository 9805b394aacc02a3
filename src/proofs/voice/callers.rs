//! Callers, and their carrier: it asks what a call shall do, goes on where a leg is not taken, and
//! tells the states doubled and out of order, each until it is acknowledged.

use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use voxlink_adapters::switchboards::sign_form;

pub const SECRET: &str = "the carrier's secret";
/// Carriers give up after this long (Twilio's limit).
const PATIENCE: Duration = Duration::from_secs(15);

/// A number in service and whom its published plan rings.
#[derive(Debug, Clone)]
pub struct Dialled {
    pub number: String,
    pub target: String,
}

/// A call whose end was acknowledged.
#[derive(Debug, Clone)]
pub struct Told {
    pub id: String,
    pub to: String,
    pub seconds: u32,
}

/// What the callers share, and what they saw.
#[derive(Debug, Default)]
pub struct Line {
    pub port: u16,
    /// PostgreSQL is stopped.
    pub down: AtomicBool,
    /// The server is being killed: nobody can answer.
    pub excused: AtomicBool,
    pub stop: AtomicBool,
    pub calls: AtomicU64,
    pub told: Mutex<Vec<Told>>,
    /// Microseconds of voice answers, with PostgreSQL and without.
    pub up: Mutex<Vec<u64>>,
    pub without: Mutex<Vec<u64>>,
    /// Answers that were none, or not those of the published plan.
    pub wrong: Mutex<Vec<String>>,
    /// States that were not acknowledged at the first try, and the longest wait of those that were.
    pub again: AtomicU64,
    pub longest_told: AtomicU64,
}

fn on(flag: &AtomicBool) -> bool {
    flag.load(Ordering::Relaxed)
}

/// What a carrier would send of the call `id` to the number `to`.
fn call(form: &[(&str, &str)], id: &str, to: &str) -> Vec<(String, String)> {
    let own = [("CallSid", id), ("AccountSid", "AC1"), ("From", "+442079460000"), ("To", to)];
    own.iter().chain(form).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

impl Line {
    /// Asks what a call shall do until there is an answer; one that is not as published is noted.
    async fn ask(&self, path: &str, form: &[(String, String)], wanted: &str) -> Option<String> {
        loop {
            let (excused, down) = (on(&self.excused), on(&self.down));
            let began = Instant::now();
            let answer = post(self.port, path, form).await;
            let took = u64::try_from(began.elapsed().as_micros()).unwrap();
            if let Some((200, text)) = &answer
                && text.contains(wanted)
                && is_twiml(text)
            {
                if down == on(&self.down) {
                    let kind = if down { &self.without } else { &self.up };
                    kind.lock().unwrap().push(took);
                }
                return Some(text.clone());
            }
            if !(excused || on(&self.excused)) {
                let mut wrong = self.wrong.lock().unwrap();
                wrong.push(format!("{path}, PostgreSQL stopped: {down}: {answer:?}"));
                return None;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn tell(&self, form: &[(String, String)]) {
        loop {
            let began = Instant::now();
            let answer = post(self.port, "/callbacks/local/status", form).await;
            if answer.is_some_and(|(status, _)| status == 204) {
                let took = u64::try_from(began.elapsed().as_micros()).unwrap();
                self.longest_told.fetch_max(took, Ordering::Relaxed);
                return;
            }
            self.again.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Calls until told to stop; every call is told to its end.
pub async fn caller(line: Arc<Line>, numbers: Arc<Vec<Dialled>>, seed: u64) {
    let mut dice = StdRng::seed_from_u64(seed);
    while !on(&line.stop) {
        let called = &numbers[dice.random_range(0..numbers.len())];
        let id = format!("CA{:032x}", dice.random::<u128>());
        line.calls.fetch_add(1, Ordering::Relaxed);
        let form = call(&[("CallStatus", "ringing")], &id, &called.number);
        let wanted = format!("<Number>{}</Number>", called.target);
        let answer = line.ask("/callbacks/local/voice", &form, &wanted).await;
        let next = answer.as_deref().and_then(|a| a.split("action=\"").nth(1)?.split('"').next());
        if let Some(next) = next
            && dice.random_ratio(1, 3)
        {
            let base = format!("http://127.0.0.1:{}", line.port);
            let path = next.strip_prefix(&base).unwrap_or(next).replace("&amp;", "&");
            let form = call(&[("DialCallStatus", "no-answer")], &id, &called.number);
            line.ask(&path, &form, "<Record ").await;
        }
        let seconds = dice.random_range(1..400);
        let length = seconds.to_string();
        let state = |status: &str| {
            let more = [("CallStatus", status), ("CallDuration", length.as_str())];
            let more = if status == "completed" { &more[..] } else { &more[..1] };
            call(more, &id, &called.number)
        };
        let mut states = vec![state("completed"), state("in-progress")];
        if dice.random_ratio(1, 3) {
            states.push(state("completed"));
        }
        states.shuffle(&mut dice);
        for state in &states {
            line.tell(state).await;
        }
        line.told.lock().unwrap().push(Told { id, to: called.number.clone(), seconds });
        tokio::time::sleep(Duration::from_millis(dice.random_range(0..20))).await;
    }
}

/// Posts a form signed as the carrier does; none when no answer came.
pub async fn post(port: u16, path: &str, form: &[(String, String)]) -> Option<(u16, String)> {
    let signature = sign_form(SECRET, &format!("http://127.0.0.1:{port}{path}"), form);
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX-Twilio-Signature: {signature}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    send(port, &format!("{head}{body}")).await
}

pub async fn get(port: u16, path: &str) -> Option<(u16, String)> {
    send(port, &format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"))
        .await
}

async fn send(port: u16, request: &str) -> Option<(u16, String)> {
    let talk = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut raw = Vec::new();
        stream.read_to_end(&mut raw).await.ok()?;
        let text = String::from_utf8(raw).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    };
    tokio::time::timeout(PATIENCE, talk).await.ok().flatten()
}

/// A well-formed document whose root is `Response`, as an XML parser sees it.
fn is_twiml(text: &str) -> bool {
    let mut reader = quick_xml::Reader::from_str(text);
    let (mut depth, mut roots) = (0_u32, 0_u32);
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Start(tag)) => {
                roots += u32::from(depth == 0 && tag.name().as_ref() == b"Response");
                depth += 1;
            }
            Ok(quick_xml::events::Event::End(_)) => depth -= 1,
            Ok(quick_xml::events::Event::Eof) => return depth == 0 && roots == 1,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}
