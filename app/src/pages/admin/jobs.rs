//! The queue: what failed, what is to be done again, what is given up.

use super::{filter::Wanted, listing::Listing, stored::stored};
use crate::query::Query;
use crate::{
    Answer, App, Flash, PageError, Screen,
    access::{Admin, Developer, Person},
    flash::Tone,
    layout::Place,
    ui::{Badge, ButtonForm, Cell, Choice, Fold, Select, Stat, When},
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
                search: "Beginning of the job's code",
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

/// What a job does, in plain words; one that has none here is called by its code.
fn name_of(task: &str) -> &str {
    match task {
        "upkeep.make_partitions" => "Make the next months' tables",
        "upkeep.clean_up" => "Clear away what has run out",
        "upkeep.mark_overdue" => "Mark overdue invoices",
        "upkeep.sweep_orders" => "Find orders nobody works on",
        "upkeep.sweep_payments" => "Ask about silent payments",
        "upkeep.sweep_releases" => "Try releases again that failed",
        "invoices.run" => "Issue the month's invoices",
        "billing.low_balance" => "Warn of low balances",
        "payment_event" => "Take in news of a payment",
        "payment_reconcile" => "Ask the processor about a payment",
        "catalog.refresh_prices" => "Fetch the carriers' prices",
        "carriers.ask" => "Ask every carrier how it is",
        "cart.sweep_holds" => "End holds that ran out",
        "cart.let_go" => "Let go of a carrier's hold",
        "cart.let_go_lost" => "Let go of a hold whose answer was lost",
        "order_fulfil" => "Buy the numbers of an order",
        "order_give_back" => "Give a number back to its carrier",
        "order_collect_due" => "Charge a card for an order",
        "orders.dun" => "Remind of orders that are owed",
        "account_letter" => "Send a letter about an account",
        "invitation_letter" => "Send an invitation",
        "notification.letter" => "Send a notification by e-mail",
        "number.apply_settings" => "Set up a number at its carrier",
        "number.carry_out_release" => "Release a number",
        "bulk.continue" => "Go on with a sheet",
        "number.continue_bulk_run" => "Go on with a change to many numbers",
        "inventory.audit_carriers" => "Compare every carrier's numbers with ours",
        "inventory.audit_carrier" => "Compare a carrier's numbers with ours",
        "inventory.settle" => "Settle a carrier's differences",
        "inventory.carry_out" => "Settle a difference at the carrier",
        other => other,
    }
}

fn row(job: JobRow, may_change: bool) -> impl IntoView {
    let (text, tone) = badge(job.state);
    let action = (may_change && job.state != JobState::Running).then(|| {
        let again = format!("/admin/jobs/{}/retry", job.id);
        let away = format!("/admin/jobs/{}/discard", job.id);
        view! {
            <div class="flex flex-wrap gap-2">
                <ButtonForm action=again>"Run now"</ButtonForm>
                <ButtonForm action=away>"Discard"</ButtonForm>
            </div>
        }
    });
    // Jobs of the clock are told nothing.
    let told = job.payload.as_object().is_none_or(|parts| !parts.is_empty()).then(|| {
        let payload = stored(&job.payload);
        view! {
            <Fold summary="What it was told">
                <div class="text-sm [overflow-wrap:anywhere]">{payload}</div>
            </Fold>
        }
    });
    let name = name_of(&job.task).to_owned();
    view! {
        <tr>
            <Cell label="">
                <div class="min-w-0 md:min-w-52">
                    <span class="font-medium">{name}</span>
                    <code class="block text-sm text-muted [overflow-wrap:anywhere]">{job.task}</code>
                    {told}
                </div>
            </Cell>
            <Cell label="State"><Badge text=text tone=tone /></Cell>
            <Cell label="Tries" amount=true>{format!("{} of {}", job.attempts, job.max_attempts)}</Cell>
            <Cell label="Next or last run"><When at=job.run_at /></Cell>
            <Cell label="What went wrong"><span class="min-w-0 [overflow-wrap:anywhere] md:inline-block md:min-w-40">{job.last_error.unwrap_or_default()}</span></Cell>
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use voxlink_domain::jobs::{
        Job,
        registry::{Visitor, visit},
    };

    struct Tasks(Vec<&'static str>);

    impl Visitor for Tasks {
        fn job<J: Job>(&mut self) {
            self.0.push(J::TASK);
        }

        fn periodic<J: Job + Default>(&mut self, _: &'static str, _: &'static str) {
            self.job::<J>();
        }

        fn often<J: Job + Default>(&mut self, _: Duration) {
            self.job::<J>();
        }
    }

    #[test]
    fn every_job_has_a_plain_name() {
        let mut tasks = Tasks(Vec::new());
        visit(&mut tasks);
        let unnamed: Vec<_> = tasks.0.into_iter().filter(|task| name_of(task) == *task).collect();
        assert!(unnamed.is_empty(), "say in name_of what they do: {unnamed:?}");
    }
}
