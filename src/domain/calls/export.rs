//! Calls as CSV: exactly what the list shows, for a spreadsheet, without surprises in it.

use super::{CallFilter, calls};
use crate::{Ctx, Fault};
use chrono_tz::Tz;
use voxlink_types::{Currency, PageRequest};

/// The most rows of one file.
pub const EXPORT_LIMIT: u32 = 50_000;

/// The filtered list as CSV (UTF-8, CRLF). Cells that a spreadsheet would take for a formula have
/// an apostrophe in front, telephone numbers too, as in the export of numbers.
pub async fn export(cx: &mut Ctx, filter: &CallFilter, zone: Tz) -> Result<Vec<u8>, Fault> {
    let broken = |e: csv::Error| Fault::Internal(e.to_string());
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer
        .write_record([
            "call",
            "started",
            "direction",
            "from",
            "to",
            "name",
            "status",
            "outcome",
            "seconds",
            "price",
            "currency",
        ])
        .map_err(broken)?;
    for page in 1..=EXPORT_LIMIT / 200 {
        let found = calls(cx, filter, PageRequest::new(page, 200)).await?;
        for row in &found.rows {
            writer
                .write_record([
                    row.id.to_string(),
                    row.started_at.with_timezone(&zone).to_rfc3339(),
                    row.direction.clone(),
                    inert(&row.from),
                    inert(&row.to),
                    inert(row.name.as_deref().unwrap_or_default()),
                    row.status.to_string(),
                    row.outcome.clone().unwrap_or_default(),
                    row.duration_seconds.map(|s| s.to_string()).unwrap_or_default(),
                    row.price.map(|p| p.normalize().to_string()).unwrap_or_default(),
                    row.currency.map(Currency::as_str).unwrap_or_default().to_owned(),
                ])
                .map_err(broken)?;
        }
        if !found.has_next() {
            break;
        }
    }
    writer.into_inner().map_err(|e| Fault::Internal(e.to_string()))
}

/// A cell that no spreadsheet takes for a formula.
fn inert(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
