//! The plan as it is stored: JSON in a version of a number's configuration.

use super::{Hours, RejectReason, Target, Typed, Voice};
use crate::text_enum;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// A node's name inside its plan: 1 to 32 of `a-z 0-9 -`. It stands in URLs and form fields.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NodeName(String);

impl NodeName {
    /// The text of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NodeName {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let fits = (1..=32).contains(&s.len())
            && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(s.to_owned())) } else { Err(format!("“{s}” cannot name a node")) }
    }
}

impl TryFrom<String> for NodeName {
    type Error = String;
    fn try_from(s: String) -> Result<Self, String> {
        s.parse()
    }
}

impl From<NodeName> for String {
    fn from(name: NodeName) -> Self {
        name.0
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a number does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The format of this document; [`Plan::FORMAT`] is the newest.
    pub format: u16,
    /// Where a call comes in.
    pub entry: NodeName,
    /// The nodes by name.
    pub nodes: BTreeMap<NodeName, Node>,
    /// Who reads the texts.
    pub voice: Voice,
    /// In which language, BCP 47.
    pub language: String,
}

/// The languages that texts are read in: BCP 47 tags and their names.
pub const LANGUAGES: &[(&str, &str)] = &[
    ("en-US", "English (US)"),
    ("en-GB", "English (UK)"),
    ("de-DE", "German"),
    ("nl-NL", "Dutch"),
    ("sv-SE", "Swedish"),
    ("fr-FR", "French"),
    ("es-ES", "Spanish"),
];

/// One point of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// As people call it.
    pub title: String,
    /// What happens here.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What happens at a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// Rings somebody.
    Forward(Forward),
    /// Goes by the time.
    Hours(Hours),
    /// Asks for a key.
    Menu(Menu),
    /// Takes a message.
    Voicemail(Voicemail),
    /// Refuses the call.
    Reject {
        /// What the caller hears.
        reason: RejectReason,
    },
    /// Reads a text.
    Message {
        /// The text.
        text: String,
        /// What comes then.
        next: Option<Next>,
    },
}

/// Where a branch leads. A branch that is not set yet is `None` in the plan, and a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// To another node.
    Node(NodeName),
    /// The call ends.
    HangUp,
}

text_enum! {
    /// How several targets ring.
    Ring {
        /// All at once; the first to answer has it.
        AllAtOnce = "all_at_once",
        /// One after the other.
        InOrder = "in_order",
    }
}

/// Rings one or several targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forward {
    /// Whom.
    pub targets: Vec<Address>,
    /// How.
    pub ring: Ring,
    /// Seconds before it gives up, 5 to 120; in order: for each.
    pub timeout_seconds: Typed<u16>,
    /// When nobody answers, or it cannot be put through.
    pub no_answer: Option<Next>,
    /// When the line is busy; none: as for no answer.
    pub busy: Option<Next>,
}

/// Whom to ring, as a person typed it, so that a draft can hold what is not right yet.
/// [`Address::target`] says what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(pub String);

impl Address {
    /// The telephone or SIP address it is, if it is one.
    pub fn target(&self) -> Option<Target> {
        let text = self.0.trim();
        if let Some(rest) = text.strip_prefix("sip:").or_else(|| text.strip_prefix("sips:")) {
            let (user, host) = rest.split_once('@')?;
            let plain = |s: &str, more: &str| {
                !s.is_empty() && s.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
            };
            let good = plain(user, "-_.+!~*'()%") && plain(host, "-.:;=[]") && text.len() <= 255;
            return good.then(|| Target::Sip { uri: text.to_owned() });
        }
        text.parse().ok().map(|number| Target::Number { number })
    }
}

/// Asks for a key and goes by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Menu {
    /// What is read.
    pub prompt: String,
    /// Keys and where they lead, in the order shown.
    pub keys: Vec<(Typed<char>, Option<Next>)>,
    /// Seconds of silence before it counts as no input, 1 to 60.
    pub timeout_seconds: Typed<u16>,
    /// How often the prompt is read before it goes on, 1 to 5.
    pub tries: Typed<u8>,
    /// When no key was pressed.
    pub no_input: Option<Next>,
    /// When a key was pressed that leads nowhere; none: as for no input.
    pub no_match: Option<Next>,
}

/// Takes a message; the call ends afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voicemail {
    /// What is read before the tone.
    pub greeting: String,
    /// Longest message in seconds, 5 to 600.
    pub max_seconds: Typed<u16>,
}

impl Plan {
    /// The format written now.
    pub const FORMAT: u16 = 1;

    /// What a number does before anybody has said what it shall do: it takes a message.
    pub fn neutral() -> Self {
        let voicemail = Voicemail {
            greeting: "Nobody can take your call now. Please leave a message after the tone."
                .to_owned(),
            max_seconds: 120.into(),
        };
        Self::of_one("Voicemail", Kind::Voicemail(voicemail))
    }

    /// A plan of one node.
    pub fn of_one(title: &str, kind: Kind) -> Self {
        let name = NodeName("start".to_owned());
        let node = Node { title: title.to_owned(), kind };
        Self {
            format: Self::FORMAT,
            entry: name.clone(),
            nodes: BTreeMap::from([(name, node)]),
            voice: Voice::Woman,
            language: "en-US".to_owned(),
        }
    }

    /// Adds a node of a kind (a word of [`Kind::WORDS`]) with useful values and gives its name.
    pub fn add(&mut self, kind: &str, zone: &str) -> Option<NodeName> {
        let (title, kind) = Kind::fresh(kind, zone)?;
        let base = title.to_lowercase().replace(' ', "-");
        let name = (1..=u32::from(u8::MAX))
            .map(|n| NodeName(if n == 1 { base.clone() } else { format!("{base}-{n}") }))
            .find(|n| !self.nodes.contains_key(n))?;
        let used = self.nodes.values().filter(|n| n.title.starts_with(title)).count();
        let title = if used == 0 { title.to_owned() } else { format!("{title} {}", used + 1) };
        self.nodes.insert(name.clone(), Node { title, kind });
        Some(name)
    }

    /// Leads the branch of a new first node that fits best to what came first before, so that it
    /// stays on the way: outside the hours, when nobody answers, without a key, afterwards.
    pub(super) fn lead_on(&mut self, name: &NodeName, before: Option<NodeName>) {
        let Some(before) = before.filter(|b| self.nodes.contains_key(b)) else { return };
        let Some(node) = self.nodes.get_mut(name) else { return };
        for field in ["closed", "no_answer", "no_input", "next"] {
            if let Some(branch) = node.kind.branch_mut(field) {
                *branch = Some(Next::Node(before));
                return;
            }
        }
    }

    /// A node's title, or its name where the node is missing.
    pub fn title<'a>(&'a self, name: &'a NodeName) -> &'a str {
        self.nodes.get(name).map_or(name.as_str(), |n| n.title.as_str())
    }

    /// Where a branch leads, in words.
    pub fn says(&self, next: Option<&Next>) -> String {
        match next {
            Some(Next::Node(name)) => format!("“{}”", self.title(name)),
            Some(Next::HangUp) => "hang up".to_owned(),
            None => "nothing".to_owned(),
        }
    }
}

impl Kind {
    /// The words of all kinds, with what people call them.
    pub const WORDS: &'static [(&'static str, &'static str)] = &[
        ("forward", "Ring somebody"),
        ("hours", "Go by the time"),
        ("menu", "Ask for a key"),
        ("voicemail", "Take a message"),
        ("message", "Read a text"),
        ("reject", "Refuse the call"),
    ];

    /// The word of this kind.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Forward(_) => "forward",
            Self::Hours(_) => "hours",
            Self::Menu(_) => "menu",
            Self::Voicemail(_) => "voicemail",
            Self::Reject { .. } => "reject",
            Self::Message { .. } => "message",
        }
    }

    /// A title and a node's beginnings for a kind's word.
    fn fresh(word: &str, zone: &str) -> Option<(&'static str, Self)> {
        Some(match word {
            "forward" => (
                "Desk",
                Self::Forward(Forward {
                    targets: vec![Address(String::new())],
                    ring: Ring::AllAtOnce,
                    timeout_seconds: 20.into(),
                    no_answer: None,
                    busy: None,
                }),
            ),
            "hours" => ("Office hours", Self::Hours(Hours::office(zone))),
            "menu" => (
                "Menu",
                Self::Menu(Menu {
                    prompt: "Thank you for calling. Press 1 for sales, or 2 for support."
                        .to_owned(),
                    keys: vec![('1'.into(), None), ('2'.into(), None)],
                    timeout_seconds: 6.into(),
                    tries: 2.into(),
                    no_input: None,
                    no_match: None,
                }),
            ),
            "voicemail" => (
                "Voicemail",
                Self::Voicemail(Voicemail {
                    greeting:
                        "We cannot take your call now. Please leave a message after the tone."
                            .to_owned(),
                    max_seconds: 120.into(),
                }),
            ),
            "reject" => ("Refuse", Self::Reject { reason: RejectReason::Busy }),
            "message" => (
                "Announcement",
                Self::Message {
                    text: "Thank you for calling.".to_owned(),
                    next: Some(Next::HangUp),
                },
            ),
            _ => return None,
        })
    }

    /// The branches of a node: a field's name, what people call it, and where it leads. A branch
    /// that may be left out says so by the last value.
    pub fn branches(&self) -> Vec<(String, String, Option<&Next>, bool)> {
        let must =
            |field: &str, label: &str, next| (field.to_owned(), label.to_owned(), next, false);
        let may = |field: &str, label: &str, next| (field.to_owned(), label.to_owned(), next, true);
        match self {
            Self::Forward(f) => vec![
                must("no_answer", "When nobody answers", f.no_answer.as_ref()),
                may("busy", "When the line is busy", f.busy.as_ref()),
            ],
            Self::Hours(h) => {
                let mut branches = vec![
                    must("open", "While open", h.open.as_ref()),
                    must("closed", "While closed", h.closed.as_ref()),
                ];
                if !h.holidays.is_empty() {
                    branches.push(may("holiday", "On holidays", h.holiday.as_ref()));
                }
                branches
            }
            Self::Menu(m) => m
                .keys
                .iter()
                .enumerate()
                .map(|(i, (key, next))| {
                    must(&format!("key.{i}.next"), &format!("Key {key}"), next.as_ref())
                })
                .chain([
                    must("no_input", "When no key is pressed", m.no_input.as_ref()),
                    may("no_match", "When the key leads nowhere", m.no_match.as_ref()),
                ])
                .collect(),
            Self::Message { next, .. } => vec![must("next", "Then", next.as_ref())],
            Self::Voicemail(_) | Self::Reject { .. } => Vec::new(),
        }
    }

    /// The same branch to be changed, by its field's name.
    pub fn branch_mut(&mut self, field: &str) -> Option<&mut Option<Next>> {
        match (self, field) {
            (Self::Forward(f), "no_answer") => Some(&mut f.no_answer),
            (Self::Forward(f), "busy") => Some(&mut f.busy),
            (Self::Hours(h), "open") => Some(&mut h.open),
            (Self::Hours(h), "closed") => Some(&mut h.closed),
            (Self::Hours(h), "holiday") => Some(&mut h.holiday),
            (Self::Menu(m), "no_input") => Some(&mut m.no_input),
            (Self::Menu(m), "no_match") => Some(&mut m.no_match),
            (Self::Menu(m), key) => {
                let index: usize = key.strip_prefix("key.")?.strip_suffix(".next")?.parse().ok()?;
                m.keys.get_mut(index).map(|(_, next)| next)
            }
            (Self::Message { next, .. }, "next") => Some(next),
            _ => None,
        }
    }
}
