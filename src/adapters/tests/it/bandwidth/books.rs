//! The books of the stand-in, and how it writes and reads XML.

use super::door::Door;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use quick_xml::escape::unescape;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

pub const ACCOUNT: &str = "9900012";
pub const PEER: &str = "303716";

#[derive(Clone)]
pub struct Order {
    pub key: String,
    pub name: String,
    pub number: String,
    pub state: String,
    pub looks: u32,
}

#[derive(Default)]
pub struct Books {
    pub for_sale: BTreeSet<String>,
    /// Reservation to number.
    pub reserved: BTreeMap<String, String>,
    pub orders: BTreeMap<String, Order>,
    /// Number to order.
    pub owned: BTreeMap<String, String>,
    pub aging: BTreeSet<String>,
    /// Disconnect to number and looks left.
    pub disconnects: BTreeMap<String, (String, u32)>,
    pub applications: BTreeMap<String, BTreeMap<String, String>>,
    /// How often orders are looked at until they are done.
    pub slow: u32,
    pub slow_disconnects: u32,
    /// The state of orders that are not done.
    pub word: Option<String>,
    /// The location that numbers are at.
    pub peer: Option<String>,
    pub asked: Vec<String>,
    pub posted: Vec<String>,
    pub said: Vec<Value>,
    pub count: u32,
    pub door: Door,
}

pub type Shared = Arc<Mutex<Books>>;

impl Books {
    pub fn id(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}-{:04}", self.count)
    }

    pub fn order(&mut self, id: &str) -> Option<Order> {
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

    pub fn disconnect(&mut self, number: &str) {
        self.owned.remove(number);
        self.aging.insert(number.to_owned());
    }
}

pub fn xml(status: StatusCode, body: &str) -> Response {
    let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
    let kind = [(header::CONTENT_TYPE, "application/xml")];
    (status, kind, format!("{declaration}{body}")).into_response()
}

pub fn good(body: &str) -> Response {
    xml(StatusCode::OK, body)
}

pub fn errors(element: &str, code: u32, words: &str) -> Response {
    let error = format!("<Error><Code>{code}</Code><Description>{words}</Description></Error>");
    xml(StatusCode::BAD_REQUEST, &format!("<{element}><ErrorList>{error}</ErrorList></{element}>"))
}

/// The text of the first element of a name.
pub fn leaf(body: &str, name: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(unescape(text).unwrap().into_owned())
}
