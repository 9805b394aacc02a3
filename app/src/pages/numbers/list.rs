//! The list: filters in the address, numbers to choose, what to do with them.

use super::{filter::Query, may_change};
use crate::{
    Answer, App, Screen,
    access::Viewer,
    layout::Place,
    ui::{
        Badge, Button, ButtonKind, Cell, Choice, EmptyState, FilterBar, LinkButton, Number, Pager,
        Rate, Select, SortHeader, Stateful, Table, country_name, grouped,
    },
};
use axum::extract::State;
use leptos::prelude::*;
use std::collections::HashSet;
use voxlink_domain::numbers::{self, Facets, Row};
use voxlink_types::{
    Page,
    ids::NumberId,
    number::{Capability, Standing},
};

pub(super) async fn show(State(app): State<App>, viewer: Viewer, query: Query) -> Answer {
    let mut cx = viewer.begin(&app.platform).await?;
    let page = numbers::list(&mut cx, &query.filter, query.sort, query.page).await?;
    if let Some(last) = viewer.look.past_the_end(&page) {
        return Ok(last);
    }
    let facets = numbers::facets(&mut cx).await?;
    let change = may_change(&viewer);
    let mut back = HashSet::new();
    if change && query.filter.standing == Some(Standing::Released) {
        let ids: Vec<NumberId> = page.rows.iter().map(|row| row.id).collect();
        back.extend(numbers::to_take_back(&mut cx, &app.platform, &ids).await?.into_keys());
    }
    drop(cx);
    Screen::new("Numbers")
        .at(Place::Numbers)
        .render(&app, &viewer, move || body(page, facets, query, change, &back))
        .await
}

/// `back` are those that can be had back.
fn body(
    page: Page<Row>,
    facets: Facets,
    query: Query,
    change: bool,
    back: &HashSet<NumberId>,
) -> AnyView {
    let nothing_at_all = facets.standings.is_empty();
    if nothing_at_all {
        return view! {
            <EmptyState title="No numbers yet" text="Search by place, digits or a word. A number you put into the cart is held for you while you decide." icon="icon-[lucide--hash]">
                <LinkButton href="/search">"Search numbers"</LinkButton>
                <LinkButton href="/help/buying" kind=ButtonKind::Secondary>"How buying works"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let filters = filters(&facets, &query);
    let list = if page.rows.is_empty() {
        view! {
            <EmptyState title="No number matches" text="Loosen the filter, or search for a new number." icon="icon-[lucide--search-x]">
                <LinkButton href="/numbers" kind=ButtonKind::Secondary>"Show all numbers"</LinkButton>
                <LinkButton href="/search">"Search new numbers"</LinkButton>
            </EmptyState>
        }
        .into_any()
    } else {
        choosable(&page.rows, &query, page.total, change, back)
    };
    view! {
        {filters}
        {list}
        <Pager page of=("number", "numbers") />
    }
    .into_any()
}

fn filters(facets: &Facets, query: &Query) -> impl IntoView + use<> {
    let f = &query.filter;
    let counted = |label: String, count: i64| format!("{label} ({count})");
    let states = facets
        .standings
        .iter()
        .map(|(s, count)| Choice::new(s.as_str(), counted(s.label().to_owned(), *count)))
        .collect();
    let types = facets
        .types
        .iter()
        .map(|(t, count)| Choice::new(t.as_str(), counted(t.label().to_owned(), *count)))
        .collect();
    let countries = facets
        .countries
        .iter()
        .map(|(code, count)| Choice::new(code.clone(), counted(country_name(code), *count)))
        .collect();
    let tags = facets
        .tags
        .iter()
        .map(|(tag, count)| Choice::new(tag.clone(), counted(tag.clone(), *count)))
        .collect::<Vec<_>>();
    let can = Capability::ALL.iter().map(|c| Choice::new(c.as_str(), c.label())).collect();
    let tag = f.tag.clone().unwrap_or_default();
    let by_tag = (!tags.is_empty()).then(|| {
        view! { <Select name="tag" label="Tag" choices=tags value=tag none="Any" /> }
    });
    let state = f.standing.map(|s| s.to_string()).unwrap_or_default();
    let kind = f.number_type.map(|t| t.to_string()).unwrap_or_default();
    let country = f.country.clone().unwrap_or_default();
    let ability = f.capability.map(|c| c.to_string()).unwrap_or_default();
    view! {
        <FilterBar action="/numbers" search="Number, name, tag or place">
            <Select name="state" label="State" choices=states value=state none="All but released" />
            <Select name="type" label="Type" choices=types value=kind none="Any" />
            <Select name="country" label="Country" choices=countries value=country none="Any" />
            {by_tag}
            <Select name="can" label="Can do" choices=can value=ability none="Anything" />
        </FilterBar>
    }
}

/// The table inside the form that asks what to do with the chosen numbers.
fn choosable(
    rows: &[Row],
    query: &Query,
    total: i64,
    change: bool,
    back: &HashSet<NumberId>,
) -> AnyView {
    let kept = query
        .pairs()
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    let lines = rows.iter().map(|row| line(row, change, back.contains(&row.id))).collect_view();
    let choose =
        change.then(|| view! { <th scope="col"><span class="sr-only">"Choose"</span></th> });
    view! {
        <form method="get" action="/numbers/bulk">
            {kept}
            {bar(total, change)}
            <Table caption="Your numbers">
                <thead>
                    <tr>
                        {choose}
                        <SortHeader key="number" label="Number" default="number" />
                        <SortHeader key="name" label="Name" />
                        <th scope="col">"State"</th>
                        <th scope="col">"What it does"</th>
                        <th scope="col" class="amount">"Calls, 30 days"</th>
                        <SortHeader key="price" label="Monthly" amount=true />
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </Table>
        </form>
    }
    .into_any()
}

fn bar(total: i64, change: bool) -> impl IntoView {
    let act = change.then(|| {
        let action = |word: &'static str, label: &'static str, icon: &'static str| {
            view! {
                <Button kind=ButtonKind::Quiet name="do" value=word>
                    <span class=icon aria-hidden="true"></span>
                    {label}
                </Button>
            }
        };
        // What needs to be told for each number is told in a sheet, which begins with these.
        let sheet = |word: &'static str, label: &'static str, icon: &'static str| {
            view! {
                <Button kind=ButtonKind::Quiet name="do" value=word action="/numbers/bulk/new">
                    <span class=icon aria-hidden="true"></span>
                    {label}
                </Button>
            }
        };
        view! {
            <label class="flex items-center gap-2 pe-2 text-sm">
                <input type="checkbox" class="checkbox checkbox-sm checkbox-primary border-muted" name="all" value="1" />
                {format!("All {} that match", grouped(total))}
            </label>
            <span class="text-sm text-muted">"or the ones ticked:"</span>
            {action("tag", "Tag", "icon-[lucide--tag]")}
            {action("untag", "Untag", "icon-[lucide--tags]")}
            {action("suspend", "Suspend", "icon-[lucide--pause]")}
            {action("resume", "Resume", "icon-[lucide--play]")}
            {action("release", "Release", "icon-[lucide--trash-2]")}
            {sheet("configure", "Set up", "icon-[lucide--route]")}
            {sheet("assign", "Campaign", "icon-[lucide--megaphone]")}
        }
    });
    let sheets = change.then(|| {
        view! {
            <LinkButton href="/numbers/bulk" kind=ButtonKind::Quiet>
                <span class="icon-[lucide--file-spreadsheet]" aria-hidden="true"></span>
                "Sheets"
            </LinkButton>
        }
    });
    view! {
        <div class="no-print mb-3 flex flex-wrap items-start gap-x-4 gap-y-1 md:flex-nowrap">
            <div class="flex min-w-0 flex-wrap items-center gap-1" role="group" aria-label="With these numbers">{act}</div>
            <span class="ms-auto flex shrink-0 items-center gap-1">
                {sheets}
                <button type="submit" class="btn btn-outline btn-sm border-line" formaction="/numbers/export.csv">
                    <span class="icon-[lucide--download]" aria-hidden="true"></span>
                    "Export CSV"
                </button>
            </span>
        </div>
    }
}

fn line(row: &Row, change: bool, back: bool) -> impl IntoView + use<> {
    let (text, tone) = row.standing().badge();
    let id = row.id;
    let (calls, monthly, currency) = (row.calls, row.monthly, row.currency);
    let shown = row.number.international();
    let choose = change.then(|| {
        let what = row.name.clone().map_or_else(|| shown.clone(), |name| format!("{name}, {shown}"));
        view! {
            <td class="w-0">
                <input type="checkbox" class="checkbox checkbox-sm checkbox-primary border-muted" name="id" value=id.to_string() aria-label=format!("Choose {what}") />
            </td>
        }
    });
    let place = row.place().map_or_else(
        || row.number_type.label().to_owned(),
        |place| format!("{} · {place}", row.number_type.label()),
    );
    let tags = tags(&row.tags);
    let name = match &row.name {
        Some(name) => view! { <span>{name.clone()}</span> }.into_any(),
        None => view! { <span class="text-muted" aria-label="No name">"–"</span> }.into_any(),
    };
    let does = match row.what_it_does() {
        _ if back => {
            view! { <a class="link" href=format!("/numbers/{id}")>"Take it back"</a> }.into_any()
        }
        Some(line) => view! { <span>{line}</span> }.into_any(),
        None => view! {
            <a class="link" href=format!("/numbers/{id}/routing")>"Not set up yet"</a>
        }
        .into_any(),
    };
    view! {
        <tr>
            {choose}
            <td>
                <div class="flex flex-col gap-0.5">
                    <Number number=row.number.clone() href=format!("/numbers/{id}") />
                    <span class="text-sm text-muted">{place}</span>
                </div>
            </td>
            <Cell label="Name"><div class="flex flex-col items-end gap-1 md:items-start">{name} {tags}</div></Cell>
            <Cell label="State"><Badge text tone=tone /></Cell>
            <Cell label="What it does">{does}</Cell>
            <Cell label="Calls, 30 days" amount=true><span class="tabular-nums">{calls}</span></Cell>
            <Cell label="Monthly" amount=true><Rate rate=monthly currency /></Cell>
        </tr>
    }
}

/// Tags as links to the list of numbers that have them.
pub(super) fn tags(tags: &[String]) -> Option<impl IntoView + use<>> {
    (!tags.is_empty()).then(|| {
        let links = tags
            .iter()
            .map(|tag| {
                let query: String = url::form_urlencoded::byte_serialize(tag.as_bytes()).collect();
                let href = format!("/numbers?tag={query}");
                view! { <a class="badge badge-sm badge-outline border-line whitespace-nowrap" href=href>{tag.clone()}</a> }
            })
            .collect_view();
        view! { <span class="flex flex-wrap gap-1">{links}</span> }
    })
}
