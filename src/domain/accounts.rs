//! People and companies: registration, sign-in, sessions, roles, suspension.

mod visitor;

pub use visitor::{Member, Visitor};
