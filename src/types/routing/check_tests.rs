use super::*;
use crate::routing::{Address, Interval, edit};

fn messages(plan: &Plan) -> Vec<String> {
    let called = "+12025550123".parse().unwrap();
    check(plan, Some(&called)).into_iter().map(|p| format!("{}: {}", p.title, p.message)).collect()
}

fn set(plan: &mut Plan, node: &NodeName, field: &str, next: Option<Next>) {
    *plan.nodes.get_mut(node).unwrap().kind.branch_mut(field).unwrap() = next;
}

fn desk(plan: &mut Plan, targets: &[&str]) -> NodeName {
    let desk = plan.add("forward", "UTC").unwrap();
    if let Kind::Forward(f) = &mut plan.nodes.get_mut(&desk).unwrap().kind {
        f.targets = targets.iter().map(|t| Address((*t).to_owned())).collect();
    }
    plan.entry = desk.clone();
    desk
}

#[test]
fn a_plan_that_is_right_has_no_problems() {
    assert!(messages(&Plan::neutral()).is_empty());
    let mut plan = Plan::neutral();
    let mail = plan.entry.clone();
    let desk = desk(&mut plan, &["+442079460000", "sip:desk@example.com"]);
    set(&mut plan, &desk, "no_answer", Some(Next::Node(mail)));
    assert!(messages(&plan).is_empty(), "{:?}", messages(&plan));
}

#[test]
fn every_kind_of_problem_is_told_at_its_node() {
    let mut plan = Plan::neutral();
    let desk = desk(&mut plan, &["+12025550123", "+19005550123", "hello", "+88161234567"]);
    let all = messages(&plan).join("\n");
    for told in [
        "Desk: +12025550123 would call itself",
        "Desk: +19005550123 is a premium-rate number",
        "Desk: “hello” cannot be rung",
        "Desk: +88161234567 is a satellite telephone",
        "Desk: say what happens here: when nobody answers",
        "Voicemail: no call comes here",
    ] {
        assert!(all.contains(told), "{told} is not in:\n{all}");
    }
    if let Kind::Forward(f) = &mut plan.nodes.get_mut(&desk).unwrap().kind {
        f.targets = vec![Address(" ".to_owned())];
        f.timeout_seconds = 3.into();
    }
    set(&mut plan, &desk, "no_answer", Some(Next::Node(desk.clone())));
    let all = messages(&plan).join("\n");
    for told in
        ["say whom to ring", "5 to 120 seconds", "go round here for ever", "no call ever ends"]
    {
        assert!(all.contains(told), "{told} is not in:\n{all}");
    }
}

#[test]
fn a_menu_may_lead_back_to_itself_by_a_key_but_not_by_silence() {
    let mut plan = Plan::neutral();
    let mail = plan.entry.clone();
    let menu = plan.add("menu", "UTC").unwrap();
    plan.entry = menu.clone();
    set(&mut plan, &menu, "key.0.next", Some(Next::Node(menu.clone())));
    set(&mut plan, &menu, "key.1.next", Some(Next::Node(mail)));
    set(&mut plan, &menu, "no_input", Some(Next::HangUp));
    assert!(messages(&plan).is_empty(), "{:?}", messages(&plan));
    set(&mut plan, &menu, "no_input", Some(Next::Node(menu.clone())));
    assert!(messages(&plan)[0].contains("for ever"));
}

#[test]
fn hours_that_overlap_are_found_over_midnight_and_over_the_week() {
    let mut plan = Plan::neutral();
    let mail = plan.entry.clone();
    let name = plan.add("hours", "Europe/Nowhere").unwrap();
    plan.entry = name.clone();
    for field in ["open", "closed"] {
        set(&mut plan, &name, field, Some(Next::Node(mail.clone())));
    }
    let interval = |from: &str, to: &str| Interval { from: Typed::of(from), to: Typed::of(to) };
    let Kind::Hours(h) = &mut plan.nodes.get_mut(&name).unwrap().kind else { panic!() };
    h.week[6] = vec![interval("20:00", "10:00")];
    h.week[2] = vec![interval("09:00", "09:00")];
    let all = messages(&plan).join("\n");
    assert!(all.contains("Sunday 20:00–10:00 and Monday 09:00–17:00 overlap"), "{all}");
    assert!(all.contains("09:00–09:00 is no time at all"), "{all}");
    #[cfg(feature = "zones")]
    assert!(all.contains("“Europe/Nowhere” is not a time zone"), "{all}");
    edit(&mut plan, "remove-interval:office-hours:6:0", chrono::NaiveDate::MIN);
    assert!(!messages(&plan).join("\n").contains("overlap"));
}

#[test]
fn what_cannot_be_read_is_told_at_its_field() {
    let mut plan = Plan::neutral();
    for (kind, _) in Kind::WORDS {
        plan.add(kind, "UTC");
    }
    edit(&mut plan, "add-holiday:office-hours", chrono::NaiveDate::MAX);
    for (field, typed, message) in [
        ("n.office-hours.day.0.0.from", "nine", "“nine” is not a time of day: write it as 09:00"),
        ("n.office-hours.day.4.0.to", "", "an empty field is not a time of day"),
        ("n.office-hours.holiday.0.date", "Easter", "“Easter” is no date: write it as 2026-12-25"),
        ("n.menu.key.1.press", "12", "“12” is not a key: use 0 to 9, * or #"),
        ("n.menu.tries", "often", "“often” is not a whole number: ask 1 to 5 times"),
        ("n.menu.timeout", "70000", "wait 1 to 60 seconds"),
        ("n.desk.timeout", "-3", "let it ring for 5 to 120 seconds"),
        ("n.voicemail.max_seconds", "2 minutes", "let a message be 5 to 600 seconds long"),
        ("n.desk.target.0", "Bob", "“Bob” cannot be rung"),
        ("n.menu.title", "", "give this step a name"),
        ("language", "xx", "choose the language of the texts from the list"),
    ] {
        let mut fields = plan.fields();
        fields.iter_mut().find(|(name, _)| name == field).expect(field).1 = typed.to_owned();
        let read = crate::routing::read_form(&fields, "UTC");
        let found = check(&read, None);
        let told = found.iter().find(|p| p.field.as_deref() == Some(field));
        assert!(told.is_some_and(|p| p.message.contains(message)), "{field}: {told:?}");
        let number = typed.parse::<i64>().is_ok();
        let denied = told.is_some_and(|p| p.message.contains("not a whole number"));
        assert!(!(number && denied), "{field}: {told:?}");
    }
}
