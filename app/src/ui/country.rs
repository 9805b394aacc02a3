//! Flags of countries, by their ISO 3166-1 code.

use leptos::prelude::*;
use voxlink_types::country::country_name;

/// The countries whose flag is in `public/flags`.
const DRAWN: &[&str] = &[
    "AT", "BE", "CA", "CH", "DE", "DK", "ES", "FI", "FR", "GB", "IE", "IT", "JP", "LU", "NL", "NO",
    "PL", "PT", "SE", "US",
];

/// The address of the flag's picture, for the countries that have one. Emoji would be shorter,
/// but many systems show letters or boxes in their place.
fn flag(code: &str) -> Option<String> {
    DRAWN.contains(&code).then(|| format!("/flags/{}.svg", code.to_lowercase()))
}

/// The flag as it stands before a number or a place; the code for a country without a picture.
#[component]
pub fn Flag(
    /// ISO 3166-1 alpha-2.
    #[prop(into)]
    country: String,
) -> impl IntoView {
    let name = country_name(&country);
    match flag(&country) {
        Some(src) => view! {
            <img src=src alt=name.clone() title=name width="20" height="14" class="inline-block h-3.5 w-5 shrink-0 rounded-[3px] ring-1 ring-base-300" />
        }
        .into_any(),
        None => view! {
            <abbr title=name class="rounded bg-base-200 px-1 text-xs font-semibold text-muted no-underline">{country}</abbr>
        }
        .into_any(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_flags() {
        assert_eq!(flag("US").as_deref(), Some("/flags/us.svg"));
        assert_eq!(flag("../x"), None);
    }

    #[test]
    fn every_listed_flag_is_drawn() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../public/flags");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let listed: Vec<_> = DRAWN.iter().map(|c| format!("{}.svg", c.to_lowercase())).collect();
        assert_eq!(files, listed);
    }
}
