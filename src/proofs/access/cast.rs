//! Who asks: tenant A with people of every role, tenant B beside it, staff; their sessions; and
//! those whose sessions are over.

use super::house::{Answer, HOME, House};
use axum::{
    body::Body,
    http::{Method, Request, header},
};
use sqlx::types::Uuid;
use std::collections::HashMap;
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
};
use voxlink_domain::accounts::sessions::{NewSession, OPENING};
use voxlink_server::web::PgSessions;
use voxlink_types::ids::{TenantId, UserId};

/// The columns of the table. `suspended` is A's owner while A is suspended.
pub const WHO: [&str; 10] = [
    "anonymous",
    "other",
    "viewer",
    "manager",
    "owner",
    "support",
    "developer",
    "admin",
    "super_admin",
    "suspended",
];

/// People of tenant A, or who were, with a session that is over. Each must find what nobody finds.
pub const OVER: [&str; 6] =
    ["signed out", "revoked", "expired", "person suspended", "person closed", "invented"];

/// What every person signs in with.
pub const PASSWORD: &str = "a sentence for the proof";

/// Stands in what only tenant A and staff may read.
pub const CANARY: &str = "zq-canary";

/// What our own pages send with a form.
pub const OURS: &[(&str, &str)] = &[("origin", HOME), ("sec-fetch-site", "same-origin")];

/// Everybody.
pub struct Cast<'a> {
    pub house: &'a House,
    store: PgSessions,
    people: HashMap<&'static str, UserId>,
    pub ours: TenantId,
    pub other: TenantId,
    pub hash: String,
    /// Makes addresses, numbers and periods that were not used before.
    pub turn: u32,
    trace: String,
}

impl<'a> Cast<'a> {
    /// Fills the database.
    pub async fn new(house: &'a House) -> Self {
        let test = &house.test;
        let (ours, owner) = test.tenant("Ours zq-canary").await;
        let (other, stranger) = test.tenant("Other").await;
        let (staff, _) = test.tenant("Staff").await;
        let mut people =
            HashMap::from([("owner", owner), ("suspended", owner), ("other", stranger)]);
        for (name, tenant, role, platform) in [
            ("viewer", ours, "viewer", "user"),
            ("manager", ours, "manager", "user"),
            ("support", staff, "viewer", "support"),
            ("developer", staff, "viewer", "developer"),
            ("admin", staff, "viewer", "admin"),
            ("super_admin", staff, "viewer", "super_admin"),
            // So that nobody is the last in charge and may leave.
            ("partner", other, "owner", "user"),
            ("deputy", staff, "viewer", "super_admin"),
            ("signed out", ours, "owner", "user"),
            ("revoked", ours, "owner", "user"),
            ("expired", ours, "owner", "user"),
            ("person suspended", ours, "owner", "user"),
            ("person closed", ours, "owner", "user"),
        ] {
            let user = UserId::new(1);
            let made = sqlx::query(
                "insert into users (id, tenant_id, email, full_name, tenant_role, platform_role,
                     terms_accepted_at, terms_version)
                 values ($1, $2, replace($3, ' ', '-') || '@people.example.com', $3, $4, $5, now(), '2026-01')",
            );
            let made = made.bind(user.uuid()).bind(tenant.uuid()).bind(name).bind(role);
            made.bind(platform).execute(&test.platform.db().platform).await.unwrap();
            people.insert(name, user);
        }
        let hash = voxlink_domain::accounts::password::hash(PASSWORD).await.unwrap();
        let store = PgSessions::new(test.platform.clone());
        let trace = trace_of(test).await;
        let mut cast = Self { house, store, people, ours, other, hash, turn: 0, trace };
        cast.furnish().await;
        cast
    }

    /// Runs a statement with tenant A as `$1` and its owner as `$2`, as the database's owner.
    pub async fn sql(&self, statement: &'static str) {
        let owner = self.people["owner"];
        let query = sqlx::query(statement).bind(self.ours.uuid()).bind(owner.uuid());
        let done = query.execute(&self.house.test.platform.db().owner).await;
        done.unwrap_or_else(|error| panic!("{error}: {statement}"));
    }

    /// Somebody's id.
    pub fn user(&self, who: &str) -> Option<UserId> {
        self.people.get(who).copied()
    }

    /// One more.
    pub fn next(&mut self) -> u32 {
        self.turn += 1;
        self.turn
    }

    async fn open(&self, user: UserId) -> Id {
        let new = NewSession { user, remember: false, user_agent: None, ip: None };
        let data = HashMap::from([(OPENING.to_owned(), serde_json::to_value(new).unwrap())]);
        let mut record = Record { id: Id::default(), data, expiry_date: OffsetDateTime::now_utc() };
        self.store.create(&mut record).await.unwrap();
        record.id
    }

    /// A fresh session's cookie: some forms end the session they are sent with.
    pub async fn cookie(&self, who: &str) -> Option<String> {
        let user = self.user(who)?;
        Some(format!("__Host-session={}", self.open(user).await))
    }

    /// The cookie of a session that is over, ended the way it ends in life.
    pub async fn dead_cookie(&self, who: &str) -> String {
        if who == "invented" {
            return format!("__Host-session={}", Id::default());
        }
        let cookie = self.cookie(who).await.unwrap();
        let alive = self.ask(Method::GET, "/numbers", Some(&cookie), "", OURS).await;
        assert_eq!(alive.status, 200, "{who} was signed in");
        let user = self.people[who];
        let end = match who {
            "signed out" => {
                self.ask(Method::POST, "/sign-out", Some(&cookie), "", OURS).await;
                return cookie;
            }
            "revoked" => {
                let elsewhere = self.cookie(who).await.unwrap();
                let path = "/settings/devices/revoke-others";
                self.ask(Method::POST, path, Some(&elsewhere), "", OURS).await;
                return cookie;
            }
            "expired" => "update sessions set expires_at = '2026-11-01' where user_id = $1",
            "person suspended" => {
                "update users set suspended_at = now(), suspension_reason = 'x' where id = $1"
            }
            _ => "update users set is_active = false where id = $1",
        };
        let ended = sqlx::query(end).bind(user.uuid());
        ended.execute(&self.house.test.platform.db().owner).await.unwrap();
        cookie
    }

    /// A device of the owner's that is still signed in.
    pub async fn device(&self) -> Uuid {
        let owner = self.people["owner"];
        self.open(owner).await;
        sqlx::query_scalar(
            "select public_id from sessions where user_id = $1 and revoked_at is null
             order by public_id desc limit 1",
        )
        .bind(owner.uuid())
        .fetch_one(&self.house.test.platform.db().platform)
        .await
        .unwrap()
    }

    /// A request as a browser sends it.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        cookie: Option<&str>,
        form: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "voxlink.test")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        self.house.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// Sends a form as somebody, to set a scene; it must do its work.
    pub async fn done(&self, who: &str, path: &str, form: &str) -> Answer {
        let cookie = self.cookie(who).await;
        let answer = self.ask(Method::POST, path, cookie.as_deref(), form, OURS).await;
        let fine = answer.status.is_redirection();
        assert!(fine, "the scene: {who} POST {path} {form}: {} {}", answer.status, answer.text);
        answer
    }

    /// Suspends tenant A, or lifts that.
    pub async fn suspend(&self, suspended: bool) {
        let statement = if suspended {
            "update tenants set state = 'suspended', suspended_at = now(), suspension_reason = 'unpaid'
             where id = $1 and $2::uuid is not null"
        } else {
            "update tenants set state = 'active', suspended_at = null, suspension_reason = null
             where id = $1 and state = 'suspended' and $2::uuid is not null"
        };
        self.sql(statement).await;
    }

    /// What tenant A has, as numbers that move with every row that is added, changed or taken.
    pub async fn trace(&self) -> Vec<String> {
        let owner = &self.house.test.platform.db().owner;
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(self.trace.clone()));
        query.bind(self.ours.uuid()).fetch_all(owner).await.unwrap()
    }
}

/// Counts rows and their newest transaction, for each table with a tenant. The audit log may tell
/// of a refusal; kept answers are no work.
async fn trace_of(test: &voxlink_testkit::TestPlatform) -> String {
    let tables = super::wall::tenant_tables(&test.platform.db().owner).await;
    let told = ["audit_log", "audit_heads", "idempotency_keys"];
    let parts: Vec<String> = tables
        .iter()
        .filter(|table| !told.contains(&table.as_str()))
        .map(|table| {
            let column = if table == "tenants" { "id" } else { "tenant_id" };
            format!(
                "select '{table} ' || count(*) || ' ' || coalesce(max(xmin::text::bigint), 0)
                 from {table} where {column} = $1"
            )
        })
        .collect();
    parts.join(" union all ")
}
