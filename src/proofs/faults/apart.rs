//! What takes more than one request: a carrier that stays down is left alone and tried again, one
//! that is slow slows no other, and an order that is worked off later is placed once, whatever
//! breaks on the way.

use crate::{
    stand::{Deed, How, When},
    stand_in::{lock, wire},
    subject::{Plant, Report, limits, pair, purchase},
    telnyx_server::{Books, KEY, open},
};
use futures::future::join_all;
use secrecy::SecretString;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use voxlink_adapters::carriers::telnyx::{Account, Telnyx};
use voxlink_gateways::{
    Carrier, CarrierError, SystemClock,
    carrier::Bought,
    fault::{Fault, Script},
};

/// R11: the breaker opens after at most so many failures.
const FAILURES: usize = 10;

/// A carrier that stays down; how long until it was tried again, where it was.
pub async fn breaker(plant: Option<Plant>) -> (Report, Duration) {
    let mut report = Report::of("a carrier that stays down");
    let (stand, subject) = pair(limits(Duration::from_secs(2), 0), plant).await;
    stand.always(Some(Deed { how: How::Status(503), when: When::Never }));
    let mut failed = 0;
    loop {
        let before = stand.seen().len();
        let _ = subject.look().await;
        if stand.seen().len() == before {
            break;
        }
        failed += 1;
        if failed > FAILURES {
            report.must(false, || format!("it is not left alone after {failed} failures"));
            return (report, Duration::ZERO);
        }
    }
    let opened = Instant::now();
    let before = stand.seen().len();
    let refused = join_all((0..50).map(|_| subject.look())).await;
    let transient = |r: &Result<(), CarrierError>| matches!(r, Err(CarrierError::Transient { .. }));
    report.must(refused.iter().all(transient), || format!("left alone, it is {refused:?}"));
    let bought = subject.buy(&purchase()).await;
    report.must(matches!(bought, Err(CarrierError::Transient { .. })), || {
        format!("left alone, a purchase is {bought:?}, and nothing was sent")
    });
    report.must(stand.seen().len() == before, || "left alone, it is asked".to_owned());
    let took = opened.elapsed();
    report.must(took < Duration::from_secs(1), || format!("being told took {took:?}"));
    // Well again, but nobody knows: one asks for all.
    stand.always(Some(Deed { how: How::Late(Duration::from_millis(300)), when: When::AtOnce }));
    while stand.seen().len() == before && opened.elapsed() < Duration::from_secs(15) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let all = join_all((0..8).map(|_| subject.look())).await;
        let asked = stand.seen().len() - before;
        report.must(asked <= 1, || format!("{asked} ask at once whether it is well again"));
        let good = all.iter().filter(|r| r.is_ok()).count();
        report.must(good == asked, || format!("{asked} asked and {good} heard that it is well"));
    }
    let tried = opened.elapsed();
    report.must(stand.seen().len() == before + 1, || "nobody tries it again".to_owned());
    stand.always(None);
    let all = join_all((0..8).map(|_| subject.look())).await;
    report.must(all.iter().all(Result::is_ok), || format!("well again: {all:?}"));
    (report, tried)
}

/// The time that 99 of 100 questions of one carrier stay below.
async fn p99(carrier: &dyn Carrier, report: &mut Report) -> Duration {
    let (began, mut times) = (Instant::now(), Vec::new());
    while times.len() < 200 && began.elapsed() < Duration::from_secs(3) {
        let start = Instant::now();
        let health = carrier.health().await;
        times.push(start.elapsed());
        report.must(health.is_ok(), || format!("the other carrier: {health:?}"));
    }
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

/// One carrier is slow and asked a lot; the other's times without and with that.
pub async fn beside(plant: Option<Plant>) -> (Report, Duration, Duration) {
    let mut report = Report::of("a slow carrier");
    let (slow, subject) = pair(limits(Duration::from_secs(5), 0), None).await;
    slow.slow(Duration::from_millis(300));
    let (server, _) = open(Books::default()).await;
    let telnyx = telnyx(server.url.clone());
    let other: &dyn Carrier = if plant == Some(Plant::OneWire) { &subject.twilio } else { &telnyx };
    let alone = p99(other, &mut report).await;
    let stop = Arc::new(AtomicBool::new(false));
    let crowd: Vec<_> = (0..64)
        .map(|_| {
            let (twilio, stop) = (subject.twilio.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let _ = twilio.get("PN00000000000000000000000000000000").await;
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let crowded = p99(other, &mut report).await;
    stop.store(true, Ordering::Relaxed);
    for one in crowd {
        one.abort();
    }
    // A tenth more, and what the crowd's own work costs on a small machine.
    let most = alone.mul_f64(1.1) + Duration::from_millis(25);
    report.must(crowded <= most, || format!("p99 {alone:?} alone, {crowded:?} beside it"));
    (report, alone, crowded)
}

fn telnyx(api: url::Url) -> Telnyx {
    let account = Account {
        id: "61bf923e-5e4d-4595-a110-56190ea18a1b".to_owned(),
        key: SecretString::from(KEY),
        api,
        connection: None,
        messaging_profile: None,
        outbound_profile: None,
    };
    Telnyx::new(account, wire("telnyx"), Arc::new(SystemClock))
}

/// Requests of a purchase at Telnyx, with some to spare.
const STEPS: usize = 12;

/// An order that is worked off later, with one fault at each of its requests in turn.
pub async fn at_every_step() -> Report {
    let mut report = Report::of("an asynchronous order");
    for fault in [Fault::Transient, Fault::LostRequest, Fault::LostAnswer] {
        for step in 0..STEPS {
            let purchase = purchase();
            let mut selling = Books::default();
            selling.for_sale.insert(purchase.number.to_string());
            selling.patience = 2;
            let (server, books) = open(selling).await;
            let carrier = telnyx(server.url.clone());
            let mut script = Script::calm();
            (0..step).for_each(|_| script.tell(None));
            script.tell(Some(fault));
            server.misbehave(script);
            let mut look = false;
            for _ in 0..20 {
                let answer = if look {
                    carrier.find_purchase(&purchase.number, purchase.key).await
                } else {
                    carrier.buy(&purchase).await.map(Some)
                };
                match answer {
                    Ok(Some(Bought::Done(_))) => break,
                    Ok(Some(Bought::Pending { .. })) | Err(CarrierError::UnknownOutcome { .. }) => {
                        look = true;
                    }
                    // Never placed: once more.
                    Ok(None) => look = false,
                    Err(error) => {
                        report.must(error.may_repeat(), || format!("{fault:?} at {step}: {error}"));
                    }
                }
            }
            let books = lock(&books);
            let (orders, numbers) = (books.orders.len(), books.numbers.len());
            report.must(orders == 1 && numbers == 1, || {
                format!("{fault:?} at request {step}: {orders} orders, {numbers} numbers")
            });
        }
    }
    report
}
