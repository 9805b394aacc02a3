//! The journal: facts told once, sums, the statement.

use proptest::{prelude::*, test_runner::TestRunner};
use voxlink_domain::billing::journal::{
    Account, JournalError, NewEntry, Posting, available_credit, balance, movements_before, post,
    statement,
};
use voxlink_testkit::TestPlatform;
use voxlink_types::{Currency, Money, PageRequest};

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::Usd)
}

fn top_up(reference: &str, minor: i64) -> NewEntry {
    NewEntry {
        reference: reference.to_owned(),
        kind: "top_up",
        description: "Balance topped up".to_owned(),
        postings: vec![
            Posting::debit(Account::Processor, usd(minor)),
            Posting::credit(Account::Credit, usd(minor)),
        ],
        ..NewEntry::default()
    }
}

#[tokio::test]
async fn a_fact_told_twice_counts_once() {
    let test = TestPlatform::new().await;
    let (tenant, _) = test.tenant("Ours").await;
    for expected in [true, false] {
        let mut cx = test.platform.work_for(tenant, "test").await.unwrap();
        assert_eq!(post(&mut cx, tenant, top_up("pay:1", 2500)).await.unwrap(), expected);
        cx.commit().await.unwrap();
    }
    let mut staff = test.platform.work("test").await.unwrap();
    assert!(!post(&mut staff, tenant, top_up("pay:1", 2500)).await.unwrap());
    assert_eq!(available_credit(&mut staff, tenant, Currency::Usd).await.unwrap(), usd(2500));
    assert_eq!(
        balance(&mut staff, tenant, Account::Processor, Currency::Usd).await.unwrap(),
        usd(2500)
    );
}

#[tokio::test]
async fn sixteen_who_tell_the_same_fact_at_once_post_it_once() {
    let test = TestPlatform::new().await;
    let (tenant, _) = test.tenant("Ours").await;
    let told = (0..16).map(|_| {
        let platform = test.platform.clone();
        async move {
            let mut cx = platform.work_for(tenant, "test").await.unwrap();
            let new = post(&mut cx, tenant, top_up("pay:1", 100)).await.unwrap();
            cx.commit().await.unwrap();
            new
        }
    });
    let told = futures::future::join_all(told).await;
    assert_eq!(told.into_iter().filter(|new| *new).count(), 1);
}

#[tokio::test]
async fn what_does_not_balance_is_refused_by_us_and_by_the_database() {
    let test = TestPlatform::new().await;
    let (tenant, _) = test.tenant("Ours").await;
    let mut cx = test.platform.work_for(tenant, "test").await.unwrap();
    let mut lame = top_up("pay:1", 100);
    lame.postings.pop();
    assert!(matches!(post(&mut cx, tenant, lame).await, Err(JournalError::Unbalanced { .. })));
    post(&mut cx, tenant, top_up("pay:2", 100)).await.unwrap();
    sqlx::query(
        "insert into journal_postings select entry_id, 9, tenant_id, account, amount_minor, currency
         from journal_postings limit 1",
    )
    .execute(cx.tx())
    .await
    .unwrap();
    let refused = cx.commit().await.unwrap_err();
    assert!(refused.to_string().contains("does not balance"), "{refused}");
}

#[tokio::test]
async fn the_statement_carries_the_balance_along() {
    let test = TestPlatform::new().await;
    let (tenant, _) = test.tenant("Ours").await;
    let (other, _) = test.tenant("Theirs").await;
    let mut cx = test.platform.work_for(tenant, "test").await.unwrap();
    for (n, minor) in [(1, 2500), (2, 1000), (3, -700)] {
        post(&mut cx, tenant, top_up(&format!("pay:{n}"), minor)).await.unwrap();
        test.clock.advance(chrono::Duration::seconds(1));
    }
    let page = statement(&mut cx, tenant, Currency::Usd, PageRequest::new(1, 2)).await.unwrap();
    assert_eq!(page.total, 3);
    let shown: Vec<_> = page.rows.iter().map(|r| (r.amount.minor, r.balance.minor)).collect();
    assert_eq!(shown, [(-700, 2800), (1000, 3500)]);
    // Piece by piece, as the file has it.
    let mut last = None;
    for want in [(-700, 2800), (1000, 3500), (2500, 2500)] {
        let found = movements_before(&mut cx, tenant, Currency::Usd, last.as_ref(), 1).await;
        last = found.unwrap().pop();
        assert_eq!(last.as_ref().map(|m| (m.amount.minor, m.balance.minor)), Some(want));
    }
    let end = movements_before(&mut cx, tenant, Currency::Usd, last.as_ref(), 1).await;
    assert!(end.unwrap().is_empty());
    cx.commit().await.unwrap();
    let mut cx = test.platform.work_for(other, "test").await.unwrap();
    let page = statement(&mut cx, other, Currency::Usd, PageRequest::default()).await.unwrap();
    assert!(page.rows.is_empty());
}

/// Whatever is told, refused and told again: all books of a tenant sum to zero.
#[test]
fn all_postings_sum_to_zero_after_any_history() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (test, tenant) = runtime.block_on(async {
        let test = TestPlatform::new().await;
        let (tenant, _) = test.tenant("Ours").await;
        (test, tenant)
    });
    let _inside = runtime.enter();
    let facts = prop::collection::vec((0u8..12, -500i64..500, -1i64..2), 1..20);
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&facts, |facts| {
        let sum: i64 = runtime.block_on(async {
            for (name, minor, off) in facts {
                let mut cx = test.platform.work_for(tenant, "test").await.unwrap();
                let mut entry = top_up(&format!("fact:{name}"), minor);
                entry.postings[0].amount.minor += off;
                if post(&mut cx, tenant, entry).await.is_ok() {
                    cx.commit().await.unwrap();
                }
            }
            sqlx::query_scalar(
                "select coalesce(sum(amount_minor), 0)::bigint from journal_postings",
            )
            .fetch_one(&test.platform.db().platform)
            .await
            .unwrap()
        });
        prop_assert_eq!(sum, 0);
        Ok(())
    });
    outcome.unwrap();
}
