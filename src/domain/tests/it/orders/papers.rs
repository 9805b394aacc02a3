//! Papers that go with a purchase: on file, not yet, not any more.

use super::shop::{Shop, number};
use voxlink_domain::{
    carriers::{self, NewPapers},
    orders::{CheckoutError, PaymentChoice},
};
use voxlink_gateways::fault::Script;
use voxlink_types::{number::Requirement, order::OrderState, paper::Paper};

/// Puts an address on file for local numbers of the United States.
async fn file(shop: &Shop, address: &str) {
    let platform = &shop.test.platform;
    let mut cx = platform.work("test").await.unwrap();
    let new = NewPapers {
        country: "us".to_owned(),
        number_type: "local".to_owned(),
        ids: vec![(Paper::Address, address.to_owned())],
    };
    assert!(carriers::file_papers(platform, &mut cx, "fake", &new).await.unwrap());
    cx.commit().await.unwrap();
}

#[tokio::test]
async fn a_number_that_needs_papers_is_bought_with_those_on_file_and_not_without() {
    let shop = Shop::open(Script::calm(), 1000).await;
    shop.carrier.offers(|offer| offer.requirement = Requirement::LocalAddress);
    let cart = shop.cart([1]).await;
    let wish = shop.wish(cart, PaymentChoice::Credit);
    let refused = shop.place(&wish).await;
    assert!(
        matches!(&refused, Err(CheckoutError::NeedsPapers(numbers)) if *numbers == [number(1)]),
        "{refused:?}"
    );
    assert_eq!(shop.credit().await, 1000);
    file(&shop, "AD1").await;
    let id = shop.place(&wish).await.unwrap().order;
    let order = shop.finish(id, 2).await;
    assert_eq!(order.state, OrderState::Completed);
    assert_eq!(shop.carrier.sales()[0].papers.address.as_deref(), Some("AD1"));
    shop.books_agree(&order).await;
}

#[tokio::test]
async fn papers_taken_off_the_file_after_the_order_give_the_money_back() {
    let shop = Shop::open(Script::calm(), 1000).await;
    // The offer says nothing: the price of its kind does.
    sqlx::query("update price_books set requirement = 'documents'")
        .execute(&shop.test.platform.db().owner)
        .await
        .unwrap();
    let cart = shop.cart([1]).await;
    let wish = shop.wish(cart, PaymentChoice::Credit);
    let refused = shop.place(&wish).await;
    assert!(matches!(refused, Err(CheckoutError::NeedsPapers(_))), "{refused:?}");
    file(&shop, "AD1").await;
    let id = shop.place(&wish).await.unwrap().order;
    let mut cx = shop.test.platform.work("test").await.unwrap();
    assert!(carriers::remove_papers(&mut cx, "fake", "US", "local").await.unwrap());
    cx.commit().await.unwrap();
    let order = shop.finish(id, 2).await;
    assert_eq!((order.state, shop.credit().await), (OrderState::Failed, 1000));
    assert!(shop.carrier.sales().is_empty(), "the carrier was not asked");
}
