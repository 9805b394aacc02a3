//! The pages that letters lead to: a new password, a confirmed address.

use super::entry::with_retry_after;
use crate::query::Query;
use crate::{
    Answer, App, Flash, Screen, Wrong,
    access::Anyone,
    ui::{Button, Field, Form, LinkButton},
};
use axum::{
    extract::{Form as Posted, State},
    response::{IntoResponse, Redirect},
};
use leptos::prelude::*;
use voxlink_domain::accounts;

/// The form that asks for a letter.
#[derive(Debug, serde::Deserialize)]
pub(super) struct ForgotForm {
    #[serde(default)]
    email: String,
}

/// A link's token.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Token {
    #[serde(default)]
    token: String,
}

/// The form of a new password.
#[derive(Debug, serde::Deserialize)]
pub(super) struct ResetForm {
    #[serde(default)]
    token: String,
    #[serde(default)]
    password: String,
}

pub(super) async fn show_forgot(State(app): State<App>, person: Anyone) -> Answer {
    let screen = Screen::new("Choose a new password").narrow();
    if !app.platform.mailer().is_on() {
        return screen.render(&app, &person, no_letters).await;
    }
    screen
        .render(&app, &person, || {
            view! {
                <Form action="/forgot" class="flex max-w-md flex-col gap-5">
                    <p>"Enter the address you sign in with. We send it a link that works for one hour."</p>
                    <Field name="email" label="E-mail address" kind="email" autocomplete="username" autofocus=true />
                    <div><Button>"Send the link"</Button></div>
                </Form>
            }
        })
        .await
}

/// Without a mail server there is no letter to promise: who can help instead.
fn no_letters() -> impl IntoView {
    view! {
        <div class="flex flex-col gap-4">
            <p>"This installation sends no e-mail, so a new password cannot be had by e-mail."</p>
            <p>
                "Ask whoever runs this installation for a link to choose one. The link works once, for one hour."
            </p>
            <div><LinkButton href="/sign-in">"Back to sign-in"</LinkButton></div>
        </div>
    }
}

pub(super) async fn forgot(
    State(app): State<App>,
    person: Anyone,
    Posted(form): Posted<ForgotForm>,
) -> Answer {
    if !app.platform.mailer().is_on() {
        return Ok(Redirect::to("/forgot").into_response());
    }
    accounts::ask_for_reset(&app.platform, &form.email, person.request.clone()).await?;
    // The same words for every address.
    let said = "If there is an account with this address, a letter with a link is on its way.";
    Ok(Flash::info(said).then("/sign-in"))
}

pub(super) async fn show_reset(
    State(app): State<App>,
    person: Anyone,
    Query(link): Query<Token>,
) -> Answer {
    reset_page(&app, &person, link.token, Wrong::nothing()).await
}

pub(super) async fn reset(
    State(app): State<App>,
    person: Anyone,
    Posted(form): Posted<ResetForm>,
) -> Answer {
    let request = person.request.clone();
    match accounts::reset(&app.platform, &form.token, &form.password, request).await {
        Ok(()) => Ok(Flash::success("The new password is set. Sign in with it.").then("/sign-in")),
        Err(error) => {
            let pause = error.retry_after();
            let page = reset_page(&app, &person, form.token, Wrong::of(error)?).await?;
            Ok(with_retry_after(page, pause))
        }
    }
}

async fn reset_page(app: &App, person: &Anyone, token: String, wrong: Wrong) -> Answer {
    Screen::new("Choose a new password")
        .narrow()
        .status(wrong.status())
        .render(app, person, move || {
            view! {
                <Form action="/reset" wrong=wrong class="flex max-w-md flex-col gap-5">
                    <input type="hidden" name="token" value=token />
                    <Field name="password" label="New password" kind="password" autocomplete="new-password" hint="At least 15 characters. You are signed out everywhere else." autofocus=true />
                    <div><Button>"Set the password"</Button></div>
                </Form>
            }
        })
        .await
}

/// A button, not the link itself, confirms: mail scanners follow links.
pub(super) async fn show_verify(
    State(app): State<App>,
    person: Anyone,
    Query(link): Query<Token>,
) -> Answer {
    Screen::new("Confirm your e-mail address")
        .narrow()
        .render(&app, &person, move || {
            view! {
                <Form action="/verify">
                    <input type="hidden" name="token" value=link.token />
                    <p>"Press the button to confirm that the letter reached you."</p>
                    <div><Button>"Confirm the address"</Button></div>
                </Form>
            }
        })
        .await
}

pub(super) async fn verify(
    State(app): State<App>,
    person: Anyone,
    Posted(form): Posted<Token>,
) -> Answer {
    accounts::verify(&app.platform, &form.token, person.request.clone()).await?;
    Ok(Flash::success("Your e-mail address is confirmed.").then("/"))
}
