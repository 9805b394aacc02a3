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
    let screen = Screen::new("Choose a new password");
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

/// Without a mail server there is no letter to promise: who can help instead, and how.
fn no_letters() -> impl IntoView {
    view! {
        <div class="surface flex max-w-2xl flex-col gap-4 p-6">
            <p>"This installation sends no letters, so a new password does not come by e-mail."</p>
            <p>
                "Ask whoever runs it for a link. On the server they make one, which works for one hour and once, with the command"
            </p>
            <pre class="rounded-field whitespace-pre-wrap bg-base-200 p-3 text-sm"><code>"voxlink people reset-link --email you@company.com"</code></pre>
            <p class="text-sm text-muted">
                "Letters are sent as soon as a mail server is named in the setting MAIL_URL."
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
