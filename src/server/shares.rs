//! This server's part of what all servers together may ask of a carrier: an equal one, by how many
//! of them live. It is looked up in memory before every request and follows the database each
//! second; while that is away the last number stands. A program of the command line takes no part:
//! it keeps to the whole quota for the short time it runs.

use rand::random;
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use uuid::Uuid;
use voxlink_domain::{Fault, Platform, quota};

/// How often the server says that it lives.
const TURN: Duration = Duration::from_secs(1);
/// A database that takes longer to answer is away.
const PATIENCE: Duration = Duration::from_secs(3);

/// Among how many servers each carrier's quota is shared. Clones share what they know.
#[derive(Debug, Clone, Default)]
pub struct Shares {
    servers: Arc<RwLock<BTreeMap<&'static str, u32>>>,
}

impl Shares {
    /// Takes part in a carrier's quota: where it did not before, for now as its only server.
    pub fn of(&self, carrier: &'static str) {
        self.servers.write().unwrap_or_else(PoisonError::into_inner).entry(carrier).or_insert(1);
    }

    /// Takes no part any more in the quotas of other carriers than these.
    pub fn only(&self, carriers: &[&'static str]) {
        let mut servers = self.servers.write().unwrap_or_else(PoisonError::into_inner);
        servers.retain(|carrier, _| carriers.contains(carrier));
    }

    /// Among how many servers the carrier's quota is shared, as far as is known; at least this one.
    pub fn servers(&self, carrier: &str) -> u32 {
        let servers = self.servers.read().unwrap_or_else(PoisonError::into_inner);
        servers.get(carrier).copied().unwrap_or(1)
    }

    /// Says each second that this server lives and hears how many others do, for ever.
    pub async fn follow(self, platform: Platform) {
        let server = Uuid::from_u128(random());
        let mut reached = true;
        loop {
            let turn = tokio::time::timeout(PATIENCE, self.renew(&platform, server)).await;
            let trouble = match turn {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some("the database takes too long".to_owned()),
            };
            if let (Some(error), true) = (&trouble, reached) {
                tracing::warn!(
                    %error,
                    "carriers' quotas are shared as before: the other servers cannot be counted"
                );
            }
            reached = trouble.is_none();
            tokio::time::sleep(TURN).await;
        }
    }

    /// One turn of it, for the server of this id.
    pub async fn renew(&self, platform: &Platform, server: Uuid) -> Result<(), Fault> {
        let carriers: Vec<String> = {
            let servers = self.servers.read().unwrap_or_else(PoisonError::into_inner);
            servers.keys().map(|&carrier| carrier.to_owned()).collect()
        };
        if carriers.is_empty() {
            return Ok(());
        }
        let counted = quota::lease(platform, server, &carriers).await?;
        let mut servers = self.servers.write().unwrap_or_else(PoisonError::into_inner);
        for (carrier, count) in &mut *servers {
            if let Some(now) = counted.get(*carrier) {
                *count = *now;
            }
        }
        Ok(())
    }
}
