//! A plan in one line, for lists.

use super::{Kind, Next, Plan};

/// `Rings +1 … in “Office hours”, else voicemail`.
pub fn describe(plan: &Plan) -> String {
    let start = Next::Node(plan.entry.clone());
    let text = phrase(plan, Some(&start), 0);
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

fn phrase(plan: &Plan, next: Option<&Next>, depth: u8) -> String {
    let node = match next {
        None => return "nothing yet".to_owned(),
        Some(Next::HangUp) => return "hangs up".to_owned(),
        Some(Next::Node(name)) => plan.nodes.get(name),
    };
    let Some(node) = node else { return "nothing yet".to_owned() };
    let deeper = |next: Option<&Next>| phrase(plan, next, depth + 1);
    if depth >= 3 {
        return format!("goes on at “{}”", node.title);
    }
    match &node.kind {
        Kind::Forward(f) => {
            let first = f.targets.first().map_or("nobody", |t| t.0.as_str());
            let rings = match f.targets.len() {
                0 | 1 => format!("rings {first}"),
                n => format!("rings {first} and {} more", n - 1),
            };
            match &f.no_answer {
                None | Some(Next::HangUp) => rings,
                next => format!("{rings}, then {}", deeper(next.as_ref())),
            }
        }
        Kind::Hours(h) => format!(
            "{} in “{}”, else {}",
            deeper(h.open.as_ref()),
            node.title,
            deeper(h.closed.as_ref())
        ),
        Kind::Menu(m) => {
            let keys: Vec<_> = m.keys.iter().map(|(k, _)| k.to_string()).collect();
            format!("asks for a key ({})", keys.join(", "))
        }
        Kind::Voicemail(_) => "voicemail".to_owned(),
        Kind::Reject { .. } => "refuses the call".to_owned(),
        Kind::Message { next: None | Some(Next::HangUp), .. } => {
            "reads a text and hangs up".to_owned()
        }
        Kind::Message { next, .. } => format!("reads a text, {}", deeper(next.as_ref())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::Address;

    #[test]
    fn one_line_says_what_a_caller_meets() {
        assert_eq!(describe(&Plan::neutral()), "Voicemail");
        let mut plan = Plan::neutral();
        let desk = plan.add("forward", "UTC").unwrap();
        let hours = plan.add("hours", "UTC").unwrap();
        let mail = Next::Node(plan.entry.clone());
        if let Kind::Forward(f) = &mut plan.nodes.get_mut(&desk).unwrap().kind {
            f.targets = vec![Address("+12025550123".to_owned())];
            f.no_answer = Some(mail.clone());
        }
        if let Kind::Hours(h) = &mut plan.nodes.get_mut(&hours).unwrap().kind {
            (h.open, h.closed) = (Some(Next::Node(desk)), Some(mail));
        }
        plan.entry = hours;
        assert_eq!(
            describe(&plan),
            "Rings +12025550123, then voicemail in “Office hours”, else voicemail"
        );
    }
}
