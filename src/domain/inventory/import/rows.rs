//! A file's rows, read: each is a number of somebody's, or says why it cannot be read. Pure.

use crate::sheet::{self, Lines};
use std::collections::HashSet;
use voxlink_types::{E164, ids::TenantId};

/// In which column what stands, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// The number.
    pub number: usize,
    /// The account's id.
    pub tenant: usize,
    /// The campaign's id or name; may be empty or absent.
    pub campaign: usize,
    /// The carrier's key.
    pub provider: usize,
}

impl Default for Columns {
    fn default() -> Self {
        Self { number: 0, tenant: 1, campaign: 2, provider: 3 }
    }
}

/// A row as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// The number.
    pub number: E164,
    /// Whose.
    pub tenant: TenantId,
    /// Its campaign, by id or name.
    pub campaign: Option<String>,
    /// The carrier's key.
    pub provider: String,
}

/// Reads a file's rows, each with its line; a row that cannot be read says why.
pub fn read_rows(
    text: &str,
    columns: Columns,
    skip_header: bool,
) -> Vec<(u64, Result<ImportRow, String>)> {
    let text = text.trim_start_matches('\u{feff}');
    if let Some(line) = sheet::unclosed(text, b',') {
        return vec![(line, Err("the quote opened here is never closed".to_owned()))];
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut lines = Lines::of(text);
    let mut rows = Vec::new();
    let mut seen = HashSet::new();
    for (index, record) in reader.records().enumerate() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                rows.push((0, Err(format!("this is no CSV: {error}"))));
                continue;
            }
        };
        if index == 0 && skip_header {
            continue;
        }
        let line = lines.of_row(record.position());
        let row = row(&record, columns).and_then(|row| {
            if seen.insert(row.number.clone()) {
                Ok(row)
            } else {
                Err(format!("{} stands in the file twice", row.number))
            }
        });
        rows.push((line, row));
    }
    rows
}

fn row(record: &csv::StringRecord, columns: Columns) -> Result<ImportRow, String> {
    let cell = |column: usize| record.get(column).map(str::trim).filter(|text| !text.is_empty());
    // A sheet that was exported here has an apostrophe before the plus.
    let number = cell(columns.number).ok_or("the number is missing")?.trim_start_matches('\'');
    let number: E164 =
        number.parse().map_err(|_| format!("“{number}” is no number such as +12025550123"))?;
    let tenant = cell(columns.tenant).ok_or("the account is missing")?;
    let tenant: TenantId = tenant
        .parse()
        .map_err(|_| format!("“{tenant}” is no account's id such as ten_0190a5c2…"))?;
    Ok(ImportRow {
        number,
        tenant,
        campaign: cell(columns.campaign).map(str::to_owned),
        provider: cell(columns.provider).ok_or("the provider is missing")?.to_lowercase(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "ten_0190a5c2000070008000000000000001";

    fn read(text: &str, columns: Columns, skip: bool) -> Vec<(u64, Result<ImportRow, String>)> {
        read_rows(&text.replace("TEN", TENANT), columns, skip)
    }

    #[test]
    fn rows_are_read_by_their_columns_and_a_bad_one_says_why() {
        let text = "number,tenant_id,campaign_id,provider\n\
            +12025550123,TEN,Spring,SignalWire\n\
            '+12025550124, TEN ,,local\n\
            12025550125,TEN,,local\n\
            +12025550126,t_1,,local\n\
            +12025550123,TEN,,local\n\
            +12025550127,TEN\n";
        let rows = read(text, Columns::default(), true);
        let lines: Vec<u64> = rows.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6, 7]);
        let first = rows[0].1.as_ref().unwrap();
        assert_eq!(
            (first.campaign.as_deref(), first.provider.as_str()),
            (Some("Spring"), "signalwire")
        );
        let second = rows[1].1.as_ref().unwrap();
        assert_eq!((second.number.as_str(), &second.campaign), ("+12025550124", &None));
        for (at, why) in [
            (2, "is no number"),
            (3, "is no account's id"),
            (4, "twice"),
            (5, "the provider is missing"),
        ] {
            let said = rows[at].1.as_ref().unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn a_quote_that_is_never_closed_swallows_nothing_and_lines_are_the_files() {
        let text = "number,tenant_id,campaign_id,provider\r\n+12025550123,TEN,\"Spring,local\r\n+12025550124,TEN,,local\r\n";
        let rows = read(text, Columns::default(), true);
        assert_eq!(rows, [(2, Err("the quote opened here is never closed".to_owned()))]);
        let rows = read(&text.replace('"', ""), Columns::default(), true);
        let lines: Vec<u64> = rows.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 3]);
    }

    #[test]
    fn columns_may_stand_elsewhere() {
        let columns = Columns { number: 3, tenant: 0, campaign: 9, provider: 1 };
        let rows = read("TEN,local,x,+12025550123\n", columns, false);
        assert_eq!(rows[0].1.as_ref().unwrap().campaign, None);
    }
}
