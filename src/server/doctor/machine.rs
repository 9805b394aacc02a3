//! The machine: clock, disk and what waits on it, Redis, built files.

use super::Finding::{self, Absent, Good, Wrong};
use crate::{
    callbacks::{
        kept,
        spool::{REFUSED, WAITING, files as files_of},
    },
    config::Config,
    serve::{STYLE_REMEDY, missing_style},
};
use chrono::{DateTime, Utc};
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
/// What is true of Redis today.
const UNUSED: &str = "nothing uses it yet, several servers share PostgreSQL";

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
        return Absent("REDIS_URL is not set: nothing needs it yet".to_owned());
    };
    let remedy = "start Redis, or unset REDIS_URL".to_owned();
    let parsed = url::Url::parse(url.expose_secret()).ok();
    let Some(host) = parsed.as_ref().and_then(|u| u.host_str()) else {
        return Wrong("REDIS_URL has no host".to_owned(), remedy);
    };
    let port = parsed.as_ref().and_then(url::Url::port).unwrap_or(6379);
    if parsed.as_ref().is_some_and(|u| u.scheme() == "rediss") {
        return match TcpStream::connect((host, port)).await {
            Ok(_) => Good(format!("its port answers (TLS was not tried); {UNUSED}")),
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
            Good(format!("answers; {UNUSED}"))
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

/// News of calls on disk.
pub(super) fn calls(data_dir: &Path) -> Finding {
    let folder = data_dir.join("calls");
    match (files_of(&folder, WAITING), files_of(&folder, REFUSED)) {
        (Ok(waiting), Ok(refused)) if refused.is_empty() => match waiting.len() {
            0 => Good("no news waits on disk".to_owned()),
            n => Absent(format!("{n} batches of news wait on disk for the database")),
        },
        (Ok(_), Ok(refused)) => Wrong(
            format!("{} batches of news could not be written", refused.len()),
            format!(
                "look why in the log; rename *.{REFUSED} in {} to *.{WAITING} to have them tried again",
                folder.display()
            ),
        ),
        (Err(error), _) | (_, Err(error)) => {
            Wrong(format!("{}: {error}", folder.display()), "see DATA_DIR".to_owned())
        }
    }
}

/// The copy that a server begins with while the database is away.
pub(super) fn in_service(config: &Config, now: DateTime<Utc>) -> Finding {
    match kept::look(&config.data_dir) {
        Ok(None) => Absent("no copy on disk yet: a running server makes it".to_owned()),
        Ok(Some(head)) => {
            let age = (now - head.read_at).max(chrono::TimeDelta::zero());
            let seen = format!("{} numbers, {} min old", head.numbers, age.num_minutes());
            if age > kept::OLDEST {
                Absent(format!("the copy on disk ({seen}) is too old to be used"))
            } else {
                Good(format!("copy on disk of {seen}"))
            }
        }
        Err(error) => Wrong(
            format!("the copy on disk is unreadable: {error}"),
            "see DATA_DIR; a running server writes it anew within ten minutes".to_owned(),
        ),
    }
}

/// The built style sheet and islands.
pub(super) fn files(site: &Path, style: &str) -> Finding {
    let built = std::fs::read_dir(site.join("pkg")).is_ok_and(|files| {
        files.flatten().any(|f| f.path().extension().is_some_and(|e| e == "wasm"))
    });
    if !built {
        return Wrong(
            format!("no islands in {}", site.display()),
            "run cargo leptos build, or set SITE_DIR to where it was built".to_owned(),
        );
    }
    match missing_style(site, style) {
        Some(file) => Wrong(
            format!("pages name a style sheet, {file}, that is not there"),
            STYLE_REMEDY.to_owned(),
        ),
        None => Good(format!("built in {}", site.display())),
    }
}
