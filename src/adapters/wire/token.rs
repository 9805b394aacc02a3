//! Tokens of OAuth 2.0 for machines: an id and a secret are changed for a token that is good for a
//! while (RFC 6749 §4.4). It is kept until shortly before its end, and asked for by one request at
//! a time, however many wait for it.

use super::{Answer, Ask, Body, Credentials, Expect, Wire};
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::time::Duration;
use tokio::{sync::Mutex, time::Instant};
use url::Url;
use voxlink_gateways::CarrierError;

/// A token is not used any more so long before its end, or for its second half where it is short:
/// requests are on their way for a while, and clocks differ.
const MARGIN: Duration = Duration::from_mins(1);
/// What a token is good for whose answer does not say (RFC 6749 §5.1 does not demand it).
const UNSAID: Duration = Duration::from_mins(5);
/// No token is kept for longer, whatever is said.
const LONGEST: Duration = Duration::from_hours(24);

/// Who gets tokens, where, and the one that is good now.
#[derive(Debug)]
pub struct Tokens {
    at: Url,
    id: String,
    secret: SecretString,
    kept: Mutex<Option<Token>>,
}

#[derive(Debug)]
struct Token {
    text: SecretString,
    until: Instant,
}

impl Tokens {
    /// Tokens from the address `at` for a client's id and secret.
    pub fn new(at: Url, id: String, secret: SecretString) -> Self {
        Self { at, id, secret, kept: Mutex::new(None) }
    }

    /// Sends a request with a token in place of its credentials, otherwise as [`Wire::send`]. A
    /// token that is refused (401) is changed for another once: nothing was done by then, so that
    /// a request that must not be repeated goes out again, too.
    ///
    /// # Errors
    /// As [`Wire::send`]; [`CarrierError::RefusedCredentials`] where id and secret are refused.
    pub async fn send(&self, wire: &Wire, mut ask: Ask) -> Result<Answer, CarrierError> {
        let token = self.token(wire, None, ask.probe).await?;
        ask.credentials = Credentials::Bearer(token.clone());
        let answer = wire.send(&ask).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        ask.credentials = Credentials::Bearer(self.token(wire, Some(&token), ask.probe).await?);
        wire.send(&ask).await
    }

    /// The token that is kept, unless it is near its end or the one that was refused; else another.
    /// Whoever waits here while one is asked for gets that one. `probe`: it is wanted to find out
    /// whether the carrier is there.
    async fn token(
        &self,
        wire: &Wire,
        refused: Option<&SecretString>,
        probe: bool,
    ) -> Result<SecretString, CarrierError> {
        let mut kept = self.kept.lock().await;
        let refused = refused.map(ExposeSecret::expose_secret);
        let good = |token: &&Token| {
            token.until > Instant::now() && Some(token.text.expose_secret()) != refused
        };
        if let Some(token) = kept.as_ref().filter(good) {
            return Ok(token.text.clone());
        }
        *kept = None;
        let token = self.ask(wire, probe).await?;
        let text = token.text.clone();
        *kept = Some(token);
        Ok(text)
    }

    async fn ask(&self, wire: &Wire, probe: bool) -> Result<Token, CarrierError> {
        let credentials =
            Credentials::Basic { user: self.id.clone(), password: self.secret.clone() };
        let form = Body::Form(vec![("grant_type", "client_credentials".to_owned())]);
        // A second token harms nobody. Whether the answer makes sense is seen below, by what is
        // wanted of it.
        let ask = Ask::post("token", self.at.clone(), credentials, form)
            .safely()
            .expecting(Expect::Anything);
        let ask = Ask { probe, ..ask };
        let asked = Instant::now();
        let answer = wire.send(&ask).await?;
        if !answer.status.is_success() {
            return Err(refusal(&answer));
        }
        let Ok(given) = serde_json::from_slice::<Given>(&answer.body) else {
            let detail = "the answer to a request for a token has none".to_owned();
            return Err(CarrierError::Transient { detail });
        };
        let until = asked + kept_for(given.expires_in);
        Ok(Token { text: given.access_token.into(), until })
    }
}

/// Without `Debug`: it is a secret.
#[derive(Deserialize)]
struct Given {
    access_token: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

/// RFC 6749 §5.2.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refused {
    error: Option<String>,
    error_description: Option<String>,
}

/// How long a token is used that is good for so many seconds.
fn kept_for(seconds: Option<u64>) -> Duration {
    let good = seconds.map_or(UNSAID, Duration::from_secs).min(LONGEST);
    good.saturating_sub(MARGIN).max(good / 2)
}

/// Never "not there" or "rejected": these would be read as said of what was asked for with the
/// token.
fn refusal(answer: &Answer) -> CarrierError {
    let said: Refused = serde_json::from_slice(&answer.body).unwrap_or_default();
    let words = match (&said.error, said.error_description) {
        (Some(error), Some(words)) => format!("{error}: {words}"),
        (Some(error), None) => error.clone(),
        (None, _) => answer.said(),
    };
    let status = answer.status.as_u16();
    let detail = format!("no token: {status} {words}");
    let client = matches!(said.error.as_deref(), Some("invalid_client" | "unauthorized_client"));
    if client || matches!(status, 401 | 403) {
        CarrierError::RefusedCredentials { detail }
    } else {
        CarrierError::NotConfigured { detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Repeat;
    use http::HeaderMap;

    #[test]
    fn a_token_is_kept_until_shortly_before_its_end() {
        for (good, kept) in [
            (Some(3_600), 3_540),
            (Some(90), 45),
            (Some(1), 0),
            (Some(0), 0),
            (None, 240),
            (Some(u64::MAX), 24 * 3_600 - 60),
        ] {
            assert_eq!(kept_for(good).as_secs(), kept, "{good:?}");
        }
    }

    #[test]
    fn a_refusal_says_whose_fault_it_is() {
        for (status, body, wanted, words) in [
            (
                401,
                r#"{"error":"invalid_client","error_description":"Client authentication failed"}"#,
                "carrier_credentials",
                "no token: 401 invalid_client: Client authentication failed",
            ),
            (
                400,
                r#"{"error":"invalid_client"}"#,
                "carrier_credentials",
                "no token: 400 invalid_client",
            ),
            (403, "no", "carrier_credentials", "no token: 403 no"),
            (404, "<html>", "carrier_not_configured", "no token: 404 <html>"),
            (
                400,
                r#"{"error":"unsupported_grant_type"}"#,
                "carrier_not_configured",
                "no token: 400 unsupported_grant_type",
            ),
        ] {
            let error = refusal(&Answer {
                status: StatusCode::from_u16(status).unwrap(),
                headers: HeaderMap::new(),
                body: body.as_bytes().to_vec(),
                repeat: Repeat::Safe,
            });
            assert_eq!((error.code(), error.detail()), (wanted, words));
        }
    }
}
