//! The form of the search. It is a `get` form: a search can be kept and sent as a link.

use crate::{
    Wrong,
    flash::Tone,
    ui::{Choice, Field, Notice, Select, country_name},
};
use leptos::{context::Provider, prelude::*};
use voxlink_domain::catalog::{DISTANCES_KM, Sort, Wish};
use voxlink_types::number::{Capability, NumberType};

pub(super) fn form(
    wish: Wish,
    coverage: &[(String, Vec<NumberType>)],
    wrong: Wrong,
) -> impl IntoView {
    let countries =
        coverage.iter().map(|(code, _)| Choice::new(code.clone(), country_name(code))).collect();
    let mut kinds: Vec<NumberType> = coverage.iter().flat_map(|(_, kinds)| kinds.clone()).collect();
    kinds.sort();
    kinds.dedup();
    let types = kinds.iter().map(|t| Choice::new(t.as_str(), t.label())).collect();
    let kind = wish.types.first().map(ToString::to_string).unwrap_or_default();
    let can = Capability::ALL.iter().map(|c| Choice::new(c.as_str(), c.label())).collect();
    let ability = wish.capabilities.first().map(ToString::to_string).unwrap_or_default();
    let distances =
        DISTANCES_KM.iter().map(|km| Choice::new(km.to_string(), format!("{km} km"))).collect();
    let sorts = vec![
        Choice::new(Sort::Best.as_str(), "Best first"),
        Choice::new(Sort::Price.as_str(), "Price"),
        Choice::new(Sort::Number.as_str(), "Number"),
        Choice::new(Sort::Distance.as_str(), "Distance"),
    ];
    let max = match wish.unread.iter().find(|unread| unread.field == "max") {
        Some(unread) => unread.typed.clone(),
        None => wish.max_monthly.map(|m| m.exact().to_string()).unwrap_or_default(),
    };
    let texts = [
        &wish.area_code,
        &wish.exclude,
        &wish.locality,
        &wish.region,
        &wish.postal_code,
        &wish.rate_centre,
        &wish.lata,
        &max,
        &ability,
    ];
    let more = texts.iter().any(|text| !text.is_empty())
        || wish.no_papers
        || wish.sort != Sort::Best
        || ["area", "exclude", "lata", "max", "can", "papers", "sort"]
            .iter()
            .any(|field| wrong.about(field).is_some());
    let summary = wrong.summary().map(|text| view! { <Notice tone=Tone::Danger>{text}</Notice> });
    let papers = if wish.no_papers { "none" } else { "" };
    let (km, sort) = (wish.within_km.to_string(), wish.sort.to_string());
    view! {
        <form method="get" action="/search" role="search" aria-label="Search numbers" class="surface mb-6 flex flex-col gap-4 p-5">
            {summary}
            <Provider value=wrong>
                <div class="grid gap-4 sm:grid-cols-2 lg:grid-cols-5">
                    <Select name="country" label="Country" choices=countries value=wish.country />
                    <Select name="type" label="Type" choices=types value=kind none="Any" />
                    <Field name="digits" label="Digits or a word" value=wish.contains placeholder="42, FLOWERS, 7?7" optional=true autocomplete="off" />
                    <Field name="near" label="Near" value=wish.near placeholder="Boston, or a number" optional=true autocomplete="off" />
                    <Select name="km" label="Within" choices=distances value=km />
                </div>
                <details open=more>
                    <summary class="w-fit cursor-pointer py-1 text-sm font-semibold text-primary">"More filters and order"</summary>
                    <div class="mt-3 grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
                        <Field name="area" label="Area code" value=wish.area_code inputmode="numeric" placeholder="617" optional=true />
                        <Field name="locality" label="Town" value=wish.locality optional=true autocomplete="off" />
                        <Field name="region" label="State or region" value=wish.region placeholder="MA" optional=true autocomplete="off" />
                        <Field name="postal" label="Postal code" value=wish.postal_code optional=true autocomplete="off" />
                        <Field name="rate_centre" label="Rate centre" value=wish.rate_centre placeholder="BOSTON" optional=true autocomplete="off" />
                        <Field name="lata" label="LATA" value=wish.lata inputmode="numeric" placeholder="128" optional=true />
                        <Field name="exclude" label="Without these digits" value=wish.exclude placeholder="4, 13" optional=true />
                        <Select name="can" label="Can do" choices=can value=ability none="Anything" />
                        <Select name="papers" label="Papers" choices=vec![Choice::new("none", "Needs no papers")] value=papers none="Any" />
                        <Field name="max" label="Most a month, in $" value=max inputmode="decimal" placeholder="2.50" optional=true />
                        <Select name="sort" label="Order" choices=sorts value=sort />
                    </div>
                </details>
            </Provider>
            <div class="flex flex-wrap gap-3">
                <button type="submit" class="btn btn-primary">
                    <span class="icon-[lucide--search]" aria-hidden="true"></span>
                    "Search"
                </button>
                <a class="btn btn-ghost" href="/search">"Clear"</a>
            </div>
        </form>
    }
}
