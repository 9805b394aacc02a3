//! Tests of `domain::catalog`.

use std::sync::Arc;
use voxlink_domain::catalog::{
    Sort, Unread, Wider, Wish, coverage, current_prices, refresh_prices, search, wider,
};
use voxlink_gateways::{Carrier, Clock, carrier::fake::FakeCarrier, fault::Script};
use voxlink_testkit::{Outside, TestPlatform};
use voxlink_types::{
    Currency, E164, Money,
    error::Explain,
    number::{Capability, NumberType},
};

fn number(n: u32) -> E164 {
    format!("+1212555{n:04}").parse().unwrap()
}

async fn shop(count: u32) -> TestPlatform {
    let carrier = FakeCarrier::new((0..count).map(number), Script::calm());
    let carriers = vec![Arc::new(carrier) as Arc<dyn Carrier>];
    let test = TestPlatform::with(Outside { carriers, ..Outside::default() }).await;
    refresh_prices(&test.platform).await.unwrap();
    test
}

#[tokio::test]
async fn a_price_that_changes_closes_the_old_row_and_one_that_does_not_changes_nothing() {
    let test = shop(1).await;
    assert_eq!(refresh_prices(&test.platform).await.unwrap(), 0);
    let before = test.clock.now();
    test.clock.advance(chrono::Duration::hours(1));
    sqlx::query("update carriers set settings = '{\"mark_up\": \"3\"}'")
        .execute(&test.platform.db().owner)
        .await
        .unwrap();
    assert_eq!(refresh_prices(&test.platform).await.unwrap(), 1);
    let mut connection = test.platform.db().app.acquire().await.unwrap();
    let old = current_prices(&mut connection, before).await.unwrap();
    let new = current_prices(&mut connection, test.clock.now()).await.unwrap();
    assert_eq!((old.len(), new.len()), (1, 1), "one price is in force at any time");
    assert!(new[0].monthly.minor > old[0].monthly.minor);
    assert_ne!(new[0].id, old[0].id);
    assert_eq!(new[0].increments, (60, 60));
}

#[tokio::test]
async fn a_search_is_priced_paged_and_marks_the_digits_looked_for() {
    let test = shop(60).await;
    let found =
        search(&test.platform, &Wish { contains: "0042".into(), ..Wish::default() }).await.unwrap();
    assert_eq!(found.hits.len(), 1);
    assert_eq!(found.hits[0].mark, Some((7, 4)));
    assert!(found.hits[0].price.monthly.minor > 0);
    let first = search(&test.platform, &Wish::default()).await.unwrap();
    assert_eq!((first.hits.len(), first.more), (25, true));
    let third = Wish { page: voxlink_types::PageRequest::new(3, 25), ..Wish::default() };
    let third = search(&test.platform, &third).await.unwrap();
    assert_eq!((third.hits.len(), third.more), (10, false));
    assert_eq!(
        coverage(&test.platform).await.unwrap(),
        [("US".to_owned(), vec![NumberType::Local])]
    );
}

#[tokio::test]
async fn what_is_too_dear_or_cannot_do_it_is_not_offered() {
    let test = shop(5).await;
    let cheap = Wish { max_monthly: Some(Money::new(1, Currency::Usd)), ..Wish::default() };
    assert!(search(&test.platform, &cheap).await.unwrap().hits.is_empty());
    let fax = Wish { capabilities: vec![Capability::Fax], ..Wish::default() };
    assert!(search(&test.platform, &fax).await.unwrap().hits.is_empty());
    let by_price = Wish { sort: Sort::Price, ..Wish::default() };
    assert_eq!(search(&test.platform, &by_price).await.unwrap().hits.len(), 5);
}

#[tokio::test]
async fn what_was_typed_wrong_is_told_by_field() {
    let test = shop(1).await;
    for (wish, field) in [
        (Wish { contains: "4%".into(), ..Wish::default() }, "digits"),
        (Wish { exclude: "666,§".into(), ..Wish::default() }, "exclude"),
        (Wish { area_code: "21a".into(), ..Wish::default() }, "area"),
        (Wish { near: "Atlantis".into(), ..Wish::default() }, "near"),
        (Wish { near: "02108".into(), ..Wish::default() }, "near"),
        (Wish { near: "95.5,-71.06".into(), ..Wish::default() }, "near"),
        (Wish { sort: Sort::Distance, ..Wish::default() }, "near"),
        (
            Wish { unread: vec![Unread { field: "max", typed: "abc".into() }], ..Wish::default() },
            "max",
        ),
    ] {
        let error = search(&test.platform, &wish).await.unwrap_err();
        assert_eq!(error.fields()[0].field, field, "{wish:?}");
    }
    let near = Wish { near: "boston, ma".into(), ..Wish::default() };
    let found = search(&test.platform, &near).await.unwrap();
    assert_eq!(found.near.as_deref(), Some("Boston, MA"));
    assert_eq!(found.also, [] as [String; 0], "a region leaves no namesake");
    let point = Wish { near: "42.36, -71.06".into(), ..Wish::default() };
    let found = search(&test.platform, &point).await.unwrap();
    assert_eq!(found.near.as_deref(), Some("42.36, -71.06"));
    let capital = Wish { near: "Washington".into(), ..Wish::default() };
    let found = search(&test.platform, &capital).await.unwrap();
    assert_eq!(found.near.as_deref(), Some("Washington, DC"));
    assert_eq!(found.also.len(), 5, "the next larger ones are offered");
}

#[tokio::test]
async fn a_search_without_a_hit_knows_which_condition_to_leave_out() {
    let test = shop(30).await;
    let types = vec![NumberType::TollFree];
    let nothing = Wish { contains: "99999".into(), types: types.clone(), ..Wish::default() };
    let ways = async |wish: &Wish| {
        let found = search(&test.platform, wish).await.unwrap();
        assert!(found.hits.is_empty());
        wider(&test.platform, wish, &found).await
    };
    assert_eq!(ways(&nothing).await, [], "one alone does not help");
    let nearly = Wish { contains: "99999".into(), ..Wish::default() };
    let told = [Wider { field: "digits", found: 25, more: true }];
    assert_eq!(ways(&nearly).await, told);
    let kind = Wish { contains: "0007".into(), types, ..Wish::default() };
    let told = [Wider { field: "type", found: 1, more: false }];
    assert_eq!(ways(&kind).await, told);
}
