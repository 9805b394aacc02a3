//! What a number does when it rings: the plan, its evaluator, and the steps that come out.
//!
//! [`Step`]s are the carrier-neutral instructions of one answer; adapters write them in their
//! carrier's language.

mod step;

pub use step::{RejectReason, Step, Target, Voice};
