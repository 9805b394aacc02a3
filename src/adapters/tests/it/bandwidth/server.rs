//! Bandwidth's side: inventory, numbers, applications, messages and calls.

use super::{
    books::{ACCOUNT, Books, PEER, Shared, good, leaf, xml},
    door::{TOKENS, guard, token},
    orders::{
        buy, disconnect, disconnect_state, order, orders, rename, reservation, reserve, unreserve,
    },
};
use crate::stand_in::{StandIn, fields, lock, wire};
use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use quick_xml::escape::escape;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use voxlink_adapters::carriers::bandwidth::{Account, Bandwidth, Login};
use voxlink_gateways::SystemClock;

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
    let details: Vec<String> = free
        .take(wanted["quantity"].parse().unwrap())
        .map(|number| {
            format!(
                "<TelephoneNumberDetail><City>NEW YORK</City><FullNumber>{number}</FullNumber>\
                 <LATA>132</LATA><RateCenter>NWYRCYZN01</RateCenter><State>NY</State><Tier>0\
                 </Tier></TelephoneNumberDetail>"
            )
        })
        .collect();
    let details = details.concat();
    good(&format!(
        "<SearchResult><ResultCount>1</ResultCount><TelephoneNumberDetailList>{details}\
         </TelephoneNumberDetailList></SearchResult>"
    ))
}

/// The numbers of a location, two a page whatever is asked for; after the last page nothing comes.
async fn list(
    State(books): State<Shared>,
    Path((_, site, peer)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let page: usize = fields(&query.unwrap_or_default())["page"].parse().unwrap();
    let books = lock(&books);
    let here = site == "743" && peer == books.peer.as_deref().unwrap_or(PEER);
    let part = books.owned.keys().filter(|_| here).skip((page - 1) * 2).take(2);
    let number = |n: &String| {
        format!("<SipPeerTelephoneNumber><FullNumber>{n}</FullNumber></SipPeerTelephoneNumber>")
    };
    let part: Vec<_> = part.map(number).collect();
    good(&format!(
        "<SipPeerTelephoneNumbersResponse><SipPeerTelephoneNumbers>{}</SipPeerTelephoneNumbers>\
         </SipPeerTelephoneNumbersResponse>",
        part.concat()
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
    let urls: Vec<_> =
        urls.map(|(name, url)| format!("<{name}>{}</{name}>", escape(url.as_str()))).collect();
    let urls = urls.concat();
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

pub struct Set {
    pub server: StandIn,
    pub books: Shared,
    pub account: Account,
}

impl Set {
    pub async fn of(count: u32) -> Self {
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
            .route(&format!("{own}/inserviceNumbers/{{tn}}"), get(in_service))
            .route(&format!("{own}/disconnects"), post(disconnect))
            .route(&format!("{own}/disconnects/{{id}}"), get(disconnect_state))
            .route(&format!("{own}/applications/{{id}}"), get(application).patch(patch))
            .route(&format!("{own}/sites"), get(sites))
            .route(&format!("{own}/sites/{{site}}/sippeers/{{peer}}"), get(peer))
            .route(&format!("{own}/sites/{{site}}/sippeers/{{peer}}/tns"), get(list))
            .route("/api/tns/{tn}", get(origin))
            .route("/api/tns/{tn}/tndetails", get(details))
            .route("/api/v2/users/{account}/messages", post(message))
            .route("/api/v2/accounts/{account}/calls", post(call))
            .route("/api/v2/accounts/{account}/calls/{id}", get(call_state))
            .route_layer(middleware::from_fn_with_state(Arc::clone(&books), guard))
            .route(TOKENS, post(token))
            .with_state(Arc::clone(&books));
        let server = StandIn::of(app).await;
        let at = |path: &str| server.url.join(path).unwrap();
        let account = Account {
            id: ACCOUNT.to_owned(),
            login: Login::Client {
                id: "client".to_owned(),
                secret: SecretString::from("secret"),
                tokens: at(TOKENS),
            },
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

    pub fn bandwidth(&self) -> Bandwidth {
        Bandwidth::new(self.account.clone(), wire("bandwidth"), Arc::new(SystemClock))
    }
}
