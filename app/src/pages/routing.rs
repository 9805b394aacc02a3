//! The routing editor and its simulator, of one number.
//!
//! Every button of the editor posts the whole form: what it says becomes the number's draft,
//! readable or not, the button's `op` is carried out, and the person is sent back to the page. So
//! nothing typed is lost, a reload repeats nothing, and it works without wasm. Playing a call
//! saves nothing: it shows what was posted again.

mod beside;
mod simulate;
mod versions;
mod view;

use crate::query::Query;
use crate::{
    Access, Answer, App, Route, Screen, Wrong,
    access::{Manager, Person, Viewer},
    errors::PageError,
    flash::Flash,
    layout::Place,
    route::{get, post},
};
use axum::{
    extract::{Form, Path, State},
    response::{IntoResponse, Redirect, Response},
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Deserialize;
use simulate::Rehearsal;
use voxlink_domain::{
    Ctx,
    routing::{self, Editing, Past, RoutingError},
};
use voxlink_types::{
    ids::{ConfigurationId, NumberId},
    role::TenantRole,
    routing::{Plan, edit, read_form},
};

/// The rows of this area.
pub fn routes() -> Vec<Route> {
    vec![
        get("/numbers/{id}/routing", Access::Viewer, show),
        post("/numbers/{id}/routing", Access::Manager, save),
        post("/numbers/{id}/routing/simulate", Access::Viewer, simulate::submit),
        get("/numbers/{id}/routing/versions", Access::Viewer, versions::show),
        post("/numbers/{id}/routing/roll-back", Access::Manager, roll_back),
        post("/numbers/{id}/routing/discard", Access::Manager, discard),
    ]
}

/// The editor's form as it was posted.
type Fields = Vec<(String, String)>;

fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).unwrap_or_default()
}

fn id(text: &str) -> Result<NumberId, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}

/// How many of the old versions are shown with what they did; the others are listed.
const TOLD: i64 = 10;

/// The versions as the page lists them: each is told by what it changed from the one before.
async fn history(cx: &mut Ctx, number: NumberId) -> Result<Vec<Past>, PageError> {
    Ok(routing::history(cx, number, TOLD + 1).await?)
}

/// The zone in which the number lives.
fn zone(editing: &Editing) -> Tz {
    editing.time_zone.parse().unwrap_or(Tz::UTC)
}

fn may_change(person: &impl Person) -> bool {
    person.member().is_some_and(|m| m.tenant_role >= TenantRole::Manager && m.suspended.is_none())
}

async fn show(
    State(app): State<App>,
    person: Viewer,
    Path(number): Path<String>,
    Query(asked): Query<Rehearsal>,
) -> Answer {
    let mut cx = person.begin(&app.platform).await?;
    let editing = routing::editing(&mut cx, id(&number)?).await?;
    let history = history(&mut cx, editing.number).await?;
    let now = cx.now();
    drop(cx);
    let page = Page::of(&editing, history, editing.plan(), asked, now);
    page.render(&app, &person).await
}

/// The page about to be shown.
struct Page<'a> {
    editing: &'a Editing,
    history: Vec<Past>,
    /// What the picture shows: what is saved, or what was posted.
    plan: Plan,
    asked: Rehearsal,
    now: DateTime<Utc>,
    wrong: Wrong,
    /// The state that the person began with; what was saved since must not be lost.
    opened: String,
    /// What is saved now is not what the person began with.
    conflict: bool,
    note: String,
}

impl<'a> Page<'a> {
    fn of(
        editing: &'a Editing,
        history: Vec<Past>,
        plan: Plan,
        asked: Rehearsal,
        now: DateTime<Utc>,
    ) -> Self {
        let opened = editing.revision();
        let (wrong, note) = (Wrong::nothing(), String::new());
        Self { editing, history, plan, asked, now, wrong, opened, conflict: false, note }
    }

    /// The page with a form that was posted and not saved.
    fn posted(
        editing: &'a Editing,
        history: Vec<Past>,
        plan: Plan,
        fields: &Fields,
        now: DateTime<Utc>,
        wrong: Wrong,
    ) -> Self {
        let opened = Some(field(fields, "opened")).filter(|o| !o.is_empty());
        let page = Self::of(editing, history, plan, Rehearsal::posted(fields), now);
        let opened = opened.map_or_else(|| page.opened.clone(), str::to_owned);
        Self { wrong, opened, note: field(fields, "note").to_owned(), ..page }
    }

    async fn render(self, app: &App, person: &impl Person) -> Answer {
        let editable = may_change(person);
        let status = self.wrong.status();
        let title = "What happens when it rings";
        Screen::new(title)
            .at(Place::Numbers)
            .under("Numbers", "/numbers")
            .under(self.editing.e164.international(), format!("/numbers/{}", self.editing.number))
            .status(status)
            .render(app, person, || view::editor(&self, editable))
            .await
    }
}

async fn save(
    State(app): State<App>,
    person: Manager,
    Path(number): Path<String>,
    Form(fields): Form<Fields>,
) -> Answer {
    let number = id(&number)?;
    let op = field(&fields, "op");
    let mut cx = person.begin(&app.platform).await?;
    let editing = routing::editing(&mut cx, number).await?;
    let now = cx.now();
    let mut plan = read_form(&fields, &editing.time_zone);
    edit(&mut plan, op, now.with_timezone(&zone(&editing)).date_naive());
    let opened = (op != "overwrite").then(|| field(&fields, "opened")).filter(|o| !o.is_empty());
    match routing::save_draft(&mut cx, number, plan.clone(), opened).await {
        Ok(_) => {}
        Err(error @ RoutingError::Changed) => {
            let wrong = Wrong::of(error)?;
            let history = history(&mut cx, number).await?;
            let page = Page::posted(&editing, history, plan, &fields, now, wrong);
            return Page { conflict: true, ..page }.render(&app, &person).await;
        }
        Err(error) => {
            let wrong = Wrong::of(error)?;
            let history = history(&mut cx, number).await?;
            let page = Page::posted(&editing, history, plan, &fields, now, wrong);
            return page.render(&app, &person).await;
        }
    }
    let here = format!("/numbers/{number}/routing");
    match op {
        "publish" => {
            let note = Some(field(&fields, "note").trim()).filter(|n| !n.is_empty());
            let note: Option<String> = note.map(|n| n.chars().take(200).collect());
            match routing::publish(&mut cx, number, note.as_deref()).await {
                Ok(_) => {
                    cx.commit().await?;
                    app.platform.follow_now().await;
                    let said = "Published: calls are answered this way now.";
                    let table = app.platform.in_service();
                    Ok(match routing::circle(table, &editing.e164) {
                        Some(other) => Flash::warning(format!(
                            "{said} But {} rings this number again: a call that nobody answers goes round between them, and each turn is charged.",
                            other.international()
                        )),
                        None => Flash::success(said),
                    }
                    .then(&here))
                }
                Err(RoutingError::NoDraft) => {
                    cx.commit().await?;
                    Ok(Flash::info("Nothing has changed: this is what the number does already.")
                        .then(&here))
                }
                Err(RoutingError::Problems(problems)) => {
                    let editing = routing::editing(&mut cx, number).await?;
                    let history = history(&mut cx, number).await?;
                    cx.commit().await?;
                    let wrong = Wrong::whole(refusal(problems.len()));
                    let page = Page::posted(&editing, history, editing.plan(), &fields, now, wrong);
                    let page = Page { opened: editing.revision(), ..page };
                    page.render(&app, &person).await
                }
                Err(error) => Err(error.into()),
            }
        }
        _ if op.contains(':') => {
            cx.commit().await?;
            let node = op.split(':').nth(1).unwrap_or_default();
            let known = plan.nodes.keys().any(|n| n.as_str() == node);
            let place = if known { format!("{here}#node-{node}") } else { here };
            Ok(Redirect::to(&place).into_response())
        }
        _ => {
            cx.commit().await?;
            Ok(Flash::success("Draft saved. It is not in service until you publish it.")
                .then(&here))
        }
    }
}

fn refusal(problems: usize) -> String {
    let many = if problems == 1 { "One thing is" } else { "Some things are" };
    format!(
        "Not published: the draft is saved. {many} to be mended first, marked in the picture and \
         listed beside it."
    )
}

/// Which version.
#[derive(Debug, Deserialize)]
struct Chosen {
    version: String,
}

async fn roll_back(
    State(app): State<App>,
    person: Manager,
    Path(number): Path<String>,
    Form(chosen): Form<Chosen>,
) -> Result<Response, PageError> {
    let number = id(&number)?;
    let version: ConfigurationId = chosen.version.parse().map_err(|_| PageError::not_found())?;
    let mut cx = person.begin(&app.platform).await?;
    let here = format!("/numbers/{number}/routing");
    match routing::roll_back(&mut cx, number, version).await {
        Ok(_) => {
            cx.commit().await?;
            app.platform.follow_now().await;
            Ok(Flash::success("Rolled back: a copy of that version is in service.").then(&here))
        }
        Err(error @ (RoutingError::Problems(_) | RoutingError::NoChange)) => {
            Ok(Flash::danger(error.to_string()).then(&here))
        }
        Err(error) => Err(error.into()),
    }
}

async fn discard(
    State(app): State<App>,
    person: Manager,
    Path(number): Path<String>,
) -> Result<Response, PageError> {
    let number = id(&number)?;
    let mut cx = person.begin(&app.platform).await?;
    routing::discard_draft(&mut cx, number).await?;
    cx.commit().await?;
    Ok(Flash::success("The draft is thrown away.").then(&format!("/numbers/{number}/routing")))
}
