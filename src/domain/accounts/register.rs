//! Registration: a company of one's own, its owner and its billing account, in one transaction.

use super::{
    AccountError, AccountLetter, Purpose, password,
    people::{NewPerson, check_person, email_taken, insert_person},
    probing, sign_in,
};
use crate::{Actor, Ctx, Platform, RequestInfo, audit::Entry};
use serde_json::json;
use voxlink_types::{
    error::FieldError,
    ids::{BillingAccountId, TenantId, UserId},
    role::{PlatformRole, TenantRole},
};

/// The version of the terms that a person accepts today.
pub const TERMS_VERSION: &str = "2026-11";

/// The form of registration, as typed.
#[derive(Debug, Clone, Default)]
pub struct Registration {
    /// The person's name.
    pub full_name: String,
    /// The company's name.
    pub company: String,
    /// The address to sign in with.
    pub email: String,
    /// The password.
    pub password: String,
    /// IANA zone.
    pub time_zone: String,
    /// Whether the terms were accepted.
    pub accepts_terms: bool,
    /// Whether news are wanted: asked apart, never implied.
    pub wants_news: bool,
}

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    /// The company.
    pub tenant: TenantId,
    /// Its owner.
    pub user: UserId,
}

/// Makes company, owner and billing account, and asks for the letter that confirms the address.
/// That an address is taken is told, but to one network only so often: see [`probing`].
pub async fn register(
    platform: &Platform,
    form: &Registration,
    request: RequestInfo,
) -> Result<Registered, AccountError> {
    let person = NewPerson {
        full_name: form.full_name.clone(),
        email: form.email.clone(),
        password: form.password.clone(),
        time_zone: form.time_zone.clone(),
        tenant_role: TenantRole::Owner,
        platform_role: PlatformRole::User,
        wants_news: form.wants_news,
    };
    let (email, mut wrong) = check_person(&person, &form.company);
    let company = form.company.trim();
    if company.is_empty() || company.chars().count() > 200 {
        wrong.push(FieldError {
            field: "company".to_owned(),
            message: "Enter the company's name, at most 200 characters.".to_owned(),
        });
    }
    if !form.accepts_terms {
        wrong.push(FieldError {
            field: "accepts_terms".to_owned(),
            message: "Accept the terms to open an account.".to_owned(),
        });
    }
    if !wrong.is_empty() {
        return Err(AccountError::Fields(wrong));
    }
    let Some(network) = request.ip.map(probing::network) else {
        return open(platform, form, &person, email, request).await;
    };
    probing::count(platform, network).await?;
    let made = open(platform, form, &person, email, request).await;
    if !matches!(made, Err(AccountError::Fields(_))) {
        sign_in::take_back(platform, network).await?;
    }
    made
}

/// Opens the account of a form without faults; the one field that can still be wrong is an
/// address that is taken.
async fn open(
    platform: &Platform,
    form: &Registration,
    person: &NewPerson,
    email: String,
    request: RequestInfo,
) -> Result<Registered, AccountError> {
    let company = form.company.trim();
    let hash = password::hash(&form.password).await?;
    let now = platform.clock().now();
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    let (tenant, user) = (TenantId::new(millis), UserId::new(millis));
    let actor = Actor::User { id: user, name: form.full_name.trim().to_owned(), staff: false };
    let mut cx = Ctx::begin_installation(platform, actor, request).await?;
    sqlx::query!(
        "insert into tenants (id, name, time_zone, created_at) values ($1, $2, $3, $4)",
        tenant.uuid(),
        company,
        form.time_zone,
        now
    )
    .execute(cx.tx())
    .await?;
    insert_person(&mut cx, tenant, user, &email, person, &hash).await.map_err(email_taken)?;
    sqlx::query!(
        "insert into billing_accounts (id, tenant_id, company, created_at) values ($1, $2, $3, $4)",
        BillingAccountId::new(millis).uuid(),
        tenant.uuid(),
        company,
        now
    )
    .execute(cx.tx())
    .await?;
    if platform.mailer().is_on() {
        cx.enqueue(&AccountLetter { email: email.clone(), purpose: Purpose::VerifyEmail }).await?;
    }
    cx.audit_of(
        Some(tenant),
        Entry {
            action: "account.create",
            resource: "tenant",
            resource_id: Some(tenant.to_string()),
            new: Some(json!({
                "name": company, "owner": user, "terms_version": TERMS_VERSION,
                "marketing_consent": form.wants_news,
            })),
            ..Entry::default()
        },
    )
    .await?;
    cx.commit().await?;
    Ok(Registered { tenant, user })
}
