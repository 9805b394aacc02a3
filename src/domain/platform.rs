//! What verbs may need from outside, gathered once at start and handed to everybody.

use crate::{
    Actor, Ctx, Db, Fault, Installation, RequestInfo,
    carriers::{Accounts, Connections, Origin},
    catalog::Answers,
    orders::Places,
    routing::Table,
    sealing::Seal,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use url::Url;
use voxlink_gateways::{
    Carrier, Clock, Mailer, PaymentProcessor, SipSide, Switchboard, sip::OwnNumbers,
};
use voxlink_types::ids::TenantId;

/// What the operator has set, as far as rules depend on it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address people and carriers reach us at; callbacks and links are built from it.
    pub public_url: Url,
    /// How long a cart holds a number, in minutes.
    pub hold_minutes: i64,
    /// Days within which a release can be undone.
    pub release_grace_days: i64,
    /// How long a search waits for a carrier.
    pub search_deadline: Duration,
    /// What callers of a suspended account hear when it has no message of its own.
    pub suspension_message: String,
}

impl Settings {
    /// An absolute URL of ours for a path that begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_str().trim_end_matches('/'))
    }
}

/// The installation: database, clock, carriers, processors, mail, settings. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Platform {
    parts: Arc<Parts>,
    in_service: Table,
    answers: Answers,
    places: Places,
    connections: Option<Arc<Connections>>,
}

/// Jobs that a worker runs at a time where nobody says otherwise.
const WORKER_SLOTS: usize = 8;

/// What a [`Platform`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// The pools.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The carriers that need no account, by key; the others are [`Platform::connecting`]'s.
    pub carriers: BTreeMap<&'static str, Arc<dyn Carrier>>,
    /// What calls us without an account, by key; the others are [`Platform::connecting`]'s.
    pub switchboards: BTreeMap<&'static str, Arc<dyn Switchboard>>,
    /// The payment processors that are configured, by key.
    pub processors: BTreeMap<&'static str, Arc<dyn PaymentProcessor>>,
    /// Letters.
    pub mailer: Arc<dyn Mailer>,
    /// The operator's own numbers and trunks, where this installation may have some.
    pub own: Option<Own>,
    /// The operator's settings.
    pub settings: Settings,
}

/// What the operator's own telephony needs.
#[derive(Debug, Clone)]
pub struct Own {
    /// Edges and trunks, outside.
    pub sip: Arc<dyn SipSide>,
    /// The stock of numbers.
    pub numbers: Arc<dyn OwnNumbers>,
    /// Closes the trunks' passwords.
    pub seal: Seal,
}

impl Platform {
    /// Gathers the parts.
    pub fn new(parts: Parts) -> Self {
        Self {
            parts: Arc::new(parts),
            in_service: Table::default(),
            answers: Answers::default(),
            places: Places::of(WORKER_SLOTS),
            connections: None,
        }
    }

    /// Connects with carriers by their accounts: at once by those of the environment, and by stored
    /// ones, which the seal opens, when they are read ([`crate::carriers::follow`]).
    pub fn connecting(self, accounts: Arc<dyn Accounts>, seal: Seal) -> Result<Self, Fault> {
        let connections = Some(Arc::new(Connections::new(accounts, seal)?));
        Ok(Self { connections, ..self })
    }

    /// The carriers' accounts, where there may be some.
    pub(crate) fn connections(&self) -> Option<&Connections> {
        self.connections.as_deref()
    }

    /// Says how many jobs this server's worker runs at a time: half of them may buy at one carrier.
    #[must_use]
    pub fn working(mut self, slots: usize) -> Self {
        self.places = Places::of(slots);
        self
    }

    /// The pools.
    pub fn db(&self) -> &Db {
        &self.parts.db
    }

    /// The clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.parts.clock)
    }

    /// A configured carrier.
    pub fn carrier(&self, key: &str) -> Option<Arc<dyn Carrier>> {
        let own = self.parts.carriers.get(key).cloned();
        own.or_else(|| self.connections()?.now().connected.carriers.get(key).cloned())
    }

    /// Days for which a number of this carrier must be kept before it may be released; 0 where the
    /// carrier does not mind or is not configured.
    pub fn minimum_days(&self, carrier: &str) -> u16 {
        self.carrier(carrier).map_or(0, |carrier| carrier.abilities().minimum_days)
    }

    /// All configured carriers, by key, as they are at this moment.
    pub fn carriers(&self) -> impl Iterator<Item = Arc<dyn Carrier>> + use<> {
        let now = self.connections().map(Connections::now).unwrap_or_default();
        let mut all = now.connected.carriers.clone();
        all.extend(self.parts.carriers.iter().map(|(&key, carrier)| (key, Arc::clone(carrier))));
        all.into_values()
    }

    /// The variables that a carrier lacks on this server, to buy there or to believe its callbacks.
    pub fn lacks(&self, carrier: &str) -> Vec<&'static str> {
        let now = self.connections().map(Connections::now).unwrap_or_default();
        now.connected.lacks.get(carrier).cloned().unwrap_or_default()
    }

    /// Where a carrier's credentials come from on this server.
    pub fn origin(&self, carrier: &str) -> Origin {
        self.connections().map_or(Origin::NotNeeded, |all| all.origin(carrier))
    }

    /// Why what is stored of a carrier's credentials is not used on this server: the end of a
    /// sentence.
    pub fn trouble(&self, carrier: &str) -> Option<String> {
        self.connections()?.now().connected.troubles.get(carrier).cloned()
    }

    /// Every such trouble, by the carrier's key.
    pub fn troubles(&self) -> BTreeMap<String, String> {
        let now = self.connections().map(Connections::now).unwrap_or_default();
        now.connected.troubles.clone()
    }

    /// Whether all carriers' accounts are known: not before the stored ones were read once.
    pub fn knows_accounts(&self) -> bool {
        self.connections().is_none_or(|all| all.now().read)
    }

    /// Whether it is certain that a carrier has no account: not before the stored ones were read, nor
    /// where they are of no use on this server alone, because another one may open them.
    pub(crate) fn without_account(&self, carrier: &str) -> bool {
        self.carrier(carrier).is_none() && self.knows_accounts() && self.trouble(carrier).is_none()
    }

    /// The calling side of a carrier.
    pub fn switchboard(&self, key: &str) -> Option<Arc<dyn Switchboard>> {
        let own = self.parts.switchboards.get(key).cloned();
        own.or_else(|| self.connections()?.now().connected.switchboards.get(key).cloned())
    }

    /// Whether somebody here proves and answers a carrier's callbacks, under whatever path.
    pub fn answers(&self, carrier: &str) -> bool {
        let now = self.connections().map(Connections::now).unwrap_or_default();
        let mut boards =
            self.parts.switchboards.values().chain(now.connected.switchboards.values());
        boards.any(|board| board.key() == carrier)
    }

    /// A configured payment processor.
    pub fn processor(&self, key: &str) -> Option<Arc<dyn PaymentProcessor>> {
        self.parts.processors.get(key).cloned()
    }

    /// All configured processors, by key.
    pub fn processors(&self) -> impl Iterator<Item = &Arc<dyn PaymentProcessor>> {
        self.parts.processors.values()
    }

    /// Who takes letters.
    pub fn mailer(&self) -> &Arc<dyn Mailer> {
        &self.parts.mailer
    }

    /// The operator's own telephony.
    pub fn own(&self) -> Option<&Own> {
        self.parts.own.as_ref()
    }

    /// The numbers in service, where this process answers calls.
    pub fn in_service(&self) -> &Table {
        &self.in_service
    }

    /// What carriers answered to searches lately.
    pub(crate) fn kept_answers(&self) -> &Answers {
        &self.answers
    }

    /// Where purchases of this server's worker find their turn.
    pub(crate) const fn places(&self) -> &Places {
        &self.places
    }

    /// Takes over what was just committed into the numbers in service, so that who has published or
    /// suspended may try it by a call. Where nobody answers calls from this process, or the reading
    /// fails, nothing happens: whoever follows the numbers reads it within a second.
    pub async fn follow_now(&self) {
        self.in_service.follow_now(self).await;
    }

    /// The operator's settings.
    pub fn settings(&self) -> &Settings {
        &self.parts.settings
    }

    /// Begins the installation's own work on one tenant: the worker's, under that tenant's wall.
    pub async fn work_for(&self, tenant: TenantId, name: &'static str) -> Result<Ctx, Fault> {
        Ctx::begin(self, tenant, Actor::System(name), RequestInfo::default()).await
    }

    /// Begins the installation's own work over all tenants.
    pub async fn work(&self, name: &'static str) -> Result<Ctx<Installation>, Fault> {
        Ctx::begin_installation(self, Actor::System(name), RequestInfo::default()).await
    }
}
