//! Paying invoices from the prepaid balance. Whatever money comes in goes to the balance first, so
//! there is one way by which an invoice is paid: whole or in part, oldest first.

use super::InvoiceError;
use crate::{
    Ctx, Fault, Platform,
    audit::Entry,
    billing::{
        journal::{self, Account, NewEntry, Posting},
        payments::{self, NewPayment, Purpose},
    },
};
use serde_json::json;
use voxlink_types::{
    Currency, Money,
    ids::{InvoiceId, PaymentId, TenantId},
    order::InvoiceState,
};

/// What settling did with an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The invoice.
    pub invoice: InvoiceId,
    /// Its number.
    pub number: String,
    /// Taken from the balance.
    pub taken: Money,
    /// Still to be paid.
    pub left: Money,
}

/// The state of an issued invoice by what is paid of it.
pub fn state_after(paid: Money, total: Money) -> InvoiceState {
    if paid.minor >= total.minor {
        InvoiceState::Paid
    } else if paid.minor > 0 {
        InvoiceState::PartiallyPaid
    } else {
        InvoiceState::Sent
    }
}

/// Moves what the balance covers of `due` from the balance to the invoice. The billing account
/// must be locked. `paid` is what had been paid before: it makes the entry's reference, so that
/// the same payment is never told twice.
pub async fn take<Scope>(
    cx: &mut Ctx<Scope>,
    tenant: TenantId,
    invoice: InvoiceId,
    paid: Money,
    due: Money,
) -> Result<Money, InvoiceError> {
    let available = journal::available_credit(cx, tenant, due.currency).await?;
    let taken = Money::new(available.minor.min(due.minor).max(0), due.currency);
    if taken.minor == 0 {
        return Ok(taken);
    }
    let entry = NewEntry {
        reference: format!("invoice:{invoice}:credit:{}", paid.minor),
        kind: "invoice_payment",
        description: "Invoice paid from the balance".to_owned(),
        invoice: Some(invoice),
        postings: vec![
            Posting::debit(Account::Credit, taken),
            Posting::credit(Account::Receivable, taken),
        ],
        ..NewEntry::default()
    };
    if !journal::post(cx, tenant, entry).await? {
        let detail = "a payment is in the journal that the invoice does not know";
        return Err(Fault::inconsistent(format!("invoices.paid_minor of {invoice}"), detail).into());
    }
    Ok(taken)
}

/// An issued invoice, as far as paying it goes.
struct Payable {
    id: InvoiceId,
    number: String,
    state: InvoiceState,
    total_minor: i64,
    paid_minor: i64,
    currency: Currency,
}

impl Payable {
    fn left(&self) -> Money {
        Money::new(self.total_minor - self.paid_minor, self.currency)
    }
}

async fn payable(cx: &mut Ctx<TenantId>, invoice: InvoiceId) -> Result<Payable, InvoiceError> {
    let found = sqlx::query_as!(
        Payable,
        r#"select id as "id: InvoiceId", invoice_number as "number!", state as "state: InvoiceState",
                  total_minor, paid_minor, currency as "currency: Currency"
           from invoices where id = $1 and tenant_id = $2 and invoice_number is not null"#,
        invoice.uuid(),
        cx.tenant().uuid(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(InvoiceError::NotFound)?;
    match found.state {
        InvoiceState::Draft | InvoiceState::Cancelled => Err(InvoiceError::NotFound),
        InvoiceState::Paid | InvoiceState::Refunded => Err(InvoiceError::Paid),
        _ => Ok(found),
    }
}

/// Pays an issued invoice from the balance, as far as it goes.
pub async fn settle_from_credit(
    cx: &mut Ctx<TenantId>,
    invoice: InvoiceId,
) -> Result<Settled, InvoiceError> {
    let tenant = cx.tenant();
    super::gather::account(cx, tenant, true).await?;
    let payable = payable(cx, invoice).await?;
    settle(cx, payable).await?.ok_or(InvoiceError::NoCredit)
}

/// Pays the open invoices from the balance, `first` before the others and those the oldest first,
/// until one of the two is at its end.
pub async fn settle_open(
    cx: &mut Ctx<TenantId>,
    first: Option<InvoiceId>,
) -> Result<Vec<Settled>, InvoiceError> {
    let tenant = cx.tenant();
    super::gather::account(cx, tenant, true).await?;
    let open = sqlx::query_as!(
        Payable,
        r#"select id as "id: InvoiceId", invoice_number as "number!", state as "state: InvoiceState",
                  total_minor, paid_minor, currency as "currency: Currency"
           from invoices
           where tenant_id = $1 and state in ('sent', 'viewed', 'partially_paid', 'overdue')
             and paid_minor < total_minor and invoice_number is not null
           order by id is not distinct from $2 desc, period_start, invoice_number"#,
        tenant.uuid(),
        first.map(InvoiceId::uuid),
    )
    .fetch_all(cx.tx())
    .await?;
    let mut settled = Vec::new();
    for invoice in open {
        match settle(cx, invoice).await? {
            Some(done) => settled.push(done),
            None => break,
        }
    }
    Ok(settled)
}

/// Pays one invoice as far as the balance goes; `None` when there is nothing to take.
async fn settle(cx: &mut Ctx<TenantId>, invoice: Payable) -> Result<Option<Settled>, InvoiceError> {
    let (tenant, now) = (cx.tenant(), cx.now());
    let money = |minor| Money::new(minor, invoice.currency);
    let (total, before) = (money(invoice.total_minor), money(invoice.paid_minor));
    let taken = take(cx, tenant, invoice.id, before, invoice.left()).await?;
    if taken.minor == 0 {
        return Ok(None);
    }
    let paid = before.plus(taken)?;
    let state = match (invoice.state, state_after(paid, total)) {
        // A part payment does not make an overdue invoice timely.
        (InvoiceState::Overdue, InvoiceState::PartiallyPaid) => InvoiceState::Overdue,
        (_, state) => state,
    };
    sqlx::query!(
        "update invoices set paid_minor = $3, state = $4, paid_at = $5 where id = $1 and tenant_id = $2",
        invoice.id.uuid(),
        tenant.uuid(),
        paid.minor,
        state.as_str(),
        (paid == total).then_some(now),
    )
    .execute(cx.tx())
    .await?;
    cx.audit(Entry {
        action: "invoice.pay",
        resource: "invoice",
        resource_id: Some(invoice.id.to_string()),
        old: Some(json!({ "state": invoice.state, "paid": before })),
        new: Some(json!({ "state": state, "paid": paid })),
        ..Entry::default()
    })
    .await?;
    let left = total.minus(paid)?;
    Ok(Some(Settled { invoice: invoice.id, number: invoice.number, taken, left }))
}

/// Begins a payment of what is left of an invoice at a processor; open it with [`payments::open`]
/// after the commit. The money reaches the balance and pays this invoice first.
pub async fn begin_payment(
    cx: &mut Ctx<TenantId>,
    processor: &str,
    invoice: InvoiceId,
) -> Result<PaymentId, InvoiceError> {
    let payable = payable(cx, invoice).await?;
    let new = NewPayment {
        purpose: Purpose::Invoice,
        order: None,
        invoice: Some(invoice),
        processor: processor.to_owned(),
        amount: payable.left(),
        description: format!("VoxLink invoice {}", payable.number),
    };
    Ok(payments::begin(cx, new).await?)
}

/// Settles for every account that has both money and an open invoice: money also comes back from
/// orders that failed, and then nobody asks. Returns how many accounts it paid for. One that fails is
/// logged and keeps no other from its turn; the next run tries it again.
pub async fn settle_all(platform: &Platform) -> Result<usize, InvoiceError> {
    let mut cx = platform.work("invoices").await?;
    let tenants = sqlx::query_scalar!(
        r#"select distinct i.tenant_id as "tenant: TenantId" from invoices i
           where i.state in ('sent', 'viewed', 'partially_paid', 'overdue') and i.paid_minor < i.total_minor
             and (select sum(p.amount_minor) from journal_postings p
                  where p.tenant_id = i.tenant_id and p.account = 'credit' and p.currency = i.currency) < 0"#
    )
    .fetch_all(cx.tx())
    .await?;
    cx.commit().await?;
    let mut paid = 0;
    for tenant in tenants {
        let settled = async {
            let mut cx = platform.work_for(tenant, "invoices").await?;
            let settled = settle_open(&mut cx, None).await?;
            cx.commit().await?;
            Ok::<_, InvoiceError>(settled)
        };
        match settled.await {
            Ok(settled) => paid += usize::from(!settled.is_empty()),
            Err(error) => tracing::error!(%tenant, %error, "open invoices were not settled"),
        }
    }
    Ok(paid)
}
