//! The context of a verb: who asks, for which tenant, in which transaction, at what time.

use crate::{Fault, Platform};
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Postgres, Transaction};
use std::{fmt, net::IpAddr, sync::Arc};
use voxlink_gateways::Clock;
use voxlink_types::ids::{TenantId, UserId};

/// Who does it, as the audit log and timelines name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person, signed in.
    User {
        /// Who.
        id: UserId,
        /// As shown: the person's name.
        name: String,
        /// True when they act as staff of the installation on somebody's account.
        staff: bool,
    },
    /// A carrier's or processor's callback.
    Outside(String),
    /// The installation itself: `worker`, `cli`.
    System(&'static str),
}

impl Actor {
    /// The person's id, when it is one.
    pub const fn user_id(&self) -> Option<UserId> {
        match self {
            Self::User { id, .. } => Some(*id),
            _ => None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User { id, staff: false, .. } => write!(f, "user:{id}"),
            Self::User { id, staff: true, .. } => write!(f, "staff:{id}"),
            Self::Outside(name) => write!(f, "outside:{name}"),
            Self::System(name) => write!(f, "system:{name}"),
        }
    }
}

/// Where a request came from, for the audit log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestInfo {
    /// The request's id, shown with every error.
    pub id: Option<String>,
    /// The client's address.
    pub ip: Option<IpAddr>,
    /// Its browser.
    pub user_agent: Option<String>,
    /// Method and path.
    pub endpoint: Option<String>,
}

/// The scope of work that is not one tenant's: worker, sign-in, administrators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Installation;

/// Everything a verb needs to know, and the transaction it works in. `Ctx` (of a tenant) can only
/// see and change that tenant's rows; `Ctx<Installation>` sees all and is made for staff and the
/// worker alone. Dropping it rolls back.
pub struct Ctx<Scope = TenantId> {
    scope: Scope,
    actor: Actor,
    request: RequestInfo,
    clock: Arc<dyn Clock>,
    tx: Transaction<'static, Postgres>,
}

impl<Scope> fmt::Debug for Ctx<Scope> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ctx").field("actor", &self.actor).finish_non_exhaustive()
    }
}

impl Ctx<TenantId> {
    /// Begins work for one tenant.
    pub async fn begin(
        platform: &Platform,
        tenant: TenantId,
        actor: Actor,
        request: RequestInfo,
    ) -> Result<Self, Fault> {
        Self::begin_as("begin", platform, tenant, actor, request).await
    }

    /// Begins reading for one tenant: all its queries see one moment, and it can change nothing. For
    /// what is put together from several queries while others write.
    pub async fn begin_reading(
        platform: &Platform,
        tenant: TenantId,
        actor: Actor,
        request: RequestInfo,
    ) -> Result<Self, Fault> {
        let begin = "begin isolation level repeatable read read only";
        Self::begin_as(begin, platform, tenant, actor, request).await
    }

    async fn begin_as(
        begin: &'static str,
        platform: &Platform,
        tenant: TenantId,
        actor: Actor,
        request: RequestInfo,
    ) -> Result<Self, Fault> {
        // One round trip: the tenant is set by the statement that begins the transaction. The
        // value is a UUID's digits, so it needs no quoting.
        let begin = format!("{begin}; set local voxlink.tenant = '{}'", tenant.uuid());
        let tx = platform.db().app.begin_with(sqlx::AssertSqlSafe(begin)).await?;
        Ok(Self { scope: tenant, actor, request, clock: platform.clock(), tx })
    }

    /// Whose work it is.
    pub const fn tenant(&self) -> TenantId {
        self.scope
    }
}

impl Ctx<Installation> {
    /// Begins work of the installation.
    pub async fn begin_installation(
        platform: &Platform,
        actor: Actor,
        request: RequestInfo,
    ) -> Result<Self, Fault> {
        let tx = platform.db().platform.begin().await?;
        Ok(Self { scope: Installation, actor, request, clock: platform.clock(), tx })
    }

    /// Begins the installation's work on calls, on the connections kept for calls alone: busy
    /// pages never hold it up.
    pub async fn begin_calls(platform: &Platform, name: &'static str) -> Result<Self, Fault> {
        let (actor, request) = (Actor::System(name), RequestInfo::default());
        let tx = platform.db().voice.begin().await?;
        Ok(Self { scope: Installation, actor, request, clock: platform.clock(), tx })
    }
}

impl<Scope> Ctx<Scope> {
    /// The transaction's connection, for queries.
    pub fn tx(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Now, by the caller's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Now in Unix milliseconds, for new ids.
    pub fn now_millis(&self) -> u64 {
        u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(0)
    }

    /// Who asks.
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Where the request came from.
    pub const fn request(&self) -> &RequestInfo {
        &self.request
    }

    /// Makes it so.
    pub async fn commit(self) -> Result<(), Fault> {
        self.tx.commit().await.map_err(Fault::from)
    }
}
