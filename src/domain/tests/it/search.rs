//! Tests of a search over several carriers, of which one is slow and one is dead.

use chrono::Duration;
use rust_decimal::Decimal;
use std::{sync::Arc, time::Instant};
use voxlink_domain::catalog::{
    By, Checked, Found, SearchError, Sort, Wish, refresh_prices, search, wider,
};
use voxlink_gateways::{
    Carrier,
    carrier::{
        OfferCost,
        fake::{FakeCarrier, Mood},
    },
    fault::Script,
};
use voxlink_testkit::{Outside, TestPlatform, monday};
use voxlink_types::{
    Currency, E164, PageRequest,
    filter::Filter,
    number::{Capability, NumberType, Requirement},
};

/// Three carriers: Alpha has the numbers 0 to 9, Beta 5 to 14 for less, Gamma 10 to 19.
struct Market {
    test: TestPlatform,
    alpha: FakeCarrier,
    beta: FakeCarrier,
    gamma: FakeCarrier,
}

fn number(n: u32) -> E164 {
    format!("+1212555{n:04}").parse().unwrap()
}

impl Market {
    async fn open() -> Self {
        let of = |from: u32, key, name, cents| {
            FakeCarrier::new((from..from + 10).map(number), Script::calm())
                .called(key, name)
                .for_monthly(Some(Decimal::new(cents, 2)))
        };
        let (alpha, beta) = (of(0, "alpha", "Alpha", 100), of(5, "beta", "Beta", 50));
        let gamma = of(10, "gamma", "Gamma", 200).without_holds();
        let carriers = [&alpha, &beta, &gamma];
        let carriers = carriers.map(|c| Arc::new(c.clone()) as Arc<dyn Carrier>).to_vec();
        let search_deadline = Some(std::time::Duration::from_millis(300));
        let outside = Outside { carriers, search_deadline, ..Outside::default() };
        let test = TestPlatform::with(outside).await;
        refresh_prices(&test.platform).await.unwrap();
        Self { test, alpha, beta, gamma }
    }

    async fn search(&self, wish: &Wish) -> Found {
        search(&self.test.platform, wish).await.unwrap()
    }

    fn searches(&self) -> [usize; 3] {
        [&self.alpha, &self.beta, &self.gamma].map(FakeCarrier::searches)
    }

    async fn run(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.test.platform.db().owner).await.unwrap();
    }
}

fn numbers(found: &Found) -> Vec<E164> {
    let mut all: Vec<E164> = found.hits.iter().map(|hit| hit.offer.number.clone()).collect();
    all.sort();
    all
}

fn from(found: &Found, carrier: &str) -> usize {
    found.hits.iter().filter(|hit| hit.carrier == carrier).count()
}

#[tokio::test]
async fn who_is_slow_or_dead_is_named_and_the_others_answer_in_time() {
    let market = Market::open().await;
    market.beta.feels(Mood::Slow);
    market.gamma.feels(Mood::Dead);
    let begun = Instant::now();
    let found = market.search(&Wish::default()).await;
    assert!(begun.elapsed().as_secs() < 3, "{:?}", begun.elapsed());
    assert_eq!(numbers(&found), (0..10).map(number).collect::<Vec<_>>());
    assert_eq!(found.silent, ["Beta", "Gamma"]);
    assert_eq!(found.stale, []);
    let asked = market.searches();
    let fax = Wish { capabilities: vec![Capability::Fax], ..Wish::default() };
    let nothing = market.search(&fax).await;
    let ways = wider(&market.test.platform, &fax, &nothing).await;
    assert_eq!((ways.len(), ways[0].field, ways[0].found), (1, "can", 10));
    assert_eq!(market.beta.searches(), asked[1] + 1, "who kept silent is not asked again at once");
    market.alpha.feels(Mood::Dead);
    let town = Wish { locality: "New York".to_owned(), ..Wish::default() };
    let refused = search(&market.test.platform, &town).await.unwrap_err();
    assert!(matches!(refused, SearchError::Silent), "{refused}");
}

#[tokio::test]
async fn a_number_of_several_carriers_is_shown_once_at_its_best_price() {
    let market = Market::open().await;
    let found = market.search(&Wish { sort: Sort::Price, ..Wish::default() }).await;
    assert_eq!(numbers(&found), (0..20).map(number).collect::<Vec<_>>());
    assert_eq!(["Alpha", "Beta", "Gamma"].map(|name| from(&found, name)), [5, 10, 5]);
    let prices: Vec<i64> = found.hits.iter().map(|hit| hit.price.monthly.minor).collect();
    assert!(prices.is_sorted(), "{prices:?}");
    let held = |name: &str| found.hits.iter().find(|hit| hit.carrier == name).unwrap().holding;
    let until = monday() + Duration::minutes(15);
    assert_eq!((held("Alpha").until, held("Alpha").at_carrier), (until, Some(until)));
    assert_eq!((held("Gamma").until, held("Gamma").at_carrier), (until, None));
}

#[tokio::test]
async fn local_numbers_come_before_toll_free_ones_and_the_able_before_the_others() {
    let market = Market::open().await;
    // Gamma has the dearest of both kinds; what ranks is the kind, then what a number can do.
    market.run(
        "insert into price_books (id, carrier, country, number_type, currency, cost_monthly, cost_setup,
             monthly, setup, inbound_minute, increment_initial, increment_next, effective_from)
         select gen_random_uuid(), carrier, country, 'toll_free', currency, cost_monthly, cost_setup,
             monthly, setup, inbound_minute, 60, 60, effective_from from price_books",
    )
    .await;
    market.alpha.offers(|offer| offer.number_type = NumberType::TollFree);
    market.gamma.offers(|offer| {
        if offer.number == number(17) {
            offer.capabilities.push(Capability::Mms);
            offer.requirement = Requirement::AnyAddress;
        }
    });
    let found = market.search(&Wish::default()).await;
    let first = &found.hits[0];
    assert_eq!((&first.offer.number, first.needs), (&number(17), Requirement::AnyAddress));
    let kinds: Vec<NumberType> = found.hits.iter().map(|hit| hit.offer.number_type).collect();
    assert!(kinds.contains(&NumberType::TollFree));
    let local = kinds.iter().take_while(|kind| **kind == NumberType::Local).count();
    assert!(kinds[local..].iter().all(|kind| *kind == NumberType::TollFree), "{kinds:?}");
}

#[tokio::test]
async fn answers_are_kept_five_minutes_and_stand_in_for_an_hour() {
    let market = Market::open().await;
    let page = |page| Wish { page: PageRequest::new(page, 5), ..Wish::default() };
    let first = market.search(&page(1)).await;
    assert_eq!((first.hits.len(), first.more), (5, true));
    let last = market.search(&page(4)).await;
    assert_eq!((last.hits.len(), last.more), (5, false));
    let upper = Wish { country: "us".to_owned(), locality: " ".to_owned(), ..page(1) };
    assert_eq!(numbers(&market.search(&upper).await), numbers(&first));
    assert_eq!(market.searches(), [1, 1, 1], "one question, however it is spelled or paged");
    market.test.clock.advance(Duration::minutes(6));
    market.gamma.feels(Mood::Dead);
    let all = Wish::default();
    let found = market.search(&all).await;
    assert_eq!(market.searches(), [2, 2, 2]);
    assert_eq!(found.stale, [("Gamma".to_owned(), monday())]);
    assert_eq!((found.silent.len(), from(&found, "Gamma")), (0, 5));
    let gamma = found.hits.iter().find(|hit| hit.carrier == "Gamma").unwrap();
    assert_eq!((gamma.as_of, found.now), (monday(), monday() + Duration::minutes(6)));
    market.test.clock.advance(Duration::minutes(60));
    let found = market.search(&all).await;
    assert_eq!(found.silent, ["Gamma"]);
    assert_eq!(found.stale, []);
}

#[tokio::test]
async fn what_somebody_has_is_never_shown_from_a_kept_answer() {
    let market = Market::open().await;
    market.search(&Wish::default()).await;
    market
        .run(
            "insert into inventory (id, carrier, e164, country, number_type, state, carrier_number_id)
             values (gen_random_uuid(), 'alpha', '+12125550003', 'US', 'local', 'sold', 'X')",
        )
        .await;
    let found = market.search(&Wish::default()).await;
    assert_eq!(market.searches(), [1, 1, 1]);
    assert!(!numbers(&found).contains(&number(3)) && found.hits.len() == 19);
    market
        .run(
            "insert into inventory (id, carrier, e164, country, number_type, state, carrier_number_id)
             select gen_random_uuid(), 'alpha', '+1212555000' || n, 'US', 'local', 'sold', n::text
             from unnest(array[0, 1, 2, 4, 5, 6]) n",
        )
        .await;
    market.test.clock.advance(Duration::seconds(11));
    assert_eq!(market.search(&Wish::default()).await.hits.len(), 13);
    assert_eq!(market.searches(), [2, 2, 2], "where much is gone, carriers are asked anew");
}

#[tokio::test]
async fn who_kept_silent_is_not_waited_for_again_where_much_is_gone() {
    let market = Market::open().await;
    market.gamma.feels(Mood::Slow);
    let found = market.search(&Wish::default()).await;
    assert_eq!((found.hits.len(), market.searches()), (15, [1, 1, 1]));
    market
        .run(
            "insert into inventory (id, carrier, e164, country, number_type, state, carrier_number_id)
             select gen_random_uuid(), 'alpha', '+1212555000' || n, 'US', 'local', 'sold', n::text
             from generate_series(0, 6) n",
        )
        .await;
    market.test.clock.advance(Duration::seconds(11));
    let found = market.search(&Wish::default()).await;
    assert_eq!((found.hits.len(), from(&found, "Gamma")), (8, 0));
    assert_eq!(found.silent, ["Gamma"]);
    assert_eq!(market.searches(), [2, 2, 2], "the others anew, Gamma once");
}

#[tokio::test]
async fn hints_do_not_wait_for_a_carrier_whose_last_answer_stood_in() {
    let market = Market::open().await;
    let fax = Wish { capabilities: vec![Capability::Fax], ..Wish::default() };
    market.search(&fax).await;
    market.test.clock.advance(Duration::minutes(6));
    market.beta.feels(Mood::Slow);
    let nothing = market.search(&fax).await;
    assert!(nothing.hits.is_empty());
    assert_eq!(nothing.stale, [("Beta".to_owned(), monday())]);
    let ways = wider(&market.test.platform, &fax, &nothing).await;
    assert_eq!((ways.len(), ways[0].field, ways[0].found), (1, "can", 20));
    assert_eq!(market.beta.searches(), 2, "when it was asked for the page");
}

#[tokio::test]
async fn who_kept_silent_a_moment_ago_costs_the_next_search_little() {
    let market = Market::open().await;
    market.gamma.feels(Mood::Slow);
    let timed = async |locality: &str| {
        let wish = Wish { locality: locality.to_owned(), ..Wish::default() };
        let begun = Instant::now();
        let found = market.search(&wish).await;
        (found.silent, begun.elapsed())
    };
    let (silent, first) = timed("").await;
    assert!(silent == ["Gamma"] && first.as_millis() >= 300, "{silent:?} {first:?}");
    let (silent, next) = timed("New York").await;
    assert!(silent == ["Gamma"] && next < first, "{silent:?} {next:?} after {first:?}");
    assert_eq!(market.gamma.searches(), 2, "it is asked all the same");
    market.gamma.feels(Mood::Well);
    assert!(timed("New York").await.0.is_empty(), "it answers again");
}

#[tokio::test]
async fn a_page_that_is_bought_empty_is_asked_for_anew_at_once() {
    let market = Market::open().await;
    let page = Wish { page: PageRequest::new(1, 5), sort: Sort::Number, ..Wish::default() };
    assert_eq!(numbers(&market.search(&page).await), (0..5).map(number).collect::<Vec<_>>());
    market
        .run(
            "insert into inventory (id, carrier, e164, country, number_type, state, carrier_number_id)
             select gen_random_uuid(), 'alpha', '+1212555000' || n, 'US', 'local', 'sold', n::text
             from generate_series(0, 4) n",
        )
        .await;
    market.test.clock.advance(Duration::milliseconds(1));
    market.search(&page).await;
    assert_eq!(market.searches(), [2, 2, 2]);
}

#[tokio::test]
async fn who_saw_to_each_condition_is_told() {
    let market = Market::open().await;
    market.gamma.offers(|offer| offer.lata = Some("132".to_owned()));
    market.beta.offers(|offer| offer.lata = Some("128".to_owned()));
    let wish = Wish { contains: "5001".to_owned(), lata: "132".to_owned(), ..Wish::default() };
    let found = market.search(&wish).await;
    assert_eq!(numbers(&found), (10..20).map(number).collect::<Vec<_>>());
    let row = |filter, by, carriers: &[&str]| Checked {
        filter,
        by,
        carriers: carriers.iter().map(|name| (*name).to_owned()).collect(),
    };
    assert_eq!(
        found.checked,
        [
            row(Filter::Contains, By::Carrier, &["Alpha", "Beta", "Gamma"]),
            row(Filter::Lata, By::Us, &["Alpha", "Beta", "Gamma"]),
        ],
        "Alpha has no such digits, so there is nothing that could not be checked"
    );
    let wish = Wish { lata: "132".to_owned(), ..Wish::default() };
    let found = market.search(&wish).await;
    assert!(found.checked.contains(&row(Filter::Lata, By::Nobody, &["Alpha"])));
    assert_eq!(["Alpha", "Beta", "Gamma"].map(|name| from(&found, name)), [10, 0, 10]);
}

#[tokio::test]
async fn what_would_be_sold_at_a_loss_or_by_nobody_is_not_shown() {
    let market = Market::open().await;
    market.alpha.offers(|offer| {
        let monthly = if offer.number == number(0) { 500 } else { 100 };
        let (monthly, setup) = (Decimal::new(monthly, 2), Decimal::ZERO);
        offer.cost = Some(OfferCost { monthly, setup, currency: Currency::Usd });
    });
    market.run("update carriers set state = 'draining' where key = 'beta'").await;
    let found = market.search(&Wish::default()).await;
    assert_eq!(numbers(&found), (1..20).map(number).collect::<Vec<_>>());
    assert_eq!((from(&found, "Beta"), market.beta.searches()), (0, 0));
}

#[tokio::test]
async fn pages_are_whole_where_we_check_what_a_carrier_cannot() {
    let carrier = FakeCarrier::new((0..60).map(number), Script::calm());
    carrier.offers(|offer| {
        let even = offer.number.digits().ends_with(['0', '2', '4', '6', '8']);
        offer.lata = Some(if even { "132" } else { "128" }.to_owned());
    });
    let carriers = vec![Arc::new(carrier) as Arc<dyn Carrier>];
    let test = TestPlatform::with(Outside { carriers, ..Outside::default() }).await;
    refresh_prices(&test.platform).await.unwrap();
    for (page, from, more) in [(1, 0, true), (2, 10, true), (6, 50, false)] {
        let page = PageRequest::new(page, 5);
        let wish = Wish { lata: "132".to_owned(), page, ..Wish::default() };
        let found = search(&test.platform, &wish).await.unwrap();
        let wanted: Vec<E164> = (from..from + 10).step_by(2).map(number).collect();
        assert_eq!((numbers(&found), found.more), (wanted, more), "{page:?}");
    }
}
