//! One number's settings: name, tags, notes, suspension, the way to its release.

use super::{
    NumberTab, NumberTabs, detail::standing, finish, finish_in_service, id_of, may_change, screen,
};
use crate::{
    Answer, App, Flash, PageError, Wrong,
    access::{Manager, Person, Viewer},
    ui::{Button, ButtonKind, Card, Choice, Field, Form, LinkButton, Select, TextArea},
};
use axum::{
    extract::{Form as Posted, Path, State},
    http::StatusCode,
    response::Response,
};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::{
    campaigns::{self, Campaign},
    numbers::{self, Detail, Tags},
};
use voxlink_types::{
    ids::{CampaignId, NumberId},
    number::Standing,
};

/// What a form of the page sent. Each form has one or two of the fields.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    name: Option<String>,
    tags: Option<String>,
    notes: Option<String>,
    reason: Option<String>,
    message: Option<String>,
    campaign: Option<String>,
}

pub(super) async fn show(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> Answer {
    page(&app, &viewer, id_of(&id)?, Typed::default(), Wrong::nothing()).await
}

pub(super) async fn rename(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = manager.begin(&app.platform).await?;
    let done = numbers::rename(&mut cx, id, typed.name.as_deref().unwrap_or_default()).await;
    let answer = saved(id, "The name is saved; the carrier is told.");
    finish(cx, done, answer, async |error| page(&app, &manager, id, typed, Wrong::of(error)?).await)
        .await
}

pub(super) async fn notes(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = manager.begin(&app.platform).await?;
    let done = numbers::set_notes(&mut cx, id, typed.notes.as_deref().unwrap_or_default()).await;
    finish(cx, done, saved(id, "The notes are saved."), async |error| {
        page(&app, &manager, id, typed, Wrong::of(error)?).await
    })
    .await
}

pub(super) async fn tags(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = manager.begin(&app.platform).await?;
    let done = match Tags::parse(typed.tags.as_deref().unwrap_or_default()) {
        Ok(tags) => numbers::set_tags(&mut cx, id, &tags).await,
        Err(error) => Err(error),
    };
    finish(cx, done, saved(id, "The tags are saved."), async |error| {
        page(&app, &manager, id, typed, Wrong::of(error)?).await
    })
    .await
}

pub(super) async fn campaign(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let id = id_of(&id)?;
    let wanted = typed.campaign.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let wanted = wanted.map(str::parse::<CampaignId>).transpose();
    let Ok(wanted) = wanted else {
        let wrong = Wrong::field("campaign", "Choose one of the list.");
        return page(&app, &manager, id, typed, wrong).await;
    };
    let mut cx = manager.begin(&app.platform).await?;
    // A number that is nobody's here is told as such before any campaign.
    numbers::detail(&mut cx, id).await?;
    match campaigns::assign(&mut cx, wanted, &[id]).await {
        Ok(_) => {
            cx.commit().await?;
            Ok(saved(id, "The campaign is saved; calls count for it from now on."))
        }
        Err(error) => {
            drop(cx);
            page(&app, &manager, id, typed, Wrong::of(error)?).await
        }
    }
}

pub(super) async fn suspend(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
    Posted(typed): Posted<Typed>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = manager.begin(&app.platform).await?;
    let why = typed.reason.as_deref().unwrap_or_default();
    let message = typed.message.as_deref().unwrap_or_default();
    let done = numbers::suspend(&mut cx, id, why, message).await;
    let answer = saved(id, "The number is suspended: callers hear the message from now on.");
    finish_in_service(&app, cx, done, answer, async |error| {
        page(&app, &manager, id, typed, Wrong::of(error)?).await
    })
    .await
}

pub(super) async fn resume(
    State(app): State<App>,
    manager: Manager,
    Path(id): Path<String>,
) -> Answer {
    let id = id_of(&id)?;
    let mut cx = manager.begin(&app.platform).await?;
    let done = numbers::resume(&mut cx, id).await;
    let answer = Flash::success("The number answers calls again.").then(&format!("/numbers/{id}"));
    finish_in_service(&app, cx, done, answer, async |error| {
        page(&app, &manager, id, Typed::default(), Wrong::of(error)?).await
    })
    .await
}

fn saved(id: NumberId, text: &str) -> Response {
    Flash::success(text).then(&format!("/numbers/{id}/settings"))
}

async fn page(app: &App, person: &impl Person, id: NumberId, typed: Typed, wrong: Wrong) -> Answer {
    let Some(member) = person.member() else { return Err(PageError::not_found()) };
    let mut cx = member.begin(&app.platform, person.request().clone()).await?;
    let detail = numbers::detail(&mut cx, id).await?;
    let among = Among {
        all: campaigns::list(&mut cx, false).await?,
        now: campaigns::of_number(&mut cx, id).await?,
    };
    drop(cx);
    let change = may_change(person) && detail.row.standing() != Standing::Released;
    let status = wrong.status();
    screen(&detail.row.number)
        .status(if status == StatusCode::default() { StatusCode::OK } else { status })
        .render(app, person, move || {
            let body = if change {
                forms(&detail, &among, &typed, wrong).into_any()
            } else {
                view! { <p class="text-muted">"You can look at this number, but not change it."</p> }.into_any()
            };
            view! {
                <NumberTabs id current=NumberTab::Settings />
                {standing(&detail, change)}
                {body}
            }
        })
        .await
}

/// The account's campaigns, and the one that the number is assigned to.
struct Among {
    all: Vec<Campaign>,
    now: Option<CampaignId>,
}

/// The choice of a campaign; none where there is none to choose.
fn belongs(id: NumberId, among: &Among, typed: &Typed, wrong: Wrong) -> AnyView {
    if among.all.is_empty() {
        return view! {
            <Card title="Campaign">
                <p class="mb-4 text-muted">"A campaign says what some of your numbers are for, and adds up their calls and cost."</p>
                <LinkButton href="/campaigns" kind=ButtonKind::Secondary>"Make a campaign"</LinkButton>
            </Card>
        }
        .into_any();
    }
    let choices = among.all.iter().map(|c| Choice::new(c.id.to_string(), c.name.clone())).collect();
    let now = among.now.map(|id| id.to_string()).unwrap_or_default();
    let chosen = typed.campaign.clone().unwrap_or(now);
    view! {
        <Card title="Campaign">
            <Form action=format!("/numbers/{id}/campaign") wrong=wrong>
                <Select name="campaign" label="Campaign" choices=choices value=chosen none="None" hint="Calls count for the campaign that the number has when they come in." />
                <div><Button>"Save campaign"</Button></div>
            </Form>
        </Card>
    }
    .into_any()
}

/// The part of what is wrong that is about one form: the sentence above a form is not shown above
/// its neighbours.
fn about(wrong: &Wrong, fields: &[&str]) -> Wrong {
    if fields.iter().any(|field| wrong.about(field).is_some()) {
        wrong.clone()
    } else {
        Wrong::nothing()
    }
}

fn forms(detail: &Detail, among: &Among, typed: &Typed, wrong: Wrong) -> impl IntoView + use<> {
    let (id, row) = (detail.row.id, &detail.row);
    let at = move |path: &str| format!("/numbers/{id}/{path}");
    let name = typed.name.clone().or_else(|| row.name.clone()).unwrap_or_default();
    let tags = typed.tags.clone().unwrap_or_else(|| row.tags.join(", "));
    let notes = typed.notes.clone().or_else(|| row.notes.clone()).unwrap_or_default();
    let pending = if detail.pending_at_carrier {
        "Shown in lists and at the carrier. The carrier has not confirmed the present one yet."
    } else {
        "Shown in lists and at the carrier."
    };
    // A refusal that is about no field, such as a state that forbids it, stands above all forms.
    let whole = ["name", "tags", "notes", "reason", "message", "campaign"]
        .iter()
        .all(|field| wrong.about(field).is_none())
        .then(|| wrong.summary())
        .flatten()
        .map(|text| view! { <crate::ui::Notice tone=crate::flash::Tone::Danger>{text}</crate::ui::Notice> });
    let suspension = (row.standing() == Standing::Active).then(|| {
        let reason = typed.reason.clone().unwrap_or_default();
        let message = typed.message.clone().unwrap_or_default();
        let wrong_suspend = about(&wrong, &["reason", "message"]);
        view! {
            <Card title="Suspend">
                <Form action=at("suspend") wrong=wrong_suspend>
                    <p class="text-muted">
                        "The number stays yours and its rental goes on. Callers hear a message instead of what it does, until you resume it."
                    </p>
                    <Field name="reason" label="Why" value=reason maxlength=300u32 hint="For your own records." />
                    <TextArea name="message" label="What callers hear" value=message optional=true maxlength=300u32 rows=2 hint="Left empty, they hear that the number is not in service." />
                    <div><Button kind=ButtonKind::Secondary>"Suspend this number"</Button></div>
                </Form>
            </Card>
        }
    });
    let release = matches!(
        row.standing(),
        Standing::Active | Standing::Suspended | Standing::Error
    )
    .then(|| {
        view! {
            <section class="surface border-error p-5 sm:p-6">
                <h2 class="mb-2 text-lg font-semibold">"Release"</h2>
                <p class="mb-4 text-muted">
                    "Give the number back for good. The next page says what will happen before anything does."
                </p>
                <LinkButton href=at("release") kind=ButtonKind::Danger>"Release this number…"</LinkButton>
            </section>
        }
    });
    let (wrong_name, wrong_tags) = (about(&wrong, &["name"]), about(&wrong, &["tags"]));
    let wrong_notes = about(&wrong, &["notes"]);
    let belongs = belongs(id, among, typed, about(&wrong, &["campaign"]));
    view! {
        {whole}
        <div class="grid items-start gap-6 lg:grid-cols-2">
            <Card title="Name">
                <Form action=at("name") wrong=wrong_name>
                    <Field name="name" label="Name" value=name optional=true maxlength=64u32 hint=pending />
                    <div><Button>"Save name"</Button></div>
                </Form>
            </Card>
            <Card title="Tags">
                <Form action=at("tags") wrong=wrong_tags>
                    <Field name="tags" label="Tags" value=tags optional=true hint="Separated by commas: sales, front-desk." />
                    <div><Button>"Save tags"</Button></div>
                </Form>
            </Card>
            {belongs}
            <Card title="Notes">
                <Form action=at("notes") wrong=wrong_notes>
                    <TextArea name="notes" label="Notes" value=notes optional=true maxlength=4000u32 rows=5 />
                    <div><Button>"Save notes"</Button></div>
                </Form>
            </Card>
            {suspension}
            {release}
        </div>
    }
}
