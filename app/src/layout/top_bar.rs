//! The bar over a signed-in page: menu on a phone, search, notices, cart, account.

use super::navigation::navigation;
use crate::look::Look;
use leptos::prelude::*;
use voxlink_domain::{
    accounts::{Member, Theme},
    overview::FrameCounts,
};

/// Draws the bar.
pub(super) fn top_bar(member: &Member, counts: FrameCounts, look: &Look) -> impl IntoView + use<> {
    let menu = navigation(member, None, counts);
    let query = if look.path == "/numbers" { look.param("q").map(str::to_owned) } else { None };
    view! {
        <header class="app-bar no-print sticky top-0 z-30 flex h-14 items-center gap-1 border-b border-base-300 bg-base-100 px-3 sm:gap-2 sm:px-6">
            <details data-menu="" class="group lg:hidden">
                <summary class="btn btn-ghost btn-square btn-sm" aria-label="Menu">
                    <span class="icon-[lucide--menu] group-open:hidden" aria-hidden="true"></span>
                    <span class="icon-[lucide--x] hidden group-open:inline-block" aria-hidden="true"></span>
                </summary>
                <nav aria-label="Main, on a phone" class="fixed start-0 top-14 z-40 h-[calc(100dvh-3.5rem)] w-64 overflow-y-auto border-e border-base-300 bg-base-100 p-3 shadow-xl">
                    {menu}
                </nav>
            </details>
            <a href="/" class="lg:hidden" aria-label="VoxLink, overview">
                <img src="/logo.svg" alt="" width="28" height="28" />
            </a>
            <form action="/numbers" method="get" role="search" class="min-w-0 flex-1 sm:max-w-md">
                <label class="input input-sm h-9 w-full">
                    <span class="icon-[lucide--search] text-muted" aria-hidden="true"></span>
                    <span class="sr-only">"Search your numbers"</span>
                    <input type="search" name="q" value=query placeholder="Search your numbers" data-global-search="" />
                    <kbd class="kbd kbd-sm needs-script hidden text-muted sm:inline-flex" aria-hidden="true">"Ctrl K"</kbd>
                </label>
            </form>
            <div class="ms-auto flex items-center gap-1">
                <a href="/notifications" class="btn btn-ghost btn-square btn-sm relative" aria-label=counted("Notifications", counts.unread, "unread")>
                    <span class="icon-[lucide--bell]" aria-hidden="true"></span>
                    {dot(counts.unread)}
                </a>
                <a href="/cart" class="btn btn-ghost btn-square btn-sm relative" aria-label=counted("Cart", counts.cart, "numbers")>
                    <span class="icon-[lucide--shopping-cart]" aria-hidden="true"></span>
                    {dot(counts.cart)}
                </a>
                {account_menu(member, look)}
            </div>
        </header>
    }
}

fn counted(label: &str, count: i64, unit: &str) -> String {
    if count > 0 { format!("{label}, {count} {unit}") } else { label.to_owned() }
}

fn dot(count: i64) -> Option<impl IntoView> {
    (count > 0).then(|| {
        view! {
            <span aria-hidden="true" class="absolute end-0 top-0 min-w-4 rounded-full bg-primary px-1 text-center text-[0.625rem] leading-4 font-bold text-primary-content">
                {count.min(99)}
            </span>
        }
    })
}

fn account_menu(member: &Member, look: &Look) -> impl IntoView + use<> {
    let initials: String = member
        .name
        .split_whitespace()
        .filter_map(|word| word.chars().next())
        .take(2)
        .collect::<String>()
        .to_uppercase();
    let (name, email, company) =
        (member.name.clone(), member.email.clone(), member.company.clone());
    view! {
        <details data-menu="" class="relative">
            <summary class="btn btn-ghost btn-circle btn-sm">
                <span class="sr-only">"Your account"</span>
                <span class="brand-gradient grid size-8 place-items-center rounded-full text-xs font-bold" aria-hidden="true">{initials}</span>
            </summary>
            <div class="surface absolute end-0 top-11 z-40 w-72 p-3 shadow-xl">
                <div class="px-2 pb-3">
                    <div class="truncate font-semibold">{name}</div>
                    <div class="truncate text-sm text-muted">{email}</div>
                    <div class="truncate text-sm text-muted">{company}</div>
                </div>
                <div class="border-t border-base-300 px-2 py-3">
                    {theme_switch(look.theme.unwrap_or(member.theme), look.address())}
                </div>
                <ul class="border-t border-base-300 pt-2">
                    <li>
                        <a class="flex items-center gap-2.5 rounded-field px-2 py-2 hover:bg-base-200" href="/settings">
                            <span class="icon-[lucide--user]" aria-hidden="true"></span>
                            "Profile and devices"
                        </a>
                    </li>
                    <li>
                        <form method="post" action="/sign-out">
                            <button class="flex w-full items-center gap-2.5 rounded-field px-2 py-2 hover:bg-base-200">
                                <span class="icon-[lucide--log-out]" aria-hidden="true"></span>
                                "Sign out"
                            </button>
                        </form>
                    </li>
                </ul>
            </div>
        </details>
    }
}

/// Three buttons: as the system, light, dark. A form, so that it works without scripting.
pub(super) fn theme_switch(chosen: Theme, back: String) -> impl IntoView {
    let button = move |value: &'static str, label: &'static str, icon: &'static str| {
        let on = chosen.as_str() == value;
        let colours = if on { "bg-base-300 font-semibold" } else { "hover:bg-base-200" };
        view! {
            <button name="theme" value=value aria-pressed=if on { "true" } else { "false" } class=format!("flex items-center gap-1.5 rounded-field px-2 py-1 text-sm text-base-content {colours}")>
                <span class=icon aria-hidden="true"></span>
                {label}
            </button>
        }
    };
    view! {
        <form method="post" action="/theme" class="flex items-center gap-1" aria-label="Colours">
            <input type="hidden" name="back" value=back />
            {button("system", "System", "icon-[lucide--monitor]")}
            {button("light", "Light", "icon-[lucide--sun]")}
            {button("dark", "Dark", "icon-[lucide--moon]")}
        </form>
    }
}
