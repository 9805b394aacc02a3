//! Topping the balance up, and coming back from a processor's page.

use crate::{
    Answer, App, Flash, PageError, Screen, Wrong,
    access::{Manager, Viewer},
    layout::Place,
    ui::{Button, Card, Choice, Fact, Facts, Field, Form, Notice, Select},
};
use axum::{
    extract::{Path, Query, State},
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

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    choice: String,
    amount: String,
    processor: String,
}

/// What was chosen before, to come back to after a refusal.
pub(super) async fn show(
    State(app): State<App>,
    who: Manager,
    Query(before): Query<Typed>,
) -> Answer {
    page(&app, &who, before, Wrong::nothing()).await
}

pub(super) async fn begin(
    State(app): State<App>,
    who: Manager,
    axum::Form(mut typed): axum::Form<Typed>,
) -> Answer {
    let mut cx = who.begin(&app.platform).await?;
    let currency = account::get(&mut cx).await?.currency;
    // What was typed counts, whatever stands in the list.
    if !typed.amount.trim().is_empty() || typed.choice.is_empty() {
        "other".clone_into(&mut typed.choice);
    }
    let words = if typed.choice == "other" { typed.amount.clone() } else { typed.choice.clone() };
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
            let chosen = match typed.choice {
                choice if choices.iter().any(|c| c.value == choice) => choice,
                _ if !typed.amount.trim().is_empty() => "other".to_owned(),
                _ => offered(AMOUNTS[0], currency).exact().to_string(),
            };
            let owed = (!open.is_empty()).then(|| {
                let owed: i64 = open.iter().map(|i| i.left.minor).sum();
                let count = open.len();
                let invoices = if count == 1 { "invoice" } else { "invoices" };
                view! { <Fact name="Open invoices">{format!("{} on {count} {invoices}; your money pays the oldest first", Money::new(owed, currency))}</Fact> }
            });
            view! {
                <Card>
                    <Facts>
                        <Fact name="Your balance">{credit.to_string()}</Fact>
                        {owed}
                    </Facts>
                    <Form action="/billing/top-up" wrong>
                        <Select name="choice" label="Amount" choices value=chosen />
                        <Field name="amount" label="Another amount" value=typed.amount optional=true placeholder="75.00" hint=format!("From {least} to {most}; typed here, it counts instead of the list.") />
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

/// The top-up with the amount and the way to pay that were chosen.
fn same_again(amount: Money, processor: &str) -> String {
    let exact = amount.exact();
    let listed = AMOUNTS.iter().any(|units| offered(*units, amount.currency) == amount);
    let (choice, typed) = if listed {
        (exact.to_string(), String::new())
    } else {
        ("other".to_owned(), exact.to_string())
    };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("choice", &choice);
    query.append_pair("amount", &typed);
    query.append_pair("processor", processor);
    format!("/billing/top-up?{}", query.finish())
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
    let amount = payment.amount;
    let again = invoice.clone().unwrap_or_else(|| same_again(amount, &payment.processor));
    let again = again.as_str();
    match payment.state {
        PaymentState::Succeeded if payment.purpose == Purpose::TopUp => {
            Ok(Flash::success(format!("{amount} was added to your balance.")).then(home))
        }
        PaymentState::Succeeded => Ok(Flash::success(format!("{amount} was paid.")).then(home)),
        PaymentState::Failed => {
            let why = payment.failure.unwrap_or_else(|| "The card was declined.".to_owned());
            Ok(Flash::danger(format!("{why} Nothing was charged.")).then(again))
        }
        PaymentState::Cancelled => {
            Ok(Flash::info("The payment was given up. Nothing was charged.").then(again))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declined_top_up_keeps_its_amount() {
        let of = |minor| same_again(Money::new(minor, Currency::Usd), "test_card");
        assert_eq!(of(5000), "/billing/top-up?choice=50.00&amount=&processor=test_card");
        assert_eq!(of(7550), "/billing/top-up?choice=other&amount=75.50&processor=test_card");
    }
}
