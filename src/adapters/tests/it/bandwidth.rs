//! Bandwidth: the contract over its own protocol, through faults, and what its requests look like.

use crate::stand_in::{StandIn, fields, lock, wire};
use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use quick_xml::escape::{escape, unescape};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};
use uuid::Uuid;
use voxlink_adapters::carriers::bandwidth::{Account, Bandwidth};
use voxlink_gateways::{
    Carrier, CarrierError, SystemClock,
    carrier::{
        Bought, NumberSettings, OutgoingCall, OutgoingMessage, SearchQuery, contract,
    },
    fault::{Fault, Script},
};
use voxlink_types::{E164, call::CallStatus, number::NumberType};

const ACCOUNT: &str = "9900012";
const PEER: &str = "303716";

#[derive(Clone)]
struct Order {
    key: String,
    name: String,
    number: String,
    state: String,
    looks: u32,
}

#[derive(Default)]
struct Books {
    for_sale: BTreeSet<String>,
    /// Reservation to number.
    reserved: BTreeMap<String, String>,
    orders: BTreeMap<String, Order>,
    /// Number to order.
    owned: BTreeMap<String, String>,
    aging: BTreeSet<String>,
    /// Disconnect to number and looks left.
    disconnects: BTreeMap<String, (String, u32)>,
    applications: BTreeMap<String, BTreeMap<String, String>>,
    /// How often orders are looked at until they are done.
    slow: u32,
    slow_disconnects: u32,
    /// The state of orders that are not done.
    word: Option<String>,
    /// The location that numbers are at.
    peer: Option<String>,
    asked: Vec<String>,
    posted: Vec<String>,
    said: Vec<Value>,
    count: u32,
}

type Shared = Arc<Mutex<Books>>;

impl Books {
    fn id(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}-{:04}", self.count)
    }

    fn order(&mut self, id: &str) -> Option<Order> {
        let order = self.orders.get_mut(id)?;
        if order.looks > 0 {
            order.looks -= 1;
        } else if order.state != "FAILED" && self.word.is_none() {
            "COMPLETE".clone_into(&mut order.state);
            let (number, id) = (order.number.clone(), id.to_owned());
            if !self.aging.contains(&number) {
                self.owned.insert(number, id);
            }
        }
        self.orders.get(id).cloned()
    }

    fn disconnect(&mut self, number: &str) {
        self.owned.remove(number);
        self.aging.insert(number.to_owned());
    }
}

fn xml(status: StatusCode, body: &str) -> Response {
    let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
    let kind = [(header::CONTENT_TYPE, "application/xml")];
    (status, kind, format!("{declaration}{body}")).into_response()
}

fn good(body: &str) -> Response {
    xml(StatusCode::OK, body)
}

fn errors(element: &str, code: u32, words: &str) -> Response {
    let error = format!("<Error><Code>{code}</Code><Description>{words}</Description></Error>");
    xml(StatusCode::BAD_REQUEST, &format!("<{element}><ErrorList>{error}</ErrorList></{element}>"))
}

/// The text of the first element of a name.
fn leaf(body: &str, name: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(unescape(text).unwrap().into_owned())
}

async fn available(State(books): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let mut books = lock(&books);
    books.asked.push(query.clone());
    let wanted = fields(&query);
    let has = |name: &str, fits: &dyn Fn(&str) -> bool| wanted.get(name).is_none_or(|v| fits(v));
    if wanted.len() < 3 && !query.contains("tollFree") {
        let error = "<SearchResult><Error><Code>4010</Code><Description>no</Description></Error></SearchResult>";
        return xml(StatusCode::BAD_REQUEST, error);
    }
    if query.contains("tollFree") {
        return good("<SearchResult/>");
    }
    if !has("areaCode", &|code| code == "212") {
        let error = "<SearchResult><Error><Code>4023</Code><Description>no</Description></Error></SearchResult>";
        return xml(StatusCode::BAD_REQUEST, error);
    }
    let free = books.for_sale.iter().filter(|number| {
        has("npaNxxx", &|start| number.starts_with(start))
            && has("state", &|state| state == "NY")
            && has("localVanity", &|digits| number[3..].contains(digits))
            && !books.reserved.values().any(|reserved| reserved == *number)
    });
    let details: String = free
        .take(wanted["quantity"].parse().unwrap())
        .map(|number| {
            format!(
                "<TelephoneNumberDetail><City>NEW YORK</City><FullNumber>{number}</FullNumber>\
                 <LATA>132</LATA><RateCenter>NWYRCYZN01</RateCenter><State>NY</State><Tier>0\
                 </Tier></TelephoneNumberDetail>"
            )
        })
        .collect();
    good(&format!(
        "<SearchResult><ResultCount>1</ResultCount><TelephoneNumberDetailList>{details}\
         </TelephoneNumberDetailList></SearchResult>"
    ))
}

async fn reserve(State(books): State<Shared>, body: String) -> Response {
    let mut books = lock(&books);
    let number = leaf(&body, "ReservedTn").unwrap();
    let taken = books.reserved.values().any(|reserved| *reserved == number);
    if taken || !books.for_sale.contains(&number) {
        let words = format!("Reservation failed: telephone number {number} is not available.");
        let status = format!(
            "<ReservationResponse><ResponseStatus><ErrorCode>5041</ErrorCode><Description>{words}\
             </Description></ResponseStatus></ReservationResponse>"
        );
        return xml(StatusCode::BAD_REQUEST, &status);
    }
    let id = books.id("reservation");
    books.reserved.insert(id.clone(), number);
    let at = format!("https://dashboard.bandwidth.com/api/accounts/{ACCOUNT}/TnReservation/{id}");
    (StatusCode::CREATED, [(header::LOCATION, at)]).into_response()
}

async fn reservation(
    State(books): State<Shared>,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    match lock(&books).reserved.get(&id) {
        Some(number) => good(&format!(
            "<ReservationResponse><Reservation><ReservationId>{id}</ReservationId>\
             <ReservationExpires>1492</ReservationExpires><ReservedTn>{number}</ReservedTn>\
             </Reservation></ReservationResponse>"
        )),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn unreserve(State(books): State<Shared>, Path((_, id)): Path<(String, String)>) -> Response {
    match lock(&books).reserved.remove(&id) {
        Some(_) => good("<ReservationResponse/>"),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn shown(id: &str, order: &Order) -> String {
    let done = match order.state.as_str() {
        "COMPLETE" => format!(
            "<CompletedNumbers><TelephoneNumber><FullNumber>{}</FullNumber></TelephoneNumber>\
             </CompletedNumbers>",
            order.number
        ),
        "FAILED" => "<ErrorList><Error><Code>5005</Code><Description>The telephone number is \
                     unavailable for ordering</Description></Error></ErrorList>"
            .to_owned(),
        _ => String::new(),
    };
    format!(
        "<OrderResponse><CompletedQuantity>0</CompletedQuantity><Order><CustomerOrderId>{}\
         </CustomerOrderId><id>{id}</id><Name>{}</Name><PeerId>{PEER}</PeerId>\
         <ExistingTelephoneNumberOrderType><TelephoneNumberList><TelephoneNumber>{}\
         </TelephoneNumber></TelephoneNumberList></ExistingTelephoneNumberOrderType>\
         <SiteId>743</SiteId></Order><OrderStatus>{}</OrderStatus>{done}</OrderResponse>",
        order.key,
        escape(order.name.as_str()),
        order.number,
        order.state
    )
}

async fn buy(State(books): State<Shared>, body: String) -> Response {
    let mut books = lock(&books);
    books.posted.push(body.clone());
    if leaf(&body, "SiteId").as_deref() != Some("743") {
        return errors("OrderResponse", 5016, "The SiteId submitted is invalid.");
    }
    let number = leaf(&body, "TelephoneNumber").unwrap();
    let holder = books.reserved.iter().find(|(_, held)| **held == number).map(|(id, _)| id.clone());
    let ours = holder.is_none() || holder == leaf(&body, "ReservationId");
    let free = ours && books.for_sale.remove(&number);
    let state = match (free, books.word.clone()) {
        (false, _) => "FAILED".to_owned(),
        (true, None) => "RECEIVED".to_owned(),
        (true, Some(word)) => word,
    };
    let id = books.id("order");
    let order = Order {
        key: leaf(&body, "CustomerOrderId").unwrap(),
        name: leaf(&body, "Name").unwrap(),
        number,
        state,
        looks: books.slow,
    };
    let accepted = Order { state: "RECEIVED".to_owned(), ..order.clone() };
    books.orders.insert(id.clone(), order);
    xml(StatusCode::CREATED, &shown(&id, &accepted))
}

async fn orders(State(books): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let wanted = fields(&query.unwrap_or_default());
    let books = lock(&books);
    let list: String = books
        .orders
        .iter()
        .filter(|(_, order)| order.key == wanted["customerOrderId"])
        .map(|(id, order)| {
            format!(
                "<OrderIdUserIdDate><CountOfTNs>1</CountOfTNs><orderId>{id}</orderId>\
                 <OrderStatus>{}</OrderStatus></OrderIdUserIdDate>",
                order.state
            )
        })
        .collect();
    good(&format!(
        "<ResponseSelectWrapper><ListOrderIdUserIdDate><TotalCount>1</TotalCount>{list}\
         </ListOrderIdUserIdDate></ResponseSelectWrapper>"
    ))
}

async fn order(State(books): State<Shared>, Path((_, id)): Path<(String, String)>) -> Response {
    match lock(&books).order(&id) {
        Some(order) => good(&shown(&id, &order)),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn rename(
    State(books): State<Shared>,
    Path((_, id)): Path<(String, String)>,
    body: String,
) -> Response {
    match lock(&books).orders.get_mut(&id) {
        Some(order) => {
            order.name = leaf(&body, "Name").unwrap();
            good("<OrderResponse/>")
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Two numbers a page.
async fn list(State(books): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let page: usize = fields(&query.unwrap_or_default())["page"].parse().unwrap();
    let books = lock(&books);
    if books.owned.is_empty() {
        return StatusCode::NO_CONTENT.into_response();
    }
    let next = (page * 2 < books.owned.len()).then(|| {
        let link = format!("<https://dashboard.bandwidth.com:443/v1.0/x?page={}&size=2>", page + 1);
        format!("<next>Link={};rel=\"next\";</next>", escape(link.as_str()))
    });
    let part = books.owned.keys().skip((page - 1) * 2).take(2);
    let part: String = part.map(|n| format!("<TelephoneNumber>{n}</TelephoneNumber>")).collect();
    good(&format!(
        "<TNs><TotalCount>{}</TotalCount><Links><first>( a link )</first>{}</Links>\
         <TelephoneNumbers><Count>2</Count>{part}</TelephoneNumbers></TNs>",
        books.owned.len(),
        next.unwrap_or_default()
    ))
}

async fn in_service(
    State(books): State<Shared>,
    Path((_, number)): Path<(String, String)>,
) -> StatusCode {
    if lock(&books).owned.contains_key(&number) { StatusCode::OK } else { StatusCode::NOT_FOUND }
}

async fn details(State(books): State<Shared>, Path(number): Path<String>) -> Response {
    let books = lock(&books);
    let status = if books.owned.contains_key(&number) {
        "Inservice"
    } else if books.aging.contains(&number) {
        "Aging"
    } else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let peer = books.peer.as_deref().unwrap_or(PEER);
    good(&format!(
        "<TelephoneNumberResponse><TelephoneNumberDetails><City>NEW YORK</City><FullNumber>{number}\
         </FullNumber><Status>{status}</Status><AccountId>{ACCOUNT}</AccountId><Site><Id>743</Id>\
         </Site><SipPeer><PeerId>{peer}</PeerId></SipPeer></TelephoneNumberDetails>\
         </TelephoneNumberResponse>"
    ))
}

async fn origin(State(books): State<Shared>, Path(number): Path<String>) -> Response {
    match lock(&books).owned.get(&number) {
        Some(order) => good(&format!(
            "<TelephoneNumberResponse><TelephoneNumber>{number}</TelephoneNumber><Status>Inservice\
             </Status><OrderId>{order}</OrderId><OrderType>NEW_NUMBER_ORDER</OrderType>\
             </TelephoneNumberResponse>"
        )),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn disconnect(State(books): State<Shared>, body: String) -> Response {
    let mut books = lock(&books);
    let number = leaf(&body, "TelephoneNumber").unwrap();
    if !books.owned.contains_key(&number) {
        let words = "Number does not belong to this account.";
        return errors("DisconnectTelephoneNumberOrderResponse", 5076, words);
    }
    let id = books.id("disconnect");
    let looks = books.slow_disconnects;
    if looks == 0 {
        books.disconnect(&number);
    }
    books.disconnects.insert(id.clone(), (number, looks));
    xml(StatusCode::CREATED, &disconnected(&id, "RECEIVED"))
}

fn disconnected(id: &str, state: &str) -> String {
    format!(
        "<DisconnectTelephoneNumberOrderResponse><orderRequest><id>{id}</id></orderRequest>\
         <OrderStatus>{state}</OrderStatus></DisconnectTelephoneNumberOrderResponse>"
    )
}

async fn disconnect_state(
    State(books): State<Shared>,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    let mut books = lock(&books);
    let (number, looks) = books.disconnects[&id].clone();
    if looks > 0 {
        books.disconnects.insert(id.clone(), (number, looks - 1));
        return good(&disconnected(&id, "TELEPORTING"));
    }
    books.disconnect(&number);
    good(&disconnected(&id, "COMPLETE"))
}

const URLS: [&str; 5] = [
    "CallInitiatedCallbackUrl",
    "CallInitiatedFallbackUrl",
    "CallStatusCallbackUrl",
    "InboundCallbackUrl",
    "OutboundCallbackUrl",
];

async fn application(
    State(books): State<Shared>,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    let books = lock(&books);
    let Some(there) = books.applications.get(&id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let urls = URLS.iter().filter_map(|name| Some((name, there.get(*name)?)));
    let urls: String =
        urls.map(|(name, url)| format!("<{name}>{}</{name}>", escape(url.as_str()))).collect();
    let creds = there.get("UserId").map(|user| format!("<UserId>{user}</UserId>"));
    let creds = creds.unwrap_or_default();
    good(&format!(
        "<ApplicationProvisioningResponse><Application><ApplicationId>{id}</ApplicationId>\
         <AppName>VoxLink</AppName>{urls}<!-- DEPRECATED --><CallbackCreds>{creds}</CallbackCreds>\
         <InboundCallbackCreds>{creds}</InboundCallbackCreds></Application>\
         </ApplicationProvisioningResponse>"
    ))
}

async fn patch(
    State(books): State<Shared>,
    Path((_, id)): Path<(String, String)>,
    body: String,
) -> Response {
    let mut books = lock(&books);
    books.posted.push(body.clone());
    let Some(there) = books.applications.get_mut(&id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    for name in URLS.into_iter().chain(["UserId"]) {
        if let Some(text) = leaf(&body, name) {
            there.insert(name.to_owned(), text);
        }
    }
    good("<ApplicationProvisioningResponse/>")
}

async fn sites() -> Response {
    good(
        "<SitesResponse><Sites><Site><Id>743</Id><Name>Ours</Name></Site><Site><Id>744</Id>\
         <Name>Tom &amp; Co</Name><Description/></Site></Sites></SitesResponse>",
    )
}

async fn peer(Path((_, site, peer)): Path<(String, String, String)>) -> Response {
    if site == "743" && peer == PEER {
        good("<SipPeerResponse><SipPeer><PeerId>303716</PeerId></SipPeer></SipPeerResponse>")
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}

async fn message(State(books): State<Shared>, Json(body): Json<Value>) -> Response {
    lock(&books).said.push(body.clone());
    let taken = json!({"id": "1589m", "segmentCount": 1, "direction": "out", "to": body["to"]});
    (StatusCode::ACCEPTED, Json(taken)).into_response()
}

async fn call(State(books): State<Shared>, Json(body): Json<Value>) -> Response {
    lock(&books).said.push(body.clone());
    (StatusCode::CREATED, Json(json!({"callId": "c-1", "to": body["to"]}))).into_response()
}

async fn call_state() -> Json<Value> {
    Json(json!({"callId": "c-1", "state": "initiated", "from": "+1", "to": "+2"}))
}

struct Set {
    server: StandIn,
    books: Shared,
    account: Account,
}

impl Set {
    async fn of(count: u32) -> Self {
        let for_sale = (0..count).map(|n| format!("212555{:04}", 100 + n)).collect();
        let applications = ["v", "m"].map(|id| (id.to_owned(), BTreeMap::new())).into();
        let books = Books { for_sale, applications, slow: 3, ..Books::default() };
        let books: Shared = Arc::new(Mutex::new(books));
        let own = "/api/accounts/{account}";
        let app = Router::new()
            .route(&format!("{own}/availableNumbers"), get(available))
            .route(&format!("{own}/tnreservation"), post(reserve))
            .route(&format!("{own}/tnreservation/{{id}}"), get(reservation).delete(unreserve))
            .route(&format!("{own}/orders"), get(orders).post(buy))
            .route(&format!("{own}/orders/{{id}}"), get(order).put(rename))
            .route(&format!("{own}/inserviceNumbers"), get(list))
            .route(&format!("{own}/inserviceNumbers/{{tn}}"), get(in_service))
            .route(&format!("{own}/disconnects"), post(disconnect))
            .route(&format!("{own}/disconnects/{{id}}"), get(disconnect_state))
            .route(&format!("{own}/applications/{{id}}"), get(application).patch(patch))
            .route(&format!("{own}/sites"), get(sites))
            .route(&format!("{own}/sites/{{site}}/sippeers/{{peer}}"), get(peer))
            .route("/api/tns/{tn}", get(origin))
            .route("/api/tns/{tn}/tndetails", get(details))
            .route("/api/v2/users/{account}/messages", post(message))
            .route("/api/v2/accounts/{account}/calls", post(call))
            .route("/api/v2/accounts/{account}/calls/{id}", get(call_state))
            .with_state(Arc::clone(&books));
        let server = StandIn::of(app).await;
        let at = |path: &str| server.url.join(path).unwrap();
        let account = Account {
            id: ACCOUNT.to_owned(),
            user: "api".to_owned(),
            password: SecretString::from("secret"),
            site: "743".to_owned(),
            peer: PEER.to_owned(),
            voice_application: "v".to_owned(),
            messaging_application: Some("m".to_owned()),
            callback_user: "voxlink".to_owned(),
            callback_password: SecretString::from("a<b>c"),
            reserve: true,
            pause: Duration::from_millis(1),
            numbers_api: at("/api"),
            messaging_api: at("/api/v2"),
            voice_api: at("/api/v2"),
        };
        Self { server, books, account }
    }

    fn bandwidth(&self) -> Bandwidth {
        Bandwidth::new(self.account.clone(), wire("bandwidth"), Arc::new(SystemClock))
    }
}

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
async fn a_number_at_another_location_is_not_said_to_call_us() {
    let set = Set::of(5).await;
    let bandwidth = set.bandwidth();
    let id = bought(&bandwidth, 100, Uuid::from_u128(42)).await;
    let settings = bandwidth.get(&id).await.unwrap().settings.unwrap();
    lock(&set.books).peer = Some("1".to_owned());
    assert_eq!(bandwidth.get(&id).await.unwrap().settings, None);
    let refused = bandwidth.configure(&id, &settings).await.unwrap_err();
    assert!(refused.detail().contains("location 1"), "{refused}");
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
async fn a_reservation_whose_answer_is_lost_is_an_unknown_outcome() {
    let mut set = Set::of(5).await;
    let until = chrono::DateTime::UNIX_EPOCH;
    set.server.tell(Fault::LostAnswer);
    let bandwidth = set.bandwidth();
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
