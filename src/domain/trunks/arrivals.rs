//! Numbers that come to own trunks: as a block, from its first to its last number, or as CSV, a
//! number a row. Nothing of it is guessed: a number whose country its digits do not tell takes the
//! one that is given.

use super::wrong;
use voxlink_gateways::sip::Arrival;
use voxlink_types::{
    E164,
    error::FieldError,
    number::{Capability, NumberType},
};

/// The most that one block holds: an exchange's ten thousand lines.
const LARGEST_BLOCK: u64 = 10_000;
/// The most that one file holds.
const LARGEST_FILE: usize = 100_000;

/// A block as typed.
#[derive(Debug, Clone)]
pub struct Block {
    /// Its first number.
    pub first: String,
    /// Its last number.
    pub last: String,
    /// The kind of all of them.
    pub number_type: NumberType,
    /// ISO 3166-1 alpha-2, for numbers whose digits do not tell.
    pub country: String,
    /// What the trunks carry for them.
    pub capabilities: Vec<Capability>,
    /// Rate centre, or nothing.
    pub rate_centre: String,
}

/// The numbers of a block.
pub fn block(typed: &Block) -> Result<Vec<Arrival>, Vec<FieldError>> {
    let mut all = Vec::new();
    let mut read = |field: &str, text: &str| {
        let number: Option<E164> = text.trim().parse().ok();
        if number.is_none() {
            all.push(wrong(
                field,
                "Write a whole number with its country code, such as +16175550100.",
            ));
        }
        number
    };
    let (first, last) = (read("first", &typed.first), read("last", &typed.last));
    let (Some(first), Some(last)) = (first, last) else { return Err(all) };
    let digits = |number: &E164| number.digits().parse::<u64>().unwrap_or(0);
    let (from, to) = (digits(&first), digits(&last));
    if first.digits().len() != last.digits().len() || to < from {
        return Err(vec![wrong(
            "last",
            "Write a last number that is as long as the first and after it.",
        )]);
    }
    if to - from >= LARGEST_BLOCK {
        return Err(vec![wrong("last", "A block holds at most 10,000 numbers: take it in parts.")]);
    }
    let mut found = Vec::new();
    for line in from..=to {
        let Ok(number) = format!("+{line}").parse::<E164>() else { continue };
        let Some(country) = country(&number, &typed.country) else {
            return Err(vec![wrong("country", "Write the country's two letters, such as US.")]);
        };
        found.push(Arrival {
            number,
            country,
            number_type: typed.number_type,
            capabilities: typed.capabilities.clone(),
            rate_centre: filled(&typed.rate_centre),
            lata: None,
        });
    }
    Ok(found)
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct Read {
    /// The numbers of the rows that can be read.
    pub good: Vec<Arrival>,
    /// The other rows, by their line, and why.
    pub bad: Vec<(u64, String)>,
}

/// Reads rows of `number, type, capabilities, rate centre, LATA`, of which only the first must be
/// there; capabilities are words with spaces between. A first row without a number is a heading.
pub fn read_csv(text: &[u8], number_type: NumberType, country_code: &str) -> Read {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text);
    let mut read = Read::default();
    for (at, row) in reader.records().enumerate() {
        if read.good.len() + read.bad.len() >= LARGEST_FILE {
            read.bad.push((0, format!("a file holds at most {LARGEST_FILE} rows")));
            break;
        }
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                read.bad.push((error.position().map_or(0, csv::Position::line), error.to_string()));
                continue;
            }
        };
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |i: usize| row.get(i).unwrap_or_default();
        let heading = at == 0 && !cell(0).bytes().any(|b| b.is_ascii_digit());
        if heading || row.iter().all(str::is_empty) {
            continue;
        }
        match one(&cell, number_type, country_code) {
            Ok(arrival) => read.good.push(arrival),
            Err(why) => read.bad.push((line, why)),
        }
    }
    read
}

fn one<'r>(
    cell: &dyn Fn(usize) -> &'r str,
    number_type: NumberType,
    country_code: &str,
) -> Result<Arrival, String> {
    let number: E164 = cell(0).trim_start_matches('\'').parse().map_err(|_| {
        let shown: String = cell(0).chars().take(40).collect();
        format!("“{shown}” is no number with its country code, such as +16175550100")
    })?;
    let number_type = match cell(1) {
        "" => number_type,
        word => word.to_ascii_lowercase().parse::<NumberType>().map_err(|e| e.to_string())?,
    };
    let capabilities = match cell(2) {
        "" => vec![Capability::Voice],
        words => words
            .split_whitespace()
            .map(|word| word.to_ascii_lowercase().parse::<Capability>().map_err(|e| e.to_string()))
            .collect::<Result<_, _>>()?,
    };
    let country = country(&number, country_code)
        .ok_or_else(|| format!("{number} does not tell its country: give it beside the file"))?;
    Ok(Arrival {
        number,
        country,
        number_type,
        capabilities,
        rate_centre: filled(cell(3)),
        lata: filled(cell(4)),
    })
}

fn filled(text: &str) -> Option<String> {
    let text: String = text.trim().chars().filter(|c| !c.is_control()).take(40).collect();
    (!text.is_empty()).then_some(text)
}

fn country(number: &E164, given: &str) -> Option<String> {
    let given = given.trim().to_ascii_uppercase();
    let given =
        (given.len() == 2 && given.bytes().all(|b| b.is_ascii_uppercase())).then_some(given);
    number.country().or(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(first: &str, last: &str) -> Block {
        Block {
            first: first.to_owned(),
            last: last.to_owned(),
            number_type: NumberType::Local,
            country: "us".to_owned(),
            capabilities: vec![Capability::Voice],
            rate_centre: " BOSTON ".to_owned(),
        }
    }

    #[test]
    fn a_block_is_all_its_numbers() {
        let all = block(&typed("+16175550100", "+16175550199")).unwrap();
        assert_eq!(all.len(), 100);
        assert_eq!((all[99].number.as_str(), all[99].country.as_str()), ("+16175550199", "US"));
        assert_eq!(all[0].rate_centre.as_deref(), Some("BOSTON"));
        for (first, last, field) in [
            ("6175550100", "+16175550199", "first"),
            ("+16175550100", "", "last"),
            ("+16175550199", "+16175550100", "last"),
            ("+16175550100", "+161755501990", "last"),
            ("+16175550000", "+16175560000", "last"),
        ] {
            let wrong = block(&typed(first, last)).unwrap_err();
            assert_eq!(wrong[0].field, field, "{first} to {last}");
        }
    }

    #[test]
    fn one_bad_row_does_not_sink_the_rest() {
        let text = "number,type\r\n+16175550100\r\n'+16175550101,local,voice sms,BOSTON,128\r\n\r\n\
                    617555,local\r\n+16175550103,loud\r\n+16175550104,,fly\r\n";
        let read = read_csv(text.as_bytes(), NumberType::Local, "US");
        let numbers: Vec<&str> = read.good.iter().map(|a| a.number.as_str()).collect();
        assert_eq!(numbers, ["+16175550100", "+16175550101"]);
        assert_eq!(read.good[1].capabilities, [Capability::Voice, Capability::Sms]);
        assert_eq!(read.good[1].lata.as_deref(), Some("128"));
        assert_eq!(read.bad.len(), 3, "{:?}", read.bad);
    }
}
