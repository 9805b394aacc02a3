//! Calls, statements and invoices as CSV: amounts exact, instants in UTC.

use super::{
    invoices::ListedInvoice,
    journal::{StatementLine, movements_before},
    usage::RatedCall,
};
use crate::{Actor, Ctx, Fault, Platform, RequestInfo, sheet};
use futures::stream::{self, Stream};
use voxlink_types::{Currency, ids::TenantId};

/// Movements read at once for a file.
const CHUNK: usize = 2_000;

fn write<const N: usize>(
    header: Option<[&str; N]>,
    rows: impl Iterator<Item = [String; N]>,
) -> Result<Vec<u8>, Fault> {
    sheet::csv(header.map(|names| names.map(str::to_owned)).into_iter().chain(rows))
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

/// A whole statement as a file: whose, and who asks.
#[derive(Debug, Clone)]
pub struct StatementFile {
    /// The platform to read from.
    pub platform: Platform,
    /// The tenant whose balance it is.
    pub tenant: TenantId,
    /// Its currency.
    pub currency: Currency,
    /// Who asks.
    pub actor: Actor,
}

/// How far the file has been written.
enum Written {
    Nothing,
    To(StatementLine),
    All,
}

/// The file, a piece at a time, newest movement first. Each piece is a transaction of its own, so a
/// slow download holds no connection.
pub fn statement_file(
    wanted: StatementFile,
) -> impl Stream<Item = Result<Vec<u8>, Fault>> + Send + 'static {
    stream::try_unfold((wanted, Written::Nothing), |(wanted, written)| async move {
        let before = match &written {
            Written::All => return Ok(None),
            Written::Nothing => None,
            Written::To(line) => Some(line),
        };
        let (request, actor) = (RequestInfo::default(), wanted.actor.clone());
        let mut cx = Ctx::begin(&wanted.platform, wanted.tenant, actor, request).await?;
        let limit = i64::try_from(CHUNK).unwrap_or(i64::MAX);
        let moves =
            movements_before(&mut cx, wanted.tenant, wanted.currency, before, limit).await?;
        let bytes = statement(&moves, before.is_none())?;
        let full = moves.len() == CHUNK;
        let next = match moves.into_iter().next_back() {
            Some(last) if full => Written::To(last),
            _ => Written::All,
        };
        Ok(Some((bytes, (wanted, next))))
    })
}

/// Movements of the balance, one a row; `begins` for the piece of the file that has the header.
fn statement(moves: &[StatementLine], begins: bool) -> Result<Vec<u8>, Fault> {
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
    write(begins.then_some(header), rows)
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
