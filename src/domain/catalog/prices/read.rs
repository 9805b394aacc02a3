//! A price list as an administrator writes it: CSV with a first row of headings, in any order.
//! Amounts are decimal text with a point and never pass through a float.

use crate::sheet::{self, Lines};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;
use voxlink_types::{
    Currency,
    e164::is_country,
    number::{NumberType, Requirement},
};

/// The headings that must be there.
const NEEDED: [&str; 7] =
    ["carrier", "country", "type", "currency", "cost_monthly", "cost_setup", "cost_minute"];
/// The headings that may be there.
const OPTIONAL: [&str; 6] = ["mark_up", "monthly", "setup", "minute", "requirement", "from"];
/// Digits after the point that the book keeps.
const DIGITS: usize = 8;
/// No price is so high: a slip of the keyboard.
const DEAREST: u32 = 1_000_000;
/// The highest mark-up that is believed, as a factor: `50` is a percentage where 1.5 was meant.
const MOST_MARK_UP: u32 = 20;

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it stands in the file.
    pub at: u64,
    pub carrier: String,
    pub country: String,
    pub number_type: NumberType,
    pub currency: Currency,
    pub cost_monthly: Decimal,
    pub cost_setup: Decimal,
    pub cost_minute: Decimal,
    /// A factor; none takes the carrier's.
    pub mark_up: Option<Decimal>,
    /// What customers pay, where the mark-up shall not make it.
    pub monthly: Option<Decimal>,
    pub setup: Option<Decimal>,
    pub minute: Option<Decimal>,
    pub requirement: Requirement,
    /// None is at once.
    pub from: Option<DateTime<Utc>>,
}

/// A line that cannot be used: where it stands, and why.
pub(super) type Wrong = (u64, String);

/// Reads the whole list; every line that is wrong is told.
pub(super) fn lines(text: &str) -> (Vec<Line>, Vec<Wrong>) {
    // Spreadsheets put a byte order mark in front.
    let text = text.trim_start_matches('\u{feff}');
    if let Some(at) = sheet::unclosed(text, b',') {
        return (Vec::new(), vec![(at, "the quote opened here is never closed".to_owned())]);
    }
    let mut lines = Lines::of(text);
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let headings: Vec<String> = match reader.headers() {
        Ok(row) => row.iter().map(str::to_ascii_lowercase).collect(),
        Err(error) => return (Vec::new(), vec![(1, format!("it is no CSV ({error})"))]),
    };
    let wrong = misnamed(&headings);
    if !wrong.is_empty() {
        return (Vec::new(), wrong);
    }
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for row in reader.records() {
        match row {
            Ok(row) if row.iter().all(str::is_empty) => {}
            Ok(row) => {
                let at = lines.of_row(row.position());
                match line(&headings, &row, at) {
                    Ok(line) => good.push(line),
                    Err(why) => bad.push((at, why)),
                }
            }
            Err(error) => {
                let at = error.position().map_or(0, csv::Position::line);
                bad.push((at, format!("it cannot be read ({error})")));
            }
        }
    }
    (good, bad)
}

fn misnamed(headings: &[String]) -> Vec<Wrong> {
    let known = |h: &&String| NEEDED.contains(&h.as_str()) || OPTIONAL.contains(&h.as_str());
    let missing = NEEDED.iter().filter(|n| !headings.iter().any(|h| h == *n));
    let missing = missing.map(|n| (1, format!("the column {n} is missing")));
    let strange = headings.iter().filter(|h| !known(h));
    let strange = strange.map(|h| {
        let columns = [&NEEDED[..], &OPTIONAL[..]].concat().join(", ");
        (1, format!("the column “{h}” is not known: columns are {columns}"))
    });
    let twice = headings.iter().enumerate().filter(|(at, h)| headings[..*at].contains(h));
    let twice = twice.map(|(_, h)| (1, format!("the column {h} is there twice")));
    missing.chain(strange).chain(twice).collect()
}

fn line(headings: &[String], row: &csv::StringRecord, at: u64) -> Result<Line, String> {
    if row.len() != headings.len() {
        return Err(format!("it has {} cells, the headings are {}", row.len(), headings.len()));
    }
    let cell = |name: &str| {
        let column = headings.iter().position(|h| h == name);
        column.and_then(|column| row.get(column)).unwrap_or_default()
    };
    let money = |name: &str| amount(name, cell(name), DEAREST);
    let optional =
        |name: &str| if cell(name).is_empty() { Ok(None) } else { money(name).map(Some) };
    let country = cell("country").to_ascii_uppercase();
    if country.len() != 2 || !is_country(&country) {
        return Err(format!("“{}” is no country: write two letters such as US", cell("country")));
    }
    let mark_up = match cell("mark_up") {
        "" => None,
        text => Some(amount("mark_up", text, MOST_MARK_UP)?),
    };
    Ok(Line {
        at,
        carrier: cell("carrier").to_ascii_lowercase(),
        country,
        number_type: word(cell("type"), "type")?,
        currency: word(&cell("currency").to_ascii_uppercase(), "currency")?,
        cost_monthly: money("cost_monthly")?,
        cost_setup: money("cost_setup")?,
        cost_minute: money("cost_minute")?,
        mark_up,
        monthly: optional("monthly")?,
        setup: optional("setup")?,
        minute: optional("minute")?,
        requirement: match cell("requirement") {
            "" => Requirement::None,
            text => word(text, "requirement")?,
        },
        from: match cell("from") {
            "" => None,
            text => Some(instant(text)?),
        },
    })
}

fn word<T: std::str::FromStr<Err: std::fmt::Display>>(
    text: &str,
    column: &str,
) -> Result<T, String> {
    text.parse().map_err(|why: T::Err| format!("{column}: {why}"))
}

/// Digits, at most one point: no signs, no thousands, no exponents.
fn amount(column: &str, text: &str, most: u32) -> Result<Decimal, String> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let amount = (digits(whole) && digits(part) && part.len() <= DIGITS)
        .then(|| text.parse::<Decimal>().ok())
        .flatten();
    match amount {
        Some(amount) if amount <= Decimal::from(most) => Ok(amount),
        Some(_) => Err(format!("{column}: {text} is more than {most}")),
        None => Err(format!("{column}: “{text}” is no amount: write digits such as 1.15")),
    }
}

/// A day, which begins at midnight UTC, or an instant with its offset (RFC 3339).
fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    let day = text.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let exact = || DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
    day.or_else(exact).ok_or_else(|| {
        format!("from: “{text}” is no day: write 2027-01-31, or 2027-01-31T06:00:00Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    const HEADINGS: &str = "carrier,country,type,currency,cost_monthly,cost_setup,cost_minute";

    #[test]
    fn a_list_is_read_in_any_order_of_columns() {
        let text = "\u{feff}From,carrier,country,type,currency,cost_minute,cost_setup,cost_monthly,monthly\n\
                    2027-01-31,Telnyx,us,toll_free,usd,0.0055,0,1.15,2\n\
                    ,telnyx,US,local,USD,0.0035,0.10,1,\n,,,,,,,,\n";
        let (good, bad) = lines(text);
        assert_eq!(bad, []);
        assert_eq!(good.len(), 2, "an empty line is none");
        let first = &good[0];
        assert_eq!((first.at, first.carrier.as_str(), first.country.as_str()), (2, "telnyx", "US"));
        assert_eq!(first.number_type, NumberType::TollFree);
        assert_eq!(first.cost_minute, Decimal::new(55, 4));
        assert_eq!(first.monthly, Some(Decimal::from(2)));
        assert_eq!(first.from, Utc.with_ymd_and_hms(2027, 1, 31, 0, 0, 0).single());
        assert_eq!((good[1].from, good[1].mark_up, good[1].monthly), (None, None, None));
        assert_eq!(good[1].requirement, Requirement::None);
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line() {
        for (row, said) in [
            ("telnyx,USA,local,USD,1,0,0", "no country"),
            ("telnyx,XX,local,USD,1,0,0", "no country"),
            ("telnyx,US,spoon,USD,1,0,0", "type: "),
            ("telnyx,US,local,XYZ,1,0,0", "currency: "),
            ("telnyx,US,local,USD,\"1,15\",0,0", "no amount"),
            ("telnyx,US,local,USD,-1,0,0", "no amount"),
            ("telnyx,US,local,USD,1e3,0,0", "no amount"),
            ("telnyx,US,local,USD,.5,0,0", "no amount"),
            ("telnyx,US,local,USD,1.123456789,0,0", "no amount"),
            ("telnyx,US,local,USD,,0,0", "no amount"),
            ("telnyx,US,local,USD,99999999,0,0", "more than"),
            ("telnyx,US,local,USD,1,0", "6 cells"),
        ] {
            let (good, bad) = lines(&format!("{HEADINGS}\n{row}\n"));
            assert!(good.is_empty(), "{row}");
            assert_eq!(bad.len(), 1, "{row}");
            assert_eq!(bad[0].0, 2, "{row}");
            assert!(bad[0].1.contains(said), "{row}: {}", bad[0].1);
        }
        for (heading, value, said) in
            [("mark_up", "50", "more than 20"), ("from", "tomorrow", "no day")]
        {
            let (_, bad) =
                lines(&format!("{HEADINGS},{heading}\ntelnyx,US,local,USD,1,0,0,{value}\n"));
            assert!(bad[0].1.contains(said), "{}", bad[0].1);
        }
    }

    #[test]
    fn headings_are_checked_before_anything_is_read() {
        let (_, bad) = lines("carrier,country,type,currency,cost_monthly,price,price\n");
        let said: Vec<&str> = bad.iter().map(|(_, why)| why.as_str()).collect();
        assert_eq!(
            said[..2],
            ["the column cost_setup is missing", "the column cost_minute is missing"]
        );
        assert!(said[2].contains("“price” is not known") && said[4].contains("twice"), "{said:?}");
    }
}
