//! Orders as they are written and read.

use crate::carriers::bandwidth::{Account, error::Faults, xml};
use crate::wire::Body;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use voxlink_gateways::{CarrierError, carrier::Purchase};

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
pub(super) struct Record {
    pub(super) order: Details,
    order_status: Option<String>,
    completed_numbers: Option<Completed>,
    error_list: Option<Faults>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Details {
    #[serde(rename = "id")]
    pub(super) id: Option<String>,
    customer_order_id: Option<String>,
    pub(super) name: Option<String>,
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
pub(super) struct List {
    #[serde(rename = "ListOrderIdUserIdDate")]
    list: Summaries,
}

impl List {
    /// The orders' ids.
    pub(super) fn ids(self) -> Vec<String> {
        self.list.orders.into_iter().map(|order| order.id.trim().to_owned()).collect()
    }
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
pub(super) enum Progress {
    /// The number is ours.
    Complete,
    /// It came to nothing, and why.
    Failed(CarrierError),
    /// Bandwidth works on it; so does a word that nobody knows.
    UnderWay,
}

impl Record {
    pub(super) fn progress(&self, tn: &str) -> Progress {
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
    pub(super) fn is_of(&self, tn: &str, key: Uuid) -> bool {
        let key = key.to_string();
        let keyed = self.order.customer_order_id.as_deref().map(str::trim) == Some(key.as_str());
        let ordered = self.order.existing_telephone_number_order_type.as_ref();
        keyed && ordered.is_some_and(|ordered| ordered.telephone_number_list.has(tn))
    }
}

/// What an order is called from now on.
pub(super) fn renamed(label: &str) -> Result<Body, CarrierError> {
    xml::write(&Renamed { name: short(label) })
}

fn short(label: &str) -> String {
    label.chars().take(NAME).collect()
}

/// The order for a purchase.
pub(super) fn order_for(
    account: &Account,
    purchase: &Purchase,
    tn: &str,
) -> Result<Body, CarrierError> {
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
            assert_eq!(list.ids(), ["a", "b"]);
        }
        let none = "<ResponseSelectWrapper><ListOrderIdUserIdDate/></ResponseSelectWrapper>";
        assert!(xml::parse::<List>(none.as_bytes()).unwrap().ids().is_empty());
    }
}
