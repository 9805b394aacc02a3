//! Money: journal, payments, tax, usage, invoices.

pub mod usage;
pub mod journal;
