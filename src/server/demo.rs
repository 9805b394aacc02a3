//! The demonstration: a catalogue, prices, a promotion, a customer and an administrator. Loading
//! it again adds what is missing and changes nothing.

use crate::{
    Stock,
    cli::{once_made, tell},
};
use anyhow::Context;
use std::fmt;
use voxlink_domain::{
    Platform, RequestInfo,
    accounts::{NewPerson, Registration, create_staff, register, reset, reset_link},
    catalog::refresh_prices,
};
use voxlink_types::role::{PlatformRole, TenantRole};

/// How many numbers the demonstration offers.
pub(crate) const NUMBERS: u64 = 200_000;
/// Its catalogue.
pub(crate) const SEED: u32 = 1;

const CUSTOMER: &str = "customer@voxlink.example";
const ADMINISTRATOR: &str = "admin@voxlink.example";

/// The people made now, with passwords that are kept nowhere.
pub(crate) struct People {
    customer: String,
    administrator: String,
}

impl fmt::Display for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Two people may sign in; their passwords are shown only now:")?;
        writeln!(f, "  customer       {CUSTOMER}  {}", self.customer)?;
        write!(f, "  administrator  {ADMINISTRATOR}  {}", self.administrator)
    }
}

/// Loads it; the people, when they were made now.
pub(crate) async fn load(
    platform: &Platform,
    stock: &dyn Stock,
    numbers: u64,
) -> anyhow::Result<Option<People>> {
    fill(stock, numbers, SEED).await?;
    refresh_prices(platform).await?;
    promotion(platform).await?;
    let there = sqlx::query_scalar!(
        r#"select exists (select from users where email = $1) as "there!""#,
        CUSTOMER
    )
    .fetch_one(&platform.db().platform)
    .await?;
    if there { Ok(None) } else { people(platform).await.map(Some) }
}

/// Fills the local carrier's catalogue and tells how far it is.
pub(crate) async fn fill(stock: &dyn Stock, count: u64, seed: u32) -> anyhow::Result<u64> {
    let step = (count / 10).max(1);
    let told = std::sync::atomic::AtomicU64::new(0);
    let progress = |done: u64| {
        let tenth = done / step;
        if told.fetch_max(tenth, std::sync::atomic::Ordering::Relaxed) < tenth {
            tell(&format!("{done} of {count} numbers"));
        }
    };
    Ok(stock.fill(count, seed, &progress).await?)
}

async fn promotion(platform: &Platform) -> anyhow::Result<()> {
    let now = platform.clock().now();
    sqlx::query!(
        "insert into promotions (code, description, percent, starts_at, max_redemptions)
         values ('WELCOME20', '20 % off set-up and the first month', 20, $1, 10000)
         on conflict (code) do nothing",
        now
    )
    .execute(&platform.db().platform)
    .await?;
    Ok(())
}

async fn people(platform: &Platform) -> anyhow::Result<People> {
    let made = People { customer: once_made(), administrator: once_made() };
    let mut cx = platform.work("demo").await?;
    let there = sqlx::query_scalar!(
        r#"select exists (select from users where email = $1) as "there!""#,
        ADMINISTRATOR
    )
    .fetch_one(cx.tx())
    .await?;
    if there {
        drop(cx);
        renew(platform, &made.administrator).await?;
    } else {
        create_staff(
            &mut cx,
            &NewPerson {
                full_name: "Ada Administrator".to_owned(),
                email: ADMINISTRATOR.to_owned(),
                password: made.administrator.clone(),
                time_zone: "America/New_York".to_owned(),
                tenant_role: TenantRole::Owner,
                platform_role: PlatformRole::SuperAdmin,
                wants_news: false,
            },
        )
        .await?;
        cx.commit().await?;
    }
    let form = Registration {
        full_name: "Casey Customer".to_owned(),
        company: "Harbour Books".to_owned(),
        email: CUSTOMER.to_owned(),
        password: made.customer.clone(),
        time_zone: "America/New_York".to_owned(),
        accepts_terms: true,
        wants_news: false,
        key: None,
    };
    let registered = register(platform, &form, RequestInfo::default()).await?;
    // Whoever typed on the server's shell has the address confirmed: no letter is needed.
    sqlx::query!(
        "update users set email_verified_at = $2 where id = $1 and email_verified_at is null",
        registered.user.uuid(),
        platform.clock().now()
    )
    .execute(&platform.db().platform)
    .await?;
    Ok(made)
}

/// Gives the administrator another password and signs them out.
async fn renew(platform: &Platform, password: &str) -> anyhow::Result<()> {
    // An administrator without the customer is what a start leaves that was broken off between the
    // two. The first password was shown to nobody, so the one that will be shown must be theirs.
    let link = reset_link(platform, ADMINISTRATOR).await?;
    let token = link.as_deref().and_then(|link| link.split_once("?token="));
    let (_, token) = token.with_context(|| format!("{ADMINISTRATOR} is not active"))?;
    Ok(reset(platform, token, password, RequestInfo::default()).await?)
}
