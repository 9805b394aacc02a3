//! The account at Telnyx.

use super::{RateLimit, base, digits, rate_limit, uuid};
use crate::config::{ConfigError, read::Reader};
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::SecretString;
use std::time::Duration;
use url::Url;

/// An account at Telnyx.
#[derive(Debug)]
pub struct TelnyxAccount {
    /// `TELNYX_ACCOUNT_ID`.
    pub account_id: String,
    /// `TELNYX_API_KEY`.
    pub api_key: SecretString,
    /// `TELNYX_BASE_URL`.
    pub api: Url,
    /// `TELNYX_TIMEOUT`: until an answer is whole, for one try.
    pub timeout: Duration,
    /// `TELNYX_RATE_LIMIT`.
    pub rate_limit: RateLimit,
    /// `TELNYX_CONNECTION_ID`: the TeXML application of all numbers, or none.
    pub connection: Option<String>,
    /// `TELNYX_MESSAGING_PROFILE_ID`: the messaging profile of all numbers, or none.
    pub messaging_profile: Option<String>,
    /// `TELNYX_OUTBOUND_PROFILE_ID`: the outbound voice profile of applications made here, or none.
    pub outbound_profile: Option<String>,
}

pub(super) fn account(r: &Reader<'_>) -> Result<Option<TelnyxAccount>, ConfigError> {
    let api_key = r.checked_opt("TELNYX_API_KEY", |text: &str| {
        // The portal shows both on neighbouring pages.
        if decoded(text).is_ok() {
            Err("it is a public key, which only proves callbacks; take an API key, which begins \
                 with KEY"
                .to_owned())
        } else {
            Ok(SecretString::from(text))
        }
    })?;
    let account_id = r.checked_opt("TELNYX_ACCOUNT_ID", uuid)?;
    let api = r.checked("TELNYX_BASE_URL", base)?;
    let timeout = Duration::from_millis(r.whole("TELNYX_TIMEOUT", 1_000, 120_000)?);
    let connection = r.checked_opt("TELNYX_CONNECTION_ID", digits)?;
    let messaging_profile = r.checked_opt("TELNYX_MESSAGING_PROFILE_ID", uuid)?;
    let outbound_profile = r.checked_opt("TELNYX_OUTBOUND_PROFILE_ID", digits)?;
    let rate_limit = r.checked("TELNYX_RATE_LIMIT", rate_limit)?;
    r.all_or_none(&["TELNYX_API_KEY", "TELNYX_ACCOUNT_ID"])?;
    Ok(account_id.zip(api_key).map(|(account_id, api_key)| TelnyxAccount {
        account_id,
        api_key,
        api,
        timeout,
        rate_limit,
        connection,
        messaging_profile,
        outbound_profile,
    }))
}

/// What Telnyx signs its callbacks with: the half that may be known.
pub(super) fn public_key(r: &Reader<'_>) -> Result<Option<[u8; 32]>, ConfigError> {
    r.checked_opt("TELNYX_PUBLIC_KEY", |text: &str| {
        if text.starts_with("KEY") {
            return Err("it begins with KEY, so it is an API key; take the public key".to_owned());
        }
        decoded(text)
    })
}

fn decoded(text: &str) -> Result<[u8; 32], String> {
    let bytes = STANDARD.decode(text).map_err(|_| "it is not base64".to_owned())?;
    bytes.try_into().map_err(|b: Vec<u8>| format!("it has {} bytes, not 32", b.len()))
}
