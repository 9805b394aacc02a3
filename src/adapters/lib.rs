//! Vendors. Each adapter is a transport and pure transformers; none knows the others or the domain.

pub mod carriers;
pub mod mail;
pub mod payments;
pub mod switchboards;
pub mod twiml;
