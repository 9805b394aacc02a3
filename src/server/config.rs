//! The settings: one typed struct from environment variables and `.env`.

use std::net::SocketAddr;

/// Everything the operator can set.
#[derive(Debug, Clone)]
pub struct Config {
    /// `LISTEN`: where we listen.
    pub listen: SocketAddr,
    /// `PUBLIC_URL`: the address people and carriers reach us at.
    pub public_url: url::Url,
    /// `DATABASE_URL`.
    pub database_url: String,
    /// `TEST_CARD`: `on` offers the test card, which takes no money; by default only on loopback.
    pub test_card: bool,
    /// `DATA_DIR`: what must survive a restart and is not in the database.
    pub data_dir: std::path::PathBuf,
    /// `LOCAL_CARRIER_SECRET`: what the local carrier signs its callbacks with; without it none of
    /// them is believed.
    pub local_carrier_secret: Option<secrecy::SecretString>,
    /// `TWILIO_AUTH_TOKEN`: what Twilio signs with.
    pub twilio_auth_token: Option<secrecy::SecretString>,
}

impl Config {
    /// Reads the environment.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn from_env() -> anyhow::Result<Self> {
        let _ = dotenvy::dotenv();
        let read =
            |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
        let secret =
            |name: &str| std::env::var(name).ok().filter(|s| !s.is_empty()).map(Into::into);
        let public_url: url::Url = read("PUBLIC_URL", "http://127.0.0.1:3000").parse()?;
        let loopback = matches!(public_url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        Ok(Self {
            test_card: read("TEST_CARD", if loopback { "on" } else { "off" }) == "on",
            listen: read("LISTEN", "127.0.0.1:3000").parse()?,
            public_url,
            database_url: read("DATABASE_URL", ""),
            data_dir: read("DATA_DIR", "data").into(),
            local_carrier_secret: secret("LOCAL_CARRIER_SECRET"),
            twilio_auth_token: secret("TWILIO_AUTH_TOKEN"),
        })
    }
}
