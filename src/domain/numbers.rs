//! The numbers a tenant has: list, detail, names and tags, suspension, release.
//!
//! What a number is stands in `inventory`, who has it since when and for what price in
//! `subscriptions`, what it does in `number_configurations` (see [`crate::routing`]). Every move
//! in a number's life goes through [`NumberState::may_become`], with a row of `number_events` and
//! one of the audit log in the same transaction. Nothing here calls a carrier in a transaction:
//! names and releases are stored with us first and carried out by jobs.
//!
//! Decisions:
//! - A release silences the number at once: it becomes suspended with no message of its own, so
//!   callers hear the installation's. Until `release_at` ([`crate::Settings::release_grace_days`]
//!   later) it can be undone and nothing has happened at the carrier; then the job gives it back.
//!   Where that job failed for good, a sweep has it tried again every hour.
//!   Where the carrier keeps it for its last owner, that tenant may buy it back for some days more.
//! - Names shown at the carrier are `desired` first and `confirmed` when the carrier has them. A job
//!   tells the carrier and is tried again while it is down. Every night what is not confirmed is
//!   told once more, and the audit ([`crate::inventory`]) compares with the carrier's list.

mod bulk;
mod carrier_side;
mod detail;
mod edit;
mod error;
mod export;
mod filter;
mod kept;
mod lifecycle;
mod list;
mod release;
mod rental;
mod suspend;
mod tags;
mod take_back;

pub use bulk::{
    BulkAction, BulkRow, BulkRun, ContinueBulkRun, RowState, Selection, bulk_run, carry_on, start,
};
pub use carrier_side::{
    ApplySettings, CarrierSideError, apply_settings, settings_for, sweep_releases, sweep_settings,
};
pub use detail::{
    CarrierFacts, Detail, Event, RecentCall, Totals, carrier_facts, detail, events, recent_calls,
    totals,
};
pub use edit::{change_tags, rename, set_notes, set_tags};
pub use error::NumberError;
pub use export::{Export, bulk_result, export};
pub use filter::{Filter, Sort};
pub use kept::kept_at_least;
pub use list::{Facets, Row, facets, list, matching, rows};
pub use release::{CarryOutRelease, Consequences, carry_out, consequences, release, undo};
pub(crate) use release::{OWN_CARRIERS, next_try, rests_until};
pub use suspend::{resume, suspend};
pub use tags::{Tags, normalise};
pub use take_back::{TakeBack, to_take_back};
