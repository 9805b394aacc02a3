//! Billing: rating, tax, invoices.

mod fixture;
mod rating;
mod tax;
