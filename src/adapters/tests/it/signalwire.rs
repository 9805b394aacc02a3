//! SignalWire: the contract over its own protocol, through faults, and what its requests look like.

use crate::stand_in::{StandIn, fields, lock, wire};
use axum::{
    Json, Router,
    extract::{Path, RawForm, RawQuery, Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};
use uuid::Uuid;
use voxlink_adapters::carriers::signalwire::{Project, SignalWire};
use voxlink_gateways::{
    Carrier, CarrierError,
    carrier::{
        Bought, Filter, MessageStatus, Offer, OutgoingCall, OutgoingMessage, SearchQuery, contract,
    },
    fault::{Fault, Script},
};
use voxlink_types::{call::CallStatus, number::NumberType};

const PROJECT: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
const TOKEN: &str = "PT0123456789";

#[derive(Default)]
struct Books {
    for_sale: BTreeSet<String>,
    owned: BTreeMap<String, Value>,
    /// Whether the fourteen days are over.
    old: bool,
    /// What every list names as its next page, instead of the right one.
    next_page: Option<&'static str>,
    asked: Vec<String>,
    count: u32,
}

type Shared = Arc<Mutex<Books>>;

/// A refusal as `/api/relay/rest` says it.
fn refusal(code: &str, detail: &str) -> Response {
    let error = json!({"detail": detail, "status": "422", "title": "Invalid", "code": code});
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"errors": [error]}))).into_response()
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"error": "Not Found"}))).into_response()
}

async fn only_the_project(request: Request, next: Next) -> Response {
    let wanted = format!("Basic {}", STANDARD.encode(format!("{PROJECT}:{TOKEN}")));
    let given = request.headers().get(header::AUTHORIZATION);
    if given.is_some_and(|given| given.as_bytes() == wanted.as_bytes()) {
        return next.run(request).await;
    }
    (StatusCode::UNAUTHORIZED, Json(json!({"error": "Unauthorized"}))).into_response()
}

async fn search(State(books): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let mut books = lock(&books);
    books.asked.push(query.clone());
    let wanted = fields(&query);
    let most: usize = wanted["max_results"].parse().unwrap();
    let text = |name: &str| wanted.get(name).cloned().unwrap_or_default();
    let pattern = text("contains");
    let bad_pattern = !pattern.is_empty() && !(3..=7).contains(&pattern.len());
    if most > 100 || bad_pattern || (!text("city").is_empty() && text("region").is_empty()) {
        return refusal("invalid_parameter", "a parameter is invalid");
    }
    let toll_free = text("number_type") == "toll-free";
    let data: Vec<Value> = books
        .for_sale
        .iter()
        .filter(|n| n.starts_with("+1800") == toll_free)
        .filter(|n| n[2..].starts_with(&text("areacode")) && n[2..].contains(&pattern))
        .take(most)
        .map(|number| {
            json!({"number": number, "region": "NY", "city": "NEW YORK", "rate_center": "NWYRCYZN01",
                "lata": "132", "capabilities": {"voice": true, "sms": true, "mms": true, "fax": false}})
        })
        .collect();
    Json(json!({"links": {"self": "/x", "first": "/x"}, "data": data})).into_response()
}

async fn list(State(books): State<Shared>, RawQuery(query): RawQuery) -> Json<Value> {
    const PAGE: usize = 2;
    let wanted = fields(&query.unwrap_or_default());
    let page: usize = wanted.get("page_number").map_or(0, |p| p.parse().unwrap());
    let number = wanted.get("filter_number").cloned().unwrap_or_default();
    let books = lock(&books);
    let fits = |n: &&Value| n["number"].as_str().is_some_and(|n| n.contains(&number));
    let all: Vec<&Value> = books.owned.values().filter(fits).collect();
    let mut links = json!({"self": "/x", "first": "/x"});
    if (page + 1) * PAGE < all.len() {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("filter_number", &number)
            .append_pair("page_number", &(page + 1).to_string())
            .finish();
        links["next"] = json!(format!("/api/relay/rest/phone_numbers?{query}"));
    }
    if let Some(wrong) = books.next_page {
        links["next"] = json!(wrong);
    }
    let data: Vec<&Value> = all.into_iter().skip(page * PAGE).take(PAGE).collect();
    Json(json!({"links": links, "data": data}))
}

/// Bought with 200, and nothing but the number is set.
async fn buy(State(books): State<Shared>, Json(body): Json<Value>) -> Response {
    let mut books = lock(&books);
    let number = body["number"].as_str().unwrap().to_owned();
    if !books.for_sale.remove(&number) {
        return refusal("invalid", "number is not available for purchase");
    }
    books.count += 1;
    let id = Uuid::from_u128(u128::from(books.count)).to_string();
    let record = json!({"id": id, "number": number, "name": null, "number_type": "longcode",
        "capabilities": ["voice", "sms", "mms"], "call_handler": null, "call_request_url": null,
        "call_fallback_url": null, "call_status_callback_url": null, "message_handler": null,
        "message_request_url": null, "created_at": "2026-11-21T12:00:00Z"});
    books.owned.insert(id, record.clone());
    Json(record).into_response()
}

async fn one(State(books): State<Shared>, Path(id): Path<String>) -> Response {
    lock(&books).owned.get(&id).map_or_else(not_found, |n| Json(n.clone()).into_response())
}

async fn set(
    State(books): State<Shared>,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Response {
    let mut books = lock(&books);
    let Some(record) = books.owned.get_mut(&id) else { return not_found() };
    for (name, value) in body.as_object().unwrap() {
        record[name] = value.clone();
    }
    Json(record.clone()).into_response()
}

async fn remove(State(books): State<Shared>, Path(id): Path<String>) -> Response {
    let mut books = lock(&books);
    if books.owned.contains_key(&id) && !books.old {
        return refusal("purchased_too_recently", "keep it for 14 days");
    }
    match books.owned.remove(&id) {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => not_found(),
    }
}

/// The compatibility API: messages and calls, by form.
async fn laml(
    State(books): State<Shared>,
    Path((account, what)): Path<(String, String)>,
    RawForm(body): RawForm,
) -> Response {
    assert_eq!(account, PROJECT);
    let form = String::from_utf8(body.to_vec()).unwrap();
    lock(&books).asked.push(format!("{what} {form}"));
    let answer = json!({"sid": "9a1b", "status": "queued", "num_segments": 2});
    (StatusCode::CREATED, Json(answer)).into_response()
}

async fn accounts() -> Json<Value> {
    let account = |sid: &str| json!({"sid": sid, "friendly_name": "Ours", "status": "active"});
    let below = account("b3d8e2f0-0c5a-4f0a-9a53-1b7f4a2f6c11");
    Json(json!({"accounts": [account(PROJECT), below], "next_page_uri": null}))
}

async fn call_made() -> Json<Value> {
    Json(json!({"sid": "9a1b", "from": "+12125550100", "to": "+12125550101", "status": "completed",
        "start_time": "Sat, 21 Nov 2026 12:00:00 +0000", "end_time": "Sat, 21 Nov 2026 12:01:00 +0000",
        "duration": 60, "price": -0.0085, "price_unit": "USD"}))
}

async fn open(count: u32) -> (StandIn, Shared, SignalWire) {
    let local = (0..count).map(|n| format!("+1212555{:04}", 100 + n));
    let for_sale = local.chain(["+18005550100".to_owned()]).collect();
    let books: Shared = Arc::new(Mutex::new(Books { for_sale, ..Books::default() }));
    let numbers = "/api/relay/rest/phone_numbers";
    let compatible = "/api/laml/2010-04-01/Accounts/{account}";
    let app = Router::new()
        .route(numbers, get(list).post(buy))
        .route(&format!("{numbers}/search"), get(search))
        .route(&format!("{numbers}/{{id}}"), get(one).put(set).delete(remove))
        .route("/api/laml/2010-04-01/Accounts", get(accounts))
        .route(&format!("{compatible}/{{what}}"), post(laml))
        .route(&format!("{compatible}/Calls/{{id}}"), get(call_made))
        .layer(middleware::from_fn(only_the_project))
        .with_state(Arc::clone(&books));
    let server = StandIn::of(app).await;
    let signalwire = with_token(&server, TOKEN);
    (server, books, signalwire)
}

fn with_token(server: &StandIn, token: &str) -> SignalWire {
    let project = Project {
        id: PROJECT.to_owned(),
        token: SecretString::from(token),
        space: server.url.clone(),
    };
    SignalWire::new(project, wire("signalwire"))
}

fn anything() -> SearchQuery {
    SearchQuery { country: "US".to_owned(), limit: 10, ..SearchQuery::default() }
}

#[tokio::test]
async fn it_keeps_the_contract() {
    let (_server, _, signalwire) = open(20).await;
    contract::run(&signalwire, &anything(), chrono::DateTime::UNIX_EPOCH).await;
}

#[tokio::test]
async fn it_keeps_the_contract_through_rate_limits_and_lost_answers() {
    for seed in 0..20 {
        let (server, _, signalwire) = open(60).await;
        server.misbehave(Script::seeded(seed, 15));
        contract::run(&signalwire, &anything(), chrono::DateTime::UNIX_EPOCH).await;
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_purchase_is_found_bare_and_is_nobody_elses() {
    let (server, books, signalwire) = open(5).await;
    let number = "+12125550100".parse().unwrap();
    let purchase = contract::purchase(&number, Uuid::from_u128(42));
    server.tell(Fault::LostAnswer);
    let lost = signalwire.buy(&purchase).await;
    assert!(matches!(lost, Err(CarrierError::UnknownOutcome { .. })), "{lost:?}");
    assert_eq!(lock(&books).owned.len(), 1, "it was not sent again");
    let found = signalwire.find_purchase(&number, purchase.key).await.unwrap();
    let Some(Bought::Done(owned)) = found else { panic!("it is found: {found:?}") };
    assert_eq!(owned.settings.unwrap().voice_url, "", "nobody has set it yet, and that is said");
    let stranger = signalwire.find_purchase(&number, Uuid::from_u128(43)).await.unwrap();
    assert_eq!(stranger, None, "it is claimed");
}

#[tokio::test]
async fn a_number_bought_and_not_set_up_for_sure_is_an_unknown_outcome() {
    for (fault, set_up) in [(Fault::LostAnswer, true), (Fault::LostRequest, false)] {
        let (server, _, signalwire) = open(5).await;
        let number = "+12125550100".parse().unwrap();
        let purchase = contract::purchase(&number, Uuid::from_u128(42));
        let mut script = Script::calm();
        script.tell(None);
        for _ in 0..4 {
            script.tell(Some(fault));
        }
        server.misbehave(script);
        let lost = signalwire.buy(&purchase).await;
        assert!(matches!(lost, Err(CarrierError::UnknownOutcome { .. })), "{lost:?}");
        let found = signalwire.find_purchase(&number, purchase.key).await.unwrap();
        let Some(Bought::Done(owned)) = found else { panic!("it is found: {found:?}") };
        let settings = owned.settings.unwrap();
        assert_eq!(settings.voice_url == purchase.settings.voice_url, set_up, "{fault:?}");
        let again = signalwire.buy(&purchase).await.unwrap();
        assert!(matches!(again, Bought::Done(n) if n.id == owned.id), "bought once");
    }
}

#[tokio::test]
async fn a_refused_purchase_takes_no_number_that_another_purchase_is_about_to_set_up() {
    let (server, books, signalwire) = open(5).await;
    let number = "+12125550100".parse().unwrap();
    server.tell(Fault::LostAnswer);
    signalwire.buy(&contract::purchase(&number, Uuid::from_u128(42))).await.unwrap_err();
    let second = signalwire.buy(&contract::purchase(&number, Uuid::from_u128(43))).await;
    assert!(matches!(second, Err(CarrierError::AlreadyOurs { .. })), "{second:?}");
    let books = lock(&books);
    assert!(books.owned.values().all(|n| n["name"].is_null()), "{:?}", books.owned);
}

#[tokio::test]
async fn filters_go_by_signalwires_names_and_what_it_cannot_do_is_done_here() {
    let (_server, books, signalwire) = open(50).await;
    let query = SearchQuery {
        area_code: Some("212".to_owned()),
        contains: Some("01?2".to_owned()),
        exclude: vec!["0112".to_owned()],
        region: Some("ny".to_owned()),
        locality: Some("New York".to_owned()),
        types: vec![NumberType::Local],
        ..anything()
    };
    let found = signalwire.search(&query).await.unwrap();
    assert_eq!(
        lock(&books).asked,
        ["number_type=local&max_results=10&areacode=212&region=NY&city=New+York"],
        "its patterns know no placeholder"
    );
    for filter in [Filter::AreaCode, Filter::Contains, Filter::Exclude, Filter::Locality] {
        assert!(found.applied.contains(&filter), "{filter}");
    }
    let digits: Vec<&str> = found.offers.iter().map(Offer::national).collect();
    assert_eq!(digits, ["2125550102"]);
    // What it can match it is asked to match; a kind and a country it has not are not asked for.
    lock(&books).asked.clear();
    let plain = SearchQuery { contains: Some("555".to_owned()), ..anything() };
    assert!(!signalwire.search(&plain).await.unwrap().offers.is_empty());
    let mobile = SearchQuery { types: vec![NumberType::Mobile], ..anything() };
    let canada = SearchQuery { country: "CA".to_owned(), ..anything() };
    for nothing in [mobile, canada] {
        assert!(signalwire.search(&nothing).await.unwrap().offers.is_empty());
    }
    assert_eq!(
        lock(&books).asked,
        [
            "number_type=local&max_results=10&contains=555",
            "number_type=toll-free&max_results=10&contains=555"
        ]
    );
}

#[tokio::test]
async fn a_number_is_let_go_after_its_days_and_twice_is_once() {
    let (_server, books, signalwire) = open(1).await;
    let number = "+12125550100".parse().unwrap();
    let bought = signalwire.buy(&contract::purchase(&number, Uuid::from_u128(1))).await.unwrap();
    let Bought::Done(owned) = bought else { panic!("bought at once: {bought:?}") };
    let early = signalwire.release(&owned.id).await;
    assert!(matches!(early, Err(CarrierError::TooEarly { .. })), "{early:?}");
    lock(&books).old = true;
    signalwire.release(&owned.id).await.unwrap();
    signalwire.release(&owned.id).await.unwrap();
    let gone = signalwire.get(&owned.id).await;
    assert!(matches!(gone, Err(CarrierError::Gone { .. })), "{gone:?}");
}

#[tokio::test]
async fn a_list_whose_next_page_is_elsewhere_is_no_whole_list() {
    let (_server, books, signalwire) = open(1).await;
    let number = "+12125550100".parse().unwrap();
    let purchase = contract::purchase(&number, Uuid::from_u128(1));
    signalwire.buy(&purchase).await.unwrap();
    for wrong in ["string", "/elsewhere", "https://elsewhere.example/api/relay/rest/phone_numbers"]
    {
        lock(&books).next_page = Some(wrong);
        let listed = signalwire.list_owned(None).await;
        assert!(matches!(listed, Err(CarrierError::Transient { .. })), "{wrong}: {listed:?}");
        let asked = signalwire.list_owned(Some(wrong.to_owned())).await;
        assert!(matches!(asked, Err(CarrierError::Rejected { .. })), "{wrong}: {asked:?}");
        let found = signalwire.find_purchase(&number, purchase.key).await.unwrap();
        assert!(found.is_some(), "a number is looked up on one page");
    }
    lock(&books).next_page = Some("");
    let (owned, next) = signalwire.list_owned(None).await.unwrap();
    assert_eq!((owned.len(), next), (1, None));
}

#[tokio::test]
async fn its_health_is_its_credentials() {
    let (server, _, signalwire) = open(1).await;
    signalwire.health().await.unwrap();
    let refused = with_token(&server, "PT-withdrawn").health().await;
    assert!(matches!(refused, Err(CarrierError::RefusedCredentials { .. })), "{refused:?}");
}

#[tokio::test]
async fn messages_and_calls_go_by_the_compatibility_api() {
    let (server, books, signalwire) = open(1).await;
    let message = OutgoingMessage {
        from: "+12125550100".parse().unwrap(),
        to: "+12125550101".parse().unwrap(),
        text: "Hello & welcome".to_owned(),
        media: Vec::new(),
        status_url: "https://voxlink.test/m".to_owned(),
        key: Uuid::from_u128(7),
    };
    let receipt = signalwire.send(&message).await.unwrap();
    assert_eq!((receipt.status, receipt.segments), (MessageStatus::Queued, Some(2)));
    let sent = lock(&books).asked.pop().unwrap();
    assert!(sent.starts_with("Messages ") && sent.contains("Body=Hello+%26+welcome"), "{sent}");
    server.tell(Fault::LostAnswer);
    let lost = signalwire.send(&message).await;
    assert!(matches!(lost, Err(CarrierError::UnknownOutcome { .. })), "{lost:?}");
    assert_eq!(lock(&books).asked.len(), 1, "a message is not sent twice");
    let call = OutgoingCall {
        from: message.from.clone(),
        to: message.to.clone(),
        answer_url: "https://voxlink.test/a".to_owned(),
        status_url: "https://voxlink.test/s".to_owned(),
        ring_seconds: 25,
        key: Uuid::from_u128(8),
    };
    assert_eq!(signalwire.call(&call).await.unwrap(), "9a1b");
    let details = signalwire.call_details("9a1b").await.unwrap();
    assert_eq!((details.status, details.duration_seconds), (CallStatus::Completed, Some(60)));
    let (amount, currency) = details.cost.unwrap();
    assert_eq!((amount.to_string(), currency.as_str()), ("0.0085".to_owned(), "USD"));
}
