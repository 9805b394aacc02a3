//! The account at Bandwidth.

use super::{RateLimit, base, digits, rate_limit, uuid};
use crate::config::{ConfigError, read::Reader};
use secrecy::SecretString;
use url::Url;

/// What opens an account at Bandwidth.
#[derive(Debug)]
pub enum BandwidthLogin {
    /// API credentials.
    Client {
        /// `BANDWIDTH_CLIENT_ID`.
        id: String,
        /// `BANDWIDTH_CLIENT_SECRET`.
        secret: SecretString,
    },
    /// An API user, which Bandwidth takes until 2 December 2026. Still read, so that a running
    /// installation can be brought up to date before its credentials are changed.
    User {
        /// `BANDWIDTH_API_USER`.
        name: String,
        /// `BANDWIDTH_API_PASSWORD`.
        password: SecretString,
    },
}

/// An account at Bandwidth and what in it is ours.
#[derive(Debug)]
pub struct BandwidthAccount {
    /// `BANDWIDTH_ACCOUNT_ID`.
    pub account_id: String,
    /// What opens it.
    pub login: BandwidthLogin,
    /// `BANDWIDTH_SITE_ID`: the site that numbers are bought into.
    pub site: String,
    /// `BANDWIDTH_PEER_ID`: the location of the site that numbers are bought into.
    pub peer: String,
    /// `BANDWIDTH_VOICE_APPLICATION_ID`.
    pub voice_application: String,
    /// `BANDWIDTH_MESSAGING_APPLICATION_ID`, or none.
    pub messaging_application: Option<String>,
    /// `BANDWIDTH_CALLBACK_USER`: with the next, all that proves its callbacks.
    pub callback_user: String,
    /// `BANDWIDTH_CALLBACK_PASSWORD`.
    pub callback_password: SecretString,
    /// `BANDWIDTH_TOKEN_URL`: the site that gives out tokens.
    pub tokens: Url,
    /// `BANDWIDTH_BASE_URL`: the site of the numbers API.
    pub numbers: Url,
    /// `BANDWIDTH_MESSAGING_URL`.
    pub messaging: Url,
    /// `BANDWIDTH_VOICE_URL`.
    pub voice: Url,
    /// `BANDWIDTH_RATE_LIMIT`.
    pub rate_limit: RateLimit,
}

/// What makes an account whole. The callbacks' user and password are of our choosing and belong to
/// it: they are set at Bandwidth together with the addresses it calls.
const fn whole(login: [&'static str; 2]) -> [&'static str; 8] {
    [
        "BANDWIDTH_ACCOUNT_ID",
        login[0],
        login[1],
        "BANDWIDTH_SITE_ID",
        "BANDWIDTH_PEER_ID",
        "BANDWIDTH_VOICE_APPLICATION_ID",
        "BANDWIDTH_CALLBACK_USER",
        "BANDWIDTH_CALLBACK_PASSWORD",
    ]
}

const CLIENT: [&str; 2] = ["BANDWIDTH_CLIENT_ID", "BANDWIDTH_CLIENT_SECRET"];
const USER: [&str; 2] = ["BANDWIDTH_API_USER", "BANDWIDTH_API_PASSWORD"];

/// The client's id and secret, which go before a user and a password: those may stay set while
/// somebody changes over, and are what is missed only where nothing but them is there.
fn login(r: &Reader<'_>) -> Result<Option<BandwidthLogin>, ConfigError> {
    let id = r.checked_opt("BANDWIDTH_CLIENT_ID", name)?;
    let secret = r.text("BANDWIDTH_CLIENT_SECRET").map(SecretString::from);
    let user = r.checked_opt("BANDWIDTH_API_USER", name)?;
    let password = r.text("BANDWIDTH_API_PASSWORD").map(SecretString::from);
    let by_user = id.is_none() && secret.is_none() && (user.is_some() || password.is_some());
    r.all_or_none(&whole(if by_user { USER } else { CLIENT }))?;
    let user = user.zip(password).map(|(name, password)| BandwidthLogin::User { name, password });
    let client = id.zip(secret).map(|(id, secret)| BandwidthLogin::Client { id, secret });
    Ok(client.or(user))
}

pub(super) fn account(r: &Reader<'_>) -> Result<Option<BandwidthAccount>, ConfigError> {
    let account_id = r.checked_opt("BANDWIDTH_ACCOUNT_ID", digits)?;
    let site = r.checked_opt("BANDWIDTH_SITE_ID", digits)?;
    let peer = r.checked_opt("BANDWIDTH_PEER_ID", digits)?;
    let voice_application = r.checked_opt("BANDWIDTH_VOICE_APPLICATION_ID", uuid)?;
    let messaging_application = r.checked_opt("BANDWIDTH_MESSAGING_APPLICATION_ID", uuid)?;
    let callback_user = r.checked_opt("BANDWIDTH_CALLBACK_USER", name)?;
    let callback_password = r.checked_opt("BANDWIDTH_CALLBACK_PASSWORD", |text: &str| {
        // Nothing is signed: who guesses it can say that anybody called anybody.
        if text.len() >= 16 {
            Ok(SecretString::from(text))
        } else {
            Err("it is shorter than 16 characters".to_owned())
        }
    })?;
    let tokens = r.checked("BANDWIDTH_TOKEN_URL", base)?;
    let numbers = r.checked("BANDWIDTH_BASE_URL", base)?;
    let messaging = r.checked("BANDWIDTH_MESSAGING_URL", base)?;
    let voice = r.checked("BANDWIDTH_VOICE_URL", base)?;
    let rate_limit = r.checked("BANDWIDTH_RATE_LIMIT", rate_limit)?;
    let opens = account_id.zip(login(r)?);
    let within = site.zip(peer).zip(voice_application);
    let proof = callback_user.zip(callback_password);
    let whole = opens.zip(within).zip(proof);
    Ok(whole.map(|((opens, within), (callback_user, callback_password))| {
        let (account_id, login) = opens;
        let ((site, peer), voice_application) = within;
        BandwidthAccount {
            account_id,
            login,
            site,
            peer,
            voice_application,
            messaging_application,
            callback_user,
            callback_password,
            tokens,
            numbers,
            messaging,
            voice,
            rate_limit,
        }
    }))
}

/// A user's name: a colon ends it where it is shown with its password (RFC 7617).
fn name(text: &str) -> Result<String, String> {
    if text.contains(':') { Err("it has a colon".to_owned()) } else { Ok(text.to_owned()) }
}
