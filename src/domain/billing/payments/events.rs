//! What processors tell us by themselves: verified, stored once, answered, and worked on in a job.

use super::{PaymentsError, reconcile::apply};
use crate::{
    Fault, Platform,
    jobs::{Job, JobError},
};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use voxlink_gateways::PaymentError;
use voxlink_types::ids::{PaymentId, TenantId};

/// Works on a stored event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PaymentEventJob {
    /// The row of `inbound_events`.
    pub event: Uuid,
    /// The processor's key.
    pub processor: String,
    /// The processor's id of the payment.
    pub external_id: String,
}

impl Job for PaymentEventJob {
    const TASK: &'static str = "payment_event";
    fn key(&self) -> Option<String> {
        Some(format!("payment_event:{}", self.event))
    }

    async fn run(&self, platform: &Platform) -> Result<(), JobError> {
        Ok(self.process(platform).await?)
    }
}

/// Takes an event in: verified on the raw body, stored under the processor's id of it, enqueued.
/// True when it was new. A forged one leaves no trace.
pub async fn receive(
    platform: &Platform,
    processor: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<bool, PaymentsError> {
    let gateway = platform.processor(processor).ok_or(PaymentsError::NoProcessor)?;
    // Before the database is asked: strangers may knock as often as they like.
    let now = platform.clock().now();
    let event = gateway.verify(headers, body, now)?;
    let mut cx = platform.work("callbacks").await?;
    let id = PaymentId::new(cx.now_millis()).uuid();
    let stored = sqlx::query!(
        "insert into inbound_events (id, source, event_id, kind, headers, body, received_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (source, event_id) do nothing",
        id,
        gateway.key(),
        event.id,
        event.kind,
        json!({ "payment": event.external_id }),
        body,
        now,
    )
    .execute(cx.tx())
    .await?;
    let new = stored.rows_affected() > 0;
    if new {
        let job = PaymentEventJob {
            event: id,
            processor: gateway.key().to_owned(),
            external_id: event.external_id,
        };
        cx.enqueue(&job).await?;
    }
    cx.commit().await?;
    Ok(new)
}

impl PaymentEventJob {
    /// Fetches the payment's state and applies it. The event itself is not believed: events come
    /// late and out of order.
    pub async fn process(&self, platform: &Platform) -> Result<(), PaymentsError> {
        let gateway = platform.processor(&self.processor).ok_or(PaymentsError::NoProcessor)?;
        match gateway.get(&self.external_id).await {
            Ok(told) => {
                let id: PaymentId = told.reference.parse().map_err(|_| PaymentsError::Absent)?;
                let tenant = tenant_of(platform, id).await?.ok_or(PaymentsError::Absent)?;
                apply(platform, tenant, id, &told).await?;
            }
            // A payment of somebody else's at the same processor: nothing of ours to move.
            Err(PaymentError::Unknown(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let mut cx = platform.work("callbacks").await?;
        let now = cx.now();
        sqlx::query!(
            "update inbound_events set processed_at = $2, attempts = attempts + 1 where id = $1",
            self.event,
            now
        )
        .execute(cx.tx())
        .await?;
        Ok(cx.commit().await?)
    }
}

async fn tenant_of(platform: &Platform, id: PaymentId) -> Result<Option<TenantId>, Fault> {
    let mut cx = platform.work("payments").await?;
    let tenant = sqlx::query_scalar!(
        r#"select tenant_id as "tenant: TenantId" from payments where id = $1"#,
        id.uuid()
    )
    .fetch_optional(cx.tx())
    .await?;
    Ok(tenant)
}
