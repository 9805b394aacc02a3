//! Commands that are a few lines each.

use super::{
    Postgres, call,
    print::{say, tell},
};
use crate::{config::Config, postgres::PrivateCluster};
use anyhow::Context;
use secrecy::ExposeSecret;
use std::{path::Path, process::ExitCode};
use voxlink_domain::{
    Platform, audit,
    billing::{books, invoices},
    catalog::{self, ImportError},
};
use voxlink_gateways::{Clock, SystemClock};

pub(super) async fn postgres(config: &Config, what: Postgres) -> anyhow::Result<ExitCode> {
    let cluster = PrivateCluster::in_folder(&config.data_dir)?;
    match what {
        Postgres::Start => {
            cluster.start().await?;
            say(&cluster.url());
        }
        Postgres::Stop => cluster.stop().await?,
        Postgres::Url => say(&cluster.url()),
    }
    Ok(ExitCode::SUCCESS)
}

/// Plays a call against the running server.
pub(super) async fn call(
    config: &Config,
    wanted: &call::Simulate,
    sign: call::Sign,
) -> anyhow::Result<ExitCode> {
    let secret = config.local_carrier_secret.as_ref().context("LOCAL_CARRIER_SECRET is not set")?;
    let mut server = config.listen;
    if server.ip().is_unspecified() {
        server.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let line = call::Line {
        public: config.public_url.clone(),
        server: format!("http://{server}").parse()?,
        secret: secret.expose_secret().to_owned(),
        sign,
    };
    let told = call::simulate(&line, wanted, SystemClock.now()).await?;
    say(told.trim_end());
    Ok(ExitCode::SUCCESS)
}

/// `1 invoice`, `2 invoices`.
fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

pub(super) async fn invoices(
    platform: &Platform,
    period: &str,
    tenant: Option<&str>,
    early: bool,
) -> anyhow::Result<ExitCode> {
    let month = period.parse().context("--period is a month such as 2026-10")?;
    let tenant =
        tenant.map(str::parse).transpose().context("--tenant is an id such as ten_0190…")?;
    let wish = invoices::Run { month, tenant, early };
    let report = invoices::run(platform, wish).await?;
    say(&format!(
        "{} issued, {} had theirs, {} had nothing to bill, {} still running, {} failed.",
        counted(report.issued.len(), "invoice"),
        counted(report.already, "account"),
        report.nothing,
        if report.running == 1 {
            "1 period is".to_owned()
        } else {
            format!("{} periods are", report.running)
        },
        report.failed.len()
    ));
    for (tenant, error) in &report.failed {
        tell(&format!("{tenant}: {error}"));
    }
    Ok(if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Enters a list of prices, or tries it out.
pub(super) async fn prices(
    platform: &Platform,
    file: &Path,
    dry: bool,
) -> anyhow::Result<ExitCode> {
    let text = tokio::fs::read_to_string(file)
        .await
        .with_context(|| format!("{} cannot be read", file.display()))?;
    let done = match catalog::import_prices(platform, &text, dry).await {
        Ok(done) => done,
        Err(ImportError::Lines(wrong)) => {
            for (line, why) in &wrong {
                tell(&format!("line {line}: {why}"));
            }
            tell(&ImportError::Lines(wrong).to_string());
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => return Err(error.into()),
    };
    for price in done.iter().filter(|price| price.new) {
        say(&format!(
            "line {}: {} {} {} costs {} and is sold for {} a month from {} on",
            price.line,
            price.carrier,
            price.country,
            price.number_type,
            price.cost,
            price.monthly,
            price.from.format("%Y-%m-%d %H:%M UTC")
        ));
    }
    let new = done.iter().filter(|price| price.new).count();
    let same = done.len() - new;
    let verb = if dry { "would be new" } else { "entered" };
    say(&format!("{} {verb}, {same} as they were.", counted(new, "price")));
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn audit(platform: &Platform) -> anyhow::Result<ExitCode> {
    let mut cx = platform.work("cli").await?;
    let report = audit::verify(&mut cx).await?;
    for broken in &report.broken {
        tell(&format!("{}: entry {} is broken: {}", broken.chain, broken.seq, broken.why));
    }
    say(&format!("{} chains checked, {} broken.", report.chains, report.broken.len()));
    let wrong = books::verify(&mut cx).await?;
    for sentence in &wrong {
        tell(sentence);
    }
    say(&format!("Journal and invoices checked, {} faults.", wrong.len()));
    let holds = report.broken.is_empty() && wrong.is_empty();
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
