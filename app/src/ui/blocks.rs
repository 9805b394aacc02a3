//! Blocks of a page: cards, notices, figures, facts, tabs, and what to say when a list is empty.

use crate::flash::Tone;
use leptos::prelude::*;

/// A sheet with a heading.
#[component]
pub fn Card(
    /// Its heading; none leaves it out.
    #[prop(optional, into)]
    title: Option<String>,
    /// What it does cannot be taken back: it is framed in red.
    #[prop(optional)]
    danger: bool,
    children: Children,
) -> impl IntoView {
    let class = if danger { "surface border-error p-5 sm:p-6" } else { "surface p-5 sm:p-6" };
    let heading = title.map(|t| view! { <h2 class="mb-4 text-lg font-semibold">{t}</h2> });
    view! { <section class=class>{heading} {children()}</section> }
}

/// Something to know, in place. Bad news is read out at once.
#[component]
pub fn Notice(#[prop(default = Tone::Info)] tone: Tone, children: Children) -> impl IntoView {
    let (class, icon, role) = match tone {
        Tone::Success => ("alert-success", "icon-[lucide--circle-check]", "status"),
        Tone::Info => ("alert-info", "icon-[lucide--info]", "status"),
        Tone::Warning => ("alert-warning", "icon-[lucide--triangle-alert]", "status"),
        Tone::Danger => ("alert-error", "icon-[lucide--circle-alert]", "alert"),
    };
    view! {
        <div role=role class=format!("alert alert-soft mb-4 {class}")>
            <span class=format!("{icon} shrink-0 text-xl") aria-hidden="true"></span>
            <div class="min-w-0 [overflow-wrap:anywhere] text-base-content">{children()}</div>
        </div>
    }
}

/// An empty list: what it would hold, and the way to fill it.
#[component]
pub fn EmptyState(
    /// What is missing: "No numbers yet".
    #[prop(into)]
    title: String,
    /// What to do next.
    #[prop(into)]
    text: String,
    /// An icon's class, such as `icon-[lucide--hash]`.
    #[prop(default = "icon-[lucide--inbox]")]
    icon: &'static str,
    /// The way on: a [`super::LinkButton`].
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="surface flex flex-col items-center gap-3 px-6 py-12 text-center">
            <span class=format!("{icon} text-4xl text-muted") aria-hidden="true"></span>
            <p class="text-lg font-semibold">{title}</p>
            <p class="max-w-md text-muted">{text}</p>
            {children.map(|children| view! { <div class="mt-2 flex flex-wrap justify-center gap-3">{children()}</div> })}
        </div>
    }
}

/// One figure with its name; with `href` the whole block is the link.
#[component]
pub fn Stat(
    #[prop(into)] label: String,
    /// What stands under the figure.
    #[prop(optional, into)]
    note: Option<String>,
    #[prop(optional, into)] href: Option<String>,
    children: Children,
) -> impl IntoView {
    let note = note
        .filter(|text| !text.is_empty())
        .map(|text| view! { <div class="text-sm text-muted">{text}</div> });
    let inside = view! {
        <div class="text-sm font-medium text-muted">{label}</div>
        <div class="text-2xl font-semibold tabular-nums">{children()}</div>
        {note}
    };
    match href {
        Some(href) => view! {
            <a href=href class="surface flex flex-col gap-1 p-5 transition-colors hover:border-primary">{inside}</a>
        }
        .into_any(),
        None => view! { <div class="surface flex flex-col gap-1 p-5">{inside}</div> }.into_any(),
    }
}

/// Facts about one thing, name and value; fill it with [`Fact`].
#[component]
pub fn Facts(children: Children) -> impl IntoView {
    view! { <dl class="grid grid-cols-1 gap-x-8 gap-y-4 sm:grid-cols-2">{children()}</dl> }
}

/// One fact; a `wide` one, such as an address, has the row to itself.
#[component]
pub fn Fact(
    #[prop(into)] name: String,
    #[prop(optional)] wide: bool,
    children: Children,
) -> impl IntoView {
    let class = if wide { "min-w-0 sm:col-span-2" } else { "min-w-0" };
    view! {
        <div class=class>
            <dt class="text-sm text-muted">{name}</dt>
            <dd class="mt-0.5 break-words">{children()}</dd>
        </div>
    }
}

/// More about something, folded behind a line. The style sheet puts the arrow there, as it does
/// for every `summary` without an icon of its own.
#[component]
pub fn Fold(
    /// The line that opens it.
    #[prop(into)]
    summary: String,
    /// Open from the start.
    #[prop(optional)]
    open: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <details open=open class="min-w-0">
            <summary class="w-fit max-w-full py-1 text-sm font-medium">{summary}</summary>
            <div class="pt-2">{children()}</div>
        </details>
    }
}

/// One tab: its label and address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// What it says.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// This one is open.
    pub current: bool,
}

impl Tab {
    /// A tab.
    pub fn new(label: impl Into<String>, href: impl Into<String>, current: bool) -> Self {
        Self { label: label.into(), href: href.into(), current }
    }
}

/// The pages of one thing, side by side. They are links, so each has an address of its own.
#[component]
pub fn Tabs(
    /// What they belong to.
    #[prop(into)]
    label: String,
    tabs: Vec<Tab>,
) -> impl IntoView {
    let items = tabs
        .into_iter()
        .map(|tab| {
            let colours = if tab.current {
                "border-primary text-primary font-semibold"
            } else {
                "border-transparent text-muted hover:border-line hover:text-base-content"
            };
            view! {
                <li>
                    <a href=tab.href aria-current=tab.current.then_some("page") class=format!("inline-block border-b-2 px-3 py-2.5 whitespace-nowrap {colours}")>
                        {tab.label}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <nav aria-label=label class="no-print mb-6 overflow-x-auto border-b border-base-300">
            <ul class="flex gap-1">{items}</ul>
        </nav>
    }
}
