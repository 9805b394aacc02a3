//! Inviting somebody into the company: by a letter, or by a link that the inviter hands over.
//!
//! A link works once and for seven days. Its token exists in the letter or on the inviter's screen
//! only; the table has its hash, and a new link replaces the old one. Whoever comes by a letter has
//! proved the address; whoever comes by a handed link confirms it afterwards. It stands only while
//! whoever made it is an owner of the company.

use super::{
    AccountError, AccountLetter, LetterError, Purpose,
    letters::hash,
    password,
    people::{self, NewPerson},
    postage, probing, sign_in,
};
use crate::{
    Actor, Ctx, Fault, Installation, Platform, RequestInfo,
    audit::Entry,
    jobs::{Job, JobError},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use voxlink_gateways::{Letter, MailError};
use voxlink_types::{
    error::FieldError,
    ids::{InvitationId, TenantId, UserId},
    role::{PlatformRole, TenantRole},
    text_enum,
};

/// How long an invitation stands.
const LIFETIME: TimeDelta = TimeDelta::days(7);

text_enum! {
    /// How an invitation's link travels.
    Via {
        /// In a letter to the address.
        Letter = "letter",
        /// By the hand of whoever invites.
        Link = "link",
    }
}

/// An invitation that waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Which.
    pub id: InvitationId,
    /// To whom.
    pub email: String,
    /// What they will be.
    pub role: TenantRole,
    /// How the link travels.
    pub via: Via,
    /// Who invited.
    pub invited_by: String,
    /// Until when it can be accepted.
    pub expires_at: DateTime<Utc>,
}

/// The company's open invitations, expired ones included: they can be sent again or withdrawn.
pub async fn invitations(cx: &mut Ctx) -> Result<Vec<Invitation>, Fault> {
    let rows = sqlx::query_as!(
        Invitation,
        r#"select i.id as "id: InvitationId", i.email, i.tenant_role as "role: TenantRole",
               i.via as "via: Via", u.full_name as invited_by, i.expires_at
           from invitations i join users u on u.id = i.invited_by
           where i.tenant_id = $1 and i.accepted_at is null and i.withdrawn_at is null
           order by i.created_at desc, i.id desc"#,
        cx.tenant().uuid(),
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(rows)
}

/// Invites an address into the company, or invites it anew. By link the link is the answer, to be
/// shown once; by letter the letter's job makes it.
pub async fn invite(
    cx: &mut Ctx,
    platform: &Platform,
    email: &str,
    role: TenantRole,
    via: Via,
) -> Result<Option<String>, AccountError> {
    let email = people::email_of(email).map_err(|m| AccountError::field("email", m))?;
    if via == Via::Letter && !platform.mailer().is_on() {
        return Err(AccountError::field(
            "via",
            "This installation sends no letters. Choose the link and hand it over yourself.",
        ));
    }
    let Some(inviter) = cx.actor().user_id() else {
        return Err(Fault::Internal("an invitation needs a person".to_owned()).into());
    };
    let (tenant, now) = (cx.tenant(), cx.now());
    let here = sqlx::query_scalar!(
        r#"select exists (select from users where tenant_id = $1 and email = $2 and is_active) as "here!""#,
        tenant.uuid(),
        email,
    )
    .fetch_one(cx.tx())
    .await?;
    if here {
        return Err(AccountError::field("email", "This person is in your company already."));
    }
    if via == Via::Letter {
        postage::take(platform, tenant, &email).await?;
    }
    let (link, token_hash) = made(platform, via);
    let id = sqlx::query_scalar!(
        r#"insert into invitations (id, tenant_id, email, tenant_role, via, token_hash, invited_by, expires_at, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
           on conflict (tenant_id, email) where accepted_at is null and withdrawn_at is null
           do update set tenant_role = $4, via = $5, token_hash = $6, invited_by = $7, expires_at = $8
           returning id as "id: InvitationId""#,
        InvitationId::new(cx.now_millis()).uuid(),
        tenant.uuid(),
        email,
        role.as_str(),
        via.as_str(),
        token_hash.as_ref().map(<[u8; 32]>::as_slice),
        inviter.uuid(),
        now + LIFETIME,
        now,
    )
    .fetch_one(cx.tx())
    .await?;
    if via == Via::Letter {
        cx.enqueue(&InvitationLetter { tenant, invitation: id }).await?;
    }
    let new = json!({ "email": email, "tenant_role": role, "via": via });
    tell(cx, "invitation.create", id, None, Some(new)).await?;
    Ok(link)
}

/// Makes a new link for an open invitation; the one before stops working. A letter goes again.
pub async fn renew(
    cx: &mut Ctx,
    platform: &Platform,
    id: InvitationId,
) -> Result<Option<String>, AccountError> {
    let row = sqlx::query!(
        r#"select email, tenant_role as "role: TenantRole", via as "via: Via" from invitations
           where tenant_id = $1 and id = $2 and accepted_at is null and withdrawn_at is null"#,
        cx.tenant().uuid(),
        id.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(AccountError::LinkSpent)?;
    // Mail may have been switched off since.
    let via = if platform.mailer().is_on() { row.via } else { Via::Link };
    invite(cx, platform, &row.email, row.role, via).await
}

/// Takes an open invitation back.
pub async fn withdraw(cx: &mut Ctx, id: InvitationId) -> Result<(), AccountError> {
    let now = cx.now();
    let email = sqlx::query_scalar!(
        "update invitations set withdrawn_at = $3, token_hash = null
         where tenant_id = $1 and id = $2 and accepted_at is null and withdrawn_at is null
         returning email",
        cx.tenant().uuid(),
        id.uuid(),
        now,
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(AccountError::LinkSpent)?;
    Ok(tell(cx, "invitation.withdraw", id, Some(json!({ "email": email })), None).await?)
}

/// Takes back what somebody invited who is no owner any more.
pub(super) async fn withdraw_all_of(
    cx: &mut Ctx<Installation>,
    tenant: TenantId,
    inviter: UserId,
) -> Result<(), Fault> {
    let now = cx.now();
    let withdrawn = sqlx::query!(
        r#"update invitations set withdrawn_at = $3, token_hash = null
           where tenant_id = $1 and invited_by = $2 and accepted_at is null and withdrawn_at is null
           returning id as "id: InvitationId", email"#,
        tenant.uuid(),
        inviter.uuid(),
        now,
    )
    .fetch_all(cx.tx())
    .await?;
    for invitation in withdrawn {
        let entry = Entry {
            action: "invitation.withdraw",
            resource: "invitation",
            resource_id: Some(invitation.id.to_string()),
            old: Some(json!({ "email": invitation.email })),
            ..Entry::default()
        };
        cx.audit_of(Some(tenant), entry).await?;
    }
    Ok(())
}

async fn tell(
    cx: &mut Ctx,
    action: &str,
    id: InvitationId,
    old: Option<serde_json::Value>,
    new: Option<serde_json::Value>,
) -> Result<(), Fault> {
    let resource_id = Some(id.to_string());
    cx.audit(Entry { action, resource: "invitation", resource_id, old, new, ..Entry::default() })
        .await
}

/// The link and its hash; a letter's job makes its own later.
fn made(platform: &Platform, via: Via) -> (Option<String>, Option<[u8; 32]>) {
    if via == Via::Letter {
        return (None, None);
    }
    let token = token();
    (Some(link(platform, &token)), Some(hash(&token)))
}

fn token() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

fn link(platform: &Platform, token: &str) -> String {
    platform.settings().url(&format!("/invitation?token={token}"))
}

/// What an invitation's link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// Into which company.
    pub company: String,
    /// Which address.
    pub email: String,
    /// As what.
    pub role: TenantRole,
    /// Who invited.
    pub invited_by: String,
    /// The company's zone, to begin with.
    pub time_zone: String,
}

/// Reads the invitation of a link that still works.
pub async fn invited(platform: &Platform, token: &str) -> Result<Invited, AccountError> {
    let token_hash = hash(token);
    sqlx::query_as!(
        Invited,
        r#"select t.name as company, i.email, i.tenant_role as "role: TenantRole",
               u.full_name as invited_by, t.time_zone
           from invitations i join tenants t on t.id = i.tenant_id join users u on u.id = i.invited_by
           where i.token_hash = $1 and i.accepted_at is null and i.withdrawn_at is null
             and i.expires_at > $2 and t.state <> 'closed'
             and u.is_active and u.tenant_role = 'owner'"#,
        token_hash.as_slice(),
        platform.clock().now(),
    )
    .fetch_optional(&platform.db().platform)
    .await?
    .ok_or(AccountError::LinkSpent)
}

/// What somebody types who accepts.
#[derive(Debug, Clone, Default)]
pub struct Acceptance {
    /// The name.
    pub full_name: String,
    /// The password.
    pub password: String,
    /// IANA zone.
    pub time_zone: String,
    /// Whether the terms were accepted.
    pub accepts_terms: bool,
    /// Whether news are wanted.
    pub wants_news: bool,
}

/// Accepts an invitation: makes the person, in the company, with the role it names. That the
/// address is taken is told as seldom as at registration: see [`probing`].
pub async fn accept(
    platform: &Platform,
    token: &str,
    typed: &Acceptance,
    request: RequestInfo,
) -> Result<UserId, AccountError> {
    let found = invited(platform, token).await?;
    let person = NewPerson {
        full_name: typed.full_name.clone(),
        email: found.email,
        password: typed.password.clone(),
        time_zone: typed.time_zone.clone(),
        tenant_role: found.role,
        platform_role: PlatformRole::User,
        wants_news: typed.wants_news,
    };
    let (email, mut wrong) = people::check_person(&person, &found.company);
    if !typed.accepts_terms {
        wrong.push(FieldError {
            field: "accepts_terms".to_owned(),
            message: "Accept the terms to join.".to_owned(),
        });
    }
    if !wrong.is_empty() {
        return Err(AccountError::Fields(wrong));
    }
    let Some(network) = request.ip.map(probing::network) else {
        return join(platform, token, &person, email, &found.invited_by, request).await;
    };
    probing::count(platform, network).await?;
    let joined = join(platform, token, &person, email, &found.invited_by, request).await;
    if !matches!(joined, Err(AccountError::Fields(_))) {
        sign_in::take_back(platform, network).await?;
    }
    joined
}

/// Lets a person in whose form has no fault; the one field that can still be wrong is an address
/// that is taken.
async fn join(
    platform: &Platform,
    token: &str,
    person: &NewPerson,
    email: String,
    invited_by: &str,
    request: RequestInfo,
) -> Result<UserId, AccountError> {
    let password_hash = password::hash(&person.password).await?;
    let millis = u64::try_from(platform.clock().now().timestamp_millis()).unwrap_or(0);
    let user = UserId::new(millis);
    let actor = Actor::User { id: user, name: person.full_name.trim().to_owned(), staff: false };
    let mut cx = Ctx::begin_installation(platform, actor, request).await?;
    let (tenant, invitation, via) = lock(&mut cx, token).await?;
    let sentence = || {
        format!(
            "There is already an account with this address, and one address belongs to one company \
             here. Ask {invited_by} to invite another address of yours."
        )
    };
    people::insert_person(&mut cx, tenant, user, &email, person, &password_hash)
        .await
        .map_err(|error| people::taken(error, sentence()))?;
    // Who joins is signed in with it.
    sign_in::came_in(&mut cx, user, None).await?;
    let now = cx.now();
    sqlx::query!(
        "update invitations set accepted_at = $3, accepted_by = $4, token_hash = null
         where tenant_id = $1 and id = $2",
        tenant.uuid(),
        invitation.uuid(),
        now,
        user.uuid(),
    )
    .execute(cx.tx())
    .await?;
    if via == Via::Letter {
        sqlx::query!("update users set email_verified_at = $2 where id = $1", user.uuid(), now)
            .execute(cx.tx())
            .await?;
    } else if platform.mailer().is_on() {
        cx.enqueue(&AccountLetter { email: email.clone(), purpose: Purpose::VerifyEmail }).await?;
    }
    let entry = Entry {
        action: "user.join",
        resource: "user",
        resource_id: Some(user.to_string()),
        new: Some(
            json!({ "email": email, "tenant_role": person.tenant_role, "invitation": invitation }),
        ),
        ..Entry::default()
    };
    cx.audit_of(Some(tenant), entry).await?;
    cx.commit().await?;
    Ok(user)
}

async fn lock(
    cx: &mut Ctx<Installation>,
    token: &str,
) -> Result<(TenantId, InvitationId, Via), AccountError> {
    let (token_hash, now) = (hash(token), cx.now());
    let row = sqlx::query!(
        r#"select tenant_id as "tenant: TenantId", id as "id: InvitationId", via as "via: Via"
           from invitations i
           where token_hash = $1 and accepted_at is null and withdrawn_at is null and expires_at > $2
             and exists (select from users u where u.id = i.invited_by and u.tenant_id = i.tenant_id
                         and u.is_active and u.tenant_role = 'owner')
           for update"#,
        token_hash.as_slice(),
        now,
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(AccountError::LinkSpent)?;
    Ok((row.tenant, row.id, row.via))
}

/// The letter of an invitation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct InvitationLetter {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub invitation: InvitationId,
}

impl InvitationLetter {
    /// Makes the link and sends it. One that was accepted, withdrawn or turned into a link by hand
    /// meanwhile needs no letter.
    pub async fn send(&self, platform: &Platform) -> Result<(), LetterError> {
        let mut cx = platform.work_for(self.tenant, "letters").await?;
        let (token, now) = (token(), cx.now());
        let token_hash = hash(&token);
        let row = sqlx::query!(
            r#"update invitations i set token_hash = $3 from tenants t, users u
               where i.tenant_id = $1 and i.id = $2 and i.via = 'letter' and i.accepted_at is null
                 and i.withdrawn_at is null and i.expires_at > $4 and t.id = i.tenant_id and u.id = i.invited_by
                 and u.is_active and u.tenant_role = 'owner'
               returning i.email, t.name as company, u.full_name as invited_by"#,
            self.tenant.uuid(),
            self.invitation.uuid(),
            token_hash.as_slice(),
            now,
        )
        .fetch_optional(cx.tx())
        .await
        .map_err(Fault::from)?;
        let Some(row) = row else { return Ok(()) };
        cx.commit().await?;
        let link = link(platform, &token);
        // Both are what a stranger chose to write to a stranger: a name's length, no more.
        let (inviter, company) = (short(&row.invited_by), short(&row.company));
        let text = format!(
            "Hello,\n\n{inviter} invites you to the telephone numbers of {company}. Choose your name and a password \
             here:\n\n{link}\n\nThe link works for seven days and once. If you do not know them, there \
             is nothing to do.\n\nVoxLink\n"
        );
        let subject = format!("{company} invites you to VoxLink");
        let letter = Letter { to: row.email, subject, text, html: None };
        Ok(platform.mailer().send(&letter).await?)
    }
}

/// At most forty characters of a name.
fn short(name: &str) -> String {
    if name.chars().count() <= 40 {
        return name.to_owned();
    }
    let mut cut: String = name.chars().take(39).collect();
    cut.push('…');
    cut
}

impl Job for InvitationLetter {
    const TASK: &'static str = "invitation_letter";
    const TRIES: i32 = 8;

    fn key(&self) -> Option<String> {
        Some(format!("invitation_letter:{}", self.invitation))
    }

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        match self.send(platform).await {
            // Mail was switched off since: the inviter's page offers a link instead.
            Ok(()) | Err(LetterError::Mail(MailError::NotConfigured)) => Ok(()),
            Err(LetterError::Fault(fault)) => Err(fault.into()),
            Err(LetterError::Mail(error @ MailError::Transient(_))) => Err(JobError::retry(error)),
            Err(LetterError::Mail(error)) => Err(JobError::fail(error)),
        }
    }
}
