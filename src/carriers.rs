//! The carriers that numbers are bought from, as far as their accounts are configured. Each has a
//! wire of its own. A further carrier is a row in [`configured`] and its account in
//! `server/config/carriers.rs`.

use anyhow::Context;
use std::sync::Arc;
use voxlink_adapters::{
    carriers::{
        signalwire::{Project, SignalWire},
        twilio::{Account, Twilio},
    },
    wire::{Limits, Wire},
};
use voxlink_gateways::{Carrier, Clock};
use voxlink_server::{config::CarrierAccounts, metrics::CarrierFigures};

/// The carriers whose accounts are configured.
pub fn configured(
    accounts: &CarrierAccounts,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Vec<Arc<dyn Carrier>>> {
    let mut all: Vec<Arc<dyn Carrier>> = Vec::new();
    if let Some(twilio) = &accounts.twilio {
        let account = Account {
            sid: twilio.account_sid.clone(),
            token: twilio.auth_token.clone(),
            api: twilio.api.clone(),
            pricing: twilio.pricing.clone(),
        };
        let limits = Limits { total: twilio.timeout, ..Limits::default() };
        all.push(Arc::new(Twilio::new(account, wire(Twilio::KEY, limits, clock)?)));
    }
    if let Some(signalwire) = &accounts.signalwire {
        let project = Project {
            id: signalwire.project_id.clone(),
            token: signalwire.api_token.clone(),
            space: signalwire.space.clone(),
        };
        let wire = wire(SignalWire::KEY, Limits::default(), clock)?;
        all.push(Arc::new(SignalWire::new(project, wire)));
    }
    Ok(all)
}

/// The way to a carrier, watched.
fn wire(carrier: &'static str, limits: Limits, clock: &Arc<dyn Clock>) -> anyhow::Result<Wire> {
    Wire::new(carrier, limits, CarrierFigures::of(carrier), Arc::clone(clock))
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
        let carriers = configured(&config.unwrap().carriers, &clock).unwrap();
        carriers.iter().map(|carrier| carrier.key()).collect()
    }

    #[test]
    fn a_carrier_is_there_when_its_account_is() {
        assert!(keys(&[]).is_empty());
        assert_eq!(keys(&["TWILIO_"]), ["twilio"]);
        assert_eq!(keys(&["SIGNALWIRE_", "TWILIO_"]), ["twilio", "signalwire"]);
    }
}
