//! The local carrier keeps honest books.

use chrono::Duration;
use sqlx::{Connection, Executor, PgConnection};
use std::{collections::HashSet, sync::Arc};
use voxlink_adapters::carriers::local::{Faults, LocalCarrier};
use voxlink_gateways::{
    Carrier, CarrierError,
    carrier::{
        Bought, Near, NumberSettings, Offer, OwnedNumber, Papers, Purchase, SearchQuery,
        SearchSort, contract,
    },
    clock::{Clock, FixedClock},
};
use voxlink_testkit::{TestDatabase, monday};
use voxlink_types::{
    E164,
    ids::OrderItemId,
    number::{Capability, NumberType},
};

struct World {
    carrier: LocalCarrier,
    clock: FixedClock,
    database: TestDatabase,
}

async fn world(count: u64) -> World {
    let database = TestDatabase::new().await;
    let clock = FixedClock::at(monday());
    let carrier =
        LocalCarrier::connect(&database.options, 6, Arc::new(clock.clone()), Faults::default());
    carrier.generate(count, 1, |_| {}).await.unwrap();
    World { carrier, clock, database }
}

fn query(country: &str) -> SearchQuery {
    SearchQuery { country: country.to_owned(), limit: 50, ..SearchQuery::default() }
}

fn settings(name: &str) -> NumberSettings {
    NumberSettings {
        voice_url: format!("https://voxlink.test/callbacks/local/voice?{name}"),
        voice_fallback_url: "https://voxlink.test/callbacks/local/voice-fallback".to_owned(),
        status_url: "https://voxlink.test/callbacks/local/status".to_owned(),
        message_url: String::new(),
        label: name.to_owned(),
    }
}

fn purchase(number: &E164) -> Purchase {
    Purchase {
        number: number.clone(),
        key: OrderItemId::new(1).uuid(),
        hold_id: None,
        settings: settings("first"),
        papers: Papers::default(),
    }
}

fn done(bought: Bought) -> OwnedNumber {
    match bought {
        Bought::Done(owned) => owned,
        Bought::Pending { .. } => panic!("the local carrier sells at once"),
    }
}

impl World {
    /// The same carrier on a bad day.
    fn unlucky(&self, faults: Faults) -> LocalCarrier {
        let clock = Arc::new(self.clock.clone());
        LocalCarrier::connect(&self.database.options, 2, clock, faults)
    }
}

async fn first(world: &World) -> Offer {
    world.carrier.search(&query("US")).await.unwrap().offers.remove(0)
}

#[tokio::test]
async fn the_catalogue_is_the_same_again_and_grows_without_touching_what_is_sold() {
    let world = world(1_000).await;
    let offer = first(&world).await;
    let owned = done(world.carrier.buy(&purchase(&offer.number)).await.unwrap());
    assert_eq!(world.carrier.generate(1_000, 1, |_| {}).await.unwrap(), 0);
    assert_eq!(world.carrier.generate(1_500, 1, |_| {}).await.unwrap(), 500);
    assert_eq!(world.carrier.get(&owned.id).await.unwrap().number, offer.number);
    assert_eq!(world.carrier.offer(&offer.number).await.unwrap(), None);
}

#[tokio::test]
async fn the_best_come_first_and_are_easy_to_remember() {
    let world = world(20_000).await;
    let found = world.carrier.search(&query("US")).await.unwrap().offers;
    let ends = |offer: &Offer| offer.number.as_str()[offer.number.as_str().len() - 4..].to_owned();
    let catchy = |end: &str| {
        let d = end.as_bytes();
        d.iter().all(|c| *c == d[0]) || (d[0] == d[2] && d[1] == d[3]) || d[1..] == [d[1]; 3]
    };
    for offer in &found[..10] {
        assert!(catchy(&ends(offer)), "{offer:?}");
    }
    let areas: HashSet<_> = found.iter().filter_map(|o| o.area_code.clone()).collect();
    assert!(areas.len() > 10, "not one corner of the country: {areas:?}");
    let filtered = SearchQuery { contains: Some("42".into()), ..query("US") };
    let best = world.carrier.search(&filtered).await.unwrap().offers;
    assert!(best.iter().all(|o| o.number.as_str()[2..].contains("42")));
    let by_number = SearchQuery { sort: SearchSort::Number, ..filtered };
    let by_number = world.carrier.search(&by_number).await.unwrap().offers;
    assert!(by_number.is_sorted_by_key(|o| o.number.clone()));
    assert_ne!(best[0].number, by_number[0].number);
}

#[tokio::test]
async fn every_condition_of_a_search_holds_for_every_number_found() {
    let world = world(6_000).await;
    let near_boston = Near { latitude: 42.3584, longitude: -71.0598, within_km: 60.0 };
    let us = query("US");
    type Holds = fn(&Offer) -> bool;
    let cases: Vec<(SearchQuery, Holds)> = vec![
        (SearchQuery { types: vec![NumberType::TollFree], ..us.clone() }, |o| {
            o.number.is_nanp_toll_free() && o.locality.is_none()
        }),
        (SearchQuery { area_code: Some("617".into()), ..us.clone() }, |o| {
            o.number.as_str().starts_with("+1617")
        }),
        (SearchQuery { contains: Some("4?2".into()), ..us.clone() }, |o| {
            let digits = &o.number.as_str().as_bytes()[2..];
            digits.windows(3).any(|w| w[0] == b'4' && w[2] == b'2')
        }),
        (SearchQuery { exclude: vec!["4".into()], ..us.clone() }, |o| {
            !o.number.as_str()[2..].contains('4')
        }),
        (SearchQuery { region: Some("TX".into()), ..us.clone() }, |o| {
            o.region.as_deref() == Some("TX")
        }),
        (SearchQuery { locality: Some("san ".into()), ..us.clone() }, |o| {
            o.locality.as_ref().is_some_and(|l| l.starts_with("San "))
        }),
        (SearchQuery { near: Some(near_boston), contains: Some("42".into()), ..us.clone() }, |o| {
            o.distance_km.is_some_and(|km| km <= 60.0) && o.number.as_str()[2..].contains("42")
        }),
        (SearchQuery { capabilities: vec![Capability::Sms], ..query("GB") }, |o| {
            o.number_type == NumberType::Mobile && o.capabilities.contains(&Capability::Sms)
        }),
    ];
    for (wanted, holds) in cases {
        let found = world.carrier.search(&wanted).await.unwrap().offers;
        assert!(!found.is_empty(), "nothing for {wanted:?}");
        for offer in &found {
            assert!(holds(offer), "{offer:?} for {wanted:?}");
            assert!(offer.number.is_valid());
        }
    }
    let near = SearchQuery { near: Some(near_boston), ..us.clone() };
    let found = world.carrier.search(&near).await.unwrap().offers;
    let distances: Vec<f64> = found.iter().filter_map(|o| o.distance_km).collect();
    assert!(distances.is_sorted(), "nearest first: {distances:?}");
    let bad = SearchQuery { contains: Some("4%".into()), ..us };
    assert!(matches!(world.carrier.search(&bad).await, Err(CarrierError::Rejected { .. })));
}

#[tokio::test]
async fn a_pattern_finds_what_reading_every_number_finds() {
    let world = world(6_000).await;
    let mut all = Vec::new();
    for offset in (0..).step_by(200) {
        let page = SearchQuery { offset, limit: 200, ..query("US") };
        let found = world.carrier.search(&page).await.unwrap().offers;
        if found.is_empty() {
            break;
        }
        all.extend(found.into_iter().map(|offer| offer.number));
    }
    assert!(all.len() > 3_000);
    // By every way in: walking, three digits side by side, pairs of digits.
    for pattern in
        ["7", "42", "4?2", "424", "42?4", "4?2?4", "12??34", "1????23", "0?0?0?0", "2????????1"]
    {
        let wanted = SearchQuery { contains: Some(pattern.into()), ..query("US") };
        let found: Vec<E164> = world
            .carrier
            .search(&wanted)
            .await
            .unwrap()
            .offers
            .into_iter()
            .map(|o| o.number)
            .collect();
        let fits = |window: &[u8]| {
            window.iter().zip(pattern.bytes()).all(|(digit, wish)| wish == b'?' || *digit == wish)
        };
        let read: Vec<E164> = all
            .iter()
            .filter(|n| n.as_str().as_bytes()[2..].windows(pattern.len()).any(fits))
            .take(50)
            .cloned()
            .collect();
        assert_eq!(found, read, "{pattern}");
    }
}

#[tokio::test]
async fn pages_of_a_search_never_repeat_a_number() {
    let world = world(3_000).await;
    for sort in [SearchSort::Best, SearchSort::Number, SearchSort::Locality] {
        let mut seen = HashSet::new();
        for page in 0..4 {
            let wanted = SearchQuery { sort, offset: page * 20, limit: 20, ..query("US") };
            for offer in world.carrier.search(&wanted).await.unwrap().offers {
                assert!(seen.insert(offer.number.clone()), "{} twice", offer.number);
            }
        }
        assert_eq!(seen.len(), 80);
    }
}

#[tokio::test]
async fn a_reserved_number_is_offered_to_nobody_until_the_reservation_ends() {
    let world = world(500).await;
    let number = first(&world).await.number;
    let (key, other) = (OrderItemId::new(1).uuid(), OrderItemId::new(1).uuid());
    let until = world.clock.now() + Duration::minutes(15);
    let hold = world.carrier.hold(&number, key, until).await.unwrap();
    assert_eq!(world.carrier.offer(&number).await.unwrap(), None);
    assert_ne!(first(&world).await.number, number);
    let refused = world.carrier.hold(&number, other, until).await;
    assert!(matches!(refused, Err(CarrierError::Unavailable { .. })));
    let longer = until + Duration::minutes(5);
    assert_eq!(world.carrier.hold(&number, key, longer).await.unwrap().expires_at, longer);
    let stranger = world.carrier.for_account("other").buy(&purchase(&number)).await;
    assert!(matches!(stranger, Err(CarrierError::Unavailable { .. })));
    world.carrier.let_go(&number, &hold.id).await.unwrap();
    world.carrier.let_go(&number, &hold.id).await.unwrap();
    assert!(world.carrier.offer(&number).await.unwrap().is_some());
    world.carrier.hold(&number, key, longer).await.unwrap();
    world.clock.advance(Duration::minutes(20));
    assert!(
        world.carrier.hold(&number, other, world.clock.now() + Duration::minutes(5)).await.is_ok()
    );
}

#[tokio::test]
async fn what_is_held_is_sold_to_its_hold_alone() {
    let world = world(500).await;
    let number = first(&world).await.number;
    let until = world.clock.now() + Duration::minutes(15);
    let hold = world.carrier.hold(&number, OrderItemId::new(1).uuid(), until).await.unwrap();
    let another = OrderItemId::new(1).uuid().to_string();
    for hold_id in [None, Some(another)] {
        let refused = world.carrier.buy(&Purchase { hold_id, ..purchase(&number) }).await;
        assert!(matches!(refused, Err(CarrierError::Unavailable { .. })), "{refused:?}");
    }
    let held = Purchase { hold_id: Some(hold.id), ..purchase(&number) };
    assert_eq!(done(world.carrier.buy(&held).await.unwrap()).number, number);
}

#[tokio::test]
async fn a_list_of_more_than_one_page_comes_whole() {
    let world = world(800).await;
    let mut bought = HashSet::new();
    for offset in [0, 200] {
        let page = SearchQuery { offset, limit: 200, sort: SearchSort::Number, ..query("US") };
        for offer in world.carrier.search(&page).await.unwrap().offers {
            // What is sold leaves the catalogue, so that pages shift: enough is what counts.
            if world.carrier.buy(&purchase(&offer.number)).await.is_ok() {
                bought.insert(offer.number);
            }
        }
    }
    assert!(bought.len() > 200, "{}", bought.len());
    let (first, cursor) = world.carrier.list_owned(None).await.unwrap();
    let (second, end) = world.carrier.list_owned(cursor).await.unwrap();
    assert_eq!((first.len(), end), (200, None));
    let listed: HashSet<E164> = first.into_iter().chain(second).map(|n| n.number).collect();
    assert_eq!(listed, bought);
}

#[tokio::test]
async fn the_same_key_is_one_purchase_also_at_the_same_time() {
    let world = world(500).await;
    let number = first(&world).await.number;
    let wanted = purchase(&number);
    let tries = futures::future::join_all((0..8).map(|_| world.carrier.buy(&wanted))).await;
    let ids: HashSet<String> = tries.into_iter().map(|t| done(t.unwrap()).id).collect();
    assert_eq!(ids.len(), 1);
    let found = world.carrier.find_purchase(&number, wanted.key).await.unwrap().unwrap();
    assert!(ids.contains(&done(found).id));
    assert_eq!(world.carrier.find_purchase(&number, OrderItemId::new(1).uuid()).await, Ok(None));
    let again = world.carrier.buy(&purchase(&number)).await;
    assert!(matches!(again, Err(CarrierError::AlreadyOurs { .. })));
    let stranger = world.carrier.for_account("other").buy(&purchase(&number)).await;
    assert!(matches!(stranger, Err(CarrierError::Unavailable { .. })));
    assert_eq!(world.carrier.list_owned(None).await.unwrap().0.len(), 1);
}

#[tokio::test]
async fn a_released_number_rests_and_only_its_last_owner_may_undo() {
    let world = world(500).await;
    let number = first(&world).await.number;
    let owned = done(world.carrier.buy(&purchase(&number)).await.unwrap());
    let changed = world.carrier.configure(&owned.id, &settings("second")).await.unwrap();
    assert_eq!(changed.settings, Some(settings("second")));
    world.carrier.release(&owned.id).await.unwrap();
    world.carrier.release(&owned.id).await.unwrap();
    assert!(matches!(world.carrier.get(&owned.id).await, Err(CarrierError::Gone { .. })));
    let stranger = world.carrier.for_account("other");
    assert!(stranger.buy(&purchase(&number)).await.is_err());
    assert_eq!(stranger.offer(&number).await.unwrap(), None);
    let (key, soon) = (OrderItemId::new(2).uuid(), world.clock.now() + Duration::minutes(10));
    assert!(stranger.hold(&number, key, soon).await.is_err());
    assert!(world.carrier.offer(&number).await.unwrap().is_some(), "its last owner may");
    let held = world.carrier.hold(&number, key, soon).await.unwrap();
    world.carrier.let_go(&number, &held.id).await.unwrap();
    assert_eq!(stranger.offer(&number).await.unwrap(), None, "it rests as before");
    let alone = SearchQuery { contains: Some(number.digits()[1..].to_owned()), ..query("US") };
    let found = world.carrier.search(&alone).await.unwrap();
    assert!(found.offers.is_empty(), "a search does not show it");
    let back = done(world.carrier.buy(&purchase(&number)).await.unwrap());
    world.carrier.release(&back.id).await.unwrap();
    world.clock.advance(Duration::days(11));
    assert!(world.carrier.buy(&purchase(&number)).await.is_err(), "the days of grace are over");
    assert_eq!(world.carrier.offer(&number).await.unwrap(), None);
    let soon = world.clock.now() + Duration::minutes(10);
    assert!(world.carrier.hold(&number, key, soon).await.is_err());
    world.clock.advance(Duration::days(33));
    world.carrier.health().await.unwrap();
    assert_eq!(stranger.offer(&number).await.unwrap(), None, "44 days are not 45");
    world.clock.advance(Duration::days(1));
    world.carrier.health().await.unwrap();
    assert!(stranger.buy(&purchase(&number)).await.is_ok());
}

#[tokio::test]
async fn a_lost_answer_hides_a_purchase_that_can_be_looked_up() {
    let world = world(500).await;
    let number = first(&world).await.number;
    let unlucky = world.unlucky(Faults { lose_answer: 1.0, ..Faults::default() });
    let wanted = purchase(&number);
    let lost = unlucky.buy(&wanted).await;
    assert!(matches!(lost, Err(CarrierError::UnknownOutcome { .. })));
    let found = world.carrier.find_purchase(&number, wanted.key).await.unwrap();
    assert_eq!(found.map(|b| done(b).number), Some(number));
}

#[tokio::test]
async fn a_lost_request_and_a_failed_one_buy_nothing_and_nobody_can_tell_the_first() {
    let world = world(500).await;
    let number = first(&world).await.number;
    let wanted = purchase(&number);
    let lost = world.unlucky(Faults { lose_request: 1.0, ..Faults::default() }).buy(&wanted).await;
    assert!(matches!(lost, Err(CarrierError::UnknownOutcome { .. })), "{lost:?}");
    let failed = world.unlucky(Faults { fail: 1.0, ..Faults::default() }).buy(&wanted).await;
    assert!(matches!(failed, Err(CarrierError::Transient { .. })), "{failed:?}");
    assert_eq!(world.carrier.find_purchase(&number, wanted.key).await, Ok(None));
    assert!(world.carrier.offer(&number).await.unwrap().is_some());
}

#[tokio::test]
async fn a_purchase_that_arrives_twice_is_answered_the_second_time_and_made_once() {
    let world = world(500).await;
    let number = first(&world).await.number;
    let unlucky = world.unlucky(Faults { duplicate: 1.0, ..Faults::default() });
    let wanted = purchase(&number);
    let second = unlucky.buy(&wanted).await;
    assert!(matches!(second, Err(CarrierError::AlreadyOurs { .. })), "{second:?}");
    let found = unlucky.find_purchase(&number, wanted.key).await.unwrap();
    assert_eq!(found.map(|b| done(b).number), Some(number));
    assert_eq!(world.carrier.list_owned(None).await.unwrap().0.len(), 1);
}

#[tokio::test]
async fn an_order_is_pending_until_somebody_asks_and_sold_to_nobody_else() {
    let world = world(500).await;
    let number = first(&world).await.number;
    let slow = world.unlucky(Faults { pending: 1.0, ..Faults::default() });
    let wanted = purchase(&number);
    let bought = slow.buy(&wanted).await.unwrap();
    let Bought::Pending { order_id } = bought else { panic!("{bought:?}") };
    let stranger = world.carrier.for_account("other").buy(&purchase(&number)).await;
    assert!(matches!(stranger, Err(CarrierError::Unavailable { .. })), "{stranger:?}");
    let owned = done(slow.find_purchase(&number, wanted.key).await.unwrap().unwrap());
    assert_eq!((&owned.number, &owned.id), (&number, &order_id));
    let again = done(slow.buy(&wanted).await.unwrap());
    assert_eq!(again, owned, "an order that is done is not open again");
}

#[tokio::test]
async fn a_refusal_takes_nothing_back_that_was_sold() {
    let world = world(500).await;
    let number = first(&world).await.number;
    let refusing = world.unlucky(Faults { refuse: 1.0, ..Faults::default() });
    let wanted = purchase(&number);
    let refused = refusing.buy(&wanted).await;
    assert!(matches!(refused, Err(CarrierError::Unavailable { .. })), "{refused:?}");
    assert!(world.carrier.offer(&number).await.unwrap().is_some());
    let owned = done(world.carrier.buy(&wanted).await.unwrap());
    assert_eq!(done(refusing.buy(&wanted).await.unwrap()), owned);
}

#[tokio::test]
async fn search_settings_and_release_fail_each_by_its_own_rate() {
    let world = world(500).await;
    let number = first(&world).await.number;
    let owned = done(world.carrier.buy(&purchase(&number)).await.unwrap());
    let none = Faults::default();
    for (faults, fails) in [
        (Faults { search_down: 1.0, ..none }, [true, false, false]),
        (Faults { configure_down: 1.0, ..none }, [false, true, false]),
        (Faults { release_down: 1.0, ..none }, [false, false, true]),
    ] {
        let unlucky = world.unlucky(faults);
        let answers = [
            unlucky.search(&query("US")).await.err(),
            unlucky.configure(&owned.id, &settings("second")).await.err(),
            unlucky.release("LN-nobody").await.err(),
        ];
        for (answer, fails) in answers.iter().zip(fails) {
            assert_eq!(answer.is_some(), fails, "{faults:?}: {answer:?}");
            assert!(answer.as_ref().is_none_or(CarrierError::may_repeat), "{answer:?}");
        }
    }
    assert!(world.carrier.get(&owned.id).await.is_ok());
}

#[tokio::test]
async fn a_slow_day_makes_each_request_wait() {
    let world = world(500).await;
    let number = first(&world).await.number;
    let delay = std::time::Duration::from_millis(60);
    let slow = world.unlucky(Faults { delay, ..Faults::default() });
    let begun = std::time::Instant::now();
    slow.search(&query("US")).await.unwrap();
    let owned = done(slow.buy(&purchase(&number)).await.unwrap());
    slow.configure(&owned.id, &settings("second")).await.unwrap();
    slow.release(&owned.id).await.unwrap();
    assert!(begun.elapsed() >= delay * 4, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn the_carrier_sees_nothing_of_voxlink_and_voxlink_nothing_of_the_carrier() {
    let world = world(0).await;
    for (role, table) in [
        ("voxlink_local_carrier", "tenants"),
        ("voxlink_app", "local_carrier.numbers"),
        ("voxlink_platform", "local_carrier.owned"),
    ] {
        let mut connection = PgConnection::connect_with(&world.database.options).await.unwrap();
        let sql = format!("set role {role}; select * from {table}");
        let refused = connection.execute(sqlx::AssertSqlSafe(sql)).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("42501"), "{role}");
    }
}

#[tokio::test]
async fn the_local_carrier_keeps_every_promise_of_a_carrier_also_on_a_bad_day() {
    let world = world(500).await;
    let wanted = SearchQuery { limit: 20, ..query("US") };
    contract::run(&world.carrier, &wanted, world.clock.now()).await;
    let unlucky = world.unlucky(Faults {
        fail: 0.1,
        lose_answer: 0.1,
        lose_request: 0.1,
        duplicate: 0.1,
        pending: 0.2,
        ..Faults::default()
    });
    contract::run(&unlucky, &wanted, world.clock.now()).await;
}
