//! The people of the company: who they are, who is invited; for an owner also what may be changed.

use super::settings::{SettingsTab, tabs};
use crate::{
    Answer, App, Flash, PageError, Screen, Wrong,
    access::{Owner, Person, Viewer},
    flash::Tone,
    layout::Place,
    ui::{
        Badge, Button, ButtonForm, ButtonKind, Card, Cell, Choice, Field, Form, LinkButton, Notice,
        Select, Table, Tabs, When,
    },
};
use axum::{
    extract::{Form as Posted, Path, State},
    response::Response,
};
use leptos::prelude::*;
use voxlink_domain::accounts::{self, Colleague, Invitation, Via};
use voxlink_types::{ids::InvitationId, role::TenantRole};

/// The roles as choices.
pub(super) fn roles() -> Vec<Choice> {
    TenantRole::ALL.iter().map(|role| Choice::new(role.as_str(), word(*role))).collect()
}

/// What each role may do.
pub(super) const ROLES: &str = "A viewer sees everything and changes nothing. A manager buys, configures and pays. An owner also manages people and the account.";

/// A role in a word.
pub(super) const fn word(role: TenantRole) -> &'static str {
    match role {
        TenantRole::Viewer => "Viewer",
        TenantRole::Manager => "Manager",
        TenantRole::Owner => "Owner",
    }
}

/// The form of an invitation, as sent.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct InviteForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    via: String,
}

/// The form by which a person leaves, as sent.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct LeaveForm {
    #[serde(default)]
    confirm: String,
}

/// A cell with an address has the whole line on a phone, so that it stays in one piece.
const ADDRESS: &str =
    "[overflow-wrap:anywhere] max-md:flex-col max-md:items-start max-md:gap-0 max-md:text-start";

/// What is typed to leave.
pub(super) const LEAVE: &str = "leave";

pub(super) async fn show(State(app): State<App>, person: Viewer) -> Answer {
    page(&app, &person, InviteForm::default(), Wrong::nothing(), Wrong::nothing()).await
}

pub(super) async fn invite(
    State(app): State<App>,
    owner: Owner,
    Posted(form): Posted<InviteForm>,
) -> Answer {
    let Ok(role) = form.role.parse::<TenantRole>() else {
        let wrong = Wrong::field("role", "Choose a role from the list.");
        return page(&app, &owner, form, wrong, Wrong::nothing()).await;
    };
    let via = form.via.parse().unwrap_or(Via::Link);
    let mut cx = owner.begin(&app.platform).await?;
    match accounts::invite(&mut cx, &app.platform, &form.email, role, via).await {
        Ok(link) => {
            cx.commit().await?;
            Ok(told(link, form.email.trim()))
        }
        Err(error) => {
            drop(cx);
            page(&app, &owner, form, Wrong::of(error)?, Wrong::nothing()).await
        }
    }
}

/// The link is shown once and kept nowhere: it travels in the notice's cookie.
fn told(link: Option<String>, email: &str) -> Response {
    match link {
        Some(link) => Flash::success(format!(
            "Hand over this link. It is shown only now and works once, for seven days: {link}"
        )),
        None => Flash::success(format!("A letter with a link is on its way to {email}.")),
    }
    .then("/settings/people")
}

fn invitation_of(id: &str) -> Result<InvitationId, PageError> {
    id.parse().map_err(|_| PageError::not_found())
}

pub(super) async fn renew(State(app): State<App>, owner: Owner, Path(id): Path<String>) -> Answer {
    let mut cx = owner.begin(&app.platform).await?;
    let link = accounts::renew(&mut cx, &app.platform, invitation_of(&id)?).await?;
    cx.commit().await?;
    Ok(told(link, "the address"))
}

pub(super) async fn withdraw(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<String>,
) -> Answer {
    let mut cx = owner.begin(&app.platform).await?;
    accounts::withdraw(&mut cx, invitation_of(&id)?).await?;
    cx.commit().await?;
    Ok(Flash::success("The invitation is withdrawn; its link no longer works.")
        .then("/settings/people"))
}

pub(super) async fn leave(
    State(app): State<App>,
    person: Viewer,
    Posted(form): Posted<LeaveForm>,
) -> Answer {
    if !form.confirm.trim().eq_ignore_ascii_case(LEAVE) {
        let wrong = Wrong::field("confirm", "Type the word as shown to confirm.");
        return page(&app, &person, InviteForm::default(), Wrong::nothing(), wrong).await;
    }
    let who = person.member.user;
    match accounts::remove(&app.platform, &person.member, who, person.request.clone()).await {
        Ok(()) => Ok(Flash::success("You have left the company.").then("/sign-in")),
        Err(error) => {
            let wrong = Wrong::of(error)?;
            page(&app, &person, InviteForm::default(), Wrong::nothing(), wrong).await
        }
    }
}

async fn page(
    app: &App,
    person: &impl Person,
    typed: InviteForm,
    wrong: Wrong,
    wrong_leave: Wrong,
) -> Answer {
    let Some(member) = person.member().cloned() else { return Err(PageError::not_found()) };
    let mut cx = member.begin(&app.platform, person.request().clone()).await?;
    let people = accounts::colleagues(&mut cx).await?;
    let owner = member.tenant_role == TenantRole::Owner && member.suspended.is_none();
    let invited = if owner { accounts::invitations(&mut cx).await? } else { Vec::new() };
    let now = cx.now();
    drop(cx);
    let mail = app.platform.mailer().is_on();
    let status = if wrong == Wrong::nothing() { wrong_leave.status() } else { wrong.status() };
    Screen::new("Settings")
        .at(Place::Settings)
        .status(status)
        .render(app, person, move || {
            let rows = people.into_iter().map(|c| colleague(c, &member, owner)).collect_view();
            let act =
                owner.then(|| view! { <th scope="col"><span class="sr-only">"Action"</span></th> });
            let open = (!invited.is_empty()).then(|| invitations(invited, now));
            let manage =
                owner.then(|| view! { <div class="mt-6">{invite_form(typed, wrong, mail)}</div> });
            view! {
                <Tabs label="Settings" tabs=tabs(SettingsTab::People) />
                <Table caption="People of your company">
                    <thead>
                        <tr>
                            <th scope="col">"Name"</th>
                            <th scope="col">"E-mail address"</th>
                            <th scope="col">"Role"</th>
                            <th scope="col">"Last sign-in"</th>
                            <th scope="col">"Since"</th>
                            {act}
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </Table>
                {open}
                {manage}
                <div class="mt-6">{leave_form(&member.company, wrong_leave)}</div>
            }
        })
        .await
}

fn colleague(c: Colleague, me: &accounts::Member, owner: bool) -> impl IntoView + use<> {
    let myself = (c.id == me.user).then(|| view! { <Badge text="You" tone=None /> });
    let unconfirmed = (!c.email_verified)
        .then(|| view! { <span class="block text-sm text-muted">"not confirmed"</span> });
    let last = match c.last_sign_in_at {
        Some(at) => view! { <When at=at /> }.into_any(),
        None if c.id == me.user => view! { "Signed in now" }.into_any(),
        None => view! { "Never" }.into_any(),
    };
    let act = owner.then(|| {
        let label = format!("Change {}", c.name);
        view! {
            <td>
                <a class="btn btn-ghost btn-sm" href=format!("/settings/people/{}", c.id) aria-label=label>"Change"</a>
            </td>
        }
    });
    view! {
        <tr>
            <Cell label="Name"><span class="inline-flex flex-wrap items-center gap-2 font-medium">{c.name} {myself}</span></Cell>
            <td data-label="E-mail address" class=ADDRESS><div class="min-w-0">{c.email} {unconfirmed}</div></td>
            <Cell label="Role">{word(c.role)}</Cell>
            <Cell label="Last sign-in">{last}</Cell>
            <Cell label="Since"><When at=c.since /></Cell>
            {act}
        </tr>
    }
}

fn invitations(open: Vec<Invitation>, now: chrono::DateTime<chrono::Utc>) -> impl IntoView + use<> {
    let rows = open
        .into_iter()
        .map(|i| {
            let until = if i.expires_at > now {
                view! { <When at=i.expires_at /> }.into_any()
            } else {
                view! { <Badge text="Lapsed" tone=Some(Tone::Warning) /> }.into_any()
            };
            let (again, how) = match i.via {
                Via::Letter => ("Send again", "by letter"),
                Via::Link => ("New link", "by link"),
            };
            let at = format!("/settings/people/invitations/{}", i.id);
            view! {
                <tr>
                    <td data-label="Invited" class=ADDRESS><div class="min-w-0 font-medium">{i.email}</div></td>
                    <Cell label="As">{word(i.role)}</Cell>
                    <Cell label="By">{format!("{}, {how}", i.invited_by)}</Cell>
                    <Cell label="Until">{until}</Cell>
                    <td>
                        <span class="flex flex-wrap justify-end gap-1">
                            <ButtonForm action=format!("{at}/link")>{again}</ButtonForm>
                            <ButtonForm action=format!("{at}/withdraw")>"Withdraw"</ButtonForm>
                        </span>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <h2 class="mt-8 mb-3 text-lg font-semibold">"Invited, not here yet"</h2>
        <Table caption="Open invitations">
            <thead>
                <tr>
                    <th scope="col">"Invited"</th>
                    <th scope="col">"As"</th>
                    <th scope="col">"By"</th>
                    <th scope="col">"Until"</th>
                    <th scope="col"><span class="sr-only">"Action"</span></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </Table>
    }
}

fn invite_form(typed: InviteForm, wrong: Wrong, mail: bool) -> impl IntoView {
    let (letter, hand) = (
        Choice::new(Via::Letter.as_str(), "Send a letter with a link"),
        Choice::new(Via::Link.as_str(), "Give me the link to hand over"),
    );
    let how = if mail { vec![letter, hand] } else { vec![hand] };
    let off = (!mail).then(|| {
        view! { <Notice>"This installation sends no letters, so you hand the link over yourself."</Notice> }
    });
    let role = if typed.role.is_empty() { "manager".to_owned() } else { typed.role };
    view! {
        <Card title="Invite somebody">
            {off}
            <Form action="/settings/people/invite" wrong=wrong class="flex flex-col gap-5">
                <div class="grid gap-4 lg:grid-cols-3">
                    <Field name="email" label="E-mail address" kind="email" value=typed.email autocomplete="off" maxlength=254u32 />
                    <Select name="role" label="Role" choices=roles() value=role hint=ROLES />
                    <Select name="via" label="How" choices=how value=typed.via />
                </div>
                <div><Button>"Invite"</Button></div>
            </Form>
        </Card>
    }
}

fn leave_form(company: &str, wrong: Wrong) -> impl IntoView + use<> {
    let open = wrong != Wrong::nothing();
    let text = format!(
        "You are signed out everywhere at once and no longer see {company}. To come back you need an invitation. Numbers, orders and invoices stay with the company."
    );
    view! {
        <details class="surface p-5 sm:p-6" open=open>
            <summary class="cursor-pointer font-semibold">"Leave this company"</summary>
            <div class="mt-4">
                <Form action="/settings/people/leave" wrong=wrong>
                    <p class="text-muted">{text}</p>
                    <crate::ui::TypedConfirmation word=LEAVE />
                    <div><Button kind=ButtonKind::Danger>"Leave"</Button></div>
                </Form>
            </div>
        </details>
    }
}

/// The way back to the list, for the pages under it.
pub(super) fn back() -> impl IntoView {
    view! { <LinkButton href="/settings/people" kind=ButtonKind::Secondary>"Back to the people"</LinkButton> }
}
