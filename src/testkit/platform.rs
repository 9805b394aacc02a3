//! A [`Platform`] for tests: a database of its own, a clock that stands, fakes outside.

use crate::TestDatabase;
use chrono::{DateTime, TimeZone, Utc};
use sqlx::{postgres::PgConnectOptions, types::Uuid};
use std::{sync::Arc, time::Duration};
use voxlink_domain::{
    Platform, Settings,
    billing::journal::{Account, NewEntry, Posting, post},
    platform::{Own, Parts},
};
use voxlink_gateways::{
    Carrier, Clock, PaymentProcessor, Switchboard, clock::FixedClock, mail::Outbox,
};
use voxlink_types::{
    Currency, Money,
    ids::{BillingAccountId, TenantId, UserId},
};

/// Puts dollars (`cents`) on a tenant's balance, as a card's top-up does.
///
/// # Panics
/// When the database does not do it.
pub async fn top_up(platform: &Platform, tenant: TenantId, cents: i64) {
    let money = Money::new(cents, Currency::Usd);
    let mut cx = platform.work_for(tenant, "test").await.expect("no transaction");
    let entry = NewEntry {
        reference: format!("test:{}", Uuid::now_v7()),
        kind: "top_up",
        postings: vec![
            Posting::debit(Account::Processor, money),
            Posting::credit(Account::Credit, money),
        ],
        ..NewEntry::default()
    };
    post(&mut cx, tenant, entry).await.expect("the money was not booked");
    cx.commit().await.expect("the money was not kept");
}

/// A platform and what the test can turn on it. Dropping it drops the database.
#[derive(Debug)]
pub struct TestPlatform {
    /// What the code under test gets.
    pub platform: Platform,
    /// Its clock; stands at 2026-11-16 15:00 UTC, a Monday, until moved.
    pub clock: FixedClock,
    /// The letters it sent.
    pub outbox: Outbox,
    /// Its database.
    pub database: TestDatabase,
}

/// The outside of a test platform; none by default.
#[derive(Debug, Default)]
pub struct Outside {
    /// Carriers.
    pub carriers: Vec<Arc<dyn Carrier>>,
    /// Calling sides of carriers.
    pub switchboards: Vec<Arc<dyn Switchboard>>,
    /// Payment processors.
    pub processors: Vec<Arc<dyn PaymentProcessor>>,
    /// How long a search waits for a carrier; five seconds where it does not matter.
    pub search_deadline: Option<Duration>,
    /// Calling sides whose path is not their carrier's key.
    pub edges: Vec<(&'static str, Arc<dyn Switchboard>)>,
    /// Own telephony.
    pub own: Option<Own>,
}

/// When the clock of a test begins.
pub fn monday() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 16, 15, 0, 0).single().expect("a valid time")
}

impl TestPlatform {
    /// A platform without carriers or processors.
    pub async fn new() -> Self {
        Self::with(Outside::default()).await
    }

    /// A platform with these outside.
    pub async fn with(outside: Outside) -> Self {
        Self::on(TestDatabase::new().await, outside)
    }

    /// A platform on a database that is there.
    pub fn on(database: TestDatabase, outside: Outside) -> Self {
        Self::made(database, |_, _| outside)
    }

    /// A platform whose outside has books of its own in the same database, as the local carrier
    /// and the test card have.
    pub async fn joined(
        outside: impl FnOnce(&PgConnectOptions, Arc<dyn Clock>) -> Outside,
    ) -> Self {
        Self::made(TestDatabase::new().await, outside)
    }

    fn made(
        database: TestDatabase,
        outside: impl FnOnce(&PgConnectOptions, Arc<dyn Clock>) -> Outside,
    ) -> Self {
        let (clock, outbox) = (FixedClock::at(monday()), Outbox::default());
        let outside = outside(&database.options, Arc::new(clock.clone()));
        let carriers = outside.carriers.into_iter().map(|c| (c.key(), c)).collect();
        let switchboards = outside.switchboards.into_iter().map(|s| (s.key(), s));
        let switchboards = switchboards.chain(outside.edges).collect();
        let processors = outside.processors.into_iter().map(|p| (p.key(), p)).collect();
        let platform = Platform::new(Parts {
            db: database.db(),
            clock: Arc::new(clock.clone()),
            carriers,
            switchboards,
            processors,
            mailer: Arc::new(outbox.clone()),
            own: outside.own,
            settings: Settings {
                public_url: "https://voxlink.test".parse().expect("a valid address"),
                hold_minutes: 15,
                release_grace_days: 10,
                search_deadline: outside.search_deadline.unwrap_or(Duration::from_secs(5)),
                suspension_message: "The number you have called is not in service.".to_owned(),
            },
        });
        Self { platform, clock, outbox, database }
    }

    /// A tenant with an owner and an empty US dollar account, by plain SQL: for tests that are
    /// not about registration.
    pub async fn tenant(&self, name: &str) -> (TenantId, UserId) {
        let (tenant, user, account) = (TenantId::new(1), UserId::new(1), BillingAccountId::new(1));
        let pool = &self.platform.db().platform;
        let run = |sql: &'static str, ids: Vec<Uuid>| {
            let name = name.to_owned();
            async move {
                let query = ids.into_iter().fold(sqlx::query(sql), sqlx::query::Query::bind);
                query.bind(name).execute(pool).await.expect("the tenant could not be made");
            }
        };
        run("insert into tenants (id, name) values ($1, $2)", vec![tenant.uuid()]).await;
        run(
            "insert into users (id, tenant_id, email, full_name, tenant_role, terms_accepted_at, terms_version)
             values ($1, $2, lower(replace($3, ' ', '')) || '@example.com', $3, 'owner', now(), '2026-01')",
            vec![user.uuid(), tenant.uuid()],
        )
        .await;
        run(
            "insert into billing_accounts (id, tenant_id, company) values ($1, $2, $3)",
            vec![account.uuid(), tenant.uuid()],
        )
        .await;
        (tenant, user)
    }
}
