//! Starts everything and stops it gracefully.

use crate::{callbacks::Callbacks, config::Config};
use axum::Router;
use voxlink_domain::Platform;

/// What `main` joins: the pages are made elsewhere and only mounted here.
pub struct Assembly {
    /// The settings.
    pub config: Config,
    /// The domain's world.
    pub platform: Platform,
    /// The pages.
    pub pages: Router,
    /// What answers where there is neither a page nor a file.
    pub nothing_here: Router,
}

/// Serves until it is told to stop.
pub async fn serve(assembly: Assembly) -> anyhow::Result<()> {
    assembly.platform.db().migrate().await?;
    let site = tower_http::services::ServeDir::new("target/site")
        .precompressed_br()
        .not_found_service(assembly.nothing_here);
    let spool = assembly.config.data_dir.join("calls");
    let callbacks = Callbacks::start(assembly.platform.clone(), spool).await;
    let router = assembly
        .pages
        .merge(crate::callbacks::payments::routes(assembly.platform.clone()))
        .merge(callbacks.router())
        .fallback_service(site);
    let listener = tokio::net::TcpListener::bind(assembly.config.listen).await?;
    tracing::info!(address = %assembly.config.listen, "serving");
    let stopped = async { drop(tokio::signal::ctrl_c().await) };
    axum::serve(listener, router).with_graceful_shutdown(stopped).await?;
    callbacks.finish().await;
    Ok(())
}
