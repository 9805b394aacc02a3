//! What the processor says becomes what we say: fetched, checked, applied once.

use super::{Payment, PaymentsError, Purpose, get};
use crate::{
    Ctx, Fault, Platform,
    audit::Entry,
    billing::{
        invoices,
        journal::{Account, NewEntry, Posting, post},
    },
    jobs::{Job, JobError},
    orders,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use voxlink_gateways::payments::{ProcessorPayment, ProcessorState};
use voxlink_types::{
    Money,
    ids::{PaymentId, TenantId},
    order::PaymentState,
};

/// Looks after one payment: asks its processor, and lets go of what an ended order does not need.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReconcileJob {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub payment: PaymentId,
}

impl Job for ReconcileJob {
    const TASK: &'static str = "payment_reconcile";
    fn key(&self) -> Option<String> {
        Some(format!("payment_reconcile:{}", self.payment))
    }

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        Ok(run_reconcile(platform, self).await?)
    }
}

/// Runs a [`ReconcileJob`].
pub async fn run_reconcile(platform: &Platform, job: &ReconcileJob) -> Result<(), PaymentsError> {
    reconcile(platform, job.tenant, job.payment).await?;
    let mut cx = platform.work_for(job.tenant, "payments").await?;
    let payment = get(&mut cx, job.tenant, job.payment, false).await?;
    let needed = match payment.order {
        Some(order) => orders::wants_payment(&mut cx, order, payment.id).await?,
        None => true,
    };
    drop(cx);
    let open = matches!(payment.state, PaymentState::Pending | PaymentState::Authorised);
    let (false, true, Some(external_id)) = (needed, open, &payment.external_id) else {
        return Ok(());
    };
    let processor = platform.processor(&payment.processor).ok_or(PaymentsError::NoProcessor)?;
    processor.void(external_id, payment.id.uuid()).await?;
    reconcile(platform, job.tenant, job.payment).await.map(drop)
}

/// Fetches where a payment stands at its processor and applies it. Returns where it stands here.
pub async fn reconcile(
    platform: &Platform,
    tenant: TenantId,
    id: PaymentId,
) -> Result<Payment, PaymentsError> {
    let mut cx = platform.work_for(tenant, "payments").await?;
    let payment = get(&mut cx, tenant, id, false).await?;
    drop(cx);
    let Some(external_id) = &payment.external_id else { return Ok(payment) };
    let processor = platform.processor(&payment.processor).ok_or(PaymentsError::NoProcessor)?;
    let told = processor.get(external_id).await?;
    apply(platform, tenant, id, &told).await
}

/// Applies what the processor told, under the payment's lock.
pub(super) async fn apply(
    platform: &Platform,
    tenant: TenantId,
    id: PaymentId,
    told: &ProcessorPayment,
) -> Result<Payment, PaymentsError> {
    let mut cx = platform.work_for(tenant, "payments").await?;
    let payment = get(&mut cx, tenant, id, true).await?;
    if told.reference != id.to_string() || told.amount != payment.amount {
        let detail = format!("the processor has {} over {}", told.reference, told.amount);
        return Err(Fault::inconsistent(format!("payments {id}"), detail).into());
    }
    let Some(next) = next_state(&payment, &told.state) else { return Ok(payment) };
    let (captured, refunded) = amounts(&payment, &told.state);
    if payment.state == next && payment.refunded == refunded {
        return Ok(payment);
    }
    let failure = match &told.state {
        ProcessorState::Declined { code, reason } => Some((code.as_str(), reason.as_str())),
        _ => None,
    };
    let now = cx.now();
    sqlx::query!(
        "update payments set state = $3, captured_minor = $4, refunded_minor = $5, failure_code = $6,
                failure_reason = $7, external_id = coalesce(external_id, $8), external_state = $9,
                processed_at = $10
         where id = $1 and tenant_id = $2",
        id.uuid(),
        tenant.uuid(),
        next.as_str(),
        captured.minor,
        refunded.minor,
        failure.map(|f| f.0),
        failure.map(|f| f.1),
        told.external_id,
        word(&told.state),
        now,
    )
    .execute(cx.tx())
    .await?;
    tell_journal(&mut cx, &payment, captured, refunded).await?;
    if captured != payment.captured && matches!(payment.purpose, Purpose::TopUp | Purpose::Invoice)
    {
        invoices::settle_open(&mut cx, payment.invoice).await.map_err(Fault::from)?;
    }
    if let Some(order) = payment.order {
        orders::payment_moved(&mut cx, order, &payment, next, failure.map(|f| f.1)).await?;
    }
    cx.audit(Entry {
        action: "payment.move",
        resource: "payment",
        resource_id: Some(id.to_string()),
        old: Some(json!({ "state": payment.state })),
        new: Some(json!({ "state": next, "captured": captured, "refunded": refunded })),
        ..Entry::default()
    })
    .await?;
    cx.commit().await?;
    let failure = failure.map(|f| f.1.to_owned());
    Ok(Payment { state: next, captured, refunded, failure, ..payment })
}

/// The state to move to, or none when the news is old: events come out of order.
fn next_state(payment: &Payment, told: &ProcessorState) -> Option<PaymentState> {
    let next = match told {
        ProcessorState::Open => return None,
        ProcessorState::Authorised => PaymentState::Authorised,
        ProcessorState::Captured(_) => PaymentState::Succeeded,
        ProcessorState::Declined { .. } => PaymentState::Failed,
        ProcessorState::Cancelled => PaymentState::Cancelled,
        ProcessorState::Refunded(back) if *back == amounts(payment, told).0 => {
            PaymentState::Refunded
        }
        ProcessorState::Refunded(_) => PaymentState::PartiallyRefunded,
    };
    // A refund seen before its capture is both at once.
    let straight = payment.state.may_become(next);
    let through = payment.state.may_become(PaymentState::Succeeded)
        && PaymentState::Succeeded.may_become(next);
    let more = payment.state == next && next == PaymentState::PartiallyRefunded;
    (straight || through || more).then_some(next)
}

/// The processor's word, for administrators.
const fn word(state: &ProcessorState) -> &'static str {
    match state {
        ProcessorState::Open => "open",
        ProcessorState::Authorised => "authorised",
        ProcessorState::Captured(_) => "captured",
        ProcessorState::Declined { .. } => "declined",
        ProcessorState::Cancelled => "cancelled",
        ProcessorState::Refunded(_) => "refunded",
    }
}

/// Taken and given back, as told. A processor that tells a refund does not repeat what it took:
/// then all of it was, unless we know better.
fn amounts(payment: &Payment, told: &ProcessorState) -> (Money, Money) {
    match told {
        ProcessorState::Captured(taken) => (*taken, payment.refunded),
        ProcessorState::Refunded(back) => {
            let known = payment.captured.minor > 0;
            (if known { payment.captured } else { payment.amount }, *back)
        }
        _ => (payment.captured, payment.refunded),
    }
}

/// Tells the journal what was taken and what was given back since.
async fn tell_journal(
    cx: &mut Ctx,
    payment: &Payment,
    captured: Money,
    refunded: Money,
) -> Result<(), Fault> {
    let (account, kind, words) = match payment.purpose {
        Purpose::TopUp => (Account::Credit, "top_up", "Balance topped up by card"),
        Purpose::Order | Purpose::Due => {
            (Account::Receivable, "order_payment", "Order paid by card")
        }
        // It reaches the balance and pays its invoice from there: what the invoice does not need any
        // more, because it was paid twice, is still the customer's.
        Purpose::Invoice => (Account::Credit, "top_up", "Paid by card for an invoice"),
    };
    let entry = |reference: String, kind, words: &str, into, from, amount| NewEntry {
        reference,
        kind,
        description: words.to_owned(),
        order: payment.order,
        payment: Some(payment.id),
        invoice: payment.invoice,
        occurred_at: None,
        postings: vec![Posting::debit(into, amount), Posting::credit(from, amount)],
    };
    if captured != payment.captured {
        let reference = format!("payment:{}:captured", payment.id);
        post(
            cx,
            payment.tenant,
            entry(reference, kind, words, Account::Processor, account, captured),
        )
        .await?;
    }
    if refunded != payment.refunded {
        let back = Money::new(refunded.minor - payment.refunded.minor, refunded.currency);
        let reference = format!("payment:{}:refunded:{}", payment.id, refunded.minor);
        let told =
            entry(reference, "refund", "Refunded to your card", account, Account::Processor, back);
        post(cx, payment.tenant, told).await?;
    }
    Ok(())
}
