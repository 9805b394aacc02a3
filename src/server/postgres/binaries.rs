//! Where PostgreSQL's programs are, and whom they may run as.

use anyhow::bail;
use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
};

/// A folder with `initdb`, `pg_ctl` and `postgres`.
#[derive(Debug, Clone)]
pub(super) struct Binaries(PathBuf);

/// A user of the machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    pub uid: u32,
    pub gid: u32,
}

impl Binaries {
    /// Looks where distributions put them: Debian's versioned folders (the newest, or `wanted`
    /// where a cluster of that major version exists), then what `pg_config` says, then PATH.
    pub fn find(wanted: Option<u32>) -> anyhow::Result<Self> {
        let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
            })
            .filter(|(major, _)| wanted.is_none_or(|w| w == *major))
            .collect();
        versions.sort();
        let told = Command::new("pg_config").arg("--bindir").output().ok();
        let told =
            told.filter(|o| o.status.success()).and_then(|o| String::from_utf8(o.stdout).ok());
        let on_path = Command::new("sh").args(["-c", "command -v initdb"]).output().ok();
        let on_path = on_path
            .and_then(|o| String::from_utf8(o.stdout).ok())
            .and_then(|p| Path::new(p.trim()).parent().map(Path::to_path_buf));
        let candidates = versions
            .into_iter()
            .rev()
            .map(|(_, path)| path)
            .chain(told.map(|t| t.trim().into()))
            .chain(on_path);
        match candidates
            .into_iter()
            .find(|path| path.join("initdb").exists() && path.join("pg_ctl").exists())
        {
            Some(path) => Ok(Self(path)),
            None => bail!(
                "no PostgreSQL {}is on this machine: install it (Debian: apt-get install postgresql) or set DATABASE_URL to a server of yours",
                wanted.map_or(String::new(), |v| format!("{v} "))
            ),
        }
    }

    /// A program's path.
    pub fn path(&self, program: &str) -> PathBuf {
        self.0.join(program)
    }
}

/// The major version a cluster was made with.
pub(super) fn major_of(data: &Path) -> Option<u32> {
    std::fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Whom PostgreSQL runs as: nobody else when we are an ordinary user.
pub(super) fn account_for_root() -> anyhow::Result<Option<Account>> {
    // The owner of our own process's folder is our effective user; std has no other way to ask.
    if std::fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let accounts = std::fs::read_to_string("/etc/passwd")?;
    for name in ["postgres", "nobody"] {
        let found =
            accounts.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|f| f[0] == name);
        if let Some([_, _, uid, gid, ..]) = found.as_deref() {
            return Ok(Some(Account { uid: uid.parse()?, gid: gid.parse()? }));
        }
    }
    bail!(
        "PostgreSQL refuses to run as root and this machine has neither a user postgres nor nobody: set DATABASE_URL"
    )
}
