//! Credentials that administrators enter: checked as the environment's are, tried out at the carrier,
//! sealed, stored for all servers and never shown again.

use super::{
    AccountSetting, CarriersError, Values,
    connections::{Connections, Sealed, place},
    health,
};
use crate::{Ctx, Fault, Installation, Platform, audit::Entry, catalog::RefreshPrices};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use voxlink_types::{error::FieldError, ids::UserId};

/// The longest value, in bytes.
const LONGEST: usize = 4_096;
/// After so long every server goes by what was stored.
const EVERYWHERE: TimeDelta = TimeDelta::seconds(15);

/// What the page shows of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The variable.
    pub setting: AccountSetting,
    /// That it is stored; never what.
    pub stored: Option<Stored>,
}

/// When something was stored, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// When.
    pub at: DateTime<Utc>,
    /// The person's name.
    pub by: Option<String>,
}

/// What an administrator entered.
#[derive(Debug, Default)]
pub struct NewCredentials {
    /// By variable; what is empty changes nothing.
    pub typed: BTreeMap<String, SecretString>,
    /// The variables that shall be stored no more.
    pub removed: BTreeSet<String>,
}

/// The variables of a carrier's account; none where it needs no account.
pub async fn credentials(
    platform: &Platform,
    cx: &mut Ctx<Installation>,
    carrier: &str,
) -> Result<Vec<Credential>, Fault> {
    let Some(connections) = platform.connections() else { return Ok(Vec::new()) };
    let rows = sqlx::query!(
        r#"select c.name as "name!", c.stored_at as "stored_at!", u.full_name as "by?"
           from carrier_credentials c left join users u on u.id = c.stored_by
           where c.carrier = $1"#,
        carrier
    )
    .fetch_all(cx.tx())
    .await?;
    let mut stored: BTreeMap<String, Stored> =
        rows.into_iter().map(|row| (row.name, Stored { at: row.stored_at, by: row.by })).collect();
    let settings = connections.accounts.settings(carrier);
    let all = settings.into_iter().map(|setting| {
        let stored = stored.remove(setting.name);
        Credential { setting, stored }
    });
    Ok(all.collect())
}

/// Asks the carrier whether it takes what was entered, and stores nothing. The transaction ends
/// before, so that nothing is held while it is waited for.
pub async fn try_credentials(
    platform: &Platform,
    mut cx: Ctx<Installation>,
    carrier: &str,
    new: &NewCredentials,
) -> Result<(), CarriersError> {
    let connections = connections(platform, carrier)?;
    let plan = plan(connections, &mut cx, carrier, new).await?;
    drop(cx);
    let account = connections.accounts.check(carrier, &plan.values)?;
    let Some(account) = account.filter(|_| !plan.stored.is_empty()) else { return Ok(()) };
    match health::answer(account.as_ref()).await {
        ("ok", ..) => Ok(()),
        (code, detail, _) => {
            let (name, silent) = (account.name(), health::is_silence(code));
            Err(CarriersError::NotTaken { name, detail, silent })
        }
    }
}

/// Stores what was entered, whole or not at all; false when nothing was. Servers go by it within
/// seconds ([`super::follow`]), and then the carrier's prices are asked for.
pub async fn store_credentials(
    platform: &Platform,
    cx: &mut Ctx<Installation>,
    carrier: &str,
    new: &NewCredentials,
) -> Result<bool, CarriersError> {
    let connections = connections(platform, carrier)?;
    // Two who enter at once do so one after the other; numbers may be held meanwhile.
    sqlx::query_scalar!("select key from carriers where key = $1 for no key update", carrier)
        .fetch_optional(cx.tx())
        .await?
        .ok_or_else(|| unknown(carrier))?;
    let plan = plan(connections, cx, carrier, new).await?;
    if plan.stored.is_empty() && plan.removed.is_empty() {
        return Ok(false);
    }
    connections.accounts.check(carrier, &plan.values)?;
    let (by, now) = (cx.actor().user_id().map(UserId::uuid), cx.now());
    for (name, value) in &plan.stored {
        let closed = connections.seal.close(value, &place(carrier, name))?;
        sqlx::query!(
            "insert into carrier_credentials (carrier, name, value_sealed, stored_by, stored_at)
             values ($1, $2, $3, $4, $5)
             on conflict (carrier, name) do update
                 set value_sealed = excluded.value_sealed, stored_by = excluded.stored_by,
                     stored_at = excluded.stored_at",
            carrier,
            *name,
            closed,
            by,
            now,
        )
        .execute(cx.tx())
        .await?;
    }
    let removed: Vec<String> = plan.removed.iter().map(|&name| name.to_owned()).collect();
    sqlx::query!(
        "delete from carrier_credentials where carrier = $1 and name = any($2)",
        carrier,
        &removed[..],
    )
    .execute(cx.tx())
    .await?;
    cx.enqueue_at(&RefreshPrices::default(), Some(now + EVERYWHERE)).await?;
    let (replaced, stored): (Vec<&str>, Vec<&str>) =
        plan.stored.iter().map(|(name, _)| *name).partition(|name| plan.before.contains(*name));
    let told = json!({ "stored": stored, "replaced": replaced, "removed": removed });
    cx.audit_of(
        None,
        Entry {
            action: "carrier.credentials",
            resource: "carrier",
            resource_id: Some(carrier.to_owned()),
            new: Some(told),
            ..Entry::default()
        },
    )
    .await?;
    Ok(true)
}

/// What is to be done, and what the account is then made of beside the environment.
#[derive(Debug, Default)]
struct Plan {
    stored: Vec<(&'static str, SecretString)>,
    removed: Vec<&'static str>,
    before: BTreeSet<String>,
    values: Values,
}

async fn plan(
    connections: &Connections,
    cx: &mut Ctx<Installation>,
    carrier: &str,
    new: &NewCredentials,
) -> Result<Plan, CarriersError> {
    let rows = sqlx::query_as!(
        Sealed,
        "select carrier, name, value_sealed as value from carrier_credentials where carrier = $1",
        carrier
    )
    .fetch_all(cx.tx())
    .await?;
    let open = |row: &Sealed| connections.seal.open(&row.value, &place(carrier, &row.name));
    let settings = connections.accounts.settings(carrier);
    let (mut plan, mut all, mut moved) = (Plan::default(), Vec::new(), false);
    for setting in &settings {
        let name = setting.name;
        let mut wrong = |message: &str| {
            all.push(FieldError { field: name.to_owned(), message: message.to_owned() });
        };
        let typed = new.typed.get(name).map(|value| value.expose_secret().trim());
        let typed = typed.filter(|text| !text.is_empty());
        let row = rows.iter().find(|row| row.name == name);
        match (typed, row) {
            (Some(_), _) if setting.given => {
                wrong(
                    "The environment of this server sets it, and would go before what is stored.",
                );
            }
            (Some(_), _) if new.removed.contains(name) => {
                wrong("Write another value or remove the stored one, not both.");
            }
            (Some(text), _) if text.len() > LONGEST => wrong("It is too long."),
            (Some(text), row) => {
                let before = row.and_then(|row| open(row).ok());
                let same = before.is_some_and(|before| before.expose_secret() == text);
                moved |= setting.address && !same;
                plan.stored.push((name, text.into()));
                plan.values.insert(name, text.into());
            }
            (None, Some(_)) if new.removed.contains(name) => plan.removed.push(name),
            (None, Some(row)) if !setting.given => match open(row) {
                Ok(value) => drop(plan.values.insert(name, value)),
                Err(_) => wrong(
                    "What is stored cannot be opened with this SECRET_KEY: write it again, or \
                     remove it.",
                ),
            },
            _ => {}
        }
    }
    // Who may enter an address need not know the secrets: it is never sent one that is stored.
    for setting in settings.iter().filter(|setting| moved && setting.secret) {
        let typed = plan.stored.iter().any(|(name, _)| *name == setting.name);
        if !typed && plan.values.contains_key(setting.name) {
            let message = "Write it again, too: the address is another one, and what is stored is \
                           not sent there.";
            all.push(FieldError { field: setting.name.to_owned(), message: message.to_owned() });
        }
    }
    plan.before = rows.into_iter().map(|row| row.name).collect();
    if all.is_empty() { Ok(plan) } else { Err(CarriersError::Fields(all)) }
}

/// The connections, where the carrier has an account to be entered.
fn connections<'a>(
    platform: &'a Platform,
    carrier: &str,
) -> Result<&'a Connections, CarriersError> {
    let connections = platform.connections().ok_or_else(|| unknown(carrier))?;
    if connections.accounts.settings(carrier).is_empty() {
        return Err(unknown(carrier));
    }
    Ok(connections)
}

fn unknown(carrier: &str) -> CarriersError {
    CarriersError::Unknown(carrier.chars().take(40).collect())
}
