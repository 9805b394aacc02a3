//! What a number does when it rings: the plan, its evaluator, and the steps that come out.
//!
//! A [`Plan`] is a map of named [`Node`]s. [`evaluate`] walks it from a [`Position`] to the next
//! point where the carrier must act, and tells why it went that way. It is pure and total: the
//! server, the simulator beside the editor and the tests run the same code. [`Step`]s are the
//! carrier-neutral instructions of one answer; adapters write them in their carrier's language.

mod check;
mod clock;
mod describe;
mod differences;
mod edit;
#[cfg(feature = "zones")]
mod evaluate;
mod form;
mod hours;
#[cfg(feature = "zones")]
mod moment;
mod plan;
mod position;
#[cfg(feature = "zones")]
mod rehearse;
mod step;
mod typed;

pub use check::{Problem, check};
pub use clock::{BadClock, Clock, Interval};
pub use describe::describe;
pub use differences::differences;
pub use edit::edit;
#[cfg(feature = "zones")]
pub use evaluate::{Links, evaluate};
pub use form::read_form;
pub use hours::{Holiday, Hours};
#[cfg(feature = "zones")]
pub use hours::{Opening, next_change, opening};
#[cfg(feature = "zones")]
pub use moment::{Moment, moment};
pub use plan::{
    Address, Forward, Kind, LANGUAGES, Menu, Next, Node, NodeName, Plan, Ring, Voicemail,
};
pub use position::{Decision, DialOutcome, Facts, Input, Outcome, Position, Stage, Visit};
#[cfg(feature = "zones")]
pub use rehearse::{People, rehearse};
pub use step::{RejectReason, Step, Target, Voice};
pub use typed::Typed;
