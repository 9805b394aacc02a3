//! What the frame of every page shows: how much waits in the cart, how many notices are unread.

use crate::{Ctx, Fault};
use voxlink_types::ids::UserId;

/// The counts beside the frame's entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FrameCounts {
    /// Numbers in the person's cart.
    pub cart: i64,
    /// Notices not yet read.
    pub unread: i64,
}

/// Counts for a person's frame, in one query.
pub async fn frame_counts(cx: &mut Ctx, user: UserId) -> Result<FrameCounts, Fault> {
    let (tenant, now) = (cx.tenant().uuid(), cx.now());
    let row = sqlx::query!(
        r#"select
            (select count(*) from carts c join cart_items i on i.cart_id = c.id
             where c.tenant_id = $1 and i.tenant_id = $1 and c.user_id = $2 and c.state = 'open') as "cart!",
            (select count(*) from notifications n
             where n.tenant_id = $1 and n.user_id = $2 and n.read_at is null
               and 'in_app' = any(n.channels)
               and (n.expires_at is null or n.expires_at > $3)
               and (n.scheduled_for is null or n.scheduled_for <= $3)) as "unread!""#,
        tenant,
        user.uuid(),
        now,
    )
    .fetch_one(cx.tx())
    .await?;
    Ok(FrameCounts { cart: row.cart, unread: row.unread })
}
