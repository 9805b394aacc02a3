//! Kamailio at the edge: a proxy. It asks by http_client with a form and is answered in JSON that
//! its module rtjson routes by (kamailio.org/docs/modules/5.6.x/modules/rtjson.html); what needs a
//! voice or an ear it hands to a FreeSWITCH or an Asterisk of the operator's, which asks us itself.
//!
//! ```json
//! {"action": "dial", "next": "cfg_…/desk/rang.0", "ring_ms": 20000, "code": 480, "reason": "…",
//!  "version": "1.0", "routing": "serial", "routes": [{"uri": "sip:…", "dst_uri": "sip:…"}]}
//! ```
//!
//! `action` is `dial`, `media` or `reject`; `next` is where to ask when nobody answered. All names
//! are always there, because the script's variables outlive a call.

use super::{Asks, host, position, ways_out};
use serde_json::{Value, json};
use voxlink_gateways::{
    carrier::Markup,
    sip::{ConfigFile, Known, Trunk},
};
use voxlink_types::{
    routing::{RejectReason, Step, Target},
    sip::{EdgeKind, TrunkAuth},
};

/// The answer to a call. What is not known yet (`None`, before the database was read once) leads
/// nowhere: telephones cannot be reached then, SIP addresses can.
pub(crate) fn answer(steps: &[Step], known: Option<&Known>) -> Markup {
    let document = match steps.first() {
        Some(Step::Dial { targets, timeout_seconds, then_url }) => {
            let ring = u32::from(*timeout_seconds) * 1000;
            let next = position(then_url, EdgeKind::Kamailio);
            match dialled(targets, known) {
                Some((routing, routes)) => said("dial", next, ring, (480, ""), routing, routes),
                None => refused(503, "No trunk leads there"),
            }
        }
        Some(Step::Reject { reason: RejectReason::Busy }) => refused(486, "Busy Here"),
        // "Not in service" is what 404 says (RFC 3398, section 8.2.6.1: cause 1).
        Some(Step::Reject { reason: RejectReason::Rejected }) => refused(404, "Not Found"),
        Some(Step::Hangup) | None => refused(480, "Temporarily Unavailable"),
        Some(
            Step::Say { .. } | Step::Gather { .. } | Step::Record { .. } | Step::Redirect { .. },
        ) => match with_media(known) {
            Some(routes) => said("media", "", 30_000, (480, ""), "serial", routes),
            None => refused(480, "Nobody here can speak"),
        },
    };
    Markup { content_type: "application/json", body: document.to_string() }
}

fn said(
    action: &str,
    next: &str,
    ring_ms: u32,
    (code, reason): (u16, &str),
    routing: &str,
    routes: Vec<Value>,
) -> Value {
    json!({
        "action": action, "next": next, "ring_ms": ring_ms, "code": code, "reason": reason,
        "version": "1.0", "routing": routing, "routes": routes,
    })
}

fn refused(code: u16, reason: &str) -> Value {
    said("reject", "", 0, (code, reason), "serial", Vec::new())
}

/// One telephone is tried over each trunk in turn; several targets ring at once, each over the
/// first.
fn dialled(targets: &[Target], known: Option<&Known>) -> Option<(&'static str, Vec<Value>)> {
    let trunks: Vec<&Trunk> = known.map(|k| ways_out(k).collect()).unwrap_or_default();
    let over = |target: &Target, trunk: &Trunk| match target {
        Target::Sip { uri } => json!({ "uri": uri }),
        Target::Number { number } => {
            let at = host(&trunk.at);
            json!({ "uri": format!("sip:{number}@{at}"), "dst_uri": format!("sip:{at}") })
        }
    };
    match targets {
        [] => None,
        [Target::Sip { uri }] => Some(("serial", vec![json!({ "uri": uri })])),
        [number] => {
            let routes: Vec<Value> = trunks.iter().map(|trunk| over(number, trunk)).collect();
            (!routes.is_empty()).then_some(("serial", routes))
        }
        several => {
            let reached = several.iter().filter_map(|target| match target {
                Target::Sip { uri } => Some(json!({ "uri": uri })),
                Target::Number { .. } => trunks.first().map(|trunk| over(target, trunk)),
            });
            let routes: Vec<Value> = reached.collect();
            (!routes.is_empty()).then_some(("parallel", routes))
        }
    }
}

/// Every server that can speak and hear, one after the other. The called number stays.
fn with_media(known: Option<&Known>) -> Option<Vec<Value>> {
    let edges = known?.edges.values().filter(|edge| edge.kind.has_media());
    let routes: Vec<Value> =
        edges.map(|edge| json!({ "dst_uri": format!("sip:{}", host(&edge.at)) })).collect();
    (!routes.is_empty()).then_some(routes)
}

/// A text inside double quotes of kamailio.cfg.
fn quoted(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).fold(String::new(), |mut all, c| {
        if matches!(c, '"' | '\\') {
            all.push('\\');
        }
        all.push(c);
        all
    })
}

/// `kamailio.cfg`, whole.
pub(super) fn configuration(asks: &Asks<'_>) -> Vec<ConfigFile> {
    let (scheme, rest) = asks.base.split_once("://").unwrap_or(("https", asks.base));
    let voxlink = format!("{scheme}://{}:{}@{rest}", asks.edge.user(), asks.password);
    let sources: Vec<String> = asks
        .known
        .trunks
        .iter()
        .filter(|trunk| trunk.carries.comes_in())
        .map(|trunk| format!("$si == \"{}\"", quoted(&trunk.at.host)))
        .collect();
    let sources = if sources.is_empty() { "0 == 1".to_owned() } else { sources.join(" || ") };
    let credentials: String = ways_out(asks.known)
        .filter(|trunk| trunk.auth == TrunkAuth::Digest)
        // Colons part the three: by an address of IPv6 it would not start.
        .filter(|trunk| !trunk.at.host.contains(':'))
        .filter_map(|trunk| {
            use secrecy::ExposeSecret;
            let (user, password) = trunk.username.as_deref().zip(trunk.password.as_ref())?;
            let all = format!("{user}:{}:{}", trunk.at.host, password.expose_secret());
            Some(format!("modparam(\"uac\", \"credential\", \"{}\")\n", quoted(&all)))
        })
        .collect();
    let listen: Vec<String> = super::transports(asks)
        .into_iter()
        .map(|transport| format!("listen={transport}:{}\n", host_and_port(asks)))
        .collect();
    let listen = listen.concat();
    let text = SCRIPT
        .replace("{{edge}}", &asks.edge.name)
        .replace("{{listen}}", &listen)
        .replace("{{sources}}", &sources)
        .replace("{{credentials}}", &credentials)
        .replace("{{voxlink}}", &quoted(&voxlink));
    vec![ConfigFile { path: "/etc/kamailio/kamailio.cfg", text }]
}

fn host_and_port(asks: &Asks<'_>) -> String {
    let at = &asks.edge.at;
    if at.host.contains(':') {
        format!("[{}]:{}", at.host, at.port)
    } else {
        format!("{}:{}", at.host, at.port)
    }
}

/// For Kamailio 5.6 as Debian 12 has it: kamailio, kamailio-utils-modules (http_client) and
/// kamailio-extra-modules (jansson).
const SCRIPT: &str = include_str!("kamailio.cfg");

#[cfg(test)]
mod tests {
    use super::super::tests::known;
    use super::*;
    use voxlink_gateways::sip::{Edge, Endpoint};
    use voxlink_types::{routing::Voice, sip::Transport};

    const THEN: &str = "https://v.test/callbacks/kamailio/voice/cfg_1/desk/rang.0";

    fn dial(targets: Vec<Target>) -> Step {
        Step::Dial { targets, timeout_seconds: 20, then_url: THEN.to_owned() }
    }

    fn number(text: &str) -> Target {
        Target::Number { number: text.parse().unwrap() }
    }

    fn read(steps: &[Step], known: Option<&Known>) -> Value {
        serde_json::from_str(&answer(steps, known).body).unwrap()
    }

    #[test]
    fn a_telephone_is_tried_over_each_trunk_and_then_it_is_asked_what_comes_next() {
        let answer = read(&[dial(vec![number("+12025550123")])], Some(&known()));
        assert_eq!((&answer["action"], &answer["routing"]), (&json!("dial"), &json!("serial")));
        assert_eq!(
            (&answer["ring_ms"], &answer["next"]),
            (&json!(20_000), &json!("cfg_1/desk/rang.0"))
        );
        let wanted = json!([
            {"uri": "sip:+12025550123@198.51.100.1:5060", "dst_uri": "sip:198.51.100.1:5060"},
            {"uri": "sip:+12025550123@198.51.100.2:5060", "dst_uri": "sip:198.51.100.2:5060"},
        ]);
        assert_eq!(answer["routes"], wanted);
    }

    #[test]
    fn several_ring_at_once_and_sip_addresses_need_no_trunk() {
        let desk = Target::Sip { uri: "sip:desk@example.com".to_owned() };
        let both = read(&[dial(vec![number("+12025550123"), desk.clone()])], Some(&known()));
        assert_eq!(
            (&both["routing"], both["routes"].as_array().unwrap().len()),
            (&json!("parallel"), 2)
        );
        let alone = read(&[dial(vec![desk])], None);
        assert_eq!(alone["routes"], json!([{"uri": "sip:desk@example.com"}]));
        let nowhere = read(&[dial(vec![number("+12025550123")])], None);
        assert_eq!((&nowhere["action"], &nowhere["code"]), (&json!("reject"), &json!(503)));
    }

    #[test]
    fn what_needs_a_voice_goes_to_who_has_one() {
        let text = "Welcome.".to_owned();
        let say = Step::Say { text, voice: Voice::Woman, language: "en-US".to_owned() };
        let mute = read(&[say.clone(), Step::Hangup], Some(&known()));
        assert_eq!((&mute["action"], &mute["code"]), (&json!("reject"), &json!(480)));
        let mut more = known();
        let at = Endpoint { host: "192.0.2.9".into(), port: 5080, transport: Transport::Tcp };
        let media = Edge { name: "voice".into(), kind: EdgeKind::Freeswitch, at, generation: 1 };
        more.edges.insert("voice".into(), media);
        let spoken = read(&[say], Some(&more));
        assert_eq!(spoken["action"], json!("media"));
        assert_eq!(spoken["routes"], json!([{"dst_uri": "sip:192.0.2.9:5080;transport=tcp"}]));
    }

    #[test]
    fn a_refusal_says_why() {
        for (reason, code) in [(RejectReason::Busy, 486), (RejectReason::Rejected, 404)] {
            assert_eq!(read(&[Step::Reject { reason }], None)["code"], json!(code));
        }
        assert_eq!(read(&[], None)["action"], json!("reject"));
    }

    #[test]
    fn it_listens_by_whatever_its_trunks_and_speakers_use() {
        let (edge, mut known) = (super::super::tests::edge(EdgeKind::Kamailio), known());
        let listens = |known: &Known| {
            let base = "http://127.0.0.1:3000/callbacks/kamailio";
            let asks = Asks { edge: &edge, known, base, password: "secret" };
            let text = configuration(&asks).remove(0).text;
            let lines = text.lines().filter(|line| line.starts_with("listen="));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(listens(&known), ["listen=udp:192.0.2.1:5060"]);
        known.trunks[1].at.transport = Transport::Tcp;
        let both = ["listen=udp:192.0.2.1:5060", "listen=tcp:192.0.2.1:5060"];
        assert_eq!(listens(&known), both);
        // TLS was taken once; nothing is written for it.
        known.trunks[1].at.transport = Transport::Tls;
        assert_eq!(listens(&known), ["listen=udp:192.0.2.1:5060"]);
        let at = Endpoint { host: "192.0.2.9".into(), port: 5080, transport: Transport::Tcp };
        let media = Edge { name: "voice".into(), kind: EdgeKind::Freeswitch, at, generation: 1 };
        known.edges.insert("voice".into(), media);
        assert_eq!(listens(&known), both);
    }

    #[test]
    fn the_script_is_filled_in_and_its_quotes_hold() {
        let (edge, known) = (super::super::tests::edge(EdgeKind::Kamailio), known());
        let base = "http://127.0.0.1:3000/callbacks/kamailio";
        let asks = Asks { edge: &edge, known: &known, base, password: "secret" };
        let text = configuration(&asks).remove(0).text;
        assert!(!text.contains("{{"), "{text}");
        for line in [
            "listen=udp:192.0.2.1:5060",
            // What `$T_reply_code` comes from; without it Kamailio does not start.
            "loadmodule \"tmx.so\"",
            "\"voxlink=>http://edge1.2:secret@127.0.0.1:3000/callbacks/kamailio\"",
            "if (!($si == \"198.51.100.1\" || $si == \"198.51.100.2\")) {",
            r#""acme:198.51.100.2:the \"trunk's\" password""#,
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }
}
