//! Answering a call from memory, within microseconds.

use super::{Line, Service, Table};
use crate::calls::Heard;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use voxlink_gateways::carrier::IncomingCall;
use voxlink_types::{
    E164,
    ids::ConfigurationId,
    routing::{
        Decision, DialOutcome, Facts, Input, Links, Outcome, Plan, Position, RejectReason, Step,
        Visit, Voice, evaluate,
    },
};

/// A carrier's question.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The carrier's key.
    pub carrier: &'a str,
    /// What it told.
    pub call: &'a IncomingCall,
    /// When it asked.
    pub at: DateTime<Utc>,
    /// Where the call goes on: the rest of the path after `voice/`.
    pub position: Option<&'a str>,
    /// Our callbacks' address: `https://…/callbacks/local`.
    pub base: &'a str,
}

/// What the carrier shall do, and what is to be remembered of it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The steps, at least one.
    pub steps: Vec<Step>,
    /// For the call's record; none for numbers that are not ours.
    pub heard: Option<Heard>,
}

/// Answers. A number that is not ours is refused and not remembered.
pub fn answer(table: &Table, question: &Question<'_>) -> Answer {
    let refused =
        || Answer { steps: vec![Step::Reject { reason: RejectReason::Rejected }], heard: None };
    let Some(called) = signalled(&question.call.to) else { return refused() };
    let Some(line) = table.line(&called) else { return refused() };
    let (configuration, decision) = decide(&line, called.clone(), question);
    let heard = Heard {
        carrier: question.carrier.to_owned(),
        carrier_call_id: question.call.carrier_call_id.clone(),
        account: question.call.account.clone(),
        tenant: line.tenant,
        number: line.number,
        from: question.call.from.clone(),
        to_raw: question.call.to.clone(),
        to: called,
        at: question.at,
        place: question.call.caller_place.clone(),
        configuration,
        key: key_of(question),
        input: told(question.call),
        path: decision.path,
        outcome: outcome(question.call, decision.outcome),
    };
    Answer { steps: decision.steps, heard: Some(heard) }
}

fn decide(
    line: &Arc<Line>,
    called: E164,
    question: &Question<'_>,
) -> (Option<ConfigurationId>, Decision) {
    match &line.service {
        Service::Suspended(message) => (None, silenced(message)),
        Service::NotYet => {
            let path = vec![visit("the number is not set up yet", "refuse the call")];
            let steps = vec![Step::Reject { reason: RejectReason::Rejected }];
            (None, Decision { steps, path, outcome: Outcome::Rejected })
        }
        Service::Plan(id, plan) => {
            let (wanted, position) = split(question.position);
            let before = line
                .before
                .as_ref()
                .filter(|(b, _)| b != id && wanted == Some(version(*b).as_str()));
            let (id, plan) = before.map_or((id, plan), |(id, plan)| (id, plan));
            (*id, by_plan(*id, plan, position.as_ref(), called, question))
        }
    }
}

fn by_plan(
    id: Option<ConfigurationId>,
    plan: &Plan,
    from: Option<&Position>,
    called: E164,
    question: &Question<'_>,
) -> Decision {
    let version = version(id);
    let links = Links {
        voice: format!("{}/voice/{version}", question.base),
        recording: format!("{}/recording", question.base),
    };
    let facts = Facts {
        caller: question.call.from.clone(),
        called,
        at: question.at,
        input: Input { digits: question.call.digits.clone(), dial: dial(question.call) },
    };
    evaluate(plan, from, &facts, &links)
}

/// `cfg_…/desk/rang.0` as version and position; a position of another form begins again.
fn split(position: Option<&str>) -> (Option<&str>, Option<Position>) {
    let Some((version, rest)) = position.and_then(|p| p.split_once('/')) else {
        return (None, None);
    };
    (Some(version), rest.parse().ok())
}

/// How a position names a version of a plan.
fn version(id: Option<ConfigurationId>) -> String {
    id.map_or_else(|| "neutral".to_owned(), |id| id.to_string())
}

fn silenced(message: &str) -> Decision {
    let text = message.to_owned();
    let say = Step::Say { text, voice: Voice::Woman, language: "en-US".to_owned() };
    Decision {
        steps: vec![say, Step::Hangup],
        path: vec![visit("the number or its account is suspended", "read its message and hang up")],
        outcome: Outcome::Ended,
    }
}

fn visit(because: &str, then: &str) -> Visit {
    Visit {
        node: String::new(),
        title: "Before the plan".to_owned(),
        because: vec![because.to_owned()],
        then: then.to_owned(),
    }
}

/// A number as a carrier signals it: some leave the plus sign out.
pub(crate) fn signalled(text: &str) -> Option<E164> {
    let text = text.trim();
    text.parse().ok().or_else(|| format!("+{text}").parse().ok())
}

fn dial(call: &IncomingCall) -> Option<DialOutcome> {
    Some(match call.dial_status.as_deref()? {
        "completed" | "answered" => DialOutcome::Answered,
        "busy" => DialOutcome::Busy,
        "no-answer" => DialOutcome::NoAnswer,
        "canceled" | "cancelled" => DialOutcome::Cancelled,
        _ => DialOutcome::Failed,
    })
}

/// Makes a question one: a carrier that asks the same again adds nothing to the record.
fn key_of(question: &Question<'_>) -> String {
    let position = question.position.unwrap_or("start");
    let digits = question.call.digits.as_deref().unwrap_or("");
    let mut key = format!("{position}?{digits}");
    let end = key.char_indices().nth(200).map_or(key.len(), |(i, _)| i);
    key.truncate(end);
    key
}

/// What the caller or the leg did, in words.
fn told(call: &IncomingCall) -> Option<String> {
    if let Some(digits) = &call.digits {
        return Some(format!("pressed {}", digits.chars().take(8).collect::<String>()));
    }
    let words = match dial(call)? {
        DialOutcome::Answered => "the call was taken and is over",
        DialOutcome::Busy => "the line was busy",
        DialOutcome::NoAnswer => "nobody answered",
        DialOutcome::Cancelled => "the caller gave up",
        DialOutcome::Failed => "it could not be put through",
    };
    Some(words.to_owned())
}

/// What the call comes to, as a word for lists. That it ends says nothing new.
fn outcome(call: &IncomingCall, outcome: Outcome) -> Option<String> {
    match (dial(call), outcome) {
        (Some(DialOutcome::Answered), _) => Some("put_through".to_owned()),
        (Some(DialOutcome::Cancelled), _) => Some("given_up".to_owned()),
        (_, Outcome::Ended) => None,
        (_, outcome) => Some(outcome.to_string()),
    }
}
