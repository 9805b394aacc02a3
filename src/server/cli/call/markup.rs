//! Reading the markup that our own server writes: enough of TwiML to play a call by it, strict
//! about everything else, so that a simulated call also proves that the document is well-formed.

use anyhow::{Context, bail};

/// One instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verb {
    Say(String),
    Dial { targets: Vec<String>, timeout: i64, action: String },
    Gather { prompt: Vec<String>, timeout: i64, action: String },
    Record { longest: i64, action: String, callback: String },
    Reject(String),
    Redirect(String),
    Hangup,
}

/// An element with its attributes, its text and what stands inside.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    inside: Vec<Element>,
}

impl Element {
    fn attribute(&self, name: &str) -> anyhow::Result<String> {
        let found = self.attributes.iter().find(|(n, _)| n == name);
        found.map(|(_, v)| v.clone()).with_context(|| format!("{} has no {name}", self.name))
    }

    fn seconds(&self, name: &str) -> anyhow::Result<i64> {
        Ok(self.attribute(name)?.parse()?)
    }
}

/// The instructions of a document.
pub(super) fn read(document: &str) -> anyhow::Result<Vec<Verb>> {
    let response = parse(document)?;
    if response.name != "Response" {
        bail!("the document is no Response");
    }
    response.inside.iter().map(verb).collect()
}

fn verb(e: &Element) -> anyhow::Result<Verb> {
    Ok(match e.name.as_str() {
        "Say" => Verb::Say(e.text.clone()),
        "Dial" => Verb::Dial {
            targets: e.inside.iter().map(|t| t.text.clone()).collect(),
            timeout: e.seconds("timeout")?,
            action: e.attribute("action")?,
        },
        "Gather" => Verb::Gather {
            prompt: e.inside.iter().map(|t| t.text.clone()).collect(),
            timeout: e.seconds("timeout")?,
            action: e.attribute("action")?,
        },
        "Record" => Verb::Record {
            longest: e.seconds("maxLength")?,
            action: e.attribute("action")?,
            callback: e.attribute("recordingStatusCallback")?,
        },
        "Reject" => Verb::Reject(e.attribute("reason")?),
        "Redirect" => Verb::Redirect(e.text.clone()),
        "Hangup" => Verb::Hangup,
        other => bail!("{other} is unknown"),
    })
}

fn parse(document: &str) -> anyhow::Result<Element> {
    let mut rest = document.trim();
    if let Some((_, after)) = rest.strip_prefix("<?").and_then(|r| r.split_once("?>")) {
        rest = after.trim_start();
    }
    let mut open: Vec<Element> = vec![Element::default()];
    while !rest.is_empty() {
        let top = open.last_mut().context("more is closed than opened")?;
        let Some(tag) = rest.strip_prefix('<') else {
            let end = rest.find('<').unwrap_or(rest.len());
            top.text.push_str(&unescape(&rest[..end])?);
            rest = &rest[end..];
            continue;
        };
        let (inside, after) = tag.split_once('>').context("a tag does not end")?;
        rest = after;
        if let Some(name) = inside.strip_prefix('/') {
            let done = open.pop().context("more is closed than opened")?;
            if done.name != name {
                bail!("{} is closed by {name}", done.name);
            }
            open.last_mut().context("more is closed than opened")?.inside.push(done);
            continue;
        }
        let (inside, empty) = inside.strip_suffix('/').map_or((inside, false), |i| (i, true));
        let element = element(inside)?;
        if empty { top.inside.push(element) } else { open.push(element) }
    }
    let mut document = open.pop().context("nothing")?;
    if !open.is_empty() || document.inside.len() != 1 {
        bail!("the document is not one whole element");
    }
    document.inside.pop().context("nothing")
}

fn element(inside: &str) -> anyhow::Result<Element> {
    let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
    let mut element = Element { name: name.to_owned(), ..Element::default() };
    while !rest.trim_start().is_empty() {
        let (name, after) = rest.trim_start().split_once("=\"").context("an attribute is bare")?;
        let (value, after) = after.split_once('"').context("an attribute does not end")?;
        element.attributes.push((name.to_owned(), unescape(value)?));
        rest = after;
    }
    Ok(element)
}

fn unescape(text: &str) -> anyhow::Result<String> {
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, after) = part.split_once(';').context("a bare &")?;
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            other => bail!("&{other}; is unknown"),
        });
        out.push_str(after);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_writer_writes_is_read_and_broken_documents_are_not() {
        let document = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Gather input=\"dtmf\" timeout=\"6\" \
            action=\"https://v.test/a?b=1&amp;c=2\"><Say voice=\"woman\">1 &lt; 2</Say></Gather>\
            <Redirect method=\"POST\">https://v.test/</Redirect><Hangup/></Response>";
        let verbs = read(document).unwrap();
        assert_eq!(
            verbs[0],
            Verb::Gather {
                prompt: vec!["1 < 2".to_owned()],
                timeout: 6,
                action: "https://v.test/a?b=1&c=2".to_owned(),
            }
        );
        assert_eq!(verbs[1..], [Verb::Redirect("https://v.test/".to_owned()), Verb::Hangup]);
        for broken in [
            "",
            "<Response>",
            "<Response><Say>a</Response>",
            "<Response/><Hangup/>",
            "<Response><Say>a & b</Say></Response>",
            "<Response><Blink/></Response>",
        ] {
            assert!(read(broken).is_err(), "{broken}");
        }
    }
}
