//! Money: journal, payments, tax, usage, invoices.

pub mod account;
pub mod address;
pub mod books;
pub mod export;
pub mod invoices;
pub mod journal;
pub mod low_balance;
pub mod payments;
pub mod pdf;
pub mod seller;
pub mod tax;
pub mod usage;
pub mod vat;
