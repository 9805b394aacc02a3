//! Who may come in: a handler that takes one of these extractors cannot be reached without the
//! right it names.

use crate::{Flash, back, errors::PageError, look::Look};
use axum::{
    extract::FromRequestParts,
    http::request::Parts,
    response::{IntoResponse, Redirect, Response},
};
use std::{convert::Infallible, sync::Arc};
use voxlink_domain::{
    Ctx, Fault, Installation, Platform, RequestInfo,
    accounts::{Member, Visitor},
};
use voxlink_types::role::{PlatformRole, TenantRole};

/// Whoever asks for a page: what its frame needs to know of them.
pub trait Person: Send + Sync {
    /// The person, when somebody is signed in.
    fn member(&self) -> Option<&Arc<Member>>;
    /// Where the request came from.
    fn request(&self) -> &RequestInfo;
    /// What the page's frame takes from the request.
    fn look(&self) -> &Look;
}

/// Everybody, signed in or not.
#[derive(Debug, Clone)]
pub struct Anyone {
    /// Who, as the session says.
    pub visitor: Visitor,
    /// Where the request came from.
    pub request: RequestInfo,
    /// What the page's frame takes from the request.
    pub look: Look,
}

impl Person for Anyone {
    fn member(&self) -> Option<&Arc<Member>> {
        match &self.visitor {
            Visitor::SignedIn(member) => Some(member),
            Visitor::Anonymous => None,
        }
    }
    fn request(&self) -> &RequestInfo {
        &self.request
    }
    fn look(&self) -> &Look {
        &self.look
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Anyone {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self {
            visitor: parts.extensions.get::<Visitor>().cloned().unwrap_or_default(),
            request: parts.extensions.get::<RequestInfo>().cloned().unwrap_or_default(),
            look: Look::of(&parts.uri, &parts.headers, &parts.extensions),
        })
    }
}

/// What an extractor gives to a handler: the person and the request, ready to begin work.
macro_rules! rights {
    ($($(#[$meta:meta])* $name:ident($check:expr)),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $name {
            /// The person.
            pub member: Arc<Member>,
            /// Where the request came from.
            pub request: RequestInfo,
            /// What the page's frame takes from the request.
            pub look: Look,
        }

        impl Person for $name {
            fn member(&self) -> Option<&Arc<Member>> {
                Some(&self.member)
            }
            fn request(&self) -> &RequestInfo {
                &self.request
            }
            fn look(&self) -> &Look {
                &self.look
            }
        }

        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = Response;
            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
                let member = signed_in(parts).ok_or_else(|| to_sign_in(parts))?;
                let check: fn(&Member) -> Result<(), Refusal> = $check;
                check(&member).map_err(IntoResponse::into_response)?;
                let request = parts.extensions.get::<RequestInfo>().cloned().unwrap_or_default();
                let look = Look::of(&parts.uri, &parts.headers, &parts.extensions);
                Ok(Self { member, request, look })
            }
        }
    )+};
}

rights! {
    /// Any member of a tenant. A suspended tenant may still look at what it has.
    Viewer(|_| Ok(())),
    /// A member who may buy, configure and pay.
    Manager(|m| at_least(m, TenantRole::Manager)),
    /// The owner of the tenant.
    Owner(|m| at_least(m, TenantRole::Owner)),
    /// Staff from support up.
    Support(|m| staff(m, PlatformRole::Support)),
    /// Staff from developer up.
    Developer(|m| staff(m, PlatformRole::Developer)),
    /// Administrators.
    Admin(|m| staff(m, PlatformRole::Admin)),
    /// Super administrators.
    SuperAdmin(|m| staff(m, PlatformRole::SuperAdmin)),
}

macro_rules! begins_in_tenant {
    ($($name:ident),+) => {$(
        impl $name {
            /// Begins work in the person's own tenant.
            pub async fn begin(&self, platform: &Platform) -> Result<Ctx, Fault> {
                self.member.begin(platform, self.request.clone()).await
            }
        }
    )+};
}
begins_in_tenant!(Viewer, Manager, Owner);

impl Viewer {
    /// Begins reading in the person's own tenant: what several queries find is of one moment.
    pub async fn begin_reading(&self, platform: &Platform) -> Result<Ctx, Fault> {
        self.member.begin_reading(platform, self.request.clone()).await
    }
}

macro_rules! begins_as_staff {
    ($($name:ident),+) => {$(
        impl $name {
            /// Begins work on the installation.
            pub async fn begin(&self, platform: &Platform) -> Result<Ctx<Installation>, Fault> {
                self.member.begin_staff(platform, self.request.clone()).await
            }
        }
    )+};
}
begins_as_staff!(Support, Developer, Admin, SuperAdmin);

/// Why a signed-in person may not come in.
#[derive(Debug)]
enum Refusal {
    /// Their role is too low.
    Role,
    /// Their tenant is suspended: the reason.
    Suspended(String),
    /// Staff's pages do not exist for others.
    Absent,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Role => PageError::forbidden(
                "Your role does not allow this. Ask the owner of your account.",
            ),
            Self::Suspended(reason) => {
                PageError::forbidden(format!("Your account is suspended: {reason}"))
            }
            Self::Absent => PageError::not_found(),
        }
        .into_response()
    }
}

fn signed_in(parts: &Parts) -> Option<Arc<Member>> {
    match parts.extensions.get::<Visitor>() {
        Some(Visitor::SignedIn(member)) => Some(Arc::clone(member)),
        _ => None,
    }
}

/// The sign-in page, which leads back: to the page that was asked for, or to the one with the form
/// that was sent, and then it says that the form was not taken.
fn to_sign_in(parts: &Parts) -> Response {
    let sent = !parts.method.is_safe();
    let back = if sent {
        back::before_sending(&parts.uri, &parts.headers)
    } else {
        parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned()
    };
    let next: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
    let path = format!("/sign-in?next={next}");
    if !sent {
        return Redirect::to(&path).into_response();
    }
    Flash::warning(
        "What you sent was not saved, because you are not signed in: your session has ended. Sign in and send it again.",
    )
    .then(&path)
}

fn at_least(member: &Member, role: TenantRole) -> Result<(), Refusal> {
    if let Some(reason) = &member.suspended {
        return Err(Refusal::Suspended(reason.clone()));
    }
    if member.tenant_role < role { Err(Refusal::Role) } else { Ok(()) }
}

fn staff(member: &Member, role: PlatformRole) -> Result<(), Refusal> {
    if member.platform_role < role { Err(Refusal::Absent) } else { Ok(()) }
}
