//! What changes from one plan to another, in words, for the person who publishes it.

use super::{Interval, Kind, Node, Plan};

/// Sentences, in the order of the nodes' names; none when both do the same.
pub fn differences(old: &Plan, new: &Plan) -> Vec<String> {
    let mut out = Vec::new();
    if old.entry != new.entry {
        out.push(format!(
            "Calls come in at “{}” instead of “{}”.",
            new.title(&new.entry),
            old.title(&old.entry)
        ));
    }
    if (&old.voice, &old.language) != (&new.voice, &new.language) {
        out.push(format!("Texts are read by a {} in {}.", new.voice, new.language));
    }
    for (name, node) in &old.nodes {
        if !new.nodes.contains_key(name) {
            out.push(format!("“{}” is removed.", node.title));
        }
    }
    for (name, node) in &new.nodes {
        match old.nodes.get(name) {
            None => out.push(format!("“{}” is new: {}.", node.title, facts_line(new, node))),
            Some(before) => of_node(old, before, new, node, &mut out),
        }
    }
    out
}

fn of_node(old: &Plan, before: &Node, new: &Plan, after: &Node, out: &mut Vec<String>) {
    if before.title != after.title {
        out.push(format!("“{}” is now called “{}”.", before.title, after.title));
    }
    let (was, is) = (facts(old, before), facts(new, after));
    let of = |facts: &Facts, what: &str| {
        facts.iter().find(|(of, _)| of == what).map(|(_, value)| value.clone())
    };
    for (what, value) in &is {
        match of(&was, what) {
            Some(before) if before == *value => {}
            Some(before) => {
                out.push(format!("“{}”: {what} {value} instead of {before}.", after.title));
            }
            None => out.push(format!("“{}”: {what} {value}.", after.title)),
        }
    }
    for (what, value) in was.iter().filter(|(what, _)| of(&is, what).is_none()) {
        out.push(format!("“{}”: no longer {what} {value}.", after.title));
    }
}

fn facts_line(plan: &Plan, node: &Node) -> String {
    let all: Vec<_> = facts(plan, node).into_iter().map(|(k, v)| format!("{k} {v}")).collect();
    all.join(", ")
}

/// What and how.
type Facts = Vec<(String, String)>;

/// What a node does, as pairs of what and how: days in their order, then where it leads.
fn facts(plan: &Plan, node: &Node) -> Facts {
    let ways = node
        .kind
        .branches()
        .into_iter()
        .filter(|(_, _, next, optional)| !optional || next.is_some())
        .map(|(_, label, next, _)| (format!("{}:", label.to_lowercase()), plan.says(next)));
    let mut out = Facts::new();
    let mut add = |what: &str, how: String| out.push((what.to_owned(), how));
    match &node.kind {
        Kind::Forward(f) => {
            let all: Vec<_> = f.targets.iter().map(|t| t.0.as_str()).collect();
            add("rings", all.join(", "));
            add("for", format!("{} seconds", f.timeout_seconds));
            if f.targets.len() > 1 {
                add("rings them", f.ring.as_str().replace('_', " "));
            }
        }
        Kind::Hours(h) => {
            add("in the zone", h.zone.clone());
            for (day, intervals) in
                ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
                    .iter()
                    .zip(&h.week)
            {
                add(&format!("on {day}"), shown(intervals));
            }
            for holiday in &h.holidays {
                let date = match holiday.date.read() {
                    Some(date) if holiday.yearly => date.format("every %-d %B").to_string(),
                    Some(date) => date.format("%-d %B %Y").to_string(),
                    None => format!("“{}”", holiday.date),
                };
                add(
                    &format!("holiday {date}:"),
                    format!("{} {}", holiday.name, shown(&holiday.hours)).trim().to_owned(),
                );
            }
        }
        Kind::Menu(m) => {
            add("reads", format!("“{}”", m.prompt));
            add("asks", format!("{} times", m.tries));
            add("waits", format!("{} seconds", m.timeout_seconds));
        }
        Kind::Voicemail(v) => {
            add("reads", format!("“{}”", v.greeting));
            add("takes a message of up to", format!("{} seconds", v.max_seconds));
        }
        Kind::Reject { reason } => add("refuses with", reason.to_string()),
        Kind::Message { text, .. } => add("reads", format!("“{text}”")),
    }
    out.extend(ways);
    // What a draft has twice counts once, so that a plan never differs from itself.
    let mut once = Facts::with_capacity(out.len());
    for (what, how) in out {
        match once.iter_mut().find(|(of, _)| *of == what) {
            Some(found) => found.1 = how,
            None => once.push((what, how)),
        }
    }
    once
}

fn shown(intervals: &[Interval]) -> String {
    if intervals.is_empty() {
        return "closed".to_owned();
    }
    let all: Vec<_> = intervals.iter().map(ToString::to_string).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::{Clock, Next};

    #[test]
    fn changes_are_told_in_words() {
        let old = Plan::neutral();
        assert!(differences(&old, &old).is_empty());
        let mut new = old.clone();
        let hours = new.add("hours", "UTC").unwrap();
        if let Kind::Hours(h) = &mut new.nodes.get_mut(&hours).unwrap().kind {
            h.open = Some(Next::HangUp);
            h.closed = Some(Next::Node(old.entry.clone()));
        }
        new.entry = hours.clone();
        let told = differences(&old, &new);
        assert_eq!(told[0], "Calls come in at “Office hours” instead of “Voicemail”.");
        assert!(told[1].starts_with("“Office hours” is new:"), "{told:?}");
        let mut later = new.clone();
        if let Kind::Hours(h) = &mut later.nodes.get_mut(&hours).unwrap().kind {
            h.week[4][0].to = Clock::from_minutes(15 * 60).into();
            h.open = None;
        }
        assert_eq!(
            differences(&new, &later),
            [
                "“Office hours”: on Friday 09:00–15:00 instead of 09:00–17:00.",
                "“Office hours”: while open: nothing instead of hang up.",
            ]
        );
        let mut closed = new.clone();
        if let Kind::Hours(h) = &mut closed.nodes.get_mut(&hours).unwrap().kind {
            h.week.iter_mut().for_each(Vec::clear);
        }
        let told = differences(&new, &closed).join("\n");
        let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];
        let at: Vec<_> = days.iter().map(|day| told.find(day)).collect();
        assert!(at.is_sorted() && at[0].is_some(), "{told}");
    }

    #[test]
    fn a_message_s_length_is_told_in_good_english() {
        let old = Plan::neutral();
        let mut new = old.clone();
        for node in new.nodes.values_mut() {
            if let Kind::Voicemail(v) = &mut node.kind {
                v.max_seconds = 300u16.into();
            }
        }
        let told = differences(&old, &new).join("\n");
        assert!(told.contains("takes a message of up to 300 seconds instead of "), "{told}");
    }
}
