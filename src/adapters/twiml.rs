//! TwiML, the answer's language of Twilio and of carriers that took it over. Written by a small
//! typed writer: text and attributes are escaped here and nowhere else, so no greeting can become
//! markup.

use voxlink_gateways::carrier::Markup;
use voxlink_types::routing::{Step, Target, Voice};

/// The answer as a document. An empty list ends the call, so that the document always says
/// something.
pub fn write(steps: &[Step]) -> Markup {
    let mut xml = Writer(String::with_capacity(512));
    xml.0.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    xml.open("Response", &[]);
    for step in steps {
        xml.step(step);
    }
    if steps.is_empty() {
        xml.empty("Hangup", &[]);
    }
    xml.close("Response");
    Markup { content_type: "text/xml; charset=utf-8", body: xml.0 }
}

struct Writer(String);

impl Writer {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Say { text, voice, language } => {
                let voice = match voice {
                    Voice::Woman => "woman",
                    Voice::Man => "man",
                };
                self.open("Say", &[("voice", voice), ("language", language)]);
                self.text(text);
                self.close("Say");
            }
            Step::Dial { targets, timeout_seconds, then_url } => {
                let timeout = timeout_seconds.to_string();
                self.open(
                    "Dial",
                    &[("timeout", &timeout), ("action", then_url), ("method", "POST")],
                );
                for target in targets {
                    let (name, value) = match target {
                        Target::Number { number } => ("Number", number.as_str()),
                        Target::Sip { uri } => ("Sip", uri.as_str()),
                    };
                    self.open(name, &[]);
                    self.text(value);
                    self.close(name);
                }
                self.close("Dial");
            }
            Step::Gather { prompt, timeout_seconds, then_url } => {
                let timeout = timeout_seconds.to_string();
                let attributes = [
                    ("input", "dtmf"),
                    ("numDigits", "1"),
                    ("timeout", timeout.as_str()),
                    // With # as its own key it must not end the input.
                    ("finishOnKey", ""),
                    ("action", then_url),
                    ("method", "POST"),
                ];
                self.open("Gather", &attributes);
                for step in prompt {
                    self.step(step);
                }
                self.close("Gather");
            }
            Step::Record { max_seconds, then_url, recording_url } => {
                let longest = max_seconds.to_string();
                let attributes = [
                    ("maxLength", longest.as_str()),
                    ("playBeep", "true"),
                    ("finishOnKey", "#"),
                    // Without an action the carrier would ask for this document again.
                    ("action", then_url),
                    ("method", "POST"),
                    ("recordingStatusCallback", recording_url),
                    ("recordingStatusCallbackMethod", "POST"),
                ];
                self.empty("Record", &attributes);
            }
            Step::Reject { reason } => self.empty("Reject", &[("reason", reason.as_str())]),
            Step::Redirect { url } => {
                self.open("Redirect", &[("method", "POST")]);
                self.text(url);
                self.close("Redirect");
            }
            Step::Hangup => self.empty("Hangup", &[]),
        }
    }

    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.0.push('<');
        self.0.push_str(name);
        for (key, value) in attributes {
            self.0.push(' ');
            self.0.push_str(key);
            self.0.push_str("=\"");
            self.text(value);
            self.0.push('"');
        }
    }

    fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.0.push('>');
    }

    fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.0.push_str("/>");
    }

    fn close(&mut self, name: &str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    /// Escapes for text and attributes alike; drops what XML 1.0 cannot hold.
    fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&apos;"),
                '\t' | '\n' | '\r' => self.0.push(' '),
                c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
                c => self.0.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxlink_types::routing::RejectReason;

    fn body(steps: &[Step]) -> String {
        let whole = write(steps).body;
        let inner = whole
            .strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>")
            .and_then(|s| s.strip_suffix("</Response>"));
        inner.unwrap().to_owned()
    }

    fn say(text: &str) -> Step {
        Step::Say { text: text.to_owned(), voice: Voice::Woman, language: "en-US".to_owned() }
    }

    #[test]
    fn each_step_is_written_as_the_carrier_reads_it() {
        assert_eq!(body(&[]), "<Hangup/>");
        assert_eq!(
            body(&[Step::Reject { reason: RejectReason::Busy }]),
            r#"<Reject reason="busy"/>"#
        );
        let dial = Step::Dial {
            targets: vec![
                Target::Number { number: "+12025550123".parse().unwrap() },
                Target::Sip { uri: "sip:desk@example.com".to_owned() },
            ],
            timeout_seconds: 20,
            then_url: "https://v.test/callbacks/local/voice/cfg/desk/rang.1?a=1&b=2".to_owned(),
        };
        assert_eq!(
            body(&[dial]),
            "<Dial timeout=\"20\" action=\"https://v.test/callbacks/local/voice/cfg/desk/rang.1?a=1&amp;b=2\" \
             method=\"POST\"><Number>+12025550123</Number><Sip>sip:desk@example.com</Sip></Dial>"
        );
        let url = "https://v.test/m".to_owned();
        let gather = Step::Gather {
            prompt: vec![say("Press 1.")],
            timeout_seconds: 6,
            then_url: url.clone(),
        };
        assert_eq!(
            body(&[gather, Step::Redirect { url }]),
            "<Gather input=\"dtmf\" numDigits=\"1\" timeout=\"6\" finishOnKey=\"\" action=\"https://v.test/m\" \
             method=\"POST\"><Say voice=\"woman\" language=\"en-US\">Press 1.</Say></Gather>\
             <Redirect method=\"POST\">https://v.test/m</Redirect>"
        );
        let record = Step::Record {
            max_seconds: 120,
            then_url: "https://v.test/t".to_owned(),
            recording_url: "https://v.test/r".to_owned(),
        };
        assert_eq!(
            body(&[record, Step::Hangup]),
            "<Record maxLength=\"120\" playBeep=\"true\" finishOnKey=\"#\" action=\"https://v.test/t\" method=\"POST\" \
             recordingStatusCallback=\"https://v.test/r\" recordingStatusCallbackMethod=\"POST\"/><Hangup/>"
        );
    }

    #[test]
    fn no_text_becomes_markup() {
        let text = "</Say><Dial>+19005550123</Dial><Say a=\"'x'\"> & \u{0}\u{8}\u{ffff}]]> é";
        let written = body(&[say(text)]);
        assert_eq!(
            written,
            "<Say voice=\"woman\" language=\"en-US\">&lt;/Say&gt;&lt;Dial&gt;+19005550123&lt;/Dial&gt;&lt;Say \
             a=&quot;&apos;x&apos;&quot;&gt; &amp; ]]&gt; é</Say>"
        );
    }
}
