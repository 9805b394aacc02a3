//! Telnyx: the contract over its own protocol, through faults and slow orders, and what its
//! requests look like.

mod server;

use crate::stand_in::{StandIn, lock, wire};
use secrecy::SecretString;
use serde_json::json;
use server::{Books, KEY, Shared};
use std::{collections::BTreeSet, sync::Arc};
use uuid::Uuid;
use voxlink_adapters::carriers::telnyx::{Account, Telnyx};
use voxlink_gateways::{
    Carrier, CarrierError, Clock, SystemClock,
    carrier::{
        Bought, Filter, MessageStatus, OutgoingCall, OutgoingMessage, Purchase, SearchQuery,
        contract,
    },
    fault::{Fault, Script},
};
use voxlink_types::{
    E164,
    call::CallStatus,
    number::{Capability, NumberType},
};

fn account(server: &StandIn) -> Account {
    Account {
        id: "61bf923e-5e4d-4595-a110-56190ea18a1b".to_owned(),
        key: SecretString::from(KEY),
        api: server.url.clone(),
        connection: None,
        messaging_profile: None,
        outbound_profile: Some("1293384261075731500".to_owned()),
    }
}

fn telnyx(account: Account) -> Telnyx {
    Telnyx::new(account, wire("telnyx"), Arc::new(SystemClock))
}

async fn open(books: Books) -> (StandIn, Shared, Telnyx) {
    let (server, books) = server::open(books).await;
    let carrier = telnyx(account(&server));
    (server, books, carrier)
}

fn selling(count: u32) -> Books {
    let for_sale: BTreeSet<String> =
        (0..count).map(|n| format!("+1212555{:04}", 100 + n)).collect();
    Books { for_sale, ..Books::default() }
}

fn number(n: u32) -> E164 {
    format!("+1212555{:04}", 100 + n).parse().unwrap()
}

fn purchase(n: u32, label: &str) -> Purchase {
    let mut purchase = contract::purchase(&number(n), Uuid::from_u128(u128::from(n) + 1));
    label.clone_into(&mut purchase.settings.label);
    purchase
}

fn anything() -> SearchQuery {
    SearchQuery { country: "US".to_owned(), limit: 10, ..SearchQuery::default() }
}

/// The fault meets the request after `calm` others.
fn after(calm: u8, fault: Fault) -> Script {
    let mut script = Script::calm();
    for _ in 0..calm {
        script.tell(None);
    }
    script.tell(Some(fault));
    script
}

/// The requests that wrote something, as method and path.
fn written(books: &Shared) -> Vec<String> {
    let books = lock(books);
    let writes = books.asked.iter().filter(|(method, ..)| method != "GET");
    writes.map(|(method, uri, _)| format!("{method} {uri}")).collect()
}

#[tokio::test]
async fn it_keeps_the_contract() {
    for patience in 0..3 {
        let (_server, _, telnyx) = open(Books { patience, ..selling(20) }).await;
        contract::run(&telnyx, &anything(), SystemClock.now()).await;
    }
}

#[tokio::test]
async fn it_keeps_the_contract_through_rate_limits_and_lost_answers() {
    for seed in 0..12 {
        let (server, _, telnyx) = open(Books { patience: seed % 3, ..selling(60) }).await;
        server.misbehave(Script::seeded(seed, 15));
        contract::run(&telnyx, &anything(), SystemClock.now()).await;
    }
}

/// Before the order the key is looked up, and application and profile are looked for and made.
const BEFORE_THE_ORDER: u8 = 5;

#[tokio::test]
async fn a_lost_answer_to_an_order_is_an_unknown_outcome_and_is_found() {
    let (server, books, telnyx) = open(Books { patience: 1, ..selling(5) }).await;
    let purchase = purchase(0, "Front desk");
    server.misbehave(after(BEFORE_THE_ORDER, Fault::LostAnswer));
    let lost = telnyx.buy(&purchase).await;
    assert!(matches!(lost, Err(CarrierError::UnknownOutcome { .. })), "{lost:?}");
    assert_eq!(lock(&books).orders.len(), 1, "it was not sent again");
    let found = telnyx.find_purchase(&purchase.number, purchase.key).await.unwrap();
    let Some(Bought::Done(owned)) = found else { panic!("{found:?}") };
    assert_eq!(
        owned.settings,
        Some(purchase.settings.clone()),
        "with everything it was bought with"
    );
    let stranger = telnyx.find_purchase(&purchase.number, Uuid::from_u128(99)).await.unwrap();
    assert_eq!(stranger, None);
    let again = telnyx.buy(&purchase).await.unwrap();
    assert_eq!(again, Bought::Done(owned), "the same key, the same number");
    assert_eq!(lock(&books).orders.len(), 1, "and no second order");
}

#[tokio::test]
async fn an_order_that_never_arrived_is_not_found_and_may_be_placed_again() {
    let (server, books, telnyx) = open(selling(5)).await;
    let purchase = purchase(0, "Front desk");
    server.misbehave(after(BEFORE_THE_ORDER, Fault::LostRequest));
    let lost = telnyx.buy(&purchase).await;
    assert!(matches!(lost, Err(CarrierError::UnknownOutcome { .. })), "{lost:?}");
    let found = telnyx.find_purchase(&purchase.number, purchase.key).await.unwrap();
    assert_eq!(found, None);
    assert!(matches!(telnyx.buy(&purchase).await, Ok(Bought::Done(_))));
    assert_eq!(lock(&books).orders.len(), 1);
}

#[tokio::test]
async fn after_a_restart_a_number_is_labelled_with_its_digits() {
    let (server, _, before) = open(Books { patience: 2, ..selling(5) }).await;
    let purchase = purchase(0, "Front desk");
    assert!(matches!(before.buy(&purchase).await, Ok(Bought::Pending { .. })));
    let telnyx = telnyx(account(&server));
    let first = telnyx.find_purchase(&purchase.number, purchase.key).await.unwrap();
    assert!(matches!(first, Some(Bought::Pending { .. })), "{first:?}");
    let second = telnyx.find_purchase(&purchase.number, purchase.key).await.unwrap();
    let Some(Bought::Done(owned)) = second else { panic!("{second:?}") };
    let settings = owned.settings.unwrap();
    assert_eq!(settings.label, "+12125550100");
    assert_eq!(settings.voice_url, purchase.settings.voice_url, "it calls back all the same");
}

#[tokio::test]
async fn a_state_of_an_order_that_nobody_knows_is_pending() {
    let ends_as = "partial_success".to_owned();
    let (_server, _, telnyx) = open(Books { ends_as, ..selling(5) }).await;
    let purchase = purchase(0, "Front desk");
    let bought = telnyx.buy(&purchase).await.unwrap();
    let Bought::Pending { order_id } = bought else { panic!("{bought:?}") };
    let found = telnyx.find_purchase(&purchase.number, purchase.key).await.unwrap();
    assert_eq!(found, Some(Bought::Pending { order_id }));
}

#[tokio::test]
async fn a_failed_order_is_no_purchase_and_is_not_repeated() {
    let (_server, books, telnyx) =
        open(Books { ends_as: "failure".to_owned(), patience: 1, ..selling(5) }).await;
    let purchase = purchase(0, "Front desk");
    assert!(matches!(telnyx.buy(&purchase).await, Ok(Bought::Pending { .. })));
    let found = telnyx.find_purchase(&purchase.number, purchase.key).await.unwrap();
    assert_eq!(found, None);
    let refused = telnyx.buy(&purchase).await;
    assert!(matches!(refused, Err(CarrierError::Unavailable { .. })), "{refused:?}");
    assert_eq!(lock(&books).orders.len(), 1);
}

#[tokio::test]
async fn numbers_share_what_they_call_back_and_not_their_labels() {
    let (_server, books, telnyx) = open(selling(5)).await;
    for (n, label) in [(0, "Front desk"), (1, "Back office")] {
        let bought = telnyx.buy(&purchase(n, label)).await.unwrap();
        let Bought::Done(owned) = bought else { panic!("{bought:?}") };
        assert_eq!(owned.settings.unwrap().label, label);
    }
    let books = lock(&books);
    assert_eq!((books.applications.len(), books.profiles.len()), (1, 1));
    let application = &books.applications[0];
    assert_eq!(application["voice_url"], "https://voxlink.test/v1/voice");
    assert_eq!(application["voice_fallback_url"], "https://voxlink.test/v1/fallback");
    assert_eq!(application["status_callback"], "https://voxlink.test/v1/status");
    let outbound = json!({"outbound_voice_profile_id": "1293384261075731500"});
    assert_eq!(application["outbound"], outbound);
    assert_eq!(books.profiles[0]["webhook_url"], "https://voxlink.test/v1/message");
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_application_and_one_changed_by_hand_is_set_right() {
    let (server, books, telnyx) = open(selling(5)).await;
    server.misbehave(after(2, Fault::LostAnswer));
    assert!(matches!(telnyx.buy(&purchase(0, "Front desk")).await, Ok(Bought::Done(_))));
    assert_eq!(lock(&books).applications.len(), 1);
    lock(&books).applications[0]["voice_url"] = json!("https://elsewhere.test");
    let bought = telnyx.buy(&purchase(1, "Back office")).await.unwrap();
    let Bought::Done(owned) = bought else { panic!("{bought:?}") };
    assert_eq!(owned.settings.unwrap().voice_url, "https://voxlink.test/v1/voice");
    assert_eq!(lock(&books).applications.len(), 1);
}

#[tokio::test]
async fn an_account_with_its_own_application_and_profile_uses_them() {
    let (server, books, _) = open(selling(5)).await;
    let given = json!({"id": "77", "friendly_name": "ours", "voice_url": "https://ours.test"});
    lock(&books).applications.push(given);
    let telnyx = telnyx(Account {
        connection: Some("77".to_owned()),
        messaging_profile: Some("88".to_owned()),
        ..account(&server)
    });
    let bought = telnyx.buy(&purchase(0, "Front desk")).await.unwrap();
    let Bought::Done(owned) = bought else { panic!("{bought:?}") };
    assert_eq!(owned.settings.unwrap().voice_url, "https://ours.test", "what is, not what we wish");
    assert_eq!(lock(&books).numbers[0]["messaging_profile_id"], "88");
    let label = format!("PATCH /v2/phone_numbers/{}", owned.id);
    assert_eq!(written(&books), ["POST /v2/number_orders".to_owned(), label]);
}

#[tokio::test]
async fn a_number_whose_application_was_removed_is_said_to_call_nobody() {
    let (_server, books, telnyx) = open(selling(5)).await;
    assert!(matches!(telnyx.buy(&purchase(0, "desk")).await, Ok(Bought::Done(_))));
    lock(&books).applications.clear();
    let (listed, _) = telnyx.list_owned(None).await.unwrap();
    let settings = listed[0].settings.clone().unwrap();
    assert_eq!((settings.voice_url.as_str(), settings.label.as_str()), ("", "desk"));
    // Set again, it calls us again.
    let again = telnyx.configure(&listed[0].id, &purchase(0, "desk").settings).await.unwrap();
    assert_eq!(again.settings, Some(purchase(0, "desk").settings));
}

#[tokio::test]
async fn a_hold_is_prolonged_and_a_lost_answer_makes_no_second_one() {
    let (server, books, telnyx) = open(selling(5)).await;
    let (key, now) = (Uuid::from_u128(1), SystemClock.now());
    let until = now + chrono::TimeDelta::minutes(45);
    server.misbehave(after(1, Fault::LostAnswer));
    let hold = telnyx.hold(&number(0), key, until).await.unwrap();
    assert_eq!(lock(&books).reservations.len(), 1);
    let longer = telnyx.hold(&number(0), key, until).await.unwrap();
    assert_eq!((longer.id, longer.expires_at), (hold.id, until), "not longer than asked for");
    let gone = "+12125559999".parse().unwrap();
    let refused = telnyx.hold(&gone, key, until).await;
    assert!(matches!(refused, Err(CarrierError::Unavailable { .. })), "{refused:?}");
    lock(&books).unreservable = true;
    let cannot = telnyx.hold(&number(1), key, until).await;
    assert!(matches!(cannot, Err(CarrierError::Unsupported { .. })), "{cannot:?}");
}

#[tokio::test]
async fn filters_go_by_telnyxs_names_and_what_it_cannot_do_is_done_here() {
    let (_server, books, telnyx) = open(selling(50)).await;
    let query = SearchQuery {
        area_code: Some("212".to_owned()),
        contains: Some("01?2".to_owned()),
        exclude: vec!["0112".to_owned()],
        region: Some("NY".to_owned()),
        locality: Some("New York".to_owned()),
        rate_centre: Some("NWYRCYZN01".to_owned()),
        lata: Some("132".to_owned()),
        capabilities: vec![Capability::Voice, Capability::Sms],
        no_papers: true,
        ..anything()
    };
    let found = telnyx.search(&query).await.unwrap();
    let asked = lock(&books).asked.clone();
    let searches: Vec<_> = asked.iter().filter(|(_, uri, _)| uri.contains("/available")).collect();
    let [(_, uri, _)] = searches.as_slice() else { panic!("toll-free has no town: {searches:?}") };
    let wanted = [
        ("filter[country_code]", "US"),
        ("filter[phone_number_type]", "local"),
        ("filter[limit]", "250"),
        ("filter[best_effort]", "false"),
        ("filter[phone_number][contains]", "01"),
        ("filter[national_destination_code]", "212"),
        ("filter[locality]", "New York"),
        ("filter[administrative_area]", "NY"),
        ("filter[rate_center]", "NWYRCYZN01"),
        ("filter[features]", "voice,sms"),
    ];
    let query_text = uri.split_once('?').unwrap().1;
    let told: Vec<(String, String)> =
        url::form_urlencoded::parse(query_text.as_bytes()).into_owned().collect();
    assert_eq!(told, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(!found.applied.contains(&Filter::Lata), "nobody could check it");
    assert!(found.applied.contains(&Filter::Contains) && found.applied.contains(&Filter::NoPapers));
    let national: Vec<_> = found.offers.iter().map(|o| o.number.as_str()).collect();
    assert_eq!(national, ["+12125550102", "+12125550122", "+12125550132", "+12125550142"]);
    assert_eq!(found.offers[0].number_type, NumberType::Local);
    assert_eq!(found.offers[0].cost.as_ref().unwrap().monthly.to_string(), "1.00000");
}

#[tokio::test]
async fn numbers_are_listed_to_the_last_page_and_only_while_they_are_ours() {
    let (_server, _, telnyx) = open(selling(5)).await;
    for n in 0..5 {
        assert!(matches!(telnyx.buy(&purchase(n, "desk")).await, Ok(Bought::Done(_))));
    }
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let (page, next) = telnyx.list_owned(cursor).await.unwrap();
        all.extend(page);
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(all.len(), 5);
    telnyx.release(&all[0].id).await.unwrap();
    let (page, _) = telnyx.list_owned(None).await.unwrap();
    assert_eq!(page.len(), 1, "what is deleted stays on its page and is left out");
}

#[tokio::test]
async fn messages_are_sent_and_calls_placed_by_the_numbers_own_application() {
    let (_server, books, telnyx) = open(selling(5)).await;
    assert!(matches!(telnyx.buy(&purchase(0, "desk")).await, Ok(Bought::Done(_))));
    let message = OutgoingMessage {
        from: number(0),
        to: number(4),
        text: "Hello".to_owned(),
        media: Vec::new(),
        status_url: "https://voxlink.test/message-status".to_owned(),
        key: Uuid::from_u128(1),
    };
    let receipt = telnyx.send(&message).await.unwrap();
    assert_eq!((receipt.status, receipt.segments), (MessageStatus::Queued, Some(1)));
    let call = OutgoingCall {
        from: number(0),
        to: number(4),
        answer_url: "https://voxlink.test/answer".to_owned(),
        status_url: "https://voxlink.test/call-status".to_owned(),
        ring_seconds: 600,
        key: Uuid::from_u128(1),
    };
    let id = telnyx.call(&call).await.unwrap();
    let (_, uri, body) = lock(&books).asked.last().unwrap().clone();
    assert_eq!(uri, "/v2/texml/Accounts/61bf923e-5e4d-4595-a110-56190ea18a1b/Calls");
    assert_eq!(body["ApplicationSid"], lock(&books).applications[0]["id"]);
    assert_eq!((&body["Timeout"], &body["UrlMethod"]), (&json!(120), &json!("POST")));
    let details = telnyx.call_details(&id).await.unwrap();
    assert_eq!((details.status, details.duration_seconds), (CallStatus::Completed, Some(12)));
    assert_eq!(details.cost.unwrap().0.to_string(), "0.10");
    let stranger = telnyx.call(&OutgoingCall { from: number(3), ..call }).await;
    assert!(matches!(stranger, Err(CarrierError::Rejected { .. })), "{stranger:?}");
}

#[tokio::test]
async fn the_account_is_checked_and_its_accounts_are_listed() {
    let (server, _, telnyx) = open(selling(0)).await;
    telnyx.health().await.unwrap();
    let wrong = Account { key: SecretString::from("KEY9999"), ..account(&server) };
    let refused = self::telnyx(wrong).health().await;
    assert!(matches!(refused, Err(CarrierError::RefusedCredentials { .. })), "{refused:?}");
    let (first, cursor) = telnyx.subaccounts(None).await.unwrap();
    let (second, end) = telnyx.subaccounts(cursor).await.unwrap();
    assert_eq!((first.len(), second.len(), end), (2, 1, None));
    assert_eq!(telnyx.open_subaccount("Example").await.unwrap().name, "Example");
    let prices = telnyx.prices().await;
    assert!(matches!(prices, Err(CarrierError::Unsupported { .. })), "{prices:?}");
}
