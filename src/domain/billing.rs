//! Money: journal, payments, tax, usage, invoices.

pub mod account;
pub mod address;
pub mod export;
pub mod invoices;
pub mod journal;
pub mod payments;
pub mod pdf;
pub mod tax;
pub mod usage;
