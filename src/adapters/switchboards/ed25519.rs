//! Telnyx's signature: Ed25519 by the account's key over `{telnyx-timestamp}|{raw body}`, in
//! Base64. It covers neither the address nor the headers, but tells when it was made, so what was
//! overheard is of no use later (telnyx-node's `lib/webhooks.js`). TeXML's forms carry it like all
//! other webhooks (developers.telnyx.com/api-reference/callbacks/texml-call-completed).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::signature::{ED25519, UnparsedPublicKey};
use voxlink_gateways::carrier::{Callback, Forged};

const SIGNATURE: &str = "telnyx-signature-ed25519";
const TIMESTAMP: &str = "telnyx-timestamp";

/// Seconds by which the signature's time may differ from ours, either way.
const TOLERANCE: u64 = 300;

/// Checks that the holder of the private key sent this body, and lately.
pub(super) fn check(public_key: &[u8; 32], callback: &Callback<'_>) -> Result<(), Forged> {
    let given = header(callback, SIGNATURE)?;
    let time = header(callback, TIMESTAMP)?;
    let given = STANDARD.decode(given).map_err(|_| Forged::BadSignature)?;
    let signed = [time.as_bytes(), b"|", callback.body].concat();
    // Another encoding of the same signature does not pass: S must be reduced, and R is compared
    // byte by byte (RFC 8032, section 5.1.7).
    let key = UnparsedPublicKey::new(&ED25519, public_key);
    key.verify(&signed, &given).map_err(|_| Forged::BadSignature)?;
    let at: i64 = time.parse().map_err(|_| Forged::BadSignature)?;
    if callback.now.timestamp().abs_diff(at) > TOLERANCE { Err(Forged::Stale) } else { Ok(()) }
}

fn header<'a>(callback: &Callback<'a>, name: &str) -> Result<&'a str, Forged> {
    let value = callback.headers.get(name).ok_or(Forged::Unsigned)?;
    value.to_str().map_err(|_| Forged::BadSignature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::switchboards::FormSwitchboard;
    use chrono::DateTime;
    use http::{HeaderMap, HeaderValue};
    use ring::signature::{Ed25519KeyPair, KeyPair};
    use voxlink_gateways::{
        Switchboard,
        carrier::{CallStatus, Verified},
    };

    const NOW: i64 = 1_700_000_000;
    const BODY: &str = "CallSid=v3%3Aabc&To=%2B12025550123";

    fn pair(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
    }

    fn public(pair: &Ed25519KeyPair) -> [u8; 32] {
        pair.public_key().as_ref().try_into().unwrap()
    }

    fn sign(pair: &Ed25519KeyPair, time: &str, body: &str) -> String {
        STANDARD.encode(pair.sign(format!("{time}|{body}").as_bytes()))
    }

    fn headers(time: &str, signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(TIMESTAMP, HeaderValue::from_str(time).unwrap());
        headers.insert(SIGNATURE, HeaderValue::from_str(signature).unwrap());
        headers
    }

    /// What the account of the first key makes of it.
    fn verify(headers: &HeaderMap, body: &str) -> Result<Verified, Forged> {
        let url = "https://voxlink.test/callbacks/telnyx/voice";
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        let callback = Callback { url, headers, body: body.as_bytes(), now };
        FormSwitchboard::telnyx(public(&pair(7))).verify(&callback)
    }

    #[test]
    fn a_signature_computed_apart_fits() {
        // Key and signature by Python's cryptography.
        let key = STANDARD.encode(public(&pair(7)));
        assert_eq!(key, "6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=");
        let signature = "Fxc7govsVeoMnR6h4tjOr+hRtmgdJE9PMnrMvEMWR3k5GZyDBsprCZJFjfz6FaR0x4jMK\
                         pJ+CAg9GDIIbS2bBA==";
        let verified = verify(&headers("1700000000", signature), BODY).unwrap();
        assert_eq!(verified.get("CallSid"), Some("v3:abc"));
    }

    #[test]
    fn nothing_passes_that_the_account_did_not_sign() {
        let time = NOW.to_string();
        let good = sign(&pair(7), &time, BODY);
        let forged = sign(&pair(8), &time, BODY);
        assert_eq!(verify(&headers(&time, &forged), BODY), Err(Forged::BadSignature));
        let other = BODY.replace("0123", "0124");
        assert_eq!(verify(&headers(&time, &good), &other), Err(Forged::BadSignature));
        let later = (NOW + 1).to_string();
        assert_eq!(verify(&headers(&later, &good), BODY), Err(Forged::BadSignature));
        for odd in ["", "no base64!", "AAAA"] {
            assert_eq!(verify(&headers(&time, odd), BODY), Err(Forged::BadSignature), "{odd}");
        }
        for name in [SIGNATURE, TIMESTAMP] {
            let mut without = headers(&time, &good);
            without.remove(name);
            assert_eq!(verify(&without, BODY), Err(Forged::Unsigned), "{name}");
        }
        let timeless = sign(&pair(7), "soon", BODY);
        assert_eq!(verify(&headers("soon", &timeless), BODY), Err(Forged::BadSignature));
    }

    #[test]
    fn what_was_signed_long_ago_or_ahead_of_time_is_stale() {
        let at = |seconds: i64, seed: u8| {
            let time = (NOW + seconds).to_string();
            verify(&headers(&time, &sign(&pair(seed), &time, BODY)), BODY).map(drop)
        };
        assert_eq!((at(-300, 7), at(300, 7)), (Ok(()), Ok(())));
        assert_eq!((at(-301, 7), at(301, 7)), (Err(Forged::Stale), Err(Forged::Stale)));
        // A stranger does not learn whether his time was right.
        assert_eq!(at(-301, 8), Err(Forged::BadSignature));
    }

    /// As Telnyx's reference shows the end of a call.
    #[test]
    fn the_end_of_a_texml_call_is_read() {
        let body = "AccountSid=f5586561-8ff0-4291-a51b-c7dfe4139ff9\
            &CallSid=v3%3A9X2vxPDFY2RHSJ1EdMS0RHRksMTg7ldNxdjWbVr9zBjbGjGsSe-aiQ\
            &CallStatus=completed&CallbackSource=call-progress-events&ConnectionId=1234567890\
            &From=%2B35319605860&SequenceNumber=3&Timestamp=2024-01-15T10%3A30%3A00Z\
            &To=%2B13129457420&CallDuration=45&HangupCause=normal_clearing";
        let time = NOW.to_string();
        let verified = verify(&headers(&time, &sign(&pair(7), &time, body)), body).unwrap();
        let board = FormSwitchboard::telnyx(public(&pair(7)));
        let event = board.call_event(&verified).unwrap();
        assert_eq!(event.status, CallStatus::Completed);
        assert_eq!((event.sequence, event.duration_seconds), (Some(3), Some(45)));
        assert_eq!(event.at, "2024-01-15T10:30:00Z".parse().ok());
        assert_eq!(event.to, "+13129457420");
        let call = board.incoming_call(&verified).unwrap();
        assert_eq!(call.carrier_call_id, event.carrier_call_id);
        assert_eq!(call.at, None, "only simulated calls say what time it is");
    }
}
