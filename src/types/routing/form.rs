//! A plan as flat form fields, so that the editor is an HTML form first: what the browser posts
//! without wasm is what the island reads from its own inputs.
//!
//! Fields: `entry`, `voice`, `language`, and `n.NAME.…` for each node: `kind`, `title`, and what
//! the kind has (`target.0`, `day.0.1.from`, `holiday.2.date`, `key.0.press`, `key.0.next`, …).
//! A branch is `-` for not set, `hangup`, `to:NAME`, or `new:KIND` for a node to be made.

use super::{
    Address, Forward, Holiday, Hours, Interval, Kind, Menu, Next, Node, NodeName, Plan,
    RejectReason, Ring, Typed, Voice, Voicemail,
};
use std::{collections::BTreeMap, str::FromStr};

/// Reads a posted form. Whatever was typed is in the plan, readable or not. Branches that ask for
/// a new node get one, in `zone` if it needs a zone.
pub fn read_form(fields: &[(String, String)], zone: &str) -> Plan {
    let mut nodes: BTreeMap<NodeName, BTreeMap<&str, &str>> = BTreeMap::new();
    let mut top: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, value) in fields {
        let node = name.strip_prefix("n.").and_then(|rest| rest.split_once('.'));
        match node.and_then(|(node, field)| Some((node.parse::<NodeName>().ok()?, field))) {
            Some((node, field)) => {
                nodes.entry(node).or_default().entry(field).or_insert(value);
            }
            None => {
                top.entry(name).or_insert(value);
            }
        }
    }
    let mut wishes = Vec::new();
    let mut plan = Plan::neutral();
    plan.nodes.clear();
    for (name, fields) in nodes {
        let mut reader = Reader { name: &name, fields, wishes: &mut wishes };
        if let Some(node) = reader.node(zone) {
            plan.nodes.insert(name, node);
        }
    }
    plan.voice = top.get("voice").and_then(|v| v.parse().ok()).unwrap_or(Voice::Woman);
    if let Some(language) = top.get("language").filter(|l| is_language(l)) {
        (*language).clone_into(&mut plan.language);
    }
    match top.get("entry").map(|e| e.split_once(':').unwrap_or(("to", e))) {
        Some(("to", name)) => {
            if let Ok(name) = name.parse() {
                plan.entry = name;
            }
        }
        Some(("new", kind)) => {
            let before = top.get("entry-before").and_then(|name| name.parse::<NodeName>().ok());
            if let Some(name) = plan.add(kind, zone) {
                plan.lead_on(&name, before);
                plan.entry = name;
            }
        }
        _ => {}
    }
    for (name, field, kind) in wishes {
        let Some(made) = plan.add(&kind, zone) else { continue };
        let branch = plan.nodes.get_mut(&name).and_then(|n| n.kind.branch_mut(&field));
        if let Some(branch) = branch {
            *branch = Some(Next::Node(made));
        }
    }
    plan
}

fn is_language(text: &str) -> bool {
    (2..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

struct Reader<'a> {
    name: &'a NodeName,
    fields: BTreeMap<&'a str, &'a str>,
    /// Branches that want a new node: node, branch, kind.
    wishes: &'a mut Vec<(NodeName, String, String)>,
}

impl Reader<'_> {
    fn text(&self, field: &str) -> String {
        let value = self.fields.get(field).copied().unwrap_or_default().replace("\r\n", "\n");
        value.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
    }

    fn line(&self, field: &str) -> String {
        self.text(field).replace('\n', " ").trim().to_owned()
    }

    fn typed<T: FromStr>(&self, field: &str) -> Typed<T> {
        Typed::of(&self.line(field))
    }

    fn word<T: FromStr>(&self, field: &str, otherwise: T) -> T {
        self.fields.get(field).and_then(|word| word.parse().ok()).unwrap_or(otherwise)
    }

    fn next(&mut self, field: &str) -> Option<Next> {
        let value = self.fields.get(field).copied()?;
        match value.split_once(':') {
            Some(("to", name)) => name.parse().ok().map(Next::Node),
            Some(("new", kind)) => {
                self.wishes.push((self.name.clone(), field.to_owned(), kind.to_owned()));
                None
            }
            _ => (value == "hangup").then_some(Next::HangUp),
        }
    }

    /// The indices of a list's rows: `target.0`, `target.2` give 0 and 2.
    fn rows(&self, list: &str) -> Vec<usize> {
        let mut rows: Vec<usize> = self
            .fields
            .keys()
            .filter_map(|f| {
                f.strip_prefix(list)?.strip_prefix('.')?.split('.').next()?.parse().ok()
            })
            .collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    fn intervals(&self, list: &str) -> Vec<Interval> {
        self.rows(list)
            .into_iter()
            .map(|row| Interval {
                from: self.typed(&format!("{list}.{row}.from")),
                to: self.typed(&format!("{list}.{row}.to")),
            })
            .collect()
    }

    fn node(&mut self, zone: &str) -> Option<Node> {
        let kind = match self.fields.get("kind").copied()? {
            "forward" => Kind::Forward(Forward {
                targets: self
                    .rows("target")
                    .into_iter()
                    .map(|row| Address(self.line(&format!("target.{row}"))))
                    .collect(),
                ring: self.word("ring", Ring::AllAtOnce),
                timeout_seconds: self.typed("timeout"),
                no_answer: self.next("no_answer"),
                busy: self.next("busy"),
            }),
            "hours" => Kind::Hours(self.hours(zone)),
            "menu" => Kind::Menu(Menu {
                prompt: self.text("prompt"),
                keys: self
                    .rows("key")
                    .into_iter()
                    .map(|row| {
                        let next = self.next(&format!("key.{row}.next"));
                        (self.typed(&format!("key.{row}.press")), next)
                    })
                    .collect(),
                timeout_seconds: self.typed("timeout"),
                tries: self.typed("tries"),
                no_input: self.next("no_input"),
                no_match: self.next("no_match"),
            }),
            "voicemail" => Kind::Voicemail(Voicemail {
                greeting: self.text("greeting"),
                max_seconds: self.typed("max_seconds"),
            }),
            "reject" => Kind::Reject { reason: self.word("reason", RejectReason::Busy) },
            "message" => Kind::Message { text: self.text("text"), next: self.next("next") },
            _ => return None,
        };
        Some(Node { title: self.line("title"), kind })
    }

    fn hours(&mut self, zone: &str) -> Hours {
        let mut hours = Hours::office(zone);
        hours.week = std::array::from_fn(|day| self.intervals(&format!("day.{day}")));
        if self.fields.contains_key("zone") {
            hours.zone = self.line("zone");
        }
        for row in self.rows("holiday") {
            hours.holidays.push(Holiday {
                date: self.typed(&format!("holiday.{row}.date")),
                yearly: self.fields.contains_key(format!("holiday.{row}.yearly").as_str()),
                name: self.line(&format!("holiday.{row}.name")),
                hours: self.intervals(&format!("holiday.{row}.hours")),
            });
        }
        hours.open = self.next("open");
        hours.closed = self.next("closed");
        hours.holiday = self.next("holiday");
        hours
    }
}

impl Plan {
    /// The same plan as form fields, the inverse of [`read_form`].
    pub fn fields(&self) -> Vec<(String, String)> {
        let mut out = vec![
            ("entry".to_owned(), format!("to:{}", self.entry)),
            ("voice".to_owned(), self.voice.to_string()),
            ("language".to_owned(), self.language.clone()),
        ];
        for (name, node) in &self.nodes {
            let mut add =
                |field: &str, value: String| out.push((format!("n.{name}.{field}"), value));
            add("kind", node.kind.word().to_owned());
            add("title", node.title.clone());
            for (field, _, next, _) in node.kind.branches() {
                add(&field, Next::field(next));
            }
            match &node.kind {
                Kind::Forward(f) => {
                    for (i, target) in f.targets.iter().enumerate() {
                        add(&format!("target.{i}"), target.0.clone());
                    }
                    add("ring", f.ring.to_string());
                    add("timeout", f.timeout_seconds.to_string());
                }
                Kind::Hours(h) => {
                    add("zone", h.zone.clone());
                    if h.holidays.is_empty() {
                        add("holiday", Next::field(h.holiday.as_ref()));
                    }
                    for (day, intervals) in h.week.iter().enumerate() {
                        put_intervals(&mut add, &format!("day.{day}"), intervals);
                    }
                    for (i, holiday) in h.holidays.iter().enumerate() {
                        add(&format!("holiday.{i}.date"), holiday.date.to_string());
                        add(&format!("holiday.{i}.name"), holiday.name.clone());
                        if holiday.yearly {
                            add(&format!("holiday.{i}.yearly"), "on".to_owned());
                        }
                        put_intervals(&mut add, &format!("holiday.{i}.hours"), &holiday.hours);
                    }
                }
                Kind::Menu(m) => {
                    add("prompt", m.prompt.clone());
                    for (i, (key, _)) in m.keys.iter().enumerate() {
                        add(&format!("key.{i}.press"), key.to_string());
                    }
                    add("timeout", m.timeout_seconds.to_string());
                    add("tries", m.tries.to_string());
                }
                Kind::Voicemail(v) => {
                    add("greeting", v.greeting.clone());
                    add("max_seconds", v.max_seconds.to_string());
                }
                Kind::Reject { reason } => add("reason", reason.to_string()),
                Kind::Message { text, .. } => add("text", text.clone()),
            }
        }
        out
    }
}

fn put_intervals(add: &mut impl FnMut(&str, String), list: &str, intervals: &[Interval]) {
    for (i, interval) in intervals.iter().enumerate() {
        add(&format!("{list}.{i}.from"), interval.from.to_string());
        add(&format!("{list}.{i}.to"), interval.to.to_string());
    }
}

impl Next {
    /// A branch as its form field's value.
    pub fn field(next: Option<&Self>) -> String {
        match next {
            None => "-".to_owned(),
            Some(Self::HangUp) => "hangup".to_owned(),
            Some(Self::Node(name)) => format!("to:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(plan: &Plan, field: &str, value: &str) -> Vec<(String, String)> {
        let mut fields = plan.fields();
        let found = fields.iter_mut().find(|(name, _)| name == field).expect(field);
        value.clone_into(&mut found.1);
        fields
    }

    #[test]
    fn a_new_node_is_made_where_a_branch_asks_for_it() {
        let plan = read_form(&typed(&Plan::neutral(), "entry", "new:hours"), "Europe/Berlin");
        assert_eq!(plan.title(&plan.entry), "Office hours");
        let plan = read_form(&typed(&plan, "n.office-hours.open", "new:forward"), "Europe/Berlin");
        let Kind::Hours(hours) = &plan.nodes[&plan.entry].kind else { panic!("hours expected") };
        assert_eq!(plan.says(hours.open.as_ref()), "“Desk”");
        assert_eq!(hours.zone, "Europe/Berlin");
    }

    #[test]
    fn a_step_put_first_leads_on_to_what_came_first_before() {
        let mut fields = Plan::neutral().fields();
        fields.push(("entry-before".to_owned(), "start".to_owned()));
        fields[0].1 = "new:hours".to_owned();
        let plan = read_form(&fields, "UTC");
        let Kind::Hours(hours) = &plan.nodes[&plan.entry].kind else { panic!("hours expected") };
        assert_eq!(plan.says(hours.closed.as_ref()), "“Voicemail”");
        assert_eq!(hours.open, None);
    }

    #[test]
    fn whatever_is_typed_into_a_field_stands_there_again() {
        let mut plan = Plan::neutral();
        for (kind, _) in Kind::WORDS {
            plan.add(kind, "UTC");
        }
        super::super::edit(&mut plan, "add-holiday:office-hours", chrono::NaiveDate::MAX);
        super::super::edit(
            &mut plan,
            "add-holiday-interval:office-hours:0",
            chrono::NaiveDate::MAX,
        );
        let words = [
            "entry",
            "voice",
            "language",
            "kind",
            "ring",
            "reason",
            "next",
            "no_answer",
            "busy",
            "open",
            "closed",
            "holiday",
            "no_input",
            "no_match",
        ];
        let mut tried = 0;
        for (field, _) in plan.fields() {
            let last = field.rsplit('.').next().unwrap_or_default();
            if words.contains(&last) {
                continue;
            }
            tried += 1;
            for value in ["", "nine", "12:3", "-1", "99999999", "x \u{1f4de} ü"] {
                let fields = typed(&plan, &field, value);
                assert_eq!(read_form(&fields, "UTC").fields(), fields, "{field} = {value}");
            }
        }
        assert!(tried > 25, "{tried} fields were tried");
    }
}
