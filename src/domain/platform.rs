//! What verbs may need from outside, gathered once at start and handed to everybody.

use crate::{
    Actor, Ctx, Db, Fault, Installation, RequestInfo, catalog::Answers, orders::Places,
    routing::Table, sealing::Seal,
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
    lacks: Arc<BTreeMap<&'static str, Vec<&'static str>>>,
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
    /// The carriers that are configured, by key.
    pub carriers: BTreeMap<&'static str, Arc<dyn Carrier>>,
    /// The carriers that may call us, by key.
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
            lacks: Arc::default(),
        }
    }

    /// Says which variables carriers lack on this server, by key: for the administrators' page.
    #[must_use]
    pub fn lacking(mut self, lacks: BTreeMap<&'static str, Vec<&'static str>>) -> Self {
        self.lacks = Arc::new(lacks);
        self
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
        self.parts.carriers.get(key).cloned()
    }

    /// Days for which a number of this carrier must be kept before it may be released; 0 where the
    /// carrier does not mind or is not configured.
    pub fn minimum_days(&self, carrier: &str) -> u16 {
        self.carrier(carrier).map_or(0, |carrier| carrier.abilities().minimum_days)
    }

    /// All configured carriers, by key.
    pub fn carriers(&self) -> impl Iterator<Item = &Arc<dyn Carrier>> {
        self.parts.carriers.values()
    }

    /// The variables that a carrier lacks on this server, to buy there or to believe its callbacks.
    pub fn lacks(&self, carrier: &str) -> &[&'static str] {
        self.lacks.get(carrier).map(Vec::as_slice).unwrap_or_default()
    }

    /// The calling side of a carrier.
    pub fn switchboard(&self, key: &str) -> Option<Arc<dyn Switchboard>> {
        self.parts.switchboards.get(key).cloned()
    }

    /// Whether somebody here proves and answers a carrier's callbacks, under whatever path.
    pub fn answers(&self, carrier: &str) -> bool {
        self.parts.switchboards.values().any(|board| board.key() == carrier)
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
