//! VoxLink: parses the command line and joins server, app and adapters.

use anyhow::Context;
use clap::Parser;
use leptos::config::get_configuration;
use secrecy::ExposeSecret;
use std::{collections::BTreeMap, io::Write, sync::Arc};
use voxlink_adapters::{
    carriers::local::{Faults, LocalCarrier},
    payments::test_card::TestCard,
    switchboards::{FormSwitchboard, sign_form},
};
use voxlink_app::{App, mounted_pages, nothing_here};
use voxlink_domain::{Db, Platform, Settings, db::PoolSizes, platform::Parts};
use voxlink_gateways::{Carrier, Clock, PaymentProcessor, Switchboard, SystemClock};
use voxlink_server::{
    Assembly,
    cli::{CallCommand, Cli, Command, call},
    config::Config,
    serve,
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let config = Config::from_env()?;
    if let Some(Command::Call { what: CallCommand::Simulate(wanted) }) = cli.command {
        return simulate(&config, &wanted).await;
    }
    let db = Db::connect(&config.database_url.parse()?, PoolSizes::default());
    let card = test_card(&config)?;
    let platform = Platform::new(Parts {
        db,
        clock: Arc::new(SystemClock),
        carriers: carriers(&config)?,
        switchboards: switchboards(&config),
        processors: card.iter().map(|c| (c.key(), Arc::new(c.clone()) as Arc<_>)).collect(),
        mailer: Arc::new(voxlink_adapters::mail::NoMail),
        settings: Settings {
            public_url: config.public_url.clone(),
            hold_minutes: 15,
            release_grace_days: 10,
            suspension_message: "The number you have called is not in service.".to_owned(),
        },
    });
    let app = App {
        platform: platform.clone(),
        leptos: get_configuration(Some("Cargo.toml"))?.leptos_options,
    };
    let (mut pages, nothing_here) = (mounted_pages(app.clone()), nothing_here(app));
    if let Some(card) = card {
        pages = pages.merge(card.pages());
        tokio::spawn(card.deliver());
    }
    serve(Assembly { config, platform, pages, nothing_here }).await
}

/// Who sells numbers: the local carrier, on its bad days as the operator wants to see them.
fn carriers(config: &Config) -> anyhow::Result<BTreeMap<&'static str, Arc<dyn Carrier>>> {
    let asked = config.local_carrier_faults;
    let faults = Faults {
        fail: asked.fail,
        refuse: asked.refuse,
        lose_answer: asked.lose_answer,
        ..Faults::default()
    };
    let options = config.database_url.parse()?;
    let local = LocalCarrier::connect(&options, 6, Arc::new(SystemClock), faults);
    Ok(BTreeMap::from([(local.key(), Arc::new(local) as Arc<dyn Carrier>)]))
}

/// The test card, where the operator offers it.
fn test_card(config: &Config) -> anyhow::Result<Option<TestCard>> {
    if !config.test_card {
        return Ok(None);
    }
    let options = config.database_url.parse()?;
    Ok(Some(TestCard::connect(&options, Arc::new(SystemClock), &config.public_url)?))
}

/// Who may call us back: the carriers whose secrets are set.
fn switchboards(config: &Config) -> BTreeMap<&'static str, Arc<dyn Switchboard>> {
    let local = config.local_carrier_secret.clone().map(FormSwitchboard::local);
    let twilio = config.twilio_auth_token.clone().map(FormSwitchboard::twilio);
    [local, twilio]
        .into_iter()
        .flatten()
        .map(|board| (board.key(), Arc::new(board) as Arc<dyn Switchboard>))
        .collect()
}

/// Plays a call against the running server and prints what happened.
async fn simulate(config: &Config, wanted: &call::Simulate) -> anyhow::Result<()> {
    let secret = config.local_carrier_secret.as_ref().context("LOCAL_CARRIER_SECRET is not set")?;
    let line = call::Line {
        public: config.public_url.clone(),
        server: format!("http://{}", config.listen).parse()?,
        secret: secret.expose_secret().to_owned(),
        sign: sign_form,
    };
    let told = call::simulate(&line, wanted, SystemClock.now()).await?;
    Ok(std::io::stdout().write_all(told.as_bytes())?)
}
