//! What the evaluator is told and what it answers.

use super::{NodeName, Step};
use crate::{E164, text_enum};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What is known of a call at one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Who calls, as signalled; may be no number.
    pub caller: String,
    /// Who is called.
    pub called: E164,
    /// When.
    pub at: DateTime<Utc>,
    /// What came back from the last step.
    pub input: Input,
}

/// What came back from the last step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    /// Keys pressed.
    pub digits: Option<String>,
    /// How the dialled leg ended.
    pub dial: Option<DialOutcome>,
}

text_enum! {
    /// How a dialled leg ended.
    DialOutcome {
        /// Somebody took it; it is over now.
        Answered = "answered",
        /// The line was busy.
        Busy = "busy",
        /// Nobody took it.
        NoAnswer = "no_answer",
        /// It could not be put through.
        Failed = "failed",
        /// The caller gave up.
        Cancelled = "cancelled",
    }
}

/// What has just ended at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nothing: the call comes to the node now.
    Enter,
    /// The ringing of the target with this index, the last of all that rang.
    Rang(u16),
    /// The reading of the prompt, counted from 0.
    Asked(u8),
    /// The recording.
    Recorded,
}

/// Where in the plan a call goes on; it travels in the URL of the step's answer, so that no
/// server has to remember a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The node.
    pub node: NodeName,
    /// What has just ended there.
    pub stage: Stage,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stage {
            Stage::Enter => write!(f, "{}/enter", self.node),
            Stage::Rang(i) => write!(f, "{}/rang.{i}", self.node),
            Stage::Asked(i) => write!(f, "{}/asked.{i}", self.node),
            Stage::Recorded => write!(f, "{}/recorded", self.node),
        }
    }
}

impl FromStr for Position {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let bad = || format!("“{s}” is no position");
        let (node, stage) = s.split_once('/').ok_or_else(bad)?;
        let stage = match stage.split_once('.') {
            None if stage == "enter" => Stage::Enter,
            None if stage == "recorded" => Stage::Recorded,
            Some(("rang", n)) => Stage::Rang(n.parse().map_err(|_| bad())?),
            Some(("asked", n)) => Stage::Asked(n.parse().map_err(|_| bad())?),
            _ => return Err(bad()),
        };
        Ok(Self { node: node.parse()?, stage })
    }
}

text_enum! {
    /// What an answer comes to, for lists.
    Outcome {
        /// Somebody's telephone rings.
        Rings = "rings",
        /// The caller is asked for a key.
        Menu = "menu",
        /// The caller may leave a message.
        Voicemail = "voicemail",
        /// The call is refused.
        Rejected = "rejected",
        /// The call ends.
        Ended = "ended",
    }
}

/// One node a call went through and why it left it the way it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The node's name.
    pub node: String,
    /// Its title then.
    pub title: String,
    /// What was looked at, each with its value.
    pub because: Vec<String>,
    /// What was done.
    pub then: String,
}

/// The evaluator's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What the carrier shall do.
    pub steps: Vec<Step>,
    /// The way there.
    pub path: Vec<Visit>,
    /// What it comes to.
    pub outcome: Outcome,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_its_url() {
        for stage in [Stage::Enter, Stage::Rang(3), Stage::Asked(1), Stage::Recorded] {
            let position = Position { node: "desk-2".parse().unwrap(), stage };
            assert_eq!(position.to_string().parse(), Ok(position));
        }
        for bad in [
            "",
            "desk",
            "desk/",
            "desk/rang",
            "desk/rang.x",
            "De sk/enter",
            "../enter",
            "a/b/enter",
        ] {
            assert!(bad.parse::<Position>().is_err(), "{bad}");
        }
    }
}
