//! Coming in and going out: register, sign in, sign out.

use crate::query::Query;
use crate::{
    Answer, App, Flash, PageError, Screen, Wrong,
    access::{Anyone, Person},
    back,
    ui::{Button, Checkbox, Choice, Field, Form, Select},
};
use axum::{
    extract::{Form as Posted, State},
    http::{HeaderValue, header::RETRY_AFTER},
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;
use tower_sessions::{Expiry, Session, cookie::time::Duration};
use voxlink_domain::{
    RequestInfo,
    accounts::{
        self, Credentials, Registration,
        sessions::{NewSession, OPENING},
    },
};
use voxlink_types::ids::UserId;

/// Where to go after signing in.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

/// Only a path of ours; everything else is the first page.
fn local(next: Option<&str>) -> &str {
    next.and_then(back::ours).unwrap_or("/")
}

/// Opens a session under a new token: what an attacker may have planted before is gone.
pub(super) async fn open(
    session: &Session,
    user: UserId,
    remember: bool,
    request: &RequestInfo,
) -> Result<(), PageError> {
    let new = NewSession { user, remember, user_agent: request.user_agent.clone(), ip: request.ip };
    if remember {
        session.set_expiry(Some(Expiry::OnInactivity(Duration::days(90))));
    }
    let opened = async {
        session.cycle_id().await?;
        session.insert(OPENING, new).await?;
        session.save().await
    };
    opened.await.map_err(|error| {
        tracing::error!(%error, "a session could not be opened");
        PageError { status: http::StatusCode::SERVICE_UNAVAILABLE, sentence: None }
    })
}

/// Tells a browser when it is worth trying again.
pub(super) fn with_retry_after(mut response: Response, seconds: Option<u64>) -> Response {
    if let Some(value) = seconds.and_then(|s| HeaderValue::from_str(&s.to_string()).ok()) {
        response.headers_mut().insert(RETRY_AFTER, value);
    }
    response
}

/// The sign-in form, as sent.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct SignInForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    remember: Option<String>,
    next: Option<String>,
}

pub(super) async fn show_sign_in(
    State(app): State<App>,
    person: Anyone,
    Query(query): Query<Next>,
) -> Answer {
    if person.member().is_some() {
        return Ok(Redirect::to(local(query.next.as_deref())).into_response());
    }
    let form = SignInForm { next: query.next, ..SignInForm::default() };
    sign_in_page(&app, &person, form, Wrong::nothing()).await
}

pub(super) async fn sign_in(
    State(app): State<App>,
    person: Anyone,
    session: Session,
    Posted(form): Posted<SignInForm>,
) -> Answer {
    let typed = Credentials { email: form.email.clone(), password: form.password.clone() };
    match accounts::sign_in(&app.platform, &typed, person.request.clone()).await {
        Ok(who) => {
            open(&session, who.user, form.remember.is_some(), &person.request).await?;
            Ok(Redirect::to(local(form.next.as_deref())).into_response())
        }
        Err(error) => {
            let pause = error.retry_after();
            let page = sign_in_page(&app, &person, form, Wrong::of(error)?).await?;
            Ok(with_retry_after(page, pause))
        }
    }
}

async fn sign_in_page(app: &App, person: &Anyone, form: SignInForm, wrong: Wrong) -> Answer {
    let next = form.next.clone().unwrap_or_default();
    Screen::new("Sign in")
        .narrow()
        .status(wrong.status())
        .render(app, person, move || {
            view! {
                <Form action="/sign-in" wrong=wrong class="flex max-w-md flex-col gap-5">
                    <input type="hidden" name="next" value=next />
                    <Field name="email" label="E-mail address" kind="email" value=form.email autocomplete="username" autofocus=true />
                    <Field name="password" label="Password" kind="password" autocomplete="current-password" />
                    <Checkbox name="remember" checked=form.remember.is_some()>"Remember me on this device for 30 days"</Checkbox>
                    <div class="flex flex-wrap items-center gap-4">
                        <Button>"Sign in"</Button>
                        <a class="link-quiet" href="/forgot">"Forgot the password?"</a>
                    </div>
                    <p class="text-muted">"No account yet? " <a class="link" href="/register">"Register"</a></p>
                </Form>
            }
        })
        .await
}

pub(super) async fn sign_out(State(app): State<App>, person: Anyone, session: Session) -> Answer {
    if let Some(member) = person.member() {
        accounts::sign_out(&app.platform, member, person.request.clone()).await?;
    }
    if let Err(error) = session.flush().await {
        // The row was ended above; only the cookie stays behind, and it opens nothing.
        tracing::warn!(%error, "a session's cookie could not be taken away");
    }
    Ok(Flash::success("You are signed out.").then("/sign-in"))
}

/// The registration form, as sent.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct RegisterForm {
    #[serde(default)]
    full_name: String,
    #[serde(default)]
    company: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    time_zone: String,
    accepts_terms: Option<String>,
    wants_news: Option<String>,
    /// The form's own key; see [`crate::ui::IDEMPOTENCY_FIELD`].
    #[serde(rename = "_key")]
    key: Option<String>,
}

pub(super) async fn show_register(State(app): State<App>, person: Anyone) -> Answer {
    if person.member().is_some() {
        return Ok(Redirect::to("/").into_response());
    }
    let form = RegisterForm { time_zone: "America/New_York".to_owned(), ..Default::default() };
    register_page(&app, &person, form, Wrong::nothing()).await
}

pub(super) async fn register(
    State(app): State<App>,
    person: Anyone,
    session: Session,
    Posted(form): Posted<RegisterForm>,
) -> Answer {
    let wanted = Registration {
        full_name: form.full_name.clone(),
        company: form.company.clone(),
        email: form.email.clone(),
        password: form.password.clone(),
        time_zone: form.time_zone.clone(),
        accepts_terms: form.accepts_terms.is_some(),
        wants_news: form.wants_news.is_some(),
        key: form.key.clone(),
    };
    match accounts::register(&app.platform, &wanted, person.request.clone()).await {
        Ok(made) => {
            open(&session, made.user, false, &person.request).await?;
            Ok(Flash::success("Your account is open. Welcome to VoxLink.").then("/"))
        }
        Err(error) => {
            let pause = error.retry_after();
            let page = register_page(&app, &person, form, Wrong::of(error)?).await?;
            Ok(with_retry_after(page, pause))
        }
    }
}

/// All zones, as choices.
pub(super) fn zones() -> Vec<Choice> {
    chrono_tz::TZ_VARIANTS.iter().map(|zone| Choice::new(zone.name(), zone.name())).collect()
}

async fn register_page(app: &App, person: &Anyone, form: RegisterForm, wrong: Wrong) -> Answer {
    Screen::new("Open an account")
        .narrow()
        .status(wrong.status())
        .render(app, person, move || {
            view! {
                <Form action="/register" wrong=wrong class="flex max-w-md flex-col gap-5">
                    <Field name="full_name" label="Your name" value=form.full_name autocomplete="name" maxlength=200u32 autofocus=true />
                    <Field name="company" label="Company" value=form.company autocomplete="organization" maxlength=200u32 />
                    <Field name="email" label="E-mail address" kind="email" value=form.email autocomplete="username" maxlength=254u32 />
                    <Field name="password" label="Password" kind="password" autocomplete="new-password" hint="At least 15 characters. A short sentence is easy to remember." />
                    <Select name="time_zone" label="Time zone" choices=zones() value=form.time_zone hint="Times are shown in this zone." />
                    <Checkbox name="accepts_terms" checked=form.accepts_terms.is_some() required=true>
                        "I accept the " <a class="link" href="/help/terms" target="_blank">"terms of service"</a>
                    </Checkbox>
                    <Checkbox name="wants_news" checked=form.wants_news.is_some()>"Send me news about VoxLink (you can change this at any time)"</Checkbox>
                    <div class="flex flex-wrap items-center gap-4">
                        <Button>"Open the account"</Button>
                        <a class="link-quiet" href="/sign-in">"I have an account"</a>
                    </div>
                </Form>
            }
        })
        .await
}
