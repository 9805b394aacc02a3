//! What a ringing phone needs of edges and trunks, read at once and kept in memory.

use super::port;
use crate::{Fault, Platform, sealing::Seal};
use sqlx::PgConnection;
use voxlink_gateways::sip::{Edge, Endpoint, Known, Trunk};
use voxlink_types::sip::{Carries, EdgeKind, Transport, TrunkAuth};

/// For which place a trunk's password is sealed.
pub(super) fn place(trunk: &str) -> String {
    format!("sip_trunks.password_sealed {trunk}")
}

/// Edges and trunks; with the seal also the trunks' passwords.
pub(super) async fn read(
    connection: &mut PgConnection,
    seal: Option<&Seal>,
) -> Result<Known, Fault> {
    let mut known = Known::default();
    let edges = sqlx::query!(
        r#"select name, kind as "kind: EdgeKind", host, port, transport as "transport: Transport", generation
           from sip_edges"#
    )
    .fetch_all(&mut *connection)
    .await?;
    for e in edges {
        let port = port(e.port, &format!("sip_edges {}", e.name))?;
        let at = Endpoint { host: e.host, port, transport: e.transport };
        let edge = Edge { name: e.name.clone(), kind: e.kind, at, generation: e.generation };
        known.edges.insert(e.name, edge);
    }
    let trunks = sqlx::query!(
        r#"select name, host, port, transport as "transport: Transport", carries as "carries: Carries",
                  auth as "auth: TrunkAuth", username, password_sealed, priority
           from sip_trunks order by priority, name"#
    )
    .fetch_all(&mut *connection)
    .await?;
    for t in trunks {
        let port = port(t.port, &format!("sip_trunks {}", t.name))?;
        let password = match (seal, t.password_sealed) {
            (Some(seal), Some(sealed)) => Some(seal.open(&sealed, &place(&t.name))?),
            _ => None,
        };
        known.trunks.push(Trunk {
            name: t.name,
            at: Endpoint { host: t.host, port, transport: t.transport },
            carries: t.carries,
            auth: t.auth,
            username: t.username,
            password,
            priority: t.priority,
        });
    }
    Ok(known)
}

/// Brings what is in memory up to date. Whoever answers calls does so every few seconds; who has
/// changed something does so at once.
pub async fn follow(platform: &Platform) -> Result<(), Fault> {
    let Some(own) = platform.own() else { return Ok(()) };
    let mut connection = platform.db().voice.acquire().await?;
    let known = read(&mut connection, None).await?;
    own.sip.directory().learn(known);
    Ok(())
}
