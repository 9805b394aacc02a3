//! The operator's own telephony: the SIP servers that calls come in at (edges), the trunks to other
//! carriers, and the numbers that ring on them.
//!
//! An edge's password follows from the installation's key and is told once, when it is made; a
//! trunk's password is sealed and told to edges only. What a ringing phone needs of both is kept in
//! memory ([`follow`]).

mod arrivals;
mod edges;
mod known;
mod ways;

pub use arrivals::{Block, Read, block, read_csv};
pub use edges::{
    NewEdge, add_edge, configuration, edge, edges, remove_edge, renew_edge, told_once,
};
pub use known::follow;
pub use voxlink_gateways::sip::{Edge, Trunk};
pub use ways::{
    Heard, NewTrunk, add_trunk, ask, edit_trunk, remove_trunk, set_priority, trunk, trunks,
};

use crate::{Fault, fault::broken_constraint};
use voxlink_gateways::sip::Endpoint;
use voxlink_types::{
    error::{Explain, FieldError, Status},
    sip::Transport,
};

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum TrunkError {
    /// These fields are wrong.
    #[error("Mend the marked fields.")]
    Fields(Vec<FieldError>),
    /// Nothing has that name.
    #[error("There is no “{0}” here. It may have been removed.")]
    Unknown(String),
    /// This installation has no own telephony.
    #[error("Own trunks are not set up on this server.")]
    NotHere,
    /// The database did not do it.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Explain for TrunkError {
    fn code(&self) -> &'static str {
        match self {
            Self::Fields(_) => "trunk_incomplete",
            Self::Unknown(_) => "unknown_trunk",
            Self::NotHere => "no_own_trunks",
            Self::Fault(fault) => fault.code(),
        }
    }
    fn status(&self) -> Status {
        match self {
            Self::Fields(_) => Status::Unprocessable,
            Self::Unknown(_) | Self::NotHere => Status::NotFound,
            Self::Fault(fault) => fault.status(),
        }
    }
    fn fields(&self) -> Vec<FieldError> {
        if let Self::Fields(fields) = self { fields.clone() } else { Vec::new() }
    }
}

fn wrong(field: &str, message: &str) -> FieldError {
    FieldError { field: field.to_owned(), message: message.to_owned() }
}

/// A broken constraint as the field's error that it is.
fn taken(error: sqlx::Error) -> TrunkError {
    match broken_constraint(&error) {
        Some("sip_edges_name_once" | "sip_trunks_name_once") => {
            TrunkError::Fields(vec![wrong("name", "This name is in use. Choose another.")])
        }
        _ => Fault::from(error).into(),
    }
}

/// Checks a name; it stands in file names, addresses and dialplans.
fn name(text: &str, all: &mut Vec<FieldError>) -> String {
    let name = text.trim().to_ascii_lowercase();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let fits = name.len() <= 31
        && name.bytes().all(plain)
        && name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    if !fits {
        let how =
            "Begin with a letter; use letters, digits and hyphens, at most 31, such as edge-1.";
        all.push(wrong("name", how));
    }
    name
}

/// Checks host, port and transport.
fn endpoint(host: &str, port: &str, transport: Transport, all: &mut Vec<FieldError>) -> Endpoint {
    let host = host.trim().trim_matches(['[', ']']).to_ascii_lowercase();
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':');
    if host.is_empty() || host.len() > 253 || !host.bytes().all(plain) {
        all.push(wrong("host", "Write a host's name or address, such as sip.example.com."));
    }
    let port = port.trim().parse::<u16>().ok().filter(|p| *p > 0).unwrap_or_else(|| {
        all.push(wrong("port", "Write a port from 1 to 65535; SIP's own is 5060."));
        0
    });
    // The servers' configuration has no certificates: what is added by TLS would reach nobody.
    if transport == Transport::Tls {
        let how = "TLS is not written into the configuration of edges yet. Choose udp or tcp.";
        all.push(wrong("transport", how));
    }
    Endpoint { host, port, transport }
}

/// Whether every kind of edge can be told this as a trunk's user or password. Blanks end a credential
/// of Kamailio's and semicolons a line of Asterisk's; FreeSWITCH puts variables in for dollars; quotes
/// and backslashes are each one's own.
fn writable(text: &str) -> bool {
    let apart = |b: u8| matches!(b, b'"' | b'\'' | b'`' | b'\\' | b';' | b'$');
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() && !apart(b))
}

/// A port as it was stored.
fn port(stored: i32, place: &str) -> Result<u16, Fault> {
    u16::try_from(stored).map_err(|error| Fault::inconsistent(place, error))
}

#[cfg(test)]
mod tests {
    use super::writable;

    #[test]
    fn what_an_edge_cannot_be_told_is_no_password() {
        for good in ["a", "p:a#s!{}<tag>&%", "S3cret-trunk_pw."] {
            assert!(writable(good), "{good}");
        }
        let long = "p".repeat(129);
        for bad in
            ["", "u\"; evil", "a b", "a\\b", "it's", "a;b", "${x}", "pä", "p\n", long.as_str()]
        {
            assert!(!writable(bad), "{bad}");
        }
    }
}
