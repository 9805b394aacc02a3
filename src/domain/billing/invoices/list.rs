//! Invoices as lists show them.

use crate::{Ctx, Fault};
use chrono::{DateTime, NaiveDate, Utc};
use voxlink_types::{
    Currency, Money, Page, PageRequest, Paging,
    ids::{InvoiceId, TenantId},
    order::InvoiceState,
};

/// An invoice as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedInvoice {
    /// Its id.
    pub id: InvoiceId,
    /// Its number.
    pub number: String,
    /// Where it stands.
    pub state: InvoiceState,
    /// First day billed.
    pub from: NaiveDate,
    /// First day not billed any more.
    pub to: NaiveDate,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// When it is due.
    pub due_on: Option<NaiveDate>,
    /// What was billed.
    pub total: Money,
    /// What is still to be paid.
    pub left: Money,
}

/// Which invoices are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// In this state; one that was sent may have been seen too.
    pub state: Option<InvoiceState>,
    /// Whose period begins in this year.
    pub year: Option<i32>,
    /// Whose number contains this.
    pub text: Option<String>,
}

/// The tenant's issued invoices, newest first.
pub async fn list(
    cx: &mut Ctx<TenantId>,
    filter: &Filter,
    request: PageRequest,
) -> Result<Page<ListedInvoice>, Fault> {
    let mut paging = Paging::new(request);
    let (rows, total) = loop {
        let found = sqlx::query!(
        r#"select id as "id: InvoiceId", invoice_number as "number!", state as "state: InvoiceState",
                  (period_start at time zone billing_zone)::date as "from!",
                  (period_end at time zone billing_zone)::date as "to!",
                  issued_at as "issued_at!", due_on, total_minor, paid_minor,
                  currency as "currency: Currency", count(*) over () as "count!"
           from invoices
           where tenant_id = $1 and state <> 'draft' and invoice_number is not null
             and ($2::text is null or state = $2 or ($2 = 'sent' and state = 'viewed'))
             and ($3::integer is null or extract(year from period_start at time zone billing_zone) = $3)
             and ($4::text is null or position(upper($4) in invoice_number) > 0)
           order by period_start desc, invoice_number desc limit $5 offset $6"#,
        cx.tenant().uuid(),
        filter.state.map(InvoiceState::as_str),
        filter.year,
        filter.text,
        paging.limit(),
        paging.offset(),
    )
    .fetch_all(cx.tx())
    .await?;
        if let Some(settled) = paging.settle(found, |r| r.count) {
            break settled;
        }
    };
    let listed = rows.into_iter().map(|r| ListedInvoice {
        id: r.id,
        number: r.number,
        state: r.state,
        from: r.from,
        to: r.to,
        issued_at: r.issued_at,
        due_on: r.due_on,
        total: Money::new(r.total_minor, r.currency),
        left: Money::new(r.total_minor - r.paid_minor, r.currency),
    });
    Ok(Page { rows: listed.collect(), request, total })
}

/// The tenant's invoices that are not paid, in the order in which money pays them; at most 50.
pub async fn open_list(cx: &mut Ctx<TenantId>) -> Result<Vec<ListedInvoice>, Fault> {
    let rows = sqlx::query!(
        r#"select id as "id: InvoiceId", invoice_number as "number!", state as "state: InvoiceState",
                  (period_start at time zone billing_zone)::date as "from!",
                  (period_end at time zone billing_zone)::date as "to!",
                  issued_at as "issued_at!", due_on, total_minor, paid_minor,
                  currency as "currency: Currency"
           from invoices
           where tenant_id = $1 and state in ('sent', 'viewed', 'partially_paid', 'overdue')
             and paid_minor < total_minor and invoice_number is not null
           order by period_start, invoice_number limit 50"#,
        cx.tenant().uuid(),
    )
    .fetch_all(cx.tx())
    .await?;
    let listed = rows.into_iter().map(|r| ListedInvoice {
        id: r.id,
        number: r.number,
        state: r.state,
        from: r.from,
        to: r.to,
        issued_at: r.issued_at,
        due_on: r.due_on,
        total: Money::new(r.total_minor, r.currency),
        left: Money::new(r.total_minor - r.paid_minor, r.currency),
    });
    Ok(listed.collect())
}
