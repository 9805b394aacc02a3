//! Lists: a table where there is room, cards on a phone; sort and pages in the address.

use crate::look::Look;
use leptos::{context::Provider, prelude::*};

/// A list. Give `thead` and `tbody` as children; every `td` carries the heading it belongs to as
/// `data-label` (or is a [`Cell`]), which is what stands before it on a phone.
#[component]
pub fn Table(
    /// What the list is, for those who cannot see it.
    #[prop(into)]
    caption: String,
    /// More classes, for cards of another shape on a phone.
    #[prop(optional, into)]
    class: Option<String>,
    children: Children,
) -> impl IntoView {
    let class = class.map_or_else(|| "list-table".to_owned(), |more| format!("list-table {more}"));
    view! {
        <div class="surface relative overflow-x-auto">
            <table class=class>
                <caption class="sr-only">{caption}</caption>
                {children()}
            </table>
        </div>
    }
}

/// A cell under the heading `label`; `amount` sets it to the right, as figures are.
#[component]
pub fn Cell(
    #[prop(into)] label: String,
    #[prop(optional)] amount: bool,
    children: Children,
) -> impl IntoView {
    // Without a label it takes the whole line on a phone.
    let label = (!label.is_empty()).then_some(label);
    view! { <td data-label=label class=amount.then_some("amount")>{children()}</td> }
}

/// A heading that sorts: `?sort=name` up, `?sort=-name` down.
#[component]
pub fn SortHeader(
    /// The word in `?sort=`.
    key: &'static str,
    /// Set to the right, as figures are.
    #[prop(optional)]
    amount: bool,
    /// What the heading says.
    #[prop(into)]
    label: String,
    /// The list's own order when the address has none, such as `-created`.
    #[prop(optional)]
    default: &'static str,
) -> impl IntoView {
    let look = use_context::<Look>().unwrap_or_default();
    let sort = look.param("sort").unwrap_or(default);
    let (up, down) = (sort == key, sort.strip_prefix('-') == Some(key));
    let next = if up { format!("-{key}") } else { key.to_owned() };
    let (icon, order) = match (up, down) {
        (true, _) => ("icon-[lucide--chevron-up]", Some("ascending")),
        (_, true) => ("icon-[lucide--chevron-down]", Some("descending")),
        _ => ("icon-[lucide--chevrons-up-down]", None),
    };
    view! {
        <th scope="col" aria-sort=order class=amount.then_some("amount")>
            <a class="inline-flex items-center gap-1 hover:text-base-content" href=look.with("sort", Some(&next))>
                {label} <span class=icon aria-hidden="true"></span>
            </a>
        </th>
    }
}

/// Where in a list one is, and the ways to the other pages. Nothing for a list of one page but
/// its count.
#[component]
pub fn Pager<T: 'static>(
    /// The page that is shown.
    #[prop(into)]
    page: voxlink_types::Page<T>,
    /// One and many: `("number", "numbers")`.
    of: (&'static str, &'static str),
) -> impl IntoView {
    let look = use_context::<Look>().unwrap_or_default();
    let (current, pages, total) = (page.request.page, page.pages(), page.total);
    let shown = i64::try_from(page.rows.len()).unwrap_or(0);
    let noun = if total == 1 { of.0 } else { of.1 };
    let first = page.request.offset() + 1;
    let text = if pages <= 1 || shown == 0 {
        format!("{} {noun}", grouped(total))
    } else {
        let last = page.request.offset() + shown;
        format!("{}–{} of {} {noun}", grouped(first), grouped(last), grouped(total))
    };
    let buttons = (pages > 1).then(|| {
        view! {
            <nav aria-label="Pages" class="flex items-center gap-1">
                {earlier(&look, current)}
                <span class="px-1 tabular-nums">{format!("Page {current} of {pages}")}</span>
                {later(&look, current, current < pages)}
            </nav>
        }
    });
    view! {
        <div class="mt-3 flex flex-wrap items-center justify-between gap-3 text-sm text-muted">
            <span class="tabular-nums">{text}</span>
            {buttons}
        </div>
    }
}

/// The ways to the other pages of a list that is not counted: only whether there are more is known.
#[component]
pub fn MorePager(
    /// The page that is shown, from 1.
    page: u32,
    /// There are more after it.
    more: bool,
) -> impl IntoView {
    let look = use_context::<Look>().unwrap_or_default();
    view! {
        <nav aria-label="Pages" class="no-print mt-3 flex items-center justify-end gap-1 text-sm text-muted">
            {earlier(&look, page)}
            <span class="px-1 tabular-nums">{format!("Page {page}")}</span>
            {later(&look, page, more)}
        </nav>
    }
}

/// The way to the page before.
fn earlier(look: &Look, page: u32) -> AnyView {
    let to = (page > 1).then(|| look.with("page", Some(&page.saturating_sub(1).to_string())));
    step(to, "Previous page", "prev", "icon-[lucide--chevron-left]")
}

/// The way to the page after, if there is one.
fn later(look: &Look, page: u32, more: bool) -> AnyView {
    let to = more.then(|| look.with("page", Some(&page.saturating_add(1).to_string())));
    step(to, "Next page", "next", "icon-[lucide--chevron-right]")
}

fn step(to: Option<String>, label: &'static str, rel: &'static str, icon: &'static str) -> AnyView {
    match to {
        Some(href) => view! {
            <a class="btn btn-ghost btn-sm btn-square" href=href aria-label=label rel=rel>
                <span class=icon aria-hidden="true"></span>
            </a>
        }
        .into_any(),
        None => view! {
            <span class="btn btn-ghost btn-sm btn-square btn-disabled" aria-hidden="true">
                <span class=icon></span>
            </span>
        }
        .into_any(),
    }
}

/// The list as a file: at the right above its table.
#[component]
pub fn Export(
    /// Where the file is.
    #[prop(into)]
    href: String,
) -> impl IntoView {
    view! {
        <p class="no-print mb-3 flex justify-end">
            <a class="btn btn-outline border-line btn-sm" href=href>
                <span class="icon-[lucide--download]" aria-hidden="true"></span>
                "Export CSV"
            </a>
        </p>
    }
}

/// Digits in groups of three.
pub(crate) fn grouped(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if value < 0 { format!("−{out}") } else { out }
}

/// Told to the fields of a [`FilterBar`]: none of them must be filled in, so none says so.
#[derive(Debug, Clone, Copy)]
pub(super) struct InFilterBar;

/// Search and filters of a list, kept in the address: a `get` form. `children` are its fields
/// (bare inputs with labels of their own, or [`super::Select`]). The sort is kept.
#[component]
pub fn FilterBar(
    /// The list's address.
    #[prop(into)]
    action: String,
    /// What the search box is for; none leaves it out. Its field is `q`.
    #[prop(optional, into)]
    search: Option<String>,
    /// The list's other filters.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let look = use_context::<Look>().unwrap_or_default();
    let filtered =
        look.query.iter().any(|(key, value)| !value.is_empty() && key != "sort" && key != "page");
    let sort = look
        .param("sort")
        .map(|sort| view! { <input type="hidden" name="sort" value=sort.to_owned() /> });
    let typed = look.param("q").unwrap_or_default().to_owned();
    let box_ = search.map(|label| {
        view! {
            <label class="whole flex flex-col gap-1.5 sm:min-w-60 sm:flex-1">
                <span class="text-sm font-semibold">{label}</span>
                <span class="input w-full">
                    <span class="icon-[lucide--search] text-muted" aria-hidden="true"></span>
                    <input type="search" name="q" value=typed />
                </span>
            </label>
        }
    });
    let clear = filtered.then(|| {
        view! { <a class="btn btn-ghost" href=action.clone()>"Clear"</a> }
    });
    let filters =
        children.map(|children| view! { <Provider value=InFilterBar>{children()}</Provider> });
    view! {
        <form method="get" action=action class="filter-bar no-print mb-4" role="search" aria-label="Filter the list">
            {box_}
            {filters}
            {sort}
            <div class="whole flex gap-2">
                <button type="submit" class="btn btn-outline flex-1 border-line sm:flex-none">
                    <span class="icon-[lucide--filter]" aria-hidden="true"></span>
                    "Apply"
                </button>
                {clear}
            </div>
        </form>
    }
}
