//! A carrier on loopback that speaks Twilio's protocol as far as a purchase needs it, keeps books,
//! and misbehaves byte by byte, as no web framework lets one.

use chrono::{DateTime, TimeDelta, Utc};
use flate2::{Compression, write::GzEncoder};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    io::Write as _,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::Instant,
};
use url::Url;
use voxlink_gateways::{Clock, SystemClock};

pub const SID: &str = "AC00000000000000000000000000000001";
/// What the heavy answers weigh, unpacked.
const HEAVY: usize = 100 << 20;
static BLOCK: [u8; 64 << 10] = [b' '; 64 << 10];

/// A hundred megabytes in a hundred kilobytes.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..HEAVY / BLOCK.len() {
        gzip.write_all(&BLOCK).unwrap();
    }
    gzip.finish().unwrap()
});

/// How a request is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    Well,
    /// Well, but only after so long.
    Late(Duration),
    /// Well, under the name of another kind of content.
    Mislabelled,
    /// Not at all; the connection stays.
    Silent,
    /// Not at all; the connection ends.
    HangsUp,
    /// The connection ends within the body.
    Torn,
    /// A blank now and then, without end.
    Drip,
    /// Blanks without end, as fast as they go.
    Endless,
    /// A hundred megabytes.
    Heavy,
    /// A hundred megabytes, packed.
    Bomb,
    /// Something that says it is packed.
    BadGzip,
    /// A page of a proxy, with 200.
    Html,
    /// No JSON.
    Gibberish,
    /// The beginning of JSON, whole as HTTP sees it.
    CutShort,
    /// 200, and an error inside.
    ErrorInside,
    Status(u16),
    /// 429 with this `Retry-After`.
    Busy(&'static str),
    /// 429 with the moment in so many seconds as a date.
    BusyUntil(i64),
    /// Sends elsewhere.
    Elsewhere(Url),
}

/// When what is asked is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Never,
    /// Before the answer goes wrong.
    AtOnce,
    /// After a late answer's time.
    Afterwards,
}

#[derive(Debug, Clone)]
pub struct Deed {
    pub how: How,
    pub when: When,
}

const WELL: Deed = Deed { how: How::Well, when: When::AtOnce };

/// A request that came.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Meant to buy.
    pub buys: bool,
    pub at: Instant,
    pub time: DateTime<Utc>,
}

/// A number that was sold.
#[derive(Debug, Clone)]
pub struct Sale {
    pub sid: String,
    pub number: String,
    /// What it was last told to be called and to call.
    fields: BTreeMap<String, String>,
    pub released: bool,
}

#[derive(Debug, Default)]
struct Books {
    /// A place is part of an id: nothing is ever taken out.
    sold: Vec<Sale>,
    seen: Vec<Seen>,
    told: VecDeque<Deed>,
    always: Option<Deed>,
    /// Questions for single numbers take so long.
    slow: Option<Duration>,
    /// The first date in a `Retry-After`.
    named: Option<DateTime<Utc>>,
    /// What befalls so many percent of the requests that nobody spoke of.
    dice: Option<(StdRng, u8)>,
}

impl Books {
    /// What happens to the next request.
    fn deed(&mut self) -> Deed {
        if let Some(told) = self.told.pop_front().or_else(|| self.always.clone()) {
            return told;
        }
        let Some((dice, percent)) = &mut self.dice else { return WELL };
        if dice.random_range(0..100) >= *percent {
            return WELL;
        }
        let (how, when) = match dice.random_range(0..8) {
            0 => (How::Status(503), When::Never),
            1 => (How::Status(500), When::AtOnce),
            2 => (How::HangsUp, When::Never),
            3 => (How::HangsUp, When::AtOnce),
            4 => (How::Html, When::AtOnce),
            5 => (How::Torn, When::Never),
            6 => (How::Busy("1"), When::Never),
            _ => (How::ErrorInside, When::AtOnce),
        };
        Deed { how, when }
    }
}

/// The carrier, as long as it is kept.
#[derive(Debug)]
pub struct Stand {
    pub url: Url,
    books: Arc<Mutex<Books>>,
    server: tokio::task::JoinHandle<()>,
}

fn lock(books: &Mutex<Books>) -> MutexGuard<'_, Books> {
    books.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stand {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let books: Arc<Mutex<Books>> = Arc::default();
        let shared = Arc::clone(&books);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let books = Arc::clone(&shared);
                // Whoever asks may hang up at any time.
                tokio::spawn(async move { drop(serve(stream, &books).await) });
            }
        });
        Self { url, books, server }
    }

    /// From now on all requests are answered so; `None` is well.
    pub fn always(&self, deed: Option<Deed>) {
        lock(&self.books).always = deed;
    }

    /// The next request not yet spoken of is answered so.
    pub fn tell(&self, deed: Deed) {
        lock(&self.books).told.push_back(deed);
    }

    /// From now on questions for single numbers take so long.
    pub fn slow(&self, pause: Duration) {
        lock(&self.books).slow = Some(pause);
    }

    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.books).seen.clone()
    }

    /// The purchases that were asked for.
    pub fn purchases(&self) -> usize {
        lock(&self.books).seen.iter().filter(|s| s.buys).count()
    }

    /// How often a number was sold.
    pub fn sold(&self, number: &str) -> usize {
        lock(&self.books).sold.iter().filter(|s| s.number == number).count()
    }

    /// All that was sold.
    pub fn sales(&self) -> Vec<Sale> {
        lock(&self.books).sold.clone()
    }

    /// From now on so many percent of the requests go wrong, as the dice of `seed` choose.
    pub fn misbehave(&self, seed: u64, percent: u8) {
        lock(&self.books).dice = Some((StdRng::seed_from_u64(seed), percent));
    }

    pub fn named(&self) -> Option<DateTime<Utc>> {
        lock(&self.books).named
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A request, read whole.
struct Asked {
    method: String,
    target: String,
    body: Vec<u8>,
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Option<Asked>> {
    let mut raw: Vec<u8> = Vec::new();
    let head = loop {
        // A TLS record: nobody here speaks it.
        if raw.first() == Some(&0x16) || stream.read_buf(&mut raw).await? == 0 {
            return Ok(None);
        }
        if let Some(at) = raw.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let text = String::from_utf8_lossy(&raw[..head]).to_ascii_lowercase();
    let length = text.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
    let length: usize = length.and_then(|l| l.trim().parse().ok()).unwrap_or(0);
    while raw.len() < head + length {
        if stream.read_buf(&mut raw).await? == 0 {
            return Ok(None);
        }
    }
    let line = String::from_utf8_lossy(&raw[..head]).lines().next().unwrap_or_default().to_owned();
    let mut words = line.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    Ok(Some(Asked { method, target, body: raw[head..head + length].to_vec() }))
}

fn field(text: &str, name: &str) -> Option<String> {
    let mut fields = url::form_urlencoded::parse(text.as_bytes());
    fields.find(|(field, _)| field == name).map(|(_, value)| value.into_owned())
}

fn record(sale: &Sale) -> Value {
    let text = |name: &str| sale.fields.get(name).cloned().unwrap_or_default();
    json!({"sid": sale.sid, "account_sid": SID, "phone_number": sale.number, "status": "in-use",
        "friendly_name": text("FriendlyName"), "voice_url": text("VoiceUrl"),
        "voice_fallback_url": text("VoiceFallbackUrl"), "status_callback": text("StatusCallback"),
        "sms_url": text("SmsUrl")})
}

impl Asked {
    fn buys(&self) -> bool {
        self.method == "POST" && self.target.ends_with("/IncomingPhoneNumbers.json")
    }

    /// The fields of the form.
    fn typed(&self) -> BTreeMap<String, String> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// Does what is asked, and answers as Twilio does.
    fn carry_out(&self, books: &mut Books) -> (u16, Value) {
        if self.buys() {
            let fields = self.typed();
            let number = fields.get("PhoneNumber").cloned().unwrap_or_default();
            if books.sold.iter().any(|s| s.number == number) {
                return (400, json!({"code": 21_422, "message": "is not available"}));
            }
            let sid = format!("PN{:032}", books.sold.len());
            let sale = Sale { sid, number, fields, released: false };
            let told = record(&sale);
            books.sold.push(sale);
            return (201, told);
        }
        if self.target.contains("/IncomingPhoneNumbers.json") {
            let query = self.target.split_once('?').map_or("", |(_, query)| query);
            let wanted = field(query, "PhoneNumber");
            let ours = books.sold.iter().filter(|s| !s.released);
            let list: Vec<Value> = ours
                .filter(|s| wanted.as_ref().is_none_or(|w| *w == s.number))
                .map(record)
                .collect();
            return (200, json!({"incoming_phone_numbers": list, "next_page_uri": null}));
        }
        if let Some((_, sid)) = self.target.split_once("/IncomingPhoneNumbers/") {
            let sid = sid.trim_end_matches(".json");
            let Some(sale) = books.sold.iter_mut().find(|s| s.sid == sid && !s.released) else {
                return (404, json!({"code": 20_404, "message": "not found"}));
            };
            match self.method.as_str() {
                "DELETE" => sale.released = true,
                "POST" => sale.fields.extend(self.typed()),
                _ => {}
            }
            return (200, record(sale));
        }
        (200, json!({"sid": SID, "friendly_name": "proof", "status": "active"}))
    }
}

async fn serve(mut stream: TcpStream, books: &Mutex<Books>) -> std::io::Result<()> {
    let Some(asked) = read(&mut stream).await? else { return Ok(()) };
    let (deed, slow) = {
        let mut books = lock(books);
        let (at, time) = (Instant::now(), SystemClock.now());
        books.seen.push(Seen { buys: asked.buys(), at, time });
        (books.deed(), books.slow.filter(|_| asked.target.contains("/IncomingPhoneNumbers/")))
    };
    if let Some(pause) = slow {
        tokio::time::sleep(pause).await;
    }
    let well = || asked.carry_out(&mut lock(books));
    let done = (deed.when == When::AtOnce).then(well);
    answer(&mut stream, deed, done, &well, books).await
}

/// Answers, well or not; whatever is left to be done is done by `well`.
async fn answer(
    stream: &mut TcpStream,
    deed: Deed,
    done: Option<(u16, Value)>,
    well: &(impl Fn() -> (u16, Value) + Sync),
    books: &Mutex<Books>,
) -> std::io::Result<()> {
    const JSON: &str = "application/json";
    match deed.how {
        How::Well | How::Mislabelled => {
            let (status, body) = done.unwrap_or_else(well);
            let kind = if deed.how == How::Well { JSON } else { "text/html; charset=latin1" };
            say(stream, status, kind, "", body.to_string().as_bytes()).await
        }
        How::Late(pause) => {
            tokio::time::sleep(pause).await;
            let (status, body) = done.unwrap_or_else(well);
            say(stream, status, JSON, "", body.to_string().as_bytes()).await
        }
        How::Silent => {
            tokio::io::copy(stream, &mut tokio::io::sink()).await?;
            Ok(())
        }
        How::HangsUp => Ok(()),
        How::Torn => {
            let torn = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 4096\r\n\r\n{\"sid\":";
            stream.write_all(torn.as_bytes()).await
        }
        How::Drip => {
            open_ended(stream).await?;
            loop {
                stream.write_all(b" ").await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        How::Endless => {
            open_ended(stream).await?;
            loop {
                stream.write_all(&BLOCK).await?;
            }
        }
        How::Heavy => {
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {JSON}\r\ncontent-length: {HEAVY}\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await?;
            for _ in 0..HEAVY / BLOCK.len() {
                stream.write_all(&BLOCK).await?;
            }
            Ok(())
        }
        How::Bomb => say(stream, 200, JSON, "content-encoding: gzip\r\n", &BOMB).await,
        How::BadGzip => say(stream, 200, JSON, "content-encoding: gzip\r\n", b"not packed").await,
        How::Html => {
            let page = b"<html><body>Down for maintenance</body></html>";
            say(stream, 200, "text/html", "", page).await
        }
        How::Gibberish => say(stream, 200, JSON, "", b"]: no {").await,
        How::CutShort => say(stream, 200, JSON, "", b"{\"sid\": \"PN0").await,
        How::ErrorInside => {
            let error = json!({"code": 20_500, "message": "Internal error", "status": 500});
            say(stream, 200, JSON, "", error.to_string().as_bytes()).await
        }
        How::Status(status) => say(stream, status, JSON, "", b"{}").await,
        How::Busy(wait) => say(stream, 429, JSON, &format!("retry-after: {wait}\r\n"), b"{}").await,
        How::BusyUntil(seconds) => {
            let until = SystemClock.now() + TimeDelta::seconds(seconds);
            let date = until.format("%a, %d %b %Y %H:%M:%S GMT");
            // A date has no parts of a second.
            let whole = TimeDelta::nanoseconds(i64::from(until.timestamp_subsec_nanos()));
            lock(books).named.get_or_insert(until - whole);
            say(stream, 429, JSON, &format!("retry-after: {date}\r\n"), b"{}").await
        }
        How::Elsewhere(url) => say(stream, 307, JSON, &format!("location: {url}\r\n"), b"{}").await,
    }
}

/// A head after which the body lasts as long as the connection.
async fn open_ended(stream: &mut TcpStream) -> std::io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await
}

async fn say(
    stream: &mut TcpStream,
    status: u16,
    kind: &str,
    more: &str,
    body: &[u8],
) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n{more}\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await?;
    stream.shutdown().await
}
