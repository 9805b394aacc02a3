//! Payments that everybody forgot: the webhook was lost and the person closed the window.

use super::{PaymentsError, ReconcileJob, open};
use crate::Platform;
use chrono::Duration;
use voxlink_types::{
    ids::{PaymentId, TenantId},
    order::PaymentState,
};

/// How long a payment may be silent before the processor is asked.
const SILENT: Duration = Duration::minutes(2);
/// How long a person may take at the processor's page.
const PATIENCE: Duration = Duration::hours(1);

/// Asks after open payments that were silent, and gives up those nobody finished. Returns how many
/// it looked at. Failures of one do not keep it from the next; it comes again.
pub async fn sweep(platform: &Platform) -> Result<usize, PaymentsError> {
    let mut cx = platform.work("sweep").await?;
    let now = cx.now();
    let silent = sqlx::query!(
        r#"select id as "id: PaymentId", tenant_id as "tenant: TenantId", created_at, external_id
           from payments
           where state in ('pending', 'authorised') and processor <> 'credit' and created_at < $1
           order by created_at limit 200"#,
        now - SILENT,
    )
    .fetch_all(cx.tx())
    .await?;
    drop(cx);
    let count = silent.len();
    for payment in silent {
        let job = ReconcileJob { tenant: payment.tenant, payment: payment.id };
        let mut outcome = Ok(());
        if payment.external_id.is_none() {
            // The process died between storing and opening; the key finds the same payment.
            outcome = open(platform, payment.tenant, payment.id).await.map(drop);
        }
        if outcome.is_ok() {
            outcome = super::run_reconcile(platform, &job).await;
        }
        if outcome.is_ok() && payment.created_at < now - PATIENCE {
            outcome = give_up(platform, &job).await;
        }
        if let Err(error) = outcome {
            tracing::warn!(payment = %payment.id, %error, "a silent payment could not be looked at");
        }
    }
    Ok(count)
}

/// Closes a payment page that nobody finished.
async fn give_up(platform: &Platform, job: &ReconcileJob) -> Result<(), PaymentsError> {
    let payment = super::reconcile(platform, job.tenant, job.payment).await?;
    let (PaymentState::Pending, Some(external_id)) = (payment.state, &payment.external_id) else {
        return Ok(());
    };
    let processor = platform.processor(&payment.processor).ok_or(PaymentsError::NoProcessor)?;
    processor.void(external_id, payment.id.uuid()).await?;
    super::reconcile(platform, job.tenant, job.payment).await.map(drop)
}
