//! News of orders: Bandwidth posts XML to the address of a subscription whenever an order changes
//! (dev.bandwidth.com/docs/numbers/webhooks/orderWebhook). It is signed by nobody and tells no
//! more than asking does: whoever gets one asks [`super::Bandwidth`] again, and sooner.

use super::xml;
use serde::Deserialize;
use uuid::Uuid;
use voxlink_types::E164;

/// A change of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderNotice {
    /// `orders`, `disconnects`, `portins`, …
    pub order_type: String,
    /// Bandwidth's id of it.
    pub order_id: String,
    /// Our key, where the order has one: a purchase's.
    pub key: Option<Uuid>,
    /// Its state in Bandwidth's words.
    pub status: String,
    /// The numbers that it is done for.
    pub numbers: Vec<E164>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Notification {
    #[serde(default)]
    order_type: Option<String>,
    order_id: String,
    #[serde(default)]
    customer_order_id: Option<String>,
    status: String,
    #[serde(default)]
    completed_telephone_numbers: Option<xml::Numbers>,
}

/// Reads a notification; what is wrong with it where it is none.
///
/// # Errors
/// What could not be read.
pub fn read(body: &[u8]) -> Result<OrderNotice, String> {
    let notice: Notification = xml::parse(body)?;
    let numbers = notice.completed_telephone_numbers.unwrap_or_default().numbers;
    Ok(OrderNotice {
        order_type: notice.order_type.unwrap_or_default().trim().to_owned(),
        order_id: notice.order_id.trim().to_owned(),
        key: notice.customer_order_id.and_then(|key| key.trim().parse().ok()),
        status: notice.status.trim().to_owned(),
        numbers: numbers.iter().filter_map(|tn| xml::number(tn)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_read() {
        let text = "<?xml version=\"1.0\"?>\n<Notification>\n<SubscriptionId>s</SubscriptionId>\
            <OrderType>orders</OrderType><OrderId>o-1</OrderId>\
            <CustomerOrderId>00000000-0000-0000-0000-00000000002a</CustomerOrderId>\
            <Status>COMPLETE</Status><CompletedTelephoneNumbers><TelephoneNumber>8042105666\
            </TelephoneNumber></CompletedTelephoneNumbers></Notification>";
        let notice = read(text.as_bytes()).unwrap();
        assert_eq!((notice.order_id.as_str(), notice.status.as_str()), ("o-1", "COMPLETE"));
        assert_eq!(notice.key, Some(Uuid::from_u128(42)));
        assert_eq!(notice.numbers, ["+18042105666".parse().unwrap()]);
        assert!(read(b"{}").is_err());
        assert!(read(b"<Notification><OrderId>1</OrderId></Notification>").is_err());
    }
}
