//! Buying is an order that Bandwidth works on after it said 201
//! (dev.bandwidth.com/docs/numbers/guides/searchingForNumbers). It knows no idempotency keys, but
//! keeps a `CustomerOrderId` of ours with every order and finds orders by it: that is the
//! purchase's key, so that a lost answer is looked up and nothing is ordered twice.
//!
//! The order's name, the only text of ours that stays with a number, is the number's label.

mod document;

use super::{Bandwidth, application, number, xml};
use crate::wire::Expect;
use document::{List, Progress, Record};
use http::Method;
use uuid::Uuid;
use voxlink_gateways::{
    CarrierError,
    carrier::{Bought, OwnedNumber, Purchase},
};
use voxlink_types::E164;

/// What became of the orders under a key.
enum Known {
    Bought(Bought),
    /// All came to nothing; why the last one did.
    Failed(CarrierError),
    /// None, but the number is ours by another key.
    AnotherKey,
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
        Known::AnotherKey => {
            let detail = format!("{tn} is in service with us by another order");
            return Err(CarrierError::AlreadyOurs { detail });
        }
        Known::Failed(_) | Known::Nothing => {}
    }
    let trunk = purchase.papers.trunk.as_deref();
    if trunk.is_none() {
        // Before the order: a number never comes to a location that does not call us.
        application::ensure(bandwidth, "buy", &purchase.settings).await?;
    }
    let body = document::order_for(&bandwidth.account, purchase, &tn)?;
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
        Known::Failed(_) | Known::AnotherKey | Known::Nothing => Ok(None),
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
    match (pending, failed) {
        (Some(order_id), _) => Ok(Known::Bought(Bought::Pending { order_id })),
        (None, Some(why)) => Ok(Known::Failed(why)),
        (None, None) => unlisted(bandwidth, operation, number, key).await,
    }
}

/// What a number itself tells of the order that brought it, where the list of orders has none
/// under the key: it may lag behind.
async fn unlisted(
    bandwidth: &Bandwidth,
    operation: &'static str,
    number: &E164,
    key: Uuid,
) -> Result<Known, CarrierError> {
    let tn = xml::written(number);
    if !number::in_service(bandwidth, operation, &tn).await? {
        return Ok(Known::Nothing);
    }
    let Some(order_id) = number::origin(bandwidth, operation, &tn).await? else {
        return Ok(Known::AnotherKey);
    };
    match look(bandwidth, operation, &order_id).await {
        Ok(record) if record.is_of(&tn, key) => {
            let owned = owned(bandwidth, operation, number, record).await?;
            Ok(Known::Bought(Bought::Done(owned)))
        }
        // Another purchase's, or an order of another kind.
        Ok(_) | Err(CarrierError::Gone { .. } | CarrierError::Rejected { .. }) => {
            Ok(Known::AnotherKey)
        }
        Err(error) => Err(error),
    }
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
        Ok(answer) => Ok(xml::read::<List>(&answer)?.ids()),
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
    let body = document::renamed(label)?;
    let url = bandwidth.own(&["orders", order_id]);
    let ask = bandwidth.post("configure", url, body).by(Method::PUT).safely();
    match bandwidth.ask(ask.expecting(Expect::Anything)).await {
        Ok(_) | Err(CarrierError::Gone { .. } | CarrierError::Rejected { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
