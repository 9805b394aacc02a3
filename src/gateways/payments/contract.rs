//! What every processor must keep to, as a suite. `pay` plays the customer at the processor's page,
//! with a good card or a bad one. It panics at the first broken promise.
#![expect(clippy::panic, reason = "a suite tells a broken promise by panicking")]

use super::{Checkout, PaymentError, PaymentProcessor, ProcessorState, Redirect};
use uuid::Uuid;
use voxlink_types::{Currency, Money};

const fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::Usd)
}

/// Repeats what failed for now or whose answer was lost: every verb may be repeated.
async fn kept<T>(promise: &str, act: impl AsyncFn() -> Result<T, PaymentError>) -> T {
    for _ in 0..100 {
        match act().await {
            Ok(done) => return done,
            Err(PaymentError::Transient(_) | PaymentError::UnknownOutcome(_)) => {}
            Err(error) => panic!("{promise}: {error}"),
        }
    }
    panic!("{promise}: it came to no end");
}

/// True when the processor refuses, whatever faults come first.
async fn refused(act: impl AsyncFn() -> Result<(), PaymentError>) -> bool {
    for _ in 0..100 {
        match act().await {
            Err(PaymentError::Transient(_) | PaymentError::UnknownOutcome(_)) => {}
            other => return matches!(other, Err(PaymentError::Refused(_))),
        }
    }
    false
}

async fn opened(processor: &dyn PaymentProcessor, authorise_only: bool) -> Redirect {
    let checkout = Checkout {
        key: Uuid::now_v7(),
        reference: "pay_test".to_owned(),
        amount: usd(2500),
        description: "Two numbers".to_owned(),
        return_url: "https://voxlink.test/back".to_owned(),
        authorise_only,
    };
    let first = kept("a payment can be opened", async || processor.open(&checkout).await).await;
    let again = kept("and opened again", async || processor.open(&checkout).await).await;
    assert_eq!(first.external_id, again.external_id, "the same key, the same payment");
    first
}

async fn state(processor: &dyn PaymentProcessor, id: &str) -> ProcessorState {
    let payment = kept("a payment can be read", async || processor.get(id).await).await;
    assert_eq!((payment.amount, payment.reference.as_str()), (usd(2500), "pay_test"));
    payment.state
}

/// Runs the suite.
pub async fn run(processor: &dyn PaymentProcessor, pay: impl AsyncFn(&str, bool)) {
    let whole = opened(processor, false).await.external_id;
    assert_eq!(state(processor, &whole).await, ProcessorState::Open, "a new payment is open");
    pay(&whole, true).await;
    assert_eq!(state(processor, &whole).await, ProcessorState::Captured(usd(2500)));
    let key = Uuid::now_v7();
    for _ in 0..2 {
        kept("taken money can be given back", async || {
            processor.refund(&whole, usd(1000), key).await
        })
        .await;
    }
    assert_eq!(state(processor, &whole).await, ProcessorState::Refunded(usd(1000)), "once");

    let bad = opened(processor, true).await.external_id;
    pay(&bad, false).await;
    assert!(matches!(state(processor, &bad).await, ProcessorState::Declined { .. }));
    let key = Uuid::now_v7();
    assert!(refused(async || processor.capture(&bad, usd(1), key).await).await, "nothing to take");

    let part = opened(processor, true).await.external_id;
    pay(&part, true).await;
    assert_eq!(state(processor, &part).await, ProcessorState::Authorised);
    let too_much = Uuid::now_v7();
    assert!(
        refused(async || processor.capture(&part, usd(2501), too_much).await).await,
        "no more is taken than was set aside"
    );
    let key = Uuid::now_v7();
    for _ in 0..2 {
        kept("a part can be taken", async || processor.capture(&part, usd(900), key).await).await;
    }
    assert_eq!(state(processor, &part).await, ProcessorState::Captured(usd(900)), "once");
    let second = Uuid::now_v7();
    assert!(refused(async || processor.capture(&part, usd(1), second).await).await, "only once");

    let none = opened(processor, true).await.external_id;
    pay(&none, true).await;
    for _ in 0..2 {
        let key = Uuid::now_v7();
        kept("money set aside can be let go", async || processor.void(&none, key).await).await;
    }
    assert_eq!(state(processor, &none).await, ProcessorState::Cancelled);
}
