//! Calls, statements and invoices as CSV: amounts exact, instants in UTC, and no cell that a spreadsheet would
//! take for a formula.

use super::{invoices::ListedInvoice, journal::StatementLine, usage::RatedCall};
use crate::Fault;
use rust_decimal::Decimal;

/// A cell that begins like a formula gets an apostrophe, which spreadsheets do not show. A negative
/// amount is no formula, and a sheet must be able to add it up.
fn cell(text: String) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let amount = text.starts_with('-') && text.parse::<Decimal>().is_ok();
    if formula && !amount { format!("'{text}") } else { text }
}

fn write<const N: usize>(
    header: Option<[&str; N]>,
    rows: impl Iterator<Item = [String; N]>,
) -> Result<Vec<u8>, Fault> {
    let failed = |e: csv::Error| Fault::Internal(format!("CSV: {e}"));
    let mut out = csv::Writer::from_writer(Vec::new());
    if let Some(header) = header {
        out.write_record(header).map_err(failed)?;
    }
    for row in rows {
        out.write_record(row.map(cell)).map_err(failed)?;
    }
    out.into_inner().map_err(|e| Fault::Internal(format!("CSV: {e}")))
}

/// Rated calls, one a row; `begins` for the piece of the file that has the header.
pub fn calls(calls: &[RatedCall], begins: bool) -> Result<Vec<u8>, Fault> {
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
    write(begins.then_some(header), rows)
}

/// Movements of the balance, one a row.
pub fn statement(moves: &[StatementLine]) -> Result<Vec<u8>, Fault> {
    let header = [
        "at",
        "kind",
        "description",
        "order",
        "payment",
        "invoice",
        "amount",
        "balance",
        "currency",
    ];
    let id = |id: Option<String>| id.unwrap_or_default();
    let rows = moves.iter().map(|m| {
        [
            m.occurred_at.to_rfc3339(),
            m.kind.clone(),
            m.description.clone(),
            id(m.order.map(|o| o.to_string())),
            id(m.payment.map(|p| p.to_string())),
            id(m.invoice.map(|i| i.to_string())),
            m.amount.exact().to_string(),
            m.balance.exact().to_string(),
            m.amount.currency.to_string(),
        ]
    });
    write(Some(header), rows)
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
    write(Some(header), rows)
}
