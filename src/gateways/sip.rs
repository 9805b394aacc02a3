//! The operator's own telephony, as far as it is outside of us: the SIP servers at its edge, which
//! ask us what a call shall do, and the trunks that lead to other carriers.

use crate::carrier::{CarrierError, PriceRow};
use async_trait::async_trait;
use secrecy::SecretString;
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use voxlink_types::{
    E164,
    number::{Capability, NumberType},
    sip::{Carries, EdgeKind, Transport, TrunkAuth},
};

/// Where SIP is spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// A host's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it is reached.
    pub transport: Transport,
}

/// For people: `[2001:db8::1]:5060 udp`; an address of IPv6 stands in brackets.
impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port, transport } = self;
        if host.contains(':') {
            write!(f, "[{host}]:{port} {transport}")
        } else {
            write!(f, "{host}:{port} {transport}")
        }
    }
}

/// A server of the operator's that calls come in at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Its name: `a-z 0-9 -`, unique.
    pub name: String,
    /// What it runs.
    pub kind: EdgeKind,
    /// Where it listens.
    pub at: Endpoint,
    /// Which of its passwords is in force: each new one is one more.
    pub generation: i32,
}

impl Edge {
    /// The name it shows itself by.
    pub fn user(&self) -> String {
        format!("{}.{}", self.name, self.generation)
    }
}

/// A way to and from another carrier.
#[derive(Debug, Clone)]
pub struct Trunk {
    /// Its name: `a-z 0-9 -`, unique.
    pub name: String,
    /// The other side.
    pub at: Endpoint,
    /// Which way calls go.
    pub carries: Carries,
    /// How it knows us.
    pub auth: TrunkAuth,
    /// The name that we show, where it wants one.
    pub username: Option<String>,
    /// The password to it; only where a configuration is written for an edge itself.
    pub password: Option<SecretString>,
    /// The lowest is tried first.
    pub priority: i16,
}

/// The edges and trunks in use.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// By their names.
    pub edges: BTreeMap<String, Edge>,
    /// In the order in which they are tried.
    pub trunks: Vec<Trunk>,
}

/// What is known of edges and trunks, in memory: whoever answers a ringing phone does not ask the
/// database. Cheap to clone; clones are one directory.
#[derive(Debug, Clone, Default)]
pub struct Directory(Arc<RwLock<Option<Arc<Known>>>>);

impl Directory {
    /// What is known; none before the database was read once.
    pub fn known(&self) -> Option<Arc<Known>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes over what was read.
    pub fn learn(&self, known: Known) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(known));
    }
}

/// A file of an edge's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile {
    /// Where it belongs on a Debian system.
    pub path: &'static str,
    /// What stands in it.
    pub text: String,
}

/// What a host said to OPTIONS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The code of its answer. Whatever it is, somebody there speaks SIP.
    pub code: u16,
    /// The words beside the code.
    pub reason: String,
    /// What it runs, where it says so.
    pub server: Option<String>,
    /// How long it took.
    pub took: Duration,
}

/// Why a host's answer to OPTIONS is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// No address for its name.
    #[error("{0} has no address: check the host's name")]
    NoSuchHost(String),
    /// Nothing came back.
    #[error("nothing answered within {0} seconds: check host, port and firewall")]
    Silent(u64),
    /// Something came back that is no SIP.
    #[error("something answered, but not in SIP: {0}")]
    NotSip(String),
    /// The network refused.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// Not over this transport.
    #[error("OPTIONS is sent by UDP and TCP only: try a trunk by {0} with its own tools")]
    NotTried(Transport),
}

/// The vendors' side of own telephony.
#[async_trait]
pub trait SipSide: Send + Sync + std::fmt::Debug {
    /// What is known of edges and trunks.
    fn directory(&self) -> &Directory;

    /// The password of an edge in one of its generations. It follows from the installation's key,
    /// so it is stored nowhere and works while the database is away.
    fn password(&self, edge: &str, generation: i32) -> SecretString;

    /// The configuration that makes `edge` ask us at `base` (`https://…/callbacks`).
    fn configuration(&self, edge: &Edge, known: &Known, base: &str) -> Vec<ConfigFile>;

    /// Asks a host whether it is there.
    async fn options(&self, at: &Endpoint) -> Result<Answered, Unanswered>;
}

/// A number that comes to the operator's own trunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The number.
    pub number: E164,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Its kind.
    pub number_type: NumberType,
    /// What the trunks carry for it.
    pub capabilities: Vec<Capability>,
    /// Rate centre.
    pub rate_centre: Option<String>,
    /// LATA.
    pub lata: Option<String>,
}

/// What became of numbers that came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TakenIn {
    /// They are for sale now.
    pub new: u64,
    /// They were there before, and nothing of them was changed.
    pub there: u64,
}

/// The stock of a carrier whose numbers the operator brings in.
#[async_trait]
pub trait OwnNumbers: Send + Sync + std::fmt::Debug {
    /// Sets what a kind of number costs the operator. Kinds without a rate are not taken in.
    async fn set_rate(&self, rate: &PriceRow) -> Result<(), CarrierError>;

    /// Takes numbers in, all or none; `batch` names where they came from. Repeating it changes
    /// nothing.
    async fn take_in(&self, batch: &str, all: &[Arrival]) -> Result<TakenIn, CarrierError>;

    /// Takes a number out of the sale for good; false when it is sold, or was never there.
    async fn withdraw(&self, number: &E164) -> Result<bool, CarrierError>;
}
