//! One order: where it stands, its numbers, its money, its timeline.

use crate::{
    Answer, App, Flash, PageError, Screen,
    access::{Manager, Viewer},
    flash::Tone,
    layout::Place,
    ui::{
        Amount, Badge, ButtonForm, ButtonKind, Card, Cell, Fact, Facts, Notice, Number, Stateful,
        Table, When,
    },
};
use axum::{
    extract::{Path, State},
    http::{HeaderValue, header::REFRESH},
    response::{IntoResponse, Redirect},
};
use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;
use voxlink_domain::{
    billing::{
        account,
        address::Address,
        journal::available_credit,
        payments,
        seller::{self, Seller},
    },
    orders::{self, Due, DueError, Event, Item, Order},
};
use voxlink_types::{
    Money,
    e164::readable,
    ids::OrderId,
    order::{OrderState, PaymentState, Strategy},
    role::TenantRole,
};

fn parsed(id: &str) -> Result<OrderId, PageError> {
    id.parse().map_err(|_| PageError::not_found())
}

pub(super) async fn show(State(app): State<App>, who: Viewer, Path(id): Path<String>) -> Answer {
    // Of one moment: a payment that ends between two queries would look like an order at rest, and
    // the page would not come again.
    let mut cx = who.begin_reading(&app.platform).await?;
    let order = orders::get(&mut cx, parsed(&id)?).await?.ok_or_else(PageError::not_found)?;
    let may = who.member.tenant_role >= TenantRole::Manager && who.member.suspended.is_none();
    let tenant = cx.tenant();
    let credit = available_credit(&mut cx, tenant, order.total.currency).await?;
    let company = account::get(&mut cx).await?.billing.company;
    let company = if company.is_empty() { who.member.company.clone() } else { company };
    let seller = seller::get(&mut cx).await?;
    let follow = follow(&order, cx.now());
    drop(cx);
    let card = app.platform.processors().next().map(|p| p.key());
    let screen =
        Screen::new(format!("Order {}", order.number)).at(Place::Orders).under("Orders", "/orders");
    let mut response =
        screen.render(&app, &who, move || body(order, seller, company, may, card, credit)).await?;
    if let Some(seconds) = follow {
        response.headers_mut().insert(REFRESH, HeaderValue::from_static(seconds));
    }
    Ok(response)
}

/// In how many seconds the page comes again, without a script: soon while the worker buys or
/// collects; while a card is being given elsewhere, too, for its processor may take its time.
fn follow(order: &Order, now: DateTime<Utc>) -> Option<&'static str> {
    let card = order.payment.as_ref();
    let accepted = card.is_some_and(|p| p.state == PaymentState::Authorised);
    let asked = card.is_some_and(|p| {
        p.state == PaymentState::Pending && now - p.began_at < TimeDelta::minutes(15)
    });
    let pending = order.state == OrderState::Pending;
    let waits = pending || order.due.is_some();
    if order.state == OrderState::Processing || pending && !order.by_card || waits && accepted {
        return Some("2");
    }
    (waits && asked).then_some("5")
}

pub(super) async fn cancel(State(app): State<App>, who: Manager, Path(id): Path<String>) -> Answer {
    let order = parsed(&id)?;
    let mut cx = who.begin(&app.platform).await?;
    let path = format!("/orders/{order}");
    match orders::cancel(&mut cx, order, "Cancelled by the customer").await {
        Ok(()) => {
            cx.commit().await?;
            Ok(Flash::success("The order is cancelled. Nothing was charged.").then(&path))
        }
        Err(error @ orders::CancelError::TooLate(_)) => {
            Ok(Flash::warning(error.to_string()).then(&path))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn pay_again(
    State(app): State<App>,
    who: Manager,
    Path(id): Path<String>,
) -> Answer {
    let order = parsed(&id)?;
    let path = format!("/orders/{order}");
    let Some(processor) = app.platform.processors().next() else {
        return Ok(Flash::warning("Cards are not taken here at the moment.").then(&path));
    };
    let mut cx = who.begin(&app.platform).await?;
    let tenant = cx.tenant();
    let Some(payment) = orders::pay_again(&mut cx, order, processor.key()).await? else {
        return Ok(Flash::info("This order waits for no card.").then(&path));
    };
    cx.commit().await?;
    match payments::open(&app.platform, tenant, payment).await {
        Ok(url) => Ok(Redirect::to(&url).into_response()),
        Err(error) => Ok(Flash::danger(error.to_string()).then(&path)),
    }
}

pub(super) async fn pay_from_balance(
    State(app): State<App>,
    who: Manager,
    Path(id): Path<String>,
) -> Answer {
    let order = parsed(&id)?;
    let path = format!("/orders/{order}");
    let mut cx = who.begin(&app.platform).await?;
    match orders::pay_from_credit(&mut cx, order).await {
        Ok(amount) => {
            cx.commit().await?;
            Ok(Flash::success(format!("{amount} was paid from your balance.")).then(&path))
        }
        Err(error @ (DueError::Absent | DueError::Fault(_))) => Err(error.into()),
        Err(error) => Ok(Flash::warning(error.to_string()).then(&path)),
    }
}

fn body(
    order: Order,
    seller: Seller,
    company: String,
    may: bool,
    card: Option<&'static str>,
    credit: Money,
) -> impl IntoView {
    let (text, tone) = order.state.badge();
    let actions = actions(&order, may, card);
    let pay = order.due.clone().map(|due| pay_due(&due, may, card, credit));
    let several = order.items.len() > 1;
    let released = order.released;
    view! {
        <div class="no-print">{pay} {word(&order)} {again(&order, may)}</div>
        <div class="grid items-start gap-6 xl:grid-cols-[5fr_3fr]">
            <div class="flex min-w-0 flex-col gap-6">
                {items(order.items.clone())}
                {timeline(order.events.clone())}
            </div>
            <div class="flex flex-col gap-6">
                <Card title="Order">
                    <Facts>
                        <Fact name="State">
                            <span class="flex flex-wrap gap-1.5"><Badge text tone /> {order.due.is_some().then(|| view! { <Badge text="Payment due" tone=Some(Tone::Danger) /> })}</span>
                        </Fact>
                        <Fact name="Placed"><When at=order.placed_at /></Fact>
                        {order.finished_at.map(|at| view! { <Fact name="Finished"><When at /></Fact> })}
                        <Fact name="Paid by">{if order.by_card { "Card" } else { "Balance" }}</Fact>
                        {several.then(|| view! { <Fact name="If a number cannot be had">{strategy(order.strategy)}</Fact> })}
                        <Fact name="First month and set-up"><Amount money=order.subtotal /></Fact>
                        {(order.discount.minor > 0).then(|| view! {
                            <Fact name=format!("Promotion {}", order.promotion.clone().unwrap_or_default())>
                                <Amount money=Money::new(-order.discount.minor, order.discount.currency) />
                            </Fact>
                        })}
                        <Fact name="Tax"><Amount money=order.tax /></Fact>
                        <Fact name="Total"><strong><Amount money=order.total /></strong></Fact>
                        <Fact name="Charged"><Amount money=order.charged /></Fact>
                        {(released.minor > 0).then(|| view! { <Fact name="Not charged"><Amount money=released /></Fact> })}
                    </Facts>
                    {actions}
                </Card>
                {sold_by(seller)}
                {billed_to(company, &order.billed_to)}
            </div>
        </div>
    }
}

/// Who sells, as invoices begin with it.
fn sold_by(seller: Seller) -> impl IntoView {
    let registrations =
        seller.registrations.into_iter().map(|r| format!("{} {}", r.label, r.value));
    let lines = seller.address.lines().into_iter().chain(registrations).collect();
    view! { <Card title="From">{letter_head(seller.name, lines)}</Card> }
}

/// Who was billed: with the sums and the seller above, the order's page printed is its receipt.
fn billed_to(company: String, address: &Address) -> Option<impl IntoView + use<>> {
    let lines = address.lines();
    (!lines.is_empty()).then(|| {
        view! {
            <Card title="Billed to">
                {letter_head(company, lines)}
                <p class="no-print mt-3 text-sm text-muted">
                    "This page, printed, is your receipt. The tax invoice is the one of the month, under " <a class="link" href="/billing/invoices">"Invoices"</a> "."
                </p>
            </Card>
        }
    })
}

/// A name and the lines below it.
fn letter_head(name: String, lines: Vec<String>) -> impl IntoView {
    view! {
        <address class="not-italic">
            <span class="block font-semibold">{name}</span>
            {lines.into_iter().map(|line| view! { <span class="block">{line}</span> }).collect_view()}
        </address>
    }
}

/// What the person most wants to know, in a sentence.
fn word(order: &Order) -> AnyView {
    let card = order.payment.as_ref();
    let declined = card.filter(|p| p.state == PaymentState::Failed);
    let (tone, text) = match order.state {
        OrderState::Pending if order.by_card && declined.is_some() => {
            let why =
                declined.and_then(|p| p.failure.as_deref()).unwrap_or("Your card was declined.");
            let text = format!(
                "{why} Nothing was charged, and your numbers are still set aside: try another card, or cancel the order."
            );
            return view! { <Notice tone=Tone::Danger>{text}</Notice> }.into_any();
        }
        OrderState::Pending if card.is_some_and(|p| p.state == PaymentState::Authorised) => (
            Tone::Info,
            "Your card was accepted. We are getting your numbers from the carrier; this page follows by itself.",
        ),
        OrderState::Pending if order.by_card => {
            (Tone::Info, "This order waits for your card. Your numbers are set aside meanwhile.")
        }
        OrderState::Pending | OrderState::Processing => (
            Tone::Info,
            "We are getting your numbers from the carrier. This page follows by itself.",
        ),
        // What is due was said already.
        OrderState::Completed | OrderState::Partial if order.due.is_some() => {
            (Tone::Info, "The numbers you got are in service.")
        }
        OrderState::Completed => (Tone::Success, "All numbers are yours and in service."),
        OrderState::Partial => {
            (Tone::Warning, "Some numbers could not be had. You paid only for those you got.")
        }
        OrderState::Failed if order.strategy != Strategy::BestEffort => (
            Tone::Danger,
            "Too few of the numbers could be had, as you wanted them only together. Nothing was charged.",
        ),
        OrderState::Failed => {
            (Tone::Danger, "None of the numbers could be had. Nothing was charged.")
        }
        OrderState::Cancelled => (Tone::Info, "This order was cancelled. Nothing was charged."),
    };
    view! { <Notice tone>{text}</Notice> }.into_any()
}

/// Numbers that were not kept because of the others are held again, where they are still free.
fn again(order: &Order, may: bool) -> Option<AnyView> {
    let of = |item: &Item| {
        let (carrier, number) = item.free_at.as_ref().zip(item.number.as_ref())?;
        Some(("pick", format!("{carrier}:{number}")))
    };
    let mut fields: Vec<(&'static str, String)> = order.items.iter().filter_map(of).collect();
    if !may || fields.is_empty() {
        return None;
    }
    fields.push(("back", format!("/orders/{}", order.id)));
    let view = view! {
        <div class="mb-6">
            <ButtonForm action="/search/hold" fields=fields kind=ButtonKind::Secondary>"Put the others back into the cart"</ButtonForm>
        </div>
    };
    Some(view.into_any())
}

/// What was to be done when not all could be had.
fn strategy(strategy: Strategy) -> String {
    match strategy {
        Strategy::BestEffort => "Buy the others".to_owned(),
        Strategy::AllOrNothing => "Buy none".to_owned(),
        Strategy::AtLeast(least) => format!("Buy {least} or more, else none"),
    }
}

/// What is owed, until when, and the ways to pay it.
fn pay_due(
    due: &Due,
    may: bool,
    card: Option<&'static str>,
    credit: Money,
) -> impl IntoView + use<> {
    let amount = due.amount;
    let stops = due.stops_orders_at();
    let order = due.order;
    let enough = credit.minor >= amount.minor;
    let by_balance = if enough {
        view! {
            <ButtonForm action=format!("/orders/{order}/pay-from-balance") kind=ButtonKind::Secondary>{format!("Pay from the balance ({credit})")}</ButtonForm>
        }
        .into_any()
    } else {
        view! { <a class="link self-center" href="/billing/top-up">{format!("Top up your balance ({credit})")}</a> }.into_any()
    };
    let by_card = card.map(|_| {
        view! {
            <ButtonForm action=format!("/orders/{order}/pay") kind=ButtonKind::Primary>{format!("Pay {amount} by card")}</ButtonForm>
        }
    });
    view! {
        <Notice tone=Tone::Danger>
            <p class="font-semibold">"Payment due: " {amount.to_string()}</p>
            <p>"Your card was refused when it was to be charged. Your numbers stay in service; from " <When at=stops /> " on no new orders can be placed until this is paid."</p>
            {may.then(|| view! { <div class="mt-3 flex flex-wrap gap-3">{by_card} {by_balance}</div> })}
        </Notice>
    }
}

fn actions(order: &Order, may: bool, card: Option<&'static str>) -> Option<AnyView> {
    if !may || order.state != OrderState::Pending {
        return None;
    }
    let state = order.payment.as_ref().map(|p| p.state);
    let waits = order.by_card && state != Some(PaymentState::Authorised);
    let pay = (waits && card.is_some()).then(|| {
        let label = if state == Some(PaymentState::Failed) { "Try another card" } else { "Go to the card page" };
        view! {
            <ButtonForm action=format!("/orders/{}/pay", order.id) kind=ButtonKind::Primary>{label}</ButtonForm>
        }
    });
    let cancel = format!("/orders/{}/cancel", order.id);
    let view = view! {
        <div class="flex flex-wrap gap-3">
            {pay}
            <ButtonForm action=cancel kind=ButtonKind::Secondary>"Cancel the order"</ButtonForm>
        </div>
    };
    Some(view.into_any())
}

fn items(items: Vec<Item>) -> impl IntoView {
    let with_setup = items.iter().any(|item| item.setup.minor != 0);
    let rows = items
        .into_iter()
        .map(|item| {
            let (text, tone) = item.step.badge();
            let href = item.subscription.map(|id| format!("/numbers/{id}"));
            let number = item.number.clone().map(|number| match href {
                Some(href) => view! { <Number number href plain=true /> }.into_any(),
                None => view! { <Number number plain=true /> }.into_any(),
            });
            let why = item.failure.as_deref().map(readable);
            let why = why.map(|why| view! { <p class="text-sm text-muted">{why}</p> });
            let setup = with_setup.then(|| {
                view! { <Cell label="Set-up" amount=true><Amount money=item.setup /></Cell> }
            });
            view! {
                <tr>
                    <Cell label="Number">{number} {why}</Cell>
                    <Cell label="State"><Badge text tone /></Cell>
                    <Cell label="First month" amount=true><Amount money=item.monthly /></Cell>
                    {setup}
                    <Cell label="Tax" amount=true><Amount money=item.tax /></Cell>
                    <Cell label="Total" amount=true><Amount money=item.total /></Cell>
                </tr>
            }
        })
        .collect_view();
    let setup = with_setup.then(|| view! { <th scope="col" class="amount">"Set-up"</th> });
    view! {
        <section>
            <h2 class="mb-3 text-lg font-semibold">"Numbers"</h2>
            <Table caption="Numbers of this order">
                <thead>
                    <tr>
                        <th scope="col">"Number"</th>
                        <th scope="col">"State"</th>
                        <th scope="col" class="amount">"First month"</th>
                        {setup}
                        <th scope="col" class="amount">"Tax"</th>
                        <th scope="col" class="amount">"Total"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
        </section>
    }
}

fn timeline(events: Vec<Event>) -> impl IntoView {
    let lines = events
        .into_iter()
        .rev()
        .map(|event| {
            let said = readable(&event.message);
            view! {
                <li class="flex flex-col gap-0.5 border-s-2 border-base-300 ps-4 sm:flex-row sm:justify-between sm:gap-4">
                    <span>{said}</span>
                    <span class="text-sm text-muted"><When at=event.occurred_at /></span>
                </li>
            }
        })
        .collect_view();
    view! {
        <Card title="What happened">
            <ol class="flex flex-col gap-3">{lines}</ol>
        </Card>
    }
}
