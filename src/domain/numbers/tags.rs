//! Tags: short words in one spelling, so that “Sales ” and “sales” are the same.

use super::NumberError;

/// Most tags on a number.
const MOST: usize = 20;
/// Longest tag, in characters.
const LONGEST: usize = 32;

/// A tag in its one spelling: lowercase, inner blanks as `-`.
pub fn normalise(typed: &str) -> Result<String, NumberError> {
    let tag = typed.split_whitespace().collect::<Vec<_>>().join("-").to_lowercase();
    let fits = |c: char| c.is_alphanumeric() || "-_.:".contains(c);
    if tag.is_empty() || tag.chars().count() > LONGEST || !tag.chars().all(fits) {
        return Err(NumberError::Tag(typed.trim().chars().take(40).collect()));
    }
    Ok(tag)
}

/// The tags of one number: normalised, sorted, no two alike, not too many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags(Vec<String>);

impl Tags {
    /// Reads what a person typed, separated by commas or lines.
    pub fn parse(typed: &str) -> Result<Self, NumberError> {
        let words = typed.split([',', '\n']).map(str::trim).filter(|t| !t.is_empty());
        Self::of(words.map(normalise).collect::<Result<_, _>>()?)
    }

    /// These with more.
    pub fn with(&self, more: &Self) -> Result<Self, NumberError> {
        Self::of(self.0.iter().chain(&more.0).cloned().collect())
    }

    /// These without some.
    #[must_use]
    pub fn without(&self, fewer: &Self) -> Self {
        Self(self.0.iter().filter(|t| !fewer.0.contains(t)).cloned().collect())
    }

    /// What is stored.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// Takes over what is stored.
    pub(super) fn stored(mut tags: Vec<String>) -> Self {
        tags.sort();
        Self(tags)
    }

    fn of(mut tags: Vec<String>) -> Result<Self, NumberError> {
        tags.sort();
        tags.dedup();
        if tags.len() > MOST { Err(NumberError::TooManyTags) } else { Ok(Self(tags)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_for_each_tag() {
        let tags = Tags::parse(" Sales,front  desk\nsales, ÉTÉ,, ").unwrap();
        assert_eq!(tags.as_slice(), ["front-desk", "sales", "été"]);
        assert!(matches!(Tags::parse("a<b"), Err(NumberError::Tag(t)) if t == "a<b"));
        assert!(Tags::parse(&"x".repeat(33)).is_err());
        let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
        assert!(matches!(Tags::parse(&many.join(",")), Err(NumberError::TooManyTags)));
    }
}
