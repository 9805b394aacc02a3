//! VoxLink: parses the command line and joins server, app and adapters.

mod carriers;

use async_trait::async_trait;
use futures::future::BoxFuture;
use leptos::config::LeptosOptions;
use secrecy::ExposeSecret;
use sqlx::postgres::PgConnectOptions;
use std::{collections::BTreeMap, process::ExitCode, sync::Arc};
use voxlink_adapters::{
    carriers::{
        clec::Clec,
        local::{Faults, LocalCarrier},
    },
    mail::{NoMail, SmtpMail},
    payments::test_card::TestCard,
    sip::{EdgePasses, OwnTelephony},
    switchboards::{EdgeSwitchboard, FormSwitchboard, sign_form},
};
use voxlink_app::{
    App, assets::Assets, error_words, mounted_pages, nothing_here, refusal_page, routes,
};
use voxlink_domain::{
    Db, Platform, Settings,
    db::PoolSizes,
    platform::{Own, Parts},
    sealing::Seal,
};
use voxlink_gateways::{
    Carrier, CarrierError, Clock, Mailer, PaymentProcessor, Switchboard, SystemClock,
    sip::Directory,
};
use voxlink_server::{Assembly, Dress, Stock, cli, config::Config, shares::Shares};

#[tokio::main]
async fn main() -> ExitCode {
    voxlink_adapters::choose_tls();
    cli::run(assemble, sign_form).await
}

/// Everything that runs, joined.
fn assemble(
    config: &Config,
    database: &PgConnectOptions,
    pools: PoolSizes,
) -> anyhow::Result<Assembly> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let local = LocalCarrier::connect(database, 8, clock.clone(), faults(config));
    let clec = Clec::connect(database, 4, clock.clone());
    let carriers: [Arc<dyn Carrier>; 2] = [Arc::new(local.clone()), Arc::new(clec.clone())];
    let shares = Shares::default();
    let accounts = carriers::Joined {
        settings: config.carrier_settings.clone(),
        clock: clock.clone(),
        shares: shares.clone(),
    };
    // The test card, where the operator offers it.
    let card = if config.test_card {
        let pages = config.test_card_url.as_ref().unwrap_or(&config.public_url);
        Some(TestCard::connect(database, clock.clone(), &config.public_url, pages)?)
    } else {
        None
    };
    let installation = config.secret_key.expose_secret();
    let (passes, directory) = (EdgePasses::new(installation), Directory::default());
    let mut switchboards: BTreeMap<&'static str, Arc<dyn Switchboard>> = BTreeMap::new();
    let edges = EdgeSwitchboard::of_each_kind(&passes, &directory);
    switchboards.extend(edges.map(|(path, board)| (path, Arc::new(board) as Arc<dyn Switchboard>)));
    if let Some(secret) = config.local_carrier_secret.clone() {
        let board = FormSwitchboard::local(secret);
        switchboards.insert(board.key(), Arc::new(board));
    }
    let seal = Seal::new(installation);
    let own = Own {
        sip: Arc::new(OwnTelephony::new(passes, directory)),
        numbers: Arc::new(clec),
        seal: seal.clone(),
    };
    let platform = Platform::new(Parts {
        db: Db::connect(database, pools),
        clock,
        carriers: carriers.into_iter().map(|c| (c.key(), c)).collect(),
        switchboards,
        processors: card.iter().map(|c| (c.key(), Arc::new(c.clone()) as Arc<_>)).collect(),
        mailer: mailer(config)?,
        own: Some(own),
        settings: Settings {
            public_url: config.public_url.clone(),
            hold_minutes: config.hold_minutes,
            release_grace_days: config.release_grace_days,
            search_deadline: config.search_deadline,
            suspension_message: config.suspension_message.clone(),
        },
    })
    .working(config.worker_concurrency)
    .connecting(Arc::new(accounts), seal)?;
    let leptos = LeptosOptions::builder()
        .output_name("voxlink")
        .site_root(config.site_dir.to_string_lossy().into_owned())
        .site_addr(config.listen)
        .hash_files(true)
        .build();
    let app = App { platform: platform.clone(), leptos };
    let mut pages = mounted_pages(app.clone(), routes());
    let mut background: Vec<BoxFuture<'static, ()>> =
        vec![Box::pin(shares.follow(platform.clone()))];
    if let Some(card) = card {
        pages = pages.merge(card.pages());
        background.push(Box::pin(card.deliver()));
    }
    Ok(Assembly {
        platform,
        pages,
        nothing_here: nothing_here(app),
        style: Assets::settle(&config.site_dir).css.clone(),
        dress: Dress {
            page: |r| refusal_page(r.status, r.sentence, r.request_id),
            words: error_words,
        },
        background,
        stock: Arc::new(Catalogue(local)),
    })
}

/// The local carrier's bad days, as the operator wants to see them.
fn faults(config: &Config) -> Faults {
    let asked = config.local_carrier_faults;
    Faults {
        fail: asked.fail,
        refuse: asked.refuse,
        lose_answer: asked.lose_answer,
        lose_request: asked.lose_request,
        duplicate: asked.duplicate,
        pending: asked.pending,
        delay: asked.slow,
        search_down: asked.search_down,
        configure_down: asked.configure_down,
        release_down: asked.release_down,
    }
}

fn mailer(config: &Config) -> anyhow::Result<Arc<dyn Mailer>> {
    Ok(match &config.mail_url {
        Some(url) => {
            let url = url.expose_secret().to_owned().into();
            Arc::new(SmtpMail::new(&url, &config.mail_from).map_err(anyhow::Error::msg)?)
        }
        None => Arc::new(NoMail),
    })
}

/// The local carrier's catalogue, as the command line fills it.
struct Catalogue(LocalCarrier);

#[async_trait]
impl Stock for Catalogue {
    async fn fill(
        &self,
        count: u64,
        seed: u32,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<u64, CarrierError> {
        self.0.generate(count, seed, progress).await
    }
}
