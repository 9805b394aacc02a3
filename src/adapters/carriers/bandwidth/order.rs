//! Buying is an order that Bandwidth works on after it said 201
//! (dev.bandwidth.com/docs/numbers/guides/searchingForNumbers). It knows no idempotency keys, but
//! keeps a `CustomerOrderId` of ours with every order and finds orders by it: that is the
//! purchase's key, so that a lost answer is looked up and nothing is ordered twice.
//!
//! The order's name, the only text of ours that stays with a number, is the number's label.

use super::{Bandwidth, application, error::Faults, number, xml};
use crate::wire::{Body, Expect};
use http::Method;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use voxlink_gateways::{
    CarrierError,
    carrier::{Bought, OwnedNumber, Purchase},
};
use voxlink_types::E164;

/// What an order's name may have.
const NAME: usize = 50;

/// An order for one number that was found in a search.
#[derive(Serialize)]
#[serde(rename = "Order", rename_all = "PascalCase")]
struct Order<'a> {
    customer_order_id: String,
    name: String,
    existing_telephone_number_order_type: Existing,
    partial_allowed: bool,
    site_id: &'a str,
    peer_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Existing {
    telephone_number_list: xml::Numbers,
    #[serde(skip_serializing_if = "Option::is_none")]
    reservation_id_list: Option<Reservations>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Reservations {
    reservation_id: String,
}

/// What an order is changed to.
#[derive(Serialize)]
#[serde(rename = "Order", rename_all = "PascalCase")]
struct Renamed {
    name: String,
}

/// An order as Bandwidth has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Record {
    order: Details,
    order_status: Option<String>,
    completed_numbers: Option<Completed>,
    error_list: Option<Faults>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Details {
    #[serde(rename = "id")]
    id: Option<String>,
    customer_order_id: Option<String>,
    name: Option<String>,
    existing_telephone_number_order_type: Option<Ordered>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Ordered {
    telephone_number_list: xml::Numbers,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Completed {
    #[serde(rename = "TelephoneNumber")]
    numbers: Vec<Full>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Full {
    full_number: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct List {
    #[serde(rename = "ListOrderIdUserIdDate")]
    list: Summaries,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Summaries {
    #[serde(rename = "OrderIdUserIdDate")]
    orders: Vec<Summary>,
}

/// The list spells it `orderId`, its schema `OrderId`.
#[derive(Debug, Deserialize)]
struct Summary {
    #[serde(rename = "orderId", alias = "OrderId")]
    id: String,
}

/// How far an order is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Progress {
    /// The number is ours.
    Complete,
    /// It came to nothing, and why.
    Failed(CarrierError),
    /// Bandwidth works on it; so does a word that nobody knows.
    UnderWay,
}

impl Record {
    fn progress(&self, tn: &str) -> Progress {
        let state = self.order_status.as_deref().map(str::trim).unwrap_or_default();
        let done = self.completed_numbers.as_ref();
        let ours = done.is_some_and(|done| done.numbers.iter().any(|n| n.full_number.trim() == tn));
        match state {
            "COMPLETE" | "PARTIAL" if ours => Progress::Complete,
            // Over, and the number is not among what came of it.
            "COMPLETE" | "PARTIAL" | "FAILED" => {
                Progress::Failed(self.error_list.clone().unwrap_or_default().meaning())
            }
            _ => Progress::UnderWay,
        }
    }

    /// True for the order of this purchase and no other.
    fn is_of(&self, tn: &str, key: Uuid) -> bool {
        let key = key.to_string();
        let keyed = self.order.customer_order_id.as_deref().map(str::trim) == Some(key.as_str());
        let ordered = self.order.existing_telephone_number_order_type.as_ref();
        keyed && ordered.is_some_and(|ordered| ordered.telephone_number_list.has(tn))
    }
}

/// What became of the orders under a key.
enum Known {
    Bought(Bought),
    /// All came to nothing; why the last one did.
    Failed(CarrierError),
    Nothing,
}

/// Buys a number. Orders of the same key are looked at first, so that a second try is the first
/// one's answer; a number that is ours by another key is not ordered at all.
pub(super) async fn buy(
    bandwidth: &Bandwidth,
    purchase: &Purchase,
) -> Result<Bought, CarrierError> {
    let tn = xml::written(&purchase.number);
    match known(bandwidth, "buy", &purchase.number, purchase.key).await? {
        Known::Bought(bought) => return Ok(bought),
        Known::Failed(why) if !why.may_repeat() => return Err(why),
        Known::Failed(_) | Known::Nothing => {}
    }
    if number::in_service(bandwidth, "buy", &tn).await? {
        return Err(CarrierError::AlreadyOurs { detail: format!("{tn} is in service with us") });
    }
    let trunk = purchase.papers.trunk.as_deref();
    if trunk.is_none() {
        // Before the order: a number never comes to a location that does not call us.
        application::ensure(bandwidth, "buy", &purchase.settings).await?;
    }
    let body = order_body(bandwidth, purchase, &tn)?;
    let ask = bandwidth.post("buy", bandwidth.own(&["orders"]), body);
    let answer = bandwidth.ask(ask).await?;
    let placed: Record = xml::read(&answer)?;
    let Some(order_id) = placed.order.id.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty())
    else {
        return Err(answer.unreadable(&"an order without an id"));
    };
    bandwidth.holds.forget(&purchase.number);
    // Most orders for one number are done within a second. From here on a failure to look is no
    // failure to buy.
    for _ in 0..2 {
        tokio::time::sleep(bandwidth.account.pause).await;
        let Ok(record) = look(bandwidth, "buy", &order_id).await else { break };
        match record.progress(&tn) {
            Progress::Complete => {
                if let Ok(owned) = owned(bandwidth, "buy", &purchase.number, record).await {
                    return Ok(Bought::Done(owned));
                }
                break;
            }
            Progress::Failed(why) => return Err(why),
            Progress::UnderWay => {}
        }
    }
    Ok(Bought::Pending { order_id })
}

/// What became of a purchase. An order that came to nothing is no purchase: [`buy`] tells why.
pub(super) async fn find(
    bandwidth: &Bandwidth,
    number: &E164,
    key: Uuid,
) -> Result<Option<Bought>, CarrierError> {
    match known(bandwidth, "find_purchase", number, key).await? {
        Known::Bought(bought) => Ok(Some(bought)),
        Known::Failed(_) | Known::Nothing => Ok(None),
    }
}

async fn known(
    bandwidth: &Bandwidth,
    operation: &'static str,
    number: &E164,
    key: Uuid,
) -> Result<Known, CarrierError> {
    let tn = xml::written(number);
    let (mut pending, mut failed) = (None, None);
    for order_id in under(bandwidth, operation, key).await? {
        let record = look(bandwidth, operation, &order_id).await?;
        if !record.is_of(&tn, key) {
            continue;
        }
        match record.progress(&tn) {
            Progress::Complete => {
                let owned = owned(bandwidth, operation, number, record).await?;
                return Ok(Known::Bought(Bought::Done(owned)));
            }
            Progress::UnderWay => pending = Some(order_id),
            Progress::Failed(why) => failed = Some(why),
        }
    }
    Ok(match (pending, failed) {
        (Some(order_id), _) => Known::Bought(Bought::Pending { order_id }),
        (None, Some(why)) => Known::Failed(why),
        (None, None) => Known::Nothing,
    })
}

/// The ids of the orders under a key.
async fn under(
    bandwidth: &Bandwidth,
    operation: &'static str,
    key: Uuid,
) -> Result<Vec<String>, CarrierError> {
    let mut url = bandwidth.own(&["orders"]);
    let key = key.to_string();
    url.query_pairs_mut()
        .append_pair("page", "1")
        .append_pair("size", "100")
        .append_pair("customerOrderId", &key);
    let ask = bandwidth.get(operation, url).expecting(Expect::Anything);
    match bandwidth.ask(ask).await {
        Ok(answer) if answer.body.trim_ascii().is_empty() => Ok(Vec::new()),
        Ok(answer) => {
            let list: List = xml::read(&answer)?;
            Ok(list.list.orders.into_iter().map(|order| order.id.trim().to_owned()).collect())
        }
        // None under this key.
        Err(CarrierError::Gone { .. }) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

async fn look(
    bandwidth: &Bandwidth,
    operation: &'static str,
    order_id: &str,
) -> Result<Record, CarrierError> {
    let url = bandwidth.own(&["orders", order_id]);
    xml::read(&bandwidth.ask(bandwidth.get(operation, url)).await?)
}

/// The number that an order brought.
async fn owned(
    bandwidth: &Bandwidth,
    operation: &'static str,
    number: &E164,
    record: Record,
) -> Result<OwnedNumber, CarrierError> {
    let label = record.order.name.unwrap_or_default();
    Ok(OwnedNumber {
        id: xml::written(number),
        number: number.clone(),
        account: bandwidth.account.id.clone(),
        active: true,
        settings: Some(application::settings(bandwidth, operation, label).await?),
    })
}

/// The name of an order, which is a number's label.
pub(super) async fn name(
    bandwidth: &Bandwidth,
    operation: &'static str,
    order_id: &str,
) -> Result<String, CarrierError> {
    match look(bandwidth, operation, order_id).await {
        Ok(record) => Ok(record.order.name.unwrap_or_default()),
        // Ported and imported numbers came by an order of another kind, which has no label.
        Err(CarrierError::Gone { .. } | CarrierError::Rejected { .. }) => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// Names an order. Where Bandwidth does not let it be renamed the old name stays: a label is for
/// people, and the caller is told what it is.
pub(super) async fn rename(
    bandwidth: &Bandwidth,
    order_id: &str,
    label: &str,
) -> Result<(), CarrierError> {
    let body = xml::write(&Renamed { name: short(label) })?;
    let url = bandwidth.own(&["orders", order_id]);
    let ask = bandwidth.post("configure", url, body).by(Method::PUT).safely();
    match bandwidth.ask(ask.expecting(Expect::Anything)).await {
        Ok(_) | Err(CarrierError::Gone { .. } | CarrierError::Rejected { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn short(label: &str) -> String {
    label.chars().take(NAME).collect()
}

fn order_body(bandwidth: &Bandwidth, purchase: &Purchase, tn: &str) -> Result<Body, CarrierError> {
    let account = &bandwidth.account;
    xml::write(&Order {
        customer_order_id: purchase.key.to_string(),
        name: short(&purchase.settings.label),
        existing_telephone_number_order_type: Existing {
            telephone_number_list: xml::Numbers::one(tn),
            reservation_id_list: purchase
                .hold_id
                .clone()
                .map(|reservation_id| Reservations { reservation_id }),
        },
        partial_allowed: false,
        site_id: &account.site,
        peer_id: purchase.papers.trunk.as_deref().unwrap_or(&account.peer),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(state: &str, done: &str, errors: &str) -> Record {
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<OrderResponse>\n\
             <CompletedQuantity>1</CompletedQuantity>{errors}<CreatedByUser>jbm</CreatedByUser>\
             <Order><CustomerOrderId>00000000-0000-0000-0000-00000000002a</CustomerOrderId>\
             <id>34adcd9f</id><Name>Tom &amp; Co</Name><PeerId>303716</PeerId>\
             <ExistingTelephoneNumberOrderType><TelephoneNumberList>\
             <TelephoneNumber>8042105666</TelephoneNumber></TelephoneNumberList>\
             </ExistingTelephoneNumberOrderType><TnAttributes/><PartialAllowed>false\
             </PartialAllowed><SiteId>743</SiteId></Order>{state}\
             <CompletedNumbers>{done}</CompletedNumbers><FailedQuantity>0</FailedQuantity>\
             </OrderResponse>"
        );
        xml::parse(text.as_bytes()).unwrap()
    }

    const DONE: &str = "<TelephoneNumber><FullNumber>8042105666</FullNumber></TelephoneNumber>";

    #[test]
    fn only_a_complete_order_with_the_number_in_it_is_done() {
        let status = |word: &str| format!("<OrderStatus>{word}</OrderStatus>");
        let complete = record(&status("COMPLETE"), DONE, "");
        assert_eq!(complete.progress("8042105666"), Progress::Complete);
        assert!(matches!(complete.progress("8042105667"), Progress::Failed(_)));
        for word in ["RECEIVED", "PROCESSING", "BACKORDERED", "TELEPORTED", ""] {
            let under_way = record(&status(word), DONE, "");
            assert_eq!(under_way.progress("8042105666"), Progress::UnderWay, "{word}");
        }
        assert_eq!(record("", DONE, "").progress("8042105666"), Progress::UnderWay);
        let errors = "<ErrorList><Error><Code>5005</Code><Description>gone</Description>\
                      <TelephoneNumber>8042105666</TelephoneNumber></Error></ErrorList>";
        let Progress::Failed(why) = record(&status("FAILED"), "", errors).progress("8042105666")
        else {
            panic!("it failed")
        };
        assert_eq!(why.code(), "number_unavailable");
        assert!(matches!(record(&status("FAILED"), "", "").progress("1"), Progress::Failed(_)));
    }

    #[test]
    fn an_order_is_known_by_its_key_and_its_number() {
        let order = record("", DONE, "");
        assert!(order.is_of("8042105666", Uuid::from_u128(42)));
        assert!(!order.is_of("8042105666", Uuid::from_u128(43)));
        assert!(!order.is_of("8042105667", Uuid::from_u128(42)));
        assert_eq!(order.order.name.as_deref(), Some("Tom & Co"));
    }

    #[test]
    fn lists_are_read_in_both_spellings() {
        for spelling in ["orderId", "OrderId"] {
            let text = format!(
                "<ResponseSelectWrapper><ListOrderIdUserIdDate><TotalCount>2</TotalCount><Links>\
                 <first><!-- Link=<x> --></first></Links><OrderIdUserIdDate><CountOfTNs>1\
                 </CountOfTNs><{spelling}>a</{spelling}><OrderStatus>COMPLETE</OrderStatus>\
                 </OrderIdUserIdDate><OrderIdUserIdDate><{spelling}>b</{spelling}>\
                 </OrderIdUserIdDate></ListOrderIdUserIdDate></ResponseSelectWrapper>"
            );
            let list: List = xml::parse(text.as_bytes()).unwrap();
            let ids: Vec<String> = list.list.orders.into_iter().map(|order| order.id).collect();
            assert_eq!(ids, ["a", "b"]);
        }
        let none = "<ResponseSelectWrapper><ListOrderIdUserIdDate/></ResponseSelectWrapper>";
        assert!(xml::parse::<List>(none.as_bytes()).unwrap().list.orders.is_empty());
    }
}
