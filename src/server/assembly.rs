//! What `main` joins, and what the command line asks of it.

use crate::{config::Config, refusals::Dress};
use async_trait::async_trait;
use axum::Router;
use futures::future::BoxFuture;
use sqlx::postgres::PgConnectOptions;
use std::sync::Arc;
use voxlink_domain::{Platform, db::PoolSizes};
use voxlink_gateways::CarrierError;

/// Everything that runs, joined.
pub struct Assembly {
    /// The domain's world.
    pub platform: Platform,
    /// The pages.
    pub pages: Router,
    /// What answers where there is neither a page nor a file.
    pub nothing_here: Router,
    /// The style sheet that pages name, such as `/pkg/voxlink.3NzQ.css`: a file in `SITE_DIR`.
    pub style: String,
    /// How a refusal looks that no page made.
    pub dress: Dress,
    /// What adapters do while a server runs.
    pub background: Vec<BoxFuture<'static, ()>>,
    /// The local carrier's catalogue.
    pub stock: Arc<dyn Stock>,
}

impl std::fmt::Debug for Assembly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assembly").field("platform", &self.platform).finish_non_exhaustive()
    }
}

/// Joins adapters and pages: `main` alone knows both.
pub type Join = fn(&Config, &PgConnectOptions, PoolSizes) -> anyhow::Result<Assembly>;

/// A carrier that fills its own catalogue.
#[async_trait]
pub trait Stock: Send + Sync {
    /// Makes sure of `count` numbers; how many are new. `progress` hears how many are done.
    async fn fill(
        &self,
        count: u64,
        seed: u32,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<u64, CarrierError>;
}
