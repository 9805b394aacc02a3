//! Who asks, and what there is to be asked for: tenant A with people of every role and one thing
//! of every kind, tenant B beside it, and staff.

use sqlx::{Row, types::Uuid};
use std::collections::{BTreeMap, HashMap};
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
};
use voxlink_domain::accounts::sessions::{NewSession, OPENING};
use voxlink_server::web::PgSessions;
use voxlink_testkit::TestPlatform;
use voxlink_types::ids::{
    BulkRunId, CallId, InvitationId, InvoiceId, InvoiceLineId, NotificationId, OrderId, PaymentId,
    SessionId, TenantId, UserId,
};

/// The columns of the table. `suspended` is A's owner while A is suspended, so it comes last.
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

/// Everybody, and the things of tenant A.
pub struct Cast<'a> {
    test: &'a TestPlatform,
    store: PgSessions,
    people: HashMap<&'static str, UserId>,
    ours: TenantId,
    other: TenantId,
    things: BTreeMap<&'static str, String>,
}

impl<'a> Cast<'a> {
    /// Fills the database.
    pub async fn new(test: &'a TestPlatform) -> Self {
        let (ours, owner) = test.tenant("Ours").await;
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
        ] {
            let user = UserId::new(1);
            let made = sqlx::query(
                "insert into users (id, tenant_id, email, full_name, tenant_role, platform_role,
                     terms_accepted_at, terms_version)
                 values ($1, $2, $3 || '@staff.example.com', $3, $4, $5, now(), '2026-01')",
            );
            let made = made.bind(user.uuid()).bind(tenant.uuid()).bind(name).bind(role);
            made.bind(platform).execute(&test.platform.db().platform).await.unwrap();
            people.insert(name, user);
        }
        let store = PgSessions::new(test.platform.clone());
        let mut cast = Self { test, store, people, ours, other, things: BTreeMap::new() };
        cast.furnish(owner).await;
        cast
    }

    /// One thing of every kind, tenant A's.
    async fn furnish(&mut self, owner: UserId) {
        let number = self.test.number(self.ours, "+16175550123").await;
        let (order, invoice, payment, call) =
            (OrderId::new(1), InvoiceId::new(1), PaymentId::new(1), CallId::new(1));
        let line = InvoiceLineId::new(1);
        let (notification, run) = (NotificationId::new(1), BulkRunId::new(1));
        let invitation = InvitationId::new(1);
        let ours = self.ours.uuid();
        for (sql, id) in [
            ("insert into orders (id, tenant_id, user_id, order_number, payment_kind, subtotal_minor, total_minor, currency, placed_at)
              values ($1, $2, $3, 'ORD-1', 'credit', 100, 100, 'USD', now())", order.uuid()),
            ("insert into invoices (id, tenant_id, billing_account_id, invoice_number, state, issued_at, period_start, period_end,
                  billing_zone, subtotal_minor, total_minor, currency, bill_to)
              select $1, $2, b.id, 'INV-1', 'sent', now(), '2026-10-01', '2026-11-01', 'UTC', 100, 100, 'USD', '{}'
              from billing_accounts b where b.tenant_id = $2 and $3::uuid is not null", invoice.uuid()),
            ("insert into invoice_lines (id, tenant_id, invoice_id, position, kind, description, quantity, unit, unit_price,
                  exact_amount, amount_minor, currency, period_start, period_end, derivation)
              select $1, $2, i.id, 1, 'usage', 'Calls', 1, 'minute', 1, 1, 100, 'USD', '2026-10-01', '2026-11-01', '{\"records\": 0}'
              from invoices i where i.tenant_id = $2 and $3::uuid is not null", line.uuid()),
            ("insert into payments (id, tenant_id, billing_account_id, purpose, processor, amount_minor, currency, idempotency_key)
              select $1, $2, b.id, 'top_up', 'test_card', 100, 'USD', $1
              from billing_accounts b where b.tenant_id = $2 and $3::uuid is not null", payment.uuid()),
            ("insert into bulk_runs (id, tenant_id, user_id, action, total) values ($1, $2, $3, '{\"do\": \"tag\", \"tags\": \"x\"}', 0)", run.uuid()),
            ("insert into notifications (id, tenant_id, user_id, kind, title, message)
              values ($1, $2, $3, 'system', 'News', 'Something happened.')", notification.uuid()),
            ("insert into invitations (id, tenant_id, email, tenant_role, via, invited_by, expires_at)
              values ($1, $2, 'new@example.com', 'viewer', 'link', $3, now() + interval '7 days')", invitation.uuid()),
            ("insert into call_records (id, tenant_id, subscription_id, carrier, carrier_call_id, from_number, to_number, direction, status, started_at)
              select $1, $2, (select id from subscriptions where tenant_id = $2), 'local', 'call-1', '+12025550100', '+16175550123', 'inbound', 'completed', '2026-11-16T14:00:00Z'
              where $3::uuid is not null", call.uuid()),
            ("insert into call_keys (carrier, carrier_call_id, call_id, tenant_id, started_at)
              select carrier, carrier_call_id, id, tenant_id, started_at from call_records
              where id = $1 and tenant_id = $2 and $3::uuid is not null", call.uuid()),
        ] {
            let made = sqlx::query(sql).bind(id).bind(ours).bind(owner.uuid());
            made.execute(&self.test.platform.db().platform).await.unwrap();
        }
        self.things = BTreeMap::from([
            ("numbers", number.to_string()),
            ("orders", order.to_string()),
            ("invoices", invoice.to_string()),
            ("lines", line.to_string()),
            ("payments", payment.to_string()),
            ("notifications", notification.to_string()),
            ("calls", call.to_string()),
            ("accounts", self.ours.to_string()),
            ("bulk", run.to_string()),
            ("people", self.people["viewer"].to_string()),
            ("invitations", invitation.to_string()),
        ]);
    }

    /// A device of the owner's that is still signed in.
    async fn device(&mut self) {
        let owner = self.people["owner"];
        self.open(owner).await;
        let id: Uuid = sqlx::query_scalar(
            "select public_id from sessions where user_id = $1 and revoked_at is null order by created_at desc, public_id desc limit 1",
        )
        .bind(owner.uuid())
        .fetch_one(&self.test.platform.db().platform)
        .await
        .unwrap();
        self.things.insert("devices", SessionId::from_uuid(id).to_string());
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
        let user = *self.people.get(who)?;
        Some(format!("__Host-session={}", self.open(user).await))
    }

    /// Sets the scene for a column.
    pub async fn before(&mut self, who: &str) {
        self.device().await;
        if who != "suspended" {
            return;
        }
        let sql = "update tenants set state = 'suspended', suspended_at = now(), suspension_reason = 'unpaid' where id = $1";
        let done = sqlx::query(sql).bind(self.ours.uuid());
        done.execute(&self.test.platform.db().platform).await.unwrap();
    }

    /// The path with the ids of tenant A's things.
    pub fn fill(&self, path: &str) -> String {
        put(path, |kind| self.things.get(kind).cloned())
    }

    /// The path with ids of the right form that nobody has.
    pub fn absent(&self, path: &str) -> String {
        put(path, |kind| {
            let prefix = self.things.get(kind)?.split_once('_')?.0;
            Some(format!("{prefix}_{}", Uuid::now_v7().simple()))
        })
    }

    /// As tenant B, without any filter: how many tables hide tenant A's rows, and which do not.
    pub async fn second_wall(&self) -> (usize, Vec<String>) {
        let owner = &self.test.platform.db().owner;
        let tables = sqlx::query(
            "select c.table_name::text as name from information_schema.columns c
             join information_schema.tables t using (table_schema, table_name)
             where c.table_schema = 'public' and c.column_name = 'tenant_id' and t.table_type = 'BASE TABLE'
               and has_table_privilege('voxlink_app', format('%I.%I', c.table_schema, c.table_name), 'select')
             order by 1",
        );
        let tables = tables.fetch_all(owner).await.unwrap();
        let mut leaks = Vec::new();
        for row in &tables {
            let name: String = row.get("name");
            let mut cx = self.test.platform.work_for(self.other, "proof").await.unwrap();
            let sql = format!("select count(*) from {name} where tenant_id = $1");
            let seen: Result<i64, sqlx::Error> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                .bind(self.ours.uuid())
                .fetch_one(cx.tx())
                .await;
            match seen {
                Ok(0) => {}
                Ok(n) => leaks.push(format!("{name}: tenant B sees {n} rows of tenant A")),
                // A table whose rows the role may not read at all hides them as well.
                Err(error)
                    if error
                        .as_database_error()
                        .and_then(sqlx::error::DatabaseError::code)
                        .as_deref()
                        == Some("42501") => {}
                Err(error) => leaks.push(format!("{name}: {error}")),
            }
        }
        (tables.len(), leaks)
    }
}

/// Stands where a route's parameter is of a kind that tenant A has nothing of.
const NOTHING: &str = "nothing";

/// Puts an id into each parameter: its kind is the word before it in the path.
fn put(path: &str, id: impl Fn(&str) -> Option<String>) -> String {
    let mut before = "";
    let parts: Vec<String> = path
        .split('/')
        .map(|part| {
            let filled = if part.starts_with('{') {
                id(before).unwrap_or_else(|| NOTHING.to_owned())
            } else {
                part.to_owned()
            };
            before = part;
            filled
        })
        .collect();
    parts.join("/")
}
