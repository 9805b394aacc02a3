//! The operator's own telephony: passwords of its edges, the configuration that makes each of them
//! ask us, and whether a host answers at all.

pub(crate) mod asterisk;
pub(crate) mod freeswitch;
pub(crate) mod kamailio;
mod options;

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::Sha256;
use std::sync::Arc;
use voxlink_gateways::{
    SipSide,
    sip::{Answered, ConfigFile, Directory, Edge, Endpoint, Known, Trunk, Unanswered},
};
use voxlink_types::sip::{EdgeKind, Transport};

/// The context that FreeSWITCH and Asterisk bring our calls to.
const CONTEXT: &str = "voxlink";

/// The passwords of edges. Cheap to clone.
#[derive(Debug, Clone)]
pub struct EdgePasses(Arc<SecretBox<[u8; 32]>>);

impl EdgePasses {
    /// From the installation's key, which is used for nothing but to make another.
    pub fn new(installation: &[u8; 32]) -> Self {
        Self(Arc::new(SecretBox::new(Box::new(digest(installation, "voxlink sip edges 1")))))
    }

    /// 256 bits, in letters that need no quoting anywhere.
    pub fn password(&self, edge: &str, generation: i32) -> SecretString {
        let bytes = digest(self.0.expose_secret(), &format!("{edge}:{generation}"));
        URL_SAFE_NO_PAD.encode(bytes).into()
    }
}

fn digest(key: &[u8; 32], text: &str) -> [u8; 32] {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return *key };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

/// Own telephony as vendors have it.
#[derive(Debug, Clone)]
pub struct OwnTelephony {
    passes: EdgePasses,
    directory: Directory,
}

impl OwnTelephony {
    /// With the installation's key, and the directory that the switchboards of edges share.
    pub fn new(passes: EdgePasses, directory: Directory) -> Self {
        Self { passes, directory }
    }
}

#[async_trait]
impl SipSide for OwnTelephony {
    fn directory(&self) -> &Directory {
        &self.directory
    }

    fn password(&self, edge: &str, generation: i32) -> SecretString {
        self.passes.password(edge, generation)
    }

    fn configuration(&self, edge: &Edge, known: &Known, base: &str) -> Vec<ConfigFile> {
        let password = self.passes.password(&edge.name, edge.generation);
        let own = format!("{}/{}", base.trim_end_matches('/'), edge.kind);
        let asks = Asks { edge, known, base: &own, password: password.expose_secret() };
        match edge.kind {
            EdgeKind::Kamailio => kamailio::configuration(&asks),
            EdgeKind::Freeswitch => freeswitch::configuration(&asks),
            EdgeKind::Asterisk => asterisk::configuration(&asks),
        }
    }

    async fn options(&self, at: &Endpoint) -> Result<Answered, Unanswered> {
        options::ask(at).await
    }
}

/// What a configuration is written from.
struct Asks<'a> {
    edge: &'a Edge,
    known: &'a Known,
    /// Our callbacks for its kind: `https://…/callbacks/kamailio`.
    base: &'a str,
    password: &'a str,
}

/// The path of an address of ours below `…/callbacks/{kind}/voice/`: where in the plan a call
/// stands.
fn position(url: &str, kind: EdgeKind) -> &str {
    let start = format!("/callbacks/{kind}/voice/");
    url.split_once(&start).map_or("", |(_, position)| position)
}

/// An endpoint in a SIP address.
fn host(at: &Endpoint) -> String {
    let transport = match at.transport {
        Transport::Udp => String::new(),
        other => format!(";transport={other}"),
    };
    // An address of IPv6 stands in brackets (RFC 3261, section 25.1).
    if at.host.contains(':') {
        format!("[{}]:{}{transport}", at.host, at.port)
    } else {
        format!("{}:{}{transport}", at.host, at.port)
    }
}

/// By what an edge must be reached: its own transport first, then whatever else its trunks and the
/// other edges use. A call over TCP finds no way out of a server that speaks UDP alone. TLS wants
/// certificates that we do not write; edges and trunks by it are refused when they are added, and
/// one that was added before is left out.
fn transports(asks: &Asks<'_>) -> Vec<Transport> {
    let own = asks.edge.at.transport;
    let trunks = asks.known.trunks.iter().map(|trunk| trunk.at.transport);
    let edges = asks.known.edges.values().map(|edge| edge.at.transport);
    let mut all = Vec::new();
    for transport in std::iter::once(own).chain(trunks).chain(edges) {
        if transport != Transport::Tls && !all.contains(&transport) {
            all.push(transport);
        }
    }
    if all.is_empty() { vec![Transport::Udp] } else { all }
}

/// The trunks that calls go out over, in the order in which they are tried.
fn ways_out(known: &Known) -> impl Iterator<Item = &Trunk> {
    known.trunks.iter().filter(|trunk| trunk.carries.goes_out())
}

/// A text with nothing in it that a dialplan could take for more than words.
fn words(text: &str) -> String {
    let plain = |c: char| {
        if c.is_alphanumeric() || matches!(c, '.' | '?' | '!' | '-') { c } else { ' ' }
    };
    let text: String = text.chars().map(plain).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxlink_types::sip::{Carries, TrunkAuth};

    pub(super) fn edge(kind: EdgeKind) -> Edge {
        let at = Endpoint { host: "192.0.2.1".into(), port: 5060, transport: Transport::Udp };
        Edge { name: "edge1".into(), kind, at, generation: 2 }
    }

    pub(super) fn known() -> Known {
        let trunk = |name: &str, host: &str, auth, priority| Trunk {
            name: name.into(),
            at: Endpoint { host: host.into(), port: 5060, transport: Transport::Udp },
            carries: Carries::Both,
            auth,
            username: (auth == TrunkAuth::Digest).then(|| "acme".into()),
            password: (auth == TrunkAuth::Digest).then(|| "the \"trunk's\" password".into()),
            priority,
        };
        Known {
            edges: [("edge1".to_owned(), edge(EdgeKind::Kamailio))].into(),
            trunks: vec![
                trunk("first", "198.51.100.1", TrunkAuth::Address, 10),
                trunk("second", "198.51.100.2", TrunkAuth::Digest, 20),
            ],
        }
    }

    #[test]
    fn each_edge_and_generation_has_a_password_of_its_own() {
        let passes = EdgePasses::new(&[7; 32]);
        let of =
            |name: &str, generation| passes.password(name, generation).expose_secret().to_owned();
        assert_eq!(of("edge1", 1), of("edge1", 1));
        assert_eq!(of("edge1", 1).len(), 43);
        for other in [of("edge1", 2), of("edge2", 1)] {
            assert_ne!(of("edge1", 1), other);
        }
        let elsewhere = EdgePasses::new(&[8; 32]).password("edge1", 1);
        assert_ne!(of("edge1", 1), elsewhere.expose_secret());
    }

    #[test]
    fn every_configuration_shows_the_edge_by_name_and_password_at_our_address() {
        let telephony = OwnTelephony::new(EdgePasses::new(&[7; 32]), Directory::default());
        for kind in EdgeKind::ALL {
            let edge = edge(*kind);
            let files = telephony.configuration(&edge, &known(), "https://voxlink.test/callbacks");
            let all: String = files.iter().map(|f| f.text.as_str()).collect();
            let password = telephony.password("edge1", 2);
            assert!(all.contains(password.expose_secret()), "{kind}");
            assert!(all.contains("edge1.2"), "{kind}");
            assert!(all.contains(&format!("voxlink.test/callbacks/{kind}")), "{kind}");
        }
    }

    #[test]
    fn a_position_is_what_follows_our_own_path() {
        let url = "https://v.test/callbacks/kamailio/voice/cfg_1/voice/rang.0";
        assert_eq!(position(url, EdgeKind::Kamailio), "cfg_1/voice/rang.0");
        assert_eq!(position(url, EdgeKind::Asterisk), "");
    }

    #[test]
    fn what_is_read_aloud_holds_nothing_but_words() {
        assert_eq!(words("Grüße, ${IVR}: \"1\" | 'x';\nnow!"), "Grüße IVR 1 x now!");
    }
}
