//! What two versions of a number's plan do differently.

use super::id;
use crate::query::Query;
use crate::{
    Answer, App, Screen,
    access::Viewer,
    errors::PageError,
    layout::Place,
    ui::{Card, Choice, Fact, Facts, Select},
};
use axum::extract::{Path, State};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::{
    Ctx,
    routing::{self, Editing, VersionState},
};
use voxlink_types::{
    ids::ConfigurationId,
    routing::{Plan, describe, differences},
};

/// Which two, by their count; none: the newest and the one before.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Two {
    from: Option<i32>,
    to: Option<i32>,
}

pub(super) async fn show(
    State(app): State<App>,
    person: Viewer,
    Path(number): Path<String>,
    Query(two): Query<Two>,
) -> Answer {
    let mut cx = person.begin(&app.platform).await?;
    let editing = routing::editing(&mut cx, id(&number)?).await?;
    let past = routing::history(&mut cx, editing.number, 0).await?;
    let draft =
        editing.draft.iter().map(|d| Named { id: d.id, version: d.version, state: d.state });
    let past = past.iter().map(|p| Named { id: p.id, version: p.version, state: p.state });
    let all: Vec<Named> = draft.chain(past).collect();
    let find = |wanted: i32| all.iter().find(|v| v.version == wanted).copied();
    let to = match two.to {
        Some(wanted) => Some(find(wanted).ok_or_else(PageError::not_found)?),
        None => all.first().copied(),
    };
    let from = match two.from {
        Some(wanted) => Some(find(wanted).ok_or_else(PageError::not_found)?),
        None => all.get(1).or(all.first()).copied(),
    };
    let two = match from.zip(to) {
        Some((from, to)) => Some((
            (from, plan(&mut cx, &editing, from).await?),
            (to, plan(&mut cx, &editing, to).await?),
        )),
        None => None,
    };
    drop(cx);
    let view = compare(&editing, &all, two);
    Screen::new("Compare versions")
        .at(Place::Numbers)
        .under("Numbers", "/numbers")
        .under(editing.e164.international(), format!("/numbers/{}", editing.number))
        .under("Routing", format!("/numbers/{}/routing", editing.number))
        .render(&app, &person, || view)
        .await
}

/// A version as the choices name it.
#[derive(Debug, Clone, Copy)]
struct Named {
    id: ConfigurationId,
    version: i32,
    state: VersionState,
}

async fn plan(cx: &mut Ctx, editing: &Editing, of: Named) -> Result<Plan, PageError> {
    match &editing.draft {
        Some(draft) if draft.id == of.id => Ok(draft.plan.clone()),
        _ => Ok(routing::plan_of(cx, editing.number, of.id).await?),
    }
}

fn compare(
    editing: &Editing,
    all: &[Named],
    two: Option<((Named, Plan), (Named, Plan))>,
) -> AnyView {
    let Some(((from, old), (to, new))) = two else {
        return view! { <Card><p>"There is no version to compare yet: publish the plan first."</p></Card> }
            .into_any();
    };
    let name = |v: &Named| {
        let state = match v.state {
            VersionState::Draft => " (draft)",
            VersionState::Published => " (in service)",
            VersionState::Superseded => "",
        };
        format!("Version {}{state}", v.version)
    };
    let choices: Vec<Choice> =
        all.iter().map(|v| Choice::new(v.version.to_string(), name(v))).collect();
    let changes = differences(&old, &new);
    let told = if changes.is_empty() {
        view! { <p class="text-muted">"Nothing: both do the same."</p> }.into_any()
    } else {
        let items = changes.into_iter().map(|c| view! { <li>{c}</li> }).collect_view();
        view! { <ul class="flex list-disc flex-col gap-1 ps-5 break-words">{items}</ul> }.into_any()
    };
    let here = format!("/numbers/{}/routing/versions", editing.number);
    view! {
        <div class="flex flex-col gap-6">
            <form method="get" action=here class="surface flex flex-wrap items-end gap-4 p-5">
                <Select name="from" label="From" choices=choices.clone() value=from.version.to_string() />
                <Select name="to" label="To" choices=choices value=to.version.to_string() />
                <button type="submit" class="btn btn-outline border-line">"Compare"</button>
            </form>
            <Card title=format!("What changes from version {} to version {}", from.version, to.version)>{told}</Card>
            <Card title="Summary">
                <Facts>
                    <Fact name=name(&from)>{describe(&old)}</Fact>
                    <Fact name=name(&to)>{describe(&new)}</Fact>
                </Facts>
            </Card>
        </div>
    }
    .into_any()
}
