//! A plan in one line, for lists.

#[cfg(feature = "numbering")]
use super::Target;
use super::{Address, Clock, Forward, Hours, Interval, Kind, Next, Plan, Typed};

/// `Mon–Fri 9–17 rings Desk (+1 202-555-0123), then voicemail; otherwise voicemail`.
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
            let rings = rings(&node.title, f);
            match &f.no_answer {
                None | Some(Next::HangUp) => rings,
                next => format!("{rings}, then {}", deeper(next.as_ref())),
            }
        }
        Kind::Hours(h) => {
            let open = deeper(h.open.as_ref());
            let join = if open.contains(',') { ";" } else { "," };
            let holiday = match (&h.holiday, h.holidays.is_empty()) {
                (Some(next), false) => format!("{join} on holidays {}", deeper(Some(next))),
                _ => String::new(),
            };
            let closed = deeper(h.closed.as_ref());
            format!("{} {open}{holiday}{join} otherwise {closed}", week(h))
        }
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

/// `rings Desk (+1 202-555-0123 and 1 more)`.
fn rings(title: &str, forward: &Forward) -> String {
    let typed: Vec<_> = forward.targets.iter().filter(|t| !t.0.trim().is_empty()).collect();
    match typed.as_slice() {
        [] => format!("rings {title}"),
        [one] => format!("rings {title} ({})", shown(one)),
        [first, more @ ..] => format!("rings {title} ({} and {} more)", shown(first), more.len()),
    }
}

#[cfg(feature = "numbering")]
fn shown(address: &Address) -> String {
    match address.target() {
        Some(Target::Number { number }) => number.international(),
        _ => address.0.clone(),
    }
}

#[cfg(not(feature = "numbering"))]
fn shown(address: &Address) -> String {
    address.0.clone()
}

/// A week's hours, days with the same hours together: `Mon–Fri 9–17, Sat 10–13:30`.
fn week(hours: &Hours) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for day in (0..7).filter(|d| !hours.week[*d].is_empty()) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == day && hours.week[*last] == hours.week[day] => {
                *last = day;
            }
            _ => runs.push((day, day)),
        }
    }
    let all: Vec<String> = runs
        .into_iter()
        .map(|(first, last)| {
            let times: Vec<_> = hours.week[first].iter().map(short).collect();
            let times = times.join(" and ");
            match (first, last) {
                (0, 6) => format!("daily {times}"),
                _ if first == last => format!("{} {times}", DAYS[first]),
                _ => format!("{}–{} {times}", DAYS[first], DAYS[last]),
            }
        })
        .collect();
    if all.is_empty() { "never".to_owned() } else { all.join(", ") }
}

fn short(interval: &Interval) -> String {
    if interval.minutes() == Some((0, 1440)) {
        return "all day".to_owned();
    }
    let one =
        |clock: &Typed<Clock>| match clock.read().map(|c| (c.minutes() / 60, c.minutes() % 60)) {
            Some((hour, 0)) => hour.to_string(),
            Some((hour, minute)) => format!("{hour}:{minute:02}"),
            None => "?".to_owned(),
        };
    format!("{}–{}", one(&interval.from), one(&interval.to))
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
        #[cfg(feature = "numbering")]
        let shown = "+1 202-555-0123";
        #[cfg(not(feature = "numbering"))]
        let shown = "+12025550123";
        assert_eq!(
            describe(&plan),
            format!("Mon–Fri 9–17 rings Desk ({shown}), then voicemail; otherwise voicemail")
        );
        let Kind::Hours(h) = &mut plan.nodes.get_mut(&plan.entry).unwrap().kind else { panic!() };
        h.week[5] = vec![Interval::of(600, 810), Interval::of(1320, 360)];
        h.open = Some(Next::HangUp);
        assert_eq!(
            describe(&plan),
            "Mon–Fri 9–17, Sat 10–13:30 and 22–6 hangs up, otherwise voicemail"
        );
        let Kind::Hours(h) = &mut plan.nodes.get_mut(&plan.entry).unwrap().kind else { panic!() };
        h.week = std::array::from_fn(|_| vec![Interval::of(0, 1440)]);
        assert_eq!(describe(&plan), "Daily all day hangs up, otherwise voicemail");
    }
}
