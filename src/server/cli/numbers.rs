//! `voxlink numbers …`: import, assign, audit.

use super::{say, tell};
use anyhow::Context;
use serde_json::{Value, json};
use std::{path::PathBuf, process::ExitCode};
use voxlink_domain::{
    Platform, campaigns,
    inventory::{
        self, AuditWish, Columns, Drift, Fixed, Imported, Report, RowOutcome, open_of_audit,
    },
};
use voxlink_types::{
    E164,
    ids::{NumberId, TenantId},
};

/// What is done with numbers.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Numbers {
    /// Bring numbers in from a CSV file: number, account, campaign, provider; exit code 0 when all are in, 1 when rows were refused, 2 when the file cannot be used
    Import(Import),
    /// Assign a number to a campaign of its account
    Assign {
        /// The account's id, such as ten_0190a5c2…
        #[arg(long)]
        tenant: TenantId,
        /// The campaign's id or name
        #[arg(long)]
        campaign: String,
        /// The number, such as +12025550123 or as pages show it, "+1 202 555 0123"
        #[arg(long, value_parser = as_shown)]
        number: E164,
    },
    /// Compare a carrier's numbers with ours; exit code 0 when they agree, 1 when they differ, 2 when that could not be found out
    Audit(Audit),
}

#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// The file
    #[arg(long)]
    file: PathBuf,
    /// Pass over the first line
    #[arg(long)]
    skip_header: bool,
    /// The column of the number, counted from 0
    #[arg(long, default_value_t = 0)]
    number_column: usize,
    /// The column of the account's id
    #[arg(long, default_value_t = 1)]
    tenant_column: usize,
    /// The column of the campaign's id or name, which may be empty
    #[arg(long, default_value_t = 2)]
    campaign_column: usize,
    /// The column of the provider: local, clec (own trunks), signalwire, twilio, telnyx, bandwidth
    #[arg(long, default_value_t = 3)]
    provider_column: usize,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Audit {
    /// The carrier's key: local, clec (own trunks), signalwire, twilio, telnyx, bandwidth
    #[arg(long)]
    provider: String,
    /// One account only; numbers that only the carrier has are nobody's and not told then
    #[arg(long)]
    tenant: Option<TenantId>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Settle what there is one way to settle; numbers that only the carrier has and prices that were entered by hand are left
    #[arg(long)]
    fix: bool,
}

/// Does it.
pub(super) async fn run(platform: &Platform, what: Numbers) -> anyhow::Result<ExitCode> {
    match what {
        Numbers::Import(wish) => import(platform, &wish).await,
        Numbers::Assign { tenant, campaign, number } => {
            assign(platform, tenant, &campaign, &number).await
        }
        Numbers::Audit(wish) => audit(platform, &wish).await,
    }
}

async fn import(platform: &Platform, wish: &Import) -> anyhow::Result<ExitCode> {
    let columns = Columns {
        number: wish.number_column,
        tenant: wish.tenant_column,
        campaign: wish.campaign_column,
        provider: wish.provider_column,
    };
    let places = [columns.number, columns.tenant, columns.campaign, columns.provider];
    let apart: std::collections::BTreeSet<usize> = places.into_iter().collect();
    anyhow::ensure!(
        apart.len() == places.len(),
        "two columns are the same: number, account, campaign and provider each stand in a column of their own"
    );
    let text = tokio::fs::read_to_string(&wish.file)
        .await
        .with_context(|| format!("{} cannot be read", wish.file.display()))?;
    let rows = inventory::read_rows(&text, columns, wish.skip_header);
    anyhow::ensure!(!rows.is_empty(), "the file has no rows");
    let done = inventory::import(platform, rows, wish.dry_run).await?;
    let (mut added, mut already, mut refused) = (0, 0, 0);
    for row in &done {
        match &row.outcome {
            RowOutcome::Added(_) => added += 1,
            RowOutcome::Already(_) => already += 1,
            RowOutcome::Refused(why) => {
                refused += 1;
                tell(&refusal(row, why));
            }
        }
    }
    let would = if wish.dry_run { "Nothing was changed. It would be: " } else { "" };
    say(&format!("{would}{added} added, {already} there already, {refused} refused."));
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A number as pages show it, with blanks, dashes and brackets.
fn as_shown(text: &str) -> Result<E164, String> {
    let beside = |c: char| c.is_whitespace() || matches!(c, '-' | '(' | ')');
    let bare: String = text.chars().filter(|c| !beside(*c)).collect();
    bare.parse()
        .map_err(|_| "write a number with its country code, such as +12025550123".to_owned())
}

fn refusal(row: &Imported, why: &str) -> String {
    let number = row.number.as_ref().map(|n| format!(" ({n})")).unwrap_or_default();
    format!("line {}{number}: {why}", row.line)
}

async fn assign(
    platform: &Platform,
    tenant: TenantId,
    campaign: &str,
    number: &E164,
) -> anyhow::Result<ExitCode> {
    let mut cx = platform.work_for(tenant, "cli").await?;
    let id = campaigns::find(&mut cx, campaign).await?;
    let changed = campaigns::assign_typed(&mut cx, id, number.as_str()).await?;
    let named = campaigns::get(&mut cx, id).await?.name;
    cx.commit().await?;
    say(&if changed == 0 {
        format!("{number} is assigned to “{named}” already.")
    } else {
        format!("{number} is assigned to “{named}”.")
    });
    Ok(ExitCode::SUCCESS)
}

async fn audit(platform: &Platform, wish: &Audit) -> anyhow::Result<ExitCode> {
    let asked = AuditWish { carrier: wish.provider.clone(), tenant: wish.tenant, by: "cli" };
    let report = inventory::audit(platform, &asked).await?;
    let mut cx = platform.work("cli").await?;
    let open = open_of_audit(&mut cx, report.audit).await?;
    drop(cx);
    let fixed =
        if wish.fix { Some(inventory::fix(platform, report.audit, "cli").await?) } else { None };
    if wish.json {
        say(&serde_json::to_string_pretty(&as_json(&report, wish.tenant, &open, fixed.as_ref()))?);
    } else {
        as_text(&report, &open, fixed.as_ref());
    }
    let agree = match &fixed {
        None => open.is_empty(),
        Some(fixed) => fixed.waiting.is_empty() && fixed.left.is_empty(),
    };
    Ok(if agree { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn as_text(report: &Report, open: &[Drift], fixed: Option<&Fixed>) {
    for drift in open {
        let holder = drift.holder.as_ref().map(|(id, name)| format!(" ({name}, {id})"));
        say(&format!(
            "{} {}{}\n    here  {}\n    there {}",
            drift.kind,
            drift.subject,
            holder.unwrap_or_default(),
            side(&drift.here),
            side(&drift.there),
        ));
    }
    let ignored = report.differences.len().saturating_sub(open.len());
    let ignored = if ignored == 0 { String::new() } else { format!(", {ignored} ignored") };
    let unpriced = if report.priced { "" } else { " Prices were not told." };
    say(&format!(
        "{}: {} numbers here, {} there, {} differences{ignored}.{unpriced}",
        report.carrier,
        report.here,
        report.there,
        open.len(),
    ));
    let Some(fixed) = fixed else { return };
    for (what, list) in [("waits", &fixed.waiting), ("left", &fixed.left)] {
        for (subject, why) in list {
            tell(&format!("{what}: {subject}: {why}"));
        }
    }
    say(&format!(
        "{} settled, {} wait for the carrier, {} left for a person.",
        fixed.done,
        fixed.waiting.len(),
        fixed.left.len()
    ));
}

/// One side of a difference on a line: `standing active, id PN1`.
fn side(value: &Value) -> String {
    let Value::Object(parts) = value else { return "nothing".to_owned() };
    let part = |(name, value): (&String, &Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{} {text}", name.replace('_', " "))
    };
    parts.iter().map(part).collect::<Vec<_>>().join(", ")
}

fn as_json(
    report: &Report,
    tenant: Option<TenantId>,
    open: &[Drift],
    fixed: Option<&Fixed>,
) -> Value {
    let differences: Vec<Value> = open
        .iter()
        .map(|drift| {
            json!({
                "id": drift.id, "kind": drift.kind, "subject": drift.subject,
                "tenant": drift.holder.as_ref().map(|(id, _)| *id),
                "number": drift.subscription.map(|id: NumberId| id.to_string()),
                "here": drift.here, "there": drift.there,
                "first_seen_at": drift.first_seen_at,
            })
        })
        .collect();
    let pairs = |list: &[(String, String)]| -> Vec<Value> {
        list.iter().map(|(subject, why)| json!({ "subject": subject, "why": why })).collect()
    };
    json!({
        "audit": report.audit,
        "provider": report.carrier,
        "tenant": tenant,
        "here": report.here,
        "there": report.there,
        "prices_compared": report.priced,
        "ignored": report.differences.len().saturating_sub(open.len()),
        "differences": differences,
        "fixed": fixed.map(|f| json!({
            "done": f.done, "waiting": pairs(&f.waiting), "left": pairs(&f.left),
        })),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(subcommand)]
        numbers: Numbers,
    }

    #[test]
    fn a_line_is_read_as_it_is_documented() {
        let tenant = "ten_0190a5c2000070008000000000000001";
        let lines = [
            "numbers import --file=numbers.csv".to_owned(),
            "numbers import --file n.csv --skip-header --number-column 3 --tenant-column=0 --campaign-column=2 --provider-column=1 --dry-run".to_owned(),
            format!("numbers assign --tenant={tenant} --campaign=Spring --number=+12025550123"),
            "numbers audit --provider=signalwire".to_owned(),
            format!("numbers audit --provider local --tenant {tenant} --json --fix"),
        ];
        for line in lines {
            assert!(Line::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
        for line in ["numbers audit", "numbers import", "numbers audit --provider x --tenant t_123"]
        {
            assert!(Line::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
        let read = Line::try_parse_from("numbers import --file n.csv --number-column 3".split(' '));
        let columns = match read.unwrap().numbers {
            Numbers::Import(import) => Some((import.number_column, import.tenant_column)),
            _ => None,
        };
        assert_eq!(columns, Some((3, 1)));
    }

    #[test]
    fn a_number_is_taken_as_pages_show_it() {
        for text in ["+4999742139", "+49 9974 2139", "+49 (9974) 21-39"] {
            assert_eq!(as_shown(text).unwrap().as_str(), "+4999742139", "{text}");
        }
        assert!(as_shown("desk").is_err());
    }

    #[test]
    fn a_side_is_one_line() {
        let told = json!({ "id": "PN1", "standing": "active" });
        assert_eq!(side(&told), "id PN1, standing active");
        assert_eq!(side(&Value::Null), "nothing");
    }
}
