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
    children: Children,
) -> impl IntoView {
    view! {
        <div class="surface relative overflow-x-auto">
            <table class="list-table">
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
    let step = |to: u32, label: &'static str, icon: &'static str, possible: bool| {
        if possible {
            let href = look.with("page", Some(&to.to_string()));
            view! {
                <a class="btn btn-ghost btn-sm btn-square" href=href aria-label=label rel=if to < current { "prev" } else { "next" }>
                    <span class=icon aria-hidden="true"></span>
                </a>
            }
            .into_any()
        } else {
            view! {
                <span class="btn btn-ghost btn-sm btn-square btn-disabled" aria-hidden="true">
                    <span class=icon></span>
                </span>
            }
            .into_any()
        }
    };
    let buttons = (pages > 1).then(|| {
        view! {
            <nav aria-label="Pages" class="flex items-center gap-1">
                {step(current.saturating_sub(1), "Previous page", "icon-[lucide--chevron-left]", current > 1)}
                <span class="px-1 tabular-nums">{format!("Page {current} of {pages}")}</span>
                {step(current + 1, "Next page", "icon-[lucide--chevron-right]", current < pages)}
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
