//! The monthly run over all accounts.

use super::{
    BillingMonth, InvoiceError,
    issue::{Outcome, issue},
};
use crate::{
    Ctx, Fault, Installation, Platform,
    audit::Entry,
    jobs::{Job, JobError},
    notifications::{Notice, notify_managers},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use voxlink_types::{
    ids::{InvoiceId, TenantId},
    notice::NoticeKind,
    order::InvoiceState,
};

/// What is to be billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The month. An account's period begins on its anchor day in it.
    pub month: BillingMonth,
    /// One tenant, or all.
    pub tenant: Option<TenantId>,
    /// Also bill periods that are still running: what happens later in them is in the next
    /// invoice, and rent is billed to the period's end.
    pub early: bool,
}

/// What a run did.
#[derive(Debug, Default)]
pub struct Report {
    /// The invoices issued.
    pub issued: Vec<InvoiceId>,
    /// Accounts that had their invoice.
    pub already: usize,
    /// Accounts with nothing to bill.
    pub nothing: usize,
    /// Accounts whose period is still running.
    pub running: usize,
    /// Accounts that failed. They can be run again.
    pub failed: Vec<(TenantId, InvoiceError)>,
}

/// The monthly job. `month` is `2026-10`; without it, the month before the one the job runs in.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct InvoiceRun {
    /// Which month.
    pub month: Option<String>,
}

impl Job for InvoiceRun {
    const TASK: &'static str = "invoices.run";
    fn key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::TASK, self.month.as_deref().unwrap_or("last")))
    }

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        match self.perform(platform).await {
            Ok(_) => Ok(()),
            Err(InvoiceError::Fault(fault)) => Err(fault.into()),
            Err(error) => Err(JobError::retry(error)),
        }
    }
}

impl InvoiceRun {
    /// Runs it. An error when an account failed, so that the worker tries again; the accounts that
    /// succeeded are not touched then.
    pub async fn perform(&self, platform: &Platform) -> Result<Report, InvoiceError> {
        let month = match &self.month {
            Some(text) => text
                .parse()
                .map_err(|e: super::BadMonth| Fault::inconsistent("job invoices.run", e))?,
            None => BillingMonth::of(platform.clock().now().date_naive()).previous(),
        };
        let mut report = run(platform, Run { month, tenant: None, early: false }).await?;
        match report.failed.pop() {
            Some((_, error)) => Err(error),
            None => Ok(report),
        }
    }
}

/// Bills every account with something to bill, one transaction each. Twice, in parallel with
/// itself or killed half-way it does no harm: run it again.
pub async fn run(platform: &Platform, wish: Run) -> Result<Report, InvoiceError> {
    let mut cx = platform.work("invoices").await?;
    let tenants = sqlx::query_scalar!(
        r#"select tenant_id as "tenant: TenantId" from billing_accounts
           where $1::uuid is null or tenant_id = $1 order by tenant_id"#,
        wish.tenant.map(TenantId::uuid),
    )
    .fetch_all(cx.tx())
    .await?;
    cx.commit().await?;
    if wish.tenant.is_some() && tenants.is_empty() {
        return Err(InvoiceError::NotFound);
    }
    let mut report = Report::default();
    for tenant in tenants {
        let cx = platform.work("invoices").await?;
        match issue(cx, tenant, wish.month, wish.early).await {
            Ok(Outcome::Issued(invoice)) => {
                report.issued.push(invoice);
                tell(platform, tenant, invoice, &mut report).await;
            }
            Ok(Outcome::Already(invoice)) => {
                report.already += 1;
                tell(platform, tenant, invoice, &mut report).await;
            }
            Ok(Outcome::Nothing) => report.nothing += 1,
            Err(InvoiceError::NotOver(_)) => report.running += 1,
            Err(error) => {
                tracing::error!(%tenant, month = %wish.month, %error, "an invoice was not made");
                report.failed.push((tenant, error));
            }
        }
    }
    Ok(report)
}

/// Tells the tenant of its invoice, in a transaction of the tenant's own. A run that was killed
/// before it did so is made good by the next: the fact is told once, however often it is tried.
async fn tell(platform: &Platform, tenant: TenantId, id: InvoiceId, report: &mut Report) {
    let told = async {
        let mut cx = platform.work_for(tenant, "invoices").await?;
        let invoice = super::get(&mut cx, id).await?;
        let left = invoice.left()?;
        let message = if left.minor > 0 {
            let due = invoice.due_on.map(|d| d.format(", due on %-d %B %Y").to_string());
            format!("{} in all; {left} is to be paid{}.", invoice.total, due.unwrap_or_default())
        } else {
            format!("{} in all; nothing is left to pay.", invoice.total)
        };
        let notice = Notice {
            kind: NoticeKind::Billing,
            title: format!("Invoice {}", invoice.number),
            message,
            action: Some(("See the invoice".to_owned(), format!("/billing/invoices/{id}"))),
            dedupe_key: Some(format!("invoice:{id}:issued")),
        };
        notify_managers(&mut cx, &notice).await?;
        cx.commit().await?;
        Ok::<_, InvoiceError>(())
    };
    if let Err(error) = told.await {
        tracing::error!(%tenant, invoice = %id, %error, "an invoice was not announced");
        report.failed.push((tenant, error));
    }
}

/// Marks invoices whose due day has passed in their billing zone. Returns how many.
pub async fn mark_overdue(cx: &mut Ctx<Installation>) -> Result<usize, Fault> {
    let now = cx.now();
    let marked = sqlx::query!(
        r#"with late as (
               select id, state from invoices
               where state in ('sent', 'viewed', 'partially_paid')
                 and due_on < ($1::timestamptz at time zone billing_zone)::date
               order by id for update)
           update invoices i set state = 'overdue' from late where i.id = late.id
           returning i.id as "id: InvoiceId", i.tenant_id as "tenant: TenantId",
                     late.state as "before: InvoiceState""#,
        now,
    )
    .fetch_all(cx.tx())
    .await?;
    for invoice in &marked {
        let entry = Entry {
            action: "invoice.overdue",
            resource: "invoice",
            resource_id: Some(invoice.id.to_string()),
            old: Some(json!({ "state": invoice.before })),
            new: Some(json!({ "state": InvoiceState::Overdue })),
            ..Entry::default()
        };
        cx.audit_of(Some(invoice.tenant), entry).await?;
    }
    Ok(marked.len())
}
