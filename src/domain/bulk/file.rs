//! A sheet's text becomes rows of cells, in the order of its action's columns. Pure: what the cells
//! mean is [`super::task`]'s.

use super::{Action, BulkError, LARGEST, MOST_ROWS};
use crate::{
    Fault,
    sheet::{self, Lines},
};

/// Longest text of a cell, in characters.
const LONGEST: usize = 500;

/// The columns that a result file adds: a sheet that comes back with them is read without them.
pub(super) const RESULT: [&str; 5] = ["result", "why", "does", "numbers", "order"];

/// A row as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRow {
    /// Its line in the file, from 1.
    pub line: u32,
    /// Its cells, one for each column of the action; behind them what it had too many.
    pub cells: Vec<String>,
    /// Why it cannot be read.
    pub wrong: Option<String>,
}

/// Reads a sheet. Its first row names the columns, in any order; cells are separated by commas,
/// semicolons or tabs, whichever the first row has.
pub fn read_rows(action: Action, text: &str) -> Result<Vec<ReadRow>, BulkError> {
    if text.len() > LARGEST {
        return Err(BulkError::TooLarge);
    }
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(BulkError::Nothing);
    }
    if text.contains('\0') {
        return Err(BulkError::NotText);
    }
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let delimiter = delimiter(first);
    if let Some(line) = sheet::unclosed(text, delimiter) {
        return Err(BulkError::OpenQuote(line));
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut lines = Lines::of(text);
    // A line of blanks before the header is none.
    let mut records = reader
        .records()
        .skip_while(|record| matches!(record, Ok(record) if record.iter().all(str::is_empty)));
    let header = match records.next() {
        Some(Ok(record)) => header(action, &record)?,
        _ => return Err(BulkError::NotText),
    };
    let mut rows = Vec::new();
    for record in records {
        let row = match record {
            Ok(record) if record.iter().all(str::is_empty) => continue,
            Ok(record) => {
                let line = lines.of_row(record.position());
                row(action, &header, &record, u32::try_from(line).unwrap_or(u32::MAX))
            }
            Err(_) => return Err(BulkError::NotText),
        };
        rows.push(row);
    }
    match rows.len() {
        0 => Err(BulkError::NoRows),
        count if count > MOST_ROWS => Err(BulkError::TooManyRows { most: MOST_ROWS, count }),
        _ => Ok(rows),
    }
}

/// What separates the cells of a header: the one that stands there most often.
fn delimiter(header: &str) -> u8 {
    let count = |separator: u8| header.matches(char::from(separator)).count();
    // Of equals the last is taken: a header of one column is read with commas.
    [b'\t', b';', b','].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

/// Where each cell of a row belongs; none: it is passed over.
fn header(action: Action, record: &csv::StringRecord) -> Result<Vec<Option<usize>>, BulkError> {
    let known = action.columns();
    let mut places: Vec<Option<usize>> = Vec::with_capacity(record.len());
    for typed in record {
        let word = typed.trim().to_lowercase().replace([' ', '-'], "_");
        let place = known.iter().position(|column| *column == word);
        if place.is_none() && !word.is_empty() && !RESULT.contains(&word.as_str()) {
            let typed = typed.chars().take(40).collect();
            return Err(BulkError::UnknownColumn { typed, known: known.join(", ") });
        }
        if place.is_some() && places.contains(&place) {
            return Err(BulkError::TwiceColumn(word));
        }
        places.push(place);
    }
    let there = |column: &str| {
        let at = known.iter().position(|known| *known == column);
        at.is_some() && places.contains(&at)
    };
    match action.required().iter().find(|column| !there(column)) {
        Some(missing) => Err(BulkError::MissingColumn {
            missing: (*missing).to_owned(),
            header: known.join(","),
        }),
        None => Ok(places),
    }
}

fn row(action: Action, header: &[Option<usize>], record: &csv::StringRecord, line: u32) -> ReadRow {
    let mut cells = vec![String::new(); action.columns().len()];
    let mut wrong = None;
    for (index, text) in record.iter().enumerate() {
        match header.get(index) {
            None if !text.is_empty() => {
                wrong = Some("This row has more cells than the header has columns.".to_owned());
                cells.push(plain(text));
            }
            Some(Some(place)) => {
                if text.chars().count() > LONGEST {
                    wrong = Some(format!("A cell has at most {LONGEST} characters."));
                }
                if let Some(cell) = cells.get_mut(*place) {
                    *cell = plain(text);
                }
            }
            _ => {}
        }
    }
    ReadRow { line, cells, wrong }
}

/// A cell as it is meant. Sheets that were exported here have an apostrophe before what a
/// spreadsheet would take for a formula; characters that nobody can see are dropped.
fn plain(text: &str) -> String {
    let formula = text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@']));
    let shown = formula.unwrap_or(text).chars().filter(|c| !unseen(*c));
    shown.take(LONGEST).collect()
}

/// True for what a file may hold and nobody can see. A form's own fields come without it.
fn unseen(c: char) -> bool {
    let directs = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    directs || matches!(c, '\u{200B}' | '\u{2060}' | '\u{FEFF}') || c.is_control()
}

/// An action's sheet with its header and examples, to be filled in.
pub fn template(action: Action) -> Result<Vec<u8>, Fault> {
    let header: Vec<String> = action.columns().iter().map(|&column| column.to_owned()).collect();
    let examples: &[&[&str]] = match action {
        Action::Buy => &[
            &["+16175550123", "", "", "", "", "", "", "", "", ""],
            &["", "US", "local", "617", "", "", "", "voice sms", "2.50", "3"],
            &["", "US", "toll_free", "", "", "", "", "", "", "1"],
        ],
        Action::Release => &[&["+16175550123", "Office closed"]],
        Action::Configure => {
            &[&["+16175550123", "+12125550187", ""], &["+18885550142", "", "+12025550100"]]
        }
        Action::Tag => &[&["+16175550123", "sales, boston", "new"]],
        Action::Assign => &[&["+16175550123", "Spring offer"]],
    };
    let rows =
        examples.iter().map(|row| row.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>());
    sheet::csv(std::iter::once(header).chain(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_where_the_cells_belong() {
        for text in [
            "number,reason\n+16175550123,closed\n",
            "\u{feff}Reason;Number\nclosed;'+16175550123\n\n;\n",
            "\nNUMBER\tresult\treason\n+16175550123\tDone\tclosed",
        ] {
            let rows = read_rows(Action::Release, text).unwrap();
            assert_eq!(rows.len(), 1, "{text}");
            assert_eq!(rows[0].cells, ["+16175550123", "closed"], "{text}");
            assert_eq!(rows[0].wrong, None, "{text}");
        }
    }

    #[test]
    fn a_sheet_that_cannot_be_read_says_which_column_and_what_to_do() {
        for (action, text, said) in [
            (Action::Release, "", "Choose a file"),
            (Action::Release, "number\n", "no rows"),
            (Action::Release, "+16175550123\n+16175550124\n", "“+16175550123” is not known"),
            (Action::Release, "number,colour\nx,y\n", "“colour” is not known"),
            (Action::Release, "number,Number\nx,y\n", "“number” stands there twice"),
            (Action::Assign, "number\nx\n", "“campaign” is missing"),
            (Action::Tag, "add\nx\n", "number,add,remove"),
            (Action::Tag, "PK\u{3}\0\n", "CSV (UTF-8)"),
        ] {
            let error = read_rows(action, text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
        let long = format!("number\n{}", "x\n".repeat(MOST_ROWS + 1));
        let refused = read_rows(Action::Release, &long);
        assert!(
            matches!(refused, Err(BulkError::TooManyRows { count, .. }) if count == MOST_ROWS + 1)
        );
        let large = "x".repeat(LARGEST + 1);
        assert!(matches!(read_rows(Action::Release, &large), Err(BulkError::TooLarge)));
    }

    #[test]
    fn a_bad_row_stands_among_the_good_ones_with_its_line() {
        let rows = read_rows(Action::Release, "number,reason\na,b\nc,d,e\nf\n").unwrap();
        let lines: Vec<_> = rows.iter().map(|row| (row.line, row.wrong.is_some())).collect();
        assert_eq!(lines, [(2, false), (3, true), (4, false)]);
        assert_eq!(rows[1].cells, ["c", "d", "e"], "what is too many is kept");
        assert_eq!(rows[2].cells, ["f", ""]);
    }

    #[test]
    fn a_line_is_the_files_whatever_ends_it() {
        let text = "\nnumber,reason\na,\"b\nc\"\n\nd,e\n";
        for end in ["\n", "\r\n", "\r"] {
            let rows = read_rows(Action::Release, &text.replace('\n', end)).unwrap();
            let lines: Vec<_> = rows.iter().map(|row| row.line).collect();
            assert_eq!(lines, [3, 6], "{end:?}");
        }
    }

    #[test]
    fn a_quote_that_is_never_closed_swallows_nothing() {
        let refused = read_rows(Action::Release, "number,reason\na,\"b\nc,d\n").unwrap_err();
        assert_eq!(refused.to_string(), "The quote opened in line 2 is never closed.");
    }

    #[test]
    fn every_template_is_read_back() {
        for &action in Action::ALL {
            let text = String::from_utf8(template(action).unwrap()).unwrap();
            let rows = read_rows(action, &text).unwrap();
            assert!(rows.iter().all(|row| row.wrong.is_none()), "{action}");
            assert!(rows[0].cells[0].starts_with("+1"), "{action}: {rows:?}");
        }
    }
}
