//! A person's own settings: profile and password.

use super::{
    entry::{with_retry_after, zones},
    people::word,
};
use crate::{
    Answer, App, Flash, Screen, Wrong,
    access::Viewer,
    layout::Place,
    look::remember_theme,
    ui::{
        Button, ButtonForm, ButtonKind, Card, Checkbox, Choice, Fact, Facts, Field, Form, Select,
        Tab, Tabs,
    },
};
use axum::extract::{Form as Posted, State};
use leptos::prelude::*;
use voxlink_domain::accounts::{self, LANGUAGES, Profile, Theme};

/// The profile's form, as sent.
#[derive(Debug, serde::Deserialize)]
pub(super) struct ProfileForm {
    #[serde(default)]
    full_name: String,
    #[serde(default)]
    time_zone: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    theme: String,
    wants_news: Option<String>,
}

/// The password's form, as sent.
#[derive(Debug, serde::Deserialize)]
pub(super) struct PasswordForm {
    #[serde(default)]
    present: String,
    #[serde(default)]
    wanted: String,
}

/// The pages of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SettingsTab {
    Profile,
    Devices,
    People,
}

/// The settings' tabs, with one of them open.
pub(super) fn tabs(open: SettingsTab) -> Vec<Tab> {
    [
        (SettingsTab::Profile, "Profile and password", "/settings"),
        (SettingsTab::Devices, "Devices", "/settings/devices"),
        (SettingsTab::People, "People", "/settings/people"),
    ]
    .into_iter()
    .map(|(tab, label, href)| Tab::new(label, href, tab == open))
    .collect()
}

pub(super) async fn show(State(app): State<App>, person: Viewer) -> Answer {
    let profile = stored(&app, &person).await?;
    page(&app, &person, profile, Wrong::nothing(), Wrong::nothing()).await
}

async fn stored(app: &App, person: &Viewer) -> Result<Profile, crate::PageError> {
    let mut cx = person.begin(&app.platform).await?;
    Ok(accounts::profile(&mut cx, &person.member).await?)
}

pub(super) async fn save(
    State(app): State<App>,
    person: Viewer,
    Posted(form): Posted<ProfileForm>,
) -> Answer {
    let wanted = Profile {
        full_name: form.full_name,
        time_zone: form.time_zone,
        language: form.language,
        theme: form.theme.parse().unwrap_or(person.member.theme),
        wants_news: form.wants_news.is_some(),
    };
    let mut cx = person.begin(&app.platform).await?;
    match accounts::save_profile(&mut cx, &person.member, &wanted).await {
        Ok(()) => {
            cx.commit().await?;
            let mut saved = Flash::success("Your profile is saved.").then("/settings");
            // A choice made on this device before would hide the one just made.
            remember_theme(&mut saved, wanted.theme);
            Ok(saved)
        }
        Err(error) => {
            let wrong = Wrong::of(error)?;
            drop(cx);
            page(&app, &person, wanted, wrong, Wrong::nothing()).await
        }
    }
}

pub(super) async fn change_password(
    State(app): State<App>,
    person: Viewer,
    Posted(form): Posted<PasswordForm>,
) -> Answer {
    let changed = accounts::change_password(
        &app.platform,
        &person.member,
        &form.present,
        &form.wanted,
        person.request.clone(),
    );
    match changed.await {
        Ok(()) => {
            let said = "Your password is changed. Your other devices are signed out.";
            Ok(Flash::success(said).then("/settings"))
        }
        Err(error) => {
            let pause = error.retry_after();
            let wrong = Wrong::of(error)?;
            let profile = stored(&app, &person).await?;
            let page = page(&app, &person, profile, Wrong::nothing(), wrong).await?;
            Ok(with_retry_after(page, pause))
        }
    }
}

pub(super) async fn ask_for_verification(State(app): State<App>, person: Viewer) -> Answer {
    let email = person.member.email.clone();
    if !app.platform.mailer().is_on() {
        return Ok(Flash::warning("This installation sends no letters.").then("/settings"));
    }
    accounts::ask_for_verification(&app.platform, &email, person.request.clone()).await?;
    Ok(Flash::info(format!("A letter is on its way to {email}.")).then("/settings"))
}

async fn page(
    app: &App,
    person: &Viewer,
    profile: Profile,
    wrong: Wrong,
    wrong_password: Wrong,
) -> Answer {
    let member = person.member.clone();
    let languages: Vec<Choice> =
        LANGUAGES.iter().map(|(tag, name)| Choice::new(*tag, *name)).collect();
    let themes = vec![
        Choice::new(Theme::System.as_str(), "As the device has them"),
        Choice::new(Theme::Light.as_str(), "Light"),
        Choice::new(Theme::Dark.as_str(), "Dark"),
    ];
    let mail = app.platform.mailer().is_on();
    let status = if wrong == Wrong::nothing() { wrong_password.status() } else { wrong.status() };
    Screen::new("Settings")
        .at(Place::Settings)
        .status(status)
        .render(app, person, move || {
            let confirmed = if member.email_verified {
                view! { <span class="text-muted">" (confirmed)"</span> }.into_any()
            } else if !mail {
                view! { <span class="text-muted">" (not confirmed: this installation sends no letters)"</span> }.into_any()
            } else {
                view! {
                    <span class="text-muted">" (not confirmed) "</span>
                    <ButtonForm action="/settings/verification">"Send the letter again"</ButtonForm>
                }
                .into_any()
            };
            let (company, email) = (member.company.clone(), member.email.clone());
            let role = word(member.tenant_role);
            view! {
                <Tabs label="Settings" tabs=tabs(SettingsTab::Profile) />
                <div class="grid gap-6 lg:grid-cols-2">
                    <Card title="Profile">
                        <Form action="/settings" wrong=wrong>
                            <Field name="full_name" label="Your name" value=profile.full_name autocomplete="name" maxlength=200u32 />
                            <Select name="time_zone" label="Time zone" choices=zones() value=profile.time_zone hint="Times are shown in this zone." />
                            <Select name="theme" label="Colours" choices=themes value=profile.theme.as_str().to_owned() />
                            <Select name="language" label="Language" choices=languages value=profile.language />
                            <Checkbox name="wants_news" checked=profile.wants_news>"Send me news about VoxLink"</Checkbox>
                            <div><Button>"Save"</Button></div>
                        </Form>
                    </Card>
                    <div class="flex flex-col gap-6">
                        <Card title="Account">
                            <Facts>
                                <Fact name="Company">{company}</Fact>
                                <Fact name="Your role">{role}</Fact>
                                <Fact name="E-mail address" wide=true>{email} {confirmed}</Fact>
                            </Facts>
                        </Card>
                        <Card title="Password">
                            <Form action="/settings/password" wrong=wrong_password>
                                <Field name="present" label="Current password" kind="password" autocomplete="current-password" />
                                <Field name="wanted" label="New password" kind="password" autocomplete="new-password" hint="At least 15 characters. Your other devices are signed out." />
                                <div><Button kind=ButtonKind::Secondary>"Change the password"</Button></div>
                            </Form>
                        </Card>
                    </div>
                </div>
            }
        })
        .await
}
