//! Webhooks: signed over time and body, sent until they are taken.

use super::{TestCard, books::Due};
use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, Mac};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use voxlink_gateways::{PaymentError, payments::PaymentEvent};

/// The header: `t=<unix seconds>,v1=<hex>`.
pub const SIGNATURE: &str = "test-card-signature";
/// How old a webhook may be.
const WINDOW: i64 = 300;

#[derive(Serialize, Deserialize)]
struct Body {
    id: String,
    kind: String,
    payment: String,
}

fn mac(secret: &[u8], time: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(time.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

/// Checks and reads a webhook of ours.
pub(super) fn verify(
    secret: &[u8],
    headers: &HeaderMap,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<PaymentEvent, PaymentError> {
    let header =
        headers.get(SIGNATURE).and_then(|v| v.to_str().ok()).ok_or(PaymentError::Forged)?;
    let part = |name: &str| {
        header
            .split(',')
            .filter_map(|p| p.trim().split_once('='))
            .find(|p| p.0 == name)
            .map(|p| p.1)
    };
    let time: i64 = part("t").and_then(|t| t.parse().ok()).ok_or(PaymentError::Forged)?;
    let given = part("v1").and_then(|v| hex::decode(v).ok()).ok_or(PaymentError::Forged)?;
    let mac = mac(secret, time, body).ok_or(PaymentError::Forged)?;
    mac.verify_slice(&given).map_err(|_| PaymentError::Forged)?;
    if (now.timestamp() - time).abs() > WINDOW {
        return Err(PaymentError::Forged);
    }
    let body: Body = serde_json::from_slice(body).map_err(|_| PaymentError::Forged)?;
    Ok(PaymentEvent { id: body.id, external_id: body.payment, kind: body.kind })
}

/// Sends what is due, for ever.
pub(super) async fn deliver(card: TestCard) {
    // The process may have no TLS provider yet; a second one is refused, which is well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    #[expect(clippy::disallowed_methods, reason = "it stands for a processor outside")]
    let client = reqwest::Client::builder()
        .timeout(std::time::Duration::from_secs(15))
        .redirect(reqwest::redirect::Policy::none())
        .build();
    let Ok(client) = client else { return };
    loop {
        let due = match card.secret().await {
            Ok(_) => card.books().due(card.now()).await.unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        let idle = due.is_empty();
        for event in due {
            let outcome = send(&card, &client, &event).await;
            let outcome = outcome.map(|()| card.now()).map_err(|why| {
                let pause = (1i64 << event.attempts.clamp(0, 12)).min(3600);
                (why, card.now() + Duration::seconds(pause))
            });
            if let Err(error) = card.books().sent(&event.id, outcome).await {
                tracing::warn!(%error, "the test card could not note a webhook");
            }
        }
        if idle {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
    }
}

async fn send(card: &TestCard, client: &reqwest::Client, event: &Due) -> Result<(), String> {
    let told =
        Body { id: event.id.clone(), kind: event.kind.clone(), payment: event.payment.clone() };
    let body = serde_json::to_vec(&told).map_err(|e| e.to_string())?;
    let secret = card.secret().await.map_err(|e| e.to_string())?;
    let time = card.now().timestamp();
    let mac = mac(secret, time, &body).ok_or("the key cannot sign")?;
    let signature = format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()));
    let answer = client
        .post(card.0.webhook.clone())
        .header(SIGNATURE, signature)
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await
        .map_err(|e| e.to_string())?;
    if answer.status().is_success() { Ok(()) } else { Err(answer.status().to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fresh_and_whole_webhooks_are_believed() {
        let (secret, now) = ([7; 32], DateTime::from_timestamp(1_790_000_000, 0).unwrap());
        let body = br#"{"id":"tce_1","kind":"payment.captured","payment":"tc_1"}"#;
        let sign = |time: i64| {
            let hex = hex::encode(mac(&secret, time, body).unwrap().finalize().into_bytes());
            HeaderMap::from_iter([(
                SIGNATURE.parse().unwrap(),
                format!("t={time},v1={hex}").parse().unwrap(),
            )])
        };
        let good = verify(&secret, &sign(now.timestamp() - 299), body, now).unwrap();
        assert_eq!((good.id.as_str(), good.external_id.as_str()), ("tce_1", "tc_1"));
        for (headers, body) in [
            (HeaderMap::new(), &body[..]),
            (sign(now.timestamp() - 301), &body[..]),
            (sign(now.timestamp()), &body[1..]),
        ] {
            assert_eq!(verify(&secret, &headers, body, now), Err(PaymentError::Forged));
        }
        assert!(verify(&[8; 32], &sign(now.timestamp()), body, now).is_err());
    }
}
