//! Rows as CSV (RFC 4180), for a spreadsheet, without surprises in it: a cell that begins with `=`,
//! `+`, `-`, `@`, tab or return gets an apostrophe in front, which spreadsheets do not show, so that
//! none is taken for a formula. A negative amount is none, and a sheet must be able to add it up.

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

/// A cell that no spreadsheet takes for a formula.
fn inert(cell: String) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let amount = cell.starts_with('-') && cell.parse::<Decimal>().is_ok();
    if formula && !amount { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::csv;

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
