//! The pages.
//!
//! A page is an axum handler: it asks a domain verb, and gives the answer to a view, which becomes
//! HTML in one go. A form posts to the path of its page; on success the handler answers 303, on
//! bad input it renders the page again with what was typed and the errors. [`routes`] is the
//! table of contents.

pub mod access;
pub mod pages;
pub mod render;
mod route;

pub use route::{Access, App, Route, routes};
