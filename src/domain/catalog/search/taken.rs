//! Numbers that somebody here holds or has, or that their carrier does not have any more. One that
//! rests is shown to nobody: its last owner takes it back from its page.

use super::Hit;
use crate::{Fault, Platform};
use std::collections::HashSet;
use voxlink_types::E164;

/// Which of these numbers somebody holds or has here, which carriers without reservations cannot
/// know, or were refused by their carrier since it offered them.
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
    let mut taken: HashSet<E164> = rows.into_iter().collect();
    for hit in hits {
        if platform.kept_answers().was_refused(&hit.offer, hit.as_of).await {
            taken.insert(hit.offer.number.clone());
        }
    }
    Ok(taken)
}
