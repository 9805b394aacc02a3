//! What is wrong with a plan. A plan with problems can be kept as a draft, not published.

use super::{Hours, Interval, Kind, Next, NodeName, Plan, Target};
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
    for (name, node) in &plan.nodes {
        if node.title.trim().is_empty() {
            found.at(name, "give it a name");
        }
        content(&mut found, name, &node.kind, called);
        for (_, label, next, optional) in node.kind.branches() {
            match next {
                None if !optional => {
                    found.at(name, format!("say what happens here: {}", lower(&label)));
                }
                Some(Next::Node(to)) if !plan.nodes.contains_key(to) => {
                    found.at(name, format!("{} leads to “{to}”, which is gone", lower(&label)));
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
            message: message.into(),
        });
    }
}

fn lower(label: &str) -> String {
    let mut chars = label.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}

fn content(found: &mut Found<'_>, name: &NodeName, kind: &Kind, called: Option<&E164>) {
    match kind {
        Kind::Forward(forward) => {
            if forward.targets.iter().all(|t| t.0.trim().is_empty()) {
                found.at(name, "say whom to ring");
            }
            if forward.targets.len() > 10 {
                found.at(name, "ten telephones can ring at most");
            }
            if !(5..=120).contains(&forward.timeout_seconds) {
                found.at(name, "let it ring for 5 to 120 seconds");
            }
            for address in forward.targets.iter().filter(|t| !t.0.trim().is_empty()) {
                match address.target() {
                    None => found.at(
                        name,
                        format!(
                            "“{}” cannot be rung: write a number as +12025550123 or an address as sip:desk@example.com",
                            address.0
                        ),
                    ),
                    Some(Target::Number { number }) => {
                        if Some(&number) == called {
                            found.at(name, format!("{number} would call itself"));
                        }
                        if let Some(why) = dear(&number) {
                            found.at(name, format!("{number} is {why}: forwarding there is not allowed"));
                        }
                        #[cfg(feature = "numbering")]
                        if !number.is_valid() {
                            found.at(name, format!("{number} is not a valid number: check its digits"));
                        }
                    }
                    Some(Target::Sip { .. }) => {}
                }
            }
        }
        Kind::Hours(hours) => of_hours(found, name, hours),
        Kind::Menu(menu) => {
            if menu.prompt.trim().is_empty() {
                found.at(name, "say what is read to the caller");
            }
            if menu.keys.is_empty() {
                found.at(name, "add a key");
            }
            let mut seen = BTreeSet::new();
            for (key, _) in &menu.keys {
                if !"0123456789*#".contains(*key) {
                    found.at(name, format!("“{key}” is not a key: use 0 to 9, * or #"));
                } else if !seen.insert(key) {
                    found.at(name, format!("key {key} is there twice"));
                }
            }
            if !(1..=60).contains(&menu.timeout_seconds) {
                found.at(name, "wait 1 to 60 seconds for a key");
            }
            if !(1..=5).contains(&menu.tries) {
                found.at(name, "ask 1 to 5 times");
            }
        }
        Kind::Voicemail(voicemail) => {
            if voicemail.greeting.trim().is_empty() {
                found.at(name, "say what is read before the tone");
            }
            if !(5..=600).contains(&voicemail.max_seconds) {
                found.at(name, "let a message be 5 to 600 seconds long");
            }
        }
        Kind::Message { text, .. } if text.trim().is_empty() => {
            found.at(name, "say what is read to the caller");
        }
        Kind::Message { .. } | Kind::Reject { .. } => {}
    }
    let spoken = match kind {
        Kind::Menu(m) => &m.prompt,
        Kind::Voicemail(v) => &v.greeting,
        Kind::Message { text, .. } => text,
        _ => return,
    };
    if spoken.chars().count() > 1000 {
        found.at(name, "shorten the text to 1,000 characters");
    }
}

fn of_hours(found: &mut Found<'_>, name: &NodeName, hours: &Hours) {
    #[cfg(feature = "zones")]
    if hours.zone.parse::<chrono_tz::Tz>().is_err() {
        found.at(
            name,
            format!("“{}” is not a time zone: choose one such as America/New_York", hours.zone),
        );
    }
    let empty = |i: &Interval| i.minutes().is_none();
    let all = hours.week.iter().chain(hours.holidays.iter().map(|h| &h.hours));
    for interval in all.flatten().filter(|i| empty(i)) {
        found.at(name, format!("{interval} is no time at all: the whole day is 00:00–24:00"));
    }
    if let Some([(a, first), (b, second)]) = hours.overlap() {
        const DAYS: [&str; 7] =
            ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        found.at(
            name,
            format!("{} {first} and {} {second} overlap: join them", DAYS[a % 7], DAYS[b % 7]),
        );
    }
    for holiday in &hours.holidays {
        let spans: Vec<_> = holiday.hours.iter().filter_map(|i| i.minutes()).collect();
        let clash = spans
            .iter()
            .enumerate()
            .any(|(i, a)| spans.iter().skip(i + 1).any(|b| a.0 < b.1 && b.0 < a.1));
        if clash {
            found.at(name, format!("the hours of {} overlap: join them", holiday.date));
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
