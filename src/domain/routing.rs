//! What a number does: drafts, versions, publishing, the plans kept in memory.
//!
//! A number has at most one draft, which may change, and any number of versions that were
//! published, which never do. Publishing moves the draft into service; rolling back publishes a
//! copy of an old version, so that history only grows. [`Table`] holds what is in service in
//! memory: answering a call ([`answer()`]) touches no database at all.

mod answer;
mod circle;
mod draft;
mod error;
mod publish;
mod table;
mod versions;

pub(crate) use answer::signalled;
pub use answer::{Answer, Question, answer};
pub use circle::circle;
pub use draft::{discard_draft, normalise, save_draft};
pub use error::RoutingError;
pub use publish::{publish, roll_back};
pub use table::{Held, Line, Service, Source, Table};
pub use versions::{Editing, Past, Version, VersionState, editing, history, plan_of};
