//! Under which conditions the numbers found are offered: who has them, how old that is, how long
//! they can be held, which carriers kept silent, and who saw to each condition of the search.

use crate::{
    flash::Tone,
    render::Zone,
    ui::{Fold, Notice},
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use leptos::prelude::*;
use voxlink_domain::catalog::{By, Checked, Found, Hit};
use voxlink_types::filter::Filter;

/// An instant of today, in the person's zone.
fn clock(at: DateTime<Utc>) -> String {
    let zone = use_context::<Zone>().map_or(Tz::UTC, |zone| zone.0);
    at.with_timezone(&zone).format("%H:%M").to_string()
}

/// `Twilio`, `Twilio and Telnyx`, `Twilio, Telnyx and Bandwidth`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Which carriers did not answer, and whose numbers are missing or old for that.
pub(super) fn silent(found: &Found) -> impl IntoView + use<> {
    let missing = (!found.silent.is_empty()).then(|| {
        let names = listed(&found.silent);
        let whose = if found.silent.len() == 1 { "its" } else { "their" };
        format!("{names} did not answer in time: {whose} numbers are missing.")
    });
    let old = found.stale.iter().map(|(name, at)| {
        format!("{name} is not answering: its numbers are as of {} and may be gone.", clock(*at))
    });
    let unchecked = found.checked.iter().filter(|row| row.by == By::Nobody).map(|row| {
        format!(
            "Nobody could check {} at {}: numbers from there may not meet it.",
            condition(row.filter),
            listed(&row.carriers)
        )
    });
    let lines = missing.into_iter().chain(old).chain(unchecked);
    lines.map(|text| view! { <Notice tone=Tone::Warning>{text}</Notice> }).collect_view()
}

/// Whose a number is, when that was said, and until when it can be held.
pub(super) fn origin(hit: &Hit, now: DateTime<Utc>) -> impl IntoView + use<> {
    let age = aged((now - hit.as_of).num_seconds());
    let until = clock(hit.holding.until);
    let held = match hit.holding.at_carrier {
        Some(at) if at >= hit.holding.until => format!("can be held until {until}"),
        Some(at) => format!("can be held until {until}, at the carrier until {}", clock(at)),
        None => format!("can be held here until {until}, not at the carrier"),
    };
    view! {
        {hit.carrier.clone()}
        <span class="block text-xs text-muted">{format!("Offered {age}, {held}")}</span>
    }
}

/// How long ago something was, in words.
fn aged(seconds: i64) -> String {
    match seconds / 60 {
        ..=0 => "just now".to_owned(),
        1 => "a minute ago".to_owned(),
        minutes => format!("{minutes} minutes ago"),
    }
}

/// For each condition: whether the carrier searched by it, we checked it, or nobody could.
pub(super) fn checked(found: &Found) -> Option<AnyView> {
    if found.checked.is_empty() {
        return None;
    }
    let rows = found.checked.iter().map(|row| view! { <li>{sentence(row)}</li> }).collect_view();
    Some(
        view! {
            <div class="mt-4 text-sm text-muted">
                <Fold summary="Who checked what was asked for">
                    <ul class="flex list-disc flex-col gap-1 ps-5">{rows}</ul>
                </Fold>
            </div>
        }
        .into_any(),
    )
}

fn sentence(row: &Checked) -> String {
    let (what, who) = (condition(row.filter), listed(&row.carriers));
    let told = match row.by {
        By::Carrier => format!("{what}: searched by {who}"),
        By::Us => format!("{what}: checked here on what {who} offered"),
        By::Nobody => format!("{what}: nobody could check it at {who}"),
    };
    crate::ui::words::sentence(&told)
}

/// A condition in words.
const fn condition(filter: Filter) -> &'static str {
    match filter {
        Filter::AreaCode => "the area code",
        Filter::Contains => "the digits",
        Filter::Exclude => "the digits to leave out",
        Filter::Locality => "the town",
        Filter::Region => "the state or region",
        Filter::PostalCode => "the postal code",
        Filter::RateCentre => "the rate centre",
        Filter::Lata => "the LATA",
        Filter::Near => "the distance",
        Filter::Capabilities => "what numbers can do",
        Filter::NoPapers => "that no papers are needed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_names_and_conditions_are_told_in_words() {
        for (seconds, words) in
            [(-3, "just now"), (59, "just now"), (61, "a minute ago"), (600, "10 minutes ago")]
        {
            assert_eq!(aged(seconds), words);
        }
        let names = ["A", "B", "C"].map(str::to_owned);
        assert_eq!(listed(&names), "A, B and C");
        assert_eq!(listed(&names[..2]), "A and B");
        assert_eq!(listed(&names[..1]), "A");
        let row = Checked { filter: Filter::Lata, by: By::Nobody, carriers: names[..1].to_vec() };
        assert_eq!(sentence(&row), "The LATA: nobody could check it at A.");
    }
}
