//! What was found, as a shop shows it.

use super::conditions;
use crate::{
    flash::Tone,
    look::Look,
    ui::{
        Amount, Badge, Button, ButtonKind, EmptyState, Flag, Form, LinkButton, MorePager, Rate,
        Table, country_name,
    },
};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use voxlink_domain::catalog::{Found, Hit, Wider, Wish};
use voxlink_types::number::Requirement;

pub(super) fn list(
    found: &Found,
    wider: &[Wider],
    wish: &Wish,
    look: &Look,
    may_hold: bool,
) -> AnyView {
    let silent = conditions::silent(found);
    if found.hits.is_empty() {
        let checked = conditions::checked(found);
        return view! { {silent} {empty(wish, wider, look)} {checked} }.into_any();
    }
    let about = around(found, wish, look);
    let checked = conditions::checked(found);
    let now = found.now;
    let lines = found.hits.iter().map(|hit| line(hit.clone(), now, may_hold)).collect_view();
    let back = look.address();
    let choose =
        may_hold.then(|| view! { <th scope="col"><span class="sr-only">"Choose"</span></th> });
    let act = may_hold.then(|| view! { <th scope="col"><span class="sr-only">"Hold"</span></th> });
    let several = may_hold.then(|| {
        view! {
            <div class="no-print sticky bottom-0 z-10 -mx-4 flex justify-end border-t border-base-300 bg-base-200 px-4 py-3 sm:mx-0 sm:px-0">
                <Button>"Hold the chosen ones"</Button>
            </div>
        }
    });
    view! {
        {silent}
        <Form action="/search/hold" class="flex flex-col gap-3">
            <input type="hidden" name="back" value=back />
            <p class="text-sm text-muted">{about}</p>
            <Table caption="Numbers that can be had" class="offers">
                <thead>
                    <tr>
                        {choose}
                        <th scope="col">"Number"</th>
                        <th scope="col">"Place"</th>
                        <th scope="col">"Can do"</th>
                        <th scope="col">"Needs"</th>
                        <th scope="col">"Carrier"</th>
                        <th scope="col" class="amount">"Now"</th>
                        <th scope="col" class="amount">"Per month"</th>
                        <th scope="col" class="amount">"Per minute"</th>
                        {act}
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </Table>
            {several}
        </Form>
        <MorePager page=wish.page.page more=found.more />
        {checked}
    }
    .into_any()
}

/// Where was searched, and the namesakes of that place.
fn around(found: &Found, wish: &Wish, look: &Look) -> impl IntoView + use<> {
    let others = found
        .also
        .iter()
        .enumerate()
        .map(|(at, place)| {
            let href = look.with("near", Some(place));
            let before = if at == 0 { " Or: " } else { "; " };
            view! { {before}<a class="link" href=href>{place.clone()}</a> }
        })
        .collect_view();
    let place =
        found.near.as_ref().map(|place| format!("Around {place}, within {} km.", wish.within_km));
    let end = if found.also.is_empty() { "" } else { "." };
    view! { {place}{others}{end}" Prices are before tax." }
}

fn line(hit: Hit, now: DateTime<Utc>, may_hold: bool) -> impl IntoView {
    let from = conditions::origin(&hit, now);
    let offer = hit.offer;
    let shown = offer.number.international();
    let value = format!("{}:{}", offer.carrier, offer.number);
    let place = match (&offer.locality, &offer.region) {
        (Some(town), Some(region)) if matches!(offer.country.as_str(), "US" | "CA") => {
            format!("{town}, {region}")
        }
        (Some(town), _) => town.clone(),
        _ => country_name(&offer.country),
    };
    let far = offer.distance_km.map(|km| {
        view! { <span class="block text-xs text-muted">{format!("{km:.0} km away")}</span> }
    });
    let can = offer
        .capabilities
        .iter()
        .map(|c| view! { <Badge text=c.label() tone=None /> })
        .collect_view();
    // On a phone a card says only what is out of the ordinary.
    let needs = hit.needs != Requirement::None;
    let extra = hit.price.setup.minor != 0;
    let not_yet = hit.lacks_papers;
    let papers = if needs {
        let lacks = not_yet.then(|| {
            view! { <span class="block text-xs text-muted">"not on file here yet: ask your administrator"</span> }
        });
        view! { <div><Badge text=hit.needs.label() tone=Some(Tone::Warning) /> {lacks}</div> }
            .into_any()
    } else {
        view! { <span class="whitespace-nowrap text-muted">"No papers"</span> }.into_any()
    };
    let price = &hit.price;
    // The first month and the set-up are what is paid at once.
    let now = price.monthly.plus(price.setup).unwrap_or(price.monthly);
    let (rate, currency) = (price.inbound_minute, price.monthly.currency);
    let monthly = price.monthly;
    let country = offer.country.clone();
    let (number, kind) = (marked(&shown, hit.mark), offer.number_type.label());
    let choose = may_hold.then(|| {
        let label = format!("Choose {shown}");
        let value = value.clone();
        let check = (!not_yet).then(|| {
            view! { <input type="checkbox" name="pick" value=value class="checkbox checkbox-sm scroll-mb-20 border-muted" aria-label=label /> }
        });
        view! { <td class="choose">{check}</td> }
    });
    let act = may_hold.then(|| {
        let label = format!("Hold {shown}");
        let button = if not_yet {
            view! { <span class="text-xs text-muted">"Not to be had yet"</span> }.into_any()
        } else {
            view! { <button type="submit" name="one" value=value class="btn btn-outline border-line btn-sm scroll-mb-20" aria-label=label>"Hold"</button> }
                .into_any()
        };
        view! { <td class="act">{button}</td> }
    });
    view! {
        <tr>
            {choose}
            <td class="number">
                <div>
                <span class="inline-flex items-center gap-1.5 whitespace-nowrap font-medium">
                    <Flag country />
                    <span>{number}</span>
                </span>
                <span class="block text-xs text-muted">{kind}</span>
                </div>
            </td>
            <td class="place">
                <div>{place} {far}</div>
            </td>
            <td class="wide">
                <span class="flex flex-wrap gap-1">{can}</span>
            </td>
            <td class=if needs { "wide" } else { "wide max-md:hidden" }>{papers}</td>
            <td class="wide">
                <div>{from}</div>
            </td>
            <td data-label="Now" class=if extra { "amount now" } else { "amount max-md:hidden" }>
                <Amount money=now />
            </td>
            <td class="amount month" data-unit="a month">
                <Amount money=monthly />
            </td>
            <td class="amount minute" data-unit="a minute">
                <Rate rate currency />
            </td>
            {act}
        </tr>
    }
}

/// The number as written, with the digits that were looked for marked: they may have blanks and
/// signs between them.
fn marked(shown: &str, mark: Option<(usize, usize)>) -> AnyView {
    let Some((start, length)) = mark else { return shown.to_owned().into_any() };
    let (mut before, mut inside, mut after) = (String::new(), String::new(), String::new());
    let mut digits = 0;
    for c in shown.chars() {
        let is_digit = c.is_ascii_digit();
        let part = match digits {
            n if n < start || (n == start && !is_digit) => &mut before,
            n if n < start + length => &mut inside,
            _ => &mut after,
        };
        part.push(c);
        digits += usize::from(is_digit);
    }
    view! {
        {before}
        <mark class="rounded bg-primary/20 text-inherit">{inside}</mark>
        {after}
    }
    .into_any()
}

/// Says which condition to leave out and what is found then, or what else to try.
fn empty(wish: &Wish, wider: &[Wider], look: &Look) -> impl IntoView + use<> {
    let text = if wish.page.page > 1 {
        "There is nothing on this page of the search. Go back to the first one."
    } else if !wider.is_empty() {
        "Nothing meets this. Leave one thing out:"
    } else if wish.contains.len() > 4 {
        "Look for fewer digits, or put ? where any digit will do. Toll-free numbers have more words free."
    } else if !wish.near.is_empty() && wish.within_km < 250 {
        "Search a wider circle, or fewer digits."
    } else {
        "Choose another type or country."
    };
    let ways = wider
        .iter()
        .map(|way| {
            let href = look.with(way.field, None);
            let count = match (way.found, way.more) {
                (n, true) => format!("{n} and more"),
                (1, false) => "1 number".to_owned(),
                (n, false) => format!("{n} numbers"),
            };
            let label = format!("{}: {count}", without(way.field, wish));
            view! { <LinkButton href=href kind=ButtonKind::Secondary>{label}</LinkButton> }
        })
        .collect_view();
    view! {
        <EmptyState title="No number matches" text=text icon="icon-[lucide--search-x]">
            {ways}
            <LinkButton href="/search" kind=ButtonKind::Secondary>"Clear the search"</LinkButton>
        </EmptyState>
    }
}

/// Leaving a condition out, in words.
fn without(field: &str, wish: &Wish) -> String {
    match field {
        "near" => format!("Not only near {}", wish.near),
        "digits" => format!("Without “{}”", wish.contains),
        "area" => format!("Not only area code {}", wish.area_code),
        "locality" => format!("Not only in {}", wish.locality),
        "region" => format!("Not only in {}", wish.region),
        "exclude" => format!("Even with {}", wish.exclude),
        "type" => "Any type".to_owned(),
        "postal" => format!("Not only in {}", wish.postal_code),
        "rate_centre" => format!("Not only in rate centre {}", wish.rate_centre),
        "lata" => format!("Not only in LATA {}", wish.lata),
        "papers" => "Also with papers".to_owned(),
        "can" => "Whatever they can do".to_owned(),
        _ => "At any price".to_owned(),
    }
}
