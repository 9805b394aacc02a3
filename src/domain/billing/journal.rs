//! The journal: double entry, insert only. One entry tells one fact, its postings sum to zero, and
//! every balance is a sum of postings; nothing stores one.
//!
//! A debit is positive, a credit negative. An entry is known by its `reference`
//! (`order:ord_…:hold`), so telling the same fact twice changes nothing.

use crate::{Ctx, Fault};
use chrono::{DateTime, Utc};
use voxlink_types::{
    Currency, Money, Page, PageRequest, Paging,
    error::{Explain, Status},
    ids::{EntryId, InvoiceId, OrderId, PaymentId, TenantId},
    money::MoneyError,
    text_enum,
};

text_enum! {
    /// The accounts of a tenant's books.
    Account {
        /// What we owe the customer: the prepaid balance. A credit balance is money they have.
        Credit = "credit",
        /// Set aside for orders in progress.
        Held = "held",
        /// Invoiced, not yet paid.
        Receivable = "receivable",
        /// With the payment processors.
        Processor = "processor",
        /// Earned by monthly rental.
        RentalIncome = "rental_income",
        /// Earned by set-up.
        SetupIncome = "setup_income",
        /// Earned by calls and messages.
        UsageIncome = "usage_income",
        /// Owed to tax authorities.
        TaxPayable = "tax_payable",
        /// Given away.
        Promotions = "promotions",
        /// Put right by hand.
        Adjustments = "adjustments",
    }
}

/// One line of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// Whose balance it changes.
    pub account: Account,
    /// By how much: a debit is positive, a credit negative.
    pub amount: Money,
}

impl Posting {
    /// A debit of an account.
    pub const fn debit(account: Account, amount: Money) -> Self {
        Self { account, amount }
    }

    /// A credit of an account.
    pub const fn credit(account: Account, amount: Money) -> Self {
        Self { account, amount: Money::new(-amount.minor, amount.currency) }
    }
}

/// A fact to be told.
#[derive(Debug, Clone, Default)]
pub struct NewEntry {
    /// Names the fact for ever: `payment:pay_…:captured`.
    pub reference: String,
    /// Its sort: `top_up`, `order_hold`, `order_capture`, `order_release`, `invoice`, …
    pub kind: &'static str,
    /// As the customer reads it on the statement.
    pub description: String,
    /// The order it is about.
    pub order: Option<OrderId>,
    /// The payment it is about.
    pub payment: Option<PaymentId>,
    /// The invoice it is about.
    pub invoice: Option<InvoiceId>,
    /// When it happened; the context's clock when absent.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Its lines. Lines of nothing are left out.
    pub postings: Vec<Posting>,
}

/// Why an entry was not taken.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The postings do not sum to zero.
    #[error("entry {reference} does not balance: it is off by {by}")]
    Unbalanced {
        /// Which entry.
        reference: String,
        /// The sum that should be nothing.
        by: Money,
    },
    /// Two currencies in one entry, or a sum beyond 64 bits.
    #[error("entry {reference} cannot be summed: {source}")]
    Unsummable {
        /// Which entry.
        reference: String,
        /// Why.
        source: MoneyError,
    },
    /// No posting is left.
    #[error("entry {0} moves nothing")]
    Empty(String),
    /// The database did not do it.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for JournalError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl From<JournalError> for Fault {
    /// An entry that does not balance is our own mistake, never the customer's.
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Fault(fault) => fault,
            other => Self::Internal(other.to_string()),
        }
    }
}

impl Explain for JournalError {
    fn code(&self) -> &'static str {
        if let Self::Fault(fault) = self { fault.code() } else { "internal" }
    }
    fn status(&self) -> Status {
        if let Self::Fault(fault) = self { fault.status() } else { Status::Internal }
    }
}

/// Checks an entry's postings: one currency, something moved, the sum zero. Returns the lines that
/// move something.
fn balanced(entry: &NewEntry) -> Result<Vec<Posting>, JournalError> {
    let lines: Vec<_> = entry.postings.iter().filter(|p| p.amount.minor != 0).copied().collect();
    let Some(first) = lines.first() else {
        return Err(JournalError::Empty(entry.reference.clone()));
    };
    let reference = || entry.reference.clone();
    let sum = Money::sum(first.amount.currency, lines.iter().map(|p| p.amount))
        .map_err(|source| JournalError::Unsummable { reference: reference(), source })?;
    if sum.minor == 0 {
        Ok(lines)
    } else {
        Err(JournalError::Unbalanced { reference: reference(), by: sum })
    }
}

/// Tells a fact. True when it was new, false when an entry of this reference stands already; then
/// nothing changes.
pub async fn post<Scope>(
    cx: &mut Ctx<Scope>,
    tenant: TenantId,
    entry: NewEntry,
) -> Result<bool, JournalError> {
    let lines = balanced(&entry)?;
    let id = EntryId::new(cx.now_millis());
    let occurred_at = entry.occurred_at.unwrap_or_else(|| cx.now());
    let accounts: Vec<String> = lines.iter().map(|p| p.account.as_str().to_owned()).collect();
    let amounts: Vec<i64> = lines.iter().map(|p| p.amount.minor).collect();
    let currencies: Vec<String> =
        lines.iter().map(|p| p.amount.currency.as_str().to_owned()).collect();
    let done = sqlx::query!(
        "with entry as (
             insert into journal_entries
                 (id, tenant_id, reference, kind, description, order_id, payment_id, invoice_id, occurred_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict (reference) do nothing
             returning id
         )
         insert into journal_postings (entry_id, line, tenant_id, account, amount_minor, currency)
         select entry.id, p.line::smallint, $2, p.account, p.amount, p.currency
         from entry, unnest($10::text[], $11::bigint[], $12::text[])
              with ordinality as p (account, amount, currency, line)",
        id.uuid(),
        tenant.uuid(),
        entry.reference,
        entry.kind,
        entry.description,
        entry.order.map(OrderId::uuid),
        entry.payment.map(PaymentId::uuid),
        entry.invoice.map(InvoiceId::uuid),
        occurred_at,
        &accounts,
        &amounts,
        &currencies,
    )
    .execute(cx.tx())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The balance of an account: the sum of its postings, debits positive.
pub async fn balance<Scope>(
    cx: &mut Ctx<Scope>,
    tenant: TenantId,
    account: Account,
    currency: Currency,
) -> Result<Money, Fault> {
    let minor = sqlx::query_scalar!(
        r#"select coalesce(sum(amount_minor), 0)::bigint as "sum!" from journal_postings
           where tenant_id = $1 and account = $2 and currency = $3"#,
        tenant.uuid(),
        account.as_str(),
        currency.as_str(),
    )
    .fetch_one(cx.tx())
    .await?;
    Ok(Money::new(minor, currency))
}

/// The money a customer has with us and may spend: the credit account, seen from their side.
pub async fn available_credit<Scope>(
    cx: &mut Ctx<Scope>,
    tenant: TenantId,
    currency: Currency,
) -> Result<Money, Fault> {
    let owed = balance(cx, tenant, Account::Credit, currency).await?;
    Ok(Money::new(-owed.minor, currency))
}

/// A line of the customer's statement: a movement of their prepaid balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// The entry.
    pub entry: EntryId,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// Its sort, as in [`NewEntry::kind`].
    pub kind: String,
    /// As the customer reads it.
    pub description: String,
    /// The order it is about.
    pub order: Option<OrderId>,
    /// The payment it is about.
    pub payment: Option<PaymentId>,
    /// The invoice it is about.
    pub invoice: Option<InvoiceId>,
    /// The change: positive came in, negative went out.
    pub amount: Money,
    /// The balance after it.
    pub balance: Money,
}

/// The movements of the prepaid balance, newest first, each with the balance after it.
pub async fn statement<Scope>(
    cx: &mut Ctx<Scope>,
    tenant: TenantId,
    currency: Currency,
    request: PageRequest,
) -> Result<Page<StatementLine>, Fault> {
    let mut paging = Paging::new(request);
    let (rows, total) = loop {
        let (found, total) =
            movements(cx, tenant, currency, paging.limit(), paging.offset()).await?;
        if let Some(settled) = paging.settle(found, |_| total) {
            break settled;
        }
    };
    Ok(Page { rows, request, total })
}

/// The movements next before one, or the latest; at most `limit`, newest first. Costs what it reads,
/// however long the history is.
pub async fn movements_before<Scope>(
    cx: &mut Ctx<Scope>,
    tenant: TenantId,
    currency: Currency,
    before: Option<&StatementLine>,
    limit: i64,
) -> Result<Vec<StatementLine>, Fault> {
    let known = before.map(|line| line.balance.minor - line.amount.minor);
    let rows = sqlx::query!(
        r#"select e.id as "id: EntryId", e.occurred_at, e.kind, e.description,
                  e.order_id as "order: OrderId", e.payment_id as "payment: PaymentId",
                  e.invoice_id as "invoice: InvoiceId", m.amount::bigint as "amount!",
                  -- in the same statement, so that no entry comes between the two
                  coalesce($5::bigint, (select -sum(amount_minor) from journal_postings
                                where tenant_id = $1 and account = 'credit' and currency = $2), 0)::bigint as "balance!"
           from journal_entries e
           cross join lateral (
               select -sum(p.amount_minor) as amount from journal_postings p
               where p.entry_id = e.id and p.tenant_id = $1 and p.account = 'credit' and p.currency = $2) m
           where e.tenant_id = $1 and m.amount is not null
             and ($3::timestamptz is null or (e.occurred_at, e.id) < ($3, $4::uuid))
           order by e.occurred_at desc, e.id desc limit $6"#,
        tenant.uuid(),
        currency.as_str(),
        before.map(|line| line.occurred_at),
        before.map(|line| line.entry.uuid()),
        known,
        limit,
    )
    .fetch_all(cx.tx())
    .await?;
    let mut balance = rows.first().map_or(0, |r| r.balance);
    let lines = rows.into_iter().map(|r| {
        let after = balance;
        balance -= r.amount;
        StatementLine {
            entry: r.id,
            occurred_at: r.occurred_at,
            kind: r.kind,
            description: r.description,
            order: r.order,
            payment: r.payment,
            invoice: r.invoice,
            amount: Money::new(r.amount, currency),
            balance: Money::new(after, currency),
        }
    });
    Ok(lines.collect())
}

async fn movements<Scope>(
    cx: &mut Ctx<Scope>,
    tenant: TenantId,
    currency: Currency,
    limit: i64,
    offset: i64,
) -> Result<(Vec<StatementLine>, i64), Fault> {
    let rows = sqlx::query!(
        r#"with moves as (
               select e.id, e.occurred_at, e.kind, e.description, e.order_id, e.payment_id, e.invoice_id,
                      -sum(p.amount_minor) as amount
               from journal_postings p join journal_entries e on e.id = p.entry_id
               where p.tenant_id = $1 and p.account = 'credit' and p.currency = $2
               group by e.id
           )
           select id as "id: EntryId", occurred_at, kind, description, order_id as "order: OrderId",
                  payment_id as "payment: PaymentId", invoice_id as "invoice: InvoiceId",
                  amount::bigint as "amount!",
                  (sum(amount) over (order by occurred_at, id))::bigint as "balance!",
                  count(*) over () as "total!"
           from moves order by occurred_at desc, id desc limit $3 offset $4"#,
        tenant.uuid(),
        currency.as_str(),
        limit,
        offset,
    )
    .fetch_all(cx.tx())
    .await?;
    let total = rows.first().map_or(0, |r| r.total);
    let rows = rows
        .into_iter()
        .map(|r| StatementLine {
            entry: r.id,
            occurred_at: r.occurred_at,
            kind: r.kind,
            description: r.description,
            order: r.order,
            payment: r.payment,
            invoice: r.invoice,
            amount: Money::new(r.amount, currency),
            balance: Money::new(r.balance, currency),
        })
        .collect();
    Ok((rows, total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(amounts: &[i64]) -> NewEntry {
        let account = |i: usize| Account::ALL[i % Account::ALL.len()];
        let posting = |(i, &minor): (usize, &i64)| Posting {
            account: account(i),
            amount: Money::new(minor, Currency::Usd),
        };
        let postings = amounts.iter().enumerate().map(posting).collect();
        NewEntry { reference: "test".to_owned(), postings, ..NewEntry::default() }
    }

    #[test]
    fn two_currencies_never_meet_in_one_entry() {
        let mut mixed = entry(&[500]);
        let euro = Money::new(500, Currency::Eur);
        mixed.postings.push(Posting::credit(Account::Credit, euro));
        assert!(matches!(balanced(&mixed), Err(JournalError::Unsummable { .. })));
        assert!(matches!(balanced(&entry(&[0, 0])), Err(JournalError::Empty(_))));
    }

    proptest! {
        #[test]
        fn an_entry_is_taken_exactly_when_it_sums_to_zero(mut amounts in prop::collection::vec(-10i64.pow(12)..10i64.pow(12), 1..8), off in -2i64..3) {
            amounts.push(off - amounts.iter().sum::<i64>());
            let taken = balanced(&entry(&amounts));
            if off == 0 && amounts.iter().any(|a| *a != 0) {
                let lines = taken.unwrap();
                prop_assert_eq!(lines.iter().map(|p| p.amount.minor).sum::<i64>(), 0);
                prop_assert!(lines.iter().all(|p| p.amount.minor != 0));
            } else {
                prop_assert!(taken.is_err());
            }
        }
    }
}
