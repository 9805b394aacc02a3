//! FreeSWITCH: asks by mod_xml_curl for a dialplan while the telephone rings, and again where in
//! the plan a call goes on: the channel variable `vx_at` becomes part of the address asked
//! (`use-dynamic-url`). The end of a call is told by mod_json_cdr. A message that a caller leaves
//! stays in the server's recordings folder, under the call's id.
//!
//! developer.signalwire.com/freeswitch/FreeSWITCH-Explained/Modules/mod_xml_curl_1049001

use super::{Asks, CONTEXT, host, position, ways_out, words};
use crate::elements::Elements;
use secrecy::ExposeSecret;
use voxlink_gateways::{
    carrier::Markup,
    sip::{ConfigFile, Known},
};
use voxlink_types::{
    routing::{RejectReason, Step, Target, Voice},
    sip::{EdgeKind, Transport, TrunkAuth},
};

/// Under `/etc/freeswitch`.
const XML_CURL: &str = "/etc/freeswitch/autoload_configs/xml_curl.conf.xml";
const JSON_CDR: &str = "/etc/freeswitch/autoload_configs/json_cdr.conf.xml";
const PROFILE: &str = "/etc/freeswitch/sip_profiles/voxlink.xml";
const VARIABLES: &str = "/etc/freeswitch/voxlink_vars.xml";
const ACL: &str = "/etc/freeswitch/autoload_configs/acl.conf.xml";

/// The answer as a dialplan of one extension.
pub(crate) fn answer(steps: &[Step], known: Option<&Known>) -> Markup {
    let mut xml = Elements::begin();
    xml.open("document", &[("type", "freeswitch/xml")]);
    xml.open("section", &[("name", "dialplan")]);
    xml.open("context", &[("name", CONTEXT)]);
    xml.open("extension", &[("name", CONTEXT)]);
    xml.open("condition", &[]);
    // Where another edge handed the call over, counts for the first question alone.
    act(&mut xml, "unset", "sip_h_X-VoxLink-At");
    for step in steps {
        if write_step(&mut xml, step, known) {
            break;
        }
    }
    act(&mut xml, "hangup", "NORMAL_CLEARING");
    for name in ["condition", "extension", "context", "section", "document"] {
        xml.close(name);
    }
    Markup { content_type: "text/xml; charset=utf-8", body: xml.end() }
}

fn act(xml: &mut Elements, application: &str, data: &str) {
    xml.empty("action", &[("application", application), ("data", data)]);
}

/// Asks again, at another position.
fn goes_on(xml: &mut Elements, asked: &str, url: &str) {
    act(xml, "set", &format!("vx_asked={asked}"));
    act(xml, "set", &format!("vx_at=/{}", position(url, EdgeKind::Freeswitch)));
    act(xml, "transfer", &format!("${{destination_number}} XML {CONTEXT}"));
}

/// True when nothing after the step is done.
fn write_step(xml: &mut Elements, step: &Step, known: Option<&Known>) -> bool {
    match step {
        Step::Say { text, voice, .. } => {
            act(xml, "answer", "");
            act(xml, "speak", &format!("${{voxlink_tts}}|{}|{}", voice_of(*voice), words(text)));
            false
        }
        Step::Dial { targets, timeout_seconds, then_url } => {
            for setting in [
                format!("call_timeout={timeout_seconds}").as_str(),
                "hangup_after_bridge=true",
                "continue_on_fail=true",
                // The next trunk is for when this one fails, not for when nobody answers.
                "originate_continue_on_timeout=false",
            ] {
                act(xml, "set", setting);
            }
            if let Some(legs) = dialled(targets, known) {
                act(xml, "bridge", &legs);
            } else {
                act(xml, "set", "originate_disposition=NO_ROUTE_DESTINATION");
            }
            goes_on(xml, "dial", then_url);
            true
        }
        Step::Gather { prompt, timeout_seconds, then_url } => {
            act(xml, "answer", "");
            act(xml, "unset", "vx_digits");
            act(xml, "set", "tts_engine=${voxlink_tts}");
            let (voice, text) = spoken(prompt);
            act(xml, "set", &format!("tts_voice={}", voice_of(voice)));
            let wait = u32::from(*timeout_seconds) * 1000;
            // One key of any kind; # ends nothing, because it is a key as well.
            let data =
                format!("1 1 1 {wait} none 'say:{text}' silence_stream://1 vx_digits [0-9*#]");
            act(xml, "play_and_get_digits", &data);
            goes_on(xml, "keys", then_url);
            true
        }
        Step::Record { max_seconds, then_url, .. } => {
            act(xml, "answer", "");
            act(xml, "playback", "tone_stream://%(500,0,1000)");
            act(xml, "set", "playback_terminators=#");
            act(xml, "record", &format!("${{recordings_dir}}/voxlink-${{uuid}}.wav {max_seconds}"));
            goes_on(xml, "record", then_url);
            true
        }
        Step::Reject { reason } => {
            act(xml, "respond", if *reason == RejectReason::Busy { "486" } else { "404" });
            true
        }
        Step::Redirect { url } => {
            goes_on(xml, "redirect", url);
            true
        }
        Step::Hangup => true,
    }
}

/// The voice's name, which the operator sets for the engine installed.
const fn voice_of(voice: Voice) -> &'static str {
    match voice {
        Voice::Woman => "${voxlink_woman}",
        Voice::Man => "${voxlink_man}",
    }
}

/// What a prompt says, and in which voice.
fn spoken(prompt: &[Step]) -> (Voice, String) {
    let said = prompt.iter().filter_map(|step| match step {
        Step::Say { text, voice, .. } => Some((*voice, words(text))),
        _ => None,
    });
    let (voices, texts): (Vec<Voice>, Vec<String>) = said.unzip();
    (voices.first().copied().unwrap_or(Voice::Woman), texts.join(" "))
}

/// The legs of a bridge: `,` rings at once, `|` one after the other.
fn dialled(targets: &[Target], known: Option<&Known>) -> Option<String> {
    let trunks: Vec<&str> =
        known.map(|k| ways_out(k).map(|t| t.name.as_str()).collect()).unwrap_or_default();
    let leg = |target: &Target, trunk: &str| match target {
        Target::Number { number } => format!("sofia/gateway/{trunk}/{number}"),
        Target::Sip { uri } => format!("sofia/{CONTEXT}/{uri}"),
    };
    let legs: Vec<String> = match targets {
        [one @ Target::Number { .. }] => trunks.iter().map(|trunk| leg(one, trunk)).collect(),
        several => several
            .iter()
            .filter_map(|target| match target {
                Target::Sip { .. } => Some(leg(target, "")),
                Target::Number { .. } => trunks.first().map(|trunk| leg(target, trunk)),
            })
            .collect(),
    };
    let between = if targets.len() == 1 { "|" } else { "," };
    (!legs.is_empty()).then(|| legs.join(between))
}

/// The files that make it ask us.
pub(super) fn configuration(asks: &Asks<'_>) -> Vec<ConfigFile> {
    let credentials = format!("{}:{}", asks.edge.user(), asks.password);
    vec![
        ConfigFile { path: XML_CURL, text: xml_curl(asks, &credentials) },
        ConfigFile { path: JSON_CDR, text: json_cdr(asks, &credentials) },
        ConfigFile { path: ACL, text: acl(asks) },
        ConfigFile { path: VARIABLES, text: variables() },
        ConfigFile { path: PROFILE, text: profile(asks) },
    ]
}

fn param(xml: &mut Elements, name: &str, value: &str) {
    xml.empty("param", &[("name", name), ("value", value)]);
}

fn xml_curl(asks: &Asks<'_>, credentials: &str) -> String {
    let mut xml = Elements::begin();
    xml.open("configuration", &[("name", "xml_curl.conf")]);
    xml.open("bindings", &[]);
    xml.open("binding", &[("name", CONTEXT)]);
    let url = format!("{}/voice${{variable_sip_h_X-VoxLink-At}}${{variable_vx_at}}", asks.base);
    xml.empty(
        "param",
        &[("name", "gateway-url"), ("value", url.as_str()), ("bindings", "dialplan")],
    );
    param(&mut xml, "use-dynamic-url", "true");
    param(&mut xml, "gateway-credentials", credentials);
    param(&mut xml, "auth-scheme", "basic");
    param(&mut xml, "timeout", "5");
    for name in ["binding", "bindings", "configuration"] {
        xml.close(name);
    }
    xml.end()
}

fn json_cdr(asks: &Asks<'_>, credentials: &str) -> String {
    let mut xml = Elements::begin();
    xml.open("configuration", &[("name", "json_cdr.conf")]);
    xml.open("settings", &[]);
    for (name, value) in [
        ("log-b-leg", "false"),
        ("prefix-a-leg", "false"),
        ("encode", "false"),
        ("encode-values", "false"),
        ("url", format!("{}/status", asks.base).as_str()),
        ("auth-scheme", "basic"),
        ("cred", credentials),
        // What is not taken is kept and sent again.
        ("retries", "3"),
        ("delay", "5"),
        ("err-log-dir", "/var/lib/freeswitch/voxlink-cdr"),
    ] {
        param(&mut xml, name, value);
    }
    xml.close("settings");
    xml.close("configuration");
    xml.end()
}

/// Who reads texts aloud: mod_flite, which every installation has. `freeswitch.xml` includes it
/// beside `vars.xml`; an operator with better voices names them here.
fn variables() -> String {
    let mut xml = Elements::begin();
    xml.open("include", &[]);
    for setting in ["voxlink_tts=flite", "voxlink_woman=slt", "voxlink_man=kal"] {
        xml.empty("X-PRE-PROCESS", &[("cmd", "set"), ("data", setting)]);
    }
    xml.close("include");
    xml.end()
}

/// Who may call in: the trunks, and the edges that hand calls over.
fn acl(asks: &Asks<'_>) -> String {
    let mut xml = Elements::begin();
    xml.open("configuration", &[("name", "acl.conf")]);
    xml.open("network-lists", &[]);
    xml.open("list", &[("name", CONTEXT), ("default", "deny")]);
    let trunks = asks.known.trunks.iter().filter(|t| t.carries.comes_in()).map(|t| &t.at.host);
    let edges = asks.known.edges.values().filter(|e| !e.kind.has_media()).map(|e| &e.at.host);
    for host in trunks.chain(edges) {
        let wide = if host.contains(':') { 128 } else { 32 };
        xml.empty("node", &[("type", "allow"), ("cidr", format!("{host}/{wide}").as_str())]);
    }
    for name in ["list", "network-lists", "configuration"] {
        xml.close(name);
    }
    xml.end()
}

fn profile(asks: &Asks<'_>) -> String {
    let mut xml = Elements::begin();
    xml.open("profile", &[("name", CONTEXT)]);
    xml.open("gateways", &[]);
    for trunk in ways_out(asks.known) {
        let digest = trunk.auth == TrunkAuth::Digest;
        xml.open("gateway", &[("name", trunk.name.as_str())]);
        param(&mut xml, "proxy", &host(&trunk.at));
        param(&mut xml, "realm", &trunk.at.host);
        param(&mut xml, "register", "false");
        param(&mut xml, "caller-id-in-from", "true");
        // It is asked by OPTIONS; while it does not answer the next one is taken.
        param(&mut xml, "ping", "25");
        let password = trunk.password.as_ref().filter(|_| digest);
        param(
            &mut xml,
            "username",
            trunk.username.as_deref().filter(|_| digest).unwrap_or("voxlink"),
        );
        param(&mut xml, "password", password.map_or("", ExposeSecret::expose_secret));
        if trunk.at.transport != Transport::Udp {
            param(&mut xml, "register-transport", trunk.at.transport.as_str());
        }
        xml.close("gateway");
    }
    xml.close("gateways");
    xml.open("settings", &[]);
    for (name, value) in [
        ("context", CONTEXT),
        ("dialplan", "XML"),
        ("sip-ip", asks.edge.at.host.as_str()),
        ("rtp-ip", asks.edge.at.host.as_str()),
        ("sip-port", asks.edge.at.port.to_string().as_str()),
        ("auth-calls", "false"),
        ("apply-inbound-acl", CONTEXT),
        ("inbound-codec-prefs", "OPUS,G722,PCMU,PCMA"),
        ("outbound-codec-prefs", "OPUS,G722,PCMU,PCMA"),
    ] {
        param(&mut xml, name, value);
    }
    xml.close("settings");
    xml.close("profile");
    xml.end()
}

#[cfg(test)]
mod tests {
    use super::super::tests::known;
    use super::*;

    const THEN: &str = "https://v.test/callbacks/freeswitch/voice/cfg_1/desk/rang.0";

    fn body(steps: &[Step]) -> String {
        answer(steps, Some(&known())).body
    }

    fn say(text: &str) -> Step {
        Step::Say { text: text.to_owned(), voice: Voice::Man, language: "en-US".to_owned() }
    }

    #[test]
    fn a_telephone_is_rung_over_the_trunks_and_then_it_is_asked_again() {
        let number = Target::Number { number: "+12025550123".parse().unwrap() };
        let dial =
            Step::Dial { targets: vec![number], timeout_seconds: 20, then_url: THEN.to_owned() };
        let text = body(&[dial, say("never heard")]);
        for part in [
            r#"<context name="voxlink"><extension name="voxlink"><condition>"#,
            r#"data="call_timeout=20""#,
            r#"<action application="bridge" data="sofia/gateway/first/+12025550123|sofia/gateway/second/+12025550123"/>"#,
            r#"data="vx_at=/cfg_1/desk/rang.0""#,
            r#"<action application="transfer" data="${destination_number} XML voxlink"/>"#,
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("never heard"));
    }

    #[test]
    fn texts_stay_texts() {
        let gather = Step::Gather {
            prompt: vec![say("Press 1, 'now' | ${hangup} <b>")],
            timeout_seconds: 6,
            then_url: THEN.to_owned(),
        };
        let text = body(&[say("You & I"), gather]);
        assert!(text.contains("${voxlink_tts}|${voxlink_man}|You I"), "{text}");
        assert!(text.contains("1 1 1 6000 none &apos;say:Press 1 now hangup b&apos;"), "{text}");
    }

    #[test]
    fn a_refusal_is_a_code() {
        assert!(body(&[Step::Reject { reason: RejectReason::Busy }]).contains(r#"data="486""#));
        assert!(body(&[]).contains(r#"application="hangup""#));
    }
}
