//! Billing: rating, tax, invoices.

mod calls;
mod currency;
mod fixture;
mod invoices;
mod journal;
mod low_balance;
mod pdf;
mod rating;
mod seller;
mod settle;
mod tax;
