//! The buttons of the editor: each is one word and its arguments, so that a form's submit button
//! can carry it and the island can do the same in place.

use super::{Address, Clock, Holiday, Interval, Kind, Next, NodeName, Plan};
use chrono::NaiveDate;

/// Applies a button's `op`, such as `add-target:desk` or `remove-interval:hours:0:1`. `today` is
/// the day a new holiday begins with. An op that fits nothing changes nothing.
pub fn edit(plan: &mut Plan, op: &str, today: NaiveDate) {
    let mut words = op.split(':');
    let verb = words.next().unwrap_or_default();
    let Some(name) = words.next().and_then(|n| n.parse::<NodeName>().ok()) else { return };
    let indices: Vec<usize> = words.filter_map(|w| w.parse().ok()).collect();
    if verb == "remove-node" {
        remove_node(plan, &name);
        return;
    }
    let Some(node) = plan.nodes.get_mut(&name) else { return };
    match (verb, &mut node.kind, indices.as_slice()) {
        ("add-target", Kind::Forward(f), []) if f.targets.len() < 10 => {
            f.targets.push(Address(String::new()));
        }
        ("remove-target", Kind::Forward(f), &[i]) => take(&mut f.targets, i),
        ("raise-target", Kind::Forward(f), &[i]) => raise(&mut f.targets, i),
        ("add-key", Kind::Menu(m), []) => {
            let free =
                "1234567890*#".chars().find(|c| m.keys.iter().all(|(k, _)| k.read() != Some(c)));
            if let Some(key) = free {
                m.keys.push((key.into(), None));
            }
        }
        ("remove-key", Kind::Menu(m), &[i]) => take(&mut m.keys, i),
        ("raise-key", Kind::Menu(m), &[i]) => raise(&mut m.keys, i),
        ("add-interval", Kind::Hours(h), &[day]) if day < 7 => add_interval(&mut h.week[day]),
        ("remove-interval", Kind::Hours(h), &[day, i]) if day < 7 => take(&mut h.week[day], i),
        ("copy-monday", Kind::Hours(h), []) => {
            for day in 1..5 {
                let monday = h.week[0].clone();
                h.week[day] = monday;
            }
        }
        ("add-holiday", Kind::Hours(h), []) if h.holidays.len() < 100 => {
            let after = h.holidays.iter().filter_map(|h| h.date.read()).max();
            let date = after.and_then(NaiveDate::succ_opt).unwrap_or(today);
            h.holidays.push(Holiday {
                date: date.into(),
                yearly: false,
                name: String::new(),
                hours: Vec::new(),
            });
        }
        ("remove-holiday", Kind::Hours(h), &[i]) => take(&mut h.holidays, i),
        ("add-holiday-interval", Kind::Hours(h), &[i]) => {
            if let Some(holiday) = h.holidays.get_mut(i) {
                add_interval(&mut holiday.hours);
            }
        }
        ("remove-holiday-interval", Kind::Hours(h), &[i, j]) => {
            if let Some(holiday) = h.holidays.get_mut(i) {
                take(&mut holiday.hours, j);
            }
        }
        _ => {}
    }
}

/// After the last interval where there is room, else nine to five.
fn add_interval(day: &mut Vec<Interval>) {
    if day.len() >= 12 {
        return;
    }
    let last = day.last().and_then(|i| Some(i.to.read()?.minutes()));
    let last = last.filter(|m| *m > 0 && *m + 60 <= Clock::DAY);
    let from = last.map_or(9 * 60, |m| if m + 120 <= Clock::DAY { m + 60 } else { m });
    let to = if day.is_empty() { 17 * 60 } else { (from + 120).min(Clock::DAY) };
    day.push(Interval::of(from, to));
}

fn take<T>(list: &mut Vec<T>, index: usize) {
    if index < list.len() {
        list.remove(index);
    }
}

fn raise<T>(list: &mut [T], index: usize) {
    if (1..list.len()).contains(&index) {
        list.swap(index - 1, index);
    }
}

/// Takes a node out; the branches to it are not set any more.
fn remove_node(plan: &mut Plan, name: &NodeName) {
    if plan.nodes.len() < 2 || plan.nodes.remove(name).is_none() {
        return;
    }
    let gone = Next::Node(name.clone());
    for node in plan.nodes.values_mut() {
        let fields: Vec<String> = node.kind.branches().into_iter().map(|b| b.0).collect();
        for field in fields {
            if let Some(branch) = node.kind.branch_mut(&field)
                && branch.as_ref() == Some(&gone)
            {
                *branch = None;
            }
        }
    }
    if plan.entry == *name
        && let Some(first) = plan.nodes.keys().next()
    {
        plan.entry = first.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_posted_breaks_a_plan() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 16).unwrap();
        let mut plan = Plan::neutral();
        for kind in ["forward", "hours", "menu", "message"] {
            plan.add(kind, "UTC");
        }
        let before = plan.clone();
        for op in [
            "",
            "x",
            "add-target",
            "add-target:nobody",
            "remove-target:desk:9",
            "remove-interval:office-hours:7:0",
            "raise-key:menu:0",
            "remove-holiday:office-hours:0",
        ] {
            edit(&mut plan, op, today);
            assert_eq!(plan, before, "{op}");
        }
        edit(&mut plan, "add-holiday:office-hours", today);
        edit(&mut plan, "add-interval:office-hours:5", today);
        edit(&mut plan, "add-interval:office-hours:0", today);
        let Kind::Hours(h) = &plan.nodes[&"office-hours".parse().unwrap()].kind else { panic!() };
        assert_eq!((h.holidays[0].date.read(), h.week[5].len()), (Some(&today), 1));
        assert_eq!(h.week[0][1].to_string(), "18:00–20:00");
    }

    #[test]
    fn a_removed_node_leaves_no_branch_behind() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 16).unwrap();
        let mut plan = Plan::neutral();
        let message = plan.add("message", "UTC").unwrap();
        *plan.nodes.get_mut(&message).unwrap().kind.branch_mut("next").unwrap() =
            Some(Next::Node(plan.entry.clone()));
        edit(&mut plan, "remove-node:start", today);
        assert_eq!(plan.entry, message);
        assert_eq!(plan.nodes[&message].kind.branches()[0].2, None);
        edit(&mut plan, &format!("remove-node:{message}"), today);
        assert_eq!(plan.nodes.len(), 1, "the last node stays");
    }
}
