//! "Who calls, when?": a call that is tried on the plan as it stands in the form, saved or not.
//! The editor's island asks for it as JSON, the form's button for a page.

use super::{Fields, Page, beside, field, history, id, zone};
use crate::{Answer, App, Wrong, access::Viewer};
use axum::{
    Json,
    extract::{Form, Path, State},
    http::{HeaderMap, header::ACCEPT},
    response::IntoResponse,
};
use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::routing::{self, Editing};
use voxlink_islands::Preview;
use voxlink_types::routing::{
    Decision, DialOutcome, Facts, Input, Moment, People, Plan, check, differences, moment,
    read_form, rehearse,
};

/// The question.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Rehearsal {
    caller: Option<String>,
    /// `2026-11-16T23:30`, in the number's zone; none: now.
    at: Option<String>,
    /// Of a time that comes twice: `second`.
    fold: Option<String>,
    /// How a dialled leg ends.
    dial: Option<String>,
    /// The keys pressed.
    keys: Option<String>,
}

impl Rehearsal {
    pub(super) fn posted(fields: &Fields) -> Self {
        let filled = |name| Some(field(fields, name).to_owned()).filter(|v| !v.is_empty());
        Self {
            caller: filled("caller"),
            at: filled("at"),
            fold: filled("fold"),
            dial: filled("dial"),
            keys: filled("keys"),
        }
    }
}

/// The call that was tried.
#[derive(Debug, Clone)]
pub(super) struct Played {
    pub caller: String,
    /// As typed, or now, in the number's zone.
    pub at: String,
    pub dial: DialOutcome,
    pub keys: String,
    pub time: Time,
    /// Empty when there is no such time.
    pub decisions: Vec<Decision>,
}

/// When the call comes.
#[derive(Debug, Clone)]
pub(super) enum Time {
    /// Then.
    At(DateTime<Tz>),
    /// The clock is set back: the first or the second time.
    Twice { first: DateTime<Tz>, second: DateTime<Tz>, chosen: DateTime<Tz> },
    /// There is no such time: why, and what to write.
    Never(String),
}

impl Time {
    fn instant(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::At(at) | Self::Twice { chosen: at, .. } => Some(at.with_timezone(&Utc)),
            Self::Never(_) => None,
        }
    }
}

impl Played {
    pub(super) fn lit(&self) -> Vec<String> {
        self.decisions.iter().flat_map(|d| d.path.iter().map(|v| v.node.clone())).collect()
    }
}

/// Plays the call.
pub(super) fn play(
    editing: &Editing,
    plan: &Plan,
    asked: &Rehearsal,
    now: DateTime<Utc>,
) -> Played {
    let zone = zone(editing);
    let at = match asked.at.as_deref().filter(|at| !at.is_empty()) {
        Some(typed) => typed.to_owned(),
        None => now.with_timezone(&zone).format("%Y-%m-%dT%H:%M").to_string(),
    };
    let time = time(&at, asked.fold.as_deref() == Some("second"), zone);
    let dial = asked.dial.as_deref().and_then(|d| d.parse().ok()).unwrap_or(DialOutcome::NoAnswer);
    let keys: String = asked.keys.clone().unwrap_or_default().chars().take(20).collect();
    let caller = asked.caller.clone().unwrap_or_else(|| "+442079460000".to_owned());
    let decisions = time.instant().map(|at| {
        let input = Input::default();
        let facts = Facts { caller: caller.clone(), called: editing.e164.clone(), at, input };
        rehearse(plan, &facts, &People { dial, keys: keys.clone() })
    });
    Played { caller, at, dial, keys, time, decisions: decisions.unwrap_or_default() }
}

fn time(typed: &str, second: bool, zone: Tz) -> Time {
    let local = NaiveDateTime::parse_from_str(typed, "%Y-%m-%dT%H:%M")
        .or_else(|_| NaiveDateTime::parse_from_str(typed, "%Y-%m-%dT%H:%M:%S"));
    let Ok(local) = local else {
        return Time::Never(format!(
            "“{typed}” is no date and time: write it as 2026-11-16T23:30."
        ));
    };
    match moment(local, zone) {
        Moment::Once(at) => Time::At(at.with_timezone(&zone)),
        Moment::Twice(a, b) => {
            let (first, second_time) = (a.with_timezone(&zone), b.with_timezone(&zone));
            let chosen = if second { second_time } else { first };
            Time::Twice { first, second: second_time, chosen }
        }
        Moment::Never(on) => Time::Never(format!(
            "{} does not come on {} in {zone}: the clocks are set forward. They go on at {}: \
             choose that time or a later one.",
            local.format("%H:%M"),
            local.format("%-d %B %Y"),
            on.format("%H:%M"),
        )),
    }
}

pub(super) async fn submit(
    State(app): State<App>,
    person: Viewer,
    Path(number): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Answer {
    let mut cx = person.begin(&app.platform).await?;
    let editing = routing::editing(&mut cx, id(&number)?).await?;
    let now = cx.now();
    // Who may only look sends no plan: its fields are disabled.
    let mut plan = match field(&fields, "entry") {
        "" => editing.plan(),
        _ => read_form(&fields, &editing.time_zone),
    };
    // As it would be saved.
    routing::normalise(&mut plan, &editing.e164);
    let json = headers.get(ACCEPT).is_some_and(|a| a.as_bytes() == b"application/json");
    if !json {
        let history = history(&mut cx, editing.number).await?;
        drop(cx);
        let page = Page::posted(&editing, history, plan, &fields, now, Wrong::nothing());
        return page.render(&app, &person).await;
    }
    drop(cx);
    let played = play(&editing, &plan, &Rehearsal::posted(&fields), now);
    let problems = check(&plan, Some(&editing.e164));
    let changes = differences(&editing.in_service(), &plan);
    let html = |view: AnyView| Owner::new().with(|| view.to_html());
    let parts = vec![
        ("moment".to_owned(), html(beside::moment(&played.time).into_any())),
        ("way".to_owned(), html(beside::way(&played).into_any())),
        ("changes".to_owned(), html(beside::changes(&problems, &changes).into_any())),
        ("summary".to_owned(), html(beside::summary(&plan).into_any())),
    ];
    Ok(Json(Preview { lit: played.lit(), problems, parts }).into_response())
}
