//! One number: what it is, does and costs.

use super::{NumberTab, NumberTabs, id_of, list::tags, may_change, screen};
use crate::{
    Answer, App,
    access::Viewer,
    flash::Tone,
    pages::calls::{outcome, spoken},
    ui::{
        Badge, ButtonForm, ButtonKind, Card, Cell, Fact, Facts, LinkButton, Notice, Number, Rate,
        Stat, Stateful, Table, When, WhenStyle, country_name, words::billed_by,
    },
};
use axum::extract::{Path, State};
use leptos::prelude::*;
use voxlink_domain::numbers::{self, CarrierFacts, Detail, Event, RecentCall, TakeBack, Totals};
use voxlink_types::{
    E164,
    call::CallStatus,
    e164::readable,
    ids::NumberId,
    money::show_rate,
    number::{NumberState, Standing},
};

/// Calls on the page.
const CALLS: i64 = 10;
/// Events on the page.
const EVENTS: i64 = 20;

pub(super) async fn show(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> Answer {
    let id = id_of(&id)?;
    let mut cx = viewer.begin(&app.platform).await?;
    let detail = numbers::detail(&mut cx, id).await?;
    let totals = numbers::totals(&mut cx, id).await?;
    let calls = numbers::recent_calls(&mut cx, id, CALLS).await?;
    let events = numbers::events(&mut cx, id, EVENTS).await?;
    let staff = viewer.member.platform_role.is_staff();
    let carrier = if staff { Some(numbers::carrier_facts(&mut cx, id).await?) } else { None };
    let change = may_change(&viewer);
    let back = if change && detail.row.standing() == Standing::Released {
        numbers::to_take_back(&mut cx, &app.platform, &[id]).await?.remove(&id)
    } else {
        None
    };
    drop(cx);
    screen(&detail.row.number)
        .render(&app, &viewer, move || {
            view! {
                <NumberTabs id current=NumberTab::Overview />
                {standing(&detail, change)}
                {trouble(&detail, &events, change)}
                {back.as_ref().map(|back| take_back(id, back))}
                <div class="flex flex-col gap-6">
                    {figures(&detail, &totals)}
                    <div class="grid items-start gap-6 lg:grid-cols-2">
                        {does(&detail, change)}
                        {facts(detail.clone())}
                    </div>
                    {last_calls(&detail, calls)}
                    {story(events)}
                    {carrier.map(at_carrier)}
                </div>
            }
        })
        .await
}

/// What must be known first: it is silent, and what can be done about it.
pub(super) fn standing(detail: &Detail, change: bool) -> Option<AnyView> {
    let id = detail.row.id;
    match detail.row.standing() {
        Standing::Releasing => {
            let until = detail.row.release_at?;
            let undo = change.then(|| {
                view! {
                    <ButtonForm action=format!("/numbers/{id}/undo-release") kind=ButtonKind::Secondary>
                        "Undo the release"
                    </ButtonForm>
                }
            });
            Some(
                view! {
                    <Notice tone=Tone::Warning>
                        <div class="flex flex-wrap items-center justify-between gap-3">
                            <span>
                                "This number is being released: callers hear that it is not in service. It is given back on "
                                <When at=until /> "; until then you can undo it."
                            </span>
                            {undo}
                        </div>
                    </Notice>
                }
                .into_any(),
            )
        }
        Standing::Suspended => {
            let (since, why) = detail.suspension.clone()?;
            let resume = change.then(|| {
                view! {
                    <ButtonForm action=format!("/numbers/{id}/resume") kind=ButtonKind::Secondary>"Resume"</ButtonForm>
                }
            });
            let hear = detail.suspension_message.clone().map_or_else(
                || "Callers hear the standard message.".to_owned(),
                |text| format!("Callers hear: “{text}”"),
            );
            Some(
                view! {
                    <Notice tone=Tone::Warning>
                        <div class="flex flex-wrap items-center justify-between gap-3">
                            <span>
                                "Suspended since " <When at=since /> ": " {why} ". " {hear}
                            </span>
                            {resume}
                        </div>
                    </Notice>
                }
                .into_any(),
            )
        }
        Standing::Released => {
            let at = detail.released_at?;
            Some(
                view! { <Notice>"This number was given back on " <When at=at /> "."</Notice> }
                    .into_any(),
            )
        }
        _ => None,
    }
}

/// What is wrong with a number that needs attention, what that means for callers and what to do.
fn trouble(detail: &Detail, events: &[Event], change: bool) -> Option<AnyView> {
    if detail.row.standing() != Standing::Error {
        return None;
    }
    let wrong = events.iter().find(|event| event.to == NumberState::Error);
    let why = wrong.map(|event| readable(&event.reason));
    let why = why.map(|why| view! { <p class="font-semibold">{why}</p> });
    let release = change.then(|| {
        let href = format!("/numbers/{}/release", detail.row.id);
        view! { " If you do not need it any more, " <a class="link" href=href>"release it"</a> "." }
    });
    Some(
        view! {
            <Notice tone=Tone::Danger>
                {why}
                <p>
                    "This number needs attention: callers may not reach it. Contact support, who can put it right with the carrier."
                    {release}
                </p>
            </Notice>
        }
        .into_any(),
    )
}

/// The way back to a number that rests. It is held like one that a search found: the cart says what
/// it costs now.
fn take_back(id: NumberId, back: &TakeBack) -> impl IntoView + use<> {
    let until = back.until;
    let fields = vec![
        ("one", format!("{}:{}", back.carrier, back.number)),
        ("back", format!("/numbers/{id}")),
    ];
    view! {
        <Notice>
            <div class="flex flex-wrap items-center justify-between gap-3">
                <span>
                    "You can have it back until " <When at=until />
                    ": you buy it anew, and decide anew what it does. Until then nobody else gets it."
                </span>
                <ButtonForm action="/search/hold" fields=fields kind=ButtonKind::Secondary>"Take it back"</ButtonForm>
            </div>
        </Notice>
    }
}

fn figures(detail: &Detail, totals: &Totals) -> impl IntoView + use<> {
    let minutes = (totals.billed_seconds + 59) / 60;
    let (calls, messages) = (totals.calls, totals.messages);
    let cost = show_rate(totals.cost, detail.row.currency);
    view! {
        <section aria-label="The last 30 days" class="grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
            <Stat label="Calls, 30 days" note=format!("{} answered", totals.answered)>{calls}</Stat>
            <Stat label="Minutes billed, 30 days">{minutes}</Stat>
            <Stat label="Messages, 30 days">{messages}</Stat>
            <Stat label="Usage cost, 30 days" note="rental apart">
                {cost}
            </Stat>
        </section>
    }
}

fn does(detail: &Detail, change: bool) -> impl IntoView + use<> {
    let id = detail.row.id;
    let version = detail.version.zip(detail.published_at).map(|(version, at)| {
        view! {
            <p class="text-sm text-muted">
                {format!("Version {version}, published ")} <When at=at />
            </p>
        }
    });
    let draft = detail.draft.map(|_| {
        view! { <p class="text-sm">"A draft waits to be published."</p> }
    });
    let standing = detail.row.standing();
    // What callers meet now, where that is not the plan.
    let instead = match standing {
        Standing::Suspended => Some("Nothing rings while it is suspended: callers hear a message."),
        Standing::Releasing => Some("It no longer rings: callers hear that it is not in service."),
        Standing::Released => Some("It was given back and does nothing here any more."),
        _ => None,
    };
    let line = detail.row.what_it_does();
    let words = if line.is_some() { "Change what it does" } else { "Decide what it does" };
    let text = match (instead, line) {
        (Some(now), Some(line)) => view! {
            <p class="text-lg">{now}</p>
            <p class="text-muted">{format!("Its plan: {line}")}</p>
        }
        .into_any(),
        (Some(now), None) => view! { <p class="text-lg">{now}</p> }.into_any(),
        (None, Some(line)) => view! { <p class="text-lg">{line}</p> }.into_any(),
        (None, None) => {
            view! { <p>"Nothing is set up yet: callers may leave a message."</p> }.into_any()
        }
    };
    let kind = if instead.is_some() { ButtonKind::Secondary } else { ButtonKind::Primary };
    let edit = (change && !matches!(standing, Standing::Releasing | Standing::Released)).then(|| {
        view! { <LinkButton href=format!("/numbers/{id}/routing") kind=kind>{words}</LinkButton> }
    });
    let help = (detail.version.is_none() && instead.is_none()).then(|| {
        view! { <a class="link text-sm" href="/help/routing">"How routing works"</a> }
    });
    view! {
        <Card title="When it rings">
            <div class="flex flex-col items-start gap-3">{text} {version} {draft} {edit} {help}</div>
        </Card>
    }
}

fn facts(detail: Detail) -> impl IntoView {
    let row = detail.row;
    let (state, tone) = row.standing().badge();
    let place = row.place().unwrap_or_else(|| country_name(&row.country));
    let name = row.name.unwrap_or_else(|| "None".to_owned());
    let kind = row.number_type.label();
    let can: Vec<&str> = row.capabilities.iter().map(|c| c.label()).collect();
    let can = can.join(", ");
    let pending = detail.pending_at_carrier.then(|| {
        view! { <span class="text-sm text-muted">" (the carrier has not confirmed it yet)"</span> }
    });
    let order = detail.order.map(|(order, number)| {
        view! {
            <Fact name="Order"><a class="link" href=format!("/orders/{order}")>{number}</a></Fact>
        }
    });
    let notes = row.notes.map(|text| {
        view! { <div class="mt-4"><div class="text-sm text-muted">"Notes"</div><p class="whitespace-pre-line">{text}</p></div> }
    });
    let (first, next) = detail.increments;
    let rounding = format!(" billed {}", billed_by(first, next));
    let tagged = if row.tags.is_empty() {
        view! { <span class="text-muted">"None"</span> }.into_any()
    } else {
        tags(&row.tags).into_any()
    };
    view! {
        <Card title="Details">
            <Facts>
                <Fact name="Number"><Number number=row.number /></Fact>
                <Fact name="State"><Badge text=state tone=tone /></Fact>
                <Fact name="Name">{name} {pending}</Fact>
                <Fact name="Tags">{tagged}</Fact>
                <Fact name="Kind">{kind}</Fact>
                <Fact name="Place">{place}</Fact>
                <Fact name="Can do">{can}</Fact>
                <Fact name="Time zone">{detail.time_zone}</Fact>
                <Fact name="Rental"><Rate rate=row.monthly currency=row.currency unit="month" /></Fact>
                <Fact name="Incoming calls">
                    <Rate rate=detail.inbound_minute currency=row.currency unit="minute" />
                    <span class="text-sm text-muted">{rounding}</span>
                </Fact>
                <Fact name="Yours since"><When at=row.started_at style=WhenStyle::Day /></Fact>
                {order}
            </Facts>
            {notes}
        </Card>
    }
}

fn last_calls(detail: &Detail, calls: Vec<RecentCall>) -> AnyView {
    if calls.is_empty() {
        return view! {
            <Card title="Last calls">
                <p class="text-muted">"Nobody has called this number yet."</p>
            </Card>
        }
        .into_any();
    }
    let currency = detail.row.currency;
    let rows = calls
        .into_iter()
        .map(|call| {
            let other = match call.other.parse::<E164>() {
                Ok(number) => view! { <Number number plain=true /> }.into_any(),
                Err(_) => view! { <span>{call.other.clone()}</span> }.into_any(),
            };
            let length = spoken(call.seconds);
            let price = call
                .price
                .map_or_else(|| "–".to_owned(), |p| show_rate(p, call.currency.unwrap_or(currency)));
            let ended = match (&call.outcome, call.status.parse::<CallStatus>()) {
                (None, Ok(status)) => status.label(),
                (word, _) => outcome(word.as_deref()),
            };
            let way = if call.direction == "inbound" { "From" } else { "To" };
            view! {
                <tr>
                    <td><a class="link-quiet" href=format!("/calls/{}", call.id)><When at=call.started_at /></a></td>
                    <Cell label=way>{other}</Cell>
                    <Cell label="What happened">{ended}</Cell>
                    <Cell label="Length" amount=true><span class="tabular-nums">{length}</span></Cell>
                    <Cell label="Cost" amount=true><span class="tabular-nums">{price}</span></Cell>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="flex flex-col gap-3">
            <h2 class="text-lg font-semibold">"Last calls"</h2>
            <Table caption="Last calls of this number">
                <thead>
                    <tr>
                        <th scope="col">"When"</th>
                        <th scope="col">"Caller"</th>
                        <th scope="col">"What happened"</th>
                        <th scope="col" class="amount">"Length"</th>
                        <th scope="col" class="amount">"Cost"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
        </section>
    }
    .into_any()
}

fn story(events: Vec<Event>) -> Option<impl IntoView> {
    (!events.is_empty()).then(|| {
        let lines = events
            .into_iter()
            .map(|event| {
                let (text, tone) = event.to.badge();
                view! {
                    <li class="flex flex-col items-start gap-1 border-b border-base-300 py-2 last:border-0 sm:flex-row sm:items-baseline sm:gap-x-3">
                        <Badge text tone=tone />
                        <span class="min-w-0 break-words sm:flex-1">{event.reason}</span>
                        <span class="text-sm text-muted sm:shrink-0">{event.by} ", " <When at=event.at /></span>
                    </li>
                }
            })
            .collect_view();
        view! { <Card title="History"><ol>{lines}</ol></Card> }
    })
}

fn at_carrier(facts: CarrierFacts) -> impl IntoView {
    let unknown = || "Unknown".to_owned();
    view! {
        <Card title="At the carrier (staff only)">
            <Facts>
                <Fact name="Carrier">{facts.carrier}</Fact>
                <Fact name="The carrier’s id"><code>{facts.number_id.unwrap_or_else(unknown)}</code></Fact>
                <Fact name="Account"><code>{facts.account.unwrap_or_else(unknown)}</code></Fact>
                <Fact name="Settings">{if facts.pending { "Waiting to be confirmed" } else { "Confirmed" }}</Fact>
            </Facts>
        </Card>
    }
}
