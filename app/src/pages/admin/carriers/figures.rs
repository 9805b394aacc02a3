//! A carrier's figures over all servers: numbers and what they cost, requests by operation and day,
//! callbacks.

use crate::ui::{
    Bar, BarChart, Card, Cell, EmptyState, Fact, Facts, Fold, Rate, Stat, Table, grouped,
};
use chrono::{Days, NaiveDate};
use leptos::prelude::*;
use std::{collections::BTreeMap, time::Duration};
use voxlink_domain::carriers::{Callbacks, CallbacksOfDay, DAYS, Holdings, Operation, Requests};

/// Its numbers.
pub(super) fn numbers(holdings: &Holdings) -> impl IntoView + use<> {
    let within = format!("within {DAYS} days");
    let (active, bought, released) =
        (grouped(holdings.active), grouped(holdings.bought), grouped(holdings.released));
    let costs = holdings
        .costs
        .iter()
        .map(|&cost| {
            view! {
                <Fact name="Costs us"><Rate rate=cost.monthly currency=cost.currency unit="month" /></Fact>
                <Fact name="Customers pay"><Rate rate=cost.rent currency=cost.currency unit="month" /></Fact>
            }
        })
        .collect_view();
    let costs = (!holdings.costs.is_empty()).then(|| {
        view! {
            <Card title="Cost of the active numbers">
                <Facts>{costs}</Facts>
                <p class="mt-4 text-sm text-muted">
                    "By the prices that the numbers were sold at, without set-up, calls and tax."
                </p>
            </Card>
        }
    });
    view! {
        <div class="grid gap-4 sm:grid-cols-3">
            <Stat label="Active numbers">{active}</Stat>
            <Stat label="Bought" note=within.clone()>{bought}</Stat>
            <Stat label="Released" note=within>{released}</Stat>
        </div>
        {costs}
    }
}

/// Its requests: a chart, the operations, each operation by day.
pub(super) fn requests(operations: &[Operation], today: NaiveDate) -> AnyView {
    if operations.is_empty() {
        return view! {
            <EmptyState
                title=format!("No requests within {DAYS} days")
                text="What goes over the network to this carrier is counted here. A carrier whose books are in our own database is asked without."
                icon="icon-[lucide--activity]"
            />
        }
        .into_any();
    }
    let rows = operations.iter().map(|operation| row(&operation.name, &operation.whole));
    let rows = rows.collect_view();
    let days = operations.iter().map(days_of).collect_view();
    let bars = bars(operations, today);
    view! {
        <Card title="Requests">
            <div class="flex flex-col gap-6">
                <BarChart title=format!("Requests of the last {DAYS} days") per="Day" measure="Requests" bars=bars />
                <Table caption="Requests by operation">
                    {heading("Operation")}
                    <tbody>{rows}</tbody>
                </Table>
                <div class="flex flex-col gap-2">{days}</div>
                <p class="text-sm text-muted">
                    "Times are from the first byte sent to the last received, with all retries. 99 of 100 requests took no longer than p99, read from a histogram. Days are in UTC. What was not asked, because the carrier is left alone after failing too often, is in no other figure."
                </p>
            </div>
        </Card>
    }
    .into_any()
}

/// Every day has its bar, also those without a request.
fn bars(operations: &[Operation], today: NaiveDate) -> Vec<Bar> {
    let mut counts: BTreeMap<NaiveDate, i64> = BTreeMap::new();
    for (day, requests) in operations.iter().flat_map(|operation| &operation.days) {
        *counts.entry(*day).or_default() += requests.count;
    }
    let days = (0..DAYS).rev().filter_map(|n| today.checked_sub_days(Days::new(u64::from(n))));
    days.map(|day| {
        let count = counts.get(&day).copied().unwrap_or_default();
        Bar::new(day.format("%-d %b").to_string(), count, grouped(count))
    })
    .collect()
}

fn heading(first: &'static str) -> impl IntoView {
    view! {
        <thead>
            <tr>
                <th scope="col">{first}</th>
                <th scope="col" class="amount">"Requests"</th>
                <th scope="col" class="amount">"Not done"</th>
                <th scope="col">"Why not"</th>
                <th scope="col" class="amount">"Mean"</th>
                <th scope="col" class="amount">"p99"</th>
            </tr>
        </thead>
    }
}

/// What the code of a carrier's error is to people; one that has no words is shown as
/// it is.
fn reason(code: &str) -> &str {
    match code {
        "number_unavailable" => "Number not available",
        "already_owned" => "Ours already",
        "unknown_at_carrier" => "Not known there",
        "papers_required" => "Wants papers or an address",
        "carrier_credentials" => "Credentials refused",
        "carrier_funds" => "No funds in the account",
        "carrier_busy" => "Asked us to wait",
        "carrier_failed" => "No connection or no answer",
        "carrier_outcome_unknown" => "Answer lost",
        "kept_too_short" => "Must be kept longer",
        "carrier_cannot" => "Cannot do that",
        "carrier_rejected" => "Request not accepted",
        "carrier_not_configured" => "Not configured",
        other => other,
    }
}

fn row(first: &str, requests: &Requests) -> impl IntoView + use<> {
    let first = first.to_owned();
    let (count, failed) = (grouped(requests.count), grouped(requests.failed()));
    let codes = requests
        .failures
        .iter()
        .map(|(code, count)| {
            let text = format!("{}: {}", reason(code), grouped(*count));
            view! { <span>{text}</span> }
        })
        .collect_view();
    let unasked = (requests.not_asked > 0).then(|| {
        let text = format!("Besides, not asked while it failed: {}", grouped(requests.not_asked));
        view! { <span class="text-muted">{text}</span> }
    });
    let (mean, p99) = (time(requests.took.mean()), time(requests.took.p99()));
    view! {
        <tr>
            <Cell label=""><span class="font-medium whitespace-nowrap">{first}</span></Cell>
            <Cell label="Requests" amount=true>{count}</Cell>
            <Cell label="Not done" amount=true>{failed}</Cell>
            <Cell label="Why not"><div class="flex flex-wrap gap-x-3 text-sm">{codes} {unasked}</div></Cell>
            <Cell label="Mean" amount=true>{mean}</Cell>
            <Cell label="p99" amount=true>{p99}</Cell>
        </tr>
    }
}

fn days_of(operation: &Operation) -> impl IntoView + use<> {
    let rows = operation.days.iter().map(|(day, requests)| row(&shown(*day), requests));
    let rows = rows.collect_view();
    let title = format!("{} by day", operation.name);
    view! {
        <Fold summary=title.clone()>
            <Table caption=title>
                {heading("Day")}
                <tbody>{rows}</tbody>
            </Table>
        </Fold>
    }
}

fn shown(day: NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

/// A time as people read it; none of nothing.
fn time(took: Option<Duration>) -> String {
    let Some(took) = took else { return "–".to_owned() };
    match took.as_millis() {
        ms @ 0..1_000 => format!("{ms} ms"),
        ms => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
    }
}

/// What it called us with.
pub(super) fn callbacks(days: &[CallbacksOfDay]) -> impl IntoView + use<> {
    let sum = days.iter().fold(Callbacks::default(), |sum, (_, day)| Callbacks {
        processed: sum.processed + day.processed,
        refused: sum.refused + day.refused,
        failed: sum.failed + day.failed,
    });
    let rows = days
        .iter()
        .map(|&(day, counts)| {
            view! {
                <tr>
                    <Cell label=""><span class="font-medium whitespace-nowrap">{shown(day)}</span></Cell>
                    <Cell label="Received" amount=true>{grouped(counts.received())}</Cell>
                    <Cell label="Processed" amount=true>{grouped(counts.processed)}</Cell>
                    <Cell label="Turned away" amount=true>{grouped(counts.refused)}</Cell>
                    <Cell label="Failed" amount=true>{grouped(counts.failed)}</Cell>
                </tr>
            }
        })
        .collect_view();
    let by_day = (!days.is_empty()).then(|| {
        view! {
            <div class="mt-5">
                <Fold summary="Callbacks by day">
                    <Table caption="Callbacks by day">
                        <thead>
                            <tr>
                                <th scope="col">"Day"</th>
                                <th scope="col" class="amount">"Received"</th>
                                <th scope="col" class="amount">"Processed"</th>
                                <th scope="col" class="amount">"Turned away"</th>
                                <th scope="col" class="amount">"Failed"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </Table>
                </Fold>
            </div>
        }
    });
    view! {
        <Card title="Callbacks">
            <Facts>
                <Fact name="Received">{grouped(sum.received())}</Fact>
                <Fact name="Processed">{grouped(sum.processed)}</Fact>
                <Fact name="Turned away: unproved or unreadable">{grouped(sum.refused)}</Fact>
                <Fact name="Failed by us, told again">{grouped(sum.failed)}</Fact>
            </Facts>
            {by_day}
        </Card>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_and_days_without_a_request_have_their_bar() {
        let shown = |ms| time(Some(Duration::from_millis(ms)));
        assert_eq!(
            [shown(0), shown(999), shown(1_000), shown(12_345)],
            ["0 ms", "999 ms", "1.0 s", "12.3 s"]
        );
        assert_eq!(time(None), "–");
        assert_eq!(reason("carrier_failed"), "No connection or no answer");
        assert_eq!(reason("new_code"), "new_code");
        let today = NaiveDate::from_ymd_opt(2026, 11, 16).unwrap();
        let requests = Requests { count: 7, ..Requests::default() };
        let search = Operation {
            name: "search".to_owned(),
            whole: requests.clone(),
            days: vec![(today, requests)],
        };
        let bars = bars(&[search.clone(), Operation { name: "buy".to_owned(), ..search }], today);
        assert_eq!(bars.len(), 30);
        assert_eq!((bars[0].label.as_str(), bars[0].value), ("18 Oct", 0));
        assert_eq!((bars[29].label.as_str(), bars[29].value), ("16 Nov", 14));
    }
}
