//! The list as CSV: exactly what is shown, for a spreadsheet, without surprises in it.
//!
//! Two rules keep a spreadsheet from taking a cell for a formula. A cell that begins with `=`,
//! `+`, `-`, `@`, tab or return gets an apostrophe in front, which spreadsheets do not show. The
//! column `number` obeys it like any other, so it reads `'+12025550123` in the bare file; the
//! column `number_digits` beside it has the same digits without plus or apostrophe, for programs.

use super::{NumberError, Row, rows};
use crate::{Ctx, Fault, Platform, RequestInfo};
use futures::{Stream, stream};
use voxlink_types::ids::NumberId;

/// Rows read at once.
const CHUNK: usize = 500;

const HEADER: [&str; 14] = [
    "id",
    "number",
    "number_digits",
    "name",
    "state",
    "type",
    "country",
    "place",
    "capabilities",
    "tags",
    "calls_30_days",
    "monthly",
    "currency",
    "since",
];

/// What is exported: ids in the order wanted, and who asks.
#[derive(Debug, Clone)]
pub struct Export {
    /// The platform to read from.
    pub platform: Platform,
    /// The tenant whose numbers they are.
    pub tenant: voxlink_types::ids::TenantId,
    /// Who asks.
    pub actor: crate::Actor,
    /// The numbers, in order.
    pub ids: Vec<NumberId>,
}

/// The file, a piece at a time: 3,000,000 numbers need no more memory than 500.
pub fn export(wanted: Export) -> impl Stream<Item = Result<Vec<u8>, NumberError>> + Send {
    stream::try_unfold((wanted, 0usize), |(wanted, from)| async move {
        if from > 0 && from >= wanted.ids.len() {
            return Ok(None);
        }
        let to = (from + CHUNK).min(wanted.ids.len());
        let ids = wanted.ids.get(from..to).unwrap_or_default();
        let mut cx = Ctx::begin(
            &wanted.platform,
            wanted.tenant,
            wanted.actor.clone(),
            RequestInfo::default(),
        )
        .await?;
        let chunk = rows(&mut cx, ids).await?;
        let bytes = written(&chunk, from == 0)?;
        Ok(Some((bytes, (wanted, to.max(1)))))
    })
}

fn written(rows: &[Row], with_header: bool) -> Result<Vec<u8>, NumberError> {
    let broken = |e: csv::Error| NumberError::Fault(Fault::Internal(e.to_string()));
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    if with_header {
        writer.write_record(HEADER).map_err(broken)?;
    }
    for row in rows {
        let capabilities: Vec<&str> = row.capabilities.iter().map(|c| c.as_str()).collect();
        let cells = [
            row.id.to_string(),
            row.number.to_string(),
            row.number.digits().to_owned(),
            row.name.clone().unwrap_or_default(),
            row.standing().to_string(),
            row.number_type.to_string(),
            row.country.clone(),
            row.place().unwrap_or_default(),
            capabilities.join(" "),
            row.tags.join(" "),
            row.calls.to_string(),
            row.monthly.normalize().to_string(),
            row.currency.to_string(),
            row.started_at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        ];
        writer.write_record(cells.map(safe)).map_err(broken)?;
    }
    writer.into_inner().map_err(|e| NumberError::Fault(Fault::Internal(e.to_string())))
}

/// A cell that no spreadsheet takes for a formula.
fn safe(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}
