//! Who a request comes from. The session layer in `server` finds out and puts it on the request;
//! extractors in `app` and `server` turn it into a right.

use super::Theme;
use crate::{Actor, Ctx, Fault, Installation, Platform, RequestInfo};
use std::sync::Arc;
use voxlink_types::{
    ids::{SessionId, TenantId, UserId},
    role::{PlatformRole, TenantRole},
};

/// Who a request comes from.
#[derive(Debug, Clone, Default)]
pub enum Visitor {
    /// Nobody is signed in.
    #[default]
    Anonymous,
    /// A person with a live session.
    SignedIn(Arc<Member>),
}

/// A signed-in person, as read with the session in one query.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// Their company.
    pub tenant: TenantId,
    /// Their session.
    pub session: SessionId,
    /// As shown.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Whether the address was confirmed by its letter.
    pub email_verified: bool,
    /// Company name.
    pub company: String,
    /// Standing in the company.
    pub tenant_role: TenantRole,
    /// Standing above companies.
    pub platform_role: PlatformRole,
    /// The company's suspension, with the reason shown to it.
    pub suspended: Option<String>,
    /// IANA zone that times are shown in.
    pub time_zone: String,
    /// Language tag that pages are shown in.
    pub language: String,
    /// Light or dark.
    pub theme: Theme,
}

impl Member {
    /// The actor of what this person does; `staff` when on behalf of the installation.
    pub fn actor(&self, staff: bool) -> Actor {
        Actor::User { id: self.user, name: self.name.clone(), staff }
    }

    /// Begins work in the person's own company.
    pub async fn begin(&self, platform: &Platform, request: RequestInfo) -> Result<Ctx, Fault> {
        Ctx::begin(platform, self.tenant, self.actor(false), request).await
    }

    /// Begins reading in the person's own company, all of one moment.
    pub async fn begin_reading(
        &self,
        platform: &Platform,
        request: RequestInfo,
    ) -> Result<Ctx, Fault> {
        Ctx::begin_reading(platform, self.tenant, self.actor(false), request).await
    }

    /// Begins work on the installation. Only for those an extractor has found to be staff.
    pub async fn begin_staff(
        &self,
        platform: &Platform,
        request: RequestInfo,
    ) -> Result<Ctx<Installation>, Fault> {
        Ctx::begin_installation(platform, self.actor(true), request).await
    }
}
