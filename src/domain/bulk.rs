//! Work on many numbers by a sheet: buy, release, configure, tag, assign, a row for each.
//!
//! A sheet is read at once ([`create`]); what is wrong with it as a whole is refused with its
//! remedy, what is wrong with a row stands at the row. Then a job looks at every row and says what
//! would happen, or why not (the rehearsal); nothing is changed by it. The person sees that, the sum
//! of the prices with it, and starts the run ([`start`]) or throws it away ([`discard`]).
//!
//! Promises:
//! - A row is carried out once. Its mark is written in the transaction of its work, so the run and
//!   the row are its key: a worker that is killed leaves it done or not begun, never half.
//! - A bad row sinks nothing: it is refused with a sentence, and the next one comes.
//! - A run can be stopped between two rows and goes on where it was.
//! - A row costs at most what its rehearsal said; else it is refused, and nothing is charged.
//! - A purchase is an order like any other ([`crate::orders`]), paid from the balance.

mod apply;
mod buy;
mod carry_out;
mod error;
mod file;
mod read;
mod rehearse;
mod run;
mod settle;
mod task;
mod work;

pub use error::BulkError;
pub use file::{ReadRow, read_rows, template};
pub use read::{Counts, Line, Run, get, line_count, lines, list, result};
pub use run::{create, discard, resume, start, stop};
pub use work::{ContinueSheet, carry_on};

use voxlink_types::text_enum;

/// Most rows of a sheet.
pub const MOST_ROWS: usize = 1_000;
/// Largest sheet, in bytes.
pub const LARGEST: usize = 1024 * 1024;
/// Most numbers that one row buys.
pub const MOST_OF_A_ROW: u32 = 50;

text_enum! {
    /// What is done with each row.
    Action {
        /// Buy a number, or several like what is asked for.
        Buy = "buy",
        /// Ask for its release.
        Release = "release",
        /// Publish what it does.
        Configure = "configure",
        /// Put tags on and take tags off.
        Tag = "tag",
        /// Assign it to a campaign.
        Assign = "assign",
    }
}

impl Action {
    /// The words for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Buy => "Buy numbers",
            Self::Release => "Release numbers",
            Self::Configure => "Set up numbers",
            Self::Tag => "Tag numbers",
            Self::Assign => "Assign numbers to campaigns",
        }
    }

    /// What its sheet says, in a sentence.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Buy => {
                "A number, or how many like what you describe: country, area code, digits, town. Paid from your balance; the prices are told before."
            }
            Self::Release => "Numbers to give back. Each can be undone for some days.",
            Self::Configure => {
                "For each number whose published plan it takes over, or the number that it forwards to."
            }
            Self::Tag => "Tags to put on and to take off, separated by commas.",
            Self::Assign => "The campaign of each number, by its name; left empty, none.",
        }
    }

    /// The columns of its sheet, in their order.
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Buy => &[
                "number",
                "country",
                "type",
                "area_code",
                "digits",
                "town",
                "region",
                "can",
                "max_monthly",
                "count",
            ],
            Self::Release => &["number", "reason"],
            Self::Configure => &["number", "copy_from", "forward_to"],
            Self::Tag => &["number", "add", "remove"],
            Self::Assign => &["number", "campaign"],
        }
    }

    /// The columns that must be there.
    const fn required(self) -> &'static [&'static str] {
        match self {
            Self::Buy => &[],
            Self::Release | Self::Configure | Self::Tag => &["number"],
            Self::Assign => &["number", "campaign"],
        }
    }
}

text_enum! {
    /// Where a run stands.
    RunState {
        /// Its rows are looked at; nothing is changed.
        Rehearsing = "rehearsing",
        /// It waits for the person to start it.
        Ready = "ready",
        /// Its rows are carried out.
        Running = "running",
        /// The person, or a right that was taken away, stopped it.
        Stopped = "stopped",
        /// Every row came to an end.
        Finished = "finished",
    }
}

impl RunState {
    /// The words for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Rehearsing => "Being looked at",
            Self::Ready => "Ready to start",
            Self::Running => "Running",
            Self::Stopped => "Stopped",
            Self::Finished => "Finished",
        }
    }
}

text_enum! {
    /// Where a row stands.
    LineState {
        /// Nobody has looked at it.
        Waiting = "waiting",
        /// It can be done.
        Ready = "ready",
        /// Its order is being fulfilled.
        Ordered = "ordered",
        /// Done.
        Done = "done",
        /// Not done, with the reason.
        Refused = "refused",
    }
}

impl LineState {
    /// The words for people, and in the result file.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Ready => "Ready",
            Self::Ordered => "Being bought",
            Self::Done => "Done",
            Self::Refused => "Not done",
        }
    }

    /// The words while the run stands there: before anything was tried, nothing is left undone yet.
    pub const fn label_in(self, run: RunState) -> &'static str {
        match (self, run) {
            (Self::Refused, RunState::Rehearsing | RunState::Ready) => "Cannot be done",
            _ => self.label(),
        }
    }
}
