//! The accounts at carriers that numbers are bought with. One function a carrier: it reads the
//! carrier's variables, checks each by itself, and then that the account is whole.

mod bandwidth;
mod filled;
mod lacks;
mod telnyx;

pub use bandwidth::{BandwidthAccount, BandwidthLogin};
pub use filled::CarrierSettings;
pub use telnyx::TelnyxAccount;

use super::{ConfigError, is_loopback, read::Reader, site};
use secrecy::SecretString;
use std::time::Duration;
use url::Url;

/// The accounts that are configured.
#[derive(Debug, Default)]
pub struct CarrierAccounts {
    /// Twilio's.
    pub twilio: Option<TwilioAccount>,
    /// SignalWire's.
    pub signalwire: Option<SignalWireProject>,
    /// `SIGNALWIRE_SIGNING_KEY`: what SignalWire signs its callbacks with. No part of the account:
    /// calls are answered where nothing is bought, too.
    pub signalwire_signing_key: Option<SecretString>,
    /// Telnyx's.
    pub telnyx: Option<TelnyxAccount>,
    /// `TELNYX_PUBLIC_KEY`: what Telnyx's signatures are checked with. No part of the account, as
    /// with SignalWire.
    pub telnyx_public_key: Option<[u8; 32]>,
    /// Bandwidth's.
    pub bandwidth: Option<BandwidthAccount>,
}

/// How fast a carrier is asked by all servers together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests a second, on average.
    pub per_second: u32,
    /// Requests at once.
    pub burst: u32,
}

/// An account at Twilio.
#[derive(Debug)]
pub struct TwilioAccount {
    /// `TWILIO_ACCOUNT_SID`.
    pub account_sid: String,
    /// `TWILIO_AUTH_TOKEN`: opens the account, and is what Twilio signs its callbacks with.
    pub auth_token: SecretString,
    /// `TWILIO_BASE_URL`.
    pub api: Url,
    /// `TWILIO_PRICING_URL`.
    pub pricing: Url,
    /// `TWILIO_TIMEOUT`: until an answer is whole, for one try.
    pub timeout: Duration,
    /// `TWILIO_RATE_LIMIT`.
    pub rate_limit: RateLimit,
}

/// A project in a space of SignalWire.
#[derive(Debug)]
pub struct SignalWireProject {
    /// `SIGNALWIRE_PROJECT_ID`.
    pub project_id: String,
    /// `SIGNALWIRE_API_TOKEN`.
    pub api_token: SecretString,
    /// `SIGNALWIRE_SPACE_URL`.
    pub space: Url,
    /// `SIGNALWIRE_RATE_LIMIT`.
    pub rate_limit: RateLimit,
}

impl CarrierAccounts {
    pub(super) fn read(r: &Reader<'_>) -> Result<Self, ConfigError> {
        let signalwire_signing_key = r.checked_opt("SIGNALWIRE_SIGNING_KEY", |text: &str| {
            if text.starts_with("PT") {
                Err("it begins with PT, so it is an API token; take the signing key, which begins \
                     with PSK_"
                    .to_owned())
            } else {
                Ok(SecretString::from(text))
            }
        })?;
        Ok(Self {
            twilio: twilio(r)?,
            signalwire: signalwire(r)?,
            signalwire_signing_key,
            telnyx: telnyx::account(r)?,
            telnyx_public_key: telnyx::public_key(r)?,
            bandwidth: bandwidth::account(r)?,
        })
    }

    /// The configured carriers' names, for sentences.
    pub fn names(&self) -> Vec<&'static str> {
        let twilio = self.twilio.as_ref().map(|_| "Twilio");
        let signalwire = self.signalwire.as_ref().map(|_| "SignalWire");
        let telnyx = self.telnyx.as_ref().map(|_| "Telnyx");
        let bandwidth = self.bandwidth.as_ref().map(|_| "Bandwidth");
        [twilio, signalwire, telnyx, bandwidth].into_iter().flatten().collect()
    }

    /// What opens an account for a while only: what the operator should do.
    pub fn passing(&self) -> Option<&'static str> {
        let bandwidth = self.bandwidth.as_ref()?;
        matches!(bandwidth.login, BandwidthLogin::User { .. }).then_some(
            "BANDWIDTH_API_USER opens the account until 2 December 2026 only: then Bandwidth ends \
             its API users. Make API credentials in the Bandwidth App (Account, API Credentials) \
             and set BANDWIDTH_CLIENT_ID and BANDWIDTH_CLIENT_SECRET",
        )
    }

    /// The configured carriers whose callbacks cannot be proved: the variable that is unset, and
    /// the carrier's name.
    pub fn unproved(&self) -> Vec<(&'static str, &'static str)> {
        let mut all = Vec::new();
        if self.signalwire.is_some() && self.signalwire_signing_key.is_none() {
            all.push(("SIGNALWIRE_SIGNING_KEY", "SignalWire"));
        }
        if self.telnyx.is_some() && self.telnyx_public_key.is_none() {
            all.push(("TELNYX_PUBLIC_KEY", "Telnyx"));
        }
        all
    }
}

fn twilio(r: &Reader<'_>) -> Result<Option<TwilioAccount>, ConfigError> {
    let account_sid = r.checked_opt("TWILIO_ACCOUNT_SID", |text: &str| {
        if text.len() == 34 && text.starts_with("AC") {
            Ok(text.to_owned())
        } else {
            Err("it is not AC and 32 characters".to_owned())
        }
    })?;
    let auth_token = r.text("TWILIO_AUTH_TOKEN").map(SecretString::from);
    let api = r.checked("TWILIO_BASE_URL", base)?;
    let pricing = r.checked("TWILIO_PRICING_URL", base)?;
    let timeout = Duration::from_millis(r.whole("TWILIO_TIMEOUT", 1_000, 120_000)?);
    let rate_limit = r.checked("TWILIO_RATE_LIMIT", rate_limit)?;
    r.all_or_none(&["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"])?;
    Ok(account_sid.zip(auth_token).map(|(account_sid, auth_token)| TwilioAccount {
        account_sid,
        auth_token,
        api,
        pricing,
        timeout,
        rate_limit,
    }))
}

fn signalwire(r: &Reader<'_>) -> Result<Option<SignalWireProject>, ConfigError> {
    let project_id = r.checked_opt("SIGNALWIRE_PROJECT_ID", uuid)?;
    let api_token = r.checked_opt("SIGNALWIRE_API_TOKEN", |text: &str| {
        // The dashboard shows both side by side, and with the wrong one every request is refused.
        if text.starts_with("PSK_") {
            Err("it begins with PSK_, so it is the signing key, which only proves callbacks; \
                 take the API token, which begins with PT"
                .to_owned())
        } else {
            Ok(SecretString::from(text))
        }
    })?;
    let space = r.checked_opt("SIGNALWIRE_SPACE_URL", |text: &str| {
        // The dashboard shows a space without a scheme.
        if text.contains("://") { base(text) } else { base(&format!("https://{text}")) }
    })?;
    let rate_limit = r.checked("SIGNALWIRE_RATE_LIMIT", rate_limit)?;
    r.all_or_none(&["SIGNALWIRE_PROJECT_ID", "SIGNALWIRE_API_TOKEN", "SIGNALWIRE_SPACE_URL"])?;
    let whole = project_id.zip(api_token).zip(space);
    Ok(whole.map(|((project_id, api_token), space)| SignalWireProject {
        project_id,
        api_token,
        space,
        rate_limit,
    }))
}

/// `100/200`: requests a second, and at once.
fn rate_limit(text: &str) -> Result<RateLimit, String> {
    let read = |part: &str| part.trim().parse::<u32>().ok().filter(|n| (1..=10_000).contains(n));
    let both = text.split_once('/').and_then(|(rate, burst)| read(rate).zip(read(burst)));
    both.map(|(per_second, burst)| RateLimit { per_second, burst }).ok_or_else(|| {
        "it is not requests a second, a slash and requests at once, each a whole number from 1 to \
         10000"
            .to_owned()
    })
}

/// An id that is a UUID.
fn uuid(text: &str) -> Result<String, String> {
    let known = uuid::Uuid::parse_str(text).map(|_| text.to_owned());
    known.map_err(|_| "it is not a UUID".to_owned())
}

/// An id of digits alone.
fn digits(text: &str) -> Result<String, String> {
    let right = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if right { Ok(text.to_owned()) } else { Err("it is not of digits alone".to_owned()) }
}

/// Where a carrier is reached: our credentials go there, so never unencrypted through a network.
fn base(text: &str) -> Result<Url, String> {
    let url = site(text)?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("it holds more than scheme, host and port".to_owned());
    }
    if url.scheme() != "https" && !is_loopback(&url) {
        return Err(
            "it begins with http: credentials go by https, except on this machine".to_owned()
        );
    }
    Ok(url)
}
