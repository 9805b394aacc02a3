//! The carriers that numbers are bought from, as far as their accounts are configured, by the
//! environment or by what administrators stored. Each has a wire of its own. A further carrier is a
//! row in [`configured`], its side that calls us one in [`switchboards`], and its account in
//! `server/config/carriers.rs`; `adapters/ADDING.md` tells the whole way.

use anyhow::Context;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use url::Url;
use voxlink_adapters::{
    carriers::{
        bandwidth::{self, Bandwidth},
        signalwire::{Project, SignalWire},
        telnyx::{self, Telnyx},
        twilio::{Account, Twilio},
    },
    switchboards::{BandwidthSwitchboard, FormSwitchboard},
    wire::{Limits, Wire},
};
use voxlink_domain::{
    Fault,
    carriers::{AccountSetting, Accounts, CarriersError, Connected, Values},
};
use voxlink_gateways::{
    Carrier, Clock, Switchboard,
    carrier::{Unwatched, Watch},
};
use voxlink_server::{
    config::{BandwidthAccount, BandwidthLogin, CarrierAccounts, CarrierSettings, RateLimit},
    metrics::CarrierFigures,
    shares::Shares,
};

/// Makes carriers of accounts. What may be asked of them is shared with other servers.
#[derive(Debug)]
pub struct Joined {
    /// What the environment says.
    pub settings: CarrierSettings,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// This server's part of what may be asked.
    pub shares: Shares,
}

impl Accounts for Joined {
    fn settings(&self, carrier: &str) -> Vec<AccountSetting> {
        self.settings.settings(carrier)
    }

    fn check(
        &self,
        carrier: &str,
        stored: &Values,
    ) -> Result<Option<Arc<dyn Carrier>>, CarriersError> {
        let accounts = self.settings.account(carrier, stored).map_err(CarriersError::Fields)?;
        // Asked once: no part of the figures, and of no quota.
        let unwatched = |_: &'static str| Arc::new(Unwatched) as Arc<dyn Watch>;
        let all =
            configured(&accounts, &BTreeMap::new(), &self.clock, &unwatched).map_err(broken)?;
        Ok(all.into_iter().next())
    }

    fn connect(
        &self,
        stored: &Values,
        going_on: BTreeMap<&'static str, Arc<dyn Carrier>>,
    ) -> Result<Connected, Fault> {
        let (accounts, troubles) = self.settings.accounts(stored).map_err(broken)?;
        let watch = |carrier: &'static str| CarrierFigures::of(carrier, &self.shares);
        let new = configured(&accounts, &going_on, &self.clock, &watch).map_err(broken)?;
        let mut carriers = going_on;
        carriers.extend(new.into_iter().map(|carrier| (carrier.key(), carrier)));
        self.shares.only(&carriers.keys().copied().collect::<Vec<_>>());
        let switchboards = switchboards(&accounts);
        Ok(Connected { carriers, switchboards, lacks: accounts.lacks(), troubles })
    }
}

fn broken(error: impl Into<anyhow::Error>) -> Fault {
    Fault::Internal(format!("{:#}", error.into()))
}

/// Who may call us back: the carriers whose secrets are set.
fn switchboards(accounts: &CarrierAccounts) -> BTreeMap<&'static str, Arc<dyn Switchboard>> {
    let twilio = accounts.twilio.as_ref();
    let twilio = twilio.map(|account| FormSwitchboard::twilio(account.auth_token.clone()));
    let signalwire = accounts.signalwire_signing_key.clone().map(FormSwitchboard::signalwire);
    let telnyx = accounts.telnyx_public_key.map(FormSwitchboard::telnyx);
    let forms = [twilio, signalwire, telnyx].into_iter().flatten();
    let forms = forms.map(|board| Arc::new(board) as Arc<dyn Switchboard>);
    let bandwidth = accounts.bandwidth.as_ref().map(|account| {
        let (user, password) = (account.callback_user.clone(), account.callback_password.clone());
        Arc::new(BandwidthSwitchboard::new(user, password)) as Arc<dyn Switchboard>
    });
    forms.chain(bandwidth).map(|board| (board.key(), board)).collect()
}

/// The carriers whose accounts are configured, but those that go on.
fn configured(
    accounts: &CarrierAccounts,
    going_on: &BTreeMap<&'static str, Arc<dyn Carrier>>,
    clock: &Arc<dyn Clock>,
    watch: &dyn Fn(&'static str) -> Arc<dyn Watch>,
) -> anyhow::Result<Vec<Arc<dyn Carrier>>> {
    let wire = |carrier, limits| wire(carrier, limits, clock, watch(carrier));
    let new = |carrier: &'static str| !going_on.contains_key(carrier);
    let mut all: Vec<Arc<dyn Carrier>> = Vec::new();
    if let Some(twilio) = accounts.twilio.as_ref().filter(|_| new(Twilio::KEY)) {
        let account = Account {
            sid: twilio.account_sid.clone(),
            token: twilio.auth_token.clone(),
            api: twilio.api.clone(),
            pricing: twilio.pricing.clone(),
        };
        let limits = Limits { total: twilio.timeout, ..at(twilio.rate_limit) };
        all.push(Arc::new(Twilio::new(account, wire(Twilio::KEY, limits)?)));
    }
    if let Some(signalwire) = accounts.signalwire.as_ref().filter(|_| new(SignalWire::KEY)) {
        let project = Project {
            id: signalwire.project_id.clone(),
            token: signalwire.api_token.clone(),
            space: signalwire.space.clone(),
        };
        let wire = wire(SignalWire::KEY, at(signalwire.rate_limit))?;
        all.push(Arc::new(SignalWire::new(project, wire)));
    }
    if let Some(telnyx) = accounts.telnyx.as_ref().filter(|_| new(Telnyx::KEY)) {
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
    if let Some(bandwidth) = accounts.bandwidth.as_ref().filter(|_| new(Bandwidth::KEY)) {
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

/// The way to a carrier, with who watches it.
fn wire(
    carrier: &'static str,
    limits: Limits,
    clock: &Arc<dyn Clock>,
    watch: Arc<dyn Watch>,
) -> anyhow::Result<Wire> {
    Wire::new(carrier, limits, watch, Arc::clone(clock))
        .with_context(|| format!("no connections can be made to {carrier}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxlink_gateways::SystemClock;
    use voxlink_server::config::{Config, VARIABLES};

    /// As the environment sets the variables that begin so, each by its example.
    fn joined(set: &[&str]) -> Joined {
        let config = Config::read(&|name| {
            let wanted = name == "SECRET_KEY" || set.iter().any(|of| name.starts_with(of));
            let known = VARIABLES.iter().find(|v| wanted && v.name == name);
            known.map(|v| v.example.to_owned())
        });
        Joined {
            settings: config.unwrap().carrier_settings,
            clock: Arc::new(SystemClock),
            shares: Shares::default(),
        }
    }

    /// What a carrier's page may store, each by its example.
    fn stored(carrier: &str) -> Values {
        let settings = joined(&[]).settings(carrier).into_iter();
        settings.map(|setting| (setting.name, setting.example.into())).collect()
    }

    fn keys(set: &[&str]) -> Vec<&'static str> {
        joined(set).connect(&Values::new(), BTreeMap::new()).unwrap().carriers.into_keys().collect()
    }

    #[test]
    fn a_carrier_is_there_when_its_account_is() {
        assert!(keys(&[]).is_empty());
        assert_eq!(keys(&["TWILIO_"]), ["twilio"]);
        assert_eq!(keys(&["SIGNALWIRE_", "TWILIO_"]), ["signalwire", "twilio"]);
        assert_eq!(keys(&["BANDWIDTH_", "TELNYX_"]), ["bandwidth", "telnyx"]);
    }

    #[test]
    fn a_carrier_is_there_when_its_account_is_stored_and_gone_with_it() {
        for carrier in ["twilio", "signalwire", "telnyx", "bandwidth"] {
            let joined = joined(&[]);
            let with = joined.connect(&stored(carrier), BTreeMap::new()).unwrap();
            assert!(with.carriers.keys().eq([&carrier]), "{with:?}");
            assert!(with.switchboards.keys().eq([&carrier]), "{with:?}");
            assert!(!with.lacks.contains_key(carrier) && with.troubles.is_empty(), "{with:?}");
            let tried = joined.check(carrier, &stored(carrier)).unwrap();
            assert_eq!(tried.unwrap().key(), carrier);
            let without = joined.connect(&Values::new(), BTreeMap::new()).unwrap();
            assert!(without.carriers.is_empty() && without.switchboards.is_empty());
        }
    }

    #[test]
    fn a_carrier_whose_account_is_as_it_was_goes_on_beside_a_new_one() {
        let joined = joined(&[]);
        let before = joined.connect(&stored("twilio"), BTreeMap::new()).unwrap().carriers;
        let mut both = stored("twilio");
        both.extend(stored("telnyx"));
        let after = joined.connect(&both, before.clone()).unwrap();
        assert!(after.carriers.keys().eq(["telnyx", "twilio"].iter()), "{after:?}");
        assert!(after.switchboards.keys().eq(["telnyx", "twilio"].iter()), "{after:?}");
        assert!(Arc::ptr_eq(&before["twilio"], &after.carriers["twilio"]));
    }

    #[test]
    fn an_api_below_the_root_of_its_site_is_found_there() {
        for site in ["https://voice.bandwidth.com", "http://127.0.0.1:4014/"] {
            let api = below(&site.parse().unwrap(), "api/v2");
            assert_eq!(api.as_str(), format!("{}/api/v2", site.trim_end_matches('/')));
        }
    }
}
