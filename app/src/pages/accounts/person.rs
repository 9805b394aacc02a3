//! One person of the company, for an owner: their role, and their removal.

use super::people::{ROLES, back, roles};
use crate::{
    Answer, App, Flash, PageError, Screen, Wrong,
    access::Owner,
    layout::Place,
    ui::{Button, ButtonKind, Card, Fact, Facts, Form, Select, TypedConfirmation, When},
};
use axum::extract::{Form as Posted, Path, State};
use leptos::prelude::*;
use voxlink_domain::accounts::{self, Colleague};
use voxlink_types::{ids::UserId, role::TenantRole};

/// The forms of the page, as sent: each has one of the fields.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    role: String,
    #[serde(default)]
    confirm: String,
}

fn id_of(text: &str) -> Result<UserId, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}

async fn load(app: &App, owner: &Owner, id: UserId) -> Result<Colleague, PageError> {
    let mut cx = owner.begin(&app.platform).await?;
    Ok(accounts::colleague(&mut cx, id).await?)
}

pub(super) async fn show(State(app): State<App>, owner: Owner, Path(id): Path<String>) -> Answer {
    let person = load(&app, &owner, id_of(&id)?).await?;
    page(&app, &owner, person, Wrong::nothing(), Wrong::nothing()).await
}

pub(super) async fn change_role(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let person = load(&app, &owner, id_of(&id)?).await?;
    let Ok(role) = typed.role.parse::<TenantRole>() else {
        let wrong = Wrong::field("role", "Choose a role from the list.");
        return page(&app, &owner, person, wrong, Wrong::nothing()).await;
    };
    let asked =
        accounts::change_role(&app.platform, &owner.member, person.id, role, owner.request.clone());
    match asked.await {
        Ok(()) => {
            Ok(Flash::success(format!("{}’s role is saved.", person.name)).then("/settings/people"))
        }
        Err(error) => {
            let wrong = Wrong::of(error)?;
            page(&app, &owner, person, wrong, Wrong::nothing()).await
        }
    }
}

pub(super) async fn remove(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let person = load(&app, &owner, id_of(&id)?).await?;
    if !typed.confirm.trim().eq_ignore_ascii_case(&person.email) {
        let wrong = Wrong::field("confirm", "Type the address as shown to confirm.");
        return page(&app, &owner, person, Wrong::nothing(), wrong).await;
    }
    let asked = accounts::remove(&app.platform, &owner.member, person.id, owner.request.clone());
    match asked.await {
        Ok(()) => Ok(Flash::success(format!("{} is removed and signed out.", person.name))
            .then("/settings/people")),
        Err(error) => {
            let wrong = Wrong::of(error)?;
            page(&app, &owner, person, Wrong::nothing(), wrong).await
        }
    }
}

async fn page(
    app: &App,
    owner: &Owner,
    person: Colleague,
    wrong_role: Wrong,
    wrong_remove: Wrong,
) -> Answer {
    let status =
        if wrong_role == Wrong::nothing() { wrong_remove.status() } else { wrong_role.status() };
    let me = owner.member.user;
    Screen::new(person.name.clone())
        .at(Place::Settings)
        .under("People", "/settings/people")
        .status(status)
        .render(app, owner, move || {
            let (id, email, myself) = (person.id, person.email, person.id == me);
            let (role_at, remove_at) =
                (format!("/settings/people/{id}/role"), format!("/settings/people/{id}/remove"));
            let word = email.clone();
            let last = match person.last_sign_in_at {
                Some(at) => view! { <When at=at /> }.into_any(),
                None if myself => view! { "Signed in now" }.into_any(),
                None => view! { "Never" }.into_any(),
            };
            view! {
                <div class="grid items-start gap-6 lg:grid-cols-2">
                    <Card title="Person">
                        <Facts>
                            <Fact name="E-mail address" wide=true>{email}</Fact>
                            <Fact name="Address confirmed">{if person.email_verified { "Yes" } else { "No" }}</Fact>
                            <Fact name="Last sign-in">{last}</Fact>
                            <Fact name="Since"><When at=person.since /></Fact>
                        </Facts>
                    </Card>
                    <Card title="Role">
                        <Form action=role_at wrong=wrong_role>
                            <Select name="role" label="What they may do" choices=roles() value=person.role.as_str().to_owned() hint=ROLES />
                            <div><Button>"Save the role"</Button></div>
                        </Form>
                    </Card>
                    <Card title="Remove from the company" danger=true>
                        <Form action=remove_at wrong=wrong_remove>
                            <p class="text-muted">
                                "They are signed out everywhere at once and their keys end. What they bought and changed stays, under their name. To come back they need an invitation."
                            </p>
                            <TypedConfirmation word=word />
                            <div><Button kind=ButtonKind::Danger>"Remove this person"</Button></div>
                        </Form>
                    </Card>
                </div>
                <div class="mt-6">{back()}</div>
            }
        })
        .await
}
