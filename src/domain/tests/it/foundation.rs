//! The walls: tenants apart, journal and audit append-only, the audit chain.

use serde_json::json;
use voxlink_domain::{Actor, Ctx, RequestInfo, audit::Entry};
use voxlink_testkit::TestPlatform;
use voxlink_types::ids::TenantId;

async fn audited(test: &TestPlatform, tenant: TenantId, action: &str) {
    let mut cx = Ctx::begin(&test.platform, tenant, Actor::System("test"), RequestInfo::default())
        .await
        .unwrap();
    let entry =
        Entry { action, resource: "thing", new: Some(json!({"b": 1, "a": 2})), ..Entry::default() };
    cx.audit(entry).await.unwrap();
    cx.commit().await.unwrap();
}

#[tokio::test]
async fn a_tenant_sees_only_its_own_rows() {
    let test = TestPlatform::new().await;
    let (ours, _) = test.tenant("Ours").await;
    let (theirs, _) = test.tenant("Theirs").await;
    let mut cx = test.platform.work_for(ours, "test").await.unwrap();
    let seen: Vec<uuid::Uuid> =
        sqlx::query_scalar("select id from tenants").fetch_all(cx.tx()).await.unwrap();
    assert_eq!(seen, [ours.uuid()]);
    let changed =
        sqlx::query("update users set full_name = 'x' where tenant_id = $1").bind(theirs.uuid());
    assert_eq!(changed.execute(cx.tx()).await.unwrap().rows_affected(), 0);
}

#[tokio::test]
async fn what_is_read_together_is_of_one_moment_and_changes_nothing() {
    let test = TestPlatform::new().await;
    let (ours, _) = test.tenant("Ours").await;
    test.tenant("Theirs").await;
    let (actor, request) = (Actor::System("test"), RequestInfo::default());
    let mut cx = Ctx::begin_reading(&test.platform, ours, actor, request).await.unwrap();
    let names = || sqlx::query_scalar::<_, String>("select name from tenants");
    assert_eq!(names().fetch_all(cx.tx()).await.unwrap(), ["Ours"]);
    let mut other = test.platform.work_for(ours, "test").await.unwrap();
    sqlx::query("update tenants set name = 'Renamed'").execute(other.tx()).await.unwrap();
    other.commit().await.unwrap();
    assert_eq!(names().fetch_all(cx.tx()).await.unwrap(), ["Ours"]);
    let written = sqlx::query("update tenants set name = 'Mine'").execute(cx.tx()).await;
    assert!(written.unwrap_err().to_string().contains("read-only transaction"));
}

#[tokio::test]
async fn without_a_tenant_the_application_sees_nothing() {
    let test = TestPlatform::new().await;
    test.tenant("Ours").await;
    let seen: Vec<uuid::Uuid> = sqlx::query_scalar("select id from users")
        .fetch_all(&test.platform.db().app)
        .await
        .unwrap();
    assert!(seen.is_empty());
}

#[tokio::test]
async fn journal_and_audit_can_only_grow() {
    let test = TestPlatform::new().await;
    let (tenant, _) = test.tenant("Ours").await;
    audited(&test, tenant, "thing.make").await;
    for pool in [&test.platform.db().app, &test.platform.db().platform] {
        for statement in [
            "delete from audit_log",
            "update audit_log set actor = 'x'",
            "truncate audit_log",
            "delete from journal_entries",
            "update journal_postings set amount_minor = 1",
            "delete from journal_postings",
        ] {
            let refused = sqlx::query(statement).execute(pool).await.unwrap_err();
            assert_eq!(
                refused.as_database_error().unwrap().code().as_deref(),
                Some("42501"),
                "{statement}"
            );
        }
    }
}

#[tokio::test]
async fn the_audit_chain_tells_what_was_changed() {
    let test = TestPlatform::new().await;
    let (tenant, _) = test.tenant("Ours").await;
    for action in ["thing.make", "thing.change", "thing.drop"] {
        audited(&test, tenant, action).await;
    }
    let broken = async || -> Option<i64> {
        sqlx::query_scalar("select broken_seq from verify_audit($1)")
            .bind(tenant.uuid())
            .fetch_optional(&test.platform.db().platform)
            .await
            .unwrap()
    };
    assert_eq!(broken().await, None);
    let owner = &test.platform.db().owner;
    // Each column in turn, by a value that differs from what `audited` wrote.
    let others = [
        ("occurred_at", "occurred_at + interval '1 microsecond'"),
        ("actor", "'system:other'"),
        ("actor_user_id", "'00000000-0000-0000-0000-000000000001'"),
        ("action", "'thing.other'"),
        ("resource", "'other'"),
        ("resource_id", "'thg_1'"),
        // A JSON null is not none.
        ("old_values", "'null'"),
        ("new_values", "'{\"a\": 2, \"b\": 3}'"),
        ("reason", "'because'"),
        ("ip", "'192.0.2.1'"),
        ("user_agent", "'another browser'"),
        ("request_id", "'req_1'"),
        ("endpoint", "'/other'"),
        ("success", "false"),
        ("error", "'it failed'"),
        // That of before, and one that nobody knows.
        ("digest_version", "1"),
        ("digest_version", "3"),
    ];
    let columns: Vec<String> = sqlx::query_scalar(
        "select attname::text from pg_attribute
         where attrelid = 'audit_log'::regclass and attnum > 0 and not attisdropped
           and attname not in ('tenant_id', 'seq', 'previous_hash', 'hash')
         order by attnum",
    )
    .fetch_all(owner)
    .await
    .unwrap();
    let mut changed: Vec<&str> = others.iter().map(|(column, _)| *column).collect();
    changed.dedup();
    assert_eq!(columns, changed, "a column that is not tried");
    for (column, other) in others {
        let mut tx = owner.begin().await.unwrap();
        let change = format!("update audit_log set {column} = {other} where seq = 2");
        let done = sqlx::query(sqlx::AssertSqlSafe(change)).execute(&mut *tx).await.unwrap();
        assert_eq!(done.rows_affected(), 1, "{column}");
        let found: Option<(i64, String)> =
            sqlx::query_as("select broken_seq, why from verify_audit($1)")
                .bind(tenant.uuid())
                .fetch_optional(&mut *tx)
                .await
                .unwrap();
        let expected = Some((2, "its content was changed".to_owned()));
        assert_eq!(found, expected, "{column} = {other}");
        tx.rollback().await.unwrap();
    }
    assert_eq!(broken().await, None, "what was tried is undone");
    // A row of before the second digest holds by the first.
    let mut tx = owner.begin().await.unwrap();
    sqlx::query(
        "update audit_log set digest_version = 1, hash = audit_digest(previous_hash, tenant_id, seq,
             occurred_at, actor, action, resource, resource_id, old_values, new_values, reason, ip,
             request_id, success, error)
         where seq = 3",
    )
    .execute(&mut *tx)
    .await
    .unwrap();
    let found: Option<i64> = sqlx::query_scalar("select broken_seq from verify_audit($1)")
        .bind(tenant.uuid())
        .fetch_optional(&mut *tx)
        .await
        .unwrap();
    assert_eq!(found, None, "a row with the first digest");
    tx.rollback().await.unwrap();
    sqlx::query("update audit_log set action = 'thing.other' where seq = 2")
        .execute(owner)
        .await
        .unwrap();
    assert_eq!(broken().await, Some(2));
    sqlx::query("delete from audit_log where seq >= 2").execute(owner).await.unwrap();
    assert_eq!(broken().await, Some(3), "a cut tail is found by the head");
}

#[tokio::test]
async fn every_table_is_behind_a_wall() {
    let test = TestPlatform::new().await;
    let owner = &test.platform.db().owner;
    // Tables that carry a tenant: row-level security is on. The audit heads are reached through
    // `append_audit` alone: nobody holds a right on them.
    let open: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_class c
         join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
           and not c.relrowsecurity and c.relname <> 'audit_heads'",
    )
    .fetch_all(owner)
    .await
    .unwrap();
    assert!(open.is_empty(), "without row-level security: {open:?}");
    // The application's role can be granted rights on a table without a tenant only if it is
    // one of the installation's, and never on a partition, which would go round the parent's wall.
    let around: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_class c
         where c.relnamespace = 'public'::regnamespace and c.relispartition
           and (has_table_privilege('voxlink_app', c.oid, 'select') or has_table_privilege('voxlink_platform', c.oid, 'select'))",
    )
    .fetch_all(owner)
    .await
    .unwrap();
    assert!(around.is_empty(), "partitions that can be read directly: {around:?}");
}

/// The words of a CHECK (`column in ('a', 'b')`) as PostgreSQL prints it.
async fn words_of_check(test: &TestPlatform, table: &str, column: &str) -> Vec<String> {
    let definition: String = sqlx::query_scalar(
        "select pg_get_constraintdef(k.oid) from pg_constraint k
         join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any(k.conkey) and array_length(k.conkey, 1) = 1
         where k.contype = 'c' and k.conrelid = $1::regclass and a.attname = $2 and pg_get_constraintdef(k.oid) like '%ARRAY[%'",
    )
    .bind(table)
    .bind(column)
    .fetch_one(&test.platform.db().owner)
    .await
    .unwrap();
    let mut words: Vec<String> =
        definition.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
    words.sort();
    words
}

#[tokio::test]
async fn the_words_of_enums_are_those_of_the_checks() {
    use voxlink_domain::{bulk, carriers, inventory};
    use voxlink_types::{number, order, role, sip};
    let test = TestPlatform::new().await;
    macro_rules! same_words {
        ($($kind:ty => $table:literal . $column:literal),+ $(,)?) => {$(
            let mut words: Vec<String> = <$kind>::ALL.iter().map(|w| w.as_str().to_owned()).collect();
            words.sort();
            assert_eq!(words, words_of_check(&test, $table, $column).await, "{}.{}", $table, $column);
        )+};
    }
    same_words! {
        role::TenantRole => "users"."tenant_role",
        role::PlatformRole => "users"."platform_role",
        number::NumberType => "inventory"."number_type",
        number::NumberType => "carrier_papers"."number_type",
        number::InventoryState => "inventory"."state",
        number::Capability => "inventory"."capabilities",
        number::NumberState => "subscriptions"."state",
        number::Requirement => "price_books"."requirement",
        voxlink_types::notice::NoticeKind => "notifications"."kind",
        order::OrderState => "orders"."state",
        order::ItemStep => "order_items"."step",
        order::PaymentState => "payments"."state",
        order::InvoiceState => "invoices"."state",
        carriers::CarrierState => "carriers"."state",
        carriers::CallbackOutcome => "carrier_callbacks"."outcome",
        inventory::DriftKind => "inventory_drift"."kind",
        inventory::DriftState => "inventory_drift"."state",
        inventory::Standing => "inventory"."at_carrier",
        bulk::Action => "bulk_sheets"."action",
        bulk::RunState => "bulk_sheets"."state",
        bulk::LineState => "bulk_sheet_rows"."state",
        sip::EdgeKind => "sip_edges"."kind",
        sip::Transport => "sip_trunks"."transport",
        sip::Carries => "sip_trunks"."carries",
        sip::TrunkAuth => "sip_trunks"."auth",
    }
}
