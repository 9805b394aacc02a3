//! Billing: rating, tax, invoices.

mod fixture;
mod invoices;
mod rating;
mod tax;
