//! One invoice as it is read, with its lines, and what the usage of a period comes to on it.

use super::{InvoiceError, LineKind, Period, gather};
use crate::{Ctx, Fault, audit::Entry, billing::address::Address, ctx::Actor};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use voxlink_types::{
    Currency, Money,
    ids::{InvoiceId, InvoiceLineId, NumberId, TenantId},
    money::MoneyError,
    order::InvoiceState,
};

/// Who is billed, as frozen at issue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Party {
    /// Company.
    pub name: String,
    /// Where.
    pub address: Address,
    /// Tax number.
    pub tax_id: Option<String>,
    /// VAT number.
    pub vat_number: Option<String>,
    /// Whom to write to.
    pub email: Option<String>,
}

/// A registration of the seller's: `EIN`, `VAT`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Registration {
    /// What it is.
    pub label: String,
    /// Its value.
    pub value: String,
}

/// Who sells, as frozen at issue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seller {
    /// Company.
    pub name: String,
    /// Where.
    pub address: Address,
    /// Whom to write to.
    pub email: Option<String>,
    /// What the law wants printed.
    pub registrations: Vec<Registration>,
    /// Where to transfer money to.
    pub bank: String,
    /// The last line.
    pub footer: String,
}

/// A line of an invoice.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its id.
    pub id: InvoiceLineId,
    /// What it is.
    pub kind: LineKind,
    /// As the customer reads it.
    pub description: String,
    /// The number it is about.
    pub number: Option<NumberId>,
    /// How many.
    pub quantity: Decimal,
    /// Of what.
    pub unit: String,
    /// At what.
    pub unit_price: Decimal,
    /// Before rounding.
    pub exact: Decimal,
    /// As billed.
    pub amount: Money,
    /// Its first and its last day in the billing zone: of the rent, or of the calls.
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// How it came about.
    pub derivation: Value,
}

impl Line {
    /// True for a line that an order charged.
    pub fn prepaid(&self) -> bool {
        self.kind != LineKind::Payment && self.derivation.get("order").is_some()
    }
}

/// A payment that came in after the invoice was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaterPayment {
    /// When.
    pub at: DateTime<Utc>,
    /// What it was.
    pub description: String,
    /// How much.
    pub amount: Money,
}

/// An invoice with everything on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Invoice {
    /// Its id.
    pub id: InvoiceId,
    /// Its number.
    pub number: String,
    /// Where it stands.
    pub state: InvoiceState,
    /// The billing zone.
    pub zone: Tz,
    /// First day billed.
    pub from: NaiveDate,
    /// First day not billed any more.
    pub to: NaiveDate,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// When it is due.
    pub due_on: Option<NaiveDate>,
    /// When the rest was paid.
    pub paid_at: Option<DateTime<Utc>>,
    /// Who sells.
    pub seller: Seller,
    /// Who is billed.
    pub bill_to: Party,
    /// How to pay.
    pub payment_terms: Option<String>,
    /// Rental, set-up and usage.
    pub subtotal: Money,
    /// Given away.
    pub discount: Money,
    /// All taxes.
    pub tax: Money,
    /// What is billed.
    pub total: Money,
    /// What has been paid of it, today.
    pub paid: Money,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Payments after it was issued.
    pub later: Vec<LaterPayment>,
}

impl Invoice {
    /// What is still to be paid today.
    pub fn left(&self) -> Result<Money, MoneyError> {
        self.total.minus(self.paid)
    }

    /// What had been paid when it was issued: what the printed invoice says for ever.
    pub fn paid_at_issue(&self) -> Money {
        let paid = self.lines.iter().filter(|l| l.kind == LineKind::Payment);
        Money::new(-paid.map(|l| l.amount.minor).sum::<i64>(), self.total.currency)
    }

    /// The last day billed.
    pub fn last_day(&self) -> NaiveDate {
        self.to.pred_opt().unwrap_or(self.to)
    }

    /// The lines of a kind, in order.
    pub fn of(&self, kind: LineKind) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |l| l.kind == kind)
    }
}

/// An issued invoice of the tenant's.
pub async fn get(cx: &mut Ctx<TenantId>, id: InvoiceId) -> Result<Invoice, InvoiceError> {
    let tenant = cx.tenant().uuid();
    let row = sqlx::query!(
        r#"select invoice_number as "number!", state as "state: InvoiceState", billing_zone,
                  (period_start at time zone billing_zone)::date as "from!",
                  (period_end at time zone billing_zone)::date as "to!",
                  issued_at as "issued_at!", due_on, paid_at, subtotal_minor, discount_minor, tax_minor,
                  total_minor, paid_minor, currency as "currency: Currency",
                  seller as "seller: sqlx::types::Json<Seller>", bill_to as "bill_to: sqlx::types::Json<Party>",
                  payment_terms
           from invoices
           where id = $1 and tenant_id = $2 and state <> 'draft' and invoice_number is not null"#,
        id.uuid(),
        tenant,
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(InvoiceError::NotFound)?;
    let currency = row.currency;
    let money = |minor| Money::new(minor, currency);
    let lines = sqlx::query!(
        r#"select id as "id: InvoiceLineId", kind as "kind: LineKind", description,
                  number_id as "number: NumberId", quantity, unit, unit_price, exact_amount,
                  amount_minor, derivation, (period_start at time zone $3::text)::date as first,
                  -- rent ends at the first instant after it, usage at its last call
                  ((period_end - interval '1 microsecond') at time zone $3::text)::date as last
           from invoice_lines where invoice_id = $1 and tenant_id = $2 order by position"#,
        id.uuid(),
        tenant,
        row.billing_zone,
    )
    .fetch_all(cx.tx())
    .await?
    .into_iter()
    .map(|l| Line {
        id: l.id,
        kind: l.kind,
        description: l.description,
        number: l.number,
        quantity: l.quantity,
        unit: l.unit,
        unit_price: l.unit_price,
        exact: l.exact_amount,
        amount: money(l.amount_minor),
        days: l.first.zip(l.last),
        derivation: l.derivation,
    })
    .collect();
    let later = sqlx::query!(
        r#"select e.occurred_at, e.description, (-sum(p.amount_minor))::bigint as "amount!"
           from journal_entries e join journal_postings p on p.entry_id = e.id
           where e.invoice_id = $1 and e.tenant_id = $2 and p.tenant_id = $2
             and p.account = 'receivable' and e.kind <> 'invoice' and e.occurred_at > $3
           group by e.id order by e.occurred_at, e.id"#,
        id.uuid(),
        tenant,
        row.issued_at,
    )
    .fetch_all(cx.tx())
    .await?
    .into_iter()
    .map(|p| LaterPayment {
        at: p.occurred_at,
        description: p.description,
        amount: money(p.amount),
    })
    .collect();
    let zone = row.billing_zone.parse().map_err(|e: chrono_tz::ParseError| {
        Fault::inconsistent(format!("invoices.billing_zone of {id}"), e)
    })?;
    Ok(Invoice {
        id,
        number: row.number,
        state: row.state,
        zone,
        from: row.from,
        to: row.to,
        issued_at: row.issued_at,
        due_on: row.due_on,
        paid_at: row.paid_at,
        seller: row.seller.0,
        bill_to: row.bill_to.0,
        payment_terms: row.payment_terms,
        subtotal: money(row.subtotal_minor),
        discount: money(row.discount_minor),
        tax: money(row.tax_minor),
        total: money(row.total_minor),
        paid: money(row.paid_minor),
        lines,
        later,
    })
}

/// An invoice that the customer opens: the first time, it is marked as viewed. Staff looking at it
/// mark nothing.
pub async fn open(cx: &mut Ctx<TenantId>, id: InvoiceId) -> Result<Invoice, InvoiceError> {
    let mut invoice = get(cx, id).await?;
    if !matches!(cx.actor(), Actor::User { staff: false, .. }) {
        return Ok(invoice);
    }
    let now = cx.now();
    let first = sqlx::query_scalar!(
        r#"update invoices set viewed_at = $3, state = case state when 'sent' then 'viewed' else state end
           where id = $1 and tenant_id = $2 and viewed_at is null
           returning state as "state: InvoiceState""#,
        id.uuid(),
        cx.tenant().uuid(),
        now,
    )
    .fetch_optional(cx.tx())
    .await?;
    if let Some(state) = first {
        cx.audit(Entry {
            action: "invoice.view",
            resource: "invoice",
            resource_id: Some(id.to_string()),
            old: Some(json!({ "state": invoice.state })),
            new: Some(json!({ "state": state })),
            ..Entry::default()
        })
        .await?;
        invoice.state = state;
    }
    Ok(invoice)
}

/// What the usage of a period comes to on its invoice, each line rounded once: the figure that a
/// running cost is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BilledUsage {
    /// The sum of the usage lines, before tax.
    pub amount: Money,
    /// The invoice that has them; none while it is still to be made.
    pub invoice: Option<(InvoiceId, String)>,
}

/// The usage lines of the period's invoice, or of the one that would be made now.
pub async fn billed_usage(
    cx: &mut Ctx<TenantId>,
    period: Period,
) -> Result<BilledUsage, InvoiceError> {
    let tenant = cx.tenant();
    let account = gather::account(cx, tenant, false).await?;
    let made = sqlx::query!(
        r#"select i.id as "id: InvoiceId", i.invoice_number as "number!",
                  coalesce((select sum(l.amount_minor) from invoice_lines l
                            where l.invoice_id = i.id and l.tenant_id = $1 and l.kind = 'usage'), 0)::bigint as "minor!"
           from invoices i
           where i.tenant_id = $1 and i.state not in ('draft', 'cancelled') and i.invoice_number is not null
             and i.period_start <= $2 and i.period_end > $2"#,
        tenant.uuid(),
        period.middle(),
    )
    .fetch_optional(cx.tx())
    .await?;
    if let Some(invoice) = made {
        let amount = Money::new(invoice.minor, account.currency);
        return Ok(BilledUsage { amount, invoice: Some((invoice.id, invoice.number)) });
    }
    let mut amount = Money::zero(account.currency);
    for group in gather::usage(cx, &account, &period, None).await? {
        amount = amount.plus(Money::round(group.cost, account.currency)?)?;
    }
    Ok(BilledUsage { amount, invoice: None })
}
