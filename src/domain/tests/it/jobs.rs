//! Housekeeping, run as the worker would.

use chrono::Duration;
use voxlink_domain::jobs::upkeep::{CleanUp, MakePartitions};
use voxlink_testkit::TestPlatform;

#[tokio::test]
async fn partitions_are_made_ahead_and_lapsed_keys_removed() {
    let test = TestPlatform::new().await;
    let (tenant, _) = test.tenant("Ours").await;
    test.clock.advance(Duration::days(400));
    sqlx::query(
        "insert into idempotency_keys (tenant_id, key, route, request_hash, created_at, expires_at)
         values ($1, 'a-lapsed-key', '/x', '\\x', now(), now() - interval '1 day')",
    )
    .bind(tenant.uuid())
    .execute(&test.platform.db().owner)
    .await
    .unwrap();
    let mut cx = test.platform.work("test").await.unwrap();
    cx.enqueue(&MakePartitions::default()).await.unwrap();
    cx.enqueue(&CleanUp::default()).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(test.run_jobs().await, 2);
    let partitions: i64 = sqlx::query_scalar(
        "select count(*) from pg_class where relispartition and relkind = 'r'
         and relname ~ '2027_12$|2028_0[123]$|202712$|20280[123]$'",
    )
    .fetch_one(&test.platform.db().owner)
    .await
    .unwrap();
    assert_eq!(partitions, 12, "three tables for four months");
    let keys: i64 = sqlx::query_scalar("select count(*) from idempotency_keys")
        .fetch_one(&test.platform.db().owner)
        .await
        .unwrap();
    assert_eq!(keys, 0);
}
