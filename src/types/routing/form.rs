//! A plan as flat form fields, so that the editor is an HTML form first: what the browser posts
//! without wasm is what the island reads from its own inputs.
//!
//! Fields: `entry`, `voice`, `language`, and `n.NAME.…` for each node: `kind`, `title`, and what
//! the kind has (`target.0`, `day.0.1.from`, `holiday.2.date`, `key.0.press`, `key.0.next`, …).
//! A branch is `-` for not set, `hangup`, `to:NAME`, or `new:KIND` for a node to be made.

use super::{
    Address, Clock, Forward, Holiday, Hours, Interval, Kind, Menu, Next, Node, NodeName, Plan,
    RejectReason, Ring, Voice, Voicemail,
};
use crate::error::FieldError;
use std::{collections::BTreeMap, str::FromStr};

/// What a form holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The plan; what could not be read has its old or a harmless value.
    pub plan: Plan,
    /// The fields that could not be read.
    pub errors: Vec<FieldError>,
}

/// Reads a posted form. Branches that ask for a new node get one, in `zone` if it needs a zone.
pub fn read_form(fields: &[(String, String)], zone: &str) -> Form {
    let mut nodes: BTreeMap<NodeName, BTreeMap<&str, &str>> = BTreeMap::new();
    let mut top: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, value) in fields.iter().take(4000) {
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
    let mut errors = Vec::new();
    let mut plan = Plan::neutral();
    plan.nodes.clear();
    for (name, fields) in nodes {
        let mut reader = Reader { name: &name, fields, wishes: &mut wishes, errors: &mut errors };
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
            if let Some(name) = plan.add(kind, zone) {
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
    Form { plan, errors }
}

fn is_language(text: &str) -> bool {
    (2..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

struct Reader<'a> {
    name: &'a NodeName,
    fields: BTreeMap<&'a str, &'a str>,
    /// Branches that want a new node: node, branch, kind.
    wishes: &'a mut Vec<(NodeName, String, String)>,
    errors: &'a mut Vec<FieldError>,
}

impl Reader<'_> {
    fn text(&self, field: &str) -> String {
        let value = self.fields.get(field).copied().unwrap_or_default();
        value
            .replace("\r\n", "\n")
            .chars()
            .filter(|c| *c == '\n' || !c.is_control())
            .take(2000)
            .collect()
    }

    fn wrong(&mut self, field: &str, message: impl ToString) {
        let field = format!("n.{}.{field}", self.name);
        self.errors.push(FieldError { field, message: message.to_string() });
    }

    fn read<T: FromStr<Err: ToString>>(&mut self, field: &str, otherwise: T) -> T {
        let Some(text) = self.fields.get(field) else { return otherwise };
        match text.trim().parse() {
            Ok(value) => value,
            Err(error) => {
                self.wrong(field, error);
                otherwise
            }
        }
    }

    fn whole<T: FromStr>(&mut self, field: &str, otherwise: T) -> T {
        let Some(text) = self.fields.get(field) else { return otherwise };
        if let Ok(value) = text.trim().parse() {
            value
        } else {
            self.wrong(field, "write a whole number");
            otherwise
        }
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
    fn rows(&self, list: &str, limit: usize) -> Vec<usize> {
        let mut rows: Vec<usize> = self
            .fields
            .keys()
            .filter_map(|f| {
                f.strip_prefix(list)?.strip_prefix('.')?.split('.').next()?.parse().ok()
            })
            .collect();
        rows.sort_unstable();
        rows.dedup();
        rows.truncate(limit);
        rows
    }

    fn intervals(&mut self, list: &str) -> Vec<Interval> {
        self.rows(list, 12)
            .into_iter()
            .map(|row| Interval {
                from: self.read(&format!("{list}.{row}.from"), Clock::from_minutes(9 * 60)),
                to: self.read(&format!("{list}.{row}.to"), Clock::from_minutes(17 * 60)),
            })
            .collect()
    }

    fn node(&mut self, zone: &str) -> Option<Node> {
        let kind = match self.fields.get("kind").copied()? {
            "forward" => Kind::Forward(Forward {
                targets: self
                    .rows("target", 12)
                    .into_iter()
                    .map(|row| Address(self.text(&format!("target.{row}")).trim().to_owned()))
                    .collect(),
                ring: self.read("ring", Ring::AllAtOnce),
                timeout_seconds: self.whole("timeout", 20),
                no_answer: self.next("no_answer"),
                busy: self.next("busy"),
            }),
            "hours" => Kind::Hours(self.hours(zone)),
            "menu" => Kind::Menu(Menu {
                prompt: self.text("prompt"),
                keys: self
                    .rows("key", 16)
                    .into_iter()
                    .map(|row| {
                        let press = self.text(&format!("key.{row}.press"));
                        (press.trim().chars().next().unwrap_or(' '), row)
                    })
                    .collect::<Vec<_>>()
                    .into_iter()
                    .map(|(key, row)| (key, self.next(&format!("key.{row}.next"))))
                    .collect(),
                timeout_seconds: self.whole("timeout", 6),
                tries: self.whole("tries", 2),
                no_input: self.next("no_input"),
                no_match: self.next("no_match"),
            }),
            "voicemail" => Kind::Voicemail(Voicemail {
                greeting: self.text("greeting"),
                max_seconds: self.whole("max_seconds", 120),
            }),
            "reject" => Kind::Reject { reason: self.read("reason", RejectReason::Busy) },
            "message" => Kind::Message { text: self.text("text"), next: self.next("next") },
            _ => return None,
        };
        let title: String = self.text("title").trim().chars().take(60).collect();
        Some(Node { title, kind })
    }

    fn hours(&mut self, zone: &str) -> Hours {
        let mut hours = Hours::office(zone);
        hours.week = std::array::from_fn(|day| self.intervals(&format!("day.{day}")));
        let typed = self.text("zone");
        if !typed.trim().is_empty() {
            typed.trim().clone_into(&mut hours.zone);
        }
        for row in self.rows("holiday", 100) {
            let field = format!("holiday.{row}.date");
            let Ok(date) = self.text(&field).trim().parse() else {
                self.wrong(&field, "choose the day, or remove the holiday");
                continue;
            };
            hours.holidays.push(Holiday {
                date,
                yearly: self.fields.contains_key(format!("holiday.{row}.yearly").as_str()),
                name: self.text(&format!("holiday.{row}.name")).chars().take(60).collect(),
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

    #[test]
    fn a_new_node_is_made_where_a_branch_asks_for_it() {
        let mut fields = Plan::neutral().fields();
        fields[0].1 = "new:hours".to_owned();
        let form = read_form(&fields, "Europe/Berlin");
        assert_eq!(form.plan.title(&form.plan.entry), "Office hours");
        assert!(form.errors.is_empty());
        let mut fields = form.plan.fields();
        for (name, value) in &mut fields {
            if name.rsplit_once('.').is_some_and(|(_, field)| field == "open") {
                "new:forward".clone_into(value);
            }
        }
        let plan = read_form(&fields, "Europe/Berlin").plan;
        let Kind::Hours(hours) = &plan.nodes[&plan.entry].kind else { panic!("hours expected") };
        assert_eq!(plan.says(hours.open.as_ref()), "“Desk”");
        assert_eq!(hours.zone, "Europe/Berlin");
    }

    #[test]
    fn what_cannot_be_read_is_told_by_field() {
        let mut plan = Plan::neutral();
        plan.add("hours", "UTC");
        let mut fields = plan.fields();
        for (name, value) in &mut fields {
            if name.ends_with("day.0.0.from") {
                "nine".clone_into(value);
            }
        }
        let form = read_form(&fields, "UTC");
        assert_eq!(form.errors[0].field, "n.office-hours.day.0.0.from");
        assert_eq!(form.plan, plan, "the rest is kept");
    }
}
