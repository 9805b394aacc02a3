//! The test card processor: the contract of all processors, its page, its books.

use axum::{body::Body, http::Request};
use std::sync::Arc;
use tower::ServiceExt;
use voxlink_adapters::payments::test_card::TestCard;
use voxlink_gateways::{
    PaymentProcessor, SystemClock,
    payments::{Checkout, ProcessorState, contract},
};
use voxlink_testkit::TestDatabase;
use voxlink_types::{Currency, Money};

async fn processor() -> (TestDatabase, TestCard) {
    let database = TestDatabase::new().await;
    let public = "http://127.0.0.1:3000".parse().unwrap();
    let card =
        TestCard::connect(&database.options, Arc::new(SystemClock), &public, &public).unwrap();
    (database, card)
}

/// Sends a form to the hosted page; the status and where it leads.
async fn send(card: &TestCard, path: &str, form: String) -> (u16, String, String) {
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    let response = card.pages().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let to = response.headers().get("location").map(|v| v.to_str().unwrap().to_owned());
    let body = axum::body::to_bytes(response.into_body(), 100_000).await.unwrap();
    (status, to.unwrap_or_default(), String::from_utf8(body.to_vec()).unwrap())
}

async fn pay(card: &TestCard, id: &str, number: &str) -> (u16, String, String) {
    let form = format!("number={number}&expiry=12%2F49&cvc=123");
    send(card, &format!("/test-card/{id}/pay"), form).await
}

#[tokio::test]
async fn it_keeps_the_contract_of_all_processors() {
    let (_database, card) = processor().await;
    let payer = async |id: &str, well: bool| {
        let number = if well { "4242424242424242" } else { "4000000000000002" };
        let (status, to, _) = pay(&card, id, number).await;
        assert_eq!((status, to.as_str()), (303, "https://voxlink.test/back"));
    };
    contract::run(&card, payer).await;
}

#[tokio::test]
async fn a_challenge_is_confirmed_or_refused_and_no_card_number_is_kept() {
    let (database, card) = processor().await;
    for (answer, paid) in [("yes", true), ("no", false)] {
        let checkout = Checkout {
            key: voxlink_types::ids::PaymentId::new(1).uuid(),
            reference: "pay_x".to_owned(),
            amount: Money::new(2500, Currency::Usd),
            description: "<b>Balance</b>".to_owned(),
            return_url: "/back".to_owned(),
            authorise_only: false,
        };
        let id = card.open(&checkout).await.unwrap().external_id;
        let (status, _, body) = pay(&card, &id, "4111111111111111").await;
        assert!(status == 200 && body.contains("Never type a real card"), "{body}");
        assert!(!body.contains("4111") && body.contains("&lt;b&gt;Balance"));
        let (_, to, _) = pay(&card, &id, "4000002760003184").await;
        assert!(to.ends_with(&format!("/test-card/{id}")), "{to}");
        assert_eq!(card.get(&id).await.unwrap().state, ProcessorState::Open);
        let confirm = format!("/test-card/{id}/confirm");
        let (_, to, _) = send(&card, &confirm, format!("answer={answer}")).await;
        assert_eq!(to, "/back");
        let state = card.get(&id).await.unwrap().state;
        assert_eq!(matches!(state, ProcessorState::Captured(_)), paid, "{state:?}");
    }
    let pool = sqlx::PgPool::connect_with(database.options.clone()).await.unwrap();
    let kept: String =
        sqlx::query_scalar("select string_agg(p::text, ' ') from test_card.payments p")
            .fetch_one(&pool)
            .await
            .unwrap();
    for number in ["4111111111111111", "4000002760003184", "4242424242424242"] {
        assert!(!kept.contains(number));
    }
}
