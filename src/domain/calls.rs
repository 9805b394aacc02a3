//! Calls: their records, and what is told of them.
//!
//! A call is answered from memory ([`crate::routing::answer()`]); what was decided, and every event
//! the carrier tells afterwards, is [`News`]. News comes doubled, late, out of order and in
//! contradiction, from several servers at once. [`write`] folds it into one record per call: the
//! state with the highest rank stands, times are the earliest told, the first duration told is the
//! one that is billed, and a completed call is rated once.

mod dated;
mod export;
mod list;
mod news;
mod record;

pub use dated::{dated, kept_times};
pub use export::{EXPORT_LIMIT, export};
pub use list::{Asked, Call, CallFilter, CallRow, call, calls, last_calls};
pub use news::{Heard, News, RecordingNews, StatusNews};
pub use record::{Written, write};
