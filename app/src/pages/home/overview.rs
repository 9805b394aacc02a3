//! The first page after sign-in: where things stand, and what to do next.

use crate::ui::{Amount, Bar, BarChart, Card, Stat};
use leptos::prelude::*;
use voxlink_domain::overview::Overview;

/// Draws it. `manages`: the person may buy and pay.
pub(super) fn overview(seen: &Overview, manages: bool) -> impl IntoView + use<> {
    let today = seen.days.last().map_or(0, |day| day.calls);
    let answered = seen.days.last().map_or(0, |day| day.answered);
    let (balance, call_cost) = (seen.balance, seen.call_cost);
    let (active, unrouted) = (seen.active, seen.unrouted);
    let numbers_note = (unrouted > 0).then(|| format!("{unrouted} without a plan"));
    let calls_note = (today > 0).then(|| format!("{answered} answered"));
    let attention = attention(seen);
    let next = if manages { next_steps(seen) } else { None };
    let bars = seen
        .days
        .iter()
        .map(|day| {
            let calls = if day.calls == 1 { "call" } else { "calls" };
            Bar::new(
                day.day.format("%-d %b").to_string(),
                day.calls,
                format!("{} {calls}, {} answered", day.calls, day.answered),
            )
        })
        .collect::<Vec<_>>();
    let chart = (seen.ever_had > 0).then(|| {
        view! {
            <Card>
                <BarChart title="Calls in the last two weeks" per="Day" measure="Calls" bars />
            </Card>
        }
    });
    view! {
        <div class="flex flex-col gap-6">
            {attention}
            {next}
            <div class="grid grid-cols-2 gap-3 sm:gap-4 xl:grid-cols-4">
                <Stat label="Numbers in service" note=numbers_note.unwrap_or_default() href="/numbers">
                    {active}
                </Stat>
                <Stat label="Calls today" note=calls_note.unwrap_or_default() href="/calls">
                    {today}
                </Stat>
                <Stat label="Call cost this month" note="so far, before tax" href="/billing">
                    <Amount money=call_cost />
                </Stat>
                <Stat label="Balance" note="available" href="/billing">
                    <Amount money=balance />
                </Stat>
            </div>
            {chart}
        </div>
    }
}

/// What waits for a person.
fn attention(seen: &Overview) -> Option<impl IntoView + use<>> {
    let plural = |count: i64, one: &str, many: &str| {
        if count == 1 { one.to_owned() } else { format!("{count} {many}") }
    };
    let mut rows = Vec::new();
    if seen.troubled > 0 {
        let text = plural(seen.troubled, "One number needs attention", "numbers need attention");
        rows.push((text, "/numbers?state=error", "icon-[lucide--triangle-alert] text-warning"));
    }
    if seen.open_orders > 0 {
        let text = plural(seen.open_orders, "One order is on its way", "orders are on their way");
        rows.push((text, "/orders", "icon-[lucide--package] text-accent"));
    }
    let rows = rows
        .into_iter()
        .map(|(text, href, icon)| {
            view! {
                <li>
                    <a href=href class="surface flex items-center gap-3 px-4 py-3 hover:border-primary">
                        <span class=format!("{icon} text-xl") aria-hidden="true"></span>
                        <span class="font-medium">{text}</span>
                        <span class="icon-[lucide--arrow-right] ms-auto text-muted" aria-hidden="true"></span>
                    </a>
                </li>
            }
        })
        .collect::<Vec<_>>();
    (!rows.is_empty()).then(|| view! { <ul class="flex flex-col gap-2">{rows}</ul> })
}

/// The way from an empty account to a number that rings.
fn next_steps(seen: &Overview) -> Option<impl IntoView + use<>> {
    let called = seen.call_cost.minor > 0 || seen.days.iter().any(|day| day.calls > 0);
    let steps = [
        (seen.ever_had > 0, "Find a number and buy it", "By place, digits or a word.", "/search"),
        (
            seen.active > seen.unrouted,
            "Say what happens when it rings",
            "Hours, menu, forwarding, voicemail; then publish.",
            "/numbers",
        ),
        (called, "Call it", "The call appears here with its way and its cost.", "/calls"),
    ];
    if steps.iter().all(|(done, ..)| *done) {
        return None;
    }
    let rows = steps
        .into_iter()
        .enumerate()
        .map(|(i, (done, title, text, href))| {
            let mark = if done {
                view! { <span class="icon-[lucide--circle-check] text-2xl text-success" role="img" aria-label="Done"></span> }.into_any()
            } else {
                view! { <span class="grid size-7 place-items-center rounded-full bg-glow text-sm font-bold text-primary" aria-hidden="true">{i + 1}</span> }.into_any()
            };
            let title = if done {
                view! { <span class="font-medium text-muted">{title}</span> }.into_any()
            } else {
                view! { <a class="link-quiet font-semibold" href=href>{title}</a> }.into_any()
            };
            view! {
                <li class="flex items-start gap-4">
                    <span class="flex w-7 shrink-0 justify-center">{mark}</span>
                    <div>
                        {title} <p class="text-sm text-muted">{text}</p>
                    </div>
                </li>
            }
        })
        .collect_view();
    Some(view! {
        <Card title="Next steps">
            <ol class="flex flex-col gap-4">{rows}</ol>
        </Card>
    })
}
