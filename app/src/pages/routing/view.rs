//! The editor's page: the picture, and beside it what would happen, what is wrong, what changes.

use super::{Page, beside, simulate::play, zone};
use crate::{
    flash::Tone,
    pages::numbers::{NumberTab, NumberTabs},
    ui::{Badge, Button, ButtonForm, ButtonKind, Card, Form, Notice, When},
};
use leptos::prelude::*;
use voxlink_islands::PlanEditor;
use voxlink_types::routing::{check, differences};

/// Draws it.
pub(super) fn editor(page: &Page<'_>, editable: bool) -> impl IntoView + use<> {
    let Page { editing, plan, asked, now, wrong, opened, note, .. } = page;
    let zone = zone(editing);
    let here = format!("/numbers/{}/routing", editing.number);
    let played = play(editing, plan, asked, *now);
    let problems = check(plan, Some(&editing.e164));
    let changes = differences(&editing.in_service(), plan);
    let today = now.with_timezone(&zone).date_naive();
    let zones: Vec<String> = chrono_tz::TZ_VARIANTS.iter().map(|z| z.name().to_owned()).collect();
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
    let saved = *plan == editing.plan();
    let unsaved = (editable && !saved && !page.conflict).then(|| {
        view! { <Notice tone=Tone::Warning>"This plan is not saved yet: press “Save draft” to keep it."</Notice> }
    });
    let conflict = page.conflict.then(|| conflict(page, &here));
    // A refused form puts the focus on the first thing to mend.
    let refused = wrong.status().is_client_error() && !page.conflict;
    let focus = refused.then(|| problems.iter().find_map(|p| p.field.clone())).flatten();
    let beside = beside::simulator(&played, zone, &here);
    let publish = editable.then(|| beside::publishing(note));
    let pending = editable.then(|| beside::pending(&problems, &changes));
    let versions = beside::versions(editing, &page.history, editable);
    let discard = (editable && editing.draft.is_some()).then(|| discard(&here, &changes));
    let save = editable.then(|| {
        view! {
            <div class="sticky bottom-0 z-10 -mx-1 flex flex-wrap items-center gap-3 bg-base-200/95 px-1 py-3">
                <Button name="op" value="save" kind=ButtonKind::Secondary>"Save draft"</Button>
            </div>
        }
    });
    let summary = beside::summary(plan);
    let ask = format!("{here}/simulate");
    let (plan, number_zone, opened) = (plan.clone(), editing.time_zone.clone(), opened.clone());
    let lit = played.lit();
    // Who may only look plays calls: nothing they press may lead to what they may not do.
    let action = if editable { here } else { format!("{ask}#simulator") };
    let enter = editable.then(|| {
        view! { <button type="submit" name="op" value="save" class="sr-only" tabindex="-1" aria-hidden="true">"Save draft"</button> }
    });
    view! {
        <NumberTabs id=editing.number current=NumberTab::Routing />
        {read_only}
        {unsaved}
        <div class="mb-5 flex flex-wrap items-center gap-3">{state} <p id="summary" class="text-lg">{summary}</p></div>
        <Form action=action wrong=wrong.clone() class="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_22rem]">
            // The first submit button of a form is the one that Enter presses.
            {enter}
            <input type="hidden" name="opened" value=opened />
            <div class="flex min-w-0 flex-col gap-4">
                {conflict}
                <PlanEditor plan=plan lit=lit problems=problems focus=focus saved=saved today=today zone=number_zone zones=zones ask=ask editable=editable />
                {save}
            </div>
            <div class="-m-1 flex min-w-0 flex-col gap-6 p-1 lg:sticky lg:top-20 lg:max-h-[calc(100vh-6rem)] lg:overflow-y-auto">
                {publish}
                {beside}
                {pending}
            </div>
        </Form>
        <div class="mt-6 flex flex-col gap-6">
            {discard}
            <Card title="Versions">{versions}</Card>
        </div>
    }
}

/// Somebody else has saved something since: both are still there.
fn conflict(page: &Page<'_>, here: &str) -> impl IntoView + use<> {
    let differ = differences(&page.editing.plan(), &page.plan);
    let items = differ.into_iter().map(|c| view! { <li>{c}</li> }).collect_view();
    let when = page.editing.draft.as_ref().or(page.editing.published.as_ref());
    let when = when.map(|v| view! { " Last at " <When at=v.updated_at /> "." });
    let here = here.to_owned();
    view! {
        <div class="surface flex flex-col gap-3 border-warning p-4" role="group" aria-label="Two plans">
            <p>"What you see here is yours, and not saved. What the other saved is kept until you replace it." {when}</p>
            <div>
                <p class="text-sm font-semibold">"Yours, compared with what is saved"</p>
                <ul class="list-disc ps-5 text-sm break-words">{items}</ul>
            </div>
            <div class="flex flex-wrap gap-3">
                <Button name="op" value="overwrite" kind=ButtonKind::Secondary>"Save mine over it"</Button>
                <a class="btn btn-ghost" href=here target="_blank" rel="noopener">"Look at the saved one in a new tab"</a>
            </div>
        </div>
    }
}

/// Throwing a draft away, with what goes.
fn discard(here: &str, changes: &[String]) -> impl IntoView + use<> {
    let what = match changes.len() {
        0 => "the draft".to_owned(),
        1 => "the draft with its one change".to_owned(),
        n => format!("the draft with its {n} changes"),
    };
    let action = format!("{here}/discard");
    view! {
        <details class="text-sm">
            <summary class="btn btn-ghost btn-sm">
                <span class="icon-[lucide--trash-2]" aria-hidden="true"></span>
                "Throw the draft away"
            </summary>
            <div class="mt-2 flex flex-wrap items-center gap-3">
                <p>{format!("This removes {what}. What is in service stays. It cannot be undone.")}</p>
                <ButtonForm action=action kind=ButtonKind::Danger>"Throw it away"</ButtonForm>
            </div>
        </details>
    }
}
