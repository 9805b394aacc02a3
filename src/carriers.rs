//! The carriers that numbers are bought from, as far as their accounts are configured. Each has a
//! wire of its own. A further carrier is a row in [`configured`] and its account in
//! `server/config/carriers.rs`; `adapters/ADDING.md` tells the whole way.

use anyhow::Context;
use std::{sync::Arc, time::Duration};
use url::Url;
use voxlink_adapters::{
    carriers::{
        bandwidth::{self, Bandwidth},
        signalwire::{Project, SignalWire},
        telnyx::{self, Telnyx},
        twilio::{Account, Twilio},
    },
    wire::{Limits, Wire},
};
use voxlink_gateways::{Carrier, Clock};
use voxlink_server::{
    config::{BandwidthAccount, BandwidthLogin, CarrierAccounts, RateLimit},
    metrics::CarrierFigures,
    shares::Shares,
};

/// The carriers whose accounts are configured. What may be asked of them is shared with other
/// servers.
pub fn configured(
    accounts: &CarrierAccounts,
    clock: &Arc<dyn Clock>,
    shares: &Shares,
) -> anyhow::Result<Vec<Arc<dyn Carrier>>> {
    let wire = |carrier, limits| wire(carrier, limits, clock, shares);
    let mut all: Vec<Arc<dyn Carrier>> = Vec::new();
    if let Some(twilio) = &accounts.twilio {
        let account = Account {
            sid: twilio.account_sid.clone(),
            token: twilio.auth_token.clone(),
            api: twilio.api.clone(),
            pricing: twilio.pricing.clone(),
        };
        let limits = Limits { total: twilio.timeout, ..at(twilio.rate_limit) };
        all.push(Arc::new(Twilio::new(account, wire(Twilio::KEY, limits)?)));
    }
    if let Some(signalwire) = &accounts.signalwire {
        let project = Project {
            id: signalwire.project_id.clone(),
            token: signalwire.api_token.clone(),
            space: signalwire.space.clone(),
        };
        let wire = wire(SignalWire::KEY, at(signalwire.rate_limit))?;
        all.push(Arc::new(SignalWire::new(project, wire)));
    }
    if let Some(telnyx) = &accounts.telnyx {
        let account = telnyx::Account {
            id: telnyx.account_id.clone(),
            key: telnyx.api_key.clone(),
            api: telnyx.api.clone(),
            connection: telnyx.connection.clone(),
            messaging_profile: telnyx.messaging_profile.clone(),
            outbound_profile: telnyx.outbound_profile.clone(),
        };
        let limits = Limits { total: telnyx.timeout, ..at(telnyx.rate_limit) };
        let wire = wire(Telnyx::KEY, limits)?;
        all.push(Arc::new(Telnyx::new(account, wire, Arc::clone(clock))));
    }
    if let Some(bandwidth) = &accounts.bandwidth {
        let wire = wire(Bandwidth::KEY, at(bandwidth.rate_limit))?;
        all.push(Arc::new(Bandwidth::new(at_bandwidth(bandwidth), wire, Arc::clone(clock))));
    }
    Ok(all)
}

fn at_bandwidth(account: &BandwidthAccount) -> bandwidth::Account {
    bandwidth::Account {
        id: account.account_id.clone(),
        login: match &account.login {
            BandwidthLogin::Client { id, secret } => bandwidth::Login::Client {
                id: id.clone(),
                secret: secret.clone(),
                tokens: below(&account.tokens, "api/v1/oauth2/token"),
            },
            BandwidthLogin::User { name, password } => {
                bandwidth::Login::User { name: name.clone(), password: password.clone() }
            }
        },
        site: account.site.clone(),
        peer: account.peer.clone(),
        voice_application: account.voice_application.clone(),
        messaging_application: account.messaging_application.clone(),
        callback_user: account.callback_user.clone(),
        callback_password: account.callback_password.clone(),
        reserve: true,
        pause: Duration::from_secs(1),
        numbers_api: below(&account.numbers, "api"),
        messaging_api: below(&account.messaging, "api/v2"),
        voice_api: below(&account.voice, "api/v2"),
    }
}

/// An API that does not begin at the root of its site.
fn below(site: &Url, path: &str) -> Url {
    let mut url = site.clone();
    url.set_path(path);
    url
}

/// What a wire keeps to by default, at the pace that is set.
fn at(pace: RateLimit) -> Limits {
    Limits { per_second: pace.per_second, burst: pace.burst, ..Limits::default() }
}

/// The way to a carrier, watched.
fn wire(
    carrier: &'static str,
    limits: Limits,
    clock: &Arc<dyn Clock>,
    shares: &Shares,
) -> anyhow::Result<Wire> {
    Wire::new(carrier, limits, CarrierFigures::of(carrier, shares), Arc::clone(clock))
        .with_context(|| format!("no connections can be made to {carrier}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxlink_gateways::SystemClock;
    use voxlink_server::config::{Config, VARIABLES};

    fn keys(set: &[&str]) -> Vec<&'static str> {
        let config = Config::read(&|name| {
            let wanted = name == "SECRET_KEY" || set.iter().any(|of| name.starts_with(of));
            let known = VARIABLES.iter().find(|v| wanted && v.name == name);
            known.map(|v| v.example.to_owned())
        });
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let carriers = configured(&config.unwrap().carriers, &clock, &Shares::default()).unwrap();
        carriers.iter().map(|carrier| carrier.key()).collect()
    }

    #[test]
    fn a_carrier_is_there_when_its_account_is() {
        assert!(keys(&[]).is_empty());
        assert_eq!(keys(&["TWILIO_"]), ["twilio"]);
        assert_eq!(keys(&["SIGNALWIRE_", "TWILIO_"]), ["twilio", "signalwire"]);
        assert_eq!(keys(&["BANDWIDTH_", "TELNYX_"]), ["telnyx", "bandwidth"]);
    }

    #[test]
    fn an_api_below_the_root_of_its_site_is_found_there() {
        for site in ["https://voice.bandwidth.com", "http://127.0.0.1:4014/"] {
            let api = below(&site.parse().unwrap(), "api/v2");
            assert_eq!(api.as_str(), format!("{}/api/v2", site.trim_end_matches('/')));
        }
    }
}
