//! The administrators' lists as CSV: exactly what a filter shows, all pages of it.

use super::{AccountFilter, AuditFilter, WorkFilter, accounts, audit_log, numbers, orders};
use crate::{Ctx, Fault, Installation, accounts::AccountError, sheet};
use futures::{Stream, stream};
use serde_json::Value;
use voxlink_types::{PageRequest, ids::TenantId};

/// Which list.
#[derive(Debug, Clone)]
pub enum Exported {
    /// Accounts.
    Accounts(AccountFilter),
    /// Orders of all accounts.
    Orders(WorkFilter),
    /// Numbers of all accounts.
    Numbers(WorkFilter),
    /// The audit log.
    Audit(AuditFilter),
}

/// Rows read at once.
const CHUNK: u32 = 200;

/// The file, a piece at a time, as the list was at one moment: what happens while it is written
/// neither doubles a row nor loses one.
pub async fn export(
    mut cx: Ctx<Installation>,
    what: Exported,
) -> Result<impl Stream<Item = Result<Vec<u8>, Fault>> + Send, Fault> {
    sqlx::query("set transaction isolation level repeatable read, read only")
        .execute(cx.tx())
        .await?;
    let first = Some(1);
    Ok(stream::try_unfold((cx, what, first), |(mut cx, what, page)| async move {
        let Some(page) = page else { return Ok(None) };
        let (mut rows, more) = what.rows(&mut cx, PageRequest::new(page, CHUNK)).await?;
        if page == 1 {
            rows.insert(0, what.heading().iter().map(|&h| h.to_owned()).collect());
        }
        Ok(Some((sheet::csv(rows)?, (cx, what, more.then_some(page + 1)))))
    }))
}

impl Exported {
    /// The file's name, without its ending.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Accounts(_) => "accounts",
            Self::Orders(_) => "orders",
            Self::Numbers(_) => "numbers",
            Self::Audit(_) => "audit-log",
        }
    }

    const fn heading(&self) -> &'static [&'static str] {
        match self {
            Self::Accounts(_) => &[
                "id",
                "company",
                "owner",
                "state",
                "people",
                "numbers",
                "last_sign_in_at",
                "created_at",
            ],
            Self::Orders(_) => {
                &["id", "order", "account", "company", "state", "total", "currency", "placed_at"]
            }
            Self::Numbers(_) => &[
                "id",
                "number",
                "number_digits",
                "account",
                "company",
                "state",
                "carrier",
                "started_at",
            ],
            Self::Audit(_) => &[
                "occurred_at",
                "account",
                "entry",
                "actor",
                "action",
                "resource",
                "resource_id",
                "before",
                "after",
                "reason",
                "ip",
                "request_id",
                "error",
            ],
        }
    }

    /// A page of rows, and whether another follows.
    async fn rows(
        &self,
        cx: &mut Ctx<Installation>,
        page: PageRequest,
    ) -> Result<(Vec<Vec<String>>, bool), Fault> {
        Ok(match self {
            Self::Accounts(filter) => {
                let found = accounts(cx, filter, page).await.map_err(|error| match error {
                    AccountError::Fault(fault) => fault,
                    other => Fault::Internal(other.to_string()),
                })?;
                let more = found.has_next();
                let rows = found.rows.into_iter().map(|a| {
                    vec![
                        a.id.to_string(),
                        a.name,
                        a.owner.unwrap_or_default(),
                        a.state.to_string(),
                        a.people.to_string(),
                        a.numbers.to_string(),
                        a.last_sign_in_at.map(|at| at.to_rfc3339()).unwrap_or_default(),
                        a.created_at.to_rfc3339(),
                    ]
                });
                (rows.collect(), more)
            }
            Self::Orders(filter) => {
                let found = orders(cx, filter, page).await?;
                let more = found.has_next();
                let rows = found.rows.into_iter().map(|o| {
                    vec![
                        o.id.to_string(),
                        o.number,
                        o.tenant.to_string(),
                        o.company,
                        o.state.to_string(),
                        o.total.exact().to_string(),
                        o.total.currency.to_string(),
                        o.placed_at.to_rfc3339(),
                    ]
                });
                (rows.collect(), more)
            }
            Self::Numbers(filter) => {
                let found = numbers(cx, filter, page).await?;
                let more = found.has_next();
                let rows = found.rows.into_iter().map(|n| {
                    vec![
                        n.id.to_string(),
                        n.e164.to_string(),
                        n.e164.digits().to_owned(),
                        n.tenant.to_string(),
                        n.company,
                        n.state.to_string(),
                        n.carrier,
                        n.started_at.to_rfc3339(),
                    ]
                });
                (rows.collect(), more)
            }
            Self::Audit(filter) => {
                let found = audit_log(cx, filter, page).await?;
                let more = found.has_next();
                let json = |v: Option<Value>| v.map(|v| v.to_string()).unwrap_or_default();
                let rows = found.rows.into_iter().map(|r| {
                    vec![
                        r.occurred_at.to_rfc3339(),
                        r.tenant.as_ref().map(TenantId::to_string).unwrap_or_default(),
                        r.seq.to_string(),
                        r.actor,
                        r.action,
                        r.resource,
                        r.resource_id.unwrap_or_default(),
                        json(r.old),
                        json(r.new),
                        r.reason.unwrap_or_default(),
                        r.ip.unwrap_or_default(),
                        r.request_id.unwrap_or_default(),
                        r.error.unwrap_or_default(),
                    ]
                });
                (rows.collect(), more)
            }
        })
    }
}
