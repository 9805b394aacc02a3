//! The operator as a carrier keeps honest books.

use chrono::Duration;
use rust_decimal::Decimal;
use std::sync::Arc;
use voxlink_adapters::carriers::clec::Clec;
use voxlink_gateways::{
    Carrier, CarrierError,
    carrier::{Bought, PriceRow, SearchQuery, contract},
    clock::{Clock, FixedClock},
    sip::{Arrival, OwnNumbers, TakenIn},
};
use voxlink_testkit::{TestDatabase, monday};
use voxlink_types::{
    Currency, E164,
    number::{Capability, NumberType, Requirement},
};

struct World {
    carrier: Clec,
    clock: FixedClock,
    _database: TestDatabase,
}

fn arrival(line: u32) -> Arrival {
    Arrival {
        number: format!("+1617555{line:04}").parse().unwrap(),
        country: "US".to_owned(),
        number_type: NumberType::Local,
        capabilities: vec![Capability::Voice],
        rate_centre: Some("BOSTON".to_owned()),
        lata: Some("128".to_owned()),
    }
}

fn rate() -> PriceRow {
    PriceRow {
        country: "US".to_owned(),
        number_type: NumberType::Local,
        currency: Currency::Usd,
        monthly: Decimal::new(10, 2),
        setup: Decimal::ZERO,
        inbound_minute: Decimal::new(2, 3),
        requirement: Requirement::None,
    }
}

async fn world(count: u32) -> World {
    let database = TestDatabase::new().await;
    let clock = FixedClock::at(monday());
    let carrier = Clec::connect(&database.options, 6, Arc::new(clock.clone()));
    carrier.set_rate(&rate()).await.unwrap();
    let all: Vec<Arrival> = (100..100 + count).map(arrival).collect();
    carrier.take_in("test", &all).await.unwrap();
    World { carrier, clock, _database: database }
}

fn us() -> SearchQuery {
    SearchQuery { country: "US".to_owned(), limit: 20, ..SearchQuery::default() }
}

#[tokio::test]
async fn own_trunks_keep_every_promise_of_a_carrier() {
    let world = world(40).await;
    contract::run(&world.carrier, &us(), world.clock.now()).await;
    let wanted = SearchQuery {
        rate_centre: Some("boston".to_owned()),
        contains: Some("01?5".to_owned()),
        capabilities: vec![Capability::Voice],
        ..us()
    };
    contract::run(&world.carrier, &wanted, world.clock.now()).await;
}

#[tokio::test]
async fn numbers_are_taken_in_once_and_only_where_they_have_a_price() {
    let world = world(10).await;
    let all: Vec<Arrival> = (105..115).map(arrival).collect();
    let taken = world.carrier.take_in("again", &all).await.unwrap();
    assert_eq!(taken, TakenIn { new: 5, there: 5 });
    let mobile = Arrival { number_type: NumberType::Mobile, ..arrival(200) };
    let refused = world.carrier.take_in("mobile", &[arrival(201), mobile]).await;
    assert!(matches!(refused, Err(CarrierError::Rejected { .. })));
    assert_eq!(world.carrier.offer(&arrival(201).number).await, Ok(None), "all or none");
    assert_eq!(world.carrier.prices().await.unwrap(), [rate()]);
    assert!(world.carrier.withdraw(&arrival(105).number).await.unwrap());
    assert_eq!(world.carrier.offer(&arrival(105).number).await, Ok(None));
}

#[tokio::test]
async fn a_released_number_rests_for_45_days() {
    let world = world(10).await;
    let number: E164 = arrival(100).number;
    let bought = world.carrier.buy(&contract::purchase(&number, uuid::Uuid::now_v7())).await;
    let Ok(Bought::Done(owned)) = bought else { panic!("{bought:?}") };
    assert!(!world.carrier.withdraw(&number).await.unwrap(), "sold");
    world.carrier.release(&owned.id).await.unwrap();
    world.clock.advance(Duration::days(9));
    assert!(world.carrier.offer(&number).await.unwrap().is_some(), "ours to have back");
    let soon = world.clock.now() + Duration::minutes(10);
    let key = uuid::Uuid::now_v7();
    let held = world.carrier.hold(&number, key, soon).await.unwrap();
    world.carrier.let_go(&number, &held.id).await.unwrap();
    world.clock.advance(Duration::days(35));
    world.carrier.health().await.unwrap();
    assert_eq!(world.carrier.offer(&number).await, Ok(None));
    let again = contract::purchase(&number, uuid::Uuid::now_v7());
    assert!(world.carrier.buy(&again).await.is_err());
    world.clock.advance(Duration::days(1));
    world.carrier.health().await.unwrap();
    assert!(world.carrier.offer(&number).await.unwrap().is_some());
}
