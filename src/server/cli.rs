//! The command line.

mod accounts;
pub mod call;
mod campaigns;
mod numbers;
mod own;
mod print;
mod run;

use crate::{
    Assembly, Join,
    config::Config,
    demo, doctor, logging,
    postgres::PrivateCluster,
    serve::{prepare, serve},
};
pub(crate) use accounts::once_made;
use clap::{Parser, Subcommand};
pub(crate) use print::{say, tell};
use secrecy::ExposeSecret;
use sqlx::postgres::PgConnectOptions;
use std::{path::PathBuf, process::ExitCode};
use voxlink_domain::{carriers, db::PoolSizes};

/// VoxLink: a self-hosted shop and control room for telephone numbers.
#[derive(Debug, Parser)]
#[command(name = "voxlink", version)]
struct Line {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve pages, callbacks and jobs (what happens without a command)
    Serve {
        /// Load the demonstration data first, if it is not there
        #[arg(long)]
        demo: bool,
    },
    /// Bring the database up to date
    Migrate,
    /// Check everything VoxLink needs and say how to mend what is wrong
    Doctor,
    /// Load the demonstration data: numbers, prices, a customer and an administrator
    Demo {
        /// How many numbers the local carrier offers
        #[arg(long, default_value_t = demo::NUMBERS)]
        count: u64,
    },
    /// The local carrier's catalogue
    #[command(subcommand)]
    Inventory(Inventory),
    /// The price book
    #[command(subcommand)]
    Prices(Prices),
    /// Numbers: brought in from a file, assigned to campaigns, compared with their carriers
    #[command(subcommand)]
    Numbers(numbers::Numbers),
    /// Campaigns: what an account's numbers are for, and what they cost
    #[command(subcommand)]
    Campaigns(campaigns::Campaigns),
    /// Calls
    #[command(subcommand)]
    Call(Call),
    /// Monthly invoices
    #[command(subcommand)]
    Invoices(Invoices),
    /// The audit log
    #[command(subcommand)]
    Audit(Audit),
    /// People who work for the installation
    #[command(subcommand)]
    Staff(Staff),
    /// People who have an account
    #[command(subcommand)]
    People(People),
    /// Own trunks: the SIP servers that calls come in at
    #[command(subcommand)]
    Edge(own::Edge),
    /// Own trunks: the ways to and from other carriers
    #[command(subcommand)]
    Trunk(own::Trunk),
    /// Own trunks: the numbers that ring on them
    #[command(subcommand)]
    OwnNumbers(own::Numbers),
    /// The private PostgreSQL in DATA_DIR
    #[command(subcommand)]
    Postgres(Postgres),
    /// Print the table of all settings
    Settings,
}

#[derive(Debug, Subcommand)]
enum Inventory {
    /// Make sure that the catalogue holds so many numbers
    Generate {
        /// How many, up to 10,000,000
        #[arg(long)]
        count: u64,
        /// Which catalogue: the same seed makes the same numbers
        #[arg(long, default_value_t = demo::SEED)]
        seed: u32,
    },
}

#[derive(Debug, Subcommand)]
enum Prices {
    /// Enter prices by hand, for carriers that tell none: all of a list or nothing. Its columns are
    /// carrier, country, type, currency, cost_monthly, cost_setup, cost_minute, and if you like
    /// mark_up (a factor such as 1.5), monthly, setup, minute (what customers pay, where the mark-up
    /// shall not make it), requirement, from (a day or an instant; none is now)
    Import {
        /// The list, as CSV with a first row of headings
        #[arg(long)]
        file: PathBuf,
        /// Say what would change and change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, Subcommand)]
enum Call {
    /// Play a call with its callbacks against the running server, as a carrier would
    Simulate(call::Simulate),
}

#[derive(Debug, Subcommand)]
enum Invoices {
    /// Bill a month; accounts that have their invoice are passed over
    Run {
        /// The month, such as 2026-10
        #[arg(long)]
        period: String,
        /// One account only: its id, as its page in the administration shows it
        #[arg(long)]
        tenant: Option<String>,
        /// Also bill a month that is still running; what happens later in it is in the next invoice
        #[arg(long)]
        early: bool,
    },
}

#[derive(Debug, Subcommand)]
enum Audit {
    /// Compute every account's chain again and name the first broken entry; add up journal and invoices
    Verify,
}

#[derive(Debug, Subcommand)]
enum Staff {
    /// Make an account for somebody who works here and print its password once
    Add {
        /// The e-mail address to sign in with
        #[arg(long)]
        email: String,
        /// The person's name
        #[arg(long)]
        name: String,
        /// support, developer, admin or super_admin
        #[arg(long, default_value = "admin")]
        role: String,
    },
}

#[derive(Debug, Subcommand)]
enum People {
    /// Print a link, for one hour and once, with which somebody chooses a new password
    ResetLink {
        /// The e-mail address that the person signs in with
        #[arg(long)]
        email: String,
    },
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Postgres {
    /// Start it, and make it if it is not there
    Start,
    /// Stop it
    Stop,
    /// Print its address
    Url,
}

impl Command {
    /// The exit code of a failure. Of an audit 1 says that there are differences, of an import of
    /// numbers that rows were refused.
    fn failure(&self) -> ExitCode {
        match self {
            Self::Numbers(numbers::Numbers::Audit(_) | numbers::Numbers::Import(_)) => {
                ExitCode::from(2)
            }
            _ => ExitCode::FAILURE,
        }
    }
}

/// Does what the command line says; the exit code is 0 when it went well. `sign` is how the local
/// carrier signs a call that is played.
pub async fn run(join: Join, sign: call::Sign) -> ExitCode {
    let line = Line::parse();
    let failure = line.command.as_ref().map_or(ExitCode::FAILURE, Command::failure);
    let done = match Config::from_env() {
        Ok(config) => {
            let command = line.command.unwrap_or(Command::Serve { demo: false });
            carry_out(command, &config, join, sign).await
        }
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            // The chain in one line: what we were about, then why it failed.
            tell(&format!("voxlink: {error:#}"));
            failure
        }
    }
}

async fn carry_out(
    command: Command,
    config: &Config,
    join: Join,
    sign: call::Sign,
) -> anyhow::Result<ExitCode> {
    let serving = matches!(command, Command::Serve { .. });
    // A command's own words go to people; its log lines only when something is wrong.
    let filter = if serving { config.log.as_str() } else { "warn" };
    logging::begin(filter, config.log_format).map_err(anyhow::Error::msg)?;
    match command {
        Command::Settings => {
            say(crate::config::table().trim_end());
            return Ok(ExitCode::SUCCESS);
        }
        Command::Postgres(what) => return run::postgres(config, what).await,
        Command::Call(Call::Simulate(ref wanted)) => return run::call(config, wanted, sign).await,
        _ => {}
    }
    let home = Home::open(config).await?;
    // Commands need few connections; the server's pools are the operator's.
    let sizes = if serving {
        config.pools
    } else {
        PoolSizes { app: 4, platform: 4, voice: 1, ready: false, ..config.pools }
    };
    let done = match join(config, &home.options, sizes) {
        Ok(parts) => with_parts(command, config, parts).await,
        Err(error) => Err(error),
    };
    home.close().await;
    done
}

async fn with_parts(
    command: Command,
    config: &Config,
    parts: Assembly,
) -> anyhow::Result<ExitCode> {
    let platform = parts.platform.clone();
    match command {
        Command::Serve { demo } => {
            for warning in config.warnings() {
                tracing::warn!("{warning}");
            }
            let mut made = None;
            if demo {
                prepare(&platform).await?;
                made = demo::load(&platform, parts.stock.as_ref(), demo::NUMBERS).await?;
            }
            let listening = || {
                say(&format!("VoxLink is at {}", config.public_url));
                if let Some(people) = made {
                    say(&people.to_string());
                }
            };
            serve(config, parts, listening).await?;
        }
        Command::Migrate => {
            prepare(&platform).await?;
            say("The database is up to date.");
        }
        Command::Doctor => return Ok(doctor::run(config, &platform, &parts.style).await),
        Command::Demo { count } => {
            prepare(&platform).await?;
            match demo::load(&platform, parts.stock.as_ref(), count).await? {
                Some(people) => say(&people.to_string()),
                None => say("The demonstration data is there."),
            }
        }
        Command::Inventory(Inventory::Generate { count, seed }) => {
            prepare(&platform).await?;
            let new = demo::fill(parts.stock.as_ref(), count, seed).await?;
            say(&format!("{new} numbers are new; the catalogue of seed {seed} holds {count}."));
        }
        Command::Prices(Prices::Import { file, dry_run }) => {
            carriers::follow(&platform).await?;
            return run::prices(&platform, &file, dry_run).await;
        }
        Command::Invoices(Invoices::Run { period, tenant, early }) => {
            return run::invoices(&platform, &period, tenant.as_deref(), early).await;
        }
        Command::Numbers(what) => {
            carriers::follow(&platform).await?;
            return numbers::run(&platform, what).await;
        }
        Command::Campaigns(what) => return campaigns::run(&platform, what).await,
        Command::Audit(Audit::Verify) => return run::audit(&platform).await,
        Command::Staff(Staff::Add { email, name, role }) => {
            prepare(&platform).await?;
            let password = accounts::add_staff(&platform, &email, &name, &role).await?;
            say(&format!("{email} may sign in with the password {password} (shown only now)."));
        }
        Command::Edge(what) => own::edge(&platform, what).await?,
        Command::Trunk(what) => own::trunk(&platform, what).await?,
        Command::OwnNumbers(what) => return own::numbers(&platform, what).await,
        Command::People(People::ResetLink { email }) => {
            let link = voxlink_domain::accounts::reset_link(&platform, &email).await?;
            let link = link.ok_or_else(|| anyhow::anyhow!("nobody signs in as {email}"))?;
            say(&format!("Give this to {email}; it works for one hour and once: {link}"));
        }
        // Done before anything is joined.
        Command::Postgres(_) | Command::Settings | Command::Call(_) => {}
    }
    platform.db().close().await;
    Ok(ExitCode::SUCCESS)
}

/// The database: the operator's, or the private cluster, stopped by whom it was started.
struct Home {
    options: PgConnectOptions,
    started: Option<PrivateCluster>,
}

impl Home {
    async fn open(config: &Config) -> anyhow::Result<Self> {
        if let Some(url) = &config.database_url {
            return Ok(Self { options: url.expose_secret().parse()?, started: None });
        }
        let cluster = PrivateCluster::in_folder(&config.data_dir)?;
        let started = cluster.start().await?;
        Ok(Self { options: cluster.options(), started: started.then_some(cluster) })
    }

    async fn close(self) {
        if let Some(cluster) = self.started
            && let Err(error) = cluster.stop().await
        {
            tracing::warn!(%error, "the private PostgreSQL could not be stopped");
        }
    }
}
