//! VoxLink: parses the command line and joins server, app and adapters.

use leptos::config::get_configuration;
use std::{collections::BTreeMap, sync::Arc};
use voxlink_adapters::{payments::test_card::TestCard, switchboards::FormSwitchboard};
use voxlink_app::{App, mounted_pages, nothing_here};
use voxlink_domain::{Db, Platform, Settings, db::PoolSizes, platform::Parts};
use voxlink_gateways::{PaymentProcessor, Switchboard, SystemClock};
use voxlink_server::{Assembly, config::Config, serve};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let db = Db::connect(&config.database_url.parse()?, PoolSizes::default());
    let card = test_card(&config)?;
    let platform = Platform::new(Parts {
        db,
        clock: Arc::new(SystemClock),
        carriers: BTreeMap::default(),
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
