//! What a carrier says it can do, and what it does.

use super::answered;
use crate::carrier::{
    Carrier, CarrierError, OutgoingCall, OutgoingMessage, OwnedNumber, Subaccount,
};
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

/// What the abilities deny is refused as something that cannot be had; what they grant is not.
/// Whether the carrier then likes the message or the call is another question.
pub(super) async fn agree(carrier: &dyn Carrier, ours: &OwnedNumber, now: DateTime<Utc>) {
    let can = carrier.abilities();
    if !can.holds {
        let until = now + Duration::minutes(15);
        let held = carrier.hold(&ours.number, Uuid::now_v7(), until).await;
        granted(false, "a hold", held.err());
        let none = async || carrier.let_go(&ours.number, "none").await;
        answered("letting go of none is success where nothing is held", none).await;
    }
    let message = OutgoingMessage {
        from: ours.number.clone(),
        to: ours.number.clone(),
        text: "Hello".to_owned(),
        media: Vec::new(),
        status_url: "https://voxlink.test/message-status".to_owned(),
        key: Uuid::now_v7(),
    };
    granted(can.messages, "a message", carrier.send(&message).await.err());
    let call = OutgoingCall {
        from: ours.number.clone(),
        to: ours.number.clone(),
        answer_url: "https://voxlink.test/answer".to_owned(),
        status_url: "https://voxlink.test/call-status".to_owned(),
        ring_seconds: 20,
        key: Uuid::now_v7(),
    };
    granted(can.calls, "a call", carrier.call(&call).await.err());
    granted(can.calls, "a call's details", carrier.call_details("unknown").await.err());
    granted(
        can.subaccounts,
        "an account within the account",
        carrier.open_subaccount("Example").await.err(),
    );
    if can.subaccounts {
        let all = answered("accounts are listed", async || subaccounts(carrier).await).await;
        assert!(all.iter().all(|one| !one.id.is_empty()), "each has an id: {all:?}");
    }
}

fn granted(able: bool, what: &str, refusal: Option<CarrierError>) {
    // A part of an account that is not set up here is denied, too, and can be mended.
    let denied = match refusal {
        Some(CarrierError::Unsupported { .. }) => true,
        Some(CarrierError::NotConfigured { .. }) => !able,
        _ => false,
    };
    assert_ne!(able, denied, "{what}: able {able}, and the carrier says {refusal:?}");
}

/// The accounts within the account, to the last page.
async fn subaccounts(carrier: &dyn Carrier) -> Result<Vec<Subaccount>, CarrierError> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let (page, next) = carrier.subaccounts(cursor).await?;
        all.extend(page);
        if next.is_none() {
            return Ok(all);
        }
        cursor = next;
    }
}
