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
use leptos::prelude::*;
use voxlink_domain::{
    billing::payments,
    orders::{self, Event, Item, Order},
};
use voxlink_types::{
    Money,
    ids::OrderId,
    order::{OrderState, PaymentState},
    role::TenantRole,
};

fn parsed(id: &str) -> Result<OrderId, PageError> {
    id.parse().map_err(|_| PageError::not_found())
}

pub(super) async fn show(State(app): State<App>, who: Viewer, Path(id): Path<String>) -> Answer {
    let mut cx = who.begin(&app.platform).await?;
    let order = orders::get(&mut cx, parsed(&id)?).await?.ok_or_else(PageError::not_found)?;
    drop(cx);
    let may = who.member.tenant_role >= TenantRole::Manager && who.member.suspended.is_none();
    let paid = matches!(&order.payment, Some((_, PaymentState::Authorised)));
    let moving = order.state == OrderState::Processing
        || (order.state == OrderState::Pending && (!order.by_card || paid));
    let card = app.platform.processors().next().map(|p| p.key());
    let screen =
        Screen::new(format!("Order {}", order.number)).at(Place::Orders).under("Orders", "/orders");
    let mut response = screen.render(&app, &who, move || body(order, may, card)).await?;
    if moving {
        // Live without a script: the page comes again while the worker buys.
        response.headers_mut().insert(REFRESH, HeaderValue::from_static("2"));
    }
    Ok(response)
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

fn body(order: Order, may: bool, card: Option<&'static str>) -> impl IntoView {
    let (text, tone) = order.state.badge();
    let actions = actions(&order, may, card);
    let released = order.released;
    view! {
        {word(&order)}
        <div class="grid gap-6 lg:grid-cols-[3fr_2fr]">
            <div class="flex flex-col gap-6">
                {items(order.items.clone())}
                {timeline(order.events.clone())}
            </div>
            <div class="flex flex-col gap-6">
                <Card title="Order">
                    <Facts>
                        <Fact name="State"><Badge text tone /></Fact>
                        <Fact name="Placed"><When at=order.placed_at /></Fact>
                        {order.finished_at.map(|at| view! { <Fact name="Finished"><When at /></Fact> })}
                        <Fact name="Paid by">{if order.by_card { "Card" } else { "Balance" }}</Fact>
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
            </div>
        </div>
    }
}

/// What the person most wants to know, in a sentence.
fn word(order: &Order) -> impl IntoView + use<> {
    let declined = matches!(&order.payment, Some((_, PaymentState::Failed)));
    let (tone, text) = match order.state {
        OrderState::Pending if order.by_card && declined => (
            Tone::Danger,
            "Your card was declined and nothing was charged. Your numbers are still set aside: try another card or cancel.",
        ),
        OrderState::Pending if order.by_card => {
            (Tone::Info, "This order waits for your card. Your numbers are set aside meanwhile.")
        }
        OrderState::Pending | OrderState::Processing => (
            Tone::Info,
            "We are getting your numbers from the carrier. This page follows by itself.",
        ),
        OrderState::Completed => (Tone::Success, "All numbers are yours and in service."),
        OrderState::Partial => {
            (Tone::Warning, "Some numbers could not be had. You paid only for those you got.")
        }
        OrderState::Failed => {
            (Tone::Danger, "None of the numbers could be had. Nothing was charged.")
        }
        OrderState::Cancelled => (Tone::Info, "This order was cancelled. Nothing was charged."),
    };
    view! { <Notice tone>{text}</Notice> }
}

fn actions(order: &Order, may: bool, card: Option<&'static str>) -> Option<AnyView> {
    if !may || order.state != OrderState::Pending {
        return None;
    }
    let waits = order.by_card && !matches!(&order.payment, Some((_, PaymentState::Authorised)));
    let pay = (waits && card.is_some()).then(|| {
        let declined = matches!(&order.payment, Some((_, PaymentState::Failed)));
        let label = if declined { "Try another card" } else { "Go to the card page" };
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
    let rows = items
        .into_iter()
        .map(|item| {
            let (text, tone) = item.step.badge();
            let href = item.subscription.map(|id| format!("/numbers/{id}"));
            let number = item.number.clone().map(|number| match href {
                Some(href) => view! { <Number number href /> }.into_any(),
                None => view! { <Number number /> }.into_any(),
            });
            let why =
                item.failure.clone().map(|why| view! { <p class="text-sm text-muted">{why}</p> });
            view! {
                <tr>
                    <Cell label="Number">{number} {why}</Cell>
                    <Cell label="State"><Badge text tone /></Cell>
                    <Cell label="First month" amount=true><Amount money=item.monthly /></Cell>
                    <Cell label="Set-up" amount=true><Amount money=item.setup /></Cell>
                    <Cell label="Tax" amount=true><Amount money=item.tax /></Cell>
                    <Cell label="Total" amount=true><Amount money=item.total /></Cell>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Card title="Numbers">
            <Table caption="Numbers of this order">
                <thead>
                    <tr>
                        <th scope="col">"Number"</th>
                        <th scope="col">"State"</th>
                        <th scope="col" class="amount">"First month"</th>
                        <th scope="col" class="amount">"Set-up"</th>
                        <th scope="col" class="amount">"Tax"</th>
                        <th scope="col" class="amount">"Total"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
        </Card>
    }
}

fn timeline(events: Vec<Event>) -> impl IntoView {
    let lines = events
        .into_iter()
        .rev()
        .map(|event| {
            view! {
                <li class="flex flex-col gap-0.5 border-s-2 border-base-300 ps-4 sm:flex-row sm:justify-between sm:gap-4">
                    <span>{event.message}</span>
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
