//! How runs of sheets look: the list, and one with its rows.

use super::sheets::{moves, word};
use crate::{
    Wrong,
    flash::Tone,
    ui::{
        Amount, Badge, Button, ButtonForm, ButtonKind, Card, Cell, EmptyState, Fact, Facts, Form,
        LinkButton, Notice, Pager, Stat, Tab, Table, Tabs, TypedConfirmation, When,
    },
};
use leptos::prelude::*;
use voxlink_domain::bulk::{Action, Line, LineState, Run, RunState};
use voxlink_types::{E164, Money, Page, e164::readable};

fn badge(state: RunState) -> (&'static str, Option<Tone>) {
    let tone = match state {
        RunState::Rehearsing | RunState::Running => Some(Tone::Info),
        RunState::Ready | RunState::Stopped => Some(Tone::Warning),
        RunState::Finished => Some(Tone::Success),
    };
    (state.label(), tone)
}

const fn tone(state: LineState) -> Option<Tone> {
    match state {
        LineState::Waiting => None,
        LineState::Ready | LineState::Ordered => Some(Tone::Info),
        LineState::Done => Some(Tone::Success),
        LineState::Refused => Some(Tone::Danger),
    }
}

/// The runs, newest first.
pub(super) fn list(page: Page<Run>) -> AnyView {
    if page.rows.is_empty() {
        return view! {
            <EmptyState title="No sheets yet" text="Buy, release, set up, tag or assign many numbers by a CSV file: you see row by row what would happen before anything does." icon="icon-[lucide--file-spreadsheet]">
                <LinkButton href="/numbers/bulk/new">"Send a sheet"</LinkButton>
                <LinkButton href="/numbers" kind=ButtonKind::Secondary>"Your numbers"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let rows = page
        .rows
        .iter()
        .cloned()
        .map(|run| {
            let (text, tone) = badge(run.state);
            let href = format!("/numbers/bulk/{}", run.id);
            view! {
                <tr>
                    <Cell label="Sheet"><a class="link-quiet font-medium" href=href>{run.action.label()}</a></Cell>
                    <Cell label="File"><bdi>{run.name}</bdi></Cell>
                    <Cell label="State"><Badge text tone=tone /></Cell>
                    <Cell label="Rows" amount=true>{run.total}</Cell>
                    <Cell label="Done" amount=true>{run.counts.done}</Cell>
                    <Cell label="Not done" amount=true>{run.counts.refused}</Cell>
                    <Cell label="By"><bdi>{run.by}</bdi></Cell>
                    <Cell label="Sent"><When at=run.created_at /></Cell>
                </tr>
            }
        })
        .collect_view();
    view! {
        <p class="mb-4 flex justify-end"><LinkButton href="/numbers/bulk/new">"Send a sheet"</LinkButton></p>
        <Table caption="Sheets that were sent">
            <thead>
                <tr>
                    <th scope="col">"Sheet"</th>
                    <th scope="col">"File"</th>
                    <th scope="col">"State"</th>
                    <th scope="col" class="amount">"Rows"</th>
                    <th scope="col" class="amount">"Done"</th>
                    <th scope="col" class="amount">"Not done"</th>
                    <th scope="col">"By"</th>
                    <th scope="col">"Sent"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
        <Pager page of=("sheet", "sheets") />
    }
    .into_any()
}

/// One run with its rows.
pub(super) fn run(
    run: Run,
    lines: Page<Line>,
    shown: Option<LineState>,
    credit: Option<Money>,
    change: bool,
    wrong: Wrong,
) -> AnyView {
    let counts = run.counts;
    let left = counts.waiting + counts.ready;
    let start = (change && run.state == RunState::Ready).then(|| start(&run, credit, wrong));
    let rows = rows(&run, lines.rows.clone());
    view! {
        <div class="flex flex-col gap-6">
            <div>
                {said(&run)}
                <div class="grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
                    <Stat label="Still to do">{left}</Stat>
                    <Stat label="Being bought">{counts.ordered}</Stat>
                    <Stat label="Done">{counts.done}</Stat>
                    <Stat label=LineState::Refused.label_in(run.state)>{counts.refused}</Stat>
                </div>
            </div>
            {start}
            {buttons(&run, change)}
            <section>
                {tabs(&run, shown)}
                <Table caption="The rows of this sheet">
                    <thead>
                        <tr>
                            <th scope="col" class="amount">"Line"</th>
                            <th scope="col">"Row"</th>
                            <th scope="col">"State"</th>
                            <th scope="col">"What happens"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </Table>
                <Pager page=lines of=("row", "rows") />
            </section>
        </div>
    }
    .into_any()
}

/// Where the run stands, in a sentence.
fn said(run: &Run) -> impl IntoView + use<> {
    let counts = run.counts;
    let through = i64::from(run.total) - counts.waiting - counts.ready - counts.ordered;
    let (tone, text) = match run.state {
        RunState::Rehearsing => (
            Tone::Info,
            format!(
                "{} of {} rows have been looked at. Nothing is changed by that. You may leave this page; it goes on.",
                i64::from(run.total) - counts.waiting,
                run.total
            ),
        ),
        RunState::Ready if counts.refused == 0 => (
            Tone::Info,
            "This is what would happen. Nothing was changed yet: start it when it is right."
                .to_owned(),
        ),
        RunState::Ready => (
            Tone::Warning,
            format!(
                "This is what would happen; {} of {} rows cannot be done, for the reasons below. Nothing was changed yet.",
                counts.refused, run.total
            ),
        ),
        RunState::Running => (
            Tone::Info,
            format!(
                "{through} of {} rows are through. You may leave this page; it goes on.",
                run.total
            ),
        ),
        RunState::Stopped => {
            let why = run.stop_reason.clone().unwrap_or_else(|| {
                "It was stopped. What is done stays done; the rest waits until you resume it."
                    .to_owned()
            });
            (Tone::Warning, why)
        }
        RunState::Finished if counts.done == 0 => (
            Tone::Warning,
            "No row was done: the reasons stand below. Mend the rows in the result file and send it again."
                .to_owned(),
        ),
        RunState::Finished if counts.refused == 0 => {
            (Tone::Success, format!("Done for all {} rows.", counts.done))
        }
        RunState::Finished => (
            Tone::Warning,
            format!(
                "Done for {} rows, not for {}: the reasons stand below and in the result file, which can be mended and sent again.",
                counts.done, counts.refused
            ),
        ),
    };
    view! { <Notice tone=tone>{text}</Notice> }
}

/// What starting means, and the button.
fn start(run: &Run, credit: Option<Money>, wrong: Wrong) -> impl IntoView + use<> {
    let action = format!("/numbers/bulk/{}/start", run.id);
    let ready = run.counts.ready;
    let rows = if ready == 1 { "1 row".to_owned() } else { format!("{ready} rows") };
    let total = run.cost.minor.to_string();
    let money = credit.map(|credit| {
        let (cost, numbers) = (run.cost, run.numbers);
        let short = (credit.minor < cost.minor).then(|| {
            view! {
                <Notice tone=Tone::Warning>
                    "Your balance does not cover all of it: rows that it does not cover are refused, the others are bought. "
                    <a class="link" href="/billing/top-up">"Top up first"</a>
                </Notice>
            }
        });
        view! {
            <Facts>
                <Fact name="Numbers">{numbers}</Fact>
                <Fact name="Due now at most: first months, set-up and tax"><Amount money=cost /></Fact>
                <Fact name="Your balance"><Amount money=credit /></Fact>
            </Facts>
            {short}
            <p class="text-sm text-muted">"A row that costs more than it says here when its turn comes is not bought. What a carrier does not sell is not charged."</p>
        }
    });
    let typed = (run.action == Action::Release).then(|| word(ready));
    let kind = if run.action == Action::Release { ButtonKind::Danger } else { ButtonKind::Primary };
    let label = match run.action {
        Action::Buy => format!("Buy for {} at most", run.cost),
        _ => format!("Carry out {rows}"),
    };
    view! {
        <Card title="Start">
            <Form action=action wrong=wrong>
                <input type="hidden" name="total" value=total />
                {money}
                {typed.map(|word| view! { <TypedConfirmation word=word /> })}
                <div><Button kind=kind>{label}</Button></div>
            </Form>
        </Card>
    }
}

fn buttons(run: &Run, change: bool) -> impl IntoView + use<> {
    let id = run.id;
    let stop = (change && matches!(run.state, RunState::Rehearsing | RunState::Running)).then(|| {
        view! { <ButtonForm action=format!("/numbers/bulk/{id}/stop") kind=ButtonKind::Secondary>"Stop"</ButtonForm> }
    });
    let resume = (change && run.state == RunState::Stopped).then(|| {
        view! { <ButtonForm action=format!("/numbers/bulk/{id}/resume") kind=ButtonKind::Primary>"Resume"</ButtonForm> }
    });
    let discard = (change && run.started_at.is_none() && !moves(run)).then(|| {
        view! { <ButtonForm action=format!("/numbers/bulk/{id}/discard") kind=ButtonKind::Secondary>"Discard"</ButtonForm> }
    });
    let file = (!moves(run)).then(|| {
        view! { <LinkButton href=format!("/numbers/bulk/{id}/result.csv") kind=ButtonKind::Secondary>"Download the result"</LinkButton> }
    });
    view! {
        <div class="no-print flex flex-wrap gap-3">
            {stop} {resume} {file} {discard}
            <LinkButton href="/numbers/bulk" kind=ButtonKind::Secondary>"All sheets"</LinkButton>
        </div>
    }
}

/// All rows, or those in one state.
fn tabs(run: &Run, shown: Option<LineState>) -> impl IntoView + use<> {
    let path = format!("/numbers/bulk/{}", run.id);
    let counts = run.counts;
    let of = |state: LineState, count: i64| {
        let label = format!("{} ({count})", state.label_in(run.state));
        Tab::new(label, format!("{path}?state={state}"), shown == Some(state))
    };
    let tabs = vec![
        Tab::new(format!("All ({})", run.total), path.clone(), shown.is_none()),
        of(LineState::Refused, counts.refused),
        of(LineState::Ready, counts.ready),
        of(LineState::Done, counts.done),
    ];
    view! { <Tabs label="Rows" tabs /> }
}

fn rows(run: &Run, lines: Vec<Line>) -> impl IntoView + use<> {
    let (action, stands) = (run.action, run.state);
    lines
        .into_iter()
        .map(|line| {
            let (text, tone) = (line.state.label_in(stands), tone(line.state));
            let subject = readable(&line.subject());
            let does = line.does.as_deref().map(readable);
            let why = line.message.as_deref().map(readable);
            let order = line.order.clone().map(|(id, number)| {
                view! { <a class="link whitespace-nowrap" href=format!("/orders/{id}")>{format!("Order {number}")}</a> }
            });
            // What a row buys is told one by one where it is more than the sentence names.
            let numbers = (action == Action::Buy && line.numbers.len() > 1).then(|| {
                let numbers: Vec<String> = line.numbers.iter().map(E164::international).collect();
                view! { <span class="text-sm text-muted">{numbers.join(", ")}</span> }
            });
            view! {
                <tr>
                    <Cell label="Line" amount=true>{line.line}</Cell>
                    <Cell label="Row"><bdi class="[overflow-wrap:anywhere]">{subject}</bdi></Cell>
                    <Cell label="State"><Badge text tone=tone /></Cell>
                    <Cell label="What happens">
                        <div class="flex flex-col gap-0.5">
                            {does.map(|does| view! { <span>{does}</span> })}
                            {why.map(|why| view! { <span class="font-medium">{why}</span> })}
                            {numbers}
                            {order}
                        </div>
                    </Cell>
                </tr>
            }
        })
        .collect_view()
}
