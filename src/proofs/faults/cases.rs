//! Fault by fault: what a question and a purchase come to, how long they take, and that the
//! carrier sells once.

use crate::{
    stand::{Deed, How, Stand, When},
    subject::{Plant, Report, Subject, limits, pair, purchase, within, word},
};
use chrono::TimeDelta;
use std::time::Duration;
use voxlink_gateways::{CarrierError, Clock, SystemClock, carrier::Purchase};

/// For one try.
const TOTAL: Duration = Duration::from_secs(1);
/// On top of what the limits allow, for a machine that does other things.
const SLACK: Duration = Duration::from_secs(1);

/// One fault, and what must come of it.
#[derive(Debug, Clone)]
pub struct Case {
    pub name: &'static str,
    pub how: How,
    when: When,
    total: Duration,
    /// The word for a question, and how often the carrier heard it at least and at most.
    look: (&'static str, usize, usize),
    /// The word for a purchase whose first request met the fault.
    buy: &'static str,
}

impl Case {
    pub fn heavy(&self) -> bool {
        matches!(self.how, How::Endless | How::Heavy | How::Bomb)
    }

    pub fn title(&self) -> String {
        let when = match self.when {
            When::Never => "undone",
            When::AtOnce => "done",
            When::Afterwards => "done afterwards",
        };
        format!("{}, {when}", self.name)
    }
}

/// Every fault, with the purchase carried out and not.
pub fn all(elsewhere: &Stand) -> Vec<Case> {
    let trouble: [(&'static str, How); 17] = [
        ("silence", How::Silent),
        ("hangs up", How::HangsUp),
        ("torn body", How::Torn),
        ("endless drip", How::Drip),
        ("endless body", How::Endless),
        ("100 MB body", How::Heavy),
        ("gzip bomb", How::Bomb),
        ("bad gzip", How::BadGzip),
        ("HTML with 200", How::Html),
        ("no JSON", How::Gibberish),
        ("JSON cut short", How::CutShort),
        ("error with 200", How::ErrorInside),
        ("500", How::Status(500)),
        ("502", How::Status(502)),
        ("503", How::Status(503)),
        ("504", How::Status(504)),
        ("answer after the time-out", How::Late(TOTAL + Duration::from_millis(500))),
    ];
    let mut cases = Vec::new();
    for (name, how) in trouble {
        for when in [When::Never, When::AtOnce, When::Afterwards] {
            // What answers late is done at some time; what never answers well is done before or not.
            let senseless =
                if matches!(how, How::Late(_)) { When::Never } else { When::Afterwards };
            if when == senseless {
                continue;
            }
            // A client may ask again by itself where a connection ended without a byte; what is
            // no error by its status is not asked again.
            let (least, most) = match how {
                How::HangsUp => (2, 4),
                How::ErrorInside => (1, 1),
                _ => (2, 2),
            };
            let case = Case {
                name,
                how: how.clone(),
                when,
                total: TOTAL,
                look: ("carrier_failed", least, most),
                buy: "carrier_outcome_unknown",
            };
            // A body without end is refused for its weight, not for its time.
            cases.push(if case.heavy() {
                Case { total: Duration::from_secs(20), ..case }
            } else {
                case
            });
        }
    }
    let refused =
        |name, how, total, look, buy| Case { name, how, when: When::Never, total, look, buy };
    let patient = Duration::from_secs(3);
    let fine = |name, how| Case {
        name,
        how,
        when: When::AtOnce,
        total: TOTAL,
        look: ("ok", 1, 1),
        buy: "ok",
    };
    cases.extend([
        fine("slow", How::Late(Duration::from_millis(200))),
        fine("wrong content type", How::Mislabelled),
        refused("429 for a second", How::Busy("1"), patient, ("carrier_busy", 2, 2), "ok"),
        refused("429 until a date", How::BusyUntil(2), patient, ("carrier_busy", 2, 2), "ok"),
        refused(
            "429 for two minutes",
            How::Busy("120"),
            TOTAL,
            ("carrier_busy", 1, 1),
            "carrier_busy",
        ),
        refused(
            "429 without a word on when",
            How::Busy("soon"),
            TOTAL,
            ("carrier_busy", 2, 2),
            "ok",
        ),
        refused(
            "401",
            How::Status(401),
            TOTAL,
            ("carrier_credentials", 1, 1),
            "carrier_credentials",
        ),
        refused(
            "redirect elsewhere",
            How::Elsewhere(elsewhere.url.clone()),
            TOTAL,
            ("carrier_rejected", 1, 1),
            "carrier_rejected",
        ),
    ]);
    cases
}

/// Runs one case.
pub async fn run(case: &Case, plant: Option<Plant>) -> Report {
    let mut report = Report::of(case.title());
    let deed = Deed { how: case.how.clone(), when: case.when };
    let (stand, subject) = pair(limits(case.total, 1), plant).await;
    look(case, &deed, &stand, &subject, &mut report).await;
    if plant.is_some() && !report.wrong.is_empty() {
        return report;
    }
    // The breaker counts; a purchase begins with a rested one.
    let (stand, subject) = pair(limits(case.total, 1), plant).await;
    buy(case, &deed, &stand, &subject, &mut report).await;
    report
}

/// Two tries at most, each with its time, and the carrier's pauses.
fn patience(case: &Case) -> Duration {
    case.total * 3 + SLACK
}

async fn look(case: &Case, deed: &Deed, stand: &Stand, subject: &Subject, report: &mut Report) {
    stand.always(Some(deed.clone()));
    let (came, took) = within(patience(case), subject.look()).await;
    let (wanted, least, most) = case.look;
    let told = word(came.as_ref());
    report.must(told == wanted, || format!("a question comes to {told}, not {wanted}"));
    report.must(took < patience(case), || format!("a question took {took:?}"));
    let asked = stand.seen();
    report.must((least..=most).contains(&asked.len()), || {
        format!("a question was sent {} times, not {least} to {most}", asked.len())
    });
    if let Some(Err(error)) = &came
        && case.heavy()
    {
        let detail = error.detail().to_owned();
        report.must(detail.contains("more than"), || format!("not for its weight: {detail}"));
    }
    if let (How::Busy("120"), Some(Err(CarrierError::RateLimited { until, .. }))) =
        (&case.how, &came)
    {
        let left = until.map(|until| until - SystemClock.now());
        let range = TimeDelta::seconds(108)..=TimeDelta::seconds(132);
        report.must(left.is_some_and(|l| range.contains(&l)), || format!("wait told: {left:?}"));
    }
    if let [first, second] = asked.as_slice() {
        match case.how {
            How::Busy("1") => {
                let gap = second.at - first.at;
                let range = Duration::from_secs(1)..Duration::from_millis(1_400);
                report.must(range.contains(&gap), || format!("asked again after {gap:?}"));
            }
            How::BusyUntil(_) => {
                let late = stand.named().map(|named| second.time - named);
                let range = TimeDelta::milliseconds(-20)..TimeDelta::milliseconds(400);
                let kept = late.is_some_and(|late| range.contains(&late));
                report.must(kept, || format!("asked again {late:?} after the date"));
            }
            _ => {}
        }
    }
    // And once the carrier is well again, so are we; who wanted two minutes has them.
    stand.always(None);
    let rests = matches!(case.how, How::Busy("120"));
    let wanted = if rests { "carrier_busy" } else { "ok" };
    let (came, _) = within(patience(case), subject.look()).await;
    let told = word(came.as_ref());
    report.must(told == wanted, || format!("well again, and a question comes to {told}"));
    if rests {
        let more = stand.seen().len() - asked.len();
        report.must(more == 0, || format!("asked {more} times in spite of its rest"));
    }
}

async fn buy(case: &Case, deed: &Deed, stand: &Stand, subject: &Subject, report: &mut Report) {
    let purchase: Purchase = purchase();
    stand.tell(deed.clone());
    let (came, took) = within(patience(case), subject.buy(&purchase)).await;
    let told = word(came.as_ref());
    report.must(told == case.buy, || format!("a purchase comes to {told}, not {}", case.buy));
    report.must(took < patience(case), || format!("a purchase took {took:?}"));
    // Asked to wait, it may be sent again: nothing was done.
    let may = if matches!(case.how, How::Busy(_) | How::BusyUntil(_)) { 2 } else { 1 };
    let sent = stand.purchases();
    report.must(sent <= may, || format!("a purchase was sent {sent} times at once"));
    let Some(came) = came else { return };
    if matches!(case.buy, "ok" | "carrier_outcome_unknown") {
        let (settled, _) = within(patience(case), subject.settle(&purchase, came)).await;
        report.must(settled == Some(true), || "a purchase does not come to its end".to_owned());
        let sold = stand.sold(purchase.number.as_str());
        report.must(sold == 1, || format!("the carrier sold it {sold} times"));
        let sent = stand.purchases();
        if case.when == When::AtOnce {
            report.must(sent == 1, || format!("what was done was asked for {sent} times"));
        }
    }
}

/// No TLS where TLS was promised: nothing is sent, so surely nothing was done.
pub async fn without_tls() -> Report {
    let mut report = Report::of("no TLS behind https");
    let stand = Stand::open().await;
    let mut url = stand.url.clone();
    url.set_scheme("https").unwrap();
    let subject = Subject::at(&url, limits(TOTAL, 1), None);
    let (came, _) = within(TOTAL * 4, subject.look()).await;
    let told = word(came.as_ref());
    report.must(told == "carrier_failed", || format!("a question comes to {told}"));
    let (came, _) = within(TOTAL * 4, subject.buy(&purchase())).await;
    let told = word(came.as_ref());
    report.must(told == "carrier_failed", || format!("a purchase comes to {told}"));
    report.must(stand.seen().is_empty(), || "something was sent in the clear".to_owned());
    report
}
