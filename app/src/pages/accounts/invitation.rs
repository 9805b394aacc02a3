//! Where an invitation's link leads: a person of their own, in somebody's company.

use super::{
    entry::{open, with_retry_after, zones},
    people::word,
};
use crate::query::Query;
use crate::{
    Answer, App, Flash, Screen, Wrong,
    access::{Anyone, Person},
    flash::Tone,
    ui::{Button, Checkbox, Field, Form, Notice, Select},
};
use axum::extract::{Form as Posted, State};
use leptos::prelude::*;
use tower_sessions::Session;
use voxlink_domain::accounts::{self, Acceptance, Invited};

/// The link's token.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Token {
    #[serde(default)]
    token: String,
}

/// The form, as sent.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    token: String,
    #[serde(default)]
    full_name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    time_zone: String,
    accepts_terms: Option<String>,
    wants_news: Option<String>,
}

pub(super) async fn show(
    State(app): State<App>,
    person: Anyone,
    Query(link): Query<Token>,
) -> Answer {
    let invited = accounts::invited(&app.platform, &link.token).await?;
    let typed =
        Typed { token: link.token, time_zone: invited.time_zone.clone(), ..Typed::default() };
    page(&app, &person, invited, typed, Wrong::nothing()).await
}

pub(super) async fn accept(
    State(app): State<App>,
    person: Anyone,
    session: Session,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let wanted = Acceptance {
        full_name: typed.full_name.clone(),
        password: typed.password.clone(),
        time_zone: typed.time_zone.clone(),
        accepts_terms: typed.accepts_terms.is_some(),
        wants_news: typed.wants_news.is_some(),
    };
    let request = person.request.clone();
    match accounts::accept(&app.platform, &typed.token, &wanted, request).await {
        Ok(user) => {
            open(&session, user, false, &person.request).await?;
            Ok(Flash::success("Welcome: you belong to the company now.").then("/"))
        }
        Err(error) => {
            let pause = error.retry_after();
            let wrong = Wrong::of(error)?;
            let invited = accounts::invited(&app.platform, &typed.token).await?;
            let page = page(&app, &person, invited, typed, wrong).await?;
            Ok(with_retry_after(page, pause))
        }
    }
}

async fn page(app: &App, person: &Anyone, invited: Invited, typed: Typed, wrong: Wrong) -> Answer {
    let signed_in = person.member().map(|m| m.company.clone());
    Screen::new(format!("Join {}", invited.company))
        .narrow()
        .status(wrong.status())
        .render(app, person, move || {
            let other = signed_in.map(|company| {
                let text = format!(
                    "You are signed in to {company}. This makes another account, for {}, and signs you in to it.",
                    invited.company
                );
                view! { <Notice tone=Tone::Warning>{text}</Notice> }
            });
            let words = format!(
                "{} invites you as {}. You sign in with {}.",
                invited.invited_by,
                word(invited.role).to_lowercase(),
                invited.email
            );
            // The address could not be used, which is about no field of the form.
            let taken = wrong.about("email").map(str::to_owned).map(|text| {
                view! { <Notice tone=Tone::Danger>{text}</Notice> }
            });
            view! {
                {other}
                <p class="mb-6 max-w-md break-words">{words}</p>
                {taken}
                <Form action="/invitation" wrong=wrong class="flex max-w-md flex-col gap-5">
                    <input type="hidden" name="token" value=typed.token />
                    <Field name="full_name" label="Your name" value=typed.full_name autocomplete="name" maxlength=200u32 autofocus=true />
                    <Field name="password" label="Password" kind="password" autocomplete="new-password" hint="At least 15 characters. A short sentence is easy to remember." />
                    <Select name="time_zone" label="Time zone" choices=zones() value=typed.time_zone hint="Times are shown in this zone." />
                    <Checkbox name="accepts_terms" checked=typed.accepts_terms.is_some() required=true>
                        "I accept the " <a class="link" href="/help/terms" target="_blank">"terms of service"</a>
                    </Checkbox>
                    <Checkbox name="wants_news" checked=typed.wants_news.is_some()>"Send me news about VoxLink (you can change this at any time)"</Checkbox>
                    <div><Button>"Join"</Button></div>
                </Form>
            }
        })
        .await
}
