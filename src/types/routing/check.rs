//! What is wrong with a plan. A plan with problems can be kept as a draft, not published.

use super::{Forward, Hours, Interval, Kind, LANGUAGES, Menu, Next, NodeName, Plan, Target, Typed};
use crate::E164;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Ranges whose calls cost by the minute what a fraudster earns by it: premium services,
/// satellites, international networks. Forwarding there is refused.
const DEAR: &[(&str, &str)] = &[
    ("+1900", "a premium-rate number"),
    ("+1976", "a premium-rate number"),
    ("+449", "a premium-rate number"),
    ("+4487", "a service number with an extra charge"),
    ("+49900", "a premium-rate number"),
    ("+4918", "a shared-cost number"),
    ("+35315", "a premium-rate number"),
    ("+3190", "a premium-rate number"),
    ("+46900", "a premium-rate number"),
    ("+46939", "a premium-rate number"),
    ("+46944", "a premium-rate number"),
    ("+3389", "a premium-rate number"),
    ("+3989", "a premium-rate number"),
    ("+3480", "a premium-rate number"),
    ("+870", "a satellite telephone"),
    ("+878", "a number of an international network"),
    ("+881", "a satellite telephone"),
    ("+882", "a number of an international network"),
    ("+883", "a number of an international network"),
    ("+979", "an international premium-rate number"),
];

/// Something wrong, at a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The node's name.
    pub node: String,
    /// Its title.
    pub title: String,
    /// The form field it is about, if it is about one: `n.desk.timeout`.
    pub field: Option<String>,
    /// What is wrong and what to do, as a sentence.
    pub message: String,
}

/// Everything wrong with the plan of `called`; empty when it may be published.
pub fn check(plan: &Plan, called: Option<&E164>) -> Vec<Problem> {
    let mut found = Found { plan, problems: Vec::new() };
    if !plan.nodes.contains_key(&plan.entry) {
        found
            .at(&plan.entry, "the plan begins here, but there is no such node: choose a first one");
    }
    if !LANGUAGES.iter().any(|(tag, _)| *tag == plan.language) {
        found.at(&plan.entry, "choose the language of the texts from the list");
        if let Some(problem) = found.problems.last_mut() {
            problem.field = Some("language".to_owned());
        }
    }
    for (name, node) in &plan.nodes {
        if node.title.trim().is_empty() {
            found.field(name, "title", "give this step a name");
        }
        if node.title.chars().count() > 60 {
            found.field(name, "title", "shorten the name to 60 characters");
        }
        content(&mut found, name, &node.kind, called);
        for (field, label, next, optional) in node.kind.branches() {
            match next {
                None if !optional => {
                    let words = format!("say what happens here: {}", lower(&label));
                    found.field(name, &field, words);
                }
                Some(Next::Node(to)) if !plan.nodes.contains_key(to) => {
                    let words = format!("{} leads to “{to}”, which is gone", lower(&label));
                    found.field(name, &field, words);
                }
                _ => {}
            }
        }
    }
    ways(&mut found);
    found.problems
}

/// Why a number is too dear to forward to, if it is.
fn dear(number: &E164) -> Option<&'static str> {
    DEAR.iter()
        .filter(|(prefix, _)| number.as_str().starts_with(prefix))
        .map(|(_, why)| *why)
        .next()
}

struct Found<'a> {
    plan: &'a Plan,
    problems: Vec<Problem>,
}

impl Found<'_> {
    fn at(&mut self, node: &NodeName, message: impl Into<String>) {
        self.problems.push(Problem {
            node: node.to_string(),
            title: self.plan.title(node).to_owned(),
            field: None,
            message: message.into(),
        });
    }

    fn field(&mut self, node: &NodeName, field: &str, message: impl Into<String>) {
        self.at(node, message);
        if let Some(problem) = self.problems.last_mut() {
            problem.field = Some(format!("n.{node}.{field}"));
        }
    }

    /// A whole number within bounds.
    fn whole<T>(&mut self, at: (&NodeName, &str), value: &Typed<T>, bounds: (T, T), message: &str)
    where
        T: Copy + PartialOrd + std::fmt::Display,
    {
        match value.read() {
            Some(value) if (bounds.0..=bounds.1).contains(value) => {}
            Some(_) => self.field(at.0, at.1, message),
            // A number it is, but one that nothing takes: a negative or a very large one.
            None if value.to_string().trim().parse::<i64>().is_ok() => {
                self.field(at.0, at.1, message);
            }
            None => {
                let words = format!("{} is not a whole number: {message}", quoted(value));
                self.field(at.0, at.1, words);
            }
        }
    }

    fn spoken(&mut self, name: &NodeName, field: &str, text: &str, missing: &str) {
        if text.trim().is_empty() {
            self.field(name, field, missing);
        }
        if text.chars().count() > 1000 {
            self.field(name, field, "shorten the text to 1,000 characters");
        }
    }

    fn intervals(&mut self, name: &NodeName, list: &str, all: &[Interval]) {
        for (i, interval) in all.iter().enumerate() {
            let mut read = true;
            for (end, bound) in [("from", &interval.from), ("to", &interval.to)] {
                if bound.read().is_none() {
                    read = false;
                    let words = format!(
                        "{} is not a time of day: write it as 09:00; the end of a day is 24:00",
                        quoted(bound)
                    );
                    self.field(name, &format!("{list}.{i}.{end}"), words);
                }
            }
            if read && interval.minutes().is_none() {
                let words = format!("{interval} is no time at all: the whole day is 00:00–24:00");
                self.field(name, &format!("{list}.{i}.to"), words);
            }
        }
    }
}

fn quoted<T: std::fmt::Display>(value: &Typed<T>) -> String {
    let text = value.to_string();
    if text.is_empty() { "an empty field".to_owned() } else { format!("“{text}”") }
}

fn lower(label: &str) -> String {
    let mut chars = label.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}

fn content(found: &mut Found<'_>, name: &NodeName, kind: &Kind, called: Option<&E164>) {
    match kind {
        Kind::Forward(forward) => of_forward(found, name, forward, called),
        Kind::Hours(hours) => of_hours(found, name, hours),
        Kind::Menu(menu) => of_menu(found, name, menu),
        Kind::Voicemail(v) => {
            found.spoken(name, "greeting", &v.greeting, "say what is read before the tone");
            let message = "let a message be 5 to 600 seconds long";
            found.whole((name, "max_seconds"), &v.max_seconds, (5, 600), message);
        }
        Kind::Message { text, .. } => {
            found.spoken(name, "text", text, "say what is read to the caller");
        }
        Kind::Reject { .. } => {}
    }
}

fn of_forward(found: &mut Found<'_>, name: &NodeName, forward: &Forward, called: Option<&E164>) {
    if forward.targets.iter().all(|t| t.0.trim().is_empty()) {
        found.field(name, "target.0", "say whom to ring");
    }
    if forward.targets.len() > 10 {
        found.field(name, "target.10", "ten telephones can ring at most: remove this one");
    }
    let message = "let it ring for 5 to 120 seconds";
    found.whole((name, "timeout"), &forward.timeout_seconds, (5, 120), message);
    for (i, address) in forward.targets.iter().enumerate().filter(|(_, t)| !t.0.trim().is_empty()) {
        let field = format!("target.{i}");
        match address.target() {
            None => {
                let words = format!(
                    "“{}” cannot be rung: write a number as +12025550123 or an address as sip:desk@example.com",
                    address.0
                );
                found.field(name, &field, words);
            }
            Some(Target::Number { number }) => {
                if Some(&number) == called {
                    found.field(name, &field, format!("{number} would call itself"));
                }
                if let Some(why) = dear(&number) {
                    let words = format!("{number} is {why}: forwarding there is not allowed");
                    found.field(name, &field, words);
                }
                #[cfg(feature = "numbering")]
                if !number.is_valid() {
                    let words = format!("{number} is not a valid number: check its digits");
                    found.field(name, &field, words);
                }
            }
            Some(Target::Sip { .. }) => {}
        }
    }
}

fn of_menu(found: &mut Found<'_>, name: &NodeName, menu: &Menu) {
    found.spoken(name, "prompt", &menu.prompt, "say what is read to the caller");
    if menu.keys.is_empty() {
        found.at(name, "add a key");
    }
    let mut seen = BTreeSet::new();
    for (i, (key, _)) in menu.keys.iter().enumerate() {
        let field = format!("key.{i}.press");
        match key.read().filter(|k| "0123456789*#".contains(**k)) {
            None => {
                let words = format!("{} is not a key: use 0 to 9, * or #", quoted(key));
                found.field(name, &field, words);
            }
            Some(key) if !seen.insert(*key) => {
                found.field(name, &field, format!("key {key} is there twice"));
            }
            Some(_) => {}
        }
    }
    let message = "wait 1 to 60 seconds for a key";
    found.whole((name, "timeout"), &menu.timeout_seconds, (1, 60), message);
    found.whole((name, "tries"), &menu.tries, (1, 5), "ask 1 to 5 times");
}

fn of_hours(found: &mut Found<'_>, name: &NodeName, hours: &Hours) {
    #[cfg(feature = "zones")]
    if hours.zone.parse::<chrono_tz::Tz>().is_err() {
        let words =
            format!("“{}” is not a time zone: choose one such as America/New_York", hours.zone);
        found.field(name, "zone", words);
    }
    for (day, intervals) in hours.week.iter().enumerate() {
        found.intervals(name, &format!("day.{day}"), intervals);
    }
    if let Some([(a, first), (b, second)]) = hours.overlap() {
        const DAYS: [&str; 7] =
            ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        let words = format!("{} {first} and {} {second} overlap: join them", DAYS[a], DAYS[b]);
        found.field(name, &format!("day.{b}"), words);
    }
    for (i, holiday) in hours.holidays.iter().enumerate() {
        if holiday.date.read().is_none() {
            let words = format!(
                "{} is no date: write it as 2026-12-25, or remove the holiday",
                quoted(&holiday.date)
            );
            found.field(name, &format!("holiday.{i}.date"), words);
        }
        found.intervals(name, &format!("holiday.{i}.hours"), &holiday.hours);
        let spans: Vec<_> = holiday.hours.iter().filter_map(Interval::minutes).collect();
        let clash = spans
            .iter()
            .enumerate()
            .any(|(i, a)| spans.iter().skip(i + 1).any(|b| a.0 < b.1 && b.0 < a.1));
        if clash {
            let words = format!("the hours of {} overlap: join them", holiday.date);
            found.field(name, &format!("holiday.{i}"), words);
        }
        let twice = |other: &super::Holiday| {
            (&other.date, other.yearly) == (&holiday.date, holiday.yearly)
                && holiday.date.read().is_some()
        };
        if hours.holidays.iter().take(i).any(twice) {
            let words = format!("{} is there twice: remove one", holiday.date);
            found.field(name, &format!("holiday.{i}.date"), words);
        }
    }
}

/// Reachability, circles and exits.
fn ways(found: &mut Found<'_>) {
    let plan = found.plan;
    let targets = |name: &NodeName, all: bool| -> Vec<&NodeName> {
        let Some(node) = plan.nodes.get(name) else { return Vec::new() };
        node.kind
            .branches()
            .into_iter()
            // A key is input, so a menu may lead back to itself by one; silence may not.
            .filter(|(field, ..)| all || !(field.starts_with("key.") || field == "no_match"))
            .filter_map(|(_, _, next, _)| match next {
                Some(Next::Node(to)) => plan.nodes.get_key_value(to).map(|(k, _)| k),
                _ => None,
            })
            .collect()
    };
    let mut reached = BTreeSet::new();
    let mut todo = vec![&plan.entry];
    while let Some(name) = todo.pop() {
        if plan.nodes.contains_key(name) && reached.insert(name) {
            todo.extend(targets(name, true));
        }
    }
    for name in plan.nodes.keys().filter(|n| !reached.contains(n)) {
        found.at(name, "no call comes here: lead a branch to it or remove it");
    }
    let mut state: BTreeMap<&NodeName, bool> = BTreeMap::new();
    for start in plan.nodes.keys() {
        if let Some(name) = circle(start, &targets, &mut state) {
            found.at(name, "a call can go round here for ever without the caller pressing a key");
            break;
        }
    }
    let leaves = |name: &NodeName| -> bool {
        plan.nodes.get(name).is_some_and(|node| {
            let branches = node.kind.branches();
            branches.is_empty() || branches.iter().any(|(_, _, n, _)| *n == Some(&Next::HangUp))
        })
    };
    let mut exits: BTreeSet<&NodeName> = plan.nodes.keys().filter(|n| leaves(n)).collect();
    loop {
        let more: Vec<_> = plan
            .nodes
            .keys()
            .filter(|n| !exits.contains(n) && targets(n, true).iter().any(|t| exits.contains(t)))
            .collect();
        if more.is_empty() {
            break;
        }
        exits.extend(more);
    }
    for name in reached.iter().filter(|n| !exits.contains(*n)) {
        let unset = plan.nodes.get(*name).is_some_and(|n| {
            n.kind.branches().iter().any(|(_, _, next, may)| !may && next.is_none())
        });
        if !unset {
            found.at(name, "from here no call ever ends");
        }
    }
}

/// A node of a circle that can be reached from `start`; `done` remembers finished nodes.
fn circle<'a>(
    start: &'a NodeName,
    targets: &impl Fn(&NodeName, bool) -> Vec<&'a NodeName>,
    done: &mut BTreeMap<&'a NodeName, bool>,
) -> Option<&'a NodeName> {
    let mut stack = vec![(start, false)];
    while let Some((name, leaving)) = stack.pop() {
        if leaving {
            done.insert(name, true);
            continue;
        }
        match done.get(name) {
            Some(true) => continue,
            Some(false) => return Some(name),
            None => {}
        }
        done.insert(name, false);
        stack.push((name, true));
        for next in targets(name, false) {
            match done.get(next) {
                Some(false) => return Some(next),
                Some(true) => {}
                None => stack.push((next, false)),
            }
        }
    }
    None
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
