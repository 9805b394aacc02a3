//! The widgets that need wasm: only what a person manipulates. A page works without them.
//!
//! A prop of an island stands readable in the page: give view data, never a row or a secret.

mod countdown;
mod palette;
mod plan_editor;

pub use countdown::Countdown;
pub use palette::{Destination, Palette};
pub use plan_editor::{PlanEditor, Preview};
