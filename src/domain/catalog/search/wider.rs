//! What to leave out of a search that finds nothing.

use super::{Found, among};
use crate::{
    Platform,
    catalog::{Sort, Wish},
};
use voxlink_types::PageRequest;

/// What a search finds with one condition left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wider {
    /// The condition, by its field: `near`, `digits`, `area`, …
    pub field: &'static str,
    /// Numbers found, up to one page.
    pub found: usize,
    /// There are more.
    pub more: bool,
}

/// For a search that finds nothing: which single condition to leave out, and what is found then,
/// most first. Conditions without which there is still nothing are not named.
/// Carriers that did not answer when it `found` nothing are not asked again, and the page's time is
/// not spent a second time.
pub async fn wider(platform: &Platform, wish: &Wish, found: &Found) -> Vec<Wider> {
    let (unanswered, until) = (found.unanswered(), found.until);
    let unanswered = &unanswered;
    let first = PageRequest::new(1, wish.page.size);
    let without = [
        ("near", !wish.near.is_empty()),
        ("digits", !wish.contains.is_empty()),
        ("area", !wish.area_code.is_empty()),
        ("locality", !wish.locality.is_empty()),
        ("region", !wish.region.is_empty()),
        ("postal", !wish.postal_code.is_empty()),
        ("rate_centre", !wish.rate_centre.is_empty()),
        ("lata", !wish.lata.is_empty()),
        ("exclude", !wish.exclude.is_empty()),
        ("type", !wish.types.is_empty()),
        ("can", !wish.capabilities.is_empty()),
        ("papers", wish.no_papers),
        ("max", wish.max_monthly.is_some()),
    ];
    let asked = without.into_iter().filter(|(_, given)| *given).map(|(field, _)| async move {
        let mut wider = Wish { page: first, sort: Sort::Number, ..wish.clone() };
        match field {
            "near" => wider.near.clear(),
            "digits" => wider.contains.clear(),
            "area" => wider.area_code.clear(),
            "locality" => wider.locality.clear(),
            "region" => wider.region.clear(),
            "postal" => wider.postal_code.clear(),
            "rate_centre" => wider.rate_centre.clear(),
            "lata" => wider.lata.clear(),
            "exclude" => wider.exclude.clear(),
            "type" => wider.types.clear(),
            "can" => wider.capabilities.clear(),
            "papers" => wider.no_papers = false,
            _ => wider.max_monthly = None,
        }
        let found = among(platform, &wider, unanswered, [until, until]).await.ok()?;
        Some(Wider { field, found: found.hits.len(), more: found.more })
    });
    let mut answers: Vec<Wider> = futures::future::join_all(asked)
        .await
        .into_iter()
        .flatten()
        .filter(|w| w.found > 0)
        .collect();
    answers.sort_by_key(|w| (!w.more, std::cmp::Reverse(w.found)));
    answers
}
