//! Tests of `domain::cart`.

mod papers;

use chrono::Duration;
use rust_decimal::Decimal;
use std::sync::Arc;
use voxlink_domain::{
    RequestInfo,
    accounts::Member,
    cart::{
        self, Buyer, CartError, Standing, apply_promotion, clear, drop_promotion, hold, hold_again,
        remove, sweep,
    },
    catalog::{Wish, refresh_prices, search},
    orders::{self, Checkout, PaymentChoice},
};
use voxlink_gateways::{
    Carrier,
    carrier::{OfferCost, fake::FakeCarrier},
    fault::Script,
};
use voxlink_testkit::{Outside, TestPlatform};
use voxlink_types::{
    Currency, E164, Money,
    ids::SessionId,
    order::Strategy,
    role::{PlatformRole, TenantRole},
};

struct Shop {
    test: TestPlatform,
    request: RequestInfo,
}

fn number(n: u32) -> E164 {
    format!("+1212555{n:04}").parse().unwrap()
}

impl Shop {
    async fn open() -> Self {
        Self::of(FakeCarrier::new((0..40).map(number), Script::calm())).await
    }

    async fn of(carrier: FakeCarrier) -> Self {
        let carriers = vec![Arc::new(carrier) as Arc<dyn Carrier>];
        let test = TestPlatform::with(Outside { carriers, ..Outside::default() }).await;
        refresh_prices(&test.platform).await.unwrap();
        Self { test, request: RequestInfo::default() }
    }

    async fn member(&self, name: &str) -> Member {
        let (tenant, user) = self.test.tenant(name).await;
        Member {
            user,
            tenant,
            session: SessionId::new(1),
            name: name.to_owned(),
            email: "a@example.com".to_owned(),
            company: name.to_owned(),
            tenant_role: TenantRole::Owner,
            platform_role: PlatformRole::User,
            suspended: None,
            time_zone: "UTC".to_owned(),
            email_verified: true,
            language: "en".to_owned(),
            theme: voxlink_domain::accounts::Theme::default(),
        }
    }

    fn buyer<'a>(&'a self, member: &'a Member) -> Buyer<'a> {
        Buyer { member, request: &self.request }
    }

    async fn hold(
        &self,
        member: &Member,
        n: u32,
    ) -> Result<chrono::DateTime<chrono::Utc>, CartError> {
        hold(&self.test.platform, self.buyer(member), FakeCarrier::KEY, &number(n)).await
    }

    /// Holds, also lapsed ones.
    async fn rows(&self) -> i64 {
        let rows = sqlx::query_scalar("select count(*) from holds");
        rows.fetch_one(&self.test.platform.db().owner).await.unwrap()
    }

    /// How often something stands in the audit log.
    async fn audited(&self, action: &str) -> i64 {
        sqlx::query_scalar("select count(*) from audit_log where action = $1")
            .bind(action)
            .fetch_one(&self.test.platform.db().owner)
            .await
            .unwrap()
    }

    /// A month costs a dollar more from now on.
    async fn dearer(&self) {
        let owner = &self.test.platform.db().owner;
        let now = self.test.platform.clock().now();
        let closed =
            sqlx::query("update price_books set effective_to = $1 where effective_to is null");
        closed.bind(now).execute(owner).await.unwrap();
        sqlx::query(
            "insert into price_books (id, carrier, country, number_type, currency, cost_monthly, cost_setup,
                 monthly, setup, inbound_minute, increment_initial, increment_next, effective_from)
             select gen_random_uuid(), carrier, country, number_type, currency, cost_monthly, cost_setup,
                 monthly + 1, setup, inbound_minute, increment_initial, increment_next, $1
             from price_books where effective_to = $1",
        )
        .bind(now)
        .execute(owner)
        .await
        .unwrap();
    }

    async fn view(&self, member: &Member) -> cart::CartView {
        let mut cx = member.begin(&self.test.platform, self.request.clone()).await.unwrap();
        cart::view(&mut cx, member.user).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn of_many_carts_exactly_one_gets_the_number_and_the_others_a_clear_word() {
    let shop = Shop::open().await;
    let mut members = Vec::new();
    for n in 0..12 {
        members.push(shop.member(&format!("Company {n}")).await);
    }
    let tries = futures::future::join_all(members.iter().map(|m| shop.hold(m, 1))).await;
    assert_eq!(tries.iter().filter(|t| t.is_ok()).count(), 1);
    let clear_words =
        tries.iter().filter(|t| matches!(t, Err(CartError::Taken(n)) if *n == number(1))).count();
    assert_eq!(clear_words, 11);
    let wish = Wish { contains: "0001".into(), ..Wish::default() };
    let found = search(&shop.test.platform, &wish).await.unwrap();
    assert!(found.hits.is_empty(), "a held number is not offered");
}

#[tokio::test]
async fn a_carrier_that_cannot_hold_leaves_it_at_our_own_hold() {
    let fake = || FakeCarrier::new((0..40).map(number), Script::calm());
    for carrier in [fake().without_holds(), fake().breaking_its_word()] {
        let shop = Shop::of(carrier).await;
        let (ann, bob) = (shop.member("Ann").await, shop.member("Bob").await);
        let until = shop.hold(&ann, 1).await.unwrap();
        assert_eq!(shop.view(&ann).await.items[0].standing, Standing::Held(until));
        assert!(matches!(shop.hold(&bob, 1).await, Err(CartError::Taken(_))));
        shop.test.clock.advance(Duration::minutes(1));
        assert_eq!(shop.hold(&ann, 1).await.unwrap(), until + Duration::minutes(1));
    }
}

#[tokio::test]
async fn a_number_that_costs_us_more_than_its_kind_is_not_sold() {
    let carrier = FakeCarrier::new((0..2).map(number), Script::calm());
    let shop = Shop::of(carrier.clone()).await;
    let ann = shop.member("Ann").await;
    carrier.offers(|offer| {
        let monthly = if offer.number == number(1) { 66 } else { 65 };
        offer.cost = Some(OfferCost {
            monthly: Decimal::new(monthly, 2),
            setup: Decimal::ZERO,
            currency: Currency::Usd,
        });
    });
    assert!(matches!(shop.hold(&ann, 1).await, Err(CartError::NotForSale(_))));
    shop.hold(&ann, 0).await.unwrap();
}

#[tokio::test]
async fn a_draining_or_disabled_carriers_numbers_are_neither_held_nor_held_longer() {
    let shop = Shop::open().await;
    let ann = shop.member("Ann").await;
    let until = shop.hold(&ann, 1).await.unwrap();
    for statement in [
        "update carriers set state = 'draining' where key = 'fake'",
        "update carriers set state = 'disabled' where key = 'fake'",
    ] {
        sqlx::query(statement).execute(&shop.test.platform.db().owner).await.unwrap();
        assert!(matches!(shop.hold(&ann, 2).await, Err(CartError::NotForSale(_))));
        assert!(matches!(shop.hold(&ann, 1).await, Err(CartError::NoLonger(_))));
        let seen = shop.view(&ann).await;
        assert_eq!(seen.items.len(), 1);
        assert_eq!(seen.items[0].standing, Standing::Held(until), "what is held stays so");
    }
}

#[tokio::test]
async fn holding_again_extends_and_never_doubles() {
    let shop = Shop::open().await;
    let ann = shop.member("Ann").await;
    let first = shop.hold(&ann, 2).await.unwrap();
    shop.test.clock.advance(Duration::minutes(10));
    let second = shop.hold(&ann, 2).await.unwrap();
    assert_eq!(second - first, Duration::minutes(10));
    assert_eq!((shop.audited("cart.hold").await, shop.audited("cart.extend").await), (1, 1));
    let seen = shop.view(&ann).await;
    assert_eq!(seen.items.len(), 1);
    assert_eq!(seen.items[0].standing, Standing::Held(second));
    assert_eq!(seen.quote.total.minor, seen.quote.subtotal.minor + seen.quote.tax.minor);
}

#[tokio::test]
async fn two_windows_that_hold_one_number_at_once_both_have_it() {
    let shop = Shop::open().await;
    let ann = shop.member("Ann").await;
    for n in 20..30 {
        let (one, other) = tokio::join!(shop.hold(&ann, n), shop.hold(&ann, n));
        assert!(one.is_ok() && other.is_ok(), "{n}: {one:?} {other:?}");
    }
    let seen = shop.view(&ann).await;
    assert_eq!(seen.items.len(), 10);
    assert!(seen.items.iter().all(|item| matches!(item.standing, Standing::Held(_))));
}

#[tokio::test]
async fn a_cart_emptied_while_the_carrier_answers_leaves_nothing_set_aside() {
    let carrier = FakeCarrier::new((0..40).map(number), Script::calm());
    let shop = Shop::of(carrier.clone()).await;
    let ann = shop.member("Ann").await;
    let platform = &shop.test.platform;
    carrier.shuts();
    let other_window = async {
        while clear(platform, shop.buyer(&ann)).await.unwrap() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        carrier.opens();
    };
    let (held, ()) = tokio::join!(shop.hold(&ann, 1), other_window);
    assert!(matches!(held, Err(CartError::NotInCart)), "{held:?}");
    assert_eq!(carrier.set_aside(), 0, "the next person can have it at once");
    shop.test.run_jobs().await;
    shop.hold(&shop.member("Bob").await, 1).await.unwrap();
    assert_eq!(carrier.set_aside(), 1);
}

#[tokio::test]
async fn a_hold_whose_answer_was_lost_is_let_go_at_the_carrier() {
    let carrier = FakeCarrier::new((0..40).map(number), Script::calm());
    let shop = Shop::of(carrier.clone()).await;
    let (ann, bob) = (shop.member("Ann").await, shop.member("Bob").await);
    carrier.loses_holds(true);
    assert!(matches!(shop.hold(&ann, 1).await, Err(CartError::Carrier(_))));
    assert!(shop.view(&ann).await.items.is_empty());
    assert_eq!(carrier.set_aside(), 1, "it was done all the same");
    carrier.loses_holds(false);
    shop.test.clock.advance(Duration::minutes(2));
    shop.test.run_jobs().await;
    assert_eq!(carrier.set_aside(), 0);
    shop.hold(&bob, 1).await.unwrap();
}

#[tokio::test]
async fn an_order_that_is_called_off_begins_no_other_hour() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.member("Ann").await, shop.member("Bob").await);
    let (platform, first) = (&shop.test.platform, shop.test.platform.clock().now());
    sqlx::query("update billing_accounts set credit_limit_minor = 100000")
        .execute(&platform.db().owner)
        .await
        .unwrap();
    shop.hold(&ann, 11).await.unwrap();
    let item = shop.view(&ann).await.items[0].line.item;
    for _ in 0..4 {
        shop.test.clock.advance(Duration::minutes(12));
        hold_again(platform, shop.buyer(&ann), item).await.unwrap();
    }
    let mut cx = ann.begin(platform, shop.request.clone()).await.unwrap();
    let wish = Checkout {
        cart: orders::open_cart(&mut cx, ann.user).await.unwrap().unwrap(),
        user: ann.user,
        payment: PaymentChoice::Credit,
        expected: None,
        strategy: Strategy::BestEffort,
        source: "web",
    };
    let order = orders::checkout(&mut cx, platform, &wish).await.unwrap().order;
    cx.commit().await.unwrap();
    shop.test.clock.advance(Duration::minutes(2));
    assert!(matches!(shop.hold(&bob, 11).await, Err(CartError::Taken(_))));
    let mut cx = ann.begin(platform, shop.request.clone()).await.unwrap();
    orders::cancel(&mut cx, order, "changed my mind").await.unwrap();
    cx.commit().await.unwrap();
    shop.test.run_jobs().await;
    let until = shop.hold(&ann, 11).await.unwrap();
    assert_eq!(until, first + Duration::minutes(60), "what is left of the hour");
}

#[tokio::test]
async fn a_lapsed_hold_can_be_taken_over_and_the_first_cart_is_told() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.member("Ann").await, shop.member("Bob").await);
    shop.hold(&ann, 3).await.unwrap();
    assert!(matches!(shop.hold(&bob, 3).await, Err(CartError::Taken(_))));
    shop.test.clock.advance(Duration::minutes(16));
    let item = shop.view(&ann).await.items[0].line.item;
    assert_eq!(shop.view(&ann).await.items[0].standing, Standing::Lapsed);
    assert_eq!(sweep(&shop.test.platform).await.unwrap(), 1);
    assert_eq!(sweep(&shop.test.platform).await.unwrap(), 0);
    assert_eq!(shop.rows().await, 1, "who had it is remembered a little");
    shop.hold(&bob, 3).await.unwrap();
    let platform = &shop.test.platform;
    let again = hold_again(platform, shop.buyer(&ann), item).await;
    assert!(matches!(again, Err(CartError::Taken(_))));
    let stranger = remove(platform, shop.buyer(&bob), item).await;
    assert!(matches!(stranger, Err(CartError::NotInCart)), "a cart is its owner's");
}

#[tokio::test]
async fn a_cart_cannot_keep_a_number_for_ever() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.member("Ann").await, shop.member("Bob").await);
    let (platform, first) = (&shop.test.platform, shop.test.platform.clock().now());
    shop.hold(&ann, 9).await.unwrap();
    let item = shop.view(&ann).await.items[0].line.item;
    let extend = async || hold_again(platform, shop.buyer(&ann), item).await;
    for _ in 0..4 {
        assert!(shop.view(&ann).await.items[0].extends);
        shop.test.clock.advance(Duration::minutes(12));
        extend().await.unwrap();
    }
    // 48 minutes after the first: not 15 more, but what is left of the hour.
    assert_eq!(
        shop.view(&ann).await.items[0].standing,
        Standing::Held(first + Duration::minutes(60))
    );
    assert!(!shop.view(&ann).await.items[0].extends);
    let refused = extend().await.unwrap_err();
    assert!(matches!(refused, CartError::Longest { .. }), "{refused}");
    assert!(refused.to_string().contains("until 16:00 UTC"), "{refused}");
    assert!(matches!(shop.hold(&ann, 9).await, Err(CartError::Longest { .. })));
    // Neither letting it lapse nor removing it begins another hour at once.
    shop.test.clock.advance(Duration::minutes(13));
    sweep(platform).await.unwrap();
    let refused = extend().await.unwrap_err();
    assert!(matches!(refused, CartError::Rests { .. }), "{refused}");
    assert!(refused.to_string().contains("from 16:05 UTC"), "{refused}");
    remove(platform, shop.buyer(&ann), item).await.unwrap();
    assert!(matches!(shop.hold(&ann, 9).await, Err(CartError::Rests { .. })));
    // Others have their turn, and afterwards everybody again.
    shop.hold(&bob, 9).await.unwrap();
    let item = shop.view(&bob).await.items[0].line.item;
    remove(platform, shop.buyer(&bob), item).await.unwrap();
    shop.test.clock.advance(Duration::minutes(6));
    let until = shop.hold(&ann, 9).await.unwrap();
    assert_eq!(until, shop.test.platform.clock().now() + Duration::minutes(15));
}

#[tokio::test]
async fn removing_lets_the_number_go_for_others_at_once() {
    let shop = Shop::open().await;
    let (ann, bob) = (shop.member("Ann").await, shop.member("Bob").await);
    for n in 4..7 {
        shop.hold(&ann, n).await.unwrap();
    }
    let item = shop.view(&ann).await.items[0].line.item;
    let platform = &shop.test.platform;
    assert_eq!(remove(platform, shop.buyer(&ann), item).await.unwrap(), number(4));
    shop.hold(&bob, 4).await.unwrap();
    assert_eq!(clear(platform, shop.buyer(&ann)).await.unwrap(), 2);
    shop.hold(&bob, 5).await.unwrap();
    assert!(shop.view(&ann).await.items.is_empty());
    shop.test.clock.advance(Duration::minutes(21));
    sweep(platform).await.unwrap();
    assert_eq!(shop.rows().await, 0, "nothing stays of what is over");
}

#[tokio::test]
async fn a_promotion_lowers_the_sum_while_it_is_in_force() {
    let shop = Shop::open().await;
    let ann = shop.member("Ann").await;
    shop.hold(&ann, 8).await.unwrap();
    let platform = &shop.test.platform;
    sqlx::query(
        "insert into promotions (code, description, percent, starts_at, ends_at)
         values ('HALF', 'Half', 50, $1, $2), ('OVER', 'Over', 50, $1, $1)",
    )
    .bind(voxlink_testkit::monday() - Duration::days(2))
    .bind(voxlink_testkit::monday() + Duration::days(2))
    .execute(&platform.db().owner)
    .await
    .unwrap();
    let full = shop.view(&ann).await.quote;
    let mut cx = ann.begin(platform, shop.request.clone()).await.unwrap();
    assert!(matches!(
        apply_promotion(&mut cx, ann.user, "over").await,
        Err(CartError::Promotion(_))
    ));
    let long = "x".repeat(500);
    let cut = format!("no code {}….", "X".repeat(40));
    for (typed, said) in [
        ("over", "ended on 14 November 2026"),
        ("half!", "no code HALF!"),
        (" ", "Write a promotion code"),
        (long.as_str(), cut.as_str()),
    ] {
        let refused = apply_promotion(&mut cx, ann.user, typed).await.unwrap_err().to_string();
        assert!(refused.contains(said), "{refused}");
    }
    assert_eq!(apply_promotion(&mut cx, ann.user, " half ").await.unwrap(), "HALF");
    cx.commit().await.unwrap();
    let half = shop.view(&ann).await.quote;
    assert!(half.discount.minor > 0 && half.total.minor < full.total.minor);
    let mut cx = ann.begin(platform, shop.request.clone()).await.unwrap();
    drop_promotion(&mut cx, ann.user).await.unwrap();
    cx.commit().await.unwrap();
    assert_eq!(shop.view(&ann).await.quote.total, full.total);
}

#[tokio::test]
async fn a_held_number_keeps_its_price_for_as_long_as_its_hold() {
    let shop = Shop::open().await;
    let ann = shop.member("Ann").await;
    let platform = &shop.test.platform;
    let until = shop.hold(&ann, 1).await.unwrap();
    let line = async |n: usize| shop.view(&ann).await.quote.lines[n].clone();
    let first = line(0).await;
    assert_eq!((first.was, first.kept_until), (None, Some(until)));
    let dearer = Money::new(first.monthly.minor + 100, Currency::Usd);
    shop.test.clock.advance(Duration::minutes(10));
    shop.dearer().await;
    assert_eq!(line(0).await, first, "nothing changed for who holds it");
    let until = hold_again(platform, shop.buyer(&ann), first.item).await.unwrap();
    let extended = line(0).await;
    assert_eq!((extended.price, extended.monthly), (first.price, first.monthly));
    assert_eq!(extended.kept_until, Some(until), "extended with the hold");
    shop.hold(&ann, 2).await.unwrap();
    assert_eq!(line(1).await.monthly, dearer, "a new hold begins at the price of now");
    // The hold lapses, and with it the price.
    shop.test.clock.advance(Duration::minutes(16));
    let seen = Some((first.monthly, first.setup));
    let lapsed = line(0).await;
    assert_eq!((lapsed.monthly, lapsed.was, lapsed.kept_until), (dearer, seen, None));
    let until = hold_again(platform, shop.buyer(&ann), first.item).await.unwrap();
    let again = line(0).await;
    assert_eq!((again.monthly, again.was, again.kept_until), (dearer, seen, Some(until)));
}

#[tokio::test]
async fn the_checkout_takes_the_price_that_is_kept() {
    let shop = Shop::open().await;
    let ann = shop.member("Ann").await;
    let platform = &shop.test.platform;
    sqlx::query("update billing_accounts set credit_limit_minor = 100000")
        .execute(&platform.db().owner)
        .await
        .unwrap();
    shop.hold(&ann, 1).await.unwrap();
    let seen = shop.view(&ann).await.quote;
    shop.test.clock.advance(Duration::minutes(1));
    shop.dearer().await;
    // Its kind is not sold at all any more.
    shop.test.clock.advance(Duration::minutes(1));
    sqlx::query("update price_books set effective_to = $1 where effective_to is null")
        .bind(platform.clock().now())
        .execute(&platform.db().owner)
        .await
        .unwrap();
    let mut cx = ann.begin(platform, shop.request.clone()).await.unwrap();
    let wish = Checkout {
        cart: seen.cart,
        user: ann.user,
        payment: PaymentChoice::Credit,
        expected: Some(seen.total),
        strategy: Strategy::BestEffort,
        source: "web",
    };
    let order = orders::checkout(&mut cx, platform, &wish).await.unwrap().order;
    cx.commit().await.unwrap();
    let items: Vec<(i64, sqlx::types::Uuid)> =
        sqlx::query_as("select monthly_minor, price_book_id from order_items where order_id = $1")
            .bind(order.uuid())
            .fetch_all(&platform.db().owner)
            .await
            .unwrap();
    assert_eq!(items, [(seen.lines[0].monthly.minor, seen.lines[0].price.uuid())]);
}

#[tokio::test]
async fn what_the_carrier_does_not_have_any_more_is_not_found_again() {
    let carrier = FakeCarrier::new((0..40).map(number), Script::calm());
    let shop = Shop::of(carrier.clone()).await;
    let ann = shop.member("Ann").await;
    let wish = Wish { contains: "0001".into(), ..Wish::default() };
    let found = search(&shop.test.platform, &wish).await.unwrap();
    assert_eq!(found.hits.len(), 1);
    let until = found.now + Duration::hours(1);
    carrier.hold(&number(1), uuid::Uuid::from_u128(7), until).await.unwrap();
    let refused = shop.hold(&ann, 1).await.unwrap_err().to_string();
    assert!(refused.starts_with("+1 212-555-0001 is in somebody else's cart"), "{refused}");
    let found = search(&shop.test.platform, &wish).await.unwrap();
    assert!(found.hits.is_empty(), "the answer that is kept shows it no longer");
}
