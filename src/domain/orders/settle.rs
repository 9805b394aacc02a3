//! The end of an order: the card pays for exactly what was had, the order gets its last state.

use super::{News, checkout, dues, fulfil::Work, payment, tell};
use crate::{
    Ctx, Fault, Platform,
    audit::Entry,
    billing::payments::{self, PaymentsError},
    notifications::{Notice, notify},
};
use serde_json::{Value, json};
use voxlink_gateways::PaymentError;
use voxlink_types::{
    Money,
    notice::NoticeKind,
    order::{ItemStep, OrderState, PaymentState, Strategy},
};

/// Finishes an order all of whose items came to an end. False when it must be tried again.
pub(super) async fn settle(platform: &Platform, work: &Work) -> Result<bool, Fault> {
    let items = sqlx::query!(
        r#"select step as "step: ItemStep", total_minor from order_items where order_id = $1 and tenant_id = $2"#,
        work.order.uuid(),
        work.tenant.uuid()
    )
    .fetch_all(&platform.db().platform)
    .await?;
    let had: Vec<i64> = items
        .iter()
        .filter(|i| matches!(i.step, ItemStep::Bought | ItemStep::Done))
        .map(|i| i.total_minor)
        .collect();
    let due = Money::new(had.iter().sum(), work.currency);
    let taken = if work.by_card { take_from_card(platform, work, due).await? } else { Taken::All };
    if matches!(taken, Taken::Later) {
        return Ok(false);
    }
    let state = match had.len() {
        0 => OrderState::Failed,
        n if n == items.len() => OrderState::Completed,
        _ => OrderState::Partial,
    };
    let mut cx = platform.work_for(work.tenant, "worker").await?;
    let now = cx.now();
    let charged = match taken {
        Taken::All if work.by_card => due.minor,
        _ => 0,
    };
    let ours = sqlx::query_scalar!(
        r#"with ours as (
               update orders set state = $3, finished_at = $4, lease_until = null, lease_owner = null,
                      charged_minor = charged_minor + $5
               where id = $1 and tenant_id = $2 and lease_owner = $6 and state = 'processing'
               returning id
           ), done as (
               update order_items i set step = 'done' from ours
               where i.order_id = ours.id and i.tenant_id = $2 and i.step = 'bought'
           )
           select id from ours"#,
        work.order.uuid(),
        work.tenant.uuid(),
        state.as_str(),
        now,
        charged,
        work.owner,
    )
    .fetch_optional(cx.tx())
    .await?;
    if ours.is_none() {
        return Ok(true);
    }
    if state == OrderState::Failed {
        checkout::unredeem(&mut cx, work.order).await?;
    }
    if matches!(taken, Taken::Refused(_)) && due.minor > 0 {
        dues::fall_due(&mut cx, work, due).await?;
    }
    let message = closing_words(work, state, &taken, due);
    let detail = match &taken {
        Taken::Refused(said) => json!({ "processor": said }),
        _ => Value::Null,
    };
    tell(
        &mut cx,
        work.tenant,
        work.order,
        News { item: None, kind: state.as_str(), message: &message, detail },
    )
    .await?;
    if !work.by_sheet {
        announce(&mut cx, work, state, &message).await?;
    }
    cx.audit(Entry {
        action: "order.finish",
        resource: "order",
        resource_id: Some(work.order.to_string()),
        new: Some(
            json!({ "state": state, "numbers": had.len(), "of": items.len(), "charged": due }),
        ),
        ..Entry::default()
    })
    .await?;
    cx.commit().await?;
    Ok(true)
}

/// Tells the buyer, in the page and by letter.
async fn announce(
    cx: &mut Ctx,
    work: &Work,
    state: OrderState,
    message: &str,
) -> Result<(), Fault> {
    let title = match state {
        OrderState::Completed => format!("Order {} is complete", work.number),
        OrderState::Partial => format!("Order {} is complete in part", work.number),
        _ => format!("Order {} could not be fulfilled", work.number),
    };
    let notice = Notice {
        kind: NoticeKind::System,
        title,
        message: format!("{message}."),
        action: Some(("See the order".to_owned(), format!("/orders/{}", work.order))),
        dedupe_key: Some(format!("order:{}:{state}", work.order)),
    };
    notify(cx, work.user, &notice).await
}

fn closing_words(work: &Work, state: OrderState, taken: &Taken, due: Money) -> String {
    let money = match taken {
        Taken::Refused(_) => {
            format!("your card could not be charged, so {due} is due")
        }
        _ => format!("you paid {due}"),
    };
    match state {
        OrderState::Completed => format!("Order complete: all numbers are in service, {money}"),
        OrderState::Partial => {
            format!("Order complete in part: {money}; the rest was not charged")
        }
        _ => match work.strategy {
            Strategy::BestEffort => {
                "None of the numbers could be had; nothing was charged".to_owned()
            }
            Strategy::AllOrNothing => {
                "Not all of the numbers could be had, and you wanted all or none; nothing was charged"
                    .to_owned()
            }
            Strategy::AtLeast(least) => format!(
                "Fewer than the {least} numbers you wanted at least could be had; nothing was charged"
            ),
        },
    }
}

/// What the card gave.
enum Taken {
    All,
    /// It was not to be had for good: the sum stays owed. The processor's words.
    Refused(String),
    Later,
}

/// Captures exactly what is due, once, or lets everything go. The processor is asked what is true
/// afterwards, so a lost answer or a death in between does no harm.
async fn take_from_card(platform: &Platform, work: &Work, due: Money) -> Result<Taken, Fault> {
    let Some((id, processor, external_id, key)) = payment::authorised(platform, work).await? else {
        return Ok(Taken::Refused("no payment is authorised".to_owned()));
    };
    let Some(gateway) = platform.processor(&processor) else { return Ok(Taken::Later) };
    let asked = if due.minor > 0 {
        gateway.capture(&external_id, due, key).await
    } else {
        gateway.void(&external_id, id.uuid()).await
    };
    if let Err(PaymentError::Transient(_) | PaymentError::UnknownOutcome(_)) = asked {
        return Ok(Taken::Later);
    }
    let known = match payments::reconcile(platform, work.tenant, id).await {
        Ok(payment) => payment,
        Err(PaymentsError::Fault(fault)) => return Err(fault),
        Err(_) => return Ok(Taken::Later),
    };
    Ok(match known.state {
        PaymentState::Succeeded | PaymentState::Refunded | PaymentState::PartiallyRefunded => {
            Taken::All
        }
        PaymentState::Cancelled | PaymentState::Failed if due.minor == 0 => Taken::All,
        // The processor may be late with its own books.
        PaymentState::Authorised | PaymentState::Pending if asked.is_ok() => Taken::Later,
        _ => Taken::Refused(asked.err().map_or_else(String::new, |e| e.to_string())),
    })
}
