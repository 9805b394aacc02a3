//! The machine: clock, disk, Redis, built files.

use super::Finding::{self, Absent, Good, Wrong};
use crate::config::Config;
use secrecy::ExposeSecret;
use std::path::Path;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
};
use voxlink_domain::Platform;

/// Free space below which a busy day may fill the disk.
const LEAST_MEGABYTES: u64 = 1024;
/// How far our clock and the database's may be apart.
const MOST_SECONDS: i64 = 2;

/// Signatures, holds and lease times compare our clock with others'.
pub(super) async fn clock(platform: &Platform) -> Finding {
    let asked = sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#)
        .fetch_one(&platform.db().owner)
        .await;
    match asked {
        Ok(theirs) => {
            let apart = (platform.clock().now() - theirs).num_seconds().abs();
            if apart <= MOST_SECONDS {
                Good(format!("within {MOST_SECONDS} s of the database's"))
            } else {
                Wrong(
                    format!("{apart} s apart from the database's"),
                    "let both machines follow NTP (timedatectl set-ntp true)".to_owned(),
                )
            }
        }
        Err(error) => Wrong(error.to_string(), "see database".to_owned()),
    }
}

pub(super) async fn redis(config: &Config) -> Finding {
    let Some(url) = &config.redis_url else {
        return Absent("REDIS_URL is not set: one server needs none".to_owned());
    };
    let remedy = "start Redis, or unset REDIS_URL".to_owned();
    let parsed = url::Url::parse(url.expose_secret()).ok();
    let Some(host) = parsed.as_ref().and_then(|u| u.host_str()) else {
        return Wrong("REDIS_URL has no host".to_owned(), remedy);
    };
    let port = parsed.as_ref().and_then(url::Url::port).unwrap_or(6379);
    if parsed.as_ref().is_some_and(|u| u.scheme() == "rediss") {
        return match TcpStream::connect((host, port)).await {
            Ok(_) => Good("its port answers (TLS was not tried)".to_owned()),
            Err(error) => Wrong(error.to_string(), remedy),
        };
    }
    let ping = async {
        let mut stream = TcpStream::connect((host, port)).await?;
        stream.write_all(b"PING\r\n").await?;
        let mut answer = [0; 64];
        let length = stream.read(&mut answer).await?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&answer[..length]).trim().to_owned())
    };
    match ping.await {
        Ok(answer) if answer.starts_with("+PONG") || answer.starts_with("-NOAUTH") => {
            Good("answers".to_owned())
        }
        Ok(answer) => Wrong(format!("this is no Redis: it says “{answer}”"), remedy),
        Err(error) => Wrong(error.to_string(), remedy),
    }
}

/// Free space by `df`, which every system has: the standard library cannot ask.
pub(super) async fn disk(folder: &Path) -> Finding {
    let there = folder.ancestors().find(|f| f.exists()).unwrap_or(Path::new("/"));
    let said = Command::new("df").arg("-Pk").arg(there).output().await;
    let kilobytes = said.ok().and_then(|said| {
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        text.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok()
    });
    match kilobytes.map(|k| k / 1024) {
        Some(free) if free >= LEAST_MEGABYTES => {
            Good(format!("{} GB free at {}", free / 1024, there.display()))
        }
        Some(free) => Wrong(
            format!("only {free} MB free at {}", there.display()),
            "free some space, or set DATA_DIR to a larger disk".to_owned(),
        ),
        None => Absent("free space could not be asked for".to_owned()),
    }
}

/// The built style sheet and islands.
pub(super) fn files(site: &Path) -> Finding {
    let built = std::fs::read_dir(site.join("pkg")).is_ok_and(|files| {
        files.flatten().any(|f| f.path().extension().is_some_and(|e| e == "wasm"))
    });
    if built {
        Good(format!("built in {}", site.display()))
    } else {
        Wrong(
            format!("no islands in {}", site.display()),
            "run cargo leptos build, or set SITE_DIR to where it was built".to_owned(),
        )
    }
}
