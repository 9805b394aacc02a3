//! What two versions of a number's plan do differently.

use super::id;
use crate::{
    Answer, App, Screen,
    access::Viewer,
    errors::PageError,
    layout::Place,
    ui::{Card, Choice, Fact, Facts, Select},
};
use axum::extract::{Path, Query, State};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::routing::{self, Editing, Version};
use voxlink_types::routing::{describe, differences};

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
    drop(cx);
    let all: Vec<Version> = editing.draft.iter().chain(&editing.versions).cloned().collect();
    let find = |wanted: i32| all.iter().find(|v| v.version == wanted).cloned();
    let to = match two.to {
        Some(wanted) => Some(find(wanted).ok_or_else(PageError::not_found)?),
        None => all.first().cloned(),
    };
    let from = match two.from {
        Some(wanted) => Some(find(wanted).ok_or_else(PageError::not_found)?),
        None => all.get(1).or(all.first()).cloned(),
    };
    let view = compare(&editing, &all, from.zip(to));
    Screen::new("Compare versions")
        .at(Place::Numbers)
        .under("Numbers", "/numbers")
        .under(editing.e164.international(), format!("/numbers/{}", editing.number))
        .under("Routing", format!("/numbers/{}/routing", editing.number))
        .render(&app, &person, || view)
        .await
}

fn compare(editing: &Editing, all: &[Version], two: Option<(Version, Version)>) -> AnyView {
    let Some((from, to)) = two else {
        return view! { <Card><p>"There is no version to compare yet: publish the plan first."</p></Card> }
            .into_any();
    };
    let name = |v: &Version| {
        let state = match v.state {
            routing::VersionState::Draft => " (draft)",
            routing::VersionState::Published => " (in service)",
            routing::VersionState::Superseded => "",
        };
        format!("Version {}{state}", v.version)
    };
    let choices: Vec<Choice> =
        all.iter().map(|v| Choice::new(v.version.to_string(), name(v))).collect();
    let changes = differences(&from.plan, &to.plan);
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
            <Card title="In a line">
                <Facts>
                    <Fact name=name(&from)>{describe(&from.plan)}</Fact>
                    <Fact name=name(&to)>{describe(&to.plan)}</Fact>
                </Facts>
            </Card>
        </div>
    }
    .into_any()
}
