//! The front page: what VoxLink is, for someone who has never bought a number.

use crate::ui::{ButtonKind, LinkButton};
use leptos::prelude::*;

/// Step: icon, heading, sentence.
const STEPS: [(&str, &str, &str); 4] = [
    (
        "icon-[lucide--search]",
        "Find a number",
        "By place, digits or a word, in seven countries. The price per month and per minute, what it can do and which papers it needs stand beside it.",
    ),
    (
        "icon-[lucide--shopping-cart]",
        "Hold it, then buy it",
        "A number in your cart is yours for 15 minutes; nobody else can take it. If a carrier cannot deliver, that part is never charged.",
    ),
    (
        "icon-[lucide--route]",
        "Decide what it does",
        "Office hours, menus, forwarding, voicemail. Try any caller at any hour in the simulator before you publish.",
    ),
    (
        "icon-[lucide--receipt]",
        "Check every cent",
        "Each call becomes one line with its rate and its seconds. Invoices open down to the calls behind them.",
    ),
];

/// Draws it.
pub(super) fn front() -> impl IntoView {
    let steps = STEPS
        .iter()
        .map(|&(icon, title, text)| {
            view! {
                <li class="surface flex flex-col gap-3 p-6">
                    <span class="grid size-11 place-items-center rounded-box bg-glow text-2xl text-primary" aria-hidden="true">
                        <span class=icon></span>
                    </span>
                    <h2 class="text-lg font-semibold">{title}</h2>
                    <p class="text-muted">{text}</p>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="flex flex-col items-start gap-6 py-10 sm:py-20">
            <h1 class="max-w-3xl text-4xl leading-tight font-bold tracking-tight text-balance sm:text-6xl">
                "Telephone numbers, " <span class="brand-text">"bought and routed in minutes"</span>
            </h1>
            <p class="max-w-2xl text-lg text-muted sm:text-xl">
                "VoxLink is a shop and a control room for your company's numbers. Choose them, say what happens when they ring, and see what every call costs."
            </p>
            <div class="flex flex-wrap gap-3">
                <LinkButton href="/register">"Create an account"</LinkButton>
                <LinkButton href="/sign-in" kind=ButtonKind::Secondary>
                    "Sign in"
                </LinkButton>
            </div>
        </section>
        <ul class="grid gap-4 pb-12 sm:grid-cols-2 lg:grid-cols-4">{steps}</ul>
    }
}
