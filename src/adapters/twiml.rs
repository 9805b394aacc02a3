//! TwiML, the answer's language of Twilio and of carriers that took it over. Written by elements,
//! so that text stays text.

use crate::elements::Elements;
use voxlink_gateways::carrier::Markup;
use voxlink_types::routing::{Step, Target, Voice};

/// The answer as a document. An empty list ends the call, so that the document always says
/// something.
pub fn write(steps: &[Step]) -> Markup {
    let mut xml = Elements::begin();
    xml.open("Response", &[]);
    for step in steps {
        write_step(&mut xml, step);
    }
    if steps.is_empty() {
        xml.empty("Hangup", &[]);
    }
    xml.close("Response");
    Markup { content_type: "text/xml; charset=utf-8", body: xml.end() }
}

fn write_step(xml: &mut Elements, step: &Step) {
    match step {
        Step::Say { text, voice, language } => {
            let voice = match voice {
                Voice::Woman => "woman",
                Voice::Man => "man",
            };
            xml.leaf("Say", &[("voice", voice), ("language", language)], text);
        }
        Step::Dial { targets, timeout_seconds, then_url } => {
            let timeout = timeout_seconds.to_string();
            let attributes =
                [("timeout", timeout.as_str()), ("action", then_url), ("method", "POST")];
            xml.open("Dial", &attributes);
            for target in targets {
                match target {
                    Target::Number { number } => xml.leaf("Number", &[], number.as_str()),
                    Target::Sip { uri } => xml.leaf("Sip", &[], uri),
                }
            }
            xml.close("Dial");
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
            xml.open("Gather", &attributes);
            for step in prompt {
                write_step(xml, step);
            }
            xml.close("Gather");
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
            xml.empty("Record", &attributes);
        }
        Step::Reject { reason } => xml.empty("Reject", &[("reason", reason.as_str())]),
        Step::Redirect { url } => xml.leaf("Redirect", &[("method", "POST")], url),
        Step::Hangup => xml.empty("Hangup", &[]),
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
