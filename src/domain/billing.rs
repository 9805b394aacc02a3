//! Money: journal, payments, tax, usage, invoices.

pub mod journal;
pub mod tax;
pub mod usage;
