//! The warning that a balance is low.

use super::{fixture::Customer, invoices::top_up};
use voxlink_domain::billing::low_balance::{set_threshold, threshold, warn};
use voxlink_testkit::TestPlatform;
use voxlink_types::{Currency, Money};

async fn told(test: &TestPlatform) -> Vec<String> {
    sqlx::query_scalar(
        "select message from notifications where title = 'Your balance is low' order by created_at",
    )
    .fetch_all(&test.platform.db().owner)
    .await
    .unwrap()
}

#[tokio::test]
async fn it_is_told_once_each_time_the_balance_falls_below() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Low").await;
    top_up(&customer, 3000, Currency::Usd).await;
    let usd = |minor| Money::new(minor, Currency::Usd);
    let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
    set_threshold(&mut cx, Some(usd(2000))).await.unwrap();
    assert_eq!(threshold(&mut cx).await.unwrap(), Some(usd(2000)));
    cx.commit().await.unwrap();
    assert_eq!(warn(&test.platform).await.unwrap(), 0);
    top_up(&customer, -1500, Currency::Usd).await;
    // Two workers look at the same moment, and again later.
    let both = futures::join!(warn(&test.platform), warn(&test.platform));
    assert_eq!(both.0.unwrap() + both.1.unwrap(), 1);
    assert_eq!(warn(&test.platform).await.unwrap(), 0);
    let sentence = "It is $15.00, below the $20.00 that you asked to be warned at.";
    assert_eq!(told(&test).await, [sentence]);
    top_up(&customer, 1000, Currency::Usd).await;
    assert_eq!(warn(&test.platform).await.unwrap(), 0);
    test.clock.advance(chrono::Duration::hours(1));
    top_up(&customer, -1000, Currency::Usd).await;
    assert_eq!(warn(&test.platform).await.unwrap(), 1);
    assert_eq!(told(&test).await.len(), 2);

    let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
    set_threshold(&mut cx, None).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(warn(&test.platform).await.unwrap(), 0);
}
