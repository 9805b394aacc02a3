//! Starts everything and stops it gracefully.

use crate::{callbacks::Callbacks, config::Config, web, worker};
use axum::Router;
use tokio_util::sync::CancellationToken;
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
    let stop = CancellationToken::new();
    let worker = tokio::spawn(worker::run(assembly.platform.clone(), 8, stop.clone()));
    let spool = assembly.config.data_dir.join("calls");
    let callbacks = Callbacks::start(assembly.platform.clone(), spool).await;
    voxlink_domain::accounts::password::warm();
    let pages = web::protect(assembly.pages.fallback_service(site), &assembly.platform);
    // Carriers and processors sign what they send: none of what guards the pages stands in their
    // way.
    let router = pages
        .merge(crate::callbacks::payments::routes(assembly.platform.clone()))
        .merge(callbacks.router());
    let listener = tokio::net::TcpListener::bind(assembly.config.listen).await?;
    tracing::info!(address = %assembly.config.listen, "serving");
    let stopped = async { drop(tokio::signal::ctrl_c().await) };
    let service = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stopped).await?;
    stop.cancel();
    let _ = worker.await;
    callbacks.finish().await;
    Ok(())
}
