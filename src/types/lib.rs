//! VoxLink's vocabulary: what everything else talks about, with no input or output of its own.
//!
//! It builds for the server and for wasm, so the browser's islands and the server mean the same
//! thing by a number, a price or a routing plan. Nothing here reads a clock, a session or a file.

mod text_enum;

pub mod call;
pub mod country;
pub mod e164;
pub mod error;
pub mod filter;
#[cfg(feature = "gazetteer")]
pub mod gazetteer;
pub mod ids;
pub mod message;
pub mod money;
pub mod notice;
pub mod number;
pub mod order;
pub mod page;
pub mod paper;
#[cfg(feature = "numbering")]
pub mod plan;
pub mod rating;
pub mod role;
pub mod routing;
pub mod sip;

pub use e164::E164;
pub use money::{Currency, Money};
pub use page::{Page, PageRequest, Paging};
