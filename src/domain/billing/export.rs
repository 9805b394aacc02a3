//! Usage and invoices as CSV: amounts exact, instants in UTC, and no cell that a spreadsheet would
//! take for a formula.

use super::{invoices::ListedInvoice, usage::RatedCall};
use crate::Fault;

/// A cell that begins like a formula gets an apostrophe, which spreadsheets do not show.
fn cell(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

fn write<const N: usize>(
    header: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<Vec<u8>, Fault> {
    let failed = |e: csv::Error| Fault::Internal(format!("CSV: {e}"));
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(header).map_err(failed)?;
    for row in rows {
        out.write_record(row.map(cell)).map_err(failed)?;
    }
    out.into_inner().map_err(|e| Fault::Internal(format!("CSV: {e}")))
}

/// Rated calls, one a row.
pub fn usage(calls: &[RatedCall]) -> Result<Vec<u8>, Fault> {
    let header = [
        "call",
        "started_at",
        "from",
        "to",
        "answered_seconds",
        "billed_seconds",
        "increments",
        "rate_per_minute",
        "cost",
        "currency",
    ];
    let rows = calls.iter().map(|c| {
        [
            c.call.to_string(),
            c.started_at.to_rfc3339(),
            c.from.clone(),
            c.to.clone(),
            c.raw_seconds.to_string(),
            c.billed_seconds.to_string(),
            c.increments.clone(),
            c.rate.normalize().to_string(),
            c.cost.normalize().to_string(),
            c.currency.to_string(),
        ]
    });
    write(header, rows)
}

/// Invoices, one a row.
pub fn invoices(listed: &[ListedInvoice]) -> Result<Vec<u8>, Fault> {
    let header =
        ["number", "state", "from", "to", "issued_at", "due_on", "total", "to_pay", "currency"];
    let rows = listed.iter().map(|i| {
        [
            i.number.clone(),
            i.state.to_string(),
            i.from.to_string(),
            i.to.pred_opt().unwrap_or(i.to).to_string(),
            i.issued_at.to_rfc3339(),
            i.due_on.map(|d| d.to_string()).unwrap_or_default(),
            i.total.exact().to_string(),
            i.left.exact().to_string(),
            i.total.currency.to_string(),
        ]
    });
    write(header, rows)
}
