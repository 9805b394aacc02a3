//! Paying invoices from the prepaid balance.

use super::InvoiceError;
use crate::{
    Ctx, Fault,
    audit::Entry,
    billing::journal::{self, Account, NewEntry, Posting},
};
use serde_json::json;
use voxlink_types::{
    Currency, Money,
    ids::{InvoiceId, TenantId},
    order::InvoiceState,
};

/// What settling did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
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

/// Pays an issued invoice from the balance, as far as it goes.
pub async fn settle_from_credit(
    cx: &mut Ctx<TenantId>,
    invoice: InvoiceId,
) -> Result<Settled, InvoiceError> {
    let tenant = cx.tenant();
    super::gather::account(cx, tenant, true).await?;
    let row = sqlx::query!(
        r#"select state as "state: InvoiceState", total_minor, paid_minor,
                  currency as "currency: Currency"
           from invoices where id = $1 and tenant_id = $2"#,
        invoice.uuid(),
        tenant.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(InvoiceError::NotFound)?;
    match row.state {
        InvoiceState::Draft | InvoiceState::Cancelled => return Err(InvoiceError::NotFound),
        InvoiceState::Paid | InvoiceState::Refunded => return Err(InvoiceError::Paid),
        _ => {}
    }
    let money = |minor| Money::new(minor, row.currency);
    let (total, before) = (money(row.total_minor), money(row.paid_minor));
    let due = total.minus(before)?;
    let taken = take(cx, tenant, invoice, before, due).await?;
    if taken.minor == 0 {
        return Err(InvoiceError::NoCredit);
    }
    let paid = before.plus(taken)?;
    let now = cx.now();
    let state = match (row.state, state_after(paid, total)) {
        // A part payment does not make an overdue invoice timely.
        (InvoiceState::Overdue, InvoiceState::PartiallyPaid) => InvoiceState::Overdue,
        (_, state) => state,
    };
    sqlx::query!(
        "update invoices set paid_minor = $3, state = $4, paid_at = $5 where id = $1 and tenant_id = $2",
        invoice.uuid(),
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
        resource_id: Some(invoice.to_string()),
        old: Some(json!({ "state": row.state, "paid": before })),
        new: Some(json!({ "state": state, "paid": paid })),
        ..Entry::default()
    })
    .await?;
    Ok(Settled { taken, left: total.minus(paid)? })
}
