//! Twilio: the contract over its own protocol, through faults, and what its requests look like.

use crate::stand_in::{StandIn, fields, lock, wire};
use axum::{
    Json, Router,
    extract::{Path, RawForm, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};
use voxlink_adapters::carriers::twilio::{Account, Twilio};
use voxlink_gateways::{
    Carrier, CarrierError,
    carrier::{Bought, Filter, Near, SearchQuery, contract},
    fault::{Fault, Script},
};
use voxlink_types::number::{Capability, NumberType};

const SID: &str = "AC00000000000000000000000000000001";

#[derive(Default)]
struct Books {
    for_sale: BTreeSet<String>,
    owned: BTreeMap<String, BTreeMap<String, String>>,
    asked: Vec<String>,
    count: u32,
    /// What is for sale and new to the platform.
    beta: BTreeSet<String>,
    /// The state of what is bought, where it is not `in-use`.
    state: Option<&'static str>,
}

type Shared = Arc<Mutex<Books>>;

fn refusal(status: StatusCode, code: u32, message: &str) -> Response {
    let body = json!({"code": code, "message": message, "status": status.as_u16(),
        "more_info": format!("https://www.twilio.com/docs/errors/{code}")});
    (status, Json(body)).into_response()
}

/// A number that is ours; its state is kept beside the fields of forms.
fn record(sid: &str, fields: &BTreeMap<String, String>) -> Value {
    let state = fields.get("state").map_or("in-use", String::as_str);
    let text = |name: &str| fields.get(name).cloned().unwrap_or_default();
    json!({
        "sid": sid, "account_sid": SID, "phone_number": text("PhoneNumber"),
        "friendly_name": text("FriendlyName"), "voice_url": text("VoiceUrl"),
        "voice_fallback_url": text("VoiceFallbackUrl"), "status_callback": text("StatusCallback"),
        "sms_url": text("SmsUrl"), "status": state, "origin": "twilio",
        "capabilities": {"voice": true, "sms": true, "mms": true, "fax": false},
    })
}

async fn kinds() -> Json<Value> {
    Json(json!({"country_code": "US", "subresource_uris": {"local": "/x", "toll_free": "/y"}}))
}

async fn countries() -> Json<Value> {
    let uris = json!({"local": "/x", "toll_free": "/y"});
    let us = json!({"country_code": "US", "country": "United States", "beta": false,
        "subresource_uris": uris});
    Json(json!({"countries": [us], "next_page_uri": null}))
}

fn price(kind: &str, price: &str) -> Value {
    json!({"number_type": kind, "base_price": price, "current_price": price})
}

/// `pricing.twilio.com`, for numbers and for calls.
async fn number_prices() -> Json<Value> {
    Json(json!({"country": "United States", "iso_country": "US", "price_unit": "USD",
        "phone_number_prices": [price("local", "1.15"), price("toll free", "2.15")]}))
}

async fn voice_prices() -> Json<Value> {
    Json(json!({"country": "United States", "iso_country": "US", "price_unit": "USD",
        "outbound_prefix_prices": [],
        "inbound_call_prices": [price("local", "0.0085"), price("toll free", "0.022")]}))
}

fn account(sid: &str) -> Value {
    json!({"sid": sid, "friendly_name": "Ours", "status": "active", "type": "Full"})
}

async fn own_account() -> Json<Value> {
    Json(account(SID))
}

async fn accounts() -> Json<Value> {
    let below = account("AC00000000000000000000000000000002");
    Json(json!({"accounts": [account(SID), below], "next_page_uri": null}))
}

async fn available(
    State(books): State<Shared>,
    Path((_, _, kind)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Json<Value> {
    let mut books = lock(&books);
    books.asked.push(format!("{kind}?{}", query.clone().unwrap_or_default()));
    let wanted = fields(&query.unwrap_or_default());
    let size: usize = wanted["PageSize"].parse().unwrap();
    let contains = wanted.get("Contains").cloned().unwrap_or_default();
    let free = books.for_sale.iter().filter(|n| kind == "Local.json" && n.contains(&contains));
    let list: Vec<Value> = free
        .take(size)
        .map(|number| {
            json!({"phone_number": number, "iso_country": "US", "locality": "New York",
                "region": "NY", "postal_code": "10001", "rate_center": "NWYRCYZN01",
                "lata": "132", "latitude": "40.71", "longitude": "-74.00",
                "address_requirements": "none", "beta": books.beta.contains(number),
                "capabilities": {"voice": true, "SMS": true, "MMS": false}})
        })
        .collect();
    Json(json!({"available_phone_numbers": list, "uri": "/x"}))
}

async fn list(State(books): State<Shared>, RawQuery(query): RawQuery) -> Json<Value> {
    let wanted = fields(&query.unwrap_or_default());
    let books = lock(&books);
    let page: usize = wanted.get("Page").map_or(0, |p| p.parse().unwrap());
    let number = wanted.get("PhoneNumber");
    let fits = |f: &BTreeMap<String, String>| number.is_none_or(|n| f["PhoneNumber"].contains(n));
    let all: Vec<Value> =
        books.owned.iter().filter(|(_, f)| fits(f)).map(|(sid, f)| record(sid, f)).collect();
    let next = ((page + 1) * 2 < all.len())
        .then(|| format!("/2010-04-01/Accounts/{SID}/IncomingPhoneNumbers.json?Page={}", page + 1));
    let part: Vec<_> = all.into_iter().skip(page * 2).take(2).collect();
    Json(json!({"incoming_phone_numbers": part, "next_page_uri": next}))
}

async fn buy(State(books): State<Shared>, RawForm(body): RawForm) -> Response {
    let mut form = fields(std::str::from_utf8(&body).unwrap());
    let mut books = lock(&books);
    form.extend(books.state.map(|state| ("state".to_owned(), state.to_owned())));
    if !books.for_sale.remove(&form["PhoneNumber"]) {
        return refusal(StatusCode::BAD_REQUEST, 21_422, "is not available");
    }
    books.count += 1;
    let sid = format!("PN{:032}", books.count);
    books.owned.insert(sid.clone(), form.clone());
    (StatusCode::CREATED, Json(record(&sid, &form))).into_response()
}

fn bare(sid: &str) -> &str {
    sid.trim_end_matches(".json")
}

async fn one(State(books): State<Shared>, Path((_, sid)): Path<(String, String)>) -> Response {
    match lock(&books).owned.get(bare(&sid)) {
        Some(fields) => Json(record(bare(&sid), fields)).into_response(),
        None => refusal(StatusCode::NOT_FOUND, 20_404, "not found"),
    }
}

async fn set(
    State(books): State<Shared>,
    Path((_, sid)): Path<(String, String)>,
    RawForm(body): RawForm,
) -> Response {
    match lock(&books).owned.get_mut(bare(&sid)) {
        Some(there) => {
            there.extend(fields(std::str::from_utf8(&body).unwrap()));
            Json(record(bare(&sid), there)).into_response()
        }
        None => refusal(StatusCode::NOT_FOUND, 20_404, "not found"),
    }
}

async fn remove(State(books): State<Shared>, Path((_, sid)): Path<(String, String)>) -> Response {
    match lock(&books).owned.remove(bare(&sid)) {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => refusal(StatusCode::NOT_FOUND, 20_404, "not found"),
    }
}

async fn open(count: u32) -> (StandIn, Shared, Twilio) {
    let for_sale = (0..count).map(|n| format!("+1212555{:04}", 100 + n)).collect();
    let books: Shared = Arc::new(Mutex::new(Books { for_sale, ..Books::default() }));
    let root = "/2010-04-01/Accounts/{account}";
    let app = Router::new()
        .route("/2010-04-01/Accounts.json", get(accounts))
        .route(root, get(own_account))
        .route("/v1/PhoneNumbers/Countries/{country}", get(number_prices))
        .route("/v1/Voice/Countries/{country}", get(voice_prices))
        .route(&format!("{root}/AvailablePhoneNumbers.json"), get(countries))
        .route(&format!("{root}/AvailablePhoneNumbers/{{country}}"), get(kinds))
        .route(&format!("{root}/AvailablePhoneNumbers/{{country}}/{{kind}}"), get(available))
        .route(&format!("{root}/IncomingPhoneNumbers.json"), get(list).post(buy))
        .route(&format!("{root}/IncomingPhoneNumbers/{{sid}}"), get(one).post(set).delete(remove))
        .with_state(Arc::clone(&books));
    let server = StandIn::of(app).await;
    let account = Account {
        sid: SID.to_owned(),
        token: SecretString::from("token"),
        api: server.url.clone(),
        pricing: server.url.clone(),
    };
    let twilio = Twilio::new(account, wire("twilio"));
    (server, books, twilio)
}

fn anything() -> SearchQuery {
    SearchQuery { country: "US".to_owned(), limit: 10, ..SearchQuery::default() }
}

#[tokio::test]
async fn it_keeps_the_contract() {
    let (_server, _, twilio) = open(20).await;
    contract::run(&twilio, &anything(), chrono::DateTime::UNIX_EPOCH).await;
}

#[tokio::test]
async fn it_keeps_the_contract_through_rate_limits_and_lost_answers() {
    for seed in 0..20 {
        let (server, _, twilio) = open(60).await;
        server.misbehave(Script::seeded(seed, 15));
        contract::run(&twilio, &anything(), chrono::DateTime::UNIX_EPOCH).await;
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_purchase_is_an_unknown_outcome_and_is_found() {
    let (server, books, twilio) = open(5).await;
    let number = "+12125550100".parse().unwrap();
    let purchase = contract::purchase(&number, uuid::Uuid::from_u128(42));
    server.tell(Fault::LostAnswer);
    let lost = twilio.buy(&purchase).await;
    assert!(matches!(lost, Err(CarrierError::UnknownOutcome { .. })), "{lost:?}");
    assert_eq!(lock(&books).owned.len(), 1, "it was not sent again");
    assert!(twilio.find_purchase(&number, purchase.key).await.unwrap().is_some());
    assert!(twilio.find_purchase(&number, uuid::Uuid::from_u128(43)).await.unwrap().is_none());
}

#[tokio::test]
async fn numbers_new_to_the_platform_are_not_offered() {
    let (_server, books, twilio) = open(5).await;
    lock(&books).beta.insert("+12125550102".to_owned());
    let found = twilio.search(&anything()).await.unwrap();
    assert_eq!(found.offers.len(), 4);
    assert!(found.offers.iter().all(|offer| offer.number.as_str() != "+12125550102"));
}

#[tokio::test]
async fn a_purchase_is_pending_until_the_number_is_in_use() {
    let (_server, books, twilio) = open(5).await;
    let number = "+12125550100".parse().unwrap();
    let purchase = contract::purchase(&number, uuid::Uuid::from_u128(42));
    lock(&books).state = Some("provisioning");
    let Bought::Pending { order_id } = twilio.buy(&purchase).await.unwrap() else {
        panic!("nobody knows that state")
    };
    // Asking again and buying again come to the same.
    let pending = Bought::Pending { order_id: order_id.clone() };
    let found = twilio.find_purchase(&number, purchase.key).await.unwrap();
    assert_eq!(found.as_ref(), Some(&pending));
    assert_eq!(twilio.buy(&purchase).await.unwrap(), pending);
    assert!(!twilio.get(&order_id).await.unwrap().active);
    lock(&books).owned.get_mut(&order_id).unwrap().remove("state");
    let found = twilio.find_purchase(&number, purchase.key).await.unwrap();
    assert!(matches!(found, Some(Bought::Done(owned)) if owned.id == order_id && owned.active));
}

#[tokio::test]
async fn filters_go_by_twilios_names_and_what_it_cannot_do_is_done_here() {
    let (_server, books, twilio) = open(50).await;
    let query = SearchQuery {
        area_code: Some("212".to_owned()),
        contains: Some("01?2".to_owned()),
        exclude: vec!["5555".to_owned(), "0112".to_owned()],
        region: Some("NY".to_owned()),
        locality: Some("New York".to_owned()),
        near: Some(Near { latitude: 40.7, longitude: -74.0, within_km: 100.0 }),
        capabilities: vec![Capability::Sms],
        types: vec![NumberType::Local],
        no_papers: true,
        ..anything()
    };
    let found = twilio.search(&query).await.unwrap();
    let asked = lock(&books).asked.clone();
    assert_eq!(
        asked,
        [
            "Local.json?PageSize=10&Beta=false&Contains=01*2&AreaCode=212&InLocality=New+York&InRegion=NY\
          &NearLatLong=40.70000%2C-74.00000&Distance=63&SmsEnabled=true&ExcludeAllAddressRequired=true"
        ]
    );
    assert!(found.applied.contains(&Filter::Exclude), "checked here");
    for offer in &found.offers {
        assert!(!offer.national().contains("0112"));
        assert!(offer.distance_km.unwrap() < 100.0);
    }
}
