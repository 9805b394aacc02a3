//! Running cost: this period by day and by number, and the calls behind it.

use super::{call_file, tabs};
use crate::query::Query;
use crate::{
    Answer, App, PageError, Screen,
    access::Viewer,
    flash::Tone,
    layout::Place,
    ui::{
        Amount, Bar, BarChart, Cell, Choice, EmptyState, Export, FilterBar, LinkButton, Notice,
        Number, Rate, Select, Stat, Table,
    },
};
use axum::{extract::State, http::StatusCode};
use chrono::Days;
use leptos::prelude::*;
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::Deserialize;
use std::collections::BTreeMap;
use voxlink_domain::{
    Ctx,
    billing::{
        account,
        invoices::{BilledUsage, BillingMonth, CallsOf, InvoiceError, Period, billed_usage},
        usage::{MonthToDate, Span, month_to_date},
    },
};
use voxlink_types::{E164, ids::NumberId, money::show_rate};

#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    month: Option<String>,
    number: Option<String>,
}

struct Shown {
    running: MonthToDate,
    month: BillingMonth,
    /// What was asked for instead, where that is no month with usage.
    unknown: Option<String>,
    this_month: BillingMonth,
    period: Period,
    billed: BilledUsage,
}

/// The billing period of the month that is asked for, the running one where none is.
async fn wished(cx: &mut Ctx, wish: &Wish) -> Result<Shown, InvoiceError> {
    let account = account::get(cx).await?;
    let running = Period::containing(cx.now(), account.anchor_day, account.zone);
    let this_month = BillingMonth::of(running.from);
    let asked = wish.month.as_deref().map(str::trim).filter(|asked| !asked.is_empty());
    let month =
        asked.and_then(|m| m.parse::<BillingMonth>().ok()).filter(|month| *month <= this_month);
    let unknown = asked.filter(|_| month.is_none()).map(|text| text.chars().take(20).collect());
    let month = month.unwrap_or(this_month);
    let period = Period::new(month, account.anchor_day, account.zone);
    let span = Span { from: period.start(), to: period.end() };
    let running = month_to_date(cx, span, account.zone, account.currency).await?;
    let billed = billed_usage(cx, period).await?;
    Ok(Shown { running, month, unknown, this_month, period, billed })
}

pub(super) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Query(wish): Query<Wish>,
) -> Answer {
    let mut cx = viewer.begin(&app.platform).await?;
    let shown = wished(&mut cx, &wish).await?;
    drop(cx);
    Screen::new("Usage").at(Place::Billing).render(&app, &viewer, move || page(&shown)).await
}

pub(super) async fn csv(
    State(app): State<App>,
    viewer: Viewer,
    Query(wish): Query<Wish>,
) -> Answer {
    let number = match wish.number.as_deref() {
        Some(text) => Some(super::id::<NumberId>(text)?),
        None => None,
    };
    let mut cx = viewer.begin(&app.platform).await?;
    let Shown { month, unknown, period, .. } = wished(&mut cx, &wish).await?;
    drop(cx);
    if let Some(text) = unknown {
        let sentence = Some(format!("“{text}” is not a month with usage."));
        return Err(PageError { status: StatusCode::NOT_FOUND, sentence });
    }
    let of = CallsOf::Span(Span { from: period.start(), to: period.end() }, number);
    Ok(call_file(&app, &viewer, of, &format!("usage-{month}.csv")))
}

/// Seconds as people read them: `1 h 02 min`, `3 min 20 s`.
fn spoken(seconds: i64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, _) => format!("{minutes} min {rest:02} s"),
        _ => format!("{hours} h {minutes:02} min"),
    }
}

fn page(shown: &Shown) -> impl IntoView + use<> {
    let Shown { running, month, unknown, this_month, period, billed } = shown;
    let unknown = unknown.as_ref().map(|text| {
        let said = format!("“{text}” is not a month with usage. This is the running one.");
        view! { <Notice tone=Tone::Warning>{said}</Notice> }
    });
    let currency = running.currency;
    let months = std::iter::successors(Some(*this_month), |m| Some(m.previous())).take(12);
    let choices = months.map(|m| Choice::new(m.to_string(), m.name())).collect();
    let calls: i64 = running.days.iter().map(|d| d.calls).sum();
    let seconds: i64 = running.days.iter().map(|d| d.billed_seconds).sum();
    let note =
        if month == this_month { "So far, exactly, before tax" } else { "Exactly, before tax" };
    let last_day = period.to.pred_opt().unwrap_or(period.to);
    let days = format!("{} to {}", period.from.format("%-d %b"), last_day.format("%-d %b %Y"));
    let amount = billed.amount;
    let on_invoice = match &billed.invoice {
        Some((id, number)) => view! {
            <Stat label="On the invoice" href=format!("/billing/invoices/{id}") note=format!("{number}, each line rounded")><Amount money=amount /></Stat>
        }
        .into_any(),
        None => view! {
            <Stat label="On the next invoice" href="/billing/invoices/next" note="So far, each line rounded, with late calls"><Amount money=amount /></Stat>
        }
        .into_any(),
    };
    let body = if running.days.is_empty() {
        view! {
            <EmptyState title="No usage in this month" text="Every answered call is rated when it ends and is counted here at once." icon="icon-[lucide--phone-call]">
                <LinkButton href="/numbers">"See your numbers"</LinkButton>
            </EmptyState>
        }
        .into_any()
    } else {
        let (chart, numbers) = (chart(running, period), by_number(running, *month));
        let download = format!("/billing/usage.csv?month={month}");
        view! {
            {chart}
            <div class="mt-8 flex flex-wrap items-end justify-between gap-x-4">
                <h2 class="mb-3 text-lg font-semibold">"By number"</h2>
                <Export href=download />
            </div>
            {numbers}
        }
        .into_any()
    };
    let cost = show_rate(running.total, currency);
    let chosen = month.to_string();
    view! {
        {tabs("/billing/usage")}
        <FilterBar action="/billing/usage">
            <Select name="month" label="Month" choices=choices value=chosen />
        </FilterBar>
        {unknown}
        <p class="mb-4 text-muted">{days}</p>
        <div class="mb-6 grid grid-cols-1 gap-4 sm:grid-cols-2 lg:grid-cols-4">
            <Stat label="Cost" note=note>{cost}</Stat>
            {on_invoice}
            <Stat label="Answered calls">{calls.to_string()}</Stat>
            <Stat label="Billed time">{spoken(seconds)}</Stat>
        </div>
        {body}
    }
}

/// Every day of the month has its bar, also the quiet ones.
fn chart(running: &MonthToDate, period: &Period) -> impl IntoView + use<> {
    let costs: BTreeMap<_, _> = running.days.iter().map(|d| (d.day, d.cost)).collect();
    let days = std::iter::successors(Some(period.from), |d| d.checked_add_days(Days::new(1)))
        .take_while(|d| *d < period.to);
    let bars = days
        .map(|day| {
            let cost = costs.get(&day).copied().unwrap_or_default();
            let height =
                (cost * Decimal::from(10_000)).round().to_i64().unwrap_or(i64::MAX / 1_000);
            Bar::new(day.format("%-d %b").to_string(), height, show_rate(cost, running.currency))
        })
        .collect();
    view! { <BarChart title="Cost by day" per="Day" measure="Cost" bars=bars /> }
}

fn by_number(running: &MonthToDate, month: BillingMonth) -> impl IntoView + use<> {
    let currency = running.currency;
    let rows = running
        .numbers
        .iter()
        .map(|n| {
            let href = format!("/numbers/{}", n.number);
            let number = match n.e164.parse::<E164>() {
                Ok(e164) => view! { <Number number=e164 href=href plain=true /> }.into_any(),
                Err(_) => n.e164.clone().into_any(),
            };
            let calls = format!("/billing/usage.csv?month={month}&number={}", n.number);
            let name = n.friendly_name.clone().unwrap_or_default();
            let (count, time, cost) = (n.calls.to_string(), spoken(n.billed_seconds), n.cost);
            view! {
                <tr>
                    <Cell label="Number">{number}</Cell>
                    <Cell label="Name">{name}</Cell>
                    <Cell label="Calls" amount=true>
                        <a class="link-quiet" href=calls>{count}</a>
                    </Cell>
                    <Cell label="Billed time" amount=true>{time}</Cell>
                    <Cell label="Cost" amount=true><Rate rate=cost currency=currency /></Cell>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Table caption="Cost by number, dearest first">
            <thead>
                <tr>
                    <th scope="col">"Number"</th>
                    <th scope="col">"Name"</th>
                    <th scope="col" class="amount">"Calls"</th>
                    <th scope="col" class="amount">"Billed time"</th>
                    <th scope="col" class="amount">"Cost"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
    }
}
