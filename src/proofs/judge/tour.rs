//! Every method of the trait, with every argument that makes an adapter send something else, and
//! what the judge says of each.

use crate::{
    front::{Front, Severity},
    questions,
    stand::Stand,
};
use chrono::{DateTime, Duration, Utc};
use url::Url;
use uuid::Uuid;
use voxlink_gateways::{
    Carrier, CarrierError,
    carrier::{NumberSettings, OutgoingCall, OutgoingMessage, Purchase},
};
use voxlink_types::E164;

/// A carrier's row in the table.
#[derive(Debug, Default)]
pub struct Row {
    pub key: &'static str,
    /// Calls of the adapter's methods.
    pub operations: usize,
    /// Those that it says it cannot do.
    pub unsupported: usize,
    /// What it sent.
    pub requests: usize,
    pub errors: usize,
    pub warnings: usize,
    /// Examples that could not be given or not be read.
    pub notes: usize,
}

struct Tour<'a> {
    stand: &'a Stand,
    front: &'a Front,
    row: Row,
    sent: Vec<String>,
}

impl Tour<'_> {
    fn tell(&mut self, severity: Severity, what: &str, words: &str) {
        let (count, word) = match severity {
            Severity::Error => (&mut self.row.errors, "error"),
            Severity::Warning => (&mut self.row.warnings, "warning"),
            Severity::Note => (&mut self.row.notes, "note"),
        };
        *count += 1;
        println!("{} {word}: {what}: {words}", self.stand.key);
    }

    /// Does one operation, named `method` or `method: with what`, and takes down what is found.
    async fn step<T>(
        &mut self,
        what: &str,
        done: impl Future<Output = Result<T, CarrierError>>,
    ) -> Option<T> {
        let outcome = done.await;
        let heard = self.front.heard();
        self.row.operations += 1;
        self.row.requests += heard.len();
        let asked_nobody = heard.is_empty();
        let errors_before = self.row.errors;
        for exchange in heard {
            for finding in &exchange.findings {
                let words = format!("{}: {}", exchange.line, finding.text);
                self.tell(finding.severity, what, &words);
            }
            self.sent.push(format!("{} {}", exchange.line, exchange.body));
        }
        let method = what.split(':').next().unwrap_or(what);
        match &outcome {
            Err(CarrierError::Unsupported { .. }) => self.row.unsupported += 1,
            // What is not sent is not judged: a breaker that is open, an argument refused here.
            Err(error) if asked_nobody => {
                self.tell(Severity::Error, what, &format!("nothing was sent: {error}"));
            }
            Ok(_) if asked_nobody && !self.stand.silent.contains(&method) => {
                self.tell(Severity::Error, what, "nothing was sent");
            }
            // The answers are examples: one that the adapter refuses is no fault of the request.
            Err(error) if self.row.errors == errors_before => {
                self.tell(Severity::Note, what, &format!("the example is taken as: {error}"));
            }
            _ => {}
        }
        outcome.ok()
    }
}

/// Asks a carrier everything.
pub async fn run(
    stand: &Stand,
    front: &Front,
    carrier: &dyn Carrier,
    now: DateTime<Utc>,
) -> anyhow::Result<Row> {
    let row = Row { key: stand.key, ..Row::default() };
    let mut tour = Tour { stand, front, row, sent: Vec::new() };
    catalogue(&mut tour, carrier).await?;
    numbers(&mut tour, carrier, now).await?;
    traffic(&mut tour, carrier).await?;
    for word in stand.sends {
        if !tour.sent.iter().any(|request| request.contains(word)) {
            tour.tell(Severity::Error, "all", &format!("no request has “{word}”"));
        }
    }
    Ok(tour.row)
}

async fn catalogue(tour: &mut Tour<'_>, carrier: &dyn Carrier) -> anyhow::Result<()> {
    tour.step("health", carrier.health()).await;
    tour.step("coverage", carrier.coverage()).await;
    tour.step("prices", carrier.prices()).await;
    for (what, query) in questions::all(tour.stand.abroad) {
        tour.step(&format!("search: {what}"), carrier.search(&query)).await;
    }
    for number in [questions::LOCAL, questions::TOLL_FREE] {
        let number = number.parse::<E164>()?;
        tour.step(&format!("offer: {number}"), carrier.offer(&number)).await;
    }
    Ok(())
}

async fn numbers(
    tour: &mut Tour<'_>,
    carrier: &dyn Carrier,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let number = questions::LOCAL.parse::<E164>()?;
    let (key, ids) = (Uuid::from_u128(42), &tour.stand.ids);
    let hold = carrier.hold(&number, key, now + Duration::minutes(15));
    let hold_id = tour.step("hold", hold).await.map(|hold| hold.id);
    tour.step("let_go", carrier.let_go(&number, ids.hold)).await;
    for (what, papers) in ids.papers() {
        let settings = settings(what == "all papers");
        let number = number.clone();
        let purchase = Purchase { number, key, hold_id: None, settings, papers };
        tour.step(&format!("buy: {what}"), carrier.buy(&purchase)).await;
    }
    if carrier.abilities().holds {
        let purchase = Purchase {
            number: number.clone(),
            key,
            hold_id: hold_id.or_else(|| Some(ids.hold.to_owned())),
            settings: settings(true),
            papers: ids.papers().swap_remove(0).1,
        };
        tour.step("buy: what is held", carrier.buy(&purchase)).await;
    }
    let owned = tour.step("list_owned", carrier.list_owned(None)).await;
    let cursor = Some(ids.owned_cursor.to_owned());
    tour.step("list_owned: by a cursor", carrier.list_owned(cursor)).await;
    if let Some((owned, next)) = owned {
        if let Some(next) = next {
            tour.step("list_owned: the next page", carrier.list_owned(Some(next))).await;
        }
        // A number that the examples have leads further than one that they do not have.
        if let Some(there) = owned.first() {
            let found = carrier.find_purchase(&there.number, key);
            tour.step("find_purchase: a number of the example", found).await;
        }
    }
    tour.step("find_purchase", carrier.find_purchase(&number, key)).await;
    tour.step("get", carrier.get(ids.number)).await;
    for (what, messages) in [("with messages", true), ("without messages", false)] {
        let wish = settings(messages);
        let set = carrier.configure(ids.number, &wish);
        tour.step(&format!("configure: {what}"), set).await;
    }
    tour.step("release", carrier.release(ids.number)).await;
    Ok(())
}

async fn traffic(tour: &mut Tour<'_>, carrier: &dyn Carrier) -> anyhow::Result<()> {
    let ids = &tour.stand.ids;
    let below = tour.step("subaccounts", carrier.subaccounts(None)).await;
    let cursor = Some(ids.subaccounts_cursor.to_owned());
    tour.step("subaccounts: by a cursor", carrier.subaccounts(cursor)).await;
    if let Some((_, Some(next))) = below {
        tour.step("subaccounts: the next page", carrier.subaccounts(Some(next))).await;
    }
    tour.step("open_subaccount", carrier.open_subaccount("Harbour Coffee, Boston")).await;
    let (from, to) = (questions::LOCAL.parse::<E164>()?, questions::TOLL_FREE.parse::<E164>()?);
    let picture = |name| format!("https://shop.example.com/media/{name}.png").parse::<Url>();
    let pictures = vec![picture("one")?, picture("two")?];
    for (what, text, media) in [
        ("text", "Your table is ready, é & 100 % sure.", Vec::new()),
        ("text and a picture", "See you.", pictures[..1].to_vec()),
        ("pictures", "", pictures.clone()),
    ] {
        let message = OutgoingMessage {
            from: from.clone(),
            to: to.clone(),
            text: text.to_owned(),
            media,
            status_url: address("message-status"),
            key: Uuid::from_u128(43),
        };
        tour.step(&format!("send: {what}"), carrier.send(&message)).await;
    }
    let call = OutgoingCall {
        from,
        to,
        answer_url: address("answer"),
        status_url: address("status"),
        ring_seconds: 25,
        key: Uuid::from_u128(44),
    };
    tour.step("call", carrier.call(&call)).await;
    tour.step("call_details", carrier.call_details(ids.call)).await;
    Ok(())
}

fn settings(messages: bool) -> NumberSettings {
    NumberSettings {
        voice_url: address("voice"),
        voice_fallback_url: address("fallback"),
        status_url: address("status"),
        message_url: if messages { address("message") } else { String::new() },
        label: "Front desk".to_owned(),
    }
}

fn address(what: &str) -> String {
    format!("https://shop.example.com/callbacks/{what}")
}
