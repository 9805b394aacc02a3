//! Trunks: made, changed, moved in their order, asked, removed.

use super::{TrunkError, endpoint, known, name, taken, writable, wrong};
use crate::{Ctx, Fault, Installation, Platform, audit::Entry};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use voxlink_gateways::sip::{Answered, Endpoint, Trunk};
use voxlink_types::{
    error::FieldError,
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

/// What of a trunk was checked.
struct Checked {
    at: Endpoint,
    priority: i16,
}

/// Checks all but the name. `kept` says that the password of before goes on where none is typed.
fn checked(typed: &NewTrunk, kept: bool, all: &mut Vec<FieldError>) -> Checked {
    let at = endpoint(&typed.host, &typed.port, typed.transport, all);
    let plain = "Edges can be told ASCII letters, digits and signs, at most 128, without blanks, quotes, backslashes, semicolons and dollars";
    if typed.auth == TrunkAuth::Digest {
        let username = typed.username.trim();
        if username.is_empty() {
            all.push(wrong("username", "Write the name that the other side gave you."));
        } else if !writable(username) || username.contains(':') {
            let how = format!("{plain}; a name holds no colon either.");
            all.push(wrong("username", &how));
        }
        let secret = typed.password.expose_secret();
        if secret.is_empty() && !kept {
            all.push(wrong("password", "Write the password that the other side gave you."));
        } else if !secret.is_empty() && !writable(secret) {
            let how = format!("{plain}. Ask the other side for another password.");
            all.push(wrong("password", &how));
        }
        if at.host.contains(':') {
            let how = "A trunk with a password needs a host's name or an address of IPv4: Kamailio cannot be told one of IPv6.";
            all.push(wrong("host", how));
        }
    }
    // Calls are told apart by the address that they come from.
    if typed.carries.comes_in() && at.host.parse::<std::net::IpAddr>().is_err() {
        let how = "Calls come in from an address: write one, such as 198.51.100.7, not a name.";
        all.push(wrong("host", how));
    }
    Checked { at, priority: priority(&typed.priority, all) }
}

/// Refuses a second trunk that calls come in over from the same place: nobody could tell which of
/// the two a call came by.
async fn alone(
    cx: &mut Ctx<Installation>,
    name: &str,
    at: &Endpoint,
    carries: Carries,
) -> Result<(), TrunkError> {
    if !carries.comes_in() {
        return Ok(());
    }
    let same = |other: &Trunk| other.name != name && other.carries.comes_in() && other.at == *at;
    match trunks(cx).await?.into_iter().find(same) {
        Some(other) => {
            let how = format!(
                "Calls come in from this address, port and transport over “{}” already.",
                other.name
            );
            Err(TrunkError::Fields(vec![wrong("host", &how)]))
        }
        None => Ok(()),
    }
}

/// What the audit log keeps of a trunk: never its password.
fn facts(typed: &NewTrunk, at: &Endpoint, priority: i16) -> Value {
    let digest = typed.auth == TrunkAuth::Digest;
    json!({
        "host": at.host, "port": at.port, "transport": at.transport, "carries": typed.carries,
        "auth": typed.auth, "username": digest.then(|| typed.username.trim()), "priority": priority,
    })
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
    let Checked { at, priority } = checked(typed, false, &mut all);
    if !all.is_empty() {
        return Err(TrunkError::Fields(all));
    }
    alone(cx, &name, &at, typed.carries).await?;
    let digest = typed.auth == TrunkAuth::Digest;
    let username = typed.username.trim();
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
    told(cx, "sip_trunk.add", &name, Some(facts(typed, &at, priority))).await
}

/// Changes a trunk in everything but its name, which its password is sealed for. Where no password
/// is typed the one of before goes on.
pub async fn edit_trunk(
    platform: &Platform,
    cx: &mut Ctx<Installation>,
    name: &str,
    typed: &NewTrunk,
) -> Result<(), TrunkError> {
    let own = platform.own().ok_or(TrunkError::NotHere)?;
    let before = trunk(cx, name).await?;
    let digest = typed.auth == TrunkAuth::Digest;
    let fresh = digest && !typed.password.expose_secret().is_empty();
    let kept = digest && !fresh && before.auth == TrunkAuth::Digest;
    let mut all = Vec::new();
    let Checked { at, priority } = checked(typed, kept, &mut all);
    if !all.is_empty() {
        return Err(TrunkError::Fields(all));
    }
    alone(cx, name, &at, typed.carries).await?;
    let username = typed.username.trim();
    let sealed =
        if fresh { Some(own.seal.close(&typed.password, &known::place(name))?) } else { None };
    sqlx::query!(
        "update sip_trunks set host = $2, port = $3, transport = $4, carries = $5, auth = $6,
             username = $7,
             password_sealed = case when $8::boolean then password_sealed else $9::bytea end,
             priority = $10
         where name = $1",
        name,
        at.host,
        i32::from(at.port),
        at.transport.as_str(),
        typed.carries.as_str(),
        typed.auth.as_str(),
        digest.then_some(username),
        kept,
        sealed,
        priority
    )
    .execute(cx.tx())
    .await
    .map_err(Fault::from)?;
    let mut new = facts(typed, &at, priority);
    new["new_password"] = json!(fresh);
    told(cx, "sip_trunk.edit", name, Some(new)).await
}

/// One trunk, without its password.
pub async fn trunk(cx: &mut Ctx<Installation>, name: &str) -> Result<Trunk, TrunkError> {
    let found = trunks(cx).await?.into_iter().find(|trunk| trunk.name == name);
    found.ok_or_else(|| unknown(name))
}

/// How a trunk's other side took OPTIONS, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It is there.
    Well(String),
    /// It is there, but refuses us, or says what has no meaning here.
    Doubtful(String),
    /// It is not there, or takes no calls of ours.
    Bad(String),
}

/// Asks a trunk's other side whether it is there. The transaction ends before, so that nothing is
/// held while it is waited for.
pub async fn ask(
    platform: &Platform,
    mut cx: Ctx<Installation>,
    name: &str,
) -> Result<Heard, TrunkError> {
    let own = platform.own().ok_or(TrunkError::NotHere)?;
    let trunk = trunk(&mut cx, name).await?;
    drop(cx);
    Ok(match own.sip.options(&trunk.at).await {
        Ok(answered) => judged(name, &answered),
        Err(why) => Heard::Bad(format!("{name}: {why}.")),
    })
}

fn judged(name: &str, answered: &Answered) -> Heard {
    let server = answered.server.as_deref().map(|s| format!(", {s}")).unwrap_or_default();
    let (code, reason, ms) = (answered.code, &answered.reason, answered.took.as_millis());
    let said = format!("{name} answers {code} {reason} after {ms} ms{server}");
    match code {
        200..=299 => Heard::Well(format!("{said}.")),
        404 | 405 | 501 => {
            Heard::Well(format!("{said}: it is there, but does not know OPTIONS, which is fine."))
        }
        401 | 407 => Heard::Doubtful(format!(
            "{said}: it is there, but refuses us. This test shows no password; calls do."
        )),
        403 | 408 | 480 | 500 | 502..=699 => {
            Heard::Bad(format!("{said}: it is there, but takes nothing of ours now."))
        }
        _ => Heard::Doubtful(format!("{said}: it is there, but did not take the question.")),
    }
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

fn priority(typed: &str, all: &mut Vec<FieldError>) -> i16 {
    typed.trim().parse().ok().filter(|p| (1..=1000).contains(p)).unwrap_or_else(|| {
        all.push(wrong("priority", "Write a number from 1 to 1000; the lowest is tried first."));
        1
    })
}

async fn told(
    cx: &mut Ctx<Installation>,
    action: &str,
    name: &str,
    new: Option<Value>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_an_answer_to_options_means() {
        let heard = |code| {
            let took = Duration::from_millis(3);
            judged("first", &Answered { code, reason: "x".to_owned(), server: None, took })
        };
        assert_eq!(heard(200), Heard::Well("first answers 200 x after 3 ms.".to_owned()));
        for code in [404, 405, 501] {
            assert!(matches!(heard(code), Heard::Well(said) if said.contains("OPTIONS")), "{code}");
        }
        for code in [401, 407, 302, 483] {
            assert!(matches!(heard(code), Heard::Doubtful(_)), "{code}");
        }
        for code in [403, 500, 503, 603] {
            assert!(matches!(heard(code), Heard::Bad(_)), "{code}");
        }
    }
}
