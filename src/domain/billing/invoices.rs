//! Invoices: one per account and month, issued once, never changed.
//!
//! # What is billed when
//!
//! - *A purchase is prepaid.* The order charges set-up and the number's first month, with their
//!   tax, when the number is had. Its journal entries earn the income and owe the tax there and
//!   then. The invoice of the period in which the order ended lists those lines, the tax as it was
//!   charged and a payment line of the same sum: they explain the money and move none. An order whose
//!   card was refused is due by itself and stands on no invoice until it is paid; then on the next.
//! - *Everything else is billed in arrears*, by the invoice of the period: rent from the end of the
//!   first month (the same day of the next month, or its last), by days over the days of the whole
//!   period, and the usage rated so far that no invoice has taken up. Late usage is in the next one.
//!   Only this part is posted to the journal.
//! - Tax on the arrears is computed on their exact amounts, at the rates of the period's last day,
//!   and rounded once per tax. Lines are rounded each, once, half-up; the total is their sum.
//! - What the prepaid balance covers is taken from it at issue; the rest stays receivable until
//!   money reaches the balance, which pays the oldest open invoice first ([`settle_open`]).
//! - Money by card for one invoice goes the same way and pays that invoice first.
//!
//! A period is the month from the account's anchor day, in civil days of the tenant's zone,
//! [start, end). A number that is released costs nothing from the day of its release on. A released
//! number that is bought again is another subscription with a first month of its own. Suspended
//! numbers are kept and so cost their rent. A discount is given on orders only.
//!
//! # An example
//!
//! Ada in Boston tops up $25.00 and buys a number at $1.00 a month on 16 November from her balance.
//! Three calls cost 0.0510. The run of 1 December makes invoice VL-00000001 over November:
//!
//! | line | amount | | journal | debit | credit |
//! |---|---|---|---|---|---|
//! | | | | top-up | processor 25.00 | credit 25.00 |
//! | | | | order, held | credit 1.06 | held 1.06 |
//! | | | | order, captured | held 1.06 | rental income 1.00, tax 0.06 |
//! | First month, paid with the order | 1.00 | | | | |
//! | Tax charged with the order | 0.06 | | | | |
//! | 6 minutes, 0.0510 exactly | 0.05 | | invoice issued | receivable 0.06 | usage income 0.05, tax 0.01 |
//! | Federal recovery on 0.0510 | 0.01 | | | | |
//! | State tax on 0.0510 | 0.00 | | | | |
//! | **Total** | **1.12** | | | | |
//! | Paid with the order | −1.06 | | | | |
//! | Taken from the balance | −0.06 | | invoice settled | credit 0.06 | receivable 0.06 |
//!
//! Her balance is 25.00 − 1.06 − 0.06 = 23.88, nothing is receivable, and the journal sums to zero.
//! No rent is due for November; December's invoice has it from the 16th: 16 of 31 days, 0.52.
//!
//! # Once
//!
//! An invoice is one transaction that begins with the lock of the billing account and ends with the
//! lock of the number series, so numbers have no gaps, twins wait for each other and find the work
//! done, and a killed run leaves nothing behind.

mod calls;
mod draft;
mod gather;
mod issue;
mod list;
mod period;
mod read;
mod run;
mod settle;
mod text;

pub use calls::{CallFile, CallsOf, call_file, calls_behind};
pub(crate) use period::end_of_first_month;

pub use draft::{Draft, DraftLine, LineKind, estimate};
pub use list::{Filter, ListedInvoice, list, open_list};
pub use period::{BadMonth, BillingMonth, Period, start_of_day};
pub use read::{
    BilledUsage, Invoice, LaterPayment, Line, Party, Registration, Seller, billed_usage, get, open,
};
pub use run::{InvoiceRun, Report, Run, mark_overdue, run};
pub use settle::{Settled, begin_payment, settle_all, settle_from_credit, settle_open};

use crate::{Fault, billing::journal::JournalError};
use voxlink_types::{
    error::{Explain, Status},
    money::MoneyError,
};

/// Why an invoice was not made, found or settled.
#[derive(Debug, thiserror::Error)]
pub enum InvoiceError {
    /// No such invoice of this tenant.
    #[error("There is no such invoice.")]
    NotFound,
    /// The month is still running.
    #[error("The period {0} has not ended. Wait for its end, or ask for the invoice early.")]
    NotOver(BillingMonth),
    /// Nothing is left to pay.
    #[error("This invoice is paid already.")]
    Paid,
    /// There is no money to take.
    #[error("Your balance is empty. Top it up first.")]
    NoCredit,
    /// An amount does not fit.
    #[error("The invoice cannot be added up: {0}.")]
    Sum(#[from] MoneyError),
    /// Our own failure.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for InvoiceError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl From<JournalError> for InvoiceError {
    fn from(error: JournalError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<InvoiceError> for Fault {
    /// For work in which nobody is there to read a sentence.
    fn from(error: InvoiceError) -> Self {
        match error {
            InvoiceError::Fault(fault) => fault,
            other => Self::Internal(other.to_string()),
        }
    }
}

impl Explain for InvoiceError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "invoice_not_found",
            Self::NotOver(_) => "period_not_over",
            Self::Paid => "invoice_paid",
            Self::NoCredit => "no_credit",
            Self::Sum(_) => "internal",
            Self::Fault(fault) => fault.code(),
        }
    }
    fn status(&self) -> Status {
        match self {
            Self::NotFound => Status::NotFound,
            Self::NotOver(_) | Self::Paid => Status::Conflict,
            Self::NoCredit => Status::PaymentRequired,
            Self::Sum(_) => Status::Internal,
            Self::Fault(fault) => fault.status(),
        }
    }
}
