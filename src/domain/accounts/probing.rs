//! How often one network may learn that an address is taken, by registering or by accepting an
//! invitation: the two share one count.
//!
//! Whoever registers or joins is signed in at once, so a taken address cannot be answered like a free one:
//! the answer is an account or none. What can be done is to make trying out a list of addresses
//! slow: from the fourth hit in a day on, each costs the network a pause that doubles up to an
//! hour, whatever address comes next. Registrations that succeed cost nothing.

use super::{AccountError, sign_in::wait};
use crate::Platform;
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// Hits of a day that cost nothing: people forget that they have an account.
const FREE: i32 = 3;

/// Counts a try before it is judged, so that tries at the same moment cannot slip past the count.
pub(super) async fn count(platform: &Platform, network: [u8; 32]) -> Result<(), AccountError> {
    let now = platform.clock().now();
    let pool = &platform.db().platform;
    let counted = sqlx::query_scalar!(
        "insert into sign_in_failures as f (subject_hash, failures, last_failure_at)
         values ($1, 1, $2)
         on conflict (subject_hash) do update
         set failures = case when f.last_failure_at < $2 - interval '1 day' then 1 else f.failures + 1 end,
             last_failure_at = $2,
             blocked_until = case when f.failures >= $3 and f.last_failure_at >= $2 - interval '1 day'
                 then $2 + least(3600, power(2, least(f.failures - $3 + 1, 20))::float8) * interval '1 second' end
         where f.blocked_until is null or f.blocked_until <= $2
         returning f.failures",
        network.as_slice(),
        now,
        FREE,
    )
    .fetch_optional(pool)
    .await?;
    if counted.is_some() {
        return Ok(());
    }
    let until = sqlx::query_scalar!(
        "select blocked_until from sign_in_failures where subject_hash = $1",
        network.as_slice()
    )
    .fetch_optional(pool)
    .await?;
    Err(AccountError::TryLater(wait(now, until.flatten())))
}

/// What tries are counted by: an IPv4 address, or the /64 that one IPv6 customer has.
pub(super) fn network(ip: IpAddr) -> [u8; 32] {
    let hash = Sha256::new().chain_update("register:");
    match ip.to_canonical() {
        IpAddr::V4(ip) => hash.chain_update(ip.octets()),
        IpAddr::V6(ip) => hash.chain_update(&ip.octets()[..8]),
    }
    .finalize()
    .into()
}
