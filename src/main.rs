//! VoxLink: parses the command line and joins server, app and adapters.

use leptos::config::get_configuration;
use std::{collections::BTreeMap, sync::Arc};
use voxlink_adapters::switchboards::FormSwitchboard;
use voxlink_app::{App, mounted_pages, nothing_here};
use voxlink_domain::{Db, Platform, Settings, db::PoolSizes, platform::Parts};
use voxlink_gateways::{Switchboard, SystemClock};
use voxlink_server::{Assembly, config::Config, serve};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let db = Db::connect(&config.database_url.parse()?, PoolSizes::default());
    let platform = Platform::new(Parts {
        db,
        clock: Arc::new(SystemClock),
        carriers: BTreeMap::default(),
        switchboards: switchboards(&config),
        processors: BTreeMap::default(),
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
    let (pages, nothing_here) = (mounted_pages(app.clone()), nothing_here(app));
    serve(Assembly { config, platform, pages, nothing_here }).await
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
