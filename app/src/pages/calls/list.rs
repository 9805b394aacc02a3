//! The list of calls.

use super::Asked;
use crate::{
    Wrong,
    flash::Tone,
    ui::{
        Badge, ButtonKind, Cell, Choice, EmptyState, Export, Field, FilterBar, LinkButton, Notice,
        Number, Pager, Rate, Select, Table, When,
    },
};
use leptos::prelude::*;
use voxlink_domain::calls::CallRow;
use voxlink_types::{E164, Page, call::CallStatus};

/// A state's word and colour.
pub(super) fn badge(status: CallStatus) -> impl IntoView {
    let tone = match status {
        CallStatus::Initiated | CallStatus::Ringing => Some(Tone::Info),
        CallStatus::Answered | CallStatus::Completed => Some(Tone::Success),
        CallStatus::Busy | CallStatus::NoAnswer => Some(Tone::Warning),
        CallStatus::Failed => Some(Tone::Danger),
        CallStatus::Cancelled => None,
    };
    view! { <Badge text=status.label() tone=tone /> }
}

/// What a call came to, in words.
pub(in crate::pages) fn outcome(word: Option<&str>) -> &'static str {
    match word {
        Some("rings") => "Rang",
        Some("put_through") => "Put through",
        Some("given_up") => "Given up",
        Some("menu") => "Menu",
        Some("voicemail") => "Voicemail",
        Some("rejected") => "Refused",
        _ => "–",
    }
}

/// A party of a call: a number, or whatever else was signalled.
pub(super) fn party(text: &str, href: Option<String>) -> AnyView {
    match (text.parse::<E164>(), href) {
        (Ok(number), Some(href)) => view! { <Number number=number href=href /> }.into_any(),
        (Ok(number), None) => view! { <Number number=number /> }.into_any(),
        (Err(_), _) => view! { <span class="break-all">{text.to_owned()}</span> }.into_any(),
    }
}

/// Minutes and seconds.
pub(in crate::pages) fn spoken(seconds: Option<i32>) -> String {
    seconds.map_or_else(|| "–".to_owned(), |s| format!("{}:{:02}", s / 60, s % 60))
}

/// The filters alone, with what is wrong with them.
pub(super) fn unread(asked: &Asked, wrong: &Wrong) -> AnyView {
    let said = wrong.summary().map(|text| view! { <Notice tone=Tone::Danger>{text}</Notice> });
    view! {
        {said}
        {filters(asked)}
    }
    .into_any()
}

fn filters(asked: &Asked) -> impl IntoView + use<> {
    let statuses = CallStatus::ALL.iter().map(|s| Choice::new(s.as_str(), s.label())).collect();
    let ways = vec![Choice::new("inbound", "Incoming"), Choice::new("outbound", "Outgoing")];
    let (status, direction) =
        (asked.status.clone().unwrap_or_default(), asked.direction.clone().unwrap_or_default());
    let (from, until) =
        (asked.from.clone().unwrap_or_default(), asked.until.clone().unwrap_or_default());
    let number = asked
        .number
        .clone()
        .filter(|n| !n.is_empty())
        .map(|n| view! { <input type="hidden" name="number" value=n /> });
    let campaign = asked
        .campaign
        .clone()
        .filter(|c| !c.is_empty())
        .map(|c| view! { <input type="hidden" name="campaign" value=c /> });
    // A field for days cannot show what is none.
    let wrong = use_context::<Wrong>().unwrap_or_default();
    let kind = |field: &str| if wrong.about(field).is_some() { "text" } else { "date" };
    let (from_kind, until_kind) = (kind("from"), kind("until"));
    view! {
        <FilterBar action="/calls" search="Search digits of either number">
            {number}
            {campaign}
            <Select name="status" label="State" choices=statuses value=status none="All" />
            <Select name="direction" label="Direction" choices=ways value=direction none="Both" />
            <Field name="from" label="From" kind=from_kind value=from optional=true />
            <Field name="until" label="Until" kind=until_kind value=until optional=true />
        </FilterBar>
    }
}

/// Draws it.
pub(super) fn list(page: &Page<CallRow>, asked: &Asked, query: Option<String>) -> AnyView {
    let export = query
        .filter(|q| !q.is_empty())
        .map_or_else(|| "/calls/export.csv".to_owned(), |q| format!("/calls/export.csv?{q}"));
    let rows = page.rows.iter().cloned().map(row).collect_view();
    let table = if page.rows.is_empty() && asked.narrows() {
        view! {
            <EmptyState icon="icon-[lucide--search-x]" title="No call matches" text="Loosen the filter. The search looks for the digits of either number.">
                <LinkButton href="/calls" kind=ButtonKind::Secondary>"Show all calls"</LinkButton>
            </EmptyState>
        }
        .into_any()
    } else if page.rows.is_empty() {
        view! {
            <EmptyState icon="icon-[lucide--phone-call]" title="No calls yet" text="Calls to your numbers stand here within a second. Buy a number and say what happens when it rings.">
                <LinkButton href="/numbers">"Your numbers"</LinkButton>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <Export href=export />
            <Table caption="Calls">
                <thead>
                    <tr>
                        <th scope="col">"When"</th>
                        <th scope="col">"From"</th>
                        <th scope="col">"To"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"What happened"</th>
                        <th scope="col" class="amount">"Length"</th>
                        <th scope="col" class="amount">"Cost"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
            <Pager page=page.clone() of=("call", "calls") />
        }
        .into_any()
    };
    view! {
        {filters(asked)}
        {table}
    }
    .into_any()
}

fn row(call: CallRow) -> impl IntoView {
    let cost = match (call.price, call.currency) {
        (Some(price), Some(currency)) => view! { <Rate rate=price currency=currency /> }.into_any(),
        _ => "–".into_any(),
    };
    let to = party(&call.to, call.number.map(|n| format!("/numbers/{n}")));
    view! {
        <tr>
            <Cell label="When"><a class="link-quiet" href=format!("/calls/{}", call.id)><When at=call.started_at /></a></Cell>
            <Cell label="From">{party(&call.from, None)}</Cell>
            <Cell label="To">{to}</Cell>
            <Cell label="State">{badge(call.status)}</Cell>
            <Cell label="What happened">{outcome(call.outcome.as_deref())}</Cell>
            <Cell label="Length" amount=true>{spoken(call.duration_seconds)}</Cell>
            <Cell label="Cost" amount=true>{cost}</Cell>
        </tr>
    }
}
