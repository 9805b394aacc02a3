//! How an account is opened: tokens that are kept, renewed and shared, and what is said when there
//! is none.

use super::{anything, bought, number, server::Set};
use crate::stand_in::lock;
use secrecy::SecretString;
use uuid::Uuid;
use voxlink_adapters::carriers::bandwidth::Login;
use voxlink_gateways::{
    Carrier, CarrierError,
    carrier::contract,
    fault::{Fault, Script},
};

/// Tokens given out, and how often somebody was turned away.
fn counted(set: &Set) -> (u32, u32) {
    let books = lock(&set.books);
    (books.door.given, books.door.refused)
}

fn client(set: &Set, secret: &str, path: &str) -> Login {
    Login::Client {
        id: "client".to_owned(),
        secret: SecretString::from(secret),
        tokens: set.server.url.join(path).unwrap(),
    }
}

#[tokio::test]
async fn one_token_serves_all_who_ask_at_once_and_those_who_ask_later() {
    let set = Set::of(5).await;
    let bandwidth = set.bandwidth();
    let all = (0..20).map(|_| bandwidth.health());
    for answer in futures::future::join_all(all).await {
        answer.unwrap();
    }
    bought(&bandwidth, 100, Uuid::from_u128(42)).await;
    assert_eq!(counted(&set), (1, 0));
}

#[tokio::test]
async fn a_token_at_its_end_is_not_shown_any_more() {
    let set = Set::of(0).await;
    lock(&set.books).door.seconds = 0;
    let bandwidth = set.bandwidth();
    for given in 1..=3 {
        bandwidth.health().await.unwrap();
        assert_eq!(counted(&set), (given, 0));
    }
    lock(&set.books).door.seconds = 3_600;
    for _ in 0..3 {
        bandwidth.health().await.unwrap();
    }
    assert_eq!(counted(&set), (4, 0));
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once_and_what_was_asked_is_done_once() {
    let set = Set::of(5).await;
    let bandwidth = set.bandwidth();
    bought(&bandwidth, 101, Uuid::from_u128(41)).await;
    // Somebody withdrew it.
    lock(&set.books).door.given += 1;
    let all = (0..20).map(|_| bandwidth.health());
    for answer in futures::future::join_all(all).await {
        answer.unwrap();
    }
    assert_eq!(counted(&set).0, 3, "one renewal for all of them");
    let hold = contract::purchase(&number(102), Uuid::from_u128(43));
    lock(&set.books).door.given += 1;
    let until = chrono::DateTime::<chrono::Utc>::MAX_UTC;
    bandwidth.hold(&hold.number, hold.key, until).await.unwrap();
    assert_eq!(lock(&set.books).reserved.len(), 1, "a request that is never repeated, too");
}

#[tokio::test]
async fn an_account_that_takes_no_token_is_asked_twice_and_no_more() {
    let set = Set::of(0).await;
    lock(&set.books).door.shut = true;
    let refused = set.bandwidth().health().await;
    assert!(matches!(refused, Err(CarrierError::RefusedCredentials { .. })), "{refused:?}");
    assert_eq!(counted(&set), (2, 2));
}

#[tokio::test]
async fn without_a_token_nothing_is_asked_and_the_secret_is_not_told() {
    let mut set = Set::of(1).await;
    set.account.login = client(&set, "a-planted-secret", "/api/v1/oauth2/token");
    let refused = set.bandwidth().search(&anything()).await.unwrap_err();
    assert!(matches!(refused, CarrierError::RefusedCredentials { .. }), "{refused}");
    assert!(refused.detail().contains("no token: 401 invalid_client"), "{refused}");
    assert!(!refused.detail().contains("planted"), "{refused}");
    assert!(!format!("{:?}", set.bandwidth()).contains("planted"));
    set.account.login = client(&set, "secret", "/elsewhere");
    let purchase = contract::purchase(&number(100), Uuid::from_u128(42));
    // No answer of the account's: it does not mean that there is no such order.
    let lost = set.bandwidth().buy(&purchase).await;
    assert!(matches!(lost, Err(CarrierError::NotConfigured { .. })), "{lost:?}");
    assert_eq!(counted(&set), (0, 0));
    assert!(lock(&set.books).orders.is_empty());
}

#[tokio::test]
async fn a_token_whose_answer_is_lost_is_asked_for_again() {
    let set = Set::of(5).await;
    let mut script = Script::calm();
    script.tell(Some(Fault::LostAnswer));
    script.tell(Some(Fault::Transient));
    set.server.misbehave(script);
    set.bandwidth().health().await.unwrap();
    assert_eq!(counted(&set).0, 2);
}

/// Until 2 December 2026.
#[tokio::test]
async fn an_api_user_is_still_let_in() {
    let mut set = Set::of(20).await;
    set.account.login =
        Login::User { name: "api".to_owned(), password: SecretString::from("secret") };
    contract::run(&set.bandwidth(), &anything(), chrono::DateTime::UNIX_EPOCH).await;
    assert_eq!(counted(&set).0, 0);
}
