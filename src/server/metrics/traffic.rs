//! Adds what this process counts of carriers to the figures of all servers, every few seconds.

use super::tally;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use voxlink_domain::{Platform, carriers};

/// How often the database is told.
const EVERY: Duration = Duration::from_secs(5);

/// Tells the database until `stop`, and once more then. While it is away everything is kept and
/// told later.
pub(crate) async fn tell(platform: Platform, stop: CancellationToken) {
    // Which process it is matters to breakers alone, and only while it runs.
    let server = Uuid::now_v7();
    let mut away = false;
    loop {
        let ending = stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none();
        match carriers::tell(&platform, server, tally()).await {
            Ok(()) => away = false,
            Err(error) if !away => {
                tracing::warn!(%error, "figures of carriers are told later");
                away = true;
            }
            Err(_) => {}
        }
        if ending {
            return;
        }
    }
}
