//! The pages.
//!
//! A page is an axum handler: it asks a domain verb, and gives the answer to a view, which becomes
//! HTML in one go. A form posts to the path of its page; on success the handler answers 303, on
//! bad input it renders the page again with what was typed and the errors. [`routes`] is the
//! table of contents.

pub mod access;
pub mod assets;
mod back;
pub mod errors;
pub mod flash;
pub mod forms;
pub mod layout;
pub mod look;
pub mod pages;
mod query;
pub mod render;
mod route;
pub mod ui;

pub use errors::{Answer, PageError, refusal_page};
pub use flash::Flash;
pub use forms::Wrong;
pub use layout::error_words;
pub use render::Screen;
pub use route::{Access, App, Route, nothing_here, pages as mounted_pages, routes};
