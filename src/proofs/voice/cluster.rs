//! A PostgreSQL cluster of the proof's own, reached over TCP like most, so that it can be stopped
//! as hard as PostgreSQL knows.

use sqlx::postgres::PgConnectOptions;
use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

pub struct Cluster {
    home: PathBuf,
    bin: PathBuf,
    port: u16,
    root: bool,
}

impl Cluster {
    /// Made and started in a folder of its own.
    pub fn make(home: &Path) -> Self {
        let newest = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let newest = newest.map(|e| e.path().join("bin")).filter(|b| b.join("initdb").exists());
        let told = || {
            let said = Command::new("pg_config").arg("--bindir").output().expect("no PostgreSQL");
            PathBuf::from(String::from_utf8(said.stdout).unwrap().trim())
        };
        let cluster = Self {
            home: home.to_owned(),
            bin: newest.max().unwrap_or_else(told),
            port: free_port(),
            // PostgreSQL refuses to run as root.
            root: std::fs::metadata("/proc/self").unwrap().uid() == 0,
        };
        std::fs::create_dir_all(home).unwrap();
        if cluster.root {
            assert!(Command::new("chown").arg("postgres").arg(home).status().unwrap().success());
        }
        let made = cluster.run("initdb", "-U postgres --auth=trust -E UTF8 --locale=C.UTF-8");
        assert!(made, "initdb failed in {}", home.display());
        cluster.start();
        cluster
    }

    pub fn start(&self) {
        // What was committed survives an immediate stop without fsync: the machine goes on.
        let options = format!(
            "-w -l {}/log -o '-p {} -k {0} -c listen_addresses=127.0.0.1 -c fsync=off' start",
            self.home.display(),
            self.port
        );
        assert!(self.run("pg_ctl", &options), "PostgreSQL does not start: see its log");
    }

    /// As at a power failure: no session is heard, nothing is written to the end.
    pub fn stop_at_once(&self) {
        assert!(self.run("pg_ctl", "-m immediate -w stop"), "PostgreSQL does not stop");
    }

    pub fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    pub fn options(&self) -> PgConnectOptions {
        self.url_of("postgres").parse().unwrap()
    }

    fn run(&self, program: &str, arguments: &str) -> bool {
        let line =
            format!("{}/{program} -D {}/data {arguments}", self.bin.display(), self.home.display());
        let mut command = if self.root {
            let mut su = Command::new("su");
            su.args(["postgres", "-s", "/bin/sh", "-c", &line]);
            su
        } else {
            let mut sh = Command::new("sh");
            sh.args(["-c", &line]);
            sh
        };
        command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().unwrap().success()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.run("pg_ctl", "-m immediate -w stop");
    }
}

pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
