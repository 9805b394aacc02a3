//! Billing: rating, tax, invoices.

mod fixture;
mod invoices;
mod pdf;
mod rating;
mod tax;
