//! Issuing one invoice, in one transaction.

use super::{
    BillingMonth, Draft, DraftLine, InvoiceError, LineKind, Period,
    draft::compose,
    gather::{self, Account},
    settle,
};
use crate::{
    Ctx, Fault, Installation,
    audit::Entry,
    billing::journal::{self, NewEntry, Posting},
};
use chrono::Days;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;
use voxlink_types::{
    Money,
    ids::{InvoiceId, InvoiceLineId, TenantId},
};

/// What became of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its invoice was issued.
    Issued(InvoiceId),
    /// It has one over this period.
    Already(InvoiceId),
    /// There was nothing to bill.
    Nothing,
}

/// Issues a tenant's invoice over a month. Takes the transaction, because its end belongs to it.
pub async fn issue(
    mut cx: Ctx<Installation>,
    tenant: TenantId,
    month: BillingMonth,
    early: bool,
) -> Result<Outcome, InvoiceError> {
    let account = gather::account(&mut cx, tenant, true).await?;
    let period = Period::new(month, account.anchor_day, account.zone);
    if period.end() > cx.now() && (!early || period.start() > cx.now()) {
        return Err(InvoiceError::NotOver(month));
    }
    if let Some(id) = standing(&mut cx, &account, &period).await? {
        return Ok(Outcome::Already(id));
    }

    let id = InvoiceId::new(cx.now_millis());
    insert_draft(&mut cx, id, &account, &period).await?;
    gather::take_up_usage(&mut cx, &account, &period, id).await?;
    let draft = compose(&mut cx, &account, period, Some(id)).await?;
    if draft.lines.is_empty() {
        return Ok(Outcome::Nothing);
    }
    store_sums(&mut cx, id, &account, &draft).await?;
    post(&mut cx, id, &account, &draft).await?;
    let taken = settle::take(&mut cx, tenant, id, draft.prepaid, draft.due()?).await?;
    let mut lines = draft.lines.clone();
    lines.extend(payments(&draft, taken));
    insert_lines(&mut cx, id, tenant, &lines).await?;

    cx.audit_of(
        Some(tenant),
        Entry {
            action: "invoice.issue",
            resource: "invoice",
            resource_id: Some(id.to_string()),
            new: Some(json!({
                "period": month.to_string(), "total": draft.total, "prepaid": draft.prepaid,
                "taken_from_balance": taken, "lines": lines.len(),
            })),
            ..Entry::default()
        },
    )
    .await?;
    number(&mut cx, id, &draft, taken).await?;
    cx.commit().await?;
    Ok(Outcome::Issued(id))
}

/// The account's invoice over this period, recognised even if its zone or anchor has moved.
pub(super) async fn standing<Scope>(
    cx: &mut Ctx<Scope>,
    account: &Account,
    period: &Period,
) -> Result<Option<InvoiceId>, Fault> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: InvoiceId" from invoices
           where tenant_id = $1 and billing_account_id = $2
             and state <> 'cancelled' and period_start <= $3 and period_end > $3"#,
        account.tenant.uuid(),
        account.id.uuid(),
        period.middle(),
    )
    .fetch_optional(cx.tx())
    .await?)
}

/// The invoice before its sums: who sells and who is billed are frozen here.
async fn insert_draft(
    cx: &mut Ctx<Installation>,
    id: InvoiceId,
    account: &Account,
    period: &Period,
) -> Result<(), Fault> {
    sqlx::query!(
        "insert into invoices (id, tenant_id, billing_account_id, period_start, period_end, billing_zone,
             subtotal_minor, total_minor, currency, seller, payment_terms, bill_to)
         select $1, t.id, a.id, $3, $4, $5, 0, 0, a.currency,
                jsonb_build_object('name', s.name, 'address', s.address, 'country', s.country,
                    'email', s.email, 'registrations', s.registrations, 'bank', s.bank, 'footer', s.footer),
                s.payment_terms,
                jsonb_build_object('name', coalesce(nullif(a.company, ''), t.name),
                    'address', a.billing_address, 'tax_id', a.tax_id, 'vat_number', a.vat_number,
                    'email', (select u.email from users u where u.tenant_id = t.id and u.anonymised_at is null
                                and u.is_active order by u.tenant_role <> 'owner', u.created_at limit 1))
         from tenants t join billing_accounts a on a.tenant_id = t.id cross join sellers s
         where t.id = $2",
        id.uuid(),
        account.tenant.uuid(),
        period.start(),
        period.end(),
        period.zone.name(),
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}

async fn store_sums(
    cx: &mut Ctx<Installation>,
    id: InvoiceId,
    account: &Account,
    draft: &Draft,
) -> Result<(), Fault> {
    sqlx::query!(
        "update invoices set subtotal_minor = $3, discount_minor = $4, tax_minor = $5, total_minor = $6
         where id = $1 and tenant_id = $2",
        id.uuid(),
        account.tenant.uuid(),
        draft.subtotal.minor,
        draft.discount.minor,
        draft.tax.minor,
        draft.total.minor,
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}

/// Tells the journal what orders have not told it.
async fn post(
    cx: &mut Ctx<Installation>,
    id: InvoiceId,
    account: &Account,
    draft: &Draft,
) -> Result<(), InvoiceError> {
    let due = draft.due()?;
    if due.minor == 0 {
        return Ok(());
    }
    let entry = NewEntry {
        reference: format!("invoice:{id}:issued"),
        kind: "invoice",
        description: format!("Invoice over {}", show_days(&draft.period)),
        invoice: Some(id),
        postings: vec![
            Posting::debit(journal::Account::Receivable, due),
            Posting::credit(journal::Account::RentalIncome, draft.new_charges(LineKind::Rental)?),
            Posting::credit(journal::Account::SetupIncome, draft.new_charges(LineKind::Setup)?),
            Posting::credit(journal::Account::UsageIncome, draft.new_charges(LineKind::Usage)?),
            Posting::credit(journal::Account::TaxPayable, draft.new_charges(LineKind::Tax)?),
        ],
        ..NewEntry::default()
    };
    journal::post(cx, account.tenant, entry).await?;
    Ok(())
}

/// `1 November to 30 November 2026`.
fn show_days(period: &Period) -> String {
    let last = period.to.checked_sub_days(Days::new(1)).unwrap_or(period.to);
    format!("{} to {}", period.from.format("%-d %B"), last.format("%-d %B %Y"))
}

/// The payment lines at issue: one per order, one for what the balance covered.
fn payments(draft: &Draft, taken: Money) -> Vec<DraftLine> {
    let payment = |description, paid: Money, derivation: Value| DraftLine {
        kind: LineKind::Payment,
        description,
        number: None,
        quantity: Decimal::ONE,
        unit: "payment".to_owned(),
        unit_price: -paid.exact(),
        exact: -paid.exact(),
        amount: Money::new(-paid.minor, paid.currency),
        starts: draft.period.start(),
        ends: draft.period.end(),
        prepaid: false,
        derivation,
    };
    let mut orders: Vec<(&Value, &Value, i64)> = Vec::new();
    for line in draft.lines.iter().filter(|l| l.prepaid) {
        let order = &line.derivation["order"];
        match orders.iter_mut().find(|(id, ..)| *id == order) {
            Some((.., minor)) => *minor += line.amount.minor,
            None => orders.push((order, &line.derivation["order_number"], line.amount.minor)),
        }
    }
    let mut lines: Vec<_> = orders
        .into_iter()
        .filter(|(.., minor)| *minor != 0)
        .map(|(order, number, minor)| {
            let description = format!("Paid with order {}", number.as_str().unwrap_or_default());
            let derivation = json!({ "order": order, "order_number": number });
            payment(description, Money::new(minor, taken.currency), derivation)
        })
        .collect();
    if taken.minor != 0 {
        let derivation = json!({ "from": "credit" });
        lines.push(payment("Taken from your balance".to_owned(), taken, derivation));
    }
    lines
}

async fn insert_lines(
    cx: &mut Ctx<Installation>,
    invoice: InvoiceId,
    tenant: TenantId,
    lines: &[DraftLine],
) -> Result<(), Fault> {
    let now = cx.now_millis();
    let column = |f: &dyn Fn(&DraftLine) -> String| lines.iter().map(f).collect::<Vec<_>>();
    let ids: Vec<Uuid> = lines.iter().map(|_| InvoiceLineId::new(now).uuid()).collect();
    let numbers: Vec<Option<Uuid>> =
        lines.iter().map(|l| l.number.map(voxlink_types::ids::NumberId::uuid)).collect();
    let quantities: Vec<Decimal> = lines.iter().map(|l| l.quantity.round_dp(8)).collect();
    let prices: Vec<Decimal> = lines.iter().map(|l| l.unit_price).collect();
    let exact: Vec<Decimal> = lines.iter().map(|l| l.exact).collect();
    let minors: Vec<i64> = lines.iter().map(|l| l.amount.minor).collect();
    let starts: Vec<_> = lines.iter().map(|l| l.starts).collect();
    let ends: Vec<_> = lines.iter().map(|l| l.ends).collect();
    let derivations: Vec<Value> = lines.iter().map(|l| l.derivation.clone()).collect();
    sqlx::query!(
        "insert into invoice_lines (id, tenant_id, invoice_id, position, kind, description, number_id, quantity,
             unit, unit_price, exact_amount, amount_minor, currency, period_start, period_end, derivation)
         select l.id, $1, i.id, l.position::integer, l.kind, l.description, l.number_id, l.quantity, l.unit,
                l.unit_price, l.exact, l.minor, i.currency, l.starts, l.ends, l.derivation
         from invoices i, unnest($3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::numeric[], $8::text[],
                $9::numeric[], $10::numeric[], $11::bigint[], $12::timestamptz[], $13::timestamptz[], $14::jsonb[])
              with ordinality as l (id, kind, description, number_id, quantity, unit, unit_price, exact, minor,
                starts, ends, derivation, position)
         where i.id = $2 and i.tenant_id = $1",
        tenant.uuid(),
        invoice.uuid(),
        &ids,
        &column(&|l| l.kind.to_string()),
        &column(&|l| l.description.clone()),
        &numbers as &[Option<Uuid>],
        &quantities,
        &column(&|l| l.unit.clone()),
        &prices,
        &exact,
        &minors,
        &starts,
        &ends,
        &derivations,
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}

/// Takes the next number of the seller's series and issues: the last lock of the transaction, so
/// that the series waits for nothing else and a rollback gives the number back. A change of the
/// prefix during a run takes effect with the next invoice.
async fn number(
    cx: &mut Ctx<Installation>,
    id: InvoiceId,
    draft: &Draft,
    taken: Money,
) -> Result<(), InvoiceError> {
    let seller = sqlx::query!("select invoice_prefix, payment_days from sellers for share")
        .fetch_one(cx.tx())
        .await?;
    sqlx::query!(
        "insert into invoice_series (series, next_number) values ($1, 1) on conflict do nothing",
        seller.invoice_prefix,
    )
    .execute(cx.tx())
    .await?;
    let now = cx.now();
    let today = now.with_timezone(&draft.period.zone).date_naive();
    let paid = draft.prepaid.plus(taken)?;
    let state = settle::state_after(paid, draft.total);
    let paid_at = (paid == draft.total).then_some(now);
    sqlx::query!(
        "with taken as (
             update invoice_series set next_number = next_number + 1
             where series = $2 returning next_number - 1 as number
         )
         update invoices set invoice_number = $2 || '-' || lpad(taken.number::text, 8, '0'),
             state = $3, paid_minor = $4, paid_at = $5, issued_at = $6,
             due_on = $7::date + $8::integer
         from taken where id = $1",
        id.uuid(),
        seller.invoice_prefix,
        state.as_str(),
        paid.minor,
        paid_at,
        now,
        today,
        i32::from(seller.payment_days),
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}
