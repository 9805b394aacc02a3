//! Whom this server is connected with: the carriers whose accounts its environment names, filled up
//! by what administrators stored, sealed, for all servers. Where both set the same variable the
//! environment holds: an operator's file is the truth of that server.
//!
//! What is stored is read every few seconds by whoever answers calls, at once by the server where it
//! was entered, and once by a command ([`follow`]). A carrier of which something else is stored than
//! before is made anew; who works with the old one ends with it. The others go on. While the database
//! is away, what was read last stands.

use super::CarriersError;
use crate::{Fault, Platform, sealing::Seal};
use secrecy::SecretString;
use sqlx::PgConnection;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    sync::{Arc, PoisonError, RwLock},
};
use tokio::sync::Mutex;
use voxlink_gateways::{Carrier, Switchboard};

/// Values by variable, open.
pub type Values = BTreeMap<&'static str, SecretString>;

/// What is said of values that another key sealed.
const SHUT: &str = "its stored credentials cannot be opened with this SECRET_KEY";

/// A variable of a carrier's account that may be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountSetting {
    /// Its name, as in the environment.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// A value that is right, or words for it.
    pub example: &'static str,
    /// It opens or proves something, so it is not shown while it is typed.
    pub secret: bool,
    /// It says where the account's secrets are sent.
    pub address: bool,
    /// The environment of this server sets it.
    pub given: bool,
}

/// The accounts at carriers, as they are read from settings and joined with adapters, which the
/// domain knows neither of. In `stored` stands what this server's environment does not set.
pub trait Accounts: Debug + Send + Sync {
    /// What may be stored for a carrier; nothing where it needs no account.
    fn settings(&self, carrier: &str) -> Vec<AccountSetting>;

    /// Checks an account as it would be with these values, by the rules of the environment's: the
    /// carrier, to be asked once, or none where there would be no account.
    fn check(
        &self,
        carrier: &str,
        stored: &Values,
    ) -> Result<Option<Arc<dyn Carrier>>, CarriersError>;

    /// Connects with all carriers; those whose account is as it was go on instead of being made anew.
    /// Stored values that are not right are left out and told.
    fn connect(
        &self,
        stored: &Values,
        going_on: BTreeMap<&'static str, Arc<dyn Carrier>>,
    ) -> Result<Connected, Fault>;
}

/// The carriers by their accounts, each by its key.
#[derive(Debug, Default)]
pub struct Connected {
    /// Those that can be bought from.
    pub carriers: BTreeMap<&'static str, Arc<dyn Carrier>>,
    /// Those that are believed when they call.
    pub switchboards: BTreeMap<&'static str, Arc<dyn Switchboard>>,
    /// The variables that are set nowhere and without which one of the two is missing.
    pub lacks: BTreeMap<&'static str, Vec<&'static str>>,
    /// Why what is stored is not used.
    pub troubles: BTreeMap<String, String>,
}

/// Where a carrier's credentials come from, on this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It needs none.
    NotNeeded,
    /// There are none.
    Nowhere,
    /// The environment.
    Environment,
    /// What administrators stored.
    Stored,
    /// Some are the environment's, others stored.
    Both,
}

impl Origin {
    /// The words for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NotNeeded => "None needed",
            Self::Nowhere => "None",
            Self::Environment => "Environment",
            Self::Stored => "Stored here",
            Self::Both => "Environment and stored here",
        }
    }
}

/// What holds now.
#[derive(Debug, Default)]
pub(crate) struct Now {
    pub(crate) connected: Connected,
    /// The carriers of which stored values are in use.
    stored: BTreeSet<String>,
    /// What is stored was read at least once.
    pub(crate) read: bool,
}

/// A stored value as it lies in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) carrier: String,
    pub(super) name: String,
    pub(super) value: Vec<u8>,
}

/// The accounts, the key to what is stored of them, and what they came to.
#[derive(Debug)]
pub(crate) struct Connections {
    pub(super) accounts: Arc<dyn Accounts>,
    pub(super) seal: Seal,
    now: RwLock<Arc<Now>>,
    /// What was read last; none before the first reading.
    read: Mutex<Option<Vec<Sealed>>>,
}

impl Connections {
    /// By the environment alone, until what is stored is read.
    pub(crate) fn new(accounts: Arc<dyn Accounts>, seal: Seal) -> Result<Self, Fault> {
        let now =
            Now { connected: accounts.connect(&Values::new(), BTreeMap::new())?, ..Now::default() };
        Ok(Self { accounts, seal, now: RwLock::new(Arc::new(now)), read: Mutex::default() })
    }

    pub(crate) fn now(&self) -> Arc<Now> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn origin(&self, carrier: &str) -> Origin {
        let settings = self.accounts.settings(carrier);
        let given = settings.iter().any(|setting| setting.given);
        match (given, self.now().stored.contains(carrier)) {
            _ if settings.is_empty() => Origin::NotNeeded,
            (true, true) => Origin::Both,
            (true, false) => Origin::Environment,
            (false, true) => Origin::Stored,
            (false, false) => Origin::Nowhere,
        }
    }

    /// What is stored and not set by the environment, open, with the carriers that it is of; and
    /// why nothing is taken of others. Half of an account opens nothing, so of a carrier all is
    /// taken or nothing.
    fn opened(&self, rows: &[Sealed]) -> (Values, BTreeSet<String>, BTreeMap<String, String>) {
        let (mut all, mut shut) = (Vec::new(), BTreeMap::new());
        for row in rows {
            let settings = self.accounts.settings(&row.carrier);
            let Some(setting) = settings.iter().find(|s| s.name == row.name && !s.given) else {
                continue;
            };
            match self.seal.open(&row.value, &place(&row.carrier, &row.name)) {
                Ok(value) => all.push((row.carrier.as_str(), setting.name, value)),
                Err(error) => {
                    tracing::error!(carrier = row.carrier.as_str(), %error, "{SHUT}");
                    shut.insert(row.carrier.clone(), SHUT.to_owned());
                }
            }
        }
        all.retain(|(carrier, ..)| !shut.contains_key(*carrier));
        let carriers = all.iter().map(|(carrier, ..)| (*carrier).to_owned()).collect();
        (all.into_iter().map(|(_, name, value)| (name, value)).collect(), carriers, shut)
    }
}

/// For which place a value is sealed.
pub(super) fn place(carrier: &str, name: &str) -> String {
    format!("carrier_credentials.value_sealed {carrier} {name}")
}

async fn sealed(connection: &mut PgConnection) -> Result<Vec<Sealed>, Fault> {
    Ok(sqlx::query_as!(
        Sealed,
        "select carrier, name, value_sealed as value from carrier_credentials
         order by carrier, name"
    )
    .fetch_all(connection)
    .await?)
}

/// A carrier's part of what is stored.
fn of<'a>(rows: &'a [Sealed], carrier: &'a str) -> impl Iterator<Item = &'a Sealed> {
    rows.iter().filter(move |row| row.carrier == carrier)
}

/// Brings the connections up to date with what is stored. Whoever answers calls does so every few
/// seconds; who has changed something does so at once.
pub async fn follow(platform: &Platform) -> Result<(), Fault> {
    let Some(connections) = platform.connections() else { return Ok(()) };
    // Kept while it is read, so that an older reading never comes after a newer one.
    let mut read = connections.read.lock().await;
    let mut connection = platform.db().voice.acquire().await?;
    let rows = sealed(&mut connection).await?;
    drop(connection);
    if read.as_ref() == Some(&rows) {
        return Ok(());
    }
    let (values, mut stored, shut) = connections.opened(&rows);
    // Who is as before remembers when its carrier may be asked again, and whether it answers at all.
    let old = read.as_deref().unwrap_or_default();
    let mut going_on = connections.now().connected.carriers.clone();
    going_on.retain(|&carrier, _| of(old, carrier).eq(of(&rows, carrier)));
    let mut connected = connections.accounts.connect(&values, going_on)?;
    connected.troubles.extend(shut);
    stored.retain(|carrier| !connected.troubles.contains_key(carrier));
    let now = Arc::new(Now { connected, stored, read: true });
    *connections.now.write().unwrap_or_else(PoisonError::into_inner) = now;
    *read = Some(rows);
    Ok(())
}
