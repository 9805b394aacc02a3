//! An order and its card payments: what a payment's move means for the order.

use super::{CollectDueJob, FulfilJob, News, dues, fulfil::Work, tell};
use crate::{
    Ctx, Fault, Platform,
    billing::payments::{self, NewPayment, Payment, PaymentsError, Purpose},
};
use serde_json::Value;
use uuid::Uuid;
use voxlink_types::{
    Currency, Money,
    ids::{OrderId, PaymentId},
    order::{OrderState, PaymentState},
};

/// A payment of this order moved: go on when money is set aside, say so when it was refused.
pub async fn payment_moved(
    cx: &mut Ctx,
    order: OrderId,
    payment: &Payment,
    to: PaymentState,
    reason: Option<&str>,
) -> Result<(), Fault> {
    let tenant = cx.tenant();
    let due = payment.purpose == Purpose::Due;
    let message = match to {
        PaymentState::Authorised if due => {
            cx.enqueue(&CollectDueJob { tenant, order, payment: payment.id }).await?;
            return Ok(());
        }
        PaymentState::Succeeded if due => return dues::paid(cx, order, "card").await,
        PaymentState::Authorised => {
            cx.enqueue(&FulfilJob { tenant, order }).await?;
            "Your card was accepted; it is charged only for the numbers you get".to_owned()
        }
        PaymentState::Failed => {
            let reason = reason.unwrap_or("The card was declined.");
            format!("Your card was not accepted: {reason} Nothing was charged.")
        }
        _ => return Ok(()),
    };
    let kind = if to == PaymentState::Failed { "declined" } else { "authorised" };
    tell(cx, tenant, order, News { item: None, kind, message: &message, detail: Value::Null }).await
}

/// True while an order has a use for a payment that is open or authorised.
pub async fn wants_payment(
    cx: &mut Ctx,
    order: OrderId,
    payment: PaymentId,
) -> Result<bool, Fault> {
    let tenant = cx.tenant();
    // A second attempt makes the first one needless.
    Ok(sqlx::query_scalar!(
        r#"select case q.purpose when 'due'
                      then exists (select 1 from order_dues d where d.order_id = o.id and d.paid_at is null)
                      else o.state in ('pending', 'processing') end
                  and not exists (
               select 1 from payments p where p.order_id = o.id and p.id <> $3 and p.purpose = q.purpose
                   and p.state in ('authorised', 'succeeded') and (p.created_at, p.id) < (q.created_at, q.id)) as "wants!"
           from orders o join payments q on q.id = $3
           where o.id = $1 and o.tenant_id = $2"#,
        order.uuid(),
        tenant.uuid(),
        payment.uuid()
    )
    .fetch_one(cx.tx())
    .await?)
}

/// Begins another card payment for an order whose first one was declined, at the beginning or when
/// it was to be charged. `None` when the order waits for no card; one that is still open is
/// returned as it is.
pub async fn pay_again(
    cx: &mut Ctx,
    order: OrderId,
    processor: &str,
) -> Result<Option<PaymentId>, PaymentsError> {
    let tenant = cx.tenant();
    // First the account, then the order: as where it is paid from the balance.
    let due = dues::locked(cx, order).await?;
    let row = sqlx::query!(
        r#"select state as "state: OrderState", payment_kind, total_minor, currency as "currency: Currency", order_number
           from orders where id = $1 and tenant_id = $2 for update"#,
        order.uuid(),
        tenant.uuid()
    )
    .fetch_optional(cx.tx())
    .await?
    .ok_or(PaymentsError::Absent)?;
    let (purpose, amount) = if row.state == OrderState::Pending && row.payment_kind == "card" {
        (Purpose::Order, Money::new(row.total_minor, row.currency))
    } else if let Some(amount) = due {
        (Purpose::Due, amount)
    } else {
        return Ok(None);
    };
    let open = sqlx::query_scalar!(
        r#"select id as "id: PaymentId" from payments
           where order_id = $1 and tenant_id = $2 and state in ('pending', 'authorised') and purpose = $3
           order by created_at desc limit 1"#,
        order.uuid(),
        tenant.uuid(),
        purpose.as_str()
    )
    .fetch_optional(cx.tx())
    .await?;
    if open.is_some() {
        return Ok(open);
    }
    let new = NewPayment {
        purpose,
        order: Some(order),
        invoice: None,
        processor: processor.to_owned(),
        amount,
        description: format!("Order {}", row.order_number),
    };
    Ok(Some(payments::begin(cx, new).await?))
}

/// The payment an order is charged to: id, processor, its id there, the key of the capture.
pub(super) async fn authorised(
    platform: &Platform,
    work: &Work,
) -> Result<Option<(PaymentId, String, String, Uuid)>, Fault> {
    let mut cx = platform.work("worker").await?;
    let row = sqlx::query!(
        r#"select id as "id: PaymentId", processor, external_id as "external_id!", idempotency_key
           from payments where order_id = $1 and tenant_id = $2 and purpose = 'order' and external_id is not null
             and (state in ('authorised', 'succeeded', 'refunded', 'partially_refunded') or processed_at is not null)
           order by state in ('authorised', 'succeeded', 'refunded', 'partially_refunded') desc, created_at, id
           limit 1"#,
        work.order.uuid(),
        work.tenant.uuid()
    )
    .fetch_optional(cx.tx())
    .await?;
    Ok(row.map(|r| (r.id, r.processor, r.external_id, r.idempotency_key)))
}
