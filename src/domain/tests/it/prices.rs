//! Tests of prices that are entered by hand.

use chrono::Duration;
use rust_decimal::Decimal;
use std::sync::Arc;
use voxlink_domain::catalog::{
    ImportError, Imported, Wish, current_prices, import_prices, refresh_prices, search,
};
use voxlink_gateways::{
    Carrier, Clock,
    carrier::fake::{FakeCarrier, Mood},
    fault::Script,
};
use voxlink_testkit::{Outside, TestPlatform, monday};
use voxlink_types::E164;

const HEADINGS: &str = "carrier,country,type,currency,cost_monthly,cost_setup,cost_minute";

/// A shop whose one carrier tells these prices.
async fn shop(monthly: Option<Decimal>) -> TestPlatform {
    let numbers = (0..5).map(|n: u32| format!("+1212555{n:04}").parse::<E164>().unwrap());
    let carrier = FakeCarrier::new(numbers, Script::calm()).for_monthly(monthly);
    let carriers = vec![Arc::new(carrier) as Arc<dyn Carrier>];
    let test = TestPlatform::with(Outside { carriers, ..Outside::default() }).await;
    refresh_prices(&test.platform).await.unwrap();
    test.clock.advance(Duration::hours(1));
    test
}

async fn monthly(test: &TestPlatform) -> Vec<i64> {
    let mut connection = test.platform.db().app.acquire().await.unwrap();
    let prices = current_prices(&mut connection, test.clock.now()).await.unwrap();
    prices.iter().map(|price| price.monthly.minor).collect()
}

async fn import(test: &TestPlatform, rows: &str, dry: bool) -> Result<Vec<Imported>, ImportError> {
    import_prices(&test.platform, &format!("{HEADINGS}\n{rows}\n"), dry).await
}

async fn found(test: &TestPlatform) -> usize {
    search(&test.platform, &Wish::default()).await.unwrap().hits.len()
}

#[tokio::test]
async fn what_has_no_price_is_sold_once_a_price_is_entered() {
    let test = shop(None).await;
    assert_eq!(found(&test).await, 0);
    let row = "fake,US,local,USD,1.15,0,0.0055";
    let tried = import(&test, row, true).await.unwrap();
    assert_eq!((tried.len(), tried[0].new, tried[0].monthly.minor), (1, true, 173));
    assert_eq!(found(&test).await, 0, "trying it out changes nothing");
    assert_eq!(import(&test, row, false).await.unwrap(), tried);
    assert_eq!((found(&test).await, monthly(&test).await), (5, vec![173]));
    assert!(!import(&test, row, false).await.unwrap()[0].new, "the same again changes nothing");
    let told = "select count(*) from audit_log where action = 'price.enter'";
    let told: i64 = sqlx::query_scalar(told).fetch_one(&test.platform.db().owner).await.unwrap();
    assert_eq!(told, 1);
}

#[tokio::test]
async fn a_carrier_that_hangs_keeps_no_other_from_telling_its_prices() {
    let of = |key, name| FakeCarrier::new([], Script::calm()).called(key, name);
    let (alpha, beta) = (of("alpha", "Alpha"), of("beta", "Beta"));
    alpha.feels(Mood::Slow);
    let carriers = [alpha, beta].map(|carrier| Arc::new(carrier) as Arc<dyn Carrier>).to_vec();
    let test = TestPlatform::with(Outside { carriers, ..Outside::default() }).await;
    let patience = std::time::Duration::from_secs(2);
    tokio::time::timeout(patience, refresh_prices(&test.platform)).await.unwrap_err();
    assert_eq!(monthly(&test).await, [98]);
}

#[tokio::test]
async fn a_price_by_hand_outlives_the_daily_refresh() {
    let test = shop(Some(Decimal::new(65, 2))).await;
    assert_eq!(monthly(&test).await, [98]);
    import(&test, "fake,US,local,USD,0.65,0,0.0035", false).await.unwrap();
    assert_eq!(monthly(&test).await, [98]);
    let list = format!("{HEADINGS},monthly,from\nfake,US,local,USD,0.65,0,0.0035,2,2026-12-01\n");
    let dearer = import_prices(&test.platform, &list, false).await.unwrap();
    assert_eq!(dearer[0].monthly.minor, 200);
    assert_eq!(monthly(&test).await, [98], "it lies ahead");
    test.clock.advance(Duration::days(30));
    assert_eq!(monthly(&test).await, [200]);
    assert_eq!(refresh_prices(&test.platform).await.unwrap(), 0);
    assert_eq!(monthly(&test).await, [200]);
}

#[tokio::test]
async fn a_list_with_a_wrong_line_changes_nothing_and_tells_each() {
    let test = shop(None).await;
    let past = (monday() - Duration::days(1)).format("%Y-%m-%d");
    let list = format!(
        "{HEADINGS},from\nfake,US,local,USD,1,0,0,\nnobody,US,local,USD,1,0,0,\n\
         fake,US,mobile,USD,1,0,0,{past}\nfake,US,spoon,USD,1,0,0,\nfake,US,local,USD,2,0,0,\n"
    );
    let Err(ImportError::Lines(wrong)) = import_prices(&test.platform, &list, false).await else {
        panic!("a list that is wrong is refused")
    };
    let said: Vec<(u64, &str)> = wrong.iter().map(|(line, why)| (*line, why.as_str())).collect();
    assert_eq!(said.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 4, 5, 6]);
    for ((_, why), word) in said.iter().zip(["no carrier", "past", "type", "too late"]) {
        assert!(why.contains(word), "{why}");
    }
    assert_eq!(monthly(&test).await, [] as [i64; 0]);
}
