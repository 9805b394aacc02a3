//! Money: journal, payments, tax, usage, invoices.

pub mod usage;
