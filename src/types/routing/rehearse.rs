//! Playing a whole call: what the simulator beside the editor shows.

use super::{Decision, DialOutcome, Facts, Input, Links, Outcome, Plan, Position, Step, evaluate};

/// What people would do in a rehearsed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    /// How each dialled leg ends.
    pub dial: DialOutcome,
    /// The keys the caller presses, one a question; afterwards silence.
    pub keys: String,
}

/// One request after the other until the call ends, at most 25.
pub fn rehearse(plan: &Plan, first: &Facts, people: &People) -> Vec<Decision> {
    let links = Links { voice: "rehearsal:".to_owned(), recording: String::new() };
    let (mut facts, mut from) = (first.clone(), None::<Position>);
    let mut keys = people.keys.chars();
    let mut all = Vec::new();
    while all.len() < 25 {
        let decision = evaluate(plan, from.as_ref(), &facts, &links);
        let on = decision.steps.iter().find_map(|step| match step {
            Step::Dial { then_url, .. } | Step::Gather { then_url, .. } => {
                then_url.strip_prefix("rehearsal:/")?.parse().ok()
            }
            _ => None,
        });
        facts.input = match decision.outcome {
            Outcome::Rings => Input { digits: None, dial: Some(people.dial) },
            Outcome::Menu => Input { digits: keys.next().map(String::from), dial: None },
            _ => Input::default(),
        };
        all.push(decision);
        from = on;
        if from.is_none() {
            break;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::{Address, Kind, Next};

    #[test]
    fn a_call_is_played_to_its_end() {
        let mut plan = Plan::neutral();
        let mail = plan.entry.clone();
        let desk = plan.add("forward", "UTC").unwrap();
        let menu = plan.add("menu", "UTC").unwrap();
        let mut set = |node, field: &str, next| {
            *plan.nodes.get_mut(node).unwrap().kind.branch_mut(field).unwrap() = Some(next);
        };
        set(&menu, "key.0.next", Next::Node(desk.clone()));
        set(&menu, "no_input", Next::HangUp);
        set(&desk, "no_answer", Next::Node(mail));
        if let Kind::Forward(f) = &mut plan.nodes.get_mut(&desk).unwrap().kind {
            f.targets = vec![Address("+12025550199".to_owned())];
        }
        plan.entry = menu;
        let facts = Facts {
            caller: "+442079460000".to_owned(),
            called: "+12025550123".parse().unwrap(),
            at: "2026-11-16T15:00:00Z".parse().unwrap(),
            input: Input::default(),
        };
        let play = |dial, keys: &str| {
            let people = People { dial, keys: keys.to_owned() };
            rehearse(&plan, &facts, &people).iter().map(|d| d.outcome).collect::<Vec<_>>()
        };
        use Outcome::*;
        assert_eq!(play(DialOutcome::NoAnswer, "1"), [Menu, Rings, Voicemail]);
        assert_eq!(play(DialOutcome::Answered, "1"), [Menu, Rings, Ended]);
        assert_eq!(play(DialOutcome::Answered, ""), [Menu, Menu, Ended]);
        assert_eq!(play(DialOutcome::Answered, "71"), [Menu, Menu, Rings, Ended]);
    }
}
