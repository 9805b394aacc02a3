//! A database of its own for every test, cloned from one migrated template: about 50 ms instead
//! of running all migrations. `DATABASE_URL` names any database of the cluster.

use sha2::{Digest, Sha256};
use sqlx::{Connection, Executor, PgConnection, postgres::PgConnectOptions};
use std::str::FromStr;
use voxlink_domain::{Db, MIGRATOR, db::PoolSizes};

/// A database that is dropped with the value.
#[derive(Debug)]
pub struct TestDatabase {
    /// How to connect to it.
    pub options: PgConnectOptions,
    /// Its name.
    pub name: String,
    admin: PgConnectOptions,
}

impl TestDatabase {
    /// Makes a new database with the schema of `migrations/`.
    pub async fn new() -> Self {
        let url = std::env::var("DATABASE_URL")
            .expect("DATABASE_URL must name a PostgreSQL cluster; `make test` sets it");
        Self::on(
            &PgConnectOptions::from_str(&url).expect("DATABASE_URL is not a PostgreSQL address"),
        )
        .await
    }

    /// The same in a cluster that any of its databases names.
    pub async fn on(cluster: &PgConnectOptions) -> Self {
        let admin = cluster.clone().database("postgres");
        let template = template(&admin).await;
        let name = format!("voxlink_test_{}", hex::encode(rand::random::<[u8; 8]>()));
        let mut connection =
            PgConnection::connect_with(&admin).await.expect("the test cluster does not answer");
        // Copying the files costs a third of writing their pages to the log.
        let create = format!("create database {name} template {template} strategy file_copy");
        // Two clones of one template at the same moment refuse each other: try again.
        for attempt in 0.. {
            match connection.execute(sqlx::AssertSqlSafe(create.clone())).await {
                Ok(_) => break,
                Err(_) if attempt < 100 => {
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
                Err(e) => panic!("the test database could not be made: {e}"),
            }
        }
        Self { options: admin.clone().database(&name), name, admin }
    }

    /// The pools of it, small.
    pub fn db(&self) -> Db {
        let sizes = PoolSizes {
            app: 8,
            platform: 8,
            voice: 2,
            acquire: std::time::Duration::from_secs(10),
            ready: false,
        };
        Db::connect(&self.options, sizes)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // Drop cannot wait, and the test's runtime may be gone: a thread with one of its own.
        let (admin, name) = (self.admin.clone(), self.name.clone());
        let dropping = std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build()
            else {
                return;
            };
            runtime.block_on(async {
                if let Ok(mut connection) = PgConnection::connect_with(&admin).await {
                    let _ = connection
                        .execute(sqlx::AssertSqlSafe(format!(
                            "drop database if exists {name} with (force)"
                        )))
                        .await;
                }
            });
        });
        let _ = dropping.join();
    }
}

/// The name of the migrated template, made once per set of migrations by whoever comes first.
async fn template(admin: &PgConnectOptions) -> String {
    let mut hash = Sha256::new();
    hash.update("and the job queue's own tables");
    for migration in MIGRATOR.iter() {
        hash.update(&migration.checksum);
    }
    let name = format!("voxlink_template_{}", &hex::encode(hash.finalize())[..16]);
    let mut connection =
        PgConnection::connect_with(admin).await.expect("the test cluster does not answer");
    connection.execute("select pg_advisory_lock(7101)").await.expect("lock");
    let ready: bool = sqlx::query_scalar(
        "select exists (select 1 from pg_database where datname = $1 and datistemplate)",
    )
    .bind(&name)
    .fetch_one(&mut connection)
    .await
    .expect("pg_database");
    if !ready {
        let statements =
            [format!("drop database if exists {name}"), format!("create database {name}")];
        for statement in statements {
            connection.execute(sqlx::AssertSqlSafe(statement)).await.expect("template");
        }
        let fresh = Db::connect(&admin.clone().database(&name), PoolSizes::default());
        fresh.migrate().await.expect("the migrations do not apply");
        fresh.close().await;
        let mark = format!("alter database {name} with is_template true");
        connection.execute(sqlx::AssertSqlSafe(mark)).await.expect("template");
    }
    connection.execute("select pg_advisory_unlock(7101)").await.expect("unlock");
    name
}
