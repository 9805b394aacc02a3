//! The pools. Each connection takes its role once, when it is made, so no query can forget to.

use crate::fault::transient;
use sqlx::{
    ConnectOptions, Connection, Executor, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::time::Duration;

/// How many connections each pool may hold and how long a query may wait for one.
#[derive(Debug, Clone, Copy)]
pub struct PoolSizes {
    /// For tenants' work (pages, API).
    pub app: u32,
    /// For sign-in, worker and administrators.
    pub platform: u32,
    /// For answering calls: its own, so that busy pages never starve a ringing phone.
    pub voice: u32,
    /// Longest wait for a free connection.
    pub acquire: Duration,
    /// Opens all connections at once and keeps them: a rush must not wait until they are made.
    pub ready: bool,
}

impl Default for PoolSizes {
    fn default() -> Self {
        Self { app: 12, platform: 10, voice: 4, acquire: Duration::from_secs(5), ready: false }
    }
}

/// A connection that was used this recently is taken for alive.
const RECENT: Duration = Duration::from_secs(1);

/// The schema of the job queue, which names it in `enqueue_job` too.
pub const QUEUE_SCHEMA: &str = "graphile_worker";

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationFailed {
    /// The database is away.
    #[error("the database does not answer: {0}")]
    Away(#[from] sqlx::Error),
    /// One of `migrations/` failed or was changed after it was applied.
    #[error("a migration failed: {0}")]
    Ours(#[from] sqlx::migrate::MigrateError),
    /// The job queue's own schema.
    #[error("the job queue's schema could not be made: {0}")]
    Queue(String),
}

/// A database that goes away in the middle is away; nothing is wrong with the migration.
fn failed(error: sqlx::migrate::MigrateError) -> MigrationFailed {
    use sqlx::migrate::MigrateError::{Execute, ExecuteMigration};
    match error {
        Execute(cause) | ExecuteMigration(cause, _) if transient(&cause) => {
            MigrationFailed::Away(cause)
        }
        other => MigrationFailed::Ours(other),
    }
}

/// The database, seen with two sets of rights.
#[derive(Debug, Clone)]
pub struct Db {
    /// Role `voxlink_app`: row-level security shows it the tenant of its transaction.
    pub app: PgPool,
    /// Role `voxlink_platform`: all tenants.
    pub platform: PgPool,
    /// Role `voxlink_platform`, for answering calls only.
    pub voice: PgPool,
    /// The owner's rights: migrations and the job queue's own schema, nothing else.
    pub owner: PgPool,
}

impl Db {
    /// Connects lazily: the server starts, and says so in `/health/ready`, while PostgreSQL is
    /// still away.
    pub fn connect(options: &PgConnectOptions, sizes: PoolSizes) -> Self {
        let pool = |size: u32, role: Option<&'static str>| {
            let made = PgPoolOptions::new()
                .max_connections(size)
                .min_connections(if sizes.ready { size } else { 0 })
                .acquire_timeout(sizes.acquire)
                // A connection that has just been used is not asked whether it lives: under load
                // that would be every fourth round trip.
                .test_before_acquire(false)
                .before_acquire(|connection, its| {
                    Box::pin(async move {
                        if its.idle_for > RECENT {
                            connection.ping().await?;
                        }
                        Ok(true)
                    })
                });
            let made = match role {
                Some(role) => made.after_connect(move |connection, _| {
                    Box::pin(async move { connection.execute(role).await.map(drop) })
                }),
                None => made,
            };
            let options = match role {
                Some(_) => options.clone(),
                // A migration may take its time; its text would fill the log.
                None => options.clone().disable_statement_logging(),
            };
            made.connect_lazy_with(options)
        };
        Self {
            app: pool(sizes.app, Some("set role voxlink_app")),
            platform: pool(sizes.platform, Some("set role voxlink_platform")),
            voice: pool(sizes.voice, Some("set role voxlink_platform")),
            owner: pool(6, None),
        }
    }

    /// Applies the migrations that are missing, ours and the job queue's. Several servers may
    /// start at once: one works, the others wait for it.
    pub async fn migrate(&self) -> Result<(), MigrationFailed> {
        let mut one_at_a_time = self.owner.acquire().await?;
        one_at_a_time.execute("select pg_advisory_lock(7100)").await?;
        let done = async {
            crate::MIGRATOR.run(&self.owner).await.map_err(failed)?;
            graphile_worker_migrations::migrate(self.owner.clone(), QUEUE_SCHEMA)
                .await
                .map_err(|e| MigrationFailed::Queue(e.to_string()))
        }
        .await;
        one_at_a_time.execute("select pg_advisory_unlock(7100)").await?;
        done
    }

    /// The numbers of the migrations that this binary knows and the database lacks.
    pub async fn pending_migrations(&self) -> Result<Vec<i64>, sqlx::Error> {
        let applied: Vec<i64> =
            match sqlx::query_scalar("select version from _sqlx_migrations where success")
                .fetch_all(&self.owner)
                .await
            {
                // An empty database has no such table yet.
                Err(sqlx::Error::Database(e)) if e.code().as_deref() == Some("42P01") => Vec::new(),
                other => other?,
            };
        let known = crate::MIGRATOR.iter().map(|migration| migration.version);
        Ok(known.filter(|version| !applied.contains(version)).collect())
    }

    /// Closes all pools, waiting for the queries under way.
    pub async fn close(&self) {
        futures::future::join_all(
            [&self.app, &self.platform, &self.voice, &self.owner].map(PgPool::close),
        )
        .await;
    }
}
