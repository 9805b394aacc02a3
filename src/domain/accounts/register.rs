//! Registration: a company of one's own, its owner and its billing account, in one transaction.

use super::{
    AccountError, AccountLetter, Purpose, password,
    people::{NewPerson, check_person, email_taken, insert_person},
    probing, sign_in,
};
use crate::{Actor, Ctx, Platform, RequestInfo, audit::Entry};
use serde_json::json;
use sha2::{Digest, Sha256};
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
    /// The form's own key: the form sent twice opens one account, and both get it.
    pub key: Option<String>,
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
        return once(platform, form, &person, email, request).await;
    };
    if let Err(paused) = probing::count(platform, network).await {
        return first(platform, form, &email).await?.ok_or(paused);
    }
    let made = once(platform, form, &person, email, request).await;
    if !matches!(made, Err(AccountError::Fields(_))) {
        sign_in::take_back(platform, network).await?;
    }
    made
}

/// Opens the account of a form without faults. The same form again gets the account that it has
/// opened: nobody is told that their own address is taken because they pressed twice.
async fn once(
    platform: &Platform,
    form: &Registration,
    person: &NewPerson,
    email: String,
    request: RequestInfo,
) -> Result<Registered, AccountError> {
    let made = open(platform, form, person, email.clone(), request).await;
    if matches!(made, Err(AccountError::Fields(_)))
        && let Some(first) = first(platform, form, &email).await?
    {
        return Ok(first);
    }
    made
}

/// The account that this very form has opened already, if it has. Its owner's id tells, and the
/// password must be theirs.
async fn first(
    platform: &Platform,
    form: &Registration,
    email: &str,
) -> Result<Option<Registered>, AccountError> {
    let Some(rest) = mark(form, email) else { return Ok(None) };
    let Some(found) = sign_in::stored(platform, email).await? else { return Ok(None) };
    let millis = found.id.uuid().as_bytes().iter().take(6).fold(0, |n, b| (n << 8) | u64::from(*b));
    if found.id != marked(millis, &rest) {
        return Ok(None);
    }
    let verified = password::verify(&form.password, found.password_hash.as_deref()).await?;
    Ok(verified.right.then_some(Registered { tenant: found.tenant, user: found.id }))
}

/// The part of the owner's id by which a form is known again; none for a form without a key.
fn mark(form: &Registration, email: &str) -> Option<[u8; 10]> {
    let key = form.key.as_deref().filter(|key| key.len() >= 8)?;
    let hash = Sha256::new().chain_update("register:").chain_update(key).chain_update([0]);
    let hash = hash.chain_update(email).finalize();
    let mut rest = [0; 10];
    rest.iter_mut().zip(hash).for_each(|(to, byte)| *to = byte);
    Some(rest)
}

fn marked(millis: u64, rest: &[u8; 10]) -> UserId {
    UserId::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, rest).into_uuid())
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
    let tenant = TenantId::new(millis);
    let user = mark(form, &email).map_or_else(|| UserId::new(millis), |rest| marked(millis, &rest));
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
    // Who registers is signed in with it.
    sign_in::came_in(&mut cx, user, None).await?;
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
