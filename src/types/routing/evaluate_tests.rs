use super::*;
use crate::routing::{
    Address, Clock, Holiday, Input, Interval, Node, RejectReason, Typed, Voice, check, read_form,
};
use chrono::{Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;
use proptest::prelude::*;
use std::collections::{BTreeMap, HashSet};

const ZONES: [&str; 6] = [
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe", // half an hour of summer time
    "Asia/Kathmandu",      // an offset of 5:45
    "America/St_Johns",
];

fn links() -> Links {
    Links {
        voice: "https://voxlink.test/v".to_owned(),
        recording: "https://voxlink.test/r".to_owned(),
    }
}

fn facts(at: DateTime<Utc>, input: Input) -> Facts {
    let called = "+12025550123".parse().unwrap();
    Facts { caller: "+442079460000".to_owned(), called, at, input }
}

fn interval() -> impl Strategy<Value = Interval> {
    let bound = || {
        prop_oneof![
            9 => (0u16..=1440).prop_map(|m| Typed::Read(Clock::from_minutes(m))),
            1 => Just(Typed::Raw("nine".to_owned())),
        ]
    };
    (bound(), bound()).prop_map(|(from, to)| Interval { from, to })
}

fn day() -> impl Strategy<Value = Vec<Interval>> {
    prop::collection::vec(interval(), 0..3)
}

/// Days around changes of the clock and a few others.
fn date() -> impl Strategy<Value = NaiveDate> {
    let around = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
    (
        prop::sample::select(vec![
            around(2026, 3, 8),
            around(2026, 3, 29),
            around(2026, 4, 5),
            around(2026, 10, 4),
            around(2026, 10, 25),
            around(2026, 11, 1),
            around(2028, 2, 29),
            around(2026, 12, 31),
        ]),
        0u64..5,
    )
        .prop_map(|(d, plus)| d.checked_add_days(Days::new(plus)).unwrap())
}

fn hours() -> impl Strategy<Value = Hours> {
    let holiday = (date(), any::<bool>(), day()).prop_map(|(date, yearly, hours)| Holiday {
        date: date.into(),
        yearly,
        name: "Day".to_owned(),
        hours,
    });
    (
        prop::sample::select(ZONES.to_vec()),
        prop::array::uniform7(day()),
        prop::collection::vec(holiday, 0..3),
    )
        .prop_map(|(zone, week, holidays)| Hours { week, holidays, ..Hours::office(zone) })
}

fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    (date(), -86_400i64..86_400)
        .prop_map(|(d, s)| d.and_time(NaiveTime::MIN).and_utc() + TimeDelta::seconds(s))
}

/// The naive way: paints every open civil minute of the days around, one by one.
fn painted(hours: &Hours, local: chrono::NaiveDateTime) -> bool {
    let mut open = HashSet::new();
    for back in [1, 0] {
        let start = local.date() - Days::new(back);
        let intervals = if let Some(holiday) = hours
            .holidays
            .iter()
            .find(|h| !h.yearly && h.falls_on(start))
            .or_else(|| hours.holidays.iter().find(|h| h.falls_on(start)))
        {
            &holiday.hours
        } else {
            use chrono::Datelike;
            &hours.week[start.weekday().num_days_from_monday() as usize]
        };
        for i in intervals {
            let (Some(from), Some(to)) = (i.from.read(), i.to.read()) else { continue };
            let (mut day, mut minute) = (start, from.minutes());
            if minute == 1440 || from == to {
                continue;
            }
            loop {
                open.insert((day, minute));
                minute += 1;
                if minute == 1440 && to.minutes() == 1440 {
                    break;
                }
                if minute == 1440 {
                    (day, minute) = (day + Days::new(1), 0);
                }
                if minute == to.minutes() {
                    break;
                }
            }
        }
    }
    let minute = u16::try_from(local.time().num_seconds_from_midnight() / 60).unwrap();
    open.contains(&(local.date(), minute))
}

fn next() -> impl Strategy<Value = Option<Next>> {
    let name = prop::sample::select(vec!["a", "b", "c", "d", "e"]);
    prop_oneof![
        Just(None),
        Just(Some(Next::HangUp)),
        name.prop_map(|n| Some(Next::Node(n.parse().unwrap()))),
    ]
}

/// Mostly a number, sometimes what could not be read as one.
fn typed<T: Arbitrary + Clone + 'static>() -> impl Strategy<Value = Typed<T>> {
    prop_oneof![
        9 => any::<T>().prop_map(Typed::Read),
        1 => Just(Typed::Raw("a while".to_owned())),
    ]
}

fn kind() -> impl Strategy<Value = Kind> {
    let address =
        prop::sample::select(vec!["+12025550199", "sip:a@b.example", "", "junk", "+442079460000"]);
    let forward = (
        prop::collection::vec(address.prop_map(|a| Address(a.to_owned())), 0..4),
        prop::sample::select(Ring::ALL.to_vec()),
        typed::<u16>(),
        next(),
        next(),
    )
        .prop_map(|(targets, ring, timeout_seconds, no_answer, busy)| {
            Kind::Forward(Forward { targets, ring, timeout_seconds, no_answer, busy })
        });
    let menu = (
        prop::collection::vec(
            (prop::sample::select(vec!["1", "2", "#", "x", "12"]).prop_map(Typed::of), next()),
            0..4,
        ),
        typed::<u8>(),
        next(),
        next(),
    )
        .prop_map(|(keys, tries, no_input, no_match)| {
            Kind::Menu(Menu {
                prompt: "?".to_owned(),
                keys,
                timeout_seconds: 5.into(),
                tries,
                no_input,
                no_match,
            })
        });
    prop_oneof![
        forward,
        menu,
        (hours(), next(), next(), next()).prop_map(|(h, open, closed, holiday)| {
            Kind::Hours(Hours { open, closed, holiday, ..h })
        }),
        typed::<u16>().prop_map(|max_seconds| {
            Kind::Voicemail(Voicemail { greeting: "Hello".to_owned(), max_seconds })
        }),
        Just(Kind::Reject { reason: RejectReason::Busy }),
        next().prop_map(|next| Kind::Message { text: "Hello".to_owned(), next }),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    let nodes = prop::collection::btree_map(
        prop::sample::select(vec!["a", "b", "c", "d"]).prop_map(|n| n.parse::<NodeName>().unwrap()),
        kind().prop_map(|kind| Node { title: "Node".to_owned(), kind }),
        1..5,
    );
    (nodes, prop::sample::select(vec!["a", "b", "c", "d"])).prop_map(|(nodes, entry)| Plan {
        format: Plan::FORMAT,
        entry: entry.parse().unwrap(),
        nodes,
        voice: Voice::Woman,
        language: "en-US".to_owned(),
    })
}

/// The same plan with its fields put right: only its ways stay as they came.
fn mended(mut plan: Plan) -> Plan {
    let names: Vec<NodeName> = plan.nodes.keys().cloned().collect();
    if !names.contains(&plan.entry) {
        plan.entry = names[0].clone();
    }
    for node in plan.nodes.values_mut() {
        match &mut node.kind {
            Kind::Forward(f) => {
                f.targets = vec![Address("+12025550199".to_owned())];
                f.timeout_seconds = 20.into();
            }
            Kind::Hours(h) => {
                *h =
                    Hours { open: h.open.clone(), closed: h.closed.clone(), ..Hours::office("UTC") }
            }
            Kind::Menu(m) => {
                m.keys = vec![('1'.into(), m.keys.pop().and_then(|k| k.1))];
                m.tries = 2.into();
            }
            Kind::Voicemail(v) => v.max_seconds = 60.into(),
            Kind::Reject { .. } | Kind::Message { .. } => {}
        }
        let fields: Vec<String> = node.kind.branches().into_iter().map(|b| b.0).collect();
        for field in fields {
            let Some(branch) = node.kind.branch_mut(&field) else { continue };
            if !matches!(branch, Some(Next::Node(to)) if names.contains(to)) {
                *branch = Some(Next::HangUp);
            }
        }
    }
    plan
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn open_is_what_the_painted_minutes_say(hours in hours(), at in instant()) {
        let zone: Tz = hours.zone.parse().unwrap();
        let local = at.with_timezone(&zone).naive_local();
        let is_open = opening(&hours, at) == Some(Opening::Open);
        prop_assert_eq!(is_open, painted(&hours, local));
    }

    #[test]
    fn the_next_change_is_the_first(hours in hours(), at in instant(), probe in 0.0f64..1.0) {
        let now = opening(&hours, at);
        if let Some((when, what)) = next_change(&hours, at) {
            prop_assert!(when > at);
            prop_assert_eq!(opening(&hours, when), Some(what));
            prop_assert_ne!(Some(what), now);
            prop_assert_eq!(opening(&hours, when - TimeDelta::seconds(1)), now);
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a random instant")]
            let between = ((when - at).num_seconds() as f64 * probe) as i64;
            prop_assert_eq!(opening(&hours, at + TimeDelta::seconds(between.max(0))), now);
        }
    }

    #[test]
    fn every_plan_is_answered_at_every_position(
        plan in plan(), at in instant(), node in prop::sample::select(vec!["a", "b", "zz"]),
        stage in prop_oneof![Just(Stage::Enter), Just(Stage::Recorded), any::<u16>().prop_map(Stage::Rang), any::<u8>().prop_map(Stage::Asked)],
        digits in prop::option::of("[0-9*#x]{0,3}"), dial in prop::option::of(prop::sample::select(DialOutcome::ALL.to_vec())),
    ) {
        let facts = facts(at, Input { digits, dial });
        for from in [None, Some(Position { node: node.parse().unwrap(), stage })] {
            let decision = evaluate(&plan, from.as_ref(), &facts, &links());
            prop_assert!(!decision.steps.is_empty());
            prop_assert!(decision.path.len() <= plan.nodes.len() + 2);
            let rejects = decision.steps.iter().filter(|s| matches!(s, Step::Reject { .. })).count();
            prop_assert!(rejects == 0 || decision.steps.len() == 1, "refused only as the first step");
            for (i, step) in decision.steps.iter().enumerate() {
                let followed = i + 1 < decision.steps.len();
                match step {
                    Step::Gather { .. } | Step::Record { .. } => prop_assert!(followed),
                    Step::Dial { targets, timeout_seconds, .. } => {
                        prop_assert!(!targets.is_empty() && (5..=120).contains(timeout_seconds));
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn a_plan_survives_json_and_form(plan in plan()) {
        let json = serde_json::to_string(&plan).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Plan>(&json).unwrap(), &plan);
        prop_assert_eq!(read_form(&plan.fields(), "UTC"), plan);
    }

    #[test]
    fn without_a_circle_a_call_always_ends(plan in plan(), at in instant()) {
        // Nobody presses a key and nobody answers: the call must come to an end.
        prop_assume!(!check(&plan, None).iter().any(|p| p.message.contains("for ever")));
        let mut from: Option<Position> = None;
        let input = Input { digits: None, dial: Some(DialOutcome::NoAnswer) };
        for _ in 0..200 {
            let decision = evaluate(&plan, from.as_ref(), &facts(at, input.clone()), &links());
            let url = decision.steps.iter().find_map(|s| match s {
                Step::Dial { then_url, .. } | Step::Gather { then_url, .. } | Step::Record { then_url, .. } => Some(then_url.clone()),
                _ => None,
            });
            let Some(url) = url else { return Ok(()) };
            from = Some(url.strip_prefix("https://voxlink.test/v/").unwrap().parse().unwrap());
        }
        prop_assert!(false, "the call goes on for ever");
    }

    #[test]
    fn what_may_be_published_never_stumbles(
        plan in plan(), at in instant(), keys in "[0-9*#]{0,6}",
        dial in prop::sample::select(DialOutcome::ALL.to_vec()),
    ) {
        let plan = mended(plan);
        let wrong = check(&plan, None);
        prop_assume!(wrong.iter().all(|p| p.message.starts_with("no call comes here")));
        let people = crate::routing::People { dial, keys };
        for decision in crate::routing::rehearse(&plan, &facts(at, Input::default()), &people) {
            for visit in decision.path {
                for stumble in ["circle", "missing", "no way is set"] {
                    prop_assert!(!visit.then.contains(stumble), "{}", visit.then);
                }
            }
        }
    }
}

#[test]
fn ends_are_half_open_and_the_clock_changes_do_not_matter() {
    let mut hours = Hours::office("America/New_York");
    hours.week[6] = vec![Interval::of(90, 150)];
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    assert_eq!(opening(&hours, at("2026-11-16T13:59:59Z")), Some(Opening::Closed));
    assert_eq!(opening(&hours, at("2026-11-16T14:00:00Z")), Some(Opening::Open));
    assert_eq!(opening(&hours, at("2026-11-16T21:59:59Z")), Some(Opening::Open));
    assert_eq!(opening(&hours, at("2026-11-16T22:00:00Z")), Some(Opening::Closed));
    // 8 March 2026: 02:00 becomes 03:00, so 02:30 never comes; it closes at the gap's end.
    assert_eq!(
        next_change(&hours, at("2026-03-08T06:45:00Z")),
        Some((at("2026-03-08T07:00:00Z"), Opening::Closed))
    );
    // 1 November 2026: 01:30 comes twice; it opens at the first.
    assert_eq!(
        next_change(&hours, at("2026-11-01T05:00:00Z")),
        Some((at("2026-11-01T05:30:00Z"), Opening::Open))
    );
}

/// A night shift, 22:00 to 06:00 every day in New York, closed at Christmas.
#[test]
fn a_night_belongs_to_the_day_it_begins_on() {
    let mut hours = Hours::office("America/New_York");
    hours.week = std::array::from_fn(|_| vec![Interval::of(22 * 60, 6 * 60)]);
    hours.holidays = vec![Holiday {
        date: NaiveDate::from_ymd_opt(2020, 12, 25).unwrap().into(),
        yearly: true,
        name: "Christmas".to_owned(),
        hours: Vec::new(),
    }];
    use Opening::{Closed, Holiday as Feast, Open};
    for (at, expected, why) in [
        ("2026-11-17T02:59:59Z", Closed, "21:59:59"),
        ("2026-11-17T03:00:00Z", Open, "22:00"),
        ("2026-11-17T10:59:59Z", Open, "05:59:59 of the next day"),
        ("2026-11-17T11:00:00Z", Closed, "06:00, the end is not in it"),
        ("2026-12-25T08:00:00Z", Open, "03:00 at Christmas: the night of the 24th"),
        ("2026-12-25T17:00:00Z", Feast, "noon at Christmas"),
        ("2026-12-26T04:00:00Z", Feast, "23:00 at Christmas: no night begins"),
        ("2026-12-26T08:00:00Z", Closed, "03:00 on the 26th: nor goes it on"),
        ("2026-12-27T03:00:00Z", Open, "22:00 on the 26th"),
        ("2026-03-08T06:59:59Z", Open, "01:59:59, then the clock goes to 03:00"),
        ("2026-03-08T07:00:00Z", Open, "03:00"),
        ("2026-03-08T09:59:59Z", Open, "05:59:59: this night has seven hours"),
        ("2026-03-08T10:00:00Z", Closed, "06:00"),
        ("2026-11-01T05:30:00Z", Open, "01:30 for the first time"),
        ("2026-11-01T06:30:00Z", Open, "01:30 for the second time"),
        ("2026-11-01T10:59:59Z", Open, "05:59:59: this night has nine hours"),
        ("2026-11-01T11:00:00Z", Closed, "06:00"),
    ] {
        assert_eq!(opening(&hours, at.parse().unwrap()), Some(expected), "{at}: {why}");
    }
}

#[test]
fn hours_are_those_of_their_own_zone() {
    let at = "2026-11-16T08:30:00Z".parse().unwrap();
    for (zone, expected) in [
        ("Europe/Berlin", Opening::Open),      // 09:30
        ("Europe/London", Opening::Closed),    // 08:30
        ("America/New_York", Opening::Closed), // 03:30
        ("Asia/Kathmandu", Opening::Open),     // 14:15
    ] {
        assert_eq!(opening(&Hours::office(zone), at), Some(expected), "{zone}");
    }
}

/// Office hours, then the desk, then voicemail: the plan of the issue.
fn office() -> Plan {
    let mut plan = Plan::neutral();
    let mail = Next::Node(plan.entry.clone());
    let desk = plan.add("forward", "UTC").unwrap();
    let hours = plan.add("hours", "America/New_York").unwrap();
    let mut set = |node: &NodeName, field: &str, next: Next| {
        *plan.nodes.get_mut(node).unwrap().kind.branch_mut(field).unwrap() = Some(next);
    };
    set(&desk, "no_answer", mail.clone());
    set(&hours, "open", Next::Node(desk.clone()));
    set(&hours, "closed", mail);
    if let Kind::Forward(f) = &mut plan.nodes.get_mut(&desk).unwrap().kind {
        f.targets = vec![Address("+12025550199".to_owned()), Address("+12025550198".to_owned())];
        f.ring = Ring::InOrder;
    }
    plan.entry = hours;
    plan
}

#[test]
fn by_day_the_desk_rings_and_by_night_voicemail_answers() {
    let zone: Tz = "America/New_York".parse().unwrap();
    let at = |h, m| zone.with_ymd_and_hms(2026, 11, 16, h, m, 0).unwrap().with_timezone(&Utc);
    let plan = office();
    let night = evaluate(&plan, None, &facts(at(23, 30), Input::default()), &links());
    assert_eq!(night.outcome, Outcome::Voicemail);
    assert_eq!(
        night.path[0].because,
        ["it is Mon 16 Nov 23:30 in America/New_York: closed until Tue 17 Nov 09:00"]
    );
    let day = evaluate(&plan, None, &facts(at(10, 0), Input::default()), &links());
    assert_eq!(day.outcome, Outcome::Rings);
    let Step::Dial { then_url, targets, .. } = &day.steps[0] else { panic!("{:?}", day.steps) };
    assert_eq!((then_url.as_str(), targets.len()), ("https://voxlink.test/v/desk/rang.0", 1));
    let input = Input { dial: Some(DialOutcome::NoAnswer), ..Input::default() };
    let from = "desk/rang.0".parse().unwrap();
    let second = evaluate(&plan, Some(&from), &facts(at(10, 1), input.clone()), &links());
    assert_eq!(second.path[0].then, format!("ring {} for 20 seconds", shown(&second_desk())));
    let from = "desk/rang.1".parse().unwrap();
    let third = evaluate(&plan, Some(&from), &facts(at(10, 2), input), &links());
    assert_eq!(third.outcome, Outcome::Voicemail);
}

fn second_desk() -> Target {
    Target::Number { number: "+12025550198".parse().unwrap() }
}

#[test]
fn a_node_removed_during_a_call_begins_again() {
    let from = "gone/rang.0".parse().unwrap();
    let at = "2026-11-16T15:00:00Z".parse().unwrap();
    let decision = evaluate(&office(), Some(&from), &facts(at, Input::default()), &links());
    assert_eq!(decision.path[0].node, "office-hours");
    let nodes: BTreeMap<_, _> = BTreeMap::new();
    let empty = Plan { nodes, ..office() };
    assert_eq!(
        evaluate(&empty, None, &facts(at, Input::default()), &links()).steps,
        [Step::Hangup]
    );
}
