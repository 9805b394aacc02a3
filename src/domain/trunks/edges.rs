//! Edges: made, given a new password, taken out of use.

use super::{TrunkError, endpoint, known, name, port, taken, wrong};
use crate::{Ctx, Fault, Installation, Platform, audit::Entry};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use voxlink_gateways::sip::{ConfigFile, Edge, Endpoint};
use voxlink_types::{
    ids::SipEdgeId,
    sip::{EdgeKind, Transport},
};

/// An edge as typed.
#[derive(Debug, Clone)]
pub struct NewEdge {
    /// Its name.
    pub name: String,
    /// What it runs.
    pub kind: EdgeKind,
    /// Where it listens.
    pub host: String,
    /// Its port.
    pub port: String,
    /// How it is reached.
    pub transport: Transport,
}

/// All edges, by name.
pub async fn edges(cx: &mut Ctx<Installation>) -> Result<Vec<Edge>, Fault> {
    let rows = sqlx::query!(
        r#"select name, kind as "kind: EdgeKind", host, port, transport as "transport: Transport", generation
           from sip_edges order by name"#
    )
    .fetch_all(cx.tx())
    .await?;
    rows.into_iter()
        .map(|r| {
            let port = port(r.port, &format!("sip_edges {}", r.name))?;
            let at = Endpoint { host: r.host, port, transport: r.transport };
            Ok(Edge { name: r.name, kind: r.kind, at, generation: r.generation })
        })
        .collect()
}

/// Makes an edge; the user and the password that it shows itself by, told now and never again.
pub async fn add_edge(
    platform: &Platform,
    cx: &mut Ctx<Installation>,
    typed: &NewEdge,
) -> Result<(Edge, SecretString), TrunkError> {
    let own = platform.own().ok_or(TrunkError::NotHere)?;
    let mut all = Vec::new();
    let name = name(&typed.name, &mut all);
    let at = endpoint(&typed.host, &typed.port, typed.transport, &mut all);
    if !all.is_empty() {
        return Err(TrunkError::Fields(all));
    }
    // Two cannot listen at one place. The same name again is told by its constraint.
    let same = |other: &Edge| other.name != name && other.at == at;
    if let Some(other) = edges(cx).await?.into_iter().find(same) {
        let how = format!("“{}” listens at this address, port and transport already.", other.name);
        return Err(TrunkError::Fields(vec![wrong("host", &how)]));
    }
    let (id, now) = (SipEdgeId::new(cx.now_millis()), cx.now());
    // A name that was in use before goes on with its next password: its old ones stay void.
    let generation = sqlx::query_scalar!(
        "insert into sip_edges (id, name, kind, host, port, transport, generation, created_at)
         values ($1, $2, $3, $4, $5, $6,
             1 + (select count(*)::integer from audit_log
                  where action in ('sip_edge.add', 'sip_edge.renew') and resource_id = $2), $7)
         returning generation",
        id.uuid(),
        name,
        typed.kind.as_str(),
        at.host,
        i32::from(at.port),
        at.transport.as_str(),
        now
    )
    .fetch_one(cx.tx())
    .await
    .map_err(taken)?;
    let edge = Edge { name, kind: typed.kind, at, generation };
    told(cx, "sip_edge.add", &edge).await?;
    let password = own.sip.password(&edge.name, edge.generation);
    Ok((edge, password))
}

/// What is said of an edge that was made or given a new password: the one time that the password
/// is shown.
pub fn told_once(edge: &Edge, password: &SecretString) -> String {
    format!(
        "{} shows itself by the user {} and the password {}. The password is shown only now.",
        edge.name,
        edge.user(),
        password.expose_secret()
    )
}

/// Gives an edge a new password; the old one is void at once.
pub async fn renew_edge(
    platform: &Platform,
    cx: &mut Ctx<Installation>,
    name: &str,
) -> Result<(Edge, SecretString), TrunkError> {
    let own = platform.own().ok_or(TrunkError::NotHere)?;
    sqlx::query!("update sip_edges set generation = generation + 1 where name = $1", name)
        .execute(cx.tx())
        .await
        .map_err(Fault::from)?;
    let edge = edge(cx, name).await?;
    told(cx, "sip_edge.renew", &edge).await?;
    let password = own.sip.password(&edge.name, edge.generation);
    Ok((edge, password))
}

/// Takes an edge out of use: what it asks from now on is refused.
pub async fn remove_edge(cx: &mut Ctx<Installation>, name: &str) -> Result<(), TrunkError> {
    let edge = edge(cx, name).await?;
    sqlx::query!("delete from sip_edges where name = $1", name)
        .execute(cx.tx())
        .await
        .map_err(Fault::from)?;
    told(cx, "sip_edge.remove", &edge).await?;
    Ok(())
}

/// The configuration of an edge, with its password and those of the trunks: for the edge's own
/// machine, and no page.
pub async fn configuration(
    platform: &Platform,
    cx: &mut Ctx<Installation>,
    name: &str,
) -> Result<Vec<ConfigFile>, TrunkError> {
    let own = platform.own().ok_or(TrunkError::NotHere)?;
    let edge = edge(cx, name).await?;
    let known = known::read(cx.tx(), Some(&own.seal)).await?;
    told(cx, "sip_edge.configuration", &edge).await?;
    Ok(own.sip.configuration(&edge, &known, &platform.settings().url("/callbacks")))
}

/// One edge.
pub async fn edge(cx: &mut Ctx<Installation>, name: &str) -> Result<Edge, TrunkError> {
    let found = edges(cx).await?.into_iter().find(|edge| edge.name == name);
    found.ok_or_else(|| TrunkError::Unknown(name.chars().take(40).collect()))
}

async fn told(cx: &mut Ctx<Installation>, action: &str, edge: &Edge) -> Result<(), Fault> {
    let new = json!({
        "kind": edge.kind, "host": edge.at.host, "port": edge.at.port,
        "transport": edge.at.transport, "generation": edge.generation,
    });
    let entry = Entry {
        action,
        resource: "sip_edge",
        resource_id: Some(edge.name.clone()),
        new: Some(new),
        ..Entry::default()
    };
    cx.audit_of(None, entry).await
}
