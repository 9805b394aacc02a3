//! Bandwidth: the contract over its own protocol, through faults, and what its requests look like.

mod books;
mod door;
mod login;
mod orders;
mod server;

use crate::stand_in::lock;
use books::PEER;
use serde_json::json;
use server::Set;
use uuid::Uuid;
use voxlink_adapters::carriers::bandwidth::Bandwidth;
use voxlink_gateways::{
    Carrier, CarrierError,
    carrier::{
        Bought, NumberSettings, OutgoingCall, OutgoingMessage, OwnedNumber, SearchQuery, contract,
    },
    fault::{Fault, Script},
};
use voxlink_types::{E164, call::CallStatus, number::NumberType};

fn anything() -> SearchQuery {
    SearchQuery { country: "US".to_owned(), limit: 10, ..SearchQuery::default() }
}

fn number(n: u32) -> E164 {
    format!("+1212555{n:04}").parse().unwrap()
}

/// Buys and waits until it is done.
async fn bought(bandwidth: &Bandwidth, n: u32, key: Uuid) -> String {
    let purchase = contract::purchase(&number(n), key);
    let mut answer = bandwidth.buy(&purchase).await.unwrap();
    for _ in 0..10 {
        match answer {
            Bought::Done(owned) => return owned.id,
            Bought::Pending { .. } => {
                answer = bandwidth.find_purchase(&number(n), key).await.unwrap().unwrap();
            }
        }
    }
    panic!("an order ends");
}

#[tokio::test]
async fn it_keeps_the_contract() {
    let set = Set::of(20).await;
    contract::run(&set.bandwidth(), &anything(), chrono::DateTime::UNIX_EPOCH).await;
}

/// Without reservations: one whose answer is lost is nobody's until it lapses.
#[tokio::test]
async fn it_keeps_the_contract_through_rate_limits_and_lost_answers() {
    for seed in 0..10 {
        let mut set = Set::of(60).await;
        set.account.reserve = false;
        set.server.misbehave(Script::seeded(seed, 10));
        let types = vec![NumberType::Local];
        let query = SearchQuery { area_code: Some("212".to_owned()), types, ..anything() };
        contract::run(&set.bandwidth(), &query, chrono::DateTime::UNIX_EPOCH).await;
    }
}

#[tokio::test]
async fn a_lost_answer_to_an_order_is_found_by_our_key_and_nothing_is_ordered_twice() {
    let set = Set::of(5).await;
    let bandwidth = set.bandwidth();
    let purchase = contract::purchase(&number(100), Uuid::from_u128(42));
    // Once before, so that the applications are set and the fifth request is the order.
    bought(&bandwidth, 101, Uuid::from_u128(41)).await;
    let mut script = Script::calm();
    // Orders of the key, in service, two applications.
    for _ in 0..4 {
        script.tell(None);
    }
    script.tell(Some(Fault::LostAnswer));
    set.server.misbehave(script);
    let lost = bandwidth.buy(&purchase).await;
    assert!(matches!(lost, Err(CarrierError::UnknownOutcome { .. })), "{lost:?}");
    let found = bandwidth.find_purchase(&number(100), purchase.key).await.unwrap();
    assert!(matches!(found, Some(Bought::Pending { .. })), "{found:?}");
    assert_eq!(bandwidth.find_purchase(&number(100), Uuid::from_u128(43)).await, Ok(None));
    assert_eq!(bandwidth.find_purchase(&number(102), purchase.key).await, Ok(None));
    bandwidth.buy(&purchase).await.unwrap();
    assert_eq!(bought(&bandwidth, 100, purchase.key).await, "2125550100");
    assert_eq!(lock(&set.books).orders.len(), 2, "one order a number");
}

#[tokio::test]
async fn a_request_that_never_arrived_left_no_order() {
    let set = Set::of(5).await;
    let bandwidth = set.bandwidth();
    bought(&bandwidth, 101, Uuid::from_u128(41)).await;
    let mut script = Script::calm();
    for _ in 0..4 {
        script.tell(None);
    }
    script.tell(Some(Fault::LostRequest));
    set.server.misbehave(script);
    let purchase = contract::purchase(&number(100), Uuid::from_u128(42));
    let lost = bandwidth.buy(&purchase).await;
    assert!(matches!(lost, Err(CarrierError::UnknownOutcome { .. })), "{lost:?}");
    assert_eq!(bandwidth.find_purchase(&number(100), purchase.key).await, Ok(None));
    bought(&bandwidth, 100, purchase.key).await;
}

#[tokio::test]
async fn a_state_that_nobody_knows_is_pending_until_it_is_complete() {
    let set = Set::of(5).await;
    let bandwidth = set.bandwidth();
    lock(&set.books).word = Some("TELEPORTING".to_owned());
    let purchase = contract::purchase(&number(100), Uuid::from_u128(42));
    for _ in 0..5 {
        let answer = bandwidth.buy(&purchase).await;
        assert!(matches!(answer, Ok(Bought::Pending { .. })), "{answer:?}");
    }
    lock(&set.books).word = None;
    let done = bandwidth.find_purchase(&number(100), purchase.key).await.unwrap();
    assert!(matches!(done, Some(Bought::Done(_))), "{done:?}");
    assert_eq!(lock(&set.books).orders.len(), 1);
}

#[tokio::test]
async fn an_order_that_comes_to_nothing_says_why_and_is_no_purchase() {
    let set = Set::of(5).await;
    let bandwidth = set.bandwidth();
    lock(&set.books).slow = 0;
    let purchase = contract::purchase(&number(999), Uuid::from_u128(42));
    for _ in 0..2 {
        let refused = bandwidth.buy(&purchase).await;
        assert!(matches!(refused, Err(CarrierError::Unavailable { .. })), "{refused:?}");
        assert_eq!(bandwidth.find_purchase(&number(999), purchase.key).await, Ok(None));
    }
    assert_eq!(lock(&set.books).orders.len(), 1, "the key is known to have failed");
}

#[tokio::test]
async fn orders_and_applications_are_written_as_bandwidth_reads_them() {
    let set = Set::of(5).await;
    let bandwidth = set.bandwidth();
    let mut purchase = contract::purchase(&number(100), Uuid::from_u128(42));
    purchase.settings.label = "Tom & <Co>".to_owned();
    let hold = bandwidth
        .hold(&number(100), purchase.key, chrono::DateTime::<chrono::Utc>::MAX_UTC)
        .await
        .unwrap();
    purchase.hold_id = Some(hold.id.clone());
    bandwidth.buy(&purchase).await.unwrap();
    let posted = lock(&set.books).posted.clone();
    assert_eq!(posted.len(), 3, "{posted:#?}");
    assert!(posted[0].contains(
        "<Application><CallInitiatedCallbackUrl>https://voxlink.test/v1/voice\
         </CallInitiatedCallbackUrl><CallInitiatedMethod>POST</CallInitiatedMethod>"
    ));
    assert!(posted[0].contains("<UserId>voxlink</UserId><Password>a&lt;b&gt;c</Password>"));
    assert!(posted[1].contains("<InboundCallbackUrl>https://voxlink.test/v1/message<"));
    let wanted = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><Order><CustomerOrderId>{}\
         </CustomerOrderId><Name>Tom &amp; &lt;Co&gt;</Name><ExistingTelephoneNumberOrderType>\
         <TelephoneNumberList><TelephoneNumber>2125550100</TelephoneNumber></TelephoneNumberList>\
         <ReservationIdList><ReservationId>{}</ReservationId></ReservationIdList>\
         </ExistingTelephoneNumberOrderType><PartialAllowed>false</PartialAllowed>\
         <SiteId>743</SiteId><PeerId>{PEER}</PeerId></Order>",
        purchase.key, hold.id
    );
    assert_eq!(posted[2], wanted);
    let id = bought(&bandwidth, 100, purchase.key).await;
    let label = bandwidth.get(&id).await.unwrap().settings.unwrap().label;
    assert_eq!(label, "Tom & <Co>", "a label comes back as it was");
}

#[tokio::test]
async fn applications_that_call_us_already_are_left_alone() {
    let set = Set::of(5).await;
    let bandwidth = set.bandwidth();
    let id = bought(&bandwidth, 100, Uuid::from_u128(42)).await;
    let settings = bandwidth.get(&id).await.unwrap().settings.unwrap();
    lock(&set.books).posted.clear();
    let named = NumberSettings { label: "another".to_owned(), ..settings.clone() };
    let owned = bandwidth.configure(&id, &named).await.unwrap();
    assert_eq!(owned.settings, Some(named));
    assert!(lock(&set.books).posted.is_empty(), "only the label changed");
    // Somebody else set the application.
    let there = ("UserId".to_owned(), "somebody".to_owned());
    lock(&set.books).applications.get_mut("v").unwrap().extend([there]);
    bandwidth.configure(&id, &settings).await.unwrap();
    assert_eq!(lock(&set.books).posted.len(), 1, "whose callbacks show another user is set");
}

#[tokio::test]
async fn a_number_at_another_location_is_said_to_call_nobody_here() {
    let set = Set::of(5).await;
    let bandwidth = set.bandwidth();
    let id = bought(&bandwidth, 100, Uuid::from_u128(42)).await;
    let settings = bandwidth.get(&id).await.unwrap().settings.unwrap();
    lock(&set.books).peer = Some("1".to_owned());
    let elsewhere = bandwidth.get(&id).await.unwrap();
    assert_eq!(elsewhere.settings, Some(NumberSettings::default()));
    assert_eq!(bandwidth.list_owned(None).await, Ok((Vec::new(), None)), "nor is it listed");
    let refused = bandwidth.configure(&id, &settings).await.unwrap_err();
    assert!(refused.detail().contains("location 1"), "{refused}");
}

#[tokio::test]
async fn all_numbers_of_the_location_are_listed_with_what_they_call() {
    let set = Set::of(5).await;
    let bandwidth = set.bandwidth();
    for n in 100..103 {
        bought(&bandwidth, n, Uuid::from_u128(n.into())).await;
    }
    let elsewhere = ("CallInitiatedCallbackUrl".to_owned(), "https://elsewhere.test".to_owned());
    lock(&set.books).applications.get_mut("v").unwrap().extend([elsewhere]);
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let (page, next) = bandwidth.list_owned(cursor).await.unwrap();
        all.extend(page);
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    let ids: Vec<&str> = all.iter().map(|owned| owned.id.as_str()).collect();
    assert_eq!(ids, ["2125550100", "2125550101", "2125550102"]);
    let calls = |owned: &OwnedNumber| owned.settings.as_ref().unwrap().voice_url.clone();
    assert!(all.iter().all(|owned| calls(owned) == "https://elsewhere.test"));
    // A carrier that gives the same page for ever does not keep us for ever.
    let again = bandwidth.list_owned(Some("1-2125550100".to_owned())).await;
    assert_eq!(again, Ok((Vec::new(), None)));
}

#[tokio::test]
async fn a_number_is_given_back_when_the_disconnect_is_complete() {
    let set = Set::of(5).await;
    let bandwidth = set.bandwidth();
    let id = bought(&bandwidth, 100, Uuid::from_u128(42)).await;
    lock(&set.books).slow_disconnects = 5;
    let early = bandwidth.release(&id).await;
    assert!(matches!(early, Err(CarrierError::Transient { .. })), "{early:?}");
    assert!(bandwidth.get(&id).await.is_ok(), "it is ours until then");
    lock(&set.books).slow_disconnects = 0;
    bandwidth.release(&id).await.unwrap();
    bandwidth.release(&id).await.unwrap();
    assert!(matches!(bandwidth.get(&id).await, Err(CarrierError::Gone { .. })), "it ages");
    assert_eq!(bandwidth.list_owned(None).await, Ok((Vec::new(), None)));
}

#[tokio::test]
async fn a_reserved_number_is_sold_to_its_reservation_alone() {
    let set = Set::of(5).await;
    let bandwidth = set.bandwidth();
    let until = chrono::DateTime::<chrono::Utc>::MAX_UTC;
    let hold = bandwidth.hold(&number(100), Uuid::from_u128(1), until).await.unwrap();
    lock(&set.books).slow = 0;
    let stranger = contract::purchase(&number(100), Uuid::from_u128(2));
    let refused = bandwidth.buy(&stranger).await;
    assert!(matches!(refused, Err(CarrierError::Unavailable { .. })), "{refused:?}");
    let mut held = contract::purchase(&number(100), Uuid::from_u128(3));
    held.hold_id = Some(hold.id);
    assert!(matches!(bandwidth.buy(&held).await, Ok(Bought::Done(_))));
}

#[tokio::test]
async fn a_reservation_whose_answer_is_lost_is_an_unknown_outcome() {
    let mut set = Set::of(5).await;
    let until = chrono::DateTime::UNIX_EPOCH;
    let bandwidth = set.bandwidth();
    // Once before, so that the token is there and the next request is the reservation.
    bandwidth.health().await.unwrap();
    set.server.tell(Fault::LostAnswer);
    let lost = bandwidth.hold(&number(100), Uuid::from_u128(1), until).await;
    assert!(matches!(lost, Err(CarrierError::UnknownOutcome { .. })), "{lost:?}");
    let again = bandwidth.hold(&number(100), Uuid::from_u128(1), until).await;
    assert!(matches!(again, Err(CarrierError::Unavailable { .. })), "{again:?}");
    set.account.reserve = false;
    let off = set.bandwidth().hold(&number(101), Uuid::from_u128(1), until).await;
    assert!(matches!(off, Err(CarrierError::Unsupported { .. })), "{off:?}");
    assert!(!set.bandwidth().abilities().holds);
}

#[tokio::test]
async fn a_search_goes_by_bandwidths_names_and_the_rest_is_checked_here() {
    let set = Set::of(50).await;
    let query = SearchQuery {
        area_code: Some("212".to_owned()),
        contains: Some("01?2".to_owned()),
        exclude: vec!["0112".to_owned()],
        region: Some("NY".to_owned()),
        types: vec![NumberType::Local],
        ..anything()
    };
    let found = set.bandwidth().search(&query).await.unwrap();
    let asked = lock(&set.books).asked.clone();
    assert_eq!(asked, ["enableTNDetail=true&areaCode=212&state=NY&quantity=1000"]);
    let ends: Vec<&str> = found.offers.iter().map(|o| &o.national()[6..]).collect();
    assert_eq!(ends, ["0102", "0122", "0132", "0142"]);
    assert_eq!(found.applied, query.given(), "all of it is seen to by somebody");
    assert_eq!(found.offers[0].locality.as_deref(), Some("New York"));
    let nowhere = SearchQuery { area_code: Some("999".to_owned()), ..query };
    assert!(set.bandwidth().search(&nowhere).await.unwrap().offers.is_empty());
}

#[tokio::test]
async fn messages_and_calls_carry_the_application_and_our_key() {
    let set = Set::of(0).await;
    let bandwidth = set.bandwidth();
    let message = OutgoingMessage {
        from: number(100),
        to: number(101),
        text: "Hello".to_owned(),
        media: Vec::new(),
        status_url: "https://voxlink.test/status".to_owned(),
        key: Uuid::from_u128(42),
    };
    assert_eq!(bandwidth.send(&message).await.unwrap().id, "1589m");
    let call = OutgoingCall {
        from: number(100),
        to: number(101),
        answer_url: "https://voxlink.test/answer".to_owned(),
        status_url: "https://voxlink.test/status".to_owned(),
        ring_seconds: 30,
        key: Uuid::from_u128(42),
    };
    assert_eq!(bandwidth.call(&call).await, Ok("c-1".to_owned()));
    let key = Uuid::from_u128(42).to_string();
    let said = lock(&set.books).said.clone();
    assert_eq!(
        said,
        [
            json!({"applicationId": "m", "to": ["+12125550101"], "from": "+12125550100",
                "text": "Hello", "tag": key}),
            json!({"applicationId": "v", "to": "+12125550101", "from": "+12125550100",
                "answerUrl": "https://voxlink.test/answer", "answerMethod": "POST",
                "disconnectUrl": "https://voxlink.test/status", "disconnectMethod": "POST",
                "callTimeout": 30, "tag": key, "username": "voxlink", "password": "a<b>c"}),
        ]
    );
    assert_eq!(bandwidth.call_details("c-1").await.unwrap().status, CallStatus::Initiated);
    set.server.tell(Fault::LostAnswer);
    let lost = bandwidth.send(&message).await;
    assert!(matches!(lost, Err(CarrierError::UnknownOutcome { .. })), "{lost:?}");
    assert_eq!(lock(&set.books).said.len(), 3, "it was not sent again");
}

#[tokio::test]
async fn health_looks_at_the_location_and_sites_are_shown() {
    let mut set = Set::of(0).await;
    set.bandwidth().health().await.unwrap();
    let (sites, next) = set.bandwidth().subaccounts(None).await.unwrap();
    assert_eq!((sites.len(), sites[0].name.as_str(), next), (1, "Tom & Co", None));
    let opened = set.bandwidth().open_subaccount("x").await;
    assert!(matches!(opened, Err(CarrierError::Unsupported { .. })), "{opened:?}");
    set.account.peer = "1".to_owned();
    let wrong = set.bandwidth().health().await;
    assert!(matches!(wrong, Err(CarrierError::NotConfigured { .. })), "{wrong:?}");
}
