//! The editor's page: the picture, and beside it what would happen, what is wrong, what changes.

use super::beside;
use crate::{
    Wrong,
    flash::Tone,
    ui::{Badge, Button, ButtonForm, ButtonKind, Card, Form, Notice},
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use leptos::prelude::*;
use voxlink_domain::routing::Editing;
use voxlink_islands::PlanEditor;
use voxlink_types::routing::{Plan, check, describe, differences};

/// What the page shows.
pub(super) struct Shown<'a> {
    pub editing: &'a Editing,
    pub plan: &'a Plan,
    pub played: beside::Played,
    pub editable: bool,
    pub now: DateTime<Utc>,
    pub zone: Tz,
    pub wrong: Wrong,
}

/// Draws it.
pub(super) fn editor(shown: &Shown<'_>) -> impl IntoView + use<> {
    let Shown { editing, plan, played, editable, now, zone, wrong } = shown;
    let editable = *editable;
    let here = format!("/numbers/{}/routing", editing.number);
    let problems = check(plan, Some(&editing.e164));
    let changes = differences(&editing.in_service(), plan);
    let lit: Vec<String> = played
        .decisions
        .iter()
        .flatten()
        .flat_map(|d| d.path.iter().map(|v| v.node.clone()))
        .collect();
    let marks: Vec<(String, String)> =
        problems.iter().map(|p| (p.node.clone(), p.message.clone())).collect();
    let today = now.with_timezone(zone).date_naive();
    let zones = chrono_tz::TZ_VARIANTS
        .iter()
        .map(|zone| view! { <option value=zone.name()></option> })
        .collect_view();
    let state = match (&editing.draft, &editing.published) {
        (Some(_), _) => view! { <Badge text="Draft, not in service" tone=Some(Tone::Warning) /> },
        (None, Some(_)) => view! { <Badge text="In service" tone=Some(Tone::Success) /> },
        (None, None) => {
            view! { <Badge text="Nothing published: takes messages" tone=Some(Tone::Info) /> }
        }
    };
    let read_only = (!editable).then(|| {
        view! { <Notice tone=Tone::Info>"You may look at this plan; changing it takes the right to manage numbers."</Notice> }
    });
    let beside = beside::simulator(played, *zone);
    let publish = editable.then(|| beside::publishing(&problems, &changes));
    let versions = beside::versions(editing, editable);
    let discard = (editable && editing.draft.is_some()).then(|| {
        view! {
            <ButtonForm action=format!("{here}/discard")>
                <span class="icon-[lucide--undo-2]" aria-hidden="true"></span>
                "Throw the draft away"
            </ButtonForm>
        }
    });
    let save = editable.then(|| {
        view! {
            <div class="flex flex-wrap gap-3">
                <Button name="op" value="save" kind=ButtonKind::Secondary>"Save draft"</Button>
            </div>
        }
    });
    let (plan, number_zone) = ((*plan).clone(), editing.time_zone.clone());
    let summary = describe(&plan);
    view! {
        {read_only}
        <div class="mb-4 flex flex-wrap items-center gap-3">{state} <span class="text-muted">{summary}</span></div>
        <datalist id="zones">{zones}</datalist>
        <Form action=here.clone() wrong=wrong.clone() class="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_22rem]">
            // The first submit button of a form is the one that Enter presses.
            <button type="submit" name="op" value="save" class="sr-only" tabindex="-1" aria-hidden="true">"Save draft"</button>
            <div class="flex min-w-0 flex-col gap-4">
                <PlanEditor plan=plan lit=lit wrong=marks today=today zone=number_zone editable=editable />
                {save}
            </div>
            <div class="flex min-w-0 flex-col gap-6">
                {beside}
                {publish}
            </div>
        </Form>
        <div class="mt-6 flex flex-col gap-6">
            {discard}
            <Card title="Versions">{versions}</Card>
        </div>
    }
}
