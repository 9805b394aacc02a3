//! Rows as CSV (RFC 4180), for a spreadsheet, without surprises in it: a cell that begins with `=`,
//! `+`, `-`, `@`, tab or return gets an apostrophe in front, which spreadsheets do not show, so that
//! none is taken for a formula. A negative amount is none, and a sheet must be able to add it up.
//!
//! And where a sheet that was sent is torn: the reader takes an open quote's rows for one cell, and
//! counts lines by the file's line ends, so both are seen to here.

use crate::Fault;
use rust_decimal::Decimal;

/// Some rows as CSV; a first row of headings is a row like any other.
pub fn csv<R, C>(rows: R) -> Result<Vec<u8>, Fault>
where
    R: IntoIterator<Item = C>,
    C: IntoIterator<Item = String>,
{
    let broken = |e: csv::Error| Fault::Internal(format!("CSV: {e}"));
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.into_iter().map(inert)).map_err(broken)?;
    }
    writer.into_inner().map_err(|e| Fault::Internal(format!("CSV: {e}")))
}

/// The line, from 1, of a quote that is never closed. One that closes in another line in the middle of
/// a cell has met the next cell's quote: it was not closed either.
pub(crate) fn unclosed(text: &str, delimiter: u8) -> Option<u64> {
    let mut opened: Option<usize> = None;
    let mut fresh = true;
    let mut bytes = text.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        match opened {
            Some(_) if byte != b'"' => {}
            Some(start) => {
                let follows = bytes.peek().map(|(_, byte)| *byte);
                if follows == Some(b'"') {
                    bytes.next();
                    continue;
                }
                let ends = follows.is_none_or(|byte| {
                    byte == delimiter || matches!(byte, b'\r' | b'\n' | b' ' | b'\t')
                });
                let spans = text.get(start..at).is_some_and(|cell| cell.contains(['\r', '\n']));
                if spans && !ends {
                    break;
                }
                opened = None;
                fresh = false;
            }
            None if byte == b'"' && fresh => opened = Some(at),
            None => fresh = byte == delimiter || matches!(byte, b'\r' | b'\n'),
        }
    }
    opened.map(|at| Lines::of(text).at(at))
}

/// The lines of a text, asked for from its beginning to its end.
pub(crate) struct Lines<'a> {
    text: &'a [u8],
    counted: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    /// Of this text.
    pub(crate) const fn of(text: &'a str) -> Self {
        Self { text: text.as_bytes(), counted: 0, line: 1 }
    }

    /// The line, from 1, of a byte that is not before the last one that was asked for.
    pub(crate) fn at(&mut self, byte: usize) -> u64 {
        while self.counted < byte.min(self.text.len()) {
            self.step();
        }
        self.line
    }

    /// The line of a row that the reader began to read there: it counts the end of the line before,
    /// and empty lines, as the row's.
    pub(crate) fn of_row(&mut self, position: Option<&csv::Position>) -> u64 {
        let byte = position.and_then(|at| usize::try_from(at.byte()).ok()).unwrap_or(0);
        self.at(byte);
        while matches!(self.text.get(self.counted), Some(b'\r' | b'\n')) {
            self.step();
        }
        self.line
    }

    /// A line ends with LF, CR LF, or CR alone.
    fn step(&mut self) {
        let ends = match self.text.get(self.counted) {
            Some(b'\n') => true,
            Some(b'\r') => self.text.get(self.counted + 1) != Some(&b'\n'),
            _ => false,
        };
        self.line += u64::from(ends);
        self.counted += 1;
    }
}

/// A cell that no spreadsheet takes for a formula.
fn inert(cell: String) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let amount = cell.starts_with('-') && cell.parse::<Decimal>().is_ok();
    if formula && !amount { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::{csv, unclosed};

    #[test]
    fn a_quote_that_is_never_closed_is_found_by_its_line() {
        for (text, line) in [
            ("a,b\n\"c,d\ne,f\n", Some(2)),
            ("a,b\r\nc,\"d\r\ne,f\r\n", Some(2)),
            ("a\n\nb,\"c\n", Some(3)),
            ("a,b\n\"c,d\n\"e\",f\n", Some(2)),
            ("a\n\"b \"\"c\"\" d\ne\"\n\"\"\n", None),
            ("a\n5\" pipe\n6\" pipe\n", None),
            ("a\n\"b\"x,c\n\"d\" ,e", None),
        ] {
            assert_eq!(unclosed(text, b','), line, "{text:?}");
        }
    }

    #[test]
    fn a_cell_is_never_a_formula_and_never_breaks_out() {
        let rows = [["=1+1", "say \"hi\", twice\n"], ["+12025550123", "plain"], ["-5.00", "-1+2"]];
        let written = csv(rows.map(|row| row.map(str::to_owned))).unwrap();
        let text = String::from_utf8(written).unwrap();
        assert_eq!(
            text,
            "'=1+1,\"say \"\"hi\"\", twice\n\"\r\n'+12025550123,plain\r\n-5.00,'-1+2\r\n"
        );
    }
}
