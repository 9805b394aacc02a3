//! Orders that everybody forgot: a worker died, a job was lost, a card page was never finished.

use super::{FulfilJob, cancel};
use crate::{Fault, Platform};
use chrono::Duration;
use voxlink_types::ids::{OrderId, TenantId};

/// How long an order waits for its card.
const PATIENCE: Duration = Duration::minutes(65);

/// Enqueues every order that is ready and nobody works on, and cancels those whose card never
/// came. Called every few seconds; returns how many it found.
pub async fn sweep(platform: &Platform) -> Result<usize, Fault> {
    let mut cx = platform.work("sweep").await?;
    let now = cx.now();
    let forgotten = sqlx::query!(
        r#"select o.id as "id: OrderId", o.tenant_id as "tenant: TenantId"
           from orders o
           where o.state in ('pending', 'processing') and coalesce(o.next_attempt_at, o.placed_at) <= $1
             and (o.lease_until is null or o.lease_until <= $1)
             and (o.payment_kind = 'credit' or o.state = 'processing' or exists (
                 select 1 from payments p where p.order_id = o.id and p.state in ('authorised', 'succeeded')))
           order by o.placed_at limit 500"#,
        now
    )
    .fetch_all(cx.tx())
    .await?;
    for order in &forgotten {
        cx.enqueue(&FulfilJob { tenant: order.tenant, order: order.id }).await?;
    }
    let unpaid = sqlx::query!(
        r#"select o.id as "id: OrderId", o.tenant_id as "tenant: TenantId"
           from orders o
           where o.state = 'pending' and o.payment_kind = 'card' and o.placed_at < $1
             and not exists (select 1 from payments p where p.order_id = o.id and p.state in ('authorised', 'succeeded'))
           order by o.placed_at limit 100"#,
        now - PATIENCE
    )
    .fetch_all(cx.tx())
    .await?;
    cx.commit().await?;
    for order in &unpaid {
        let mut cx = platform.work_for(order.tenant, "sweep").await?;
        match cancel(&mut cx, order.id, "The card payment was not finished in time").await {
            Ok(()) => cx.commit().await?,
            Err(error) => tracing::warn!(order = %order.id, %error, "an unpaid order stays open"),
        }
    }
    Ok(forgotten.len() + unpaid.len())
}
