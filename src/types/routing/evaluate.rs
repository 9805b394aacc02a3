//! From a plan and the facts of a call to the next steps. Pure and total: whatever the plan, it
//! answers, it never answers an empty list, and it never walks for ever.

use super::{
    Decision, DialOutcome, Facts, Forward, Hours, Kind, Menu, Next, NodeName, Opening, Outcome,
    Plan, Position, Ring, Stage, Step, Target, Visit, Voicemail, hours::next_change, opening,
};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// Where the carrier asks what comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// Absolute and without a slash at its end; a position is appended.
    pub voice: String,
    /// Told of recordings.
    pub recording: String,
}

impl Links {
    fn to(&self, node: &NodeName, stage: Stage) -> String {
        format!("{}/{}", self.voice, Position { node: node.clone(), stage })
    }
}

/// What happens now. `from` is where the call stands; nothing, or a node that is not in the plan
/// (it was changed during the call), is the entry.
pub fn evaluate(plan: &Plan, from: Option<&Position>, facts: &Facts, links: &Links) -> Decision {
    let mut walk = Walk { plan, facts, links, steps: Vec::new(), path: Vec::new() };
    let start = from.filter(|p| plan.nodes.contains_key(&p.node));
    let mut at = match start {
        Some(position) => walk.resume(position),
        None => Turn::To(Next::Node(plan.entry.clone())),
    };
    let mut seen = BTreeSet::new();
    loop {
        match at {
            Turn::Done(outcome) => {
                return Decision { steps: walk.steps, path: walk.path, outcome };
            }
            Turn::To(Next::Node(name)) => {
                at = match plan.nodes.get(&name) {
                    Some(_) if !seen.insert(name.clone()) => {
                        walk.visit(&name, Vec::new(), "the plan goes round in a circle: hang up");
                        walk.hang_up()
                    }
                    Some(_) => walk.enter(&name),
                    None => {
                        walk.visit(&name, Vec::new(), "the node is missing: hang up");
                        walk.hang_up()
                    }
                };
            }
            Turn::To(Next::HangUp) => at = walk.hang_up(),
        }
    }
}

enum Turn {
    To(Next),
    Done(Outcome),
}

struct Walk<'a> {
    plan: &'a Plan,
    facts: &'a Facts,
    links: &'a Links,
    steps: Vec<Step>,
    path: Vec<Visit>,
}

impl Walk<'_> {
    fn visit(&mut self, name: &NodeName, because: Vec<String>, then: impl Into<String>) {
        self.path.push(Visit {
            node: name.to_string(),
            title: self.plan.title(name).to_owned(),
            because,
            then: then.into(),
        });
    }

    fn hang_up(&mut self) -> Turn {
        self.steps.push(Step::Hangup);
        Turn::Done(Outcome::Ended)
    }

    fn say(&self, text: &str) -> Step {
        Step::Say {
            text: text.to_owned(),
            voice: self.plan.voice,
            language: self.plan.language.clone(),
        }
    }

    fn branch(&mut self, name: &NodeName, because: Vec<String>, next: Option<&Next>) -> Turn {
        let words = match next {
            None => "no way is set: hang up".to_owned(),
            Some(Next::HangUp) => "hang up".to_owned(),
            Some(next) => format!("go to {}", self.plan.says(Some(next))),
        };
        self.visit(name, because, words);
        Turn::To(next.cloned().unwrap_or(Next::HangUp))
    }

    /// The call comes to a node.
    fn enter(&mut self, name: &NodeName) -> Turn {
        let plan = self.plan;
        let Some(node) = plan.nodes.get(name) else { return Turn::To(Next::HangUp) };
        match &node.kind {
            Kind::Forward(forward) => self.ring(name, forward, 0, Vec::new()),
            Kind::Hours(hours) => {
                let (because, next) = self.by_the_time(hours);
                self.branch(name, because, next)
            }
            Kind::Menu(menu) => self.ask(name, menu, 0, Vec::new()),
            Kind::Voicemail(voicemail) => self.record(name, voicemail),
            Kind::Reject { reason } => {
                if self.steps.is_empty() {
                    self.visit(name, Vec::new(), format!("refuse the call ({reason})"));
                    self.steps.push(Step::Reject { reason: *reason });
                    return Turn::Done(Outcome::Rejected);
                }
                let why = vec!["a text was read before, so the call is answered".to_owned()];
                self.visit(name, why, "hang up");
                self.hang_up()
            }
            Kind::Message { text, next } => {
                let say = self.say(text);
                self.steps.push(say);
                let why = vec![format!("reads “{}”", short(text))];
                self.branch(name, why, next.as_ref())
            }
        }
    }

    /// The call goes on where a step has ended.
    fn resume(&mut self, from: &Position) -> Turn {
        let plan = self.plan;
        let name = &from.node;
        let Some(node) = plan.nodes.get(name) else { return Turn::To(Next::HangUp) };
        match (&node.kind, from.stage) {
            (Kind::Forward(forward), Stage::Rang(index)) => self.rang(name, forward, index),
            (Kind::Menu(menu), Stage::Asked(tries)) => self.pressed(name, menu, tries),
            (Kind::Voicemail(_), Stage::Recorded) => {
                self.visit(name, Vec::new(), "the message is taken: hang up");
                self.hang_up()
            }
            _ => Turn::To(Next::Node(name.clone())),
        }
    }

    fn by_the_time<'h>(&self, hours: &'h Hours) -> (Vec<String>, Option<&'h Next>) {
        let at = self.facts.at;
        let Some(verdict) = opening(hours, at) else {
            return (
                vec![format!("the time zone “{}” does not exist: taken as closed", hours.zone)],
                hours.closed.as_ref(),
            );
        };
        let (word, next) = match verdict {
            Opening::Open => ("open", hours.open.as_ref()),
            Opening::Closed => ("closed", hours.closed.as_ref()),
            Opening::Holiday => ("a holiday", hours.holiday.as_ref().or(hours.closed.as_ref())),
        };
        let now = format!("it is {} in {}: {word}", local(hours, at), hours.zone);
        let because = match next_change(hours, at) {
            Some((when, _)) => format!("{now} until {}", local(hours, when)),
            None => now,
        };
        (vec![because], next)
    }

    fn ring(
        &mut self,
        name: &NodeName,
        forward: &Forward,
        first: usize,
        mut because: Vec<String>,
    ) -> Turn {
        let targets: Vec<(usize, Target)> = forward
            .targets
            .iter()
            .enumerate()
            .skip(first)
            .filter_map(|(i, a)| a.target().map(|t| (i, t)))
            .collect();
        let rung = match forward.ring {
            Ring::AllAtOnce => &targets[..],
            Ring::InOrder => &targets[..targets.len().min(1)],
        };
        let Some((last, _)) = rung.last() else {
            because.push("nobody is left to ring".to_owned());
            return self.branch(name, because, forward.no_answer.as_ref());
        };
        let last = match forward.ring {
            Ring::AllAtOnce => forward.targets.len() - 1,
            Ring::InOrder => *last,
        };
        let timeout_seconds = forward.timeout_seconds.or(20).clamp(5, 120);
        let names: Vec<_> = rung.iter().map(|(_, t)| shown(t)).collect();
        self.visit(
            name,
            because,
            format!("ring {} for {timeout_seconds} seconds", names.join(" and ")),
        );
        let stage = Stage::Rang(u16::try_from(last).unwrap_or(u16::MAX));
        self.steps.push(Step::Dial {
            targets: rung.iter().map(|(_, t)| t.clone()).collect(),
            timeout_seconds,
            then_url: self.links.to(name, stage),
        });
        Turn::Done(Outcome::Rings)
    }

    fn rang(&mut self, name: &NodeName, forward: &Forward, index: u16) -> Turn {
        let (words, next) = match self.facts.input.dial {
            Some(DialOutcome::Answered) => {
                self.visit(name, vec!["somebody answered".to_owned()], "the call is over");
                return self.hang_up();
            }
            Some(DialOutcome::Cancelled) => {
                self.visit(name, vec!["the caller gave up".to_owned()], "the call is over");
                return self.hang_up();
            }
            Some(DialOutcome::Busy) => {
                ("the line was busy", forward.busy.as_ref().or(forward.no_answer.as_ref()))
            }
            Some(DialOutcome::Failed) => {
                ("it could not be put through", forward.no_answer.as_ref())
            }
            Some(DialOutcome::NoAnswer) | None => ("nobody answered", forward.no_answer.as_ref()),
        };
        let because = vec![words.to_owned()];
        let following = usize::from(index).saturating_add(1);
        let more = forward.targets.iter().skip(following).any(|a| a.target().is_some());
        if forward.ring == Ring::InOrder && more {
            return self.ring(name, forward, following, because);
        }
        self.branch(name, because, next)
    }

    fn ask(&mut self, name: &NodeName, menu: &Menu, tries: u8, because: Vec<String>) -> Turn {
        self.visit(name, because, format!("read “{}” and wait for a key", short(&menu.prompt)));
        let url = self.links.to(name, Stage::Asked(tries));
        let prompt = vec![self.say(&menu.prompt)];
        let timeout_seconds = menu.timeout_seconds.or(6).clamp(1, 60);
        self.steps.push(Step::Gather { prompt, timeout_seconds, then_url: url.clone() });
        // Carriers fall through a gather that got no key.
        self.steps.push(Step::Redirect { url });
        Turn::Done(Outcome::Menu)
    }

    fn pressed(&mut self, name: &NodeName, menu: &Menu, tries: u8) -> Turn {
        let key = self.facts.input.digits.as_deref().and_then(|d| d.chars().next());
        let (words, next) = match key {
            Some(key) => {
                let found = menu.keys.iter().find(|(k, _)| k.read() == Some(&key));
                if let Some((_, next)) = found {
                    return self.branch(
                        name,
                        vec![format!("the caller pressed {key}")],
                        next.as_ref(),
                    );
                }
                let next = menu.no_match.as_ref().or(menu.no_input.as_ref());
                let shown = if key.is_control() { '\u{fffd}' } else { key };
                (format!("the caller pressed {shown}, which leads nowhere"), next)
            }
            None => ("no key was pressed".to_owned(), menu.no_input.as_ref()),
        };
        let tried = tries.saturating_add(1);
        let tries_allowed = menu.tries.or(2).clamp(1, 5);
        let because = vec![words, format!("asked {tried} of {tries_allowed} times")];
        if tried < tries_allowed {
            return self.ask(name, menu, tried, because);
        }
        self.branch(name, because, next)
    }

    fn record(&mut self, name: &NodeName, voicemail: &Voicemail) -> Turn {
        self.visit(name, Vec::new(), "read the greeting and take a message");
        if !voicemail.greeting.trim().is_empty() {
            let greeting = self.say(&voicemail.greeting);
            self.steps.push(greeting);
        }
        self.steps.push(Step::Record {
            max_seconds: voicemail.max_seconds.or(120).clamp(5, 600),
            then_url: self.links.to(name, Stage::Recorded),
            recording_url: self.links.recording.clone(),
        });
        self.steps.push(Step::Hangup);
        Turn::Done(Outcome::Voicemail)
    }
}

/// An instant in the zone of the hours: `Mon 16 Nov 10:00`.
fn local(hours: &Hours, at: DateTime<Utc>) -> String {
    let Ok(zone) = hours.zone.parse::<chrono_tz::Tz>() else { return at.to_string() };
    at.with_timezone(&zone).format("%a %-d %b %H:%M").to_string()
}

fn shown(target: &Target) -> String {
    match target {
        #[cfg(feature = "numbering")]
        Target::Number { number } => number.international(),
        #[cfg(not(feature = "numbering"))]
        Target::Number { number } => number.to_string(),
        Target::Sip { uri } => uri.clone(),
    }
}

fn short(text: &str) -> String {
    let cut: String = text.chars().take(60).collect();
    if cut.len() < text.len() { format!("{}…", cut.trim_end()) } else { cut }
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;
