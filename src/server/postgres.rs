//! A PostgreSQL cluster of our own, for when `DATABASE_URL` is not set: made from the binaries on
//! the machine, kept in the data folder, reached over a Unix socket that only its owner can open.
//!
//! PostgreSQL refuses to run as root, so a server started by root runs it as the user `postgres`
//! (or `nobody`), in a folder that is theirs.

mod binaries;

use anyhow::{Context, bail};
use binaries::Binaries;
use sqlx::{
    Connection, Executor, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::process::Command;

/// The cluster's superuser and its one database.
const NAME: &str = "voxlink";

/// A cluster of our own.
#[derive(Debug, Clone)]
pub struct PrivateCluster {
    binaries: Binaries,
    /// Holds `data`, `socket` and `log`.
    home: PathBuf,
    /// Whom it runs as, when we are root.
    run_as: Option<binaries::Account>,
}

impl PrivateCluster {
    /// The cluster in `home/postgres`; nothing is started or made yet.
    ///
    /// # Errors
    /// When no PostgreSQL binaries are on the machine: a sentence that says how to get them.
    pub fn in_folder(home: &Path) -> anyhow::Result<Self> {
        let home = std::path::absolute(home)?.join("postgres");
        let binaries = Binaries::find(binaries::major_of(&home.join("data")))?;
        Ok(Self { binaries, run_as: binaries::account_for_root()?, home })
    }

    /// How to connect to it.
    pub fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(self.socket())
            .username(NAME)
            .database(NAME)
            .ssl_mode(PgSslMode::Disable)
    }

    /// Its address for other programs, as a `DATABASE_URL`.
    pub fn url(&self) -> String {
        let folder: String =
            url::form_urlencoded::byte_serialize(self.socket().as_os_str().as_encoded_bytes())
                .collect();
        format!("postgres://{NAME}@localhost/{NAME}?host={folder}")
    }

    /// Makes it if it is not there and starts it if it does not run. True when this call started
    /// it: then the caller stops it.
    pub async fn start(&self) -> anyhow::Result<bool> {
        if self.pg_ctl(&["status"]).await? {
            return Ok(false);
        }
        let data = self.home.join("data");
        if !data.join("PG_VERSION").exists() {
            self.make().await?;
        }
        let socket = self.socket();
        let settings = format!(
            "-c listen_addresses='' -c max_connections=200 -c unix_socket_permissions=0700 -k '{}'",
            socket.display()
        );
        let log = self.home.join("log");
        if !self.pg_ctl(&["-w", "-l", &log.to_string_lossy(), "-o", &settings, "start"]).await? {
            // Another server may have been faster.
            if self.pg_ctl(&["status"]).await? {
                return Ok(false);
            }
            let end = std::fs::read_to_string(&log).unwrap_or_default();
            let last = end.lines().last().unwrap_or("its log is empty");
            bail!("PostgreSQL did not start in {}: {last}", self.home.display());
        }
        self.create_database().await?;
        Ok(true)
    }

    /// Stops it, rolling back what is under way.
    pub async fn stop(&self) -> anyhow::Result<()> {
        self.pg_ctl(&["-m", "fast", "-w", "stop"]).await.map(drop)
    }

    /// A Unix socket's path may have 107 bytes at most, so a deep data folder keeps it elsewhere.
    fn socket(&self) -> PathBuf {
        let beside = self.home.join("socket");
        if beside.as_os_str().len() < 80 {
            return beside;
        }
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hash = DefaultHasher::new();
        self.home.hash(&mut hash);
        PathBuf::from(format!("/tmp/voxlink-{:016x}", hash.finish()))
    }

    async fn make(&self) -> anyhow::Result<()> {
        for folder in [&self.home, &self.socket()] {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("{} cannot be made", folder.display()))?;
            if let Some(account) = &self.run_as {
                std::os::unix::fs::chown(folder, Some(account.uid), Some(account.gid))?;
            }
        }
        let data = self.home.join("data");
        let mut initdb = self.command("initdb");
        initdb
            .args(["-U", NAME, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-D"])
            .arg(&data);
        let made =
            initdb.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?.wait_with_output().await?;
        if !made.status.success() {
            bail!(
                "initdb failed in {}: {}",
                self.home.display(),
                String::from_utf8_lossy(&made.stderr).trim()
            );
        }
        Ok(())
    }

    async fn create_database(&self) -> anyhow::Result<()> {
        let mut admin = PgConnection::connect_with(&self.options().database("postgres")).await?;
        let there: bool =
            sqlx::query_scalar("select exists (select 1 from pg_database where datname = $1)")
                .bind(NAME)
                .fetch_one(&mut admin)
                .await?;
        if !there {
            admin.execute("create database voxlink").await?;
        }
        admin.close().await?;
        Ok(())
    }

    /// Runs `pg_ctl` on the cluster; true when it succeeded. Its streams are closed, or the server
    /// that it leaves behind would hold them open.
    async fn pg_ctl(&self, arguments: &[&str]) -> anyhow::Result<bool> {
        let mut command = self.command("pg_ctl");
        command.arg("-D").arg(self.home.join("data")).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(command.status().await?.success())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.path(program));
        command.current_dir("/");
        if let Some(account) = &self.run_as {
            command.uid(account.uid).gid(account.gid);
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_made_once_reused_and_stopped() {
        let home = std::env::temp_dir().join(format!("voxlink-cluster-{}", std::process::id()));
        let cluster = PrivateCluster::in_folder(&home).unwrap();
        assert!(cluster.start().await.unwrap());
        assert!(!cluster.start().await.unwrap(), "it runs already");
        let again = PrivateCluster::in_folder(&home).unwrap();
        assert!(!again.start().await.unwrap(), "another server finds it running");
        for options in [cluster.options(), cluster.url().parse().unwrap()] {
            let mut connection = PgConnection::connect_with(&options).await.unwrap();
            let one: i32 = sqlx::query_scalar("select 1").fetch_one(&mut connection).await.unwrap();
            assert_eq!(one, 1);
        }
        cluster.stop().await.unwrap();
        assert!(PgConnection::connect_with(&cluster.options()).await.is_err());
        std::fs::remove_dir_all(&home).unwrap();
    }
}
