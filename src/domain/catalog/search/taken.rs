//! Numbers that somebody here holds or has. One that rests is shown to nobody: its last owner takes it
//! back from its page.

use super::Hit;
use crate::{Fault, Platform};
use std::collections::HashSet;
use voxlink_types::E164;

/// Which of these numbers somebody holds or has here. Carriers without reservations cannot know.
pub(super) async fn taken(platform: &Platform, hits: &[Hit]) -> Result<HashSet<E164>, Fault> {
    if hits.is_empty() {
        return Ok(HashSet::new());
    }
    let numbers: Vec<String> = hits.iter().map(|hit| hit.offer.number.to_string()).collect();
    let rows = sqlx::query_scalar!(
        r#"select e164 as "e164!: E164" from holds
           where e164 = any($1) and (order_id is not null or expires_at > $2)
           union
           select e164 from inventory
           where e164 = any($1)
             and (state in ('sold', 'reserved') or (state = 'aging' and aging_until > $2))"#,
        &numbers,
        platform.clock().now()
    )
    .fetch_all(&platform.db().platform)
    .await?;
    Ok(rows.into_iter().collect())
}
