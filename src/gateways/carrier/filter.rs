//! One filter language for all carriers, and who applies what: the carrier, we on its answer, or
//! nobody because the answer does not tell.

use super::{Offer, SearchQuery};
use std::collections::BTreeSet;

pub use voxlink_types::filter::Filter;

/// What a carrier found, and which conditions it saw to itself. The others are ours to apply.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Findings {
    /// The numbers, best match first.
    pub offers: Vec<Offer>,
    /// The conditions that hold for every one of them.
    pub applied: BTreeSet<Filter>,
    /// Those of [`Findings::applied`] that the adapter checked on what came, because the carrier
    /// cannot be asked for them, or not surely.
    pub checked: BTreeSet<Filter>,
}

impl SearchQuery {
    /// The conditions that are set.
    pub fn given(&self) -> BTreeSet<Filter> {
        let set = |filter: &Filter| match filter {
            Filter::AreaCode => self.area_code.is_some(),
            Filter::Contains => self.contains.is_some(),
            Filter::Exclude => !self.exclude.is_empty(),
            Filter::Locality => self.locality.is_some(),
            Filter::Region => self.region.is_some(),
            Filter::PostalCode => self.postal_code.is_some(),
            Filter::RateCentre => self.rate_centre.is_some(),
            Filter::Lata => self.lata.is_some(),
            Filter::Near => self.near.is_some(),
            Filter::Capabilities => !self.capabilities.is_empty(),
            Filter::NoPapers => self.no_papers,
        };
        Filter::ALL.iter().copied().filter(set).collect()
    }

    /// Whether an offer meets one condition; `None` when the offer does not tell. A condition that
    /// is not set is met.
    pub fn met_by(&self, filter: Filter, offer: &Offer) -> Option<bool> {
        let same = |wanted: &Option<String>, there: &Option<String>| match (wanted, there) {
            (None, _) => Some(true),
            (Some(_), None) => None,
            (Some(wanted), Some(there)) => Some(wanted.eq_ignore_ascii_case(there)),
        };
        match filter {
            Filter::AreaCode => Some(
                self.area_code
                    .as_ref()
                    .is_none_or(|code| offer.national().starts_with(code.as_str())),
            ),
            Filter::Contains => {
                Some(self.contains.as_ref().is_none_or(|p| occurs(p, offer.national())))
            }
            Filter::Exclude => Some(!self.exclude.iter().any(|p| occurs(p, offer.national()))),
            Filter::Locality => match (&self.locality, &offer.locality) {
                (None, _) => Some(true),
                (Some(_), None) => None,
                (Some(wanted), Some(there)) => {
                    Some(there.to_lowercase().starts_with(&wanted.to_lowercase()))
                }
            },
            Filter::Region => same(&self.region, &offer.region),
            Filter::PostalCode => same(&self.postal_code, &offer.postal_code),
            Filter::RateCentre => same(&self.rate_centre, &offer.rate_centre),
            Filter::Lata => same(&self.lata, &offer.lata),
            Filter::Near => match (self.near, offer.distance_km) {
                (None, _) => Some(true),
                (Some(_), None) => None,
                (Some(near), Some(km)) => Some(km <= near.within_km),
            },
            Filter::Capabilities => {
                Some(self.capabilities.iter().all(|c| offer.capabilities.contains(c)))
            }
            Filter::NoPapers => Some(
                !self.no_papers || offer.requirement == voxlink_types::number::Requirement::None,
            ),
        }
    }

    /// Whether an offer visibly breaks a condition, whatever its carrier says that it searched by.
    /// Names of places are spelled in more than one way and are left to the carrier; regions are
    /// compared where both are codes of two letters.
    pub fn belied_by(&self, filter: Filter, offer: &Offer) -> bool {
        let code = |r: &String| r.len() == 2 && r.bytes().all(|b| b.is_ascii_alphabetic());
        let visible = match filter {
            Filter::AreaCode | Filter::Contains | Filter::Exclude | Filter::Capabilities => true,
            Filter::Region => [&self.region, &offer.region].into_iter().flatten().all(code),
            Filter::Locality
            | Filter::PostalCode
            | Filter::RateCentre
            | Filter::Lata
            | Filter::Near
            | Filter::NoPapers => false,
        };
        visible && self.met_by(filter, offer) == Some(false)
    }
}

/// Whether a pattern of digits and `?` occurs somewhere in `digits`.
fn occurs(pattern: &str, digits: &str) -> bool {
    let (pattern, digits) = (pattern.as_bytes(), digits.as_bytes());
    !pattern.is_empty()
        && digits.windows(pattern.len()).any(|part| {
            part.iter().zip(pattern).all(|(digit, wanted)| *wanted == b'?' || digit == wanted)
        })
}

#[cfg(test)]
mod tests {
    use super::occurs;

    #[test]
    fn patterns_occur_anywhere() {
        for (pattern, digits, there) in [
            ("42", "6174200", true),
            ("4?0", "6174200", true),
            ("7??0", "6174200", true),
            ("00?", "6174200", false),
            ("99", "6174200", false),
            ("61742001", "6174200", false),
        ] {
            assert_eq!(occurs(pattern, digits), there, "{pattern} in {digits}");
        }
    }
}
