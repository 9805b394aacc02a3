//! Trunks: made, moved in their order, removed.

use super::{TrunkError, endpoint, known, name, taken, wrong};
use crate::{Ctx, Fault, Installation, Platform, audit::Entry};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use voxlink_gateways::sip::Trunk;
use voxlink_types::{
    ids::SipTrunkId,
    sip::{Carries, Transport, TrunkAuth},
};

/// A trunk as typed.
#[derive(Debug, Clone)]
pub struct NewTrunk {
    /// Its name.
    pub name: String,
    /// The other side.
    pub host: String,
    /// Its port.
    pub port: String,
    /// How it is reached.
    pub transport: Transport,
    /// Which way calls go.
    pub carries: Carries,
    /// How it knows us.
    pub auth: TrunkAuth,
    /// The name that we show; only with [`TrunkAuth::Digest`].
    pub username: String,
    /// The password that we show; only with [`TrunkAuth::Digest`].
    pub password: SecretString,
    /// The lowest is tried first, 1 to 1000.
    pub priority: String,
}

/// All trunks in the order in which they are tried, without their passwords.
pub async fn trunks(cx: &mut Ctx<Installation>) -> Result<Vec<Trunk>, Fault> {
    known::read(cx.tx(), None).await.map(|known| known.trunks)
}

/// Makes a trunk. Its password is sealed and cannot be read back.
pub async fn add_trunk(
    platform: &Platform,
    cx: &mut Ctx<Installation>,
    typed: &NewTrunk,
) -> Result<(), TrunkError> {
    let own = platform.own().ok_or(TrunkError::NotHere)?;
    let mut all = Vec::new();
    let name = name(&typed.name, &mut all);
    let at = endpoint(&typed.host, &typed.port, typed.transport, &mut all);
    let digest = typed.auth == TrunkAuth::Digest;
    let username = typed.username.trim();
    let plain = |text: &str| text.len() <= 128 && !text.chars().any(char::is_control);
    if digest && (username.is_empty() || !plain(username) || username.contains(':')) {
        all.push(wrong("username", "Write the name that the other side gave you."));
    }
    let secret = typed.password.expose_secret();
    if digest && (secret.is_empty() || !plain(secret)) {
        all.push(wrong("password", "Write the password that the other side gave you."));
    }
    // Calls are told apart by the address that they come from.
    if typed.carries.comes_in() && at.host.parse::<std::net::IpAddr>().is_err() {
        let how = "Calls come in from an address: write one, such as 198.51.100.7, not a name.";
        all.push(wrong("host", how));
    }
    let priority = priority(&typed.priority, &mut all);
    if !all.is_empty() {
        return Err(TrunkError::Fields(all));
    }
    let sealed =
        if digest { Some(own.seal.close(&typed.password, &known::place(&name))?) } else { None };
    let (id, now) = (SipTrunkId::new(cx.now_millis()), cx.now());
    sqlx::query!(
        "insert into sip_trunks (id, name, host, port, transport, carries, auth, username,
             password_sealed, priority, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        id.uuid(),
        name,
        at.host,
        i32::from(at.port),
        at.transport.as_str(),
        typed.carries.as_str(),
        typed.auth.as_str(),
        digest.then_some(username),
        sealed,
        priority,
        now
    )
    .execute(cx.tx())
    .await
    .map_err(taken)?;
    let new = json!({
        "host": at.host, "port": at.port, "transport": at.transport, "carries": typed.carries,
        "auth": typed.auth, "username": digest.then_some(username), "priority": priority,
    });
    told(cx, "sip_trunk.add", &name, Some(new)).await
}

/// Asks a trunk's other side whether it is there; what it said, as a sentence. The transaction ends
/// before, so that nothing is held while it is waited for.
pub async fn ask(
    platform: &Platform,
    mut cx: Ctx<Installation>,
    name: &str,
) -> Result<Result<String, String>, TrunkError> {
    let own = platform.own().ok_or(TrunkError::NotHere)?;
    let found = trunks(&mut cx).await?.into_iter().find(|trunk| trunk.name == name);
    drop(cx);
    let trunk = found.ok_or_else(|| unknown(name))?;
    Ok(match own.sip.options(&trunk.at).await {
        Ok(heard) => {
            let server = heard.server.map(|s| format!(", {s}")).unwrap_or_default();
            let ms = heard.took.as_millis();
            Ok(format!("{name} answers {} {} after {ms} ms{server}.", heard.code, heard.reason))
        }
        Err(why) => Err(format!("{name}: {why}.")),
    })
}

/// Moves a trunk in the order.
pub async fn set_priority(
    cx: &mut Ctx<Installation>,
    name: &str,
    typed: &str,
) -> Result<(), TrunkError> {
    let mut all = Vec::new();
    let priority = priority(typed, &mut all);
    if !all.is_empty() {
        return Err(TrunkError::Fields(all));
    }
    let done = sqlx::query!("update sip_trunks set priority = $2 where name = $1", name, priority)
        .execute(cx.tx())
        .await
        .map_err(Fault::from)?;
    if done.rows_affected() == 0 {
        return Err(unknown(name));
    }
    told(cx, "sip_trunk.priority", name, Some(json!({ "priority": priority }))).await
}

/// Removes a trunk: no call goes out over it any more. Edges take calls from it until they are
/// given their configuration again.
pub async fn remove_trunk(cx: &mut Ctx<Installation>, name: &str) -> Result<(), TrunkError> {
    let done = sqlx::query!("delete from sip_trunks where name = $1", name)
        .execute(cx.tx())
        .await
        .map_err(Fault::from)?;
    if done.rows_affected() == 0 {
        return Err(unknown(name));
    }
    told(cx, "sip_trunk.remove", name, None).await
}

fn unknown(name: &str) -> TrunkError {
    TrunkError::Unknown(name.chars().take(40).collect())
}

fn priority(typed: &str, all: &mut Vec<voxlink_types::error::FieldError>) -> i16 {
    typed.trim().parse().ok().filter(|p| (1..=1000).contains(p)).unwrap_or_else(|| {
        all.push(wrong("priority", "Write a number from 1 to 1000; the lowest is tried first."));
        1
    })
}

async fn told(
    cx: &mut Ctx<Installation>,
    action: &str,
    name: &str,
    new: Option<serde_json::Value>,
) -> Result<(), TrunkError> {
    let entry = Entry {
        action,
        resource: "sip_trunk",
        resource_id: Some(name.to_owned()),
        new,
        ..Entry::default()
    };
    cx.audit_of(None, entry).await?;
    Ok(())
}
