//! Checkout in two steps: where the bill goes, because tax depends on it; then what it costs to
//! the cent, what to do when not all can be had, and how it is paid.

use super::checkout_sheet::{self as sheet, Changed};
use crate::query::Query;
use crate::{Answer, App, Flash, PageError, Screen, Wrong, access::Manager, layout::Place};
use axum::{
    extract::State,
    response::{IntoResponse, Redirect},
};
use serde::Deserialize;
use voxlink_domain::{
    billing::{
        address::{self, Address},
        journal::available_credit,
        payments,
    },
    orders::{self, Checkout, CheckoutError, Due, PaymentChoice, Quote},
};
use voxlink_types::{Currency, Money, ids::CartId, order::Strategy};

/// What the form sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    /// The cart that was shown: not one that was filled since in another window.
    pub(super) cart: String,
    pub(super) payment: String,
    pub(super) strategy: String,
    pub(super) minimum: String,
    pub(super) terms: Option<String>,
    /// The sums that were shown, in minor units.
    pub(super) expected: String,
    pub(super) subtotal: String,
    pub(super) discount: String,
    pub(super) tax: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// The address is to be changed.
    #[serde(default)]
    address: bool,
}

/// What the page needs to know.
pub(super) struct Facts {
    pub(super) quote: Option<Quote>,
    pub(super) credit: Money,
    pub(super) address: Address,
    pub(super) cards: Vec<(&'static str, &'static str)>,
    pub(super) dues: Vec<Due>,
}

async fn facts(app: &App, who: &Manager) -> Result<Facts, PageError> {
    let mut cx = who.begin(&app.platform).await?;
    let tenant = cx.tenant();
    let address = address::get(&mut cx).await?;
    let quote = match orders::open_cart(&mut cx, who.member.user).await? {
        Some(cart) => Some(orders::quote(&mut cx, cart).await?).filter(|q| !q.lines.is_empty()),
        None => None,
    };
    let currency = quote.as_ref().map_or(Currency::Usd, |q| q.currency);
    let credit = available_credit(&mut cx, tenant, currency).await?;
    let dues = orders::dues(&mut cx).await?;
    let cards = app.platform.processors().map(|p| (p.key(), p.name())).collect();
    Ok(Facts { quote, credit, address, cards, dues })
}

fn screen(wrong: &Wrong) -> Screen {
    Screen::new("Checkout").at(Place::Cart).under("Cart", "/cart").status(wrong.status())
}

pub(super) async fn show(
    State(app): State<App>,
    who: Manager,
    Query(asked): Query<Asked>,
) -> Answer {
    let facts = facts(&app, &who).await?;
    if asked.address || facts.address == Address::default() {
        let address = facts.address.clone();
        return address_step(&app, &who, facts, address, Wrong::nothing()).await;
    }
    pay_step(&app, &who, facts, Typed::default(), Wrong::nothing(), None).await
}

pub(super) async fn set_address(
    State(app): State<App>,
    who: Manager,
    axum::Form(typed): axum::Form<Address>,
) -> Answer {
    let mut cx = who.begin(&app.platform).await?;
    if let Err(error) = address::set(&mut cx, &typed).await {
        drop(cx);
        let facts = facts(&app, &who).await?;
        return address_step(&app, &who, facts, typed, Wrong::of(error)?).await;
    }
    cx.commit().await?;
    Ok(Redirect::to("/checkout").into_response())
}

pub(super) async fn place(
    State(app): State<App>,
    who: Manager,
    axum::Form(mut typed): axum::Form<Typed>,
) -> Answer {
    match order(&app, &who, &typed).await? {
        Outcome::Placed(path) => Ok(Redirect::to(&path).into_response()),
        Outcome::Bought(path) => {
            Ok(Flash::info("This cart was bought already: here is its order.").then(&path))
        }
        Outcome::Refused(wrong, changes) => {
            let facts = facts(&app, &who).await?;
            let changed = facts.quote.as_ref().and_then(|now| Changed::since(&typed, now, changes));
            // Consent to a price holds for that price and less.
            if changed.as_ref().is_some_and(|changed| changed.dearer) {
                typed.terms = None;
            }
            pay_step(&app, &who, facts, typed, wrong, changed).await
        }
    }
}

/// What became of a press on "Buy".
enum Outcome {
    /// An order; where to go next.
    Placed(String),
    /// The cart is an order since before; where that is.
    Bought(String),
    /// Nothing was ordered.
    Refused(Wrong, Vec<orders::PriceChange>),
}

fn refused(error: CheckoutError) -> Result<Outcome, PageError> {
    let changes = match &error {
        CheckoutError::PriceChanged(changes) => changes.clone(),
        _ => Vec::new(),
    };
    Ok(Outcome::Refused(Wrong::of(error)?, changes))
}

/// Places the order and opens the card's page.
async fn order(app: &App, who: &Manager, typed: &Typed) -> Result<Outcome, PageError> {
    let mut cx = who.begin(&app.platform).await?;
    let shown = typed.cart.parse::<CartId>().ok();
    if let Some(order) = match shown {
        Some(cart) => orders::of_cart(&mut cx, cart).await?,
        None => None,
    } {
        return Ok(Outcome::Bought(format!("/orders/{order}")));
    }
    let open = orders::open_cart(&mut cx, who.member.user).await?;
    let Some(cart) = open.filter(|cart| shown.is_none_or(|seen| seen == *cart)) else {
        return refused(CheckoutError::NoCart);
    };
    if typed.terms.is_none() {
        let wrong = Wrong::field("terms", "Accept the terms to go on.");
        return Ok(Outcome::Refused(wrong, Vec::new()));
    }
    let word = if typed.strategy.is_empty() { "best_effort" } else { &typed.strategy };
    let Some(strategy) = Strategy::read(word, typed.minimum.trim().parse().ok()) else {
        let wrong = Wrong::field("minimum", "Write how many numbers you need at least, such as 2.");
        return Ok(Outcome::Refused(wrong, Vec::new()));
    };
    let currency = orders::quote(&mut cx, cart).await?.currency;
    let payment = match typed.payment.as_str() {
        "credit" => PaymentChoice::Credit,
        key if app.platform.processor(key).is_some() => {
            PaymentChoice::Card { processor: key.to_owned() }
        }
        _ => return refused(CheckoutError::NoProcessor),
    };
    let expected = typed.expected.parse().ok().map(|minor| Money::new(minor, currency));
    let user = who.member.user;
    let wish = Checkout { cart, user, payment, expected, strategy, source: "web" };
    let placed = match orders::checkout(&mut cx, &app.platform, &wish).await {
        Ok(placed) => placed,
        Err(error) => {
            drop(cx);
            if matches!(error, CheckoutError::PriceChanged(_)) {
                // The page now shows the new prices; the next press is for them.
                let mut cx = who.begin(&app.platform).await?;
                orders::accept_prices(&mut cx, cart).await?;
                cx.commit().await?;
            }
            return refused(error);
        }
    };
    let tenant = cx.tenant();
    cx.commit().await?;
    let order = format!("/orders/{}", placed.order);
    let Some(payment) = placed.payment else { return Ok(Outcome::Placed(order)) };
    // The order stands. Where the card's page cannot be opened now, its own page offers it again.
    Ok(Outcome::Placed(payments::open(&app.platform, tenant, payment).await.unwrap_or(order)))
}

async fn address_step(
    app: &App,
    who: &Manager,
    facts: Facts,
    address: Address,
    wrong: Wrong,
) -> Answer {
    let platform = app.platform.clone();
    screen(&wrong)
        .render(app, who, move || match facts.quote {
            None => sheet::nothing(&wrong),
            Some(quote) => sheet::address(&quote, &platform, address, wrong),
        })
        .await
}

async fn pay_step(
    app: &App,
    who: &Manager,
    facts: Facts,
    typed: Typed,
    wrong: Wrong,
    changed: Option<Changed>,
) -> Answer {
    let platform = app.platform.clone();
    screen(&wrong)
        .render(app, who, move || match facts.quote.clone() {
            None => sheet::nothing(&wrong),
            Some(quote) => sheet::pay(&quote, &platform, facts, typed, wrong, changed),
        })
        .await
}
