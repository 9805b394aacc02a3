//! Checkout: what it costs to the cent, where the bill goes, how it is paid, what happens next.

use crate::{
    Answer, App, Screen, Wrong,
    access::Manager,
    layout::Place,
    ui::{
        Amount, Button, Card, Cell, Checkbox, Choice, EmptyState, Field, Form, LinkButton, Number,
        Select, Table, country_name,
    },
};
use axum::{
    extract::State,
    response::{IntoResponse, Redirect},
};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::{
    billing::{
        address::{self, Address},
        journal::available_credit,
        payments,
    },
    orders::{self, Checkout, CheckoutError, PaymentChoice, Quote},
};
use voxlink_types::Money;

const COUNTRIES: &[&str] = &[
    "US", "CA", "GB", "IE", "DE", "NL", "SE", "AT", "BE", "CH", "DK", "ES", "FI", "FR", "IT", "NO",
    "PL", "PT",
];

/// What the form sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    #[serde(flatten)]
    address: Address,
    payment: String,
    terms: Option<String>,
    expected: String,
}

struct Facts {
    quote: Option<Quote>,
    credit: Money,
    address: Address,
    cards: Vec<(&'static str, &'static str)>,
}

async fn facts(app: &App, who: &Manager) -> Result<Facts, crate::PageError> {
    let mut cx = who.begin(&app.platform).await?;
    let tenant = cx.tenant();
    let address = address::get(&mut cx).await?;
    let quote = match orders::open_cart(&mut cx, who.member.user).await? {
        Some(cart) => Some(orders::quote(&mut cx, cart).await?).filter(|q| !q.lines.is_empty()),
        None => None,
    };
    let currency = quote.as_ref().map_or(voxlink_types::Currency::Usd, |q| q.currency);
    let credit = available_credit(&mut cx, tenant, currency).await?;
    let cards = app.platform.processors().map(|p| (p.key(), p.name())).collect();
    Ok(Facts { quote, credit, address, cards })
}

pub(super) async fn show(State(app): State<App>, who: Manager) -> Answer {
    let facts = facts(&app, &who).await?;
    page(&app, &who, facts, None, Wrong::nothing()).await
}

pub(super) async fn place(
    State(app): State<App>,
    who: Manager,
    axum::Form(typed): axum::Form<Typed>,
) -> Answer {
    match order(&app, &who, &typed).await? {
        Ok(path) => Ok(Redirect::to(&path).into_response()),
        Err(wrong) => {
            let facts = facts(&app, &who).await?;
            page(&app, &who, facts, Some(typed), wrong).await
        }
    }
}

/// Saves the address, places the order, opens the card's page; where to go next.
async fn order(
    app: &App,
    who: &Manager,
    typed: &Typed,
) -> Result<Result<String, Wrong>, crate::PageError> {
    if typed.terms.is_none() {
        let words = "Accept the terms to go on.";
        return Ok(Err(Wrong::field("terms", words)));
    }
    let mut cx = who.begin(&app.platform).await?;
    if let Err(error) = address::set(&mut cx, &typed.address).await {
        return Wrong::of(error).map(Err);
    }
    cx.commit().await?;
    let mut cx = who.begin(&app.platform).await?;
    let Some(cart) = orders::open_cart(&mut cx, who.member.user).await? else {
        return Wrong::of(CheckoutError::NoCart).map(Err);
    };
    let currency = orders::quote(&mut cx, cart).await?.currency;
    let payment = match typed.payment.as_str() {
        "credit" => PaymentChoice::Credit,
        key if app.platform.processor(key).is_some() => {
            PaymentChoice::Card { processor: key.to_owned() }
        }
        _ => return Wrong::of(CheckoutError::NoProcessor).map(Err),
    };
    let expected = typed.expected.parse().ok().map(|minor| Money::new(minor, currency));
    let wish = Checkout { cart, user: who.member.user, payment, expected, source: "web" };
    let placed = match orders::checkout(&mut cx, &wish).await {
        Ok(placed) => placed,
        Err(error) => {
            drop(cx);
            if matches!(error, CheckoutError::PriceChanged(_)) {
                // The page now shows the new prices; the next press is for them.
                let mut cx = who.begin(&app.platform).await?;
                orders::accept_prices(&mut cx, cart).await?;
                cx.commit().await?;
            }
            return Wrong::of(error).map(Err);
        }
    };
    let tenant = cx.tenant();
    cx.commit().await?;
    let order = format!("/orders/{}", placed.order);
    let Some(payment) = placed.payment else { return Ok(Ok(order)) };
    // The order stands. Where the card's page cannot be opened now, its own page offers it again.
    Ok(Ok(payments::open(&app.platform, tenant, payment).await.unwrap_or(order)))
}

async fn page(
    app: &App,
    who: &Manager,
    facts: Facts,
    typed: Option<Typed>,
    wrong: Wrong,
) -> Answer {
    let screen =
        Screen::new("Checkout").at(Place::Cart).under("Cart", "/cart").status(wrong.status());
    screen
        .render(app, who, move || match facts.quote.clone() {
            None => view! {
                <EmptyState title="Nothing to check out" text="Your cart is empty. Search for numbers and hold the ones you like." icon="icon-[lucide--shopping-cart]">
                    <LinkButton href="/search">"Search numbers"</LinkButton>
                </EmptyState>
            }
            .into_any(),
            Some(quote) => sheet(quote, facts, typed, wrong).into_any(),
        })
        .await
}

fn sheet(quote: Quote, facts: Facts, typed: Option<Typed>, wrong: Wrong) -> impl IntoView {
    let address = typed.as_ref().map_or(facts.address, |t| t.address.clone());
    let enough = facts.credit.minor >= quote.total.minor;
    let default = if enough || facts.cards.is_empty() { "credit" } else { facts.cards[0].0 };
    let chosen = typed
        .as_ref()
        .map(|t| t.payment.clone())
        .filter(|p| !p.is_empty())
        .unwrap_or_else(|| default.to_owned());
    let mut ways = vec![Choice::new("credit", format!("Balance ({} available)", facts.credit))];
    ways.extend(facts.cards.iter().map(|(key, name)| Choice::new(*key, *name)));
    let countries = COUNTRIES.iter().map(|c| Choice::new(*c, country_name(c))).collect();
    let missing = Money::new(quote.total.minor - facts.credit.minor, quote.currency);
    let top_up = (!enough).then(|| {
        view! {
            <p class="text-sm text-muted">
                "Your balance is short by " <Amount money=missing /> ". "
                <a class="link" href="/billing/top-up">"Top up"</a> " or pay by card."
            </p>
        }
    });
    let (expected, total, monthly) =
        (quote.total.minor.to_string(), quote.total.to_string(), quote.monthly);
    view! {
        <div class="grid gap-6 lg:grid-cols-[3fr_2fr]">
            <Form action="/checkout" wrong class="flex flex-col gap-6">
                <input type="hidden" name="expected" value=expected />
                <Card title="Billing address">
                    <Field name="line1" label="Street and number" value=address.line1 autocomplete="address-line1" />
                    <Field name="line2" label="Suite, floor" value=address.line2 optional=true autocomplete="address-line2" />
                    <div class="grid gap-5 sm:grid-cols-2">
                        <Field name="postal_code" label="Postal code" value=address.postal_code optional=true autocomplete="postal-code" />
                        <Field name="city" label="Town" value=address.city autocomplete="address-level2" />
                        <Select name="country" label="Country" choices=countries value=address.country none="Choose" />
                        <Field name="region" label="State or province" value=address.region optional=true hint="Two letters in the US and Canada" autocomplete="address-level1" />
                    </div>
                </Card>
                <Card title="Payment">
                    <Select name="payment" label="Pay from" choices=ways value=chosen />
                    {top_up}
                    <p class="text-sm text-muted">
                        "By card you are sent to the processor's page. Your card is charged only for the numbers you get."
                    </p>
                    <Checkbox name="terms" required=true>
                        "I accept the terms of service and that each number renews every month until I release it."
                    </Checkbox>
                    <div>
                        <Button>{format!("Buy for {total}")}</Button>
                    </div>
                </Card>
            </Form>
            <div class="flex flex-col gap-6">
                {summary(&quote)}
                <Card title="What happens next">
                    <ol class="flex list-decimal flex-col gap-1.5 ps-5 text-sm">
                        <li>"The amount is set aside; nothing is charged yet."</li>
                        <li>"We get every number from its carrier, mostly within seconds."</li>
                        <li>"You pay for the numbers you got; the rest is free again at once."</li>
                        <li>"From the second month on it costs " <Amount money=monthly /> " a month before tax."</li>
                    </ol>
                </Card>
            </div>
        </div>
    }
}

fn summary(quote: &Quote) -> impl IntoView + use<> {
    let rows = quote
        .lines
        .clone()
        .into_iter()
        .map(|line| {
            view! {
                <tr>
                    <Cell label="Number">
                        <Number number=line.number plain=true />
                    </Cell>
                    <Cell label="First month" amount=true>
                        <Amount money=line.monthly />
                    </Cell>
                    <Cell label="Set-up" amount=true>
                        <Amount money=line.setup />
                    </Cell>
                </tr>
            }
        })
        .collect_view();
    let mut sums = vec![("Subtotal".to_owned(), quote.subtotal)];
    if let Some(code) = &quote.promotion {
        let off = Money::new(-quote.discount.minor, quote.currency);
        sums.push((format!("Promotion {code}"), off));
    }
    sums.extend(quote.taxes.iter().cloned());
    let sums = sums
        .into_iter()
        .map(|(label, money)| {
            view! {
                <div class="flex justify-between gap-4">
                    <dt class="text-muted">{label}</dt>
                    <dd><Amount money /></dd>
                </div>
            }
        })
        .collect_view();
    let total = quote.total;
    view! {
        <Card title="Your order">
            <Table caption="Numbers in this order">
                <thead>
                    <tr>
                        <th scope="col">"Number"</th>
                        <th scope="col" class="amount">"First month"</th>
                        <th scope="col" class="amount">"Set-up"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
            <dl class="flex flex-col gap-1.5 text-sm">
                {sums}
                <div class="flex justify-between gap-4 border-t border-base-300 pt-2 text-base font-semibold">
                    <dt>"Due now"</dt>
                    <dd><Amount money=total /></dd>
                </div>
            </dl>
        </Card>
    }
}
