//! The routing editor and its simulator, of one number.
//!
//! Every button of the editor posts the whole form: what it says becomes the number's draft, the
//! button's `op` is carried out, and the person is sent back to the page. So nothing typed is
//! lost, a reload repeats nothing, and it works without wasm.

mod beside;
mod view;

use crate::{
    Access, Answer, App, Route, Screen, Wrong,
    access::{Manager, Person, Viewer},
    errors::PageError,
    flash::Flash,
    layout::Place,
    route::{get, post},
};
use axum::{
    extract::{Form, Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::Deserialize;
use voxlink_domain::routing::{self, Editing, RoutingError};
use voxlink_types::{
    ids::{ConfigurationId, NumberId},
    role::TenantRole,
    routing::{DialOutcome, Facts, Input, People, Plan, edit, read_form, rehearse},
};

/// The rows of this area.
pub fn routes() -> Vec<Route> {
    vec![
        get("/numbers/{id}/routing", Access::Viewer, show),
        post("/numbers/{id}/routing", Access::Manager, save),
        post("/numbers/{id}/routing/roll-back", Access::Manager, roll_back),
        post("/numbers/{id}/routing/discard", Access::Manager, discard),
    ]
}

/// "Who calls, when?"
#[derive(Debug, Clone, Default, Deserialize)]
struct Rehearsal {
    caller: Option<String>,
    /// `2026-11-16T23:30`, in the number's zone.
    at: Option<String>,
    /// How a dialled leg ends.
    dial: Option<String>,
    /// The keys pressed.
    keys: Option<String>,
}

fn id(text: &str) -> Result<NumberId, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}

async fn show(
    State(app): State<App>,
    person: Viewer,
    Path(number): Path<String>,
    Query(asked): Query<Rehearsal>,
) -> Answer {
    let mut cx = person.begin(&app.platform).await?;
    let editing = routing::editing(&mut cx, id(&number)?).await?;
    let now = cx.now();
    drop(cx);
    let plan = editing.plan();
    page(&app, &person, &editing, &plan, &asked, now, Wrong::nothing()).await
}

async fn page(
    app: &App,
    person: &impl Person,
    editing: &Editing,
    plan: &Plan,
    asked: &Rehearsal,
    now: DateTime<Utc>,
    wrong: Wrong,
) -> Answer {
    let editable = person
        .member()
        .is_some_and(|m| m.tenant_role >= TenantRole::Manager && m.suspended.is_none());
    let zone: Tz = editing.time_zone.parse().unwrap_or(Tz::UTC);
    let played = play(editing, plan, asked, zone, now);
    let shown = view::Shown { editing, plan, played, editable, now, zone, wrong: wrong.clone() };
    Screen::new("What happens when it rings")
        .at(Place::Numbers)
        .under("Numbers", "/numbers")
        .under(editing.e164.international(), format!("/numbers/{}", editing.number))
        .status(wrong.status())
        .render(app, person, || view::editor(&shown))
        .await
}

/// The rehearsed call; none when no time was asked for.
fn play(
    editing: &Editing,
    plan: &Plan,
    asked: &Rehearsal,
    zone: Tz,
    now: DateTime<Utc>,
) -> beside::Played {
    let typed = asked.at.as_deref().unwrap_or_default();
    let at = NaiveDateTime::parse_from_str(typed, "%Y-%m-%dT%H:%M")
        .or_else(|_| NaiveDateTime::parse_from_str(typed, "%Y-%m-%dT%H:%M:%S"))
        .ok()
        // A time that comes twice is taken as the first, one that never comes is refused.
        .and_then(|local| zone.from_local_datetime(&local).earliest())
        .map(|t| t.with_timezone(&Utc));
    let dial = asked.dial.as_deref().and_then(|d| d.parse().ok()).unwrap_or(DialOutcome::NoAnswer);
    let keys: String = asked.keys.clone().unwrap_or_default().chars().take(20).collect();
    let caller = asked.caller.clone().unwrap_or_else(|| "+442079460000".to_owned());
    let decisions = at.map(|at| {
        let facts = Facts {
            caller: caller.clone(),
            called: editing.e164.clone(),
            at,
            input: Input::default(),
        };
        rehearse(plan, &facts, &People { dial, keys: keys.clone() })
    });
    let refused = (!typed.is_empty() && at.is_none())
        .then(|| format!("There is no such time in {zone}: choose another."));
    beside::Played {
        caller,
        at: at.unwrap_or(now).with_timezone(&zone).format("%Y-%m-%dT%H:%M").to_string(),
        dial,
        keys,
        decisions,
        refused,
    }
}

async fn save(
    State(app): State<App>,
    person: Manager,
    Path(number): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    let number = id(&number)?;
    let field = |name: &str| {
        fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).unwrap_or_default()
    };
    let op = field("op");
    let mut cx = person.begin(&app.platform).await?;
    let editing = routing::editing(&mut cx, number).await?;
    let now = cx.now();
    let zone: Tz = editing.time_zone.parse().unwrap_or(Tz::UTC);
    let mut form = read_form(&fields, &editing.time_zone);
    edit(&mut form.plan, op, now.with_timezone(&zone).date_naive());
    let asked = Rehearsal {
        caller: Some(field("caller").to_owned()).filter(|c| !c.is_empty()),
        at: Some(field("at").to_owned()),
        dial: Some(field("dial").to_owned()),
        keys: Some(field("keys").to_owned()),
    };
    let structural = op.contains(':');
    if !form.errors.is_empty() && !structural {
        drop(cx);
        let said: Vec<String> =
            form.errors.iter().map(|e| format!("{} – {}", e.field, e.message)).collect();
        let wrong = Wrong::whole(format!("Not saved: {}", said.join("; ")));
        return page(&app, &person, &editing, &form.plan, &asked, now, wrong).await;
    }
    routing::save_draft(&mut cx, number, form.plan.clone()).await?;
    let here = format!("/numbers/{number}/routing");
    match op {
        "publish" => {
            let note = Some(field("note").trim()).filter(|n| !n.is_empty());
            let note: Option<String> = note.map(|n| n.chars().take(200).collect());
            match routing::publish(&mut cx, number, note.as_deref()).await {
                Ok(_) => {
                    cx.commit().await?;
                    Ok(Flash::success("Published: calls are answered this way now.").then(&here))
                }
                Err(RoutingError::NoDraft) => {
                    cx.commit().await?;
                    Ok(Flash::info("Nothing has changed: this is what the number does already.")
                        .then(&here))
                }
                Err(error @ RoutingError::Problems(_)) => {
                    cx.commit().await?;
                    let wrong = Wrong::whole(error.to_string());
                    page(&app, &person, &editing, &form.plan, &asked, now, wrong).await
                }
                Err(error) => Err(error.into()),
            }
        }
        "simulate" => {
            cx.commit().await?;
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("caller", field("caller"))
                .append_pair("at", field("at"))
                .append_pair("dial", field("dial"))
                .append_pair("keys", field("keys"))
                .finish();
            Ok(Redirect::to(&format!("{here}?{query}#simulator")).into_response())
        }
        _ if structural => {
            cx.commit().await?;
            let node = op.split(':').nth(1).unwrap_or_default();
            let known = form.plan.nodes.keys().any(|n| n.as_str() == node);
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
