//! Orders and the saga that fulfils them.
//!
//! [`checkout`](checkout::checkout) is one transaction: the cart is locked, priced again and
//! compared, the money set aside, the order stored, the saga enqueued. [`fulfil`](fulfil::fulfil)
//! then walks every number through intent → purchase → record, each commit safe to die after:
//! the intent stands before the carrier is called, and recovery asks the carrier by the intent's
//! key before it buys anything again. "Bought but unrecorded" therefore heals by itself.
//!
//! A carrier that works an order off is asked every few seconds, and at once when it tells [`news`].
//! One that is slow has only so many [`places`].
//!
//! An order may want all of its numbers, or at least so many: [`decide`] keeps or gives back what
//! was secured for it. What a card was refused for after all is collected by [`dues`]. What a carrier
//! sold for an item that had been refused by then is found and given back by [`orphans`].

mod cancel;
mod checkout;
mod decide;
mod dues;
mod fulfil;
mod list;
mod news;
mod orphans;
mod payment;
mod places;
mod purchase;
mod quote;
mod record;
mod settle;
mod sweep;

pub use cancel::{CancelError, cancel};
pub use checkout::{Checkout, CheckoutError, PaymentChoice, Placed, accept_prices, checkout};
pub use decide::GiveBackJob;
pub use dues::{CollectDueJob, Due, DueError, DunJob, GRACE, dues, dun, pay_from_credit};
pub use fulfil::{FulfilJob, fulfil};
pub use list::{CardPayment, Event, Item, Order, OrderFilter, OrderRow, get, list, of_cart};
pub use news::carrier_news;
pub use orphans::sweep_orphans;
pub use payment::{pay_again, payment_moved, wants_payment};
pub(crate) use places::Places;
pub use quote::{PriceChange, Quote, QuoteLine, open_cart, quote};
pub use sweep::sweep;

use crate::{Ctx, Fault};
use serde_json::Value;
use voxlink_types::{
    ids::{OrderId, OrderItemId, TenantId},
    order::Strategy,
};

/// A strategy as it is stored.
fn strategy_of(word: &str, minimum: Option<i32>) -> Result<Strategy, Fault> {
    let least = minimum.and_then(|m| u16::try_from(m).ok());
    Strategy::read(word, least)
        .ok_or_else(|| Fault::inconsistent("orders.strategy", format!("{word} {minimum:?}")))
}

/// The id of a row that nobody names from outside.
fn row_id<Scope>(cx: &Ctx<Scope>) -> sqlx::types::Uuid {
    OrderItemId::new(cx.now_millis()).uuid()
}

/// A line for an order's timeline.
struct News<'a> {
    item: Option<OrderItemId>,
    kind: &'a str,
    /// As the customer reads it.
    message: &'a str,
    /// For administrators: carrier codes and ids.
    detail: Value,
}

async fn tell<Scope>(
    cx: &mut Ctx<Scope>,
    tenant: TenantId,
    order: OrderId,
    news: News<'_>,
) -> Result<(), Fault> {
    let (id, now, actor) = (row_id(cx), cx.now(), cx.actor().to_string());
    sqlx::query!(
        "insert into order_events (id, tenant_id, order_id, order_item_id, kind, message, detail, actor, occurred_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id,
        tenant.uuid(),
        order.uuid(),
        news.item.map(OrderItemId::uuid),
        news.kind,
        news.message,
        news.detail,
        actor,
        now,
    )
    .execute(cx.tx())
    .await?;
    Ok(())
}
