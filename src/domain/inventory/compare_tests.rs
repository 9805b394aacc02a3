//! The comparison by table, and by properties: whatever is taken away, added or changed is found,
//! of the right kind, and nothing else; in whatever pages the carrier tells it.

use super::*;
use proptest::prelude::*;

const OURS: &str = "https://voxlink.test";

fn number(n: u32) -> E164 {
    format!("+1617555{n:04}").parse().unwrap()
}

fn settings() -> NumberSettings {
    NumberSettings {
        voice_url: format!("{OURS}/voice"),
        voice_fallback_url: format!("{OURS}/fallback"),
        status_url: format!("{OURS}/status"),
        message_url: String::new(),
        label: "Desk".to_owned(),
    }
}

fn here(n: u32) -> Recorded {
    Recorded {
        number: number(n),
        holder: TenantId::new(1),
        subscription: NumberId::new(1),
        carrier_number_id: format!("PN{n}"),
        standing: Standing::Active,
        callbacks: Callbacks::wanted(&settings(), &Value::Null),
    }
}

fn there(n: u32) -> OwnedNumber {
    OwnedNumber {
        id: format!("PN{n}"),
        number: number(n),
        account: "AC1".to_owned(),
        active: true,
        settings: Some(settings()),
    }
}

fn compared(
    here: Vec<Recorded>,
    pages: &[Vec<OwnedNumber>],
    whole: bool,
) -> Vec<(String, DriftKind)> {
    let mut comparison = Comparison::of(here, whole);
    for page in pages {
        comparison.page(page);
    }
    comparison.finish().into_iter().map(|d| (d.subject.to_string(), d.kind)).collect()
}

/// What it is about, both sides, and the kinds that are found.
type Case = (&'static str, Vec<Recorded>, Vec<OwnedNumber>, &'static [DriftKind]);

#[test]
fn each_difference_has_its_kind() {
    let with = |change: fn(&mut OwnedNumber)| {
        let mut owned = there(1);
        change(&mut owned);
        vec![owned]
    };
    let standing = |standing| vec![Recorded { standing, ..here(1) }];
    let voice = |owned: &mut OwnedNumber| {
        if let Some(settings) = &mut owned.settings {
            settings.voice_url = "https://elsewhere.test".to_owned();
        }
    };
    let table: Vec<Case> = vec![
        ("alike", vec![here(1)], vec![there(1)], &[]),
        ("nothing at all", vec![], vec![], &[]),
        (
            "calls nobody",
            vec![here(1)],
            with(|owned| owned.settings = Some(NumberSettings::default())),
            &[DriftKind::Callbacks],
        ),
        ("gone there", vec![here(1)], vec![], &[DriftKind::MissingThere]),
        ("gone there, and known", standing(Standing::Missing), vec![], &[]),
        ("back again", standing(Standing::Missing), vec![there(1)], &[DriftKind::Status]),
        ("unknown here", vec![], vec![there(1)], &[DriftKind::MissingHere]),
        ("inactive", vec![here(1)], with(|o| o.active = false), &[DriftKind::Status]),
        ("inactive, and known", standing(Standing::Inactive), with(|o| o.active = false), &[]),
        ("another id", vec![here(1)], with(|o| o.id = "PN9".to_owned()), &[DriftKind::Status]),
        ("another address", vec![here(1)], with(voice), &[DriftKind::Callbacks]),
        (
            "both at once",
            vec![here(1)],
            with(|o| {
                o.active = false;
                o.settings.as_mut().unwrap().status_url.clear();
            }),
            &[DriftKind::Status, DriftKind::Callbacks],
        ),
        ("tells no addresses", vec![here(1)], with(|o| o.settings = None), &[]),
        (
            "another label is no drift",
            vec![here(1)],
            with(|o| o.settings.as_mut().unwrap().label = "Other".to_owned()),
            &[],
        ),
    ];
    for (what, here, there, kinds) in table {
        let found: Vec<_> = compared(here, &[there], true).into_iter().map(|(_, k)| k).collect();
        assert_eq!(found, kinds, "{what}");
    }
}

#[test]
fn what_a_carrier_has_no_place_for_is_not_missed() {
    let confirmed = json!({ "voice_fallback_url": "", "status_url": "https://x" });
    let wanted = Callbacks::wanted(&settings(), &confirmed);
    assert_eq!((wanted.fallback.as_str(), wanted.status.is_empty()), ("", false));
    let mut owned = there(1);
    owned.settings.as_mut().unwrap().voice_fallback_url.clear();
    let recorded = Recorded { callbacks: wanted, ..here(1) };
    assert!(compared(vec![recorded], &[vec![owned]], true).is_empty());
}

#[test]
fn one_tenants_comparison_does_not_judge_the_others_numbers() {
    let pages = [vec![there(1), there(2)]];
    assert!(compared(vec![here(1)], &pages, false).is_empty());
}

proptest! {
    #[test]
    fn all_that_drifted_is_found_and_nothing_else(
        fates in prop::collection::vec(0u8..6, 0..120),
        size in 1usize..20,
        twice in prop::bool::ANY,
    ) {
        let (mut ours, mut theirs, mut expected) = (Vec::new(), Vec::new(), Vec::new());
        for (n, fate) in (0u32..).zip(&fates) {
            let mut owned = there(n);
            let kind = match fate {
                0 => Some(DriftKind::MissingThere),
                1 => Some(DriftKind::MissingHere),
                2 => {
                    owned.active = false;
                    Some(DriftKind::Status)
                }
                3 => {
                    owned.settings.as_mut().unwrap().voice_url.push('x');
                    Some(DriftKind::Callbacks)
                }
                _ => None,
            };
            if kind != Some(DriftKind::MissingHere) {
                ours.push(here(n));
            }
            if kind != Some(DriftKind::MissingThere) {
                theirs.push(owned);
            }
            expected.extend(kind.map(|kind| (number(n).to_string(), kind)));
        }
        let mut pages: Vec<Vec<OwnedNumber>> = theirs.chunks(size).map(<[_]>::to_vec).collect();
        if twice {
            // Pages that shift tell a number again.
            let again = pages.first().cloned();
            pages.extend(again);
        }
        expected.sort();
        prop_assert_eq!(compared(ours, &pages, true), expected);
    }
}
