//! Money: journal, payments, tax, usage, invoices.

pub mod journal;
pub mod usage;
