//! What the carrier in memory understands, how it feels, and what it does behind our back.

use crate::carrier::Filter;

/// What it searches by: it knows no postal codes, rate centres or LATAs.
pub(super) const SEARCHES_BY: &[Filter] = &[
    Filter::AreaCode,
    Filter::Contains,
    Filter::Exclude,
    Filter::Locality,
    Filter::Region,
    Filter::Near,
    Filter::Capabilities,
    Filter::NoPapers,
];

/// How the carrier answers questions about what it sells, and takes settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mood {
    /// At once.
    #[default]
    Well,
    /// Never: who asks gives up.
    Slow,
    /// That it fails.
    Dead,
}

/// What happens to a number at the carrier behind our back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meddling {
    /// It is taken away.
    Lose,
    /// It does not ring any more.
    Silence,
    /// It calls this address when somebody rings.
    Redirect(String),
}
