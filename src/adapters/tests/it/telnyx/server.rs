//! Telnyx's API v2 as far as the adapter speaks it: numbers for sale, reservations, orders that
//! are worked off by being looked at, and the resources that a number's settings live in.

use crate::stand_in::{StandIn, fields, lock};
use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};
use voxlink_gateways::{Clock, SystemClock};

pub const KEY: &str = "KEY0123";
/// Numbers on a page of the list of numbers: fewer than are asked for.
const PAGE: usize = 2;

pub type Shared = Arc<Mutex<Books>>;
type Query = BTreeMap<String, String>;

#[derive(Default)]
pub struct Books {
    pub for_sale: BTreeSet<String>,
    /// True where numbers are sold and never reserved.
    pub unreservable: bool,
    pub reservations: Vec<Value>,
    pub orders: Vec<Value>,
    pub numbers: Vec<Value>,
    pub applications: Vec<Value>,
    pub profiles: Vec<Value>,
    /// Requests as they came: method, path and query, body.
    pub asked: Vec<(String, String, Value)>,
    /// How often an order is looked at before it ends.
    pub patience: u64,
    /// What it ends as; empty is `success`.
    pub ends_as: String,
    pub count: u64,
}

/// Serves the books.
pub async fn open(books: Books) -> (StandIn, Shared) {
    let books = Arc::new(Mutex::new(books));
    let server = StandIn::of(Router::new().fallback(answer).with_state(Arc::clone(&books))).await;
    (server, books)
}

fn refusal(status: StatusCode, code: &str, title: &str, detail: &str) -> Response {
    let error = json!({"code": code, "title": title, "detail": detail,
        "meta": {"url": format!("https://developers.telnyx.com/docs/overview/errors/{code}")}});
    (status, Json(json!({ "errors": [error] }))).into_response()
}

fn absent() -> Response {
    let detail = "The requested resource or URL could not be found.";
    refusal(StatusCode::NOT_FOUND, "10005", "Resource not found", detail)
}

fn one(record: &Value) -> Response {
    Json(json!({ "data": record })).into_response()
}

fn page(records: &[Value], query: &Query, size: usize) -> Response {
    let number: usize = query.get("page[number]").map_or(1, |n| n.parse().unwrap());
    let part: Vec<_> = records.iter().skip((number - 1) * size).take(size).collect();
    let meta = json!({"page_number": number, "page_size": size, "total_results": records.len(),
        "total_pages": records.len().div_ceil(size)});
    Json(json!({ "data": part, "meta": meta })).into_response()
}

/// Sets the fields of `changes` in the record of that id.
fn change(records: &mut [Value], id: &str, changes: &Value) -> Response {
    let Some(record) = records.iter_mut().find(|r| r["id"] == id) else { return absent() };
    for (name, value) in changes.as_object().unwrap() {
        record[name] = value.clone();
    }
    one(record)
}

fn read(records: &[Value], id: &str) -> Response {
    records.iter().find(|r| r["id"] == id).map_or_else(absent, one)
}

async fn answer(
    State(books): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let key = headers.get("authorization").and_then(|key| key.to_str().ok());
    if key != Some(format!("Bearer {KEY}").as_str()) {
        let detail = "Could not understand the provided credentials.";
        return refusal(StatusCode::UNAUTHORIZED, "10009", "Authentication failed", detail);
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let mut books = lock(&books);
    books.asked.push((method.to_string(), uri.to_string(), body.clone()));
    let query = fields(uri.query().unwrap_or_default());
    let path: Vec<&str> = uri.path().trim_start_matches("/v2/").split('/').collect();
    match (method.as_str(), path.as_slice()) {
        ("GET", ["country_coverage", "countries", code]) => one(&json!({"code": code,
            "numbers": true, "phone_number_type": ["local", "toll_free"], "reservable": true})),
        ("GET", ["country_coverage"]) => one(&json!({"United States": {"code": "US",
            "numbers": true, "phone_number_type": ["local", "toll_free"], "reservable": true}})),
        ("GET", ["regulatory_requirements"]) => Json(json!({"data": [{"country_code": "US",
            "phone_number_type": "local", "action": "ordering", "regulatory_requirements": []}]}))
        .into_response(),
        ("GET", ["available_phone_numbers"]) => books.available(&query),
        ("GET", ["number_reservations"]) => {
            let number = &query["filter[phone_numbers.phone_number]"];
            let of = |r: &&Value| r["phone_numbers"][0]["phone_number"] == number.as_str();
            page(&books.reservations.iter().filter(of).cloned().collect::<Vec<_>>(), &query, 250)
        }
        ("POST", ["number_reservations"]) => books.reserve(&body),
        ("POST", ["number_reservations", id, "actions", "extend"]) => books.extend(id),
        ("GET", ["number_orders"]) => {
            let reference = &query["filter[customer_reference]"];
            books.work(reference);
            let of = |o: &&Value| o["customer_reference"] == reference.as_str();
            page(&books.orders.iter().filter(of).cloned().collect::<Vec<_>>(), &query, 250)
        }
        ("POST", ["number_orders"]) => books.order(&body),
        ("GET", ["phone_numbers"]) => books.list(&query),
        ("GET", ["phone_numbers", id]) => read(&books.numbers, id),
        ("PATCH", ["phone_numbers", id] | ["phone_numbers", id, "messaging"]) => {
            change(&mut books.numbers, id, &body)
        }
        ("DELETE", ["phone_numbers", id]) => {
            let there = |n: &&Value| n["id"] == *id && n["status"] == "deleted";
            if books.numbers.iter().any(|n| there(&n)) {
                return absent();
            }
            change(&mut books.numbers, id, &json!({"status": "deleted"}))
        }
        ("GET", ["texml_applications"]) => {
            let name = &query["filter[friendly_name]"];
            let of = |a: &&Value| a["friendly_name"].as_str().unwrap().contains(name.as_str());
            page(&books.applications.iter().filter(of).cloned().collect::<Vec<_>>(), &query, 250)
        }
        ("POST", ["texml_applications"]) => {
            let made = books.named(&body);
            books.applications.push(made.clone());
            (StatusCode::CREATED, one(&made)).into_response()
        }
        ("GET", ["texml_applications", id]) => read(&books.applications, id),
        ("PATCH", ["texml_applications", id]) => change(&mut books.applications, id, &body),
        ("GET", ["messaging_profiles"]) => {
            let name = &query["filter[name][eq]"];
            let of = |p: &&Value| p["name"] == name.as_str();
            page(&books.profiles.iter().filter(of).cloned().collect::<Vec<_>>(), &query, 250)
        }
        ("POST", ["messaging_profiles"]) => {
            let made = books.named(&body);
            books.profiles.push(made.clone());
            one(&made)
        }
        ("GET", ["messaging_profiles", id]) => read(&books.profiles, id),
        ("GET", ["balance"]) => one(&json!({"available_credit": "400.00", "currency": "USD"})),
        ("GET", ["managed_accounts"]) => {
            let accounts: Vec<Value> = (0..3)
                .map(|n| json!({"id": format!("account-{n}"), "organization_name": "Example"}))
                .collect();
            page(&accounts, &query, PAGE)
        }
        ("POST", ["managed_accounts"]) => {
            one(&json!({"id": "account-9", "organization_name": body["business_name"]}))
        }
        ("POST", ["messages"]) => one(&json!({"id": "message-1", "parts": 1,
            "to": [{"phone_number": body["to"], "status": "queued"}]})),
        ("POST", ["texml", "Accounts", _, "Calls"]) => Json(json!({"call_sid": "v3:1",
            "status": "queued", "from": body["From"], "to": body["To"]}))
        .into_response(),
        ("GET", ["texml", "Accounts", _, "Calls", id]) => Json(json!({"sid": id, "from": "+1",
            "to": "+2", "status": "completed", "duration": "12", "price": "0.10",
            "price_unit": "USD", "start_time": "Thu, 15 Jun 2023 09:56:45 +0000",
            "end_time": "Thu, 15 Jun 2023 09:56:57 +0000"}))
        .into_response(),
        _ => absent(),
    }
}

impl Books {
    fn id(&mut self) -> String {
        self.count += 1;
        format!("1293384261075{:06}", self.count)
    }

    fn named(&mut self, body: &Value) -> Value {
        let mut record = body.clone();
        record["id"] = json!(self.id());
        record
    }

    fn available(&self, query: &Query) -> Response {
        let text = |name: &str| query.get(&format!("filter{name}")).map_or("", String::as_str);
        let area = text("[national_destination_code]");
        let fits = |number: &&String| {
            let national = number.trim_start_matches("+1");
            let rest = national.strip_prefix(area);
            rest.is_some_and(|rest| rest.contains(text("[phone_number][contains]")))
        };
        let local = text("[phone_number_type]") == "local";
        let limit: usize = text("[limit]").parse().unwrap();
        let region = |kind: &str, name: &str| json!({"region_type": kind, "region_name": name});
        let found: Vec<Value> = self
            .for_sale
            .iter()
            .filter(|number| local && fits(number))
            .take(limit)
            .map(|number| {
                json!({"phone_number": number, "record_type": "available_phone_number",
                    "best_effort": false, "reservable": !self.unreservable,
                    "features": [{"name": "sms"}, {"name": "voice"}, {"name": "emergency"}],
                    "region_information": [region("country_code", "US"), region("state", "NY"),
                        region("rate_center", "NWYRCYZN01"),
                        region("location", "New York (NWYRCYZN01)")],
                    "cost_information": {"monthly_cost": "1.00000", "upfront_cost": "1.00000",
                        "currency": "USD"}})
            })
            .collect();
        let total = found.len();
        Json(json!({"data": found, "meta": {"total_results": total}})).into_response()
    }

    fn reserve(&mut self, body: &Value) -> Response {
        let number = body["phone_numbers"][0]["phone_number"].as_str().unwrap().to_owned();
        let of = |r: &Value| {
            r["phone_numbers"][0]["phone_number"] == number.as_str() && r["status"] == "success"
        };
        let refused = if !self.for_sale.contains(&number) || self.unreservable {
            Some("Number cannot be reserved")
        } else {
            self.reservations.iter().any(of).then_some("Number is already on hold")
        };
        let status = if refused.is_some() { "failure" } else { "success" };
        let ends = SystemClock.now() + TimeDelta::minutes(30);
        let made = json!({"id": self.id(), "record_type": "number_reservation", "status": status,
            "customer_reference": body["customer_reference"],
            "phone_numbers": [{"phone_number": number, "status": status, "errors": refused,
                "expired_at": ends.to_rfc3339()}]});
        self.reservations.push(made.clone());
        one(&made)
    }

    fn extend(&mut self, id: &str) -> Response {
        let Some(there) = self.reservations.iter_mut().find(|r| r["id"] == id) else {
            return absent();
        };
        let ends = SystemClock.now() + TimeDelta::minutes(60);
        there["phone_numbers"][0]["expired_at"] = json!(ends.to_rfc3339());
        one(there)
    }

    fn order(&mut self, body: &Value) -> Response {
        let number = body["phone_numbers"][0]["phone_number"].as_str().unwrap();
        if !self.for_sale.remove(number) {
            let detail = format!("The phone number {number} is not available");
            return refusal(StatusCode::UNPROCESSABLE_ENTITY, "10015", "Bad Request", &detail);
        }
        self.reservations.retain(|r| r["phone_numbers"][0]["phone_number"] != number);
        let mut order = self.named(body);
        order["left"] = json!(self.patience);
        order["status"] = json!("pending");
        if self.patience == 0 {
            self.end(&mut order);
        }
        self.orders.push(order.clone());
        one(&order)
    }

    /// Works on the orders that are looked at.
    fn work(&mut self, reference: &str) {
        let mut orders = std::mem::take(&mut self.orders);
        let open =
            |o: &&mut Value| o["customer_reference"] == reference && o["status"] == "pending";
        for order in orders.iter_mut().filter(open) {
            let left = order["left"].as_u64().unwrap().saturating_sub(1);
            order["left"] = json!(left);
            if left == 0 {
                self.end(order);
            }
        }
        self.orders = orders;
    }

    fn end(&mut self, order: &mut Value) {
        let word = if self.ends_as.is_empty() { "success" } else { &self.ends_as };
        order["status"] = json!(word);
        if word != "success" {
            return;
        }
        let number = json!({"id": self.id(), "record_type": "phone_number", "status": "active",
            "phone_number": order["phone_numbers"][0]["phone_number"],
            "connection_id": order["connection_id"],
            "messaging_profile_id": order["messaging_profile_id"],
            "customer_reference": order["customer_reference"]});
        self.numbers.push(number);
    }

    fn list(&self, query: &Query) -> Response {
        let Some(digits) = query.get("filter[phone_number]") else {
            return page(&self.numbers, query, PAGE);
        };
        // As the real one: only digits find anything.
        let fits = |n: &&Value| n["phone_number"].as_str().unwrap()[1..].contains(digits.as_str());
        page(&self.numbers.iter().filter(fits).cloned().collect::<Vec<_>>(), query, 250)
    }
}
