//! The list of all jobs: a job that is not here never runs.

use super::{Job, JobError, upkeep};
use crate::{
    Platform, accounts,
    billing::{invoices, low_balance, payments},
    bulk, carriers, cart, catalog, inventory, notifications, numbers, orders,
};
use futures::future::BoxFuture;
use serde_json::Value;
use std::time::Duration;

/// Who wants to know all jobs: the worker, and tests that run them.
pub trait Visitor {
    /// A job, enqueued by verbs.
    fn job<J: Job>(&mut self);

    /// A job that is also enqueued by the clock: `cron` in five fields, UTC, and how far back a
    /// run that was missed while no server was up is made good (`0` for not at all, `12h`, `2d`).
    fn periodic<J: Job + Default>(&mut self, cron: &'static str, catch_up: &'static str);

    /// A job that is enqueued again and again, for sweeps that the crontab's minute is too long for.
    fn often<J: Job + Default>(&mut self, every: Duration);
}

/// Tells the visitor every job, one line each.
pub fn visit(all: &mut impl Visitor) {
    all.periodic::<upkeep::MakePartitions>("11 2 * * *", "1d");
    all.periodic::<upkeep::CleanUp>("*/30 * * * *", "0");
    // Every zone's month has ended by noon of the first; accounts already billed are passed over.
    all.periodic::<invoices::InvoiceRun>("25 0,12 1,2,3 * *", "3d");
    all.periodic::<upkeep::MarkOverdue>("40 * * * *", "1d");
    all.periodic::<low_balance::WarnOfLowBalance>("5,35 * * * *", "1h");
    all.often::<upkeep::SweepOrders>(Duration::from_secs(10));
    all.often::<upkeep::SweepPayments>(Duration::from_mins(1));
    all.periodic::<upkeep::SweepReleases>("20 * * * *", "0");
    all.periodic::<catalog::RefreshPrices>("17 3 * * *", "1d");
    // After the prices have been fetched, so that only what did not arrive is a difference.
    all.periodic::<inventory::AuditCarriers>("47 3 * * *", "1d");
    all.periodic::<carriers::AskCarriers>("*/5 * * * *", "0");
    all.often::<cart::SweepHolds>(Duration::from_secs(30));
    all.periodic::<orders::DunJob>("50 * * * *", "1d");
    all.job::<orders::FulfilJob>();
    all.job::<orders::GiveBackJob>();
    all.job::<orders::CollectDueJob>();
    all.job::<cart::LetGo>();
    all.job::<cart::LetGoLost>();
    all.job::<payments::PaymentEventJob>();
    all.job::<payments::ReconcileJob>();
    all.job::<accounts::AccountLetter>();
    all.job::<accounts::InvitationLetter>();
    all.job::<notifications::NoticeLetter>();
    all.job::<numbers::ApplySettings>();
    all.job::<numbers::CarryOutRelease>();
    all.job::<numbers::ContinueBulkRun>();
    all.job::<bulk::ContinueSheet>();
    all.job::<inventory::AuditCarrier>();
    all.job::<inventory::CarryOutDrift>();
    all.job::<inventory::SettleCarrier>();
}

/// Runs one job from its stored form. For tests; the worker uses the queue's own machinery.
pub async fn run_stored(task: &str, payload: Value, platform: &Platform) -> Result<(), JobError> {
    let mut find = Find { task, payload, platform, found: None };
    visit(&mut find);
    match find.found {
        Some(run) => run.await,
        None => Err(JobError::Fail(format!("no job is called {task}"))),
    }
}

struct Find<'a> {
    task: &'a str,
    payload: Value,
    platform: &'a Platform,
    found: Option<BoxFuture<'a, Result<(), JobError>>>,
}

impl Visitor for Find<'_> {
    fn job<J: Job>(&mut self) {
        if J::TASK != self.task {
            return;
        }
        let (payload, platform) = (self.payload.take(), self.platform);
        self.found = Some(Box::pin(async move {
            serde_json::from_value::<J>(payload).map_err(JobError::fail)?.run(platform).await
        }));
    }

    fn periodic<J: Job + Default>(&mut self, _: &'static str, _: &'static str) {
        self.job::<J>();
    }

    fn often<J: Job + Default>(&mut self, _: Duration) {
        self.job::<J>();
    }
}
