//! Tests of `domain::orders` and the money around it.

mod accounts;
mod checkout;
mod dues;
mod journal;
mod orphans;
mod papers;
mod payments;
mod saga;
pub(crate) mod shop;
mod strategies;
