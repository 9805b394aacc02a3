//! The second wall: what PostgreSQL itself refuses, whatever a query forgets.

use super::cast::Cast;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use voxlink_types::ids::TenantId;

/// Tables that belong to nobody and that every tenant's work may read. A new one must be thought
/// about, and be named here.
const COMMON: [&str; 6] =
    ["carriers", "inventory", "price_books", "promotions", "sellers", "tax_rates"];

/// Tables that are told, never changed; and the function that alone writes the audit log.
const APPEND_ONLY: [&str; 6] = [
    "audit_log",
    "audit_heads",
    "journal_entries",
    "journal_postings",
    "order_events",
    "number_events",
];

/// Looks at every table; how many, and what is wrong.
pub async fn look(cast: &Cast<'_>) -> (usize, Vec<String>) {
    let owner = &cast.house.test.platform.db().owner;
    let mut wrong = unguarded(owner).await;
    let tables = tenant_tables(owner).await;
    for table in &tables {
        wrong.extend(walled(cast, table).await);
    }
    wrong.extend(append_only(cast).await);
    wrong.extend(another_chain(cast).await);
    (tables.len(), wrong)
}

/// Tables of `public` with a `tenant_id`, partitions not counted, and `tenants` itself.
pub async fn tenant_tables(owner: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
           and (c.relname = 'tenants' or exists (select from pg_attribute a
                where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped))
         order by 1",
    )
    .fetch_all(owner)
    .await
    .unwrap()
}

/// What the catalog says: each table the application may touch has row-level security, or is one
/// of those that belong to nobody.
async fn unguarded(owner: &PgPool) -> Vec<String> {
    let open: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm') and not c.relrowsecurity
           and has_table_privilege('voxlink_app', c.oid, 'select, insert, update, delete, truncate')
           and not (c.relname = any ($1) or c.relname = 'inbound_events')",
    )
    .bind(COMMON)
    .fetch_all(owner)
    .await
    .unwrap();
    open.into_iter()
        .map(|table| format!("{table}: the application may touch it, and no row-level security"))
        .collect()
}

/// The column that says whose a row is.
fn owner_column(table: &str) -> &'static str {
    if table == "tenants" { "id" } else { "tenant_id" }
}

/// One table: tenant A has a row in it; B can neither see, change, take away nor add any.
async fn walled(cast: &Cast<'_>, table: &str) -> Vec<String> {
    let (ours, other) = (cast.ours, cast.other);
    let column = owner_column(table);
    let owner = &cast.house.test.platform.db().owner;
    let sql = format!("select to_jsonb(t) from {table} t where {column} = $1 limit 1");
    let row: Option<Value> = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(ours.uuid())
        .fetch_optional(owner)
        .await
        .unwrap();
    let Some(row) = row else {
        return vec![format!("{table}: tenant A has no row in it, so nothing is proved")];
    };
    let mut wrong = Vec::new();
    let attempts = [
        ("sees", format!("select 1 from {table} where {column} = $1 and $2::jsonb is not null")),
        (
            "changes",
            format!(
                "update {table} set {column} = {column} where {column} = $1 and $2::jsonb is not null"
            ),
        ),
        (
            "takes away",
            format!("delete from {table} where {column} = $1 and $2::jsonb is not null"),
        ),
    ];
    for (verb, sql) in attempts {
        match try_as(cast, other, &sql, ours, &row).await {
            Ok(0) => {}
            Err(code) if code == "42501" => {}
            Ok(n) => wrong.push(format!("{table}: tenant B {verb} {n} rows of tenant A")),
            Err(code) => wrong.push(format!("{table}: tenant B {verb}: SQLSTATE {code}")),
        }
    }
    // The wall speaks before keys and checks do: anything else than its refusal is a hole.
    let add = format!(
        "insert into {table} overriding system value
         select (jsonb_populate_record(null::{table}, $2)).* where $1::uuid is not null"
    );
    match try_as(cast, other, &add, ours, &row).await {
        Err(code) if code == "42501" => {}
        told => wrong.push(format!("{table}: tenant B adds a row for tenant A: {told:?}")),
    }
    // Its own row into the neighbour's hands.
    let give = format!("update {table} set {column} = $1 where $2::jsonb is not null");
    match try_as(cast, other, &give, ours, &row).await {
        Ok(0) => {}
        Err(code) if code == "42501" => {}
        told => wrong.push(format!("{table}: tenant B gives a row to tenant A: {told:?}")),
    }
    wrong
}

/// Runs a statement as the application for a tenant and takes it back; rows, or the SQLSTATE.
async fn try_as(
    cast: &Cast<'_>,
    who: TenantId,
    sql: &str,
    id: TenantId,
    row: &Value,
) -> Result<u64, String> {
    let mut cx = cast.house.test.platform.work_for(who, "proof").await.unwrap();
    let query = sqlx::query(AssertSqlSafe(sql.to_owned())).bind(id.uuid()).bind(row);
    query.execute(cx.tx()).await.map(|done| done.rows_affected()).map_err(|e| code(&e))
}

fn code(error: &sqlx::Error) -> String {
    let code = error.as_database_error().and_then(|e| e.code().map(std::borrow::Cow::into_owned));
    code.unwrap_or_else(|| error.to_string())
}

/// The journal, the audit log and the timelines: neither role may change, take away or empty; and
/// the audit log is written through its function alone.
async fn append_only(cast: &Cast<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let db = cast.house.test.platform.db();
    for (role, pool) in [("voxlink_app", &db.app), ("voxlink_platform", &db.platform)] {
        for table in APPEND_ONLY {
            let column = "tenant_id";
            let mut attempts = vec![
                ("change", format!("update {table} set {column} = {column}")),
                ("take away", format!("delete from {table}")),
                ("empty", format!("truncate {table} cascade")),
            ];
            if table.starts_with("audit") {
                attempts.push(("write to", format!("insert into {table} select * from {table}")));
            }
            for (verb, sql) in attempts {
                let mut tx = pool.begin().await.unwrap();
                let connection: &mut PgConnection = &mut tx;
                let done = sqlx::query(AssertSqlSafe(sql)).execute(connection).await;
                match done.map_err(|e| code(&e)) {
                    Err(code) if code == "42501" => {}
                    told => wrong.push(format!("{table}: {role} may {verb} it: {told:?}")),
                }
            }
        }
    }
    wrong
}

/// A tenant's work writes to the tenant's own chain only.
async fn another_chain(cast: &Cast<'_>) -> Vec<String> {
    let sql = "select append_audit($1, now(), 'proof', null, 'proof', 'proof', null, null, $2, null, null, null, null, null, true, null)";
    let row = Value::Null;
    match try_as(cast, cast.other, sql, cast.ours, &row).await {
        Err(code) if code == "42501" => {}
        told => return vec![format!("append_audit: tenant B writes to A's chain: {told:?}")],
    }
    match try_as(cast, cast.ours, sql, cast.ours, &row).await {
        Ok(_) => Vec::new(),
        told => vec![format!("append_audit: tenant A cannot write to its own chain: {told:?}")],
    }
}
