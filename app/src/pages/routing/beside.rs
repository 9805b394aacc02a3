//! What stands beside the picture: the simulator, publishing, versions.

use crate::{
    flash::Tone,
    ui::{Badge, Button, ButtonForm, ButtonKind, Card, Choice, Field, Notice, Select, When},
};
use chrono_tz::Tz;
use leptos::prelude::*;
use voxlink_domain::routing::{Editing, VersionState};
use voxlink_types::routing::{Decision, DialOutcome, Outcome, Problem, describe};

/// A rehearsed call.
#[derive(Debug, Clone)]
pub(super) struct Played {
    pub caller: String,
    pub at: String,
    pub dial: DialOutcome,
    pub keys: String,
    pub decisions: Option<Vec<Decision>>,
    pub refused: Option<String>,
}

/// "Who calls, when?" and the way that call takes.
pub(super) fn simulator(played: &Played, zone: Tz) -> impl IntoView + use<> {
    let way = played.decisions.as_ref().map(|all| way(all));
    let refused =
        played.refused.clone().map(|text| view! { <Notice tone=Tone::Danger>{text}</Notice> });
    let ends = [
        (DialOutcome::Answered, "somebody answers"),
        (DialOutcome::NoAnswer, "nobody answers"),
        (DialOutcome::Busy, "the line is busy"),
        (DialOutcome::Failed, "it cannot be put through"),
    ];
    let ends = ends.map(|(o, label)| Choice::new(o.as_str(), label)).to_vec();
    let played = played.clone();
    view! {
        <section id="simulator" class="surface scroll-mt-20 p-5">
            <h2 class="mb-4 text-lg font-semibold">"Who calls, when?"</h2>
            <div class="flex flex-col gap-3">
                <Field name="caller" label="Caller" value=played.caller maxlength=40u32 optional=true />
                <Field name="at" label=format!("Time in {zone}") kind="datetime-local" value=played.at optional=true />
                <Select name="dial" label="When it rings" choices=ends value=played.dial.to_string() />
                <Field name="keys" label="Keys pressed" value=played.keys maxlength=20u32 optional=true inputmode="tel" />
                <Button name="op" value="simulate" kind=ButtonKind::Secondary>
                    <span class="icon-[lucide--play]" aria-hidden="true"></span>
                    "Play the call"
                </Button>
                {refused}
                {way}
            </div>
        </section>
    }
}

/// The decisions as a list, and what they come to.
fn way(all: &[Decision]) -> impl IntoView + use<> {
    let visits = all.iter().flat_map(|d| d.path.iter().cloned());
    let visits = visits
        .map(|visit| {
            let because = (!visit.because.is_empty())
                .then(|| view! { <p class="text-sm text-muted">{visit.because.join("; ")}</p> });
            view! {
                <li class="border-s-2 border-accent ps-3">
                    <p class="font-semibold">{visit.title}</p>
                    {because}
                    <p class="text-sm">{format!("→ {}", visit.then)}</p>
                </li>
            }
        })
        .collect_view();
    let answered = all.len() >= 2
        && all.last().is_some_and(|d| d.path.last().is_some_and(|v| v.then == "the call is over"));
    let end = match all.last().map(|d| d.outcome) {
        Some(Outcome::Voicemail) => "The caller leaves a message.",
        Some(Outcome::Rejected) => "The call is refused; nobody pays for it.",
        Some(Outcome::Rings) => "It rings.",
        Some(Outcome::Menu) => "The caller is asked again and again.",
        _ if answered => "Somebody answers.",
        _ => "The call ends.",
    };
    view! {
        <div role="status">
            <p class="mb-3 font-semibold text-accent">{end}</p>
            <ol class="flex flex-col gap-3">{visits}</ol>
        </div>
    }
}

/// What is wrong, what changes, and the button.
pub(super) fn publishing(problems: &[Problem], changes: &[String]) -> impl IntoView + use<> {
    let wrong = (!problems.is_empty()).then(|| {
        let items = problems
            .iter()
            .cloned()
            .map(|p| {
                view! {
                    <li>
                        <a class="link-quiet font-semibold" href=format!("#node-{}", p.node)>{p.title}</a>
                        {format!(": {}", p.message)}
                    </li>
                }
            })
            .collect_view();
        view! {
            <div>
                <p class="mb-1 text-sm font-semibold text-error">"To be mended first"</p>
                <ul class="list-disc ps-5 text-sm">{items}</ul>
            </div>
        }
    });
    let items = changes.iter().cloned().map(|c| view! { <li>{c}</li> }).collect_view();
    let told = if changes.is_empty() {
        view! { <p class="text-sm text-muted">"Nothing: this is what the number does already."</p> }
            .into_any()
    } else {
        view! { <ul class="list-disc ps-5 text-sm break-words">{items}</ul> }.into_any()
    };
    view! {
        <Card title="Publish">
            <div class="flex flex-col gap-4">
                {wrong}
                <div>
                    <p class="mb-1 text-sm font-semibold">"What changes"</p>
                    {told}
                </div>
                <Field name="note" label="Note" maxlength=200u32 optional=true placeholder="Why" />
                <Button name="op" value="publish">"Publish"</Button>
            </div>
        </Card>
    }
}

/// All versions that were in service.
pub(super) fn versions(editing: &Editing, editable: bool) -> impl IntoView + use<> {
    if editing.versions.is_empty() {
        return view! { <p class="text-muted">"Nothing was published yet. Until then callers may leave a message."</p> }
            .into_any();
    }
    let here = format!("/numbers/{}/routing/roll-back", editing.number);
    let rows = editing
        .versions
        .iter()
        .map(|v| {
            let live = v.state == VersionState::Published;
            let badge = live.then(|| view! { <Badge text="In service" tone=Some(Tone::Success) /> });
            let who = v.published_by.clone().unwrap_or_else(|| "VoxLink".to_owned());
            let note = v.note.clone().map(|n| view! { <p class="text-sm">{format!("“{n}”")}</p> });
            let back = (editable && !live).then(|| {
                let fields = vec![("version", v.id.to_string())];
                view! { <ButtonForm action=here.clone() fields=fields>"Roll back to this"</ButtonForm> }
            });
            let when = v.published_at.map(|at| view! { <When at=at /> });
            view! {
                <li class="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-base-300 py-3 last:border-0">
                    <span class="font-semibold tabular-nums">{format!("Version {}", v.version)}</span>
                    {badge}
                    <div class="min-w-0 flex-1 basis-64">
                        <p class="break-words">{describe(&v.plan)}</p>
                        {note}
                        <p class="text-sm text-muted">{when} {format!(" by {who}")}</p>
                    </div>
                    {back}
                </li>
            }
        })
        .collect_view();
    view! { <ul>{rows}</ul> }.into_any()
}
