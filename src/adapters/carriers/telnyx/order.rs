//! Buying: an order with one number, worked off later
//! (developers.telnyx.com/docs/numbers/phone-numbers/number-orders). There are no idempotency keys
//! for orders: the purchase's key is the order's `customer_reference`, looked up before an order
//! is placed and after an answer was lost. The application and the messaging profile go along with
//! the order, so that a number calls back from its first moment, also when nobody heard that the
//! order went through; only its label is written afterwards.

use super::{Telnyx, application, envelope, number, profile};
use crate::wire::Body;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};
use uuid::Uuid;
use voxlink_gateways::{
    CarrierError,
    carrier::{Bought, Purchase},
};
use voxlink_types::E164;

/// Labels of numbers that are ordered and not yet ours, by the purchase's key. After a restart
/// a number is labelled with its own digits, as every purchase of ours begins.
#[derive(Debug, Default)]
pub(super) struct Labels(Mutex<BTreeMap<Uuid, String>>);

impl Labels {
    fn note(&self, key: Uuid, label: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(key, label.to_owned());
    }

    fn get(&self, key: Uuid) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&key).filter(|label| !label.is_empty()).cloned()
    }

    fn forget(&self, key: Uuid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }
}

#[derive(Debug, Clone, Deserialize)]
struct Order {
    id: String,
    status: Option<String>,
    customer_reference: Option<String>,
    phone_numbers: Option<Vec<Ordered>>,
}

#[derive(Debug, Clone, Deserialize)]
struct Ordered {
    phone_number: String,
}

/// How far an order is; the furthest is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Failed,
    /// Telnyx works on it, or says what nobody knows.
    Pending,
    Done,
}

impl Order {
    fn stage(&self) -> Stage {
        match self.status.as_deref() {
            Some("success") => Stage::Done,
            Some("failure") => Stage::Failed,
            _ => Stage::Pending,
        }
    }

    /// True for the order that a purchase placed: the filter may find more.
    fn is(&self, number: &E164, key: Uuid) -> bool {
        let named = self.phone_numbers.as_deref().unwrap_or_default();
        self.customer_reference.as_deref() == Some(key.to_string().as_str())
            && (named.is_empty() || named.iter().any(|n| n.phone_number == number.as_str()))
    }

    fn pending(self) -> Bought {
        Bought::Pending { order_id: self.id }
    }
}

/// Buys. Repeating it with the same key places no second order and tells what became of the first.
pub(super) async fn buy(telnyx: &Telnyx, purchase: &Purchase) -> Result<Bought, CarrierError> {
    let (number, key) = (&purchase.number, purchase.key);
    telnyx.labels.note(key, &purchase.settings.label);
    if let Some(order) = placed(telnyx, "buy", number, key).await? {
        return ordered(telnyx, number, key, order).await;
    }
    let connection = match &purchase.papers.trunk {
        Some(trunk) => trunk.clone(),
        None => application::ensure(telnyx, "buy", &purchase.settings).await?,
    };
    let profile = profile::ensure(telnyx, "buy", &purchase.settings).await?;
    let body = order_body(purchase, &connection, profile.as_deref());
    let ask = telnyx.post("buy", telnyx.at(&["number_orders"]), Body::Json(body));
    let order: Order = match telnyx.one(ask).await {
        Ok(order) => order,
        Err(lost @ CarrierError::UnknownOutcome { .. }) => return Err(lost),
        Err(refused) => {
            telnyx.labels.forget(key);
            return Err(match refused {
                // Nothing in an order but its number can be unknown there.
                CarrierError::Gone { detail } => CarrierError::Unavailable { detail },
                other => other,
            });
        }
    };
    ordered(telnyx, number, key, order).await
}

/// What a purchase that is ordered has come to: from here on, a failure to look is not a failure
/// to buy.
async fn ordered(
    telnyx: &Telnyx,
    number: &E164,
    key: Uuid,
    order: Order,
) -> Result<Bought, CarrierError> {
    let id = order.id.clone();
    match settled(telnyx, "buy", number, key, order).await {
        Ok(Some(bought)) => Ok(bought),
        Ok(None) => {
            let detail = format!("order {id} failed, or its number was given back");
            Err(CarrierError::Unavailable { detail })
        }
        Err(error) => {
            let detail = format!("order {id} was placed, and then: {}", error.detail());
            Err(CarrierError::UnknownOutcome { detail })
        }
    }
}

/// What became of a purchase. A failed order is none: buying again says why.
pub(super) async fn find_purchase(
    telnyx: &Telnyx,
    number: &E164,
    key: Uuid,
) -> Result<Option<Bought>, CarrierError> {
    match placed(telnyx, "find_purchase", number, key).await? {
        Some(order) => settled(telnyx, "find_purchase", number, key, order).await,
        None => Ok(None),
    }
}

/// The order that was placed with a key; of several, which only a late request can make, the one
/// that is furthest.
async fn placed(
    telnyx: &Telnyx,
    operation: &'static str,
    number: &E164,
    key: Uuid,
) -> Result<Option<Order>, CarrierError> {
    let mut url = envelope::paged(telnyx.at(&["number_orders"]), None)?;
    url.query_pairs_mut().append_pair("filter[customer_reference]", &key.to_string());
    let page: envelope::Many<Order> = telnyx.many(telnyx.get(operation, url)).await?;
    let ours = page.data.into_iter().filter(|order| order.is(number, key));
    Ok(ours.max_by_key(Order::stage))
}

/// What an order has come to: `None` when it failed. A number is ours once it rings.
async fn settled(
    telnyx: &Telnyx,
    operation: &'static str,
    number: &E164,
    key: Uuid,
    order: Order,
) -> Result<Option<Bought>, CarrierError> {
    match order.stage() {
        Stage::Failed => {
            telnyx.labels.forget(key);
            return Ok(None);
        }
        Stage::Pending => return Ok(Some(order.pending())),
        Stage::Done => {}
    }
    let Some(mut record) = number::find(telnyx, operation, number).await? else {
        return Ok(Some(order.pending()));
    };
    match record.standing() {
        number::Standing::Rings => {}
        number::Standing::Pending => return Ok(Some(order.pending())),
        // Bought, and given back since.
        number::Standing::Gone => return Ok(None),
    }
    // Given back since, and bought again by another order.
    if record.key().is_some_and(|other| other != key) {
        return Ok(None);
    }
    if record.unlabelled() {
        let label = telnyx.labels.get(key).unwrap_or_else(|| number.to_string());
        record = number::label(telnyx, operation, &record.id, &label).await?;
    }
    telnyx.labels.forget(key);
    number::dressed_one(telnyx, operation, record).await.map(|owned| Some(Bought::Done(owned)))
}

fn order_body(purchase: &Purchase, connection: &str, profile: Option<&str>) -> Value {
    let mut line = json!({ "phone_number": purchase.number.as_str() });
    if let Some(group) = &purchase.papers.bundle {
        line["requirement_group_id"] = json!(group);
    }
    let mut body = json!({
        "phone_numbers": [line],
        "connection_id": connection,
        "customer_reference": purchase.key.to_string(),
    });
    if let Some(profile) = profile {
        body["messaging_profile_id"] = json!(profile);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxlink_gateways::carrier::{NumberSettings, Papers};

    fn order(status: &str, reference: Uuid) -> Order {
        serde_json::from_value(json!({
            "id": "12ade33a-21c0-473b-b055-b3c836e1c292", "record_type": "number_order",
            "phone_numbers_count": 1, "connection_id": "346789098765567",
            "phone_numbers": [{"id": "dc8e4d67", "phone_number": "+19705555098"}],
            "sub_number_orders_ids": [], "status": status, "requirements_met": true,
            "customer_reference": reference.to_string(),
            "created_at": "2018-01-01T00:00:00.000000Z", "updated_at": "2018-01-01T00:00:00.000000Z"
        }))
        .unwrap()
    }

    #[test]
    fn a_state_that_nobody_knows_is_pending() {
        let stage = |status| order(status, Uuid::nil()).stage();
        assert_eq!(stage("success"), Stage::Done);
        assert_eq!(stage("failure"), Stage::Failed);
        assert_eq!((stage("pending"), stage("partial_success")), (Stage::Pending, Stage::Pending));
    }

    #[test]
    fn an_order_is_known_by_key_and_number() {
        let (ours, theirs) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let (number, other) = ("+19705555098".parse().unwrap(), "+19705555099".parse().unwrap());
        assert!(order("pending", ours).is(&number, ours));
        assert!(!order("pending", ours).is(&number, theirs));
        assert!(!order("pending", ours).is(&other, ours));
    }

    #[test]
    fn an_order_carries_key_application_profile_and_papers() {
        let purchase = Purchase {
            number: "+19705555098".parse().unwrap(),
            key: Uuid::from_u128(7),
            hold_id: None,
            settings: NumberSettings {
                voice_url: "https://voxlink.test/voice".to_owned(),
                voice_fallback_url: "https://voxlink.test/fallback".to_owned(),
                status_url: "https://voxlink.test/status".to_owned(),
                message_url: String::new(),
                label: "Front desk".to_owned(),
            },
            papers: Papers { bundle: Some("group".to_owned()), ..Papers::default() },
        };
        let line = json!({"phone_number": "+19705555098", "requirement_group_id": "group"});
        let wanted = json!({"phone_numbers": [line], "connection_id": "77",
            "customer_reference": "00000000-0000-0000-0000-000000000007"});
        assert_eq!(order_body(&purchase, "77", None), wanted);
        assert_eq!(order_body(&purchase, "77", Some("p"))["messaging_profile_id"], "p");
    }
}
