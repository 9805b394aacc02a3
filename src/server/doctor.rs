//! `voxlink doctor`: looks at everything VoxLink needs, and says how to mend what is wrong.

mod carriers;
mod machine;

use crate::{cli::say, config::Config};
use std::{process::ExitCode, time::Duration};
use voxlink_domain::{Platform, carriers::follow};
use voxlink_gateways::MailError;

/// The longest that one look may take.
const PATIENCE: Duration = Duration::from_secs(8);

/// What a look found.
enum Finding {
    /// In order: in what state.
    Good(String),
    /// Not needed, or not set.
    Absent(String),
    /// Wrong, and the remedy.
    Wrong(String, String),
}

use Finding::{Absent, Good, Wrong};

/// Looks at everything and prints it; failure when something is wrong.
pub(crate) async fn run(config: &Config, platform: &Platform, style: &str) -> ExitCode {
    let mut looks: Vec<(String, Finding)> = Vec::new();
    let mut look = |name: &str, found: Finding| looks.push((name.to_owned(), found));
    let database = in_time(database(platform)).await;
    let reached = !matches!(database, Wrong(..));
    look("database", database);
    if reached {
        look("migrations", in_time(migrations(platform)).await);
        look("roles", in_time(roles(platform)).await);
        look("jobs", in_time(jobs(platform)).await);
        look("clock", in_time(machine::clock(platform)).await);
        if let Err(error) = follow(platform).await {
            let remedy = "run voxlink migrate".to_owned();
            look("stored credentials", Wrong(error.to_string(), remedy));
        }
    }
    for (key, trouble) in platform.troubles() {
        look(&format!("credentials of {key}"), carriers::trouble(&key, &trouble));
    }
    look("redis", in_time(machine::redis(config)).await);
    for carrier in platform.carriers() {
        let key = carrier.key();
        if let Some(origin) = carriers::origin(platform, key) {
            look(&format!("credentials of {key}"), origin);
        }
        look(&format!("carrier {key}"), carriers::health(carrier.as_ref()).await);
        if reached {
            look(
                &format!("prices of {key}"),
                in_time(carriers::prices(platform, carrier.as_ref())).await,
            );
        }
        look(&format!("callbacks of {key}"), carriers::callbacks(platform, carrier.as_ref()));
    }
    for processor in platform.processors() {
        look(
            &format!("payments {}", processor.key()),
            Good(format!("{} is offered", processor.name())),
        );
    }
    if platform.carriers().next().is_none() {
        look(
            "carriers",
            Wrong(
                "none is configured: nothing can be sold".to_owned(),
                "set a carrier's variables, see the README, or enter them under Carriers"
                    .to_owned(),
            ),
        );
    }
    look("mail", in_time(mail(platform)).await);
    look("disk", in_time(machine::disk(&config.data_dir)).await);
    look("calls", machine::calls(&config.data_dir));
    look("numbers in service", machine::in_service(config, platform.clock().now()));
    look("files", machine::files(&config.site_dir, style));
    for warning in config.warnings() {
        look("settings", Absent(warning));
    }
    let mut wrong = 0;
    for (name, finding) in &looks {
        match finding {
            Good(state) => say(&format!("  ok    {name}: {state}")),
            Absent(why) => say(&format!("  note  {name}: {why}")),
            Wrong(what, remedy) => {
                wrong += 1;
                say(&format!("  WRONG {name}: {what}\n        mend: {remedy}"));
            }
        }
    }
    say(&match wrong {
        0 => "Everything needed is in order.".to_owned(),
        1 => "One thing is wrong.".to_owned(),
        n => format!("{n} things are wrong."),
    });
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn in_time(look: impl Future<Output = Finding>) -> Finding {
    tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_| {
        Wrong(
            "no answer within 8 seconds".to_owned(),
            "check that it runs and can be reached from here".to_owned(),
        )
    })
}

async fn database(platform: &Platform) -> Finding {
    let asked = sqlx::query_scalar!(r#"select current_setting('server_version_num')::int as "v!""#)
        .fetch_one(&platform.db().owner)
        .await;
    match asked {
        Ok(version) if version >= 140_000 => Good(format!("PostgreSQL {}", version / 10_000)),
        Ok(version) => Wrong(
            format!("PostgreSQL {} is too old", version / 10_000),
            "use PostgreSQL 14 or newer".to_owned(),
        ),
        Err(error) => Wrong(error.to_string(), "start PostgreSQL, or mend DATABASE_URL".to_owned()),
    }
}

async fn migrations(platform: &Platform) -> Finding {
    match platform.db().pending_migrations().await {
        Ok(pending) if pending.is_empty() => Good("all applied".to_owned()),
        Ok(pending) => {
            Wrong(format!("{} are missing", pending.len()), "run voxlink migrate".to_owned())
        }
        Err(error) => Wrong(error.to_string(), "run voxlink migrate".to_owned()),
    }
}

/// The connection may take both roles, and neither is above the walls between tenants.
async fn roles(platform: &Platform) -> Finding {
    let asked = sqlx::query!(
        r#"select rolname::text as "name!", pg_has_role(current_user, oid, 'member') as "ours!",
                  rolsuper or rolbypassrls as "above!"
           from pg_roles where rolname in ('voxlink_app', 'voxlink_platform')"#
    )
    .fetch_all(&platform.db().owner)
    .await;
    let remedy = "run voxlink migrate as the database's owner".to_owned();
    match asked {
        Ok(rows) if rows.len() < 2 => Wrong("the roles are missing".to_owned(), remedy),
        Ok(rows) => match rows.iter().find(|r| !r.ours || r.above) {
            Some(r) if r.above => Wrong(
                format!("{} is above row-level security", r.name),
                format!("alter role {} nosuperuser nobypassrls", r.name),
            ),
            Some(r) => Wrong(format!("this login may not take the role {}", r.name), remedy),
            None => Good("voxlink_app and voxlink_platform".to_owned()),
        },
        Err(error) => Wrong(error.to_string(), remedy),
    }
}

async fn jobs(platform: &Platform) -> Finding {
    use voxlink_domain::jobs::{JobState, totals};
    let asked = async {
        let mut cx = platform.work("doctor").await?;
        totals(&mut cx).await
    };
    match asked.await {
        Ok(totals) => {
            let failed = totals.iter().find(|(s, _)| *s == JobState::Failed).map_or(0, |(_, n)| *n);
            if failed > 0 {
                let remedy = "look at Administration → Jobs: mend the cause, then retry or discard";
                Wrong(format!("{failed} jobs failed for good"), remedy.to_owned())
            } else {
                Good(format!("{} waiting or running", totals.iter().map(|(_, n)| n).sum::<i64>()))
            }
        }
        Err(error) => Wrong(error.to_string(), "run voxlink migrate".to_owned()),
    }
}

async fn mail(platform: &Platform) -> Finding {
    match platform.mailer().check().await {
        Ok(()) => Good("the server answers".to_owned()),
        Err(MailError::NotConfigured) => {
            Absent("MAIL_URL is not set: no letters are sent".to_owned())
        }
        Err(error) => {
            Wrong(error.to_string(), "mend MAIL_URL, or start the mail server".to_owned())
        }
    }
}
