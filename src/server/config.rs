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
    /// `LOCAL_CARRIER_FAULTS`: how often the local carrier misbehaves, such as
    /// `fail=0.1,refuse=0.05,lose_answer=0.2`; never by default.
    pub local_carrier_faults: CarrierFaults,
    /// `DATA_DIR`: what must survive a restart and is not in the database.
    pub data_dir: std::path::PathBuf,
    /// `LOCAL_CARRIER_SECRET`: what the local carrier signs its callbacks with; without it none of
    /// them is believed.
    pub local_carrier_secret: Option<secrecy::SecretString>,
    /// `TWILIO_AUTH_TOKEN`: what Twilio signs with.
    pub twilio_auth_token: Option<secrecy::SecretString>,
}

/// How often, from 0 to 1, the local carrier misbehaves.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CarrierFaults {
    /// It fails and does nothing.
    pub fail: f64,
    /// It refuses a number that is there.
    pub refuse: f64,
    /// It does it and the answer is lost.
    pub lose_answer: f64,
}

impl std::str::FromStr for CarrierFaults {
    type Err = anyhow::Error;
    fn from_str(text: &str) -> anyhow::Result<Self> {
        let mut faults = Self::default();
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let (name, rate) = part
                .split_once('=')
                .ok_or_else(|| anyhow::anyhow!("LOCAL_CARRIER_FAULTS: {part} has no rate"))?;
            let rate: f64 = rate.parse()?;
            anyhow::ensure!(
                (0.0..=1.0).contains(&rate),
                "LOCAL_CARRIER_FAULTS: {part} is not from 0 to 1"
            );
            match name {
                "fail" => faults.fail = rate,
                "refuse" => faults.refuse = rate,
                "lose_answer" => faults.lose_answer = rate,
                other => anyhow::bail!("LOCAL_CARRIER_FAULTS knows no {other}"),
            }
        }
        Ok(faults)
    }
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
            local_carrier_faults: read("LOCAL_CARRIER_FAULTS", "").parse()?,
            data_dir: read("DATA_DIR", "data").into(),
            local_carrier_secret: secret("LOCAL_CARRIER_SECRET"),
            twilio_auth_token: secret("TWILIO_AUTH_TOKEN"),
        })
    }
}
