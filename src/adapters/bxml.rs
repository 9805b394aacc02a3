//! BXML, the answer's language of Bandwidth (dev.bandwidth.com/docs/voice/bxml and its page for
//! each verb). Invalid BXML ends the call, so what a verb would refuse is left out here.
//!
//! Bandwidth signs nothing: it shows a user and a password with each callback. Those of the
//! application go with the first question and with the end of a call; for every other address they
//! stand in the verb that names it.

use crate::elements::Elements;
use voxlink_gateways::carrier::Markup;
use voxlink_types::routing::{Step, Target, Voice};

/// The most parties that one Transfer rings.
const PARTIES: usize = 8;

/// The answer as a document whose callbacks show `user` and `password`. An empty list ends the
/// call, so that the document always says something.
pub fn write(steps: &[Step], user: &str, password: &str) -> Markup {
    let mut writer = Writer { xml: Elements::begin(), user, password };
    writer.xml.open("Response", &[]);
    for step in steps {
        writer.step(step);
    }
    if steps.is_empty() {
        writer.xml.empty("Hangup", &[]);
    }
    writer.xml.close("Response");
    Markup { content_type: "application/xml; charset=utf-8", body: writer.xml.end() }
}

struct Writer<'a> {
    xml: Elements,
    user: &'a str,
    password: &'a str,
}

impl<'a> Writer<'a> {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Say { text, voice, language } => self.say(text, *voice, language),
            Step::Dial { targets, timeout_seconds, then_url } => {
                let timeout = (*timeout_seconds).clamp(1, 300).to_string();
                let mut attributes = vec![
                    ("callTimeout", timeout.as_str()),
                    ("transferCompleteUrl", then_url.as_str()),
                    ("transferCompleteMethod", "POST"),
                ];
                attributes.extend(self.shown(then_url));
                self.xml.open("Transfer", &attributes);
                // A ninth party would make the answer invalid and end the call: eight ring.
                for target in targets.iter().take(PARTIES) {
                    match target {
                        Target::Number { number } => {
                            self.xml.leaf("PhoneNumber", &[], number.as_str());
                        }
                        Target::Sip { uri } => self.xml.leaf("SipUri", &[], uri),
                    }
                }
                self.xml.close("Transfer");
            }
            Step::Gather { prompt, timeout_seconds, then_url } => {
                let timeout = (*timeout_seconds).min(60).to_string();
                let mut attributes = vec![
                    ("maxDigits", "1"),
                    ("firstDigitTimeout", timeout.as_str()),
                    // With # as its own key it must not end the input.
                    ("terminatingDigits", ""),
                    ("gatherUrl", then_url.as_str()),
                    ("gatherMethod", "POST"),
                ];
                attributes.extend(self.shown(then_url));
                self.xml.open("Gather", &attributes);
                for step in prompt {
                    // Nothing but speech and audio may stand in a Gather.
                    if let Step::Say { text, voice, language } = step {
                        self.say(text, *voice, language);
                    }
                }
                self.xml.close("Gather");
            }
            Step::Record { max_seconds, then_url, recording_url } => {
                // Record has no beep, and a sound file must be fetched while the caller waits: a
                // second of the ringing tone says that it begins.
                self.xml.empty("Ring", &[("duration", "1")]);
                let longest = max_seconds.to_string();
                let mut attributes = vec![
                    ("maxDuration", longest.as_str()),
                    ("terminatingDigits", "#"),
                    ("recordCompleteUrl", then_url.as_str()),
                    ("recordCompleteMethod", "POST"),
                    ("recordingAvailableUrl", recording_url.as_str()),
                    ("recordingAvailableMethod", "POST"),
                ];
                attributes.extend(self.shown(then_url));
                self.xml.empty("Record", &attributes);
            }
            // There is no Reject: a Hangup before anything else refuses a call that was not
            // answered, and nobody pays. What the caller hears, busy or not in service, cannot be
            // chosen.
            Step::Reject { .. } | Step::Hangup => self.xml.empty("Hangup", &[]),
            Step::Redirect { url } => {
                let mut attributes =
                    vec![("redirectUrl", url.as_str()), ("redirectMethod", "POST")];
                attributes.extend(self.shown(url));
                self.xml.empty("Redirect", &attributes);
            }
        }
    }

    fn say(&mut self, text: &str, voice: Voice, language: &str) {
        // An empty sentence is invalid.
        if text.chars().all(|c| c.is_whitespace() || c.is_control()) {
            return;
        }
        let gender = match voice {
            Voice::Woman => "female",
            Voice::Man => "male",
        };
        let attributes = [("gender", gender), ("locale", locale(language))];
        self.xml.leaf("SpeakSentence", &attributes, text);
    }

    /// What proves a callback. Bandwidth takes it for addresses under TLS alone, so where the
    /// public address is plain http its callbacks are refused.
    fn shown(&self, url: &str) -> Vec<(&'static str, &'a str)> {
        if url.starts_with("https://") {
            vec![("username", self.user), ("password", self.password)]
        } else {
            Vec::new()
        }
    }
}

/// The locale of Bandwidth's voices that is nearest to a language. Where it has none, the American
/// voice reads: an unknown locale would end the call.
fn locale(language: &str) -> &'static str {
    let language = language.to_ascii_lowercase();
    let (spoken, region) = match language.split_once('-') {
        Some((spoken, region)) => (spoken, Some(region)),
        None => (language.as_str(), None),
    };
    match (spoken, region) {
        ("en", Some("gb" | "ie" | "au" | "nz" | "in" | "za")) => "en_UK",
        ("de", _) => "de",
        ("es", None | Some("es")) => "es",
        ("es", _) => "es_MX",
        ("fr", _) => "fr",
        ("it", _) => "it",
        ("ja", _) => "ja",
        ("ru", _) => "ru",
        ("ar" | "arb", _) => "arb",
        ("zh" | "cmn", _) => "cmn-CN",
        _ => "en_US",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxlink_types::routing::RejectReason;

    const CREDENTIALS: &str = r#"username="bw&amp;user" password="p&quot;w""#;

    fn body(steps: &[Step]) -> String {
        let markup = write(steps, "bw&user", "p\"w");
        assert_eq!(markup.content_type, "application/xml; charset=utf-8");
        let inner = markup
            .body
            .strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>")
            .and_then(|s| s.strip_suffix("</Response>"));
        inner.unwrap().to_owned()
    }

    fn say(text: &str, voice: Voice, language: &str) -> Step {
        Step::Say { text: text.to_owned(), voice, language: language.to_owned() }
    }

    fn dial(targets: Vec<Target>) -> Step {
        let then_url = "https://v.test/callbacks/bandwidth/voice/cfg/desk/rang.1?a=1&b=2";
        Step::Dial { targets, timeout_seconds: 20, then_url: then_url.to_owned() }
    }

    #[test]
    fn a_call_is_refused_and_ended_by_one_word() {
        for steps in [
            vec![],
            vec![Step::Hangup],
            vec![Step::Reject { reason: RejectReason::Busy }],
            vec![Step::Reject { reason: RejectReason::Rejected }],
        ] {
            assert_eq!(body(&steps), "<Hangup/>");
        }
    }

    #[test]
    fn a_forward_is_a_transfer_that_comes_back() {
        let targets = vec![
            Target::Number { number: "+12025550123".parse().unwrap() },
            Target::Sip { uri: "sip:desk@example.com".to_owned() },
        ];
        assert_eq!(
            body(&[dial(targets)]),
            format!(
                "<Transfer callTimeout=\"20\" transferCompleteUrl=\"https://v.test/callbacks/\
                 bandwidth/voice/cfg/desk/rang.1?a=1&amp;b=2\" transferCompleteMethod=\"POST\" \
                 {CREDENTIALS}><PhoneNumber>+12025550123</PhoneNumber>\
                 <SipUri>sip:desk@example.com</SipUri></Transfer>"
            )
        );
        let ten = (0..10).map(|n| Target::Sip { uri: format!("sip:{n}@example.com") }).collect();
        assert_eq!(body(&[dial(ten)]).matches("<SipUri>").count(), 8);
    }

    #[test]
    fn a_menu_takes_one_key_and_comes_back_without_one_too() {
        let url = "https://v.test/m".to_owned();
        let prompt = vec![say("Press 1.", Voice::Woman, "en-US"), Step::Hangup];
        let gather = Step::Gather { prompt, timeout_seconds: 6, then_url: url.clone() };
        assert_eq!(
            body(&[gather, Step::Redirect { url }]),
            format!(
                "<Gather maxDigits=\"1\" firstDigitTimeout=\"6\" terminatingDigits=\"\" \
                 gatherUrl=\"https://v.test/m\" gatherMethod=\"POST\" {CREDENTIALS}>\
                 <SpeakSentence gender=\"female\" locale=\"en_US\">Press 1.</SpeakSentence>\
                 </Gather><Redirect redirectUrl=\"https://v.test/m\" redirectMethod=\"POST\" \
                 {CREDENTIALS}/>"
            )
        );
    }

    #[test]
    fn a_message_is_recorded_after_a_tone() {
        let record = Step::Record {
            max_seconds: 120,
            then_url: "https://v.test/t".to_owned(),
            recording_url: "https://v.test/r".to_owned(),
        };
        assert_eq!(
            body(&[record, Step::Hangup]),
            format!(
                "<Ring duration=\"1\"/><Record maxDuration=\"120\" terminatingDigits=\"#\" \
                 recordCompleteUrl=\"https://v.test/t\" recordCompleteMethod=\"POST\" \
                 recordingAvailableUrl=\"https://v.test/r\" recordingAvailableMethod=\"POST\" \
                 {CREDENTIALS}/><Hangup/>"
            )
        );
    }

    #[test]
    fn credentials_are_never_told_for_an_address_in_the_clear() {
        let url = "http://v.test/m".to_owned();
        assert_eq!(
            body(&[Step::Redirect { url }]),
            "<Redirect redirectUrl=\"http://v.test/m\" redirectMethod=\"POST\"/>"
        );
    }

    #[test]
    fn texts_are_read_by_a_voice_that_there_is() {
        for (language, wanted) in [
            ("en-US", "en_US"),
            ("en", "en_US"),
            ("en-GB", "en_UK"),
            ("de-AT", "de"),
            ("es-ES", "es"),
            ("es-419", "es_MX"),
            ("fr-CA", "fr"),
            ("IT", "it"),
            ("zh-CN", "cmn-CN"),
            ("nl-NL", "en_US"),
            ("", "en_US"),
        ] {
            assert_eq!(
                body(&[say("x", Voice::Man, language)]),
                format!("<SpeakSentence gender=\"male\" locale=\"{wanted}\">x</SpeakSentence>"),
                "{language}"
            );
        }
    }

    #[test]
    fn no_text_becomes_markup_and_none_is_empty() {
        let text = "</SpeakSentence><Transfer><PhoneNumber>+19005550123</PhoneNumber></Transfer>\
                    <break a=\"'x'\"> & \u{0}\u{8}\u{ffff}]]> é";
        assert_eq!(
            body(&[say(text, Voice::Woman, "\"/><Hangup/>")]),
            "<SpeakSentence gender=\"female\" locale=\"en_US\">&lt;/SpeakSentence&gt;\
             &lt;Transfer&gt;&lt;PhoneNumber&gt;+19005550123&lt;/PhoneNumber&gt;\
             &lt;/Transfer&gt;&lt;break a=&quot;&apos;x&apos;&quot;&gt; &amp; ]]&gt; é\
             </SpeakSentence>"
        );
        assert_eq!(body(&[say(" \n\u{8}", Voice::Woman, "en-US"), Step::Hangup]), "<Hangup/>");
        let sip = Target::Sip { uri: "sip:a@b</SipUri><PhoneNumber>+1".to_owned() };
        assert!(!body(&[dial(vec![sip])]).contains("<PhoneNumber>"));
    }
}
