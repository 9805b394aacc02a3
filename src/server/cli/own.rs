//! Own trunks from the shell: edges, trunks, and the numbers that ring on them.

use super::{say, tell};
use anyhow::Context;
use clap::Subcommand;
use rust_decimal::Decimal;
use std::{path::PathBuf, process::ExitCode};
use voxlink_domain::{
    Platform, catalog,
    platform::Own,
    trunks::{self, Heard, NewEdge, NewTrunk, TrunkError},
};
use voxlink_gateways::carrier::PriceRow;
use voxlink_types::{
    Currency, E164,
    error::Explain,
    number::{Capability, NumberType, Requirement},
    sip::{Carries, EdgeKind, Transport, TrunkAuth},
};

#[derive(Debug, Subcommand)]
pub(super) enum Edge {
    /// List the edges
    List,
    /// Add one and print its user and password, once
    Add {
        /// Its name, such as edge-1
        #[arg(long)]
        name: String,
        /// kamailio, freeswitch or asterisk
        #[arg(long)]
        kind: EdgeKind,
        /// Where it listens
        #[arg(long)]
        host: String,
        /// The port that it listens on
        #[arg(long, default_value = "5060")]
        port: String,
        /// udp or tcp
        #[arg(long, default_value = "udp")]
        transport: Transport,
    },
    /// Give one a new password and print it, once; the old one is void
    Renew {
        /// Its name
        #[arg(long)]
        name: String,
    },
    /// Write one's configuration into a folder, passwords and all
    Configuration {
        /// Its name
        #[arg(long)]
        name: String,
        /// The folder; files keep their paths in it
        #[arg(long)]
        into: PathBuf,
    },
    /// Take one out of use
    Remove {
        /// Its name
        #[arg(long)]
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Trunk {
    /// List the trunks in the order in which they are tried
    List,
    /// Add one
    Add {
        /// Its name, such as first
        #[arg(long)]
        name: String,
        /// The other side
        #[arg(long)]
        host: String,
        /// Its port
        #[arg(long, default_value = "5060")]
        port: String,
        /// udp or tcp
        #[arg(long, default_value = "udp")]
        transport: Transport,
        /// inbound, outbound or both
        #[arg(long, default_value = "both")]
        carries: Carries,
        /// The name that we show, where the other side wants one
        #[arg(long)]
        username: Option<String>,
        /// The file that the password stands in, alone
        #[arg(long, requires = "username")]
        password_file: Option<PathBuf>,
        /// From 1 to 1000; the lowest is tried first
        #[arg(long, default_value = "100")]
        priority: String,
    },
    /// Move one in the order
    Priority {
        /// Its name
        #[arg(long)]
        name: String,
        /// From 1 to 1000; the lowest is tried first
        #[arg(long)]
        priority: String,
    },
    /// Ask the other side by SIP OPTIONS whether it is there
    Test {
        /// Its name
        #[arg(long)]
        name: String,
    },
    /// Remove one
    Remove {
        /// Its name
        #[arg(long)]
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Numbers {
    /// Set what a kind of number costs; without a rate none of it is taken in
    Rate {
        /// Two letters, such as US
        #[arg(long)]
        country: String,
        /// local, mobile, toll_free, …
        #[arg(long = "type", default_value = "local")]
        number_type: NumberType,
        /// USD, EUR, …
        #[arg(long, default_value = "USD")]
        currency: Currency,
        /// A month
        #[arg(long)]
        monthly: Decimal,
        /// Once
        #[arg(long, default_value = "0")]
        setup: Decimal,
        /// A minute of an incoming call
        #[arg(long)]
        minute: Decimal,
        /// none, any_address, local_address, foreign_address or documents
        #[arg(long, default_value = "none")]
        requirement: Requirement,
    },
    /// Take in a block, from its first to its last number
    Block {
        /// The first, such as +16175550100
        #[arg(long)]
        first: String,
        /// The last
        #[arg(long)]
        last: String,
        /// local, mobile, toll_free, …
        #[arg(long = "type", default_value = "local")]
        number_type: NumberType,
        /// Two letters, for numbers whose digits do not tell
        #[arg(long, default_value = "")]
        country: String,
        /// As carriers abbreviate it
        #[arg(long, default_value = "")]
        rate_centre: String,
    },
    /// Take in a file of number, type, capabilities, rate centre, LATA; only the number must be there
    Csv {
        /// The file
        #[arg(long)]
        file: PathBuf,
        /// The kind of numbers whose row says none
        #[arg(long = "type", default_value = "local")]
        number_type: NumberType,
        /// Two letters, for numbers whose digits do not tell
        #[arg(long, default_value = "")]
        country: String,
        /// Only say what would be taken in
        #[arg(long)]
        dry_run: bool,
    },
    /// Take a number out of the sale for good
    Withdraw {
        /// The number
        #[arg(long)]
        number: E164,
    },
}

fn own(platform: &Platform) -> anyhow::Result<&Own> {
    platform.own().context("own trunks are not set up on this server")
}

/// A refusal with its fields, as one sentence each.
fn explained(error: TrunkError) -> anyhow::Error {
    let fields: Vec<String> =
        error.fields().iter().map(|f| format!("--{}: {}", f.field, f.message)).collect();
    if fields.is_empty() { error.into() } else { anyhow::anyhow!(fields.join("\n")) }
}

pub(super) async fn edge(platform: &Platform, what: Edge) -> anyhow::Result<()> {
    let mut cx = platform.work("cli").await?;
    match what {
        Edge::List => {
            for edge in trunks::edges(&mut cx).await? {
                say(&format!("{}  {}  {}", edge.user(), edge.kind.label(), edge.at));
            }
        }
        Edge::Add { name, kind, host, port, transport } => {
            let typed = NewEdge { name, kind, host, port, transport };
            let made = trunks::add_edge(platform, &mut cx, &typed).await.map_err(explained)?;
            cx.commit().await?;
            say(&trunks::told_once(&made.0, &made.1));
            return Ok(());
        }
        Edge::Renew { name } => {
            let made = trunks::renew_edge(platform, &mut cx, &name).await.map_err(explained)?;
            cx.commit().await?;
            say(&trunks::told_once(&made.0, &made.1));
            return Ok(());
        }
        Edge::Configuration { name, into } => {
            let files = trunks::configuration(platform, &mut cx, &name).await.map_err(explained)?;
            for file in files {
                let place = into.join(file.path.trim_start_matches('/'));
                write_closed(&place, &file.text)
                    .with_context(|| format!("{} cannot be written", place.display()))?;
                say(&place.display().to_string());
            }
        }
        Edge::Remove { name } => {
            trunks::remove_edge(&mut cx, &name).await.map_err(explained)?;
            say(&format!("{name} is out of use."));
        }
    }
    cx.commit().await?;
    Ok(())
}

/// A file for its owner only.
fn write_closed(place: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(place)?;
    file.write_all(text.as_bytes())
}

pub(super) async fn trunk(platform: &Platform, what: Trunk) -> anyhow::Result<()> {
    let mut cx = platform.work("cli").await?;
    match what {
        Trunk::List => {
            for trunk in trunks::trunks(&mut cx).await? {
                say(&format!(
                    "{}  {}  {}  {}  {}",
                    trunk.priority, trunk.name, trunk.at, trunk.carries, trunk.auth
                ));
            }
        }
        Trunk::Add { name, host, port, transport, carries, username, password_file, priority } => {
            let password = match &password_file {
                Some(file) => std::fs::read_to_string(file)
                    .with_context(|| format!("{} cannot be read", file.display()))?,
                None => String::new(),
            };
            let auth = if username.is_some() { TrunkAuth::Digest } else { TrunkAuth::Address };
            let typed = NewTrunk {
                name,
                host,
                port,
                transport,
                carries,
                auth,
                username: username.unwrap_or_default(),
                password: password.trim_end_matches(['\r', '\n']).into(),
                priority,
            };
            trunks::add_trunk(platform, &mut cx, &typed).await.map_err(explained)?;
            say("Added. Give the edges their configuration again, so that they know it.");
        }
        Trunk::Priority { name, priority } => {
            trunks::set_priority(&mut cx, &name, &priority).await.map_err(explained)?;
        }
        Trunk::Test { name } => {
            let heard = trunks::ask(platform, cx, &name).await.map_err(explained)?;
            match heard {
                Heard::Well(said) | Heard::Doubtful(said) => say(&said),
                Heard::Bad(why) => anyhow::bail!(why),
            }
            return Ok(());
        }
        Trunk::Remove { name } => {
            trunks::remove_trunk(&mut cx, &name).await.map_err(explained)?;
            say(&format!("{name} is removed. Give the edges their configuration again."));
        }
    }
    cx.commit().await?;
    Ok(())
}

pub(super) async fn numbers(platform: &Platform, what: Numbers) -> anyhow::Result<ExitCode> {
    let stock = &own(platform)?.numbers;
    let mut code = ExitCode::SUCCESS;
    match what {
        Numbers::Rate { country, number_type, currency, monthly, setup, minute, requirement } => {
            let rate = PriceRow {
                country: country.to_ascii_uppercase(),
                number_type,
                currency,
                monthly,
                setup,
                inbound_minute: minute,
                requirement,
            };
            stock.set_rate(&rate).await?;
            let changed = catalog::refresh_prices(platform).await?;
            say(&format!("The rate is set; {changed} prices of the shop are new."));
        }
        Numbers::Block { first, last, number_type, country, rate_centre } => {
            let capabilities = vec![Capability::Voice];
            let name = format!("{first} to {last}");
            let typed =
                trunks::Block { first, last, number_type, country, capabilities, rate_centre };
            let all = trunks::block(&typed).map_err(|f| explained(TrunkError::Fields(f)))?;
            let taken = stock.take_in(&name, &all).await?;
            say(&format!("{} numbers are new, {} were there.", taken.new, taken.there));
        }
        Numbers::Csv { file, number_type, country, dry_run } => {
            let text = std::fs::read(&file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            let read = trunks::read_csv(&text, number_type, &country);
            for (line, why) in &read.bad {
                tell(&format!("line {line}: {why}"));
            }
            if !read.bad.is_empty() {
                code = ExitCode::FAILURE;
            }
            if dry_run {
                say(&format!("{} numbers would be taken in.", read.good.len()));
            } else {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                let taken = stock.take_in(&name, &read.good).await?;
                say(&format!("{} numbers are new, {} were there.", taken.new, taken.there));
            }
        }
        Numbers::Withdraw { number } => {
            if stock.withdraw(&number).await? {
                say(&format!("{number} is not for sale any more."));
            } else {
                tell(&format!("{number} is sold, or was never there."));
                code = ExitCode::FAILURE;
            }
        }
    }
    platform.db().close().await;
    Ok(code)
}
