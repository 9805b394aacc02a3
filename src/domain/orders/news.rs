//! News of orders at carriers that work them off one after the other. News is believed in nothing
//! but that something moved: whoever works on our order asks the carrier how far it is, as it does
//! every few seconds without any news, too.

use super::FulfilJob;
use crate::{Fault, Platform};
use voxlink_types::ids::{OrderId, TenantId};

/// Has an order asked after now whose carrier tells that it moved there, by the carrier's own id.
/// False when nobody waits for it. Told twice or too late, it changes nothing.
pub async fn carrier_news(
    platform: &Platform,
    carrier: &str,
    carrier_order_id: &str,
) -> Result<bool, Fault> {
    let mut cx = platform.work("callback").await?;
    let waiting = sqlx::query!(
        r#"select distinct o.id as "id: OrderId", o.tenant_id as "tenant: TenantId"
           from order_items i join orders o on o.id = i.order_id
           where i.carrier = $1 and i.carrier_order_id = $2 and i.step in ('buying', 'unknown')
             and o.state = 'processing'"#,
        carrier,
        carrier_order_id,
    )
    .fetch_all(cx.tx())
    .await?;
    for order in &waiting {
        cx.enqueue(&FulfilJob { tenant: order.tenant, order: order.id }).await?;
    }
    cx.commit().await?;
    Ok(!waiting.is_empty())
}
