//! Topping the balance up, and coming back from a processor's page.

use crate::query::Query;
use crate::{
    Answer, App, Flash, PageError, Screen, Wrong,
    access::{Manager, Viewer},
    layout::Place,
    ui::{Button, Card, Choice, Fact, Facts, Field, Form, Notice, Select},
};
use axum::{
    extract::{Path, State},
    http::{HeaderValue, header::REFRESH},
    response::{IntoResponse, Redirect},
};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::billing::{
    account,
    invoices::open_list,
    journal::available_credit,
    payments::{self, Payment, PaymentsError, Purpose},
};
use voxlink_types::{Currency, Money, ids::PaymentId, order::PaymentState};

/// The amounts offered, in whole units.
const AMOUNTS: [i64; 4] = [25, 50, 100, 250];

/// An amount offered: a yen is worth about a cent.
const fn offered(units: i64, currency: Currency) -> Money {
    let scale =
        if matches!(currency, Currency::Jpy) { 100 } else { 10i64.pow(currency.exponent()) };
    Money::new(units * scale, currency)
}

/// What was chosen; in the address of the page for another try.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    choice: String,
    amount: String,
    processor: String,
}

pub(super) async fn show(
    State(app): State<App>,
    who: Manager,
    Query(chosen): Query<Typed>,
) -> Answer {
    page(&app, &who, chosen, Wrong::nothing()).await
}

/// The page with what was chosen for a payment that came to nothing.
fn another_try(payment: &Payment) -> String {
    let amount = payment.amount;
    let usual = AMOUNTS.iter().any(|units| offered(*units, amount.currency) == amount);
    let (exact, processor) = (amount.exact(), &payment.processor);
    let (choice, other) = if usual {
        (exact.to_string(), String::new())
    } else {
        ("other".to_owned(), exact.to_string())
    };
    let chosen = [("choice", &choice), ("amount", &other), ("processor", processor)];
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(chosen).finish();
    format!("/billing/top-up?{query}")
}

pub(super) async fn begin(
    State(app): State<App>,
    who: Manager,
    axum::Form(typed): axum::Form<Typed>,
) -> Answer {
    let mut cx = who.begin(&app.platform).await?;
    let currency = account::get(&mut cx).await?.currency;
    let words = if typed.choice == "other" || typed.choice.is_empty() {
        typed.amount.clone()
    } else {
        typed.choice.clone()
    };
    let amount = match Money::parse(&words, currency) {
        Ok(amount) => amount,
        Err(error) => {
            drop(cx);
            let text = error.to_string();
            let mut sentence = text[..1].to_uppercase();
            sentence.push_str(&text[1..]);
            sentence.push('.');
            return page(&app, &who, typed, Wrong::field("amount", sentence)).await;
        }
    };
    if app.platform.processor(&typed.processor).is_none() {
        drop(cx);
        let wrong = Wrong::of(PaymentsError::NoProcessor)?;
        return page(&app, &who, typed, wrong).await;
    }
    let tenant = cx.tenant();
    let payment = match payments::begin_top_up(&mut cx, &typed.processor, amount).await {
        Ok(payment) => payment,
        Err(error) => {
            let wrong = Wrong::of(error)?;
            drop(cx);
            return page(&app, &who, typed, wrong).await;
        }
    };
    cx.commit().await?;
    let url = payments::open(&app.platform, tenant, payment).await?;
    Ok(Redirect::to(&url).into_response())
}

async fn page(app: &App, who: &Manager, typed: Typed, wrong: Wrong) -> Answer {
    let mut cx = who.begin(&app.platform).await?;
    let tenant = cx.tenant();
    let currency = account::get(&mut cx).await?.currency;
    let credit = available_credit(&mut cx, tenant, currency).await?;
    let open = open_list(&mut cx).await?;
    drop(cx);
    let (least, most) = payments::top_up_bounds(currency);
    let ways: Vec<Choice> =
        app.platform.processors().map(|p| Choice::new(p.key(), p.name())).collect();
    let screen = Screen::new("Top up").at(Place::Billing).under("Billing", "/billing");
    screen
        .status(wrong.status())
        .render(app, who, move || {
            if ways.is_empty() {
                return view! { <Notice>"No way to pay is set up here yet. Ask the operator of this installation."</Notice> }
                    .into_any();
            }
            let mut choices: Vec<Choice> = AMOUNTS
                .iter()
                .map(|a| Choice::new(offered(*a, currency).exact().to_string(), offered(*a, currency).to_string()))
                .collect();
            choices.push(Choice::new("other", "Another amount"));
            let chosen = if typed.choice.is_empty() { offered(AMOUNTS[0], currency).exact().to_string() } else { typed.choice };
            let owed = (!open.is_empty()).then(|| {
                let owed: i64 = open.iter().map(|i| i.left.minor).sum();
                let count = open.len();
                let invoices = if count == 1 { "invoice" } else { "invoices" };
                view! { <Fact name="Open invoices">{format!("{} on {count} {invoices}; your money pays the oldest first", Money::new(owed, currency))}</Fact> }
            });
            view! {
                <Card>
                    <div class="mb-6">
                        <Facts>
                            <Fact name="Your balance">{credit.to_string()}</Fact>
                            {owed}
                        </Facts>
                    </div>
                    <Form action="/billing/top-up" wrong class="amounts flex max-w-xl flex-col gap-5">
                        <Select name="choice" label="Amount" choices value=chosen />
                        <div class="another">
                            <Field name="amount" label="Another amount" value=typed.amount depends=true inputmode="decimal" placeholder="75.00" hint=format!("From {least} to {most}") />
                        </div>
                        <Select name="processor" label="Pay with" choices=ways value=typed.processor />
                        <div>
                            <Button>"Go to payment"</Button>
                        </div>
                    </Form>
                </Card>
            }
            .into_any()
        })
        .await
}

/// The person comes back from the processor's page: it is asked, and what it says is told.
pub(super) async fn back(State(app): State<App>, who: Viewer, Path(id): Path<String>) -> Answer {
    let id: PaymentId = id.parse().map_err(|_| PageError::not_found())?;
    let tenant = who.member.tenant;
    let payment = match payments::reconcile(&app.platform, tenant, id).await {
        Ok(payment) => payment,
        // The processor does not answer: say what we know.
        Err(PaymentsError::Processor(_)) => {
            let mut cx = who.begin(&app.platform).await?;
            payments::get(&mut cx, tenant, id, false).await?
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(order) = payment.order {
        return Ok(Redirect::to(&format!("/orders/{order}")).into_response());
    }
    let invoice = payment.invoice.map(|i| format!("/billing/invoices/{i}"));
    let home = invoice.as_deref().unwrap_or("/billing");
    let again = invoice.clone().unwrap_or_else(|| another_try(&payment));
    let amount = payment.amount;
    match payment.state {
        PaymentState::Succeeded if payment.purpose == Purpose::TopUp => {
            Ok(Flash::success(format!("{amount} was added to your balance.")).then(home))
        }
        PaymentState::Succeeded => Ok(Flash::success(format!("{amount} was paid.")).then(home)),
        PaymentState::Failed => {
            let why = payment.failure.unwrap_or_else(|| "The card was declined.".to_owned());
            Ok(Flash::danger(format!("{why} Nothing was charged.")).then(&again))
        }
        PaymentState::Cancelled => {
            Ok(Flash::info("The payment was given up. Nothing was charged.").then(&again))
        }
        _ => waiting(&app, &who, payment).await,
    }
}

async fn waiting(app: &App, who: &Viewer, payment: Payment) -> Answer {
    let screen = Screen::new("Payment").at(Place::Billing).under("Billing", "/billing");
    let mut response = screen
        .render(app, who, move || {
            let again = payment.redirect_url.map(|url| {
                view! { <p><a class="link" href=url>"Go back to the payment page"</a></p> }
            });
            view! {
                <Card>
                    <Notice>{format!("The payment of {} is not finished. As soon as the processor tells us, it counts; nothing is lost if you close this page.", payment.amount)}</Notice>
                    {again}
                </Card>
            }
        })
        .await?;
    response.headers_mut().insert(REFRESH, HeaderValue::from_static("5"));
    Ok(response)
}
