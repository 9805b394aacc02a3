//! Whether the books hold: what `voxlink audit verify` computes again beside the audit chains. The
//! database refuses most of this when it happens; this finds what got past it.

use crate::{Ctx, Fault, Installation};

/// What does not hold: a sentence each, naming the row.
pub async fn verify(cx: &mut Ctx<Installation>) -> Result<Vec<String>, Fault> {
    let rows = sqlx::query_scalar!(
        r#"select why as "why!" from (
               select 'journal: the postings in ' || currency || ' sum to ' || sum(amount_minor) as why
               from journal_postings group by currency having sum(amount_minor) <> 0
               union all
               select 'journal entry ' || e.reference || ' does not balance'
               from journal_entries e left join journal_postings p on p.entry_id = e.id
               group by e.id having coalesce(sum(p.amount_minor), 1) <> 0 or count(distinct p.currency) <> 1
               union all
               select 'journal entry ' || e.reference || ' has postings of another tenant'
               from journal_entries e join journal_postings p on p.entry_id = e.id and p.tenant_id <> e.tenant_id
               union all
               select 'journal entry ' || e.reference || ' is not in its account''s currency'
               from journal_entries e join journal_postings p on p.entry_id = e.id
               join billing_accounts a on a.tenant_id = e.tenant_id and a.currency <> p.currency
               union all
               select 'usage record ' || u.id || ' is not in its account''s currency'
               from usage_records u join billing_accounts a on a.id = u.billing_account_id and a.currency <> u.currency
               union all
               select 'invoice ' || i.invoice_number || ': its lines come to ' || l.sum || ', its total is ' || i.total_minor
               from invoices i cross join lateral (
                   select coalesce(sum(amount_minor), 0) as sum from invoice_lines
                   where invoice_id = i.id and kind <> 'payment') l
               where i.state not in ('draft', 'cancelled') and l.sum <> i.total_minor
               union all
               select 'invoice ' || i.invoice_number || ': the journal has ' || j.sum || ' to be paid, the invoice ' || (i.total_minor - i.paid_minor)
               from invoices i cross join lateral (
                   select coalesce(sum(p.amount_minor), 0) as sum
                   from journal_entries e join journal_postings p on p.entry_id = e.id
                   where e.invoice_id = i.id and p.account = 'receivable') j
               where i.state not in ('draft', 'cancelled') and j.sum <> i.total_minor - i.paid_minor
               union all
               select 'invoice series ' || s.series || ': ' || (s.next_number - 1 - n.count) || ' numbers are missing'
               from invoice_series s cross join lateral (
                   select count(*) as count from invoices where invoice_number like s.series || '-%') n
               where n.count <> s.next_number - 1
           ) wrong order by why"#
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(rows)
}
