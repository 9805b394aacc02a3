//! Asterisk: its dialplan asks by CURL() and reads the answer into a hash: a form of numbered steps
//! (docs.asterisk.org, CURLOPT, `hashcompat`). A value must hold no comma, because the hash is split
//! by them. Texts are read by Festival, which the operator runs; a message that a caller leaves
//! stays in Asterisk's spool, under the call's id.
//!
//! `do1=say&text1=Welcome.&do2=dial&to2=PJSIP/…@first&secs2=20&next2=cfg_…/desk/rang.0`

use super::{Asks, host, position, transports, ways_out, words};
use secrecy::ExposeSecret;
use std::fmt::Write;
use url::form_urlencoded::Serializer;
use voxlink_gateways::{
    carrier::Markup,
    sip::{ConfigFile, Endpoint, Known},
};
use voxlink_types::{
    routing::{RejectReason, Step, Target},
    sip::{EdgeKind, Transport, TrunkAuth},
};

/// The answer as a form.
pub(crate) fn answer(steps: &[Step], known: Option<&Known>) -> Markup {
    let mut form = Serializer::new(String::new());
    for (i, step) in (1..).zip(steps) {
        write_step(&mut form, i, step, known);
    }
    Markup { content_type: "application/x-www-form-urlencoded", body: form.finish() }
}

fn write_step(form: &mut Serializer<'_, String>, i: u32, step: &Step, known: Option<&Known>) {
    let mut put = |name: &str, value: &str| {
        form.append_pair(&format!("{name}{i}"), value);
    };
    let next = |url: &str| position(url, EdgeKind::Asterisk).to_owned();
    match step {
        Step::Say { text, .. } => {
            put("do", "say");
            put("text", &words(text));
        }
        Step::Dial { targets, timeout_seconds, then_url } => {
            put("do", "dial");
            put("to", &dialled(targets, known));
            put("secs", &timeout_seconds.to_string());
            put("next", &next(then_url));
        }
        Step::Gather { prompt, timeout_seconds, then_url } => {
            let texts = prompt.iter().filter_map(|step| match step {
                Step::Say { text, .. } => Some(words(text)),
                _ => None,
            });
            put("do", "keys");
            put("text", &texts.collect::<Vec<_>>().join(" "));
            put("secs", &timeout_seconds.to_string());
            put("next", &next(then_url));
        }
        Step::Record { max_seconds, then_url, .. } => {
            put("do", "record");
            put("secs", &max_seconds.to_string());
            put("next", &next(then_url));
        }
        Step::Reject { reason } => {
            put("do", "reject");
            // ISUP causes, as Hangup() takes them: user busy, unallocated number.
            put("cause", if *reason == RejectReason::Busy { "17" } else { "1" });
        }
        Step::Redirect { url } => {
            put("do", "again");
            put("next", &next(url));
        }
        Step::Hangup => put("do", "end"),
    }
}

/// Dial()'s first arguments: `&` rings at once, `^` parts what is tried one after the other: a
/// telephone alone over each trunk, as long as one is out of order.
fn dialled(targets: &[Target], known: Option<&Known>) -> String {
    let trunks: Vec<&str> =
        known.map(|k| ways_out(k).map(|t| t.name.as_str()).collect()).unwrap_or_default();
    if let [Target::Number { number }] = targets {
        let ways = trunks.iter().map(|trunk| format!("PJSIP/{number}@{trunk}"));
        return ways.collect::<Vec<_>>().join("^");
    }
    let legs = targets.iter().filter_map(|target| match target {
        Target::Number { number } => trunks.first().map(|t| format!("PJSIP/{number}@{t}")),
        Target::Sip { uri } => Some(format!("PJSIP/voxlink-out/{uri}")),
    });
    legs.collect::<Vec<_>>().join("&")
}

/// The files that make it ask us; `extensions.conf` and `pjsip.conf` include them.
pub(super) fn configuration(asks: &Asks<'_>) -> Vec<ConfigFile> {
    let text = DIALPLAN
        .replace("{{edge}}", &asks.edge.name)
        .replace("{{user}}", &asks.edge.user())
        .replace("{{password}}", asks.password)
        .replace("{{base}}", asks.base);
    vec![
        ConfigFile { path: "/etc/asterisk/voxlink_extensions.conf", text },
        ConfigFile { path: "/etc/asterisk/voxlink_pjsip.conf", text: pjsip(asks) },
    ]
}

fn pjsip(asks: &Asks<'_>) -> String {
    let at = &asks.edge.at;
    let mut text = format!(
        "; Written by VoxLink for the edge {}. Replace it as a whole: it holds passwords.\n",
        asks.edge.name
    );
    let all = transports(asks);
    for transport in &all {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n[voxlink-{transport}]\ntype=transport\nprotocol={transport}\nbind={}:{}\n",
            at.host, at.port
        );
    }
    let own = all.first().copied().unwrap_or(Transport::Udp);
    let _ = write!(
        text,
        "\n[voxlink-out]\ntype=endpoint\ntransport=voxlink-{own}\ncontext=voxlink\n\
         disallow=all\nallow=opus,g722,ulaw,alaw\n"
    );
    // A semicolon begins a comment in Asterisk's files.
    let line = |value: &str| {
        value.chars().filter(|c| !c.is_control()).collect::<String>().replace(';', "\\;")
    };
    let written = |at: &Endpoint| all.contains(&at.transport);
    for trunk in asks.known.trunks.iter().filter(|trunk| written(&trunk.at)) {
        let name = &trunk.name;
        let digest = trunk.auth == TrunkAuth::Digest && trunk.carries.goes_out();
        let auth = if digest { format!("outbound_auth={name}\n") } else { String::new() };
        let _ = write!(
            text,
            "\n[{name}]\ntype=endpoint\ntransport=voxlink-{}\ncontext=voxlink\naors={name}\n\
             disallow=all\nallow=opus,g722,ulaw,alaw\n{auth}\n\
             [{name}]\ntype=aor\ncontact=sip:{}\nqualify_frequency=25\n",
            trunk.at.transport,
            line(&host(&trunk.at))
        );
        if trunk.carries.comes_in() {
            let _ = write!(
                text,
                "\n[{name}]\ntype=identify\nendpoint={name}\nmatch={}\n",
                line(&trunk.at.host)
            );
        }
        if let Some((user, password)) =
            trunk.username.as_ref().zip(trunk.password.as_ref()).filter(|_| digest)
        {
            let _ = write!(
                text,
                "\n[{name}]\ntype=auth\nauth_type=userpass\nusername={}\npassword={}\n",
                line(user),
                line(password.expose_secret())
            );
        }
    }
    let proxies = asks.known.edges.values().filter(|edge| !edge.kind.has_media());
    for edge in proxies.filter(|edge| written(&edge.at)) {
        let _ = write!(
            text,
            "\n[edge-{name}]\ntype=endpoint\ntransport=voxlink-{by}\ncontext=voxlink\n\
             disallow=all\nallow=opus,g722,ulaw,alaw\n\n\
             [edge-{name}]\ntype=identify\nendpoint=edge-{name}\nmatch={host}\n",
            name = edge.name,
            by = edge.at.transport,
            host = line(&edge.at.host)
        );
    }
    text
}

/// The dialplan.
const DIALPLAN: &str = include_str!("asterisk.conf");

#[cfg(test)]
mod tests {
    use super::super::tests::known;
    use super::*;
    use voxlink_types::routing::Voice;

    const THEN: &str = "https://v.test/callbacks/asterisk/voice/cfg_1/desk/rang.0";

    fn read(steps: &[Step]) -> Vec<(String, String)> {
        let body = answer(steps, Some(&known())).body;
        url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()
    }

    fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn steps_are_numbered_and_hold_no_commas() {
        let text = "Hello, you & ${you}.".to_owned();
        let say = Step::Say { text, voice: Voice::Woman, language: "en-US".to_owned() };
        let targets = vec![
            Target::Number { number: "+12025550123".parse().unwrap() },
            Target::Sip { uri: "sip:desk@example.com".to_owned() },
        ];
        let dial = Step::Dial { targets, timeout_seconds: 20, then_url: THEN.to_owned() };
        let wanted = pairs(&[
            ("do1", "say"),
            ("text1", "Hello you you ."),
            ("do2", "dial"),
            ("to2", "PJSIP/+12025550123@first&PJSIP/voxlink-out/sip:desk@example.com"),
            ("secs2", "20"),
            ("next2", "cfg_1/desk/rang.0"),
        ]);
        let found = read(&[say, dial]);
        assert_eq!(found, wanted);
        assert!(found.iter().all(|(_, value)| !value.contains(',')));
    }

    #[test]
    fn each_trunk_goes_by_a_transport_that_is_written() {
        let (edge, mut known) = (super::super::tests::edge(EdgeKind::Asterisk), known());
        known.trunks[1].at.transport = Transport::Tcp;
        let asks = Asks { edge: &edge, known: &known, base: "https://v.test", password: "secret" };
        let text = pjsip(&asks);
        for part in [
            "[voxlink-udp]\ntype=transport\nprotocol=udp\nbind=192.0.2.1:5060\n",
            "[voxlink-tcp]\ntype=transport\nprotocol=tcp\nbind=192.0.2.1:5060\n",
            "[voxlink-out]\ntype=endpoint\ntransport=voxlink-udp\n",
            "[first]\ntype=endpoint\ntransport=voxlink-udp\n",
            "[second]\ntype=endpoint\ntransport=voxlink-tcp\n",
            r"contact=sip:198.51.100.2:5060\;transport=tcp",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }

    #[test]
    fn a_telephone_alone_has_every_trunk() {
        let targets = vec![Target::Number { number: "+12025550123".parse().unwrap() }];
        let dial = Step::Dial { targets, timeout_seconds: 20, then_url: THEN.to_owned() };
        let to = read(&[dial]).remove(1).1;
        assert_eq!(to, "PJSIP/+12025550123@first^PJSIP/+12025550123@second");
    }

    #[test]
    fn a_refusal_is_a_cause() {
        let busy = read(&[Step::Reject { reason: RejectReason::Busy }]);
        assert_eq!(busy, pairs(&[("do1", "reject"), ("cause1", "17")]));
        assert_eq!(read(&[Step::Hangup]), pairs(&[("do1", "end")]));
    }
}
