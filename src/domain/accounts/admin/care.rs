//! What staff do for an account besides shutting it: notes, money put right by hand, signing its
//! people out.

use super::lock;
use crate::{
    Ctx, Fault, Installation,
    accounts::AccountError,
    audit::Entry,
    billing::journal::{self, Account, NewEntry, Posting},
};
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;
use voxlink_types::{
    Currency, Money,
    ids::{AccountNoteId, EntryId, TenantId, UserId},
    text_enum,
};

/// What somebody of the staff wrote down; the customer never sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The words.
    pub text: String,
    /// Who wrote them.
    pub author: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// The notes about an account, the newest first.
pub async fn notes(cx: &mut Ctx<Installation>, id: TenantId) -> Result<Vec<Note>, Fault> {
    let rows = sqlx::query_as!(
        Note,
        "select n.text, u.full_name as author, n.created_at
         from account_notes n join users u on u.id = n.author_id
         where n.tenant_id = $1 order by n.created_at desc, n.id desc",
        id.uuid(),
    )
    .fetch_all(cx.tx())
    .await?;
    Ok(rows)
}

/// Writes a note down. It is no secret that there is one: the account's audit log tells it, without
/// the words.
pub async fn add_note(
    cx: &mut Ctx<Installation>,
    id: TenantId,
    text: &str,
) -> Result<(), AccountError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 4000 {
        return Err(AccountError::field("note", "Write something, in at most 4,000 characters."));
    }
    let Some(author) = cx.actor().user_id() else {
        return Err(Fault::Internal("a note needs a person".to_owned()).into());
    };
    lock(cx, id).await?;
    let (note, now) = (AccountNoteId::new(cx.now_millis()), cx.now());
    sqlx::query!(
        "insert into account_notes (id, tenant_id, author_id, text, created_at) values ($1, $2, $3, $4, $5)",
        note.uuid(),
        id.uuid(),
        author.uuid(),
        text,
        now,
    )
    .execute(cx.tx())
    .await?;
    let entry = Entry {
        action: "account.note",
        resource: "note",
        resource_id: Some(note.to_string()),
        ..Entry::default()
    };
    Ok(cx.audit_of(Some(id), entry).await?)
}

text_enum! {
    /// Which way money is put right.
    Hand {
        /// Onto the balance.
        Give = "give",
        /// Off the balance.
        Take = "take",
    }
}

/// Puts money on a balance or takes it off, with a reason that the customer reads on the
/// statement. Nobody's balance is taken below nothing, and nobody gives to their own company. `form`
/// names the form that asked: sent again, it changes nothing.
pub async fn adjust(
    cx: &mut Ctx<Installation>,
    id: TenantId,
    hand: Hand,
    amount: &str,
    reason: &str,
    form: Option<Uuid>,
) -> Result<Money, AccountError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 200 {
        return Err(AccountError::field("why", "Say why, in at most 200 characters."));
    }
    let own = sqlx::query_scalar!(
        r#"select exists (select from users where id = $1 and tenant_id = $2) as "own!""#,
        cx.actor().user_id().map(UserId::uuid),
        id.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    if own {
        return Err(AccountError::Oneself);
    }
    // The checkout locks the same row before it spends.
    let currency = sqlx::query_scalar!(
        r#"select currency as "currency: Currency" from billing_accounts where tenant_id = $1 for update"#,
        id.uuid(),
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(AccountError::NotFound)?;
    let amount = Money::parse(amount.trim(), currency)
        .ok()
        .filter(|money| money.minor > 0)
        .ok_or_else(|| {
            AccountError::field("amount", format!("Enter an amount in {currency}, such as 25.00."))
        })?;
    let amount = match hand {
        Hand::Give => amount,
        Hand::Take => Money::new(-amount.minor, currency),
    };
    let before = journal::available_credit(cx, id, currency).await?;
    let form = form.map_or_else(|| EntryId::new(cx.now_millis()).to_string(), |f| f.to_string());
    let reference = format!("adjustment:{id}:{form}");
    let done = sqlx::query_scalar!(
        r#"select exists (select from journal_entries where reference = $1 and tenant_id = $2) as "done!""#,
        reference,
        id.uuid(),
    )
    .fetch_one(cx.tx())
    .await?;
    if done {
        return Ok(before);
    }
    let after = before
        .plus(amount)
        .map_err(|_| AccountError::field("amount", "This is more than a balance can hold."))?;
    if after.minor < 0 {
        return Err(AccountError::field(
            "amount",
            format!("The balance is {before}: no more than that can be taken off."),
        ));
    }
    let entry = NewEntry {
        reference: reference.clone(),
        kind: "adjustment",
        description: format!("Adjustment: {reason}"),
        postings: vec![
            Posting::debit(Account::Adjustments, amount),
            Posting::credit(Account::Credit, amount),
        ],
        ..NewEntry::default()
    };
    journal::post(cx, id, entry).await.map_err(Fault::from)?;
    cx.audit_of(
        Some(id),
        Entry {
            action: "account.adjust",
            resource: "tenant",
            resource_id: Some(id.to_string()),
            old: Some(json!({ "credit": before.to_string() })),
            new: Some(json!({ "credit": after.to_string(), "by": amount.to_string(), "entry": reference })),
            reason: Some(reason),
            ..Entry::default()
        },
    )
    .await?;
    Ok(after)
}

/// Signs all people of an account out, on all their devices; how many sessions ended.
pub async fn sign_out_all(cx: &mut Ctx<Installation>, id: TenantId) -> Result<u64, AccountError> {
    lock(cx, id).await?;
    let ended = end_sessions(cx, id).await?;
    let entry = Entry {
        action: "account.sign_out",
        resource: "tenant",
        resource_id: Some(id.to_string()),
        new: Some(json!({ "sessions_ended": ended })),
        ..Entry::default()
    };
    cx.audit_of(Some(id), entry).await?;
    Ok(ended)
}

/// Ends all sessions of an account's people.
pub(super) async fn end_sessions(cx: &mut Ctx<Installation>, id: TenantId) -> Result<u64, Fault> {
    let now = cx.now();
    let ended = sqlx::query!(
        "update sessions set revoked_at = $2
         where revoked_at is null and user_id in (select id from users where tenant_id = $1)",
        id.uuid(),
        now,
    )
    .execute(cx.tx())
    .await?
    .rows_affected();
    Ok(ended)
}
