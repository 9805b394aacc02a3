//! The list, and what an action over many numbers did, as CSV: exactly what is shown, for a spreadsheet, without surprises in it.
//!
//! The column `number` is made harmless like any other cell (see [`crate::sheet`]), so it reads
//! `'+12025550123` in the bare file; the column `number_digits` beside it has the same digits
//! without plus or apostrophe, for programs.

use super::{BulkRun, NumberError, Row, rows};
use crate::{Ctx, Fault, Platform, RequestInfo, sheet};
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

/// What became of each number of an action over many, and why. Its columns are those that a sheet's
/// result has, so it can be mended and sent again as one.
pub fn bulk_result(run: &BulkRun) -> Result<Vec<u8>, Fault> {
    let header = ["number", "does", "result", "why"].map(str::to_owned);
    let does = run.action.label();
    let cells = run.rows.iter().map(|row| {
        let why = row.message.clone().unwrap_or_default();
        [row.number.to_string(), does.clone(), row.state.to_string(), why]
    });
    sheet::csv(std::iter::once(header).chain(cells))
}

fn written(rows: &[Row], with_header: bool) -> Result<Vec<u8>, Fault> {
    let header = with_header.then(|| HEADER.map(str::to_owned));
    let cells = rows.iter().map(|row| {
        let capabilities: Vec<&str> = row.capabilities.iter().map(|c| c.as_str()).collect();
        [
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
        ]
    });
    sheet::csv(header.into_iter().chain(cells))
}
