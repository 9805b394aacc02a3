//! The settings: one typed struct from environment variables and `.env`, checked as a whole before
//! anything starts. [`VARIABLES`] is the one list of them; the README's table is checked against it.

mod carriers;
mod data_dir;
mod faults;
mod read;
mod secret_key;
mod variables;

pub use carriers::{
    BandwidthAccount, BandwidthLogin, CarrierAccounts, CarrierSettings, RateLimit,
    SignalWireProject, TelnyxAccount, TwilioAccount,
};
pub use data_dir::default_data_dir;
pub use faults::CarrierFaults;
pub use read::ConfigError;
pub use variables::{VARIABLES, Variable, table};

use crate::logging::LogFormat;
use read::Reader;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sqlx::postgres::PgConnectOptions;
use std::{net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};
use url::Url;
use voxlink_domain::db::PoolSizes;

/// Everything the operator can set.
#[derive(Debug)]
pub struct Config {
    /// `LISTEN`: where we listen.
    pub listen: SocketAddr,
    /// `PUBLIC_URL`: the address people and carriers reach us at.
    pub public_url: Url,
    /// `DATABASE_URL`: the database, or none for a private cluster.
    pub database_url: Option<SecretString>,
    /// `REDIS_URL`: shared by several servers, or none.
    pub redis_url: Option<SecretString>,
    /// `DATA_DIR`: what must survive a restart and is not in the database.
    pub data_dir: PathBuf,
    /// `SITE_DIR`: style sheet, islands and files of `public/`, as built.
    pub site_dir: PathBuf,
    /// `LOG`: what is logged.
    pub log: String,
    /// `LOG_FORMAT`.
    pub log_format: LogFormat,
    /// `POOL_APP`, `POOL_PLATFORM`, `POOL_VOICE`, `POOL_WAIT_SECONDS`.
    pub pools: PoolSizes,
    /// `REQUESTS_AT_ONCE`: pages and forms worked on at a time, of people with a session and of
    /// others each.
    pub requests_at_once: usize,
    /// `QUEUE_SECONDS`: how long one waits for its turn.
    pub queue_wait: Duration,
    /// `WORKER_CONCURRENCY`: jobs at a time; 0 leaves them to other servers.
    pub worker_concurrency: usize,
    /// `HOLD_MINUTES`: how long a cart holds a number.
    pub hold_minutes: i64,
    /// `RELEASE_GRACE_DAYS`: how long a release can be undone.
    pub release_grace_days: i64,
    /// `SEARCH_DEADLINE_MS`: how long a search waits for a carrier.
    pub search_deadline: Duration,
    /// `SUSPENSION_MESSAGE`: what callers of a suspended account hear.
    pub suspension_message: String,
    /// `MAIL_URL`: the mail server, or none.
    pub mail_url: Option<SecretString>,
    /// `MAIL_FROM`: who letters are from.
    pub mail_from: String,
    /// `TWILIO_…`, `SIGNALWIRE_…`, `TELNYX_…`, `BANDWIDTH_…`: the accounts at carriers.
    pub carriers: CarrierAccounts,
    /// The same as texts, which stored ones are put beside.
    pub carrier_settings: CarrierSettings,
    /// `LOCAL_CARRIER_SECRET`: what the local carrier signs its callbacks with.
    pub local_carrier_secret: Option<SecretString>,
    /// `LOCAL_CARRIER_FAULTS`: how often the local carrier misbehaves; never by default.
    pub local_carrier_faults: CarrierFaults,
    /// `TEST_CARD`: whether the test card, which takes no money, can be paid with.
    pub test_card: bool,
    /// `TEST_CARD_URL`: where the test card's pages are reached, or none for `PUBLIC_URL`.
    pub test_card_url: Option<Url>,
    /// `SECRET_KEY`: 32 bytes that seal secrets in the database.
    pub secret_key: SecretBox<[u8; 32]>,
    /// `METRICS_TOKEN`: what `/metrics` asks for, or none.
    pub metrics_token: Option<SecretString>,
}

impl Config {
    /// Reads `.env` and the environment, which wins.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn from_env() -> Result<Self, ConfigError> {
        match dotenvy::dotenv() {
            Ok(_) | Err(dotenvy::Error::Io(_)) => {}
            Err(error) => {
                return Err(ConfigError::File(error.to_string()));
            }
        }
        Self::read(&|name| std::env::var(name).ok())
    }

    /// Reads settings from anywhere; `look_up` gives the value of a variable's name.
    pub fn read(look_up: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let r = Reader::new(look_up);
        let public_url = r.checked("PUBLIC_URL", site)?;
        let data_dir = r.text("DATA_DIR").map_or_else(|| default_data_dir(look_up), PathBuf::from);
        let local = r.text("LOCAL_CARRIER_SECRET");
        let pools = PoolSizes {
            app: r.whole("POOL_APP", 1, 500)?,
            platform: r.whole("POOL_PLATFORM", 1, 500)?,
            voice: r.whole("POOL_VOICE", 1, 500)?,
            acquire: Duration::from_secs(r.whole("POOL_WAIT_SECONDS", 1, 60)?),
            ready: true,
        };
        let config = Self {
            listen: r.checked("LISTEN", |text: &str| {
                text.parse().map_err(|_| "it is not an address and a port".to_owned())
            })?,
            database_url: r.checked_opt("DATABASE_URL", |text: &str| {
                if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
                    return Err("it does not begin with postgres://".to_owned());
                }
                PgConnectOptions::from_str(text)
                    .map(|_| text.to_owned().into())
                    .map_err(|e| format!("it is not a PostgreSQL address ({e})"))
            })?,
            redis_url: r.checked_opt("REDIS_URL", |text: &str| {
                let url = Url::parse(text).map_err(|e| format!("it is not an address ({e})"))?;
                match url.scheme() {
                    "redis" | "rediss" => Ok(text.to_owned().into()),
                    other => Err(format!("it begins with {other}, not with redis or rediss")),
                }
            })?,
            site_dir: r.required("SITE_DIR").into(),
            log: r.checked("LOG", |text: &str| {
                tracing_subscriber::EnvFilter::try_new(text)
                    .map(|_| text.to_owned())
                    .map_err(|e| format!("it is not a filter of log lines ({e})"))
            })?,
            log_format: r.checked("LOG_FORMAT", |text: &str| match text {
                "text" => Ok(LogFormat::Text),
                "json" => Ok(LogFormat::Json),
                _ => Err("it is neither text nor json".to_owned()),
            })?,
            pools,
            requests_at_once: match r.text("REQUESTS_AT_ONCE") {
                Some(_) => r.whole("REQUESTS_AT_ONCE", 1, 5_000)?,
                // More than there are connections, because a request also waits for carriers and
                // hashes; few enough that each gets a connection soon.
                None => pools.app as usize * 2,
            },
            queue_wait: Duration::from_secs(r.whole("QUEUE_SECONDS", 1, 600)?),
            worker_concurrency: r.whole("WORKER_CONCURRENCY", 0, 200)?,
            hold_minutes: r.whole("HOLD_MINUTES", 1, 60)?,
            release_grace_days: r.whole("RELEASE_GRACE_DAYS", 0, 90)?,
            search_deadline: Duration::from_millis(r.whole("SEARCH_DEADLINE_MS", 100, 60_000)?),
            suspension_message: r.required("SUSPENSION_MESSAGE"),
            mail_url: r.checked_opt("MAIL_URL", |text: &str| {
                let url = Url::parse(text).map_err(|e| format!("it is not an address ({e})"))?;
                match url.scheme() {
                    "smtp" | "smtps" => Ok(text.to_owned().into()),
                    other => Err(format!("it begins with {other}, not with smtp or smtps")),
                }
            })?,
            mail_from: r.checked("MAIL_FROM", |text: &str| {
                if text.contains('@') { Ok(text.to_owned()) } else { Err("it has no @".to_owned()) }
            })?,
            carriers: CarrierAccounts::read(&r)?,
            carrier_settings: CarrierSettings::given(&r),
            local_carrier_faults: r.checked("LOCAL_CARRIER_FAULTS", str::parse)?,
            test_card: r.switch("TEST_CARD", is_loopback(&public_url))?,
            test_card_url: r.checked_opt("TEST_CARD_URL", site)?,
            secret_key: secret_key::read(&r, &data_dir)?,
            metrics_token: r.checked_opt("METRICS_TOKEN", |text: &str| {
                if text.len() >= 16 {
                    Ok(text.to_owned().into())
                } else {
                    Err("it is shorter than 16 characters".to_owned())
                }
            })?,
            local_carrier_secret: None,
            public_url,
            data_dir,
        };
        let local = local.map_or_else(|| config.derived("local carrier"), SecretString::from);
        Ok(Self { local_carrier_secret: Some(local), ..config })
    }

    /// A secret of this installation for one purpose, from `SECRET_KEY`: the same on every server
    /// that has the key.
    pub fn derived(&self, purpose: &str) -> SecretString {
        use sha2::{Digest, Sha256};
        let digest = Sha256::new()
            .chain_update(b"voxlink:")
            .chain_update(purpose)
            .chain_update(self.secret_key.expose_secret())
            .finalize();
        hex::encode(digest).into()
    }

    /// What an operator should know before strangers use it: one sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let mut all = Vec::new();
        let local = is_loopback(&self.public_url);
        if !local && self.public_url.scheme() == "http" {
            all.push(
                "PUBLIC_URL is http: passwords and cookies travel unencrypted; serve it by https"
                    .to_owned(),
            );
        }
        if !local && self.test_card {
            all.push("TEST_CARD is on: anybody can pay without money".to_owned());
        }
        let carriers = self.carriers.names();
        if local && !carriers.is_empty() {
            all.push(format!(
                "PUBLIC_URL is this machine: {} cannot reach it, and calls to numbers bought there \
                 are not answered",
                carriers.join(" and ")
            ));
        }
        all.extend(self.carriers.unproved().into_iter().map(|(variable, carrier)| {
            format!(
                "{variable} is unset: calls to numbers bought at {carrier} are not answered, unless \
                 it is stored on the carrier's page"
            )
        }));
        all.extend(self.carriers.passing().map(str::to_owned));
        if self.local_carrier_faults != CarrierFaults::default() {
            all.push("LOCAL_CARRIER_FAULTS is set: the local carrier fails on purpose".to_owned());
        }
        if self.mail_url.is_none() {
            all.push(
                "MAIL_URL is unset: no letter is sent, nobody can reset a password".to_owned(),
            );
        }
        // Behind a proxy it listens to this machine only, and is reached from everywhere.
        if self.metrics_token.is_none() && !(local && self.listen.ip().is_loopback()) {
            all.push(
                "METRICS_TOKEN is unset: everybody who reaches the server can read /metrics"
                    .to_owned(),
            );
        }
        if self.database_url.is_none() && !local {
            all.push("DATABASE_URL is unset: the data is in a private PostgreSQL cluster on this machine, back it up".to_owned());
        }
        all
    }
}

/// The address of a site: scheme, host and port.
fn site(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|e| format!("it is not an address ({e})"))?;
    match url.scheme() {
        "http" | "https" if url.path() == "/" && url.query().is_none() => Ok(url),
        "http" | "https" => Err("it has a path; give only scheme, host and port".to_owned()),
        other => Err(format!("it begins with {other}, not with http or https")),
    }
}

/// True for an address of this very machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests;
