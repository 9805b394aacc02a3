//! The queue: what failed, what is to be done again, what is given up.

use super::{filter::Wanted, listing::Listing};
use crate::query::Query;
use crate::{
    Answer, App, Flash, PageError, Screen,
    access::{Admin, Developer, Person},
    flash::Tone,
    layout::Place,
    ui::{Badge, ButtonForm, ButtonKind, Cell, Choice, Select, Stat, When},
};
use axum::extract::{Path, State};
use leptos::prelude::*;
use voxlink_domain::jobs::{self, JobRow, JobState};
use voxlink_types::role::PlatformRole;

fn badge(state: JobState) -> (&'static str, Option<Tone>) {
    match state {
        JobState::Waiting => ("Waiting", None),
        JobState::Running => ("Running", Some(Tone::Info)),
        JobState::Retrying => ("Will be tried again", Some(Tone::Warning)),
        JobState::Failed => ("Failed", Some(Tone::Danger)),
    }
}

pub(super) async fn list(
    State(app): State<App>,
    person: Developer,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let state: Option<JobState> = Wanted::parsed(wanted.state.as_ref());
    let task = Wanted::word(Some(&wanted.search()));
    let mut cx = person.begin(&app.platform).await?;
    let found = jobs::list(&mut cx, state, task.as_deref(), wanted.request()).await?;
    if let Some(last) = person.look.past_the_end(&found) {
        return Ok(last);
    }
    let totals = jobs::totals(&mut cx).await?;
    drop(cx);
    let may_change = person.member().is_some_and(|m| m.platform_role >= PlatformRole::Admin);
    Screen::new("Jobs")
        .at(Place::AdminJobs)
        .render(&app, &person, move || {
            let figures = JobState::ALL
                .iter()
                .map(|state| {
                    let count = totals.iter().find(|(s, _)| s == state).map_or(0, |(_, n)| *n);
                    let href = format!("/admin/jobs?state={state}");
                    view! { <Stat label=badge(*state).0 href=href>{count}</Stat> }
                })
                .collect_view();
            let states =
                JobState::ALL.iter().map(|s| Choice::new(s.as_str(), badge(*s).0)).collect();
            let chosen = wanted.state.clone().unwrap_or_default();
            let filters = view! {
                <Select name="state" label="State" choices=states value=chosen none="Any" />
            };
            let list = Listing {
                action: "/admin/jobs",
                search: "Beginning of the job's name",
                caption: "Jobs of the queue",
                headings: &[
                    ("Job", false),
                    ("State", false),
                    ("Tries", true),
                    ("Next or last run", false),
                    ("What went wrong", false),
                    ("", false),
                ],
                empty: ("No job fits", "icon-[lucide--list-checks]"),
                advice: "Finished jobs leave the queue; those that wait or failed are shown here.",
                of: ("job", "jobs"),
                export: None,
            };
            view! {
                <div class="mb-6 grid gap-4 sm:grid-cols-2 lg:grid-cols-4">{figures}</div>
                {list.show(filters, found, |job| row(job, may_change))}
            }
        })
        .await
}

fn row(job: JobRow, may_change: bool) -> impl IntoView {
    let (text, tone) = badge(job.state);
    let action = (may_change && job.state != JobState::Running).then(|| {
        let again = format!("/admin/jobs/{}/retry", job.id);
        let away = format!("/admin/jobs/{}/discard", job.id);
        view! {
            <ButtonForm action=again kind=ButtonKind::Quiet>"Run now"</ButtonForm>
            <ButtonForm action=away kind=ButtonKind::Quiet>"Discard"</ButtonForm>
        }
    });
    view! {
        <tr>
            <Cell label="Job"><code>{job.task}</code><div class="text-sm break-all text-muted">{job.payload.to_string()}</div></Cell>
            <Cell label="State"><Badge text=text tone=tone /></Cell>
            <Cell label="Tries" amount=true>{format!("{} of {}", job.attempts, job.max_attempts)}</Cell>
            <Cell label="Next or last run"><When at=job.run_at /></Cell>
            <Cell label="What went wrong">{job.last_error.unwrap_or_default()}</Cell>
            <Cell label="">{action}</Cell>
        </tr>
    }
}

pub(super) async fn retry(State(app): State<App>, person: Admin, Path(id): Path<String>) -> Answer {
    let id: i64 = id.parse().map_err(|_| PageError::not_found())?;
    let mut cx = person.begin(&app.platform).await?;
    Ok(match jobs::retry(&mut cx, id).await {
        Ok(()) => {
            cx.commit().await?;
            Flash::success("The job is due now.")
        }
        Err(jobs::JobsError::Fault(fault)) => return Err(fault.into()),
        Err(error) => Flash::warning(error.to_string()),
    }
    .then("/admin/jobs"))
}

pub(super) async fn discard(
    State(app): State<App>,
    person: Admin,
    Path(id): Path<String>,
) -> Answer {
    let id: i64 = id.parse().map_err(|_| PageError::not_found())?;
    let mut cx = person.begin(&app.platform).await?;
    Ok(match jobs::discard(&mut cx, id).await {
        Ok(()) => {
            cx.commit().await?;
            Flash::success("The job is discarded; what it was to do stays undone.")
        }
        Err(jobs::JobsError::Fault(fault)) => return Err(fault.into()),
        Err(error) => Flash::warning(error.to_string()),
    }
    .then("/admin/jobs"))
}
