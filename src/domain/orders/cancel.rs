//! Calling an order off before anything is bought.

use super::{News, checkout, tell};
use crate::{
    Ctx, Fault,
    audit::Entry,
    billing::{
        journal::{Account, NewEntry, Posting, post},
        payments::ReconcileJob,
    },
    cart::LetGo,
};
use serde_json::{Value, json};
use voxlink_types::{
    Currency, E164, Money,
    error::{Explain, Status},
    ids::{OrderId, PaymentId},
    order::OrderState,
};

/// Why an order was not cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// No such order in this tenant.
    #[error("There is no such order.")]
    Absent,
    /// Numbers are being bought, or it is over.
    #[error(
        "This order is {0} and can no longer be cancelled. Numbers you have can be released one by one."
    )]
    TooLate(OrderState),
    /// The database did not do it.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for CancelError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl Explain for CancelError {
    fn code(&self) -> &'static str {
        match self {
            Self::Absent => "order_unknown",
            Self::TooLate(_) => "order_not_cancellable",
            Self::Fault(fault) => fault.code(),
        }
    }
    fn status(&self) -> Status {
        match self {
            Self::Absent => Status::NotFound,
            Self::TooLate(_) => Status::Conflict,
            Self::Fault(fault) => fault.status(),
        }
    }
}

/// Cancels an order that nobody works on yet: all money and holds are free at once, an open card
/// payment is let go by a job.
pub async fn cancel(cx: &mut Ctx, id: OrderId, reason: &str) -> Result<(), CancelError> {
    let (tenant, now) = (cx.tenant(), cx.now());
    let order = sqlx::query!(
        r#"select state as "state: OrderState", total_minor, currency as "currency: Currency", payment_kind, order_number
           from orders where id = $1 and tenant_id = $2 for update"#,
        id.uuid(),
        tenant.uuid()
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(CancelError::Absent)?;
    if !order.state.may_become(OrderState::Cancelled) {
        return Err(CancelError::TooLate(order.state));
    }
    sqlx::query!(
        "update orders set state = 'cancelled', finished_at = $3, cancellation_reason = $4, released_minor = total_minor
         where id = $1 and tenant_id = $2",
        id.uuid(),
        tenant.uuid(),
        now,
        reason,
    )
    .execute(cx.tx())
    .await?;
    sqlx::query!(
        "update order_items set step = 'released', failure_code = 'cancelled', failure_reason = 'The order was cancelled.'
         where order_id = $1 and tenant_id = $2",
        id.uuid(),
        tenant.uuid()
    )
    .execute(cx.tx())
    .await?;
    // The rows stay a while: an order that is called off does not begin the longest hold anew.
    let held = sqlx::query!(
        r#"with ours as (
               select e164, carrier_hold_id from holds where order_id = $1 and tenant_id = $2
               order by e164 for update)
           update holds h
           set order_id = null, expires_at = $3, carrier_hold_id = null, carrier_hold_expires_at = null
           from ours where h.e164 = ours.e164 and h.tenant_id = $2
           returning h.carrier, h.e164 as "number: E164", ours.carrier_hold_id"#,
        id.uuid(),
        tenant.uuid(),
        now
    )
    .fetch_all(cx.tx())
    .await?;
    for hold in held {
        if let Some(at_carrier) = hold.carrier_hold_id {
            cx.enqueue(&LetGo::of(&hold.carrier, &hold.number, at_carrier)).await?;
        }
    }
    checkout::unredeem(cx, id).await?;
    let total = Money::new(order.total_minor, order.currency);
    if order.payment_kind == "credit" && total.minor > 0 {
        let entry = NewEntry {
            reference: format!("order:{id}:cancel"),
            kind: "order_release",
            description: format!("Order {} cancelled: back to your balance", order.order_number),
            order: Some(id),
            postings: vec![
                Posting::debit(Account::Held, total),
                Posting::credit(Account::Credit, total),
            ],
            ..NewEntry::default()
        };
        post(cx, tenant, entry).await.map_err(Fault::from)?;
    }
    let open = sqlx::query_scalar!(
        r#"select id as "id: PaymentId" from payments
           where order_id = $1 and tenant_id = $2 and state in ('pending', 'authorised')"#,
        id.uuid(),
        tenant.uuid()
    )
    .fetch_all(cx.tx())
    .await?;
    for payment in open {
        cx.enqueue(&ReconcileJob { tenant, payment }).await?;
    }
    let message = "Order cancelled; nothing was charged";
    tell(cx, tenant, id, News { item: None, kind: "cancelled", message, detail: Value::Null })
        .await?;
    cx.audit(Entry {
        action: "order.cancel",
        resource: "order",
        resource_id: Some(id.to_string()),
        old: Some(json!({ "state": order.state })),
        new: Some(json!({ "state": OrderState::Cancelled })),
        reason: Some(reason),
        ..Entry::default()
    })
    .await?;
    Ok(())
}
