//! The instructions of one answer to a carrier, in no carrier's language.

use crate::{E164, text_enum};
use serde::{Deserialize, Serialize};

text_enum! {
    /// Why a call is refused without answering it: nobody pays.
    RejectReason {
        /// Plays "not in service".
        Rejected = "rejected",
        /// Plays the busy tone.
        Busy = "busy",
    }
}

text_enum! {
    /// Who reads texts aloud. Adapters map it to a voice that their carrier still has.
    Voice {
        /// A woman's voice.
        Woman = "woman",
        /// A man's voice.
        Man = "man",
    }
}

/// Where a call may be put through to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Target {
    /// A telephone.
    Number {
        /// Its number.
        number: E164,
    },
    /// A SIP address, `sip:user@host`.
    Sip {
        /// The address.
        uri: String,
    },
}

/// One instruction. URLs are absolute and ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// Reads a text aloud.
    Say {
        /// The text, as a person typed it; the adapter escapes it.
        text: String,
        /// Who reads.
        voice: Voice,
        /// BCP 47 tag: `en-US`.
        language: String,
    },
    /// Rings targets, all at once; the first to answer gets the call.
    Dial {
        /// Whom, at least one.
        targets: Vec<Target>,
        /// Seconds it rings before it gives up.
        timeout_seconds: u16,
        /// Asked what comes next when the leg has ended.
        then_url: String,
    },
    /// Reads a prompt and waits for one key.
    Gather {
        /// Read while keys are already taken.
        prompt: Vec<Step>,
        /// Seconds of silence before it gives up.
        timeout_seconds: u16,
        /// Asked what comes next, with the key, or without one when nobody pressed any.
        then_url: String,
    },
    /// Records what the caller says until they hang up, press # or time is over.
    Record {
        /// Longest recording in seconds.
        max_seconds: u16,
        /// Asked what comes next.
        then_url: String,
        /// Told when the recording can be had.
        recording_url: String,
    },
    /// Refuses the call; only as the first step.
    Reject {
        /// What the caller hears.
        reason: RejectReason,
    },
    /// Goes on with what another of our URLs answers.
    Redirect {
        /// The URL.
        url: String,
    },
    /// Ends the call.
    Hangup,
}
