//! People: the rules for a new one, members of a company, staff of the installation.

use super::{AccountError, TERMS_VERSION, password};
use crate::{Ctx, Installation, audit::Entry, fault::broken_constraint};
use serde_json::json;
use voxlink_types::{
    error::FieldError,
    ids::{TenantId, UserId},
    role::{PlatformRole, TenantRole},
};

/// A person to be made.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// The name.
    pub full_name: String,
    /// The address to sign in with.
    pub email: String,
    /// The password.
    pub password: String,
    /// IANA zone.
    pub time_zone: String,
    /// Standing in the company.
    pub tenant_role: TenantRole,
    /// Standing above companies.
    pub platform_role: PlatformRole,
    /// Whether news are wanted.
    pub wants_news: bool,
}

/// Adds a person to a company. Whoever calls has hashed nothing: it is done here, before the
/// first lock is taken.
pub async fn add_member(
    cx: &mut Ctx<Installation>,
    tenant: TenantId,
    person: &NewPerson,
) -> Result<UserId, AccountError> {
    let (email, wrong) = check_person(person, "");
    if !wrong.is_empty() {
        return Err(AccountError::Fields(wrong));
    }
    let hash = password::hash(&person.password).await?;
    let user = UserId::new(cx.now_millis());
    insert_person(cx, tenant, user, &email, person, &hash).await.map_err(email_taken)?;
    cx.audit_of(
        Some(tenant),
        Entry {
            action: "user.create",
            resource: "user",
            resource_id: Some(user.to_string()),
            new: Some(json!({
                "email": email, "tenant_role": person.tenant_role,
                "platform_role": person.platform_role,
            })),
            ..Entry::default()
        },
    )
    .await?;
    Ok(user)
}

/// Makes a person who works for the installation, in a company of the installation's own. Called
/// by the command line and the demonstration data; the page of it is for super administrators.
pub async fn create_staff(
    cx: &mut Ctx<Installation>,
    person: &NewPerson,
) -> Result<UserId, AccountError> {
    let now = cx.now();
    let fresh = TenantId::new(cx.now_millis());
    let tenant = sqlx::query_scalar!(
        r#"with found as (
               select t.id from tenants t join users u on u.tenant_id = t.id
               where u.platform_role <> 'user' order by t.created_at limit 1
           ), made as (
               insert into tenants (id, name, created_at)
               select $1, 'Staff', $2 where not exists (select from found) returning id
           )
           select id as "id!: TenantId" from found union all select id from made"#,
        fresh.uuid(),
        now
    )
    .fetch_one(cx.tx())
    .await?;
    sqlx::query!(
        "insert into billing_accounts (id, tenant_id, company) values ($1, $2, 'Staff') on conflict (tenant_id) do nothing",
        voxlink_types::ids::BillingAccountId::new(cx.now_millis()).uuid(),
        tenant.uuid()
    )
    .execute(cx.tx())
    .await?;
    let user = add_member(cx, tenant, person).await?;
    // Whoever types on the server's shell has the address confirmed.
    sqlx::query!("update users set email_verified_at = $2 where id = $1", user.uuid(), now)
        .execute(cx.tx())
        .await?;
    Ok(user)
}

/// The rules for a person's fields; the address comes back in the form it is stored in.
pub(super) fn check_person(person: &NewPerson, company: &str) -> (String, Vec<FieldError>) {
    let mut wrong = Vec::new();
    let mut say = |field: &str, message: String| {
        wrong.push(FieldError { field: field.to_owned(), message });
    };
    let name = person.full_name.trim();
    if let Err(message) = check_name(name) {
        say("full_name", message);
    }
    let email = email_of(&person.email).unwrap_or_else(|message| {
        say("email", message);
        String::new()
    });
    let own = [email.as_str(), name, company];
    if let Err(message) = password::check(&person.password, &own) {
        say("password", message);
    }
    if person.time_zone.parse::<chrono_tz::Tz>().is_err() {
        say("time_zone", "Choose a time zone from the list.".to_owned());
    }
    (email, wrong)
}

pub(super) fn check_name(name: &str) -> Result<(), String> {
    let length = name.trim().chars().count();
    if (1..=200).contains(&length) {
        Ok(())
    } else {
        Err("Enter a name, at most 200 characters.".to_owned())
    }
}

/// An address in the form it is stored in.
pub(super) fn email_of(typed: &str) -> Result<String, String> {
    let email = typed.trim().to_lowercase();
    if looks_like_email(&email) {
        Ok(email)
    } else {
        Err("Enter an e-mail address such as name@company.com.".to_owned())
    }
}

/// The plain form of RFC 5321, without quoted names and address literals, in any script: the
/// letter that confirms it is the real check.
fn looks_like_email(email: &str) -> bool {
    let fits = email.len() <= 254 && !email.chars().any(|c| c.is_whitespace() || c.is_control());
    let parts = email.split_once('@');
    fits && parts.is_some_and(|(local, domain)| {
        let labels: Vec<&str> = domain.split('.').collect();
        let spoken = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        let named = |c: char| c.is_alphanumeric() || c == '-';
        !local.is_empty()
            && local.chars().all(spoken)
            && labels.len() >= 2
            && labels.iter().all(|label| !label.is_empty() && label.chars().all(named))
    })
}

/// The unique address becomes the field's error.
pub(super) fn email_taken(error: sqlx::Error) -> AccountError {
    taken(error, "There is already an account with this address. Sign in, or reset the password.")
}

/// What to say of an address that is taken; every other error stays what it is.
pub(super) fn taken(error: sqlx::Error, sentence: impl Into<String>) -> AccountError {
    // The id is the same where the very form came twice within a millisecond.
    if matches!(broken_constraint(&error), Some("users_email_unique" | "users_pkey")) {
        return AccountError::field("email", sentence);
    }
    error.into()
}

pub(super) async fn insert_person(
    cx: &mut Ctx<Installation>,
    tenant: TenantId,
    user: UserId,
    email: &str,
    person: &NewPerson,
    hash: &str,
) -> Result<(), sqlx::Error> {
    let now = cx.now();
    sqlx::query!(
        "insert into users (id, tenant_id, email, password_hash, full_name, time_zone, tenant_role,
             platform_role, terms_accepted_at, terms_version, marketing_consent_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $9)",
        user.uuid(),
        tenant.uuid(),
        email,
        hash,
        person.full_name.trim(),
        person.time_zone,
        person.tenant_role.as_str(),
        person.platform_role.as_str(),
        now,
        TERMS_VERSION,
        person.wants_news.then_some(now),
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain_and_in_any_script() {
        for good in ["Ann@Example.com", "a.b+c_d'e@xn--bcher-kva.example", "jürgen@bücher.example"]
        {
            assert!(email_of(good).is_ok(), "{good}");
        }
        for bad in [
            "a\"<b>@a.example",
            "a b@a.example",
            "@a.example",
            "a@b",
            "a@b@c.example",
            "a@b,c.example",
        ] {
            assert!(email_of(bad).is_err(), "{bad}");
        }
    }
}
