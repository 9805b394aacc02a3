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
    switchboards::{BandwidthSwitchboard, EdgeSwitchboard, FormSwitchboard, sign_form},
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
    let mut carriers: Vec<Arc<dyn Carrier>> = vec![Arc::new(local.clone()), Arc::new(clec.clone())];
    let shares = Shares::default();
    carriers.extend(carriers::configured(&config.carriers, &clock, &shares)?);
    // The test card, where the operator offers it.
    let card = if config.test_card {
        let pages = config.test_card_url.as_ref().unwrap_or(&config.public_url);
        Some(TestCard::connect(database, clock.clone(), &config.public_url, pages)?)
    } else {
        None
    };
    let installation = config.secret_key.expose_secret();
    let (passes, directory) = (EdgePasses::new(installation), Directory::default());
    let mut switchboards = switchboards(config);
    let edges = EdgeSwitchboard::of_each_kind(&passes, &directory);
    switchboards.extend(edges.map(|(path, board)| (path, Arc::new(board) as Arc<dyn Switchboard>)));
    let own = Own {
        sip: Arc::new(OwnTelephony::new(passes, directory)),
        numbers: Arc::new(clec),
        seal: Seal::new(installation),
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
    .lacking(config.carriers.lacks())
    .working(config.worker_concurrency);
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

/// Who may call us back: the carriers whose secrets are set.
fn switchboards(config: &Config) -> BTreeMap<&'static str, Arc<dyn Switchboard>> {
    let local = config.local_carrier_secret.clone().map(FormSwitchboard::local);
    let twilio = config.carriers.twilio.as_ref();
    let twilio = twilio.map(|account| FormSwitchboard::twilio(account.auth_token.clone()));
    let signalwire = config.carriers.signalwire_signing_key.clone();
    let signalwire = signalwire.map(FormSwitchboard::signalwire);
    let telnyx = config.carriers.telnyx_public_key.map(FormSwitchboard::telnyx);
    let forms = [local, twilio, signalwire, telnyx].into_iter().flatten();
    let forms = forms.map(|board| Arc::new(board) as Arc<dyn Switchboard>);
    let bandwidth = config.carriers.bandwidth.as_ref().map(|account| {
        let (user, password) = (account.callback_user.clone(), account.callback_password.clone());
        Arc::new(BandwidthSwitchboard::new(user, password)) as Arc<dyn Switchboard>
    });
    forms.chain(bandwidth).map(|board| (board.key(), board)).collect()
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
