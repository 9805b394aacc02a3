//! What stands beside the picture: the simulator, publishing, versions.

use super::simulate::{Played, Time};
use crate::{
    flash::Tone,
    ui::{
        Badge, Button, ButtonForm, ButtonKind, Card, Choice, Field, Select, When, words::sentence,
    },
};
use chrono_tz::Tz;
use leptos::prelude::*;
use voxlink_domain::routing::{Editing, Past, VersionState};
use voxlink_types::routing::{
    Decision, DialOutcome, Outcome, Plan, Problem, describe, differences,
};

/// What the number would do, in a line.
pub(super) fn summary(plan: &Plan) -> impl IntoView + use<> {
    let text = describe(plan);
    view! { <span>{text}</span> }
}

/// "Who calls, when?" and the way that call takes.
pub(super) fn simulator(played: &Played, zone: Tz, here: &str) -> impl IntoView + use<> {
    let way = way(played);
    let moment = moment(&played.time);
    let ends = [
        (DialOutcome::Answered, "somebody answers"),
        (DialOutcome::NoAnswer, "nobody answers"),
        (DialOutcome::Busy, "the line is busy"),
        (DialOutcome::Failed, "it cannot be put through"),
    ];
    let ends = ends.map(|(o, label)| Choice::new(o.as_str(), label)).to_vec();
    let played = played.clone();
    let play = format!("{here}/simulate#simulator");
    view! {
        <section id="simulator" class="surface scroll-mt-20 p-5" aria-labelledby="simulator-title">
            <h2 id="simulator-title" class="text-lg font-semibold">"Who calls, when?"</h2>
            <p class="mb-4 text-sm text-muted">"Tries a call on the plan as it stands here, saved or not."</p>
            <div class="flex flex-col gap-3">
                <Field name="at" label=format!("Time in {zone}") kind="datetime-local" value=played.at optional=true />
                <div id="moment" class="empty:hidden">{moment}</div>
                <Field name="caller" label="Caller" value=played.caller maxlength=40u32 optional=true />
                <Select name="dial" label="When it rings" choices=ends value=played.dial.to_string() />
                <Field name="keys" label="Keys pressed" value=played.keys maxlength=20u32 optional=true inputmode="tel" placeholder="one for each question" />
                <Button name="op" value="simulate" kind=ButtonKind::Secondary action=play>
                    <span class="icon-[lucide--play]" aria-hidden="true"></span>
                    "Play the call"
                </Button>
                <div id="way" role="status">{way}</div>
            </div>
        </section>
    }
}

/// What is special about the time: it never comes, or it comes twice.
pub(super) fn moment(time: &Time) -> impl IntoView + use<> {
    match time.clone() {
        Time::At(_) => None,
        Time::Never(why) => Some(
            view! {
                <p class="flex items-start gap-1.5 text-sm font-medium text-error">
                    <span class="icon-[lucide--circle-alert] mt-0.5 shrink-0" aria-hidden="true"></span>
                    {why}
                </p>
            }
            .into_any(),
        ),
        Time::Twice { first, second, chosen } => {
            let shown = |at: chrono::DateTime<Tz>| at.format("%Z (UTC%:z)").to_string();
            let choices = vec![
                Choice::new("first", format!("the first, {}", shown(first))),
                Choice::new("second", format!("the second, {}", shown(second))),
            ];
            let value = if chosen == second { "second" } else { "first" };
            let label = format!("{} comes twice: the clocks are set back", chosen.format("%H:%M"));
            Some(view! { <Select name="fold" label=label choices=choices value=value /> }.into_any())
        }
    }
}

/// The decisions as a list, and what they come to.
pub(super) fn way(played: &Played) -> impl IntoView + use<> {
    let at = match &played.time {
        Time::At(at) | Time::Twice { chosen: at, .. } => *at,
        Time::Never(_) => return ().into_any(),
    };
    let all = &played.decisions;
    let (icon, tone, end) = end(all);
    let visits = all.iter().flat_map(|d| d.path.iter().cloned());
    let visits = visits
        .map(|visit| {
            let because = visit.because.iter().map(|why| view! { <li>{sentence(why)}</li> }).collect_view();
            view! {
                <li class="relative border-s-2 border-accent ps-4 pb-4 last:border-transparent last:pb-0 before:absolute before:-start-[7px] before:top-1 before:size-3 before:rounded-full before:bg-accent">
                    <p class="font-semibold leading-5">{visit.title}</p>
                    <ul class="text-sm text-muted empty:hidden">{because}</ul>
                    <p class="text-sm break-words">
                        <span class="icon-[lucide--arrow-right] me-1 align-[-2px] text-accent" aria-hidden="true"></span>
                        {visit.then}
                    </p>
                </li>
            }
        })
        .collect_view();
    let when = at.format("%a %-d %b %Y, %H:%M %Z").to_string();
    view! {
        <div class="mt-1 flex flex-col gap-4 border-t border-base-300 pt-4">
            <p class="flex items-center gap-3">
                <span class=format!("grid size-9 shrink-0 place-items-center rounded-full bg-base-200 {tone}")>
                    <span class=format!("{icon} text-lg") aria-hidden="true"></span>
                </span>
                <span>
                    <span class="block text-xs text-muted tabular-nums">{when}</span>
                    <span class=format!("block font-semibold {tone}")>{end}</span>
                </span>
            </p>
            <ol class="ms-1.5">{visits}</ol>
        </div>
    }
    .into_any()
}

/// How the tried call ends: a picture, its colour, a sentence.
fn end(all: &[Decision]) -> (&'static str, &'static str, &'static str) {
    let answered = all.len() >= 2
        && all.last().is_some_and(|d| d.path.last().is_some_and(|v| v.then == "the call is over"));
    match all.last().map(|d| d.outcome) {
        Some(Outcome::Voicemail) => {
            ("icon-[lucide--voicemail]", "text-accent", "The caller leaves a message.")
        }
        Some(Outcome::Rejected) => {
            ("icon-[lucide--phone-off]", "text-warning", "The call is refused; nobody pays for it.")
        }
        Some(Outcome::Rings) => ("icon-[lucide--phone-call]", "text-accent", "It rings."),
        Some(Outcome::Menu) => {
            ("icon-[lucide--repeat]", "text-warning", "The caller is asked again and again.")
        }
        _ if answered => ("icon-[lucide--phone-call]", "text-accent", "Somebody answers."),
        _ => ("icon-[lucide--phone-off]", "text-muted", "The call ends."),
    }
}

/// What is wrong and what would change.
pub(super) fn changes(problems: &[Problem], changes: &[String]) -> impl IntoView + use<> {
    let wrong = (!problems.is_empty()).then(|| {
        let items = problems
            .iter()
            .cloned()
            .map(|p| {
                let href = p.field.map_or_else(|| format!("#node-{}", p.node), |f| format!("#{f}"));
                view! {
                    <li>
                        <a class="link font-semibold" href=href>{p.title}</a>
                        {format!(": {}", p.message)}
                    </li>
                }
            })
            .collect_view();
        view! {
            <div>
                <p class="mb-1 text-sm font-semibold text-error">"To be mended first"</p>
                <ul class="list-disc ps-5 text-sm break-words">{items}</ul>
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
        <div class="flex flex-col gap-4">
            {wrong}
            <div>
                <p class="mb-1 text-sm font-semibold">"What changes"</p>
                {told}
            </div>
        </div>
    }
}

/// The way into service. It stands first, so that its button is in sight.
pub(super) fn publishing(note: &str) -> impl IntoView + use<> {
    let note = note.to_owned();
    view! {
        <Card title="Publish">
            <div class="flex flex-col gap-4">
                <Field name="note" label="Note" value=note maxlength=200u32 optional=true placeholder="Why" />
                <Button name="op" value="publish">"Publish"</Button>
            </div>
        </Card>
    }
}

/// What publishing would change, or what stands in its way: it may be long.
pub(super) fn pending(problems: &[Problem], changed: &[String]) -> impl IntoView + use<> {
    let told = changes(problems, changed);
    view! { <Card><div id="changes">{told}</div></Card> }
}

/// All versions that were in service, the newest with what each changed.
pub(super) fn versions(
    editing: &Editing,
    history: &[Past],
    editable: bool,
) -> impl IntoView + use<> {
    if history.is_empty() {
        return view! { <p class="text-muted">"Nothing was published yet. Until then callers may leave a message."</p> }
            .into_any();
    }
    let here = format!("/numbers/{}/routing", editing.number);
    let neutral = Plan::neutral();
    let rows = history
        .iter()
        .enumerate()
        .map(|(i, v)| {
            let live = v.state == VersionState::Published;
            let badge = live.then(|| view! { <Badge text="In service" tone=Some(Tone::Success) /> });
            let who = v.published_by.clone().unwrap_or_else(|| "VoxLink".to_owned());
            let note = v.note.clone().map(|n| view! { <p class="text-sm">{format!("“{n}”")}</p> });
            let before = history.get(i + 1).map_or(Some(&neutral), |b| b.plan.as_ref());
            let changed = before.zip(v.plan.as_ref()).map(|(old, new)| changed(old, new));
            let does = v.plan.as_ref().filter(|_| changed.is_some()).map(describe);
            let compared = history.get(i + 1).filter(|_| changed.is_none()).map(|b| {
                let two = format!("{here}/versions?from={}&to={}", b.version, v.version);
                view! { <a class="link text-sm" href=two>"What it changed"</a> }
            });
            let back = (editable && !live).then(|| {
                let fields = vec![("version", v.id.to_string())];
                view! { <ButtonForm action=format!("{here}/roll-back") fields=fields>{format!("Roll back to version {}", v.version)}</ButtonForm> }
            });
            let when = v.published_at.map(|at| view! { <When at=at /> });
            view! {
                <li class="flex flex-wrap items-start gap-x-4 gap-y-1 border-b border-base-300 py-3 last:border-0">
                    <span class="w-24 font-semibold tabular-nums">{format!("Version {}", v.version)}</span>
                    <div class="min-w-0 flex-1 basis-64">
                        <p class="break-words">{does} " " {badge}</p>
                        {note}
                        <p class="text-sm text-muted">{when} {format!(" by {who}")}</p>
                        {changed}
                        {compared}
                    </div>
                    {back}
                </li>
            }
        })
        .collect_view();
    let compare = (history.len() + usize::from(editing.draft.is_some()) > 1).then(|| {
        view! { <a class="link mt-3 inline-block text-sm" href=format!("{here}/versions")>"Compare two versions"</a> }
    });
    view! { <ul>{rows}</ul> {compare} }.into_any()
}

/// What one version changed, folded.
fn changed(old: &Plan, new: &Plan) -> impl IntoView + use<> {
    let changes = differences(old, new);
    let count = changes.len();
    let label = if count == 1 { "1 change".to_owned() } else { format!("{count} changes") };
    let changes = changes.into_iter().map(|c| view! { <li>{c}</li> }).collect_view();
    view! {
        <details class="mt-1 text-sm">
            <summary class="link-quiet inline-flex min-h-6 items-center gap-1 font-medium">
                <span class="icon-[lucide--chevron-right]" aria-hidden="true"></span>
                {label}
            </summary>
            <ul class="mt-1 list-disc ps-5 break-words">{changes}</ul>
        </details>
    }
}
