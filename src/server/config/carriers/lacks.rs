//! What carriers lack here, for the administrators' page. An account is whole or not there at all,
//! because half of one stops the start.

use super::CarrierAccounts;
use std::collections::BTreeMap;

impl CarrierAccounts {
    /// The variables that are unset and without which nothing is bought at a carrier, or its
    /// callbacks are not believed, by the carrier's key.
    pub fn lacks(&self) -> BTreeMap<&'static str, Vec<&'static str>> {
        let mut all: BTreeMap<&'static str, Vec<&'static str>> = BTreeMap::new();
        let mut account = |missing: bool, key: &'static str, names: &[&'static str]| {
            if missing {
                all.entry(key).or_default().extend(names);
            }
        };
        account(self.twilio.is_none(), "twilio", &["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"]);
        account(
            self.signalwire.is_none(),
            "signalwire",
            &["SIGNALWIRE_PROJECT_ID", "SIGNALWIRE_API_TOKEN", "SIGNALWIRE_SPACE_URL"],
        );
        let unproved = self.signalwire_signing_key.is_none();
        account(unproved, "signalwire", &["SIGNALWIRE_SIGNING_KEY"]);
        account(self.telnyx.is_none(), "telnyx", &["TELNYX_API_KEY", "TELNYX_ACCOUNT_ID"]);
        account(self.telnyx_public_key.is_none(), "telnyx", &["TELNYX_PUBLIC_KEY"]);
        account(
            self.bandwidth.is_none(),
            "bandwidth",
            &[
                "BANDWIDTH_ACCOUNT_ID",
                "BANDWIDTH_CLIENT_ID",
                "BANDWIDTH_CLIENT_SECRET",
                "BANDWIDTH_SITE_ID",
                "BANDWIDTH_PEER_ID",
                "BANDWIDTH_VOICE_APPLICATION_ID",
                "BANDWIDTH_CALLBACK_USER",
                "BANDWIDTH_CALLBACK_PASSWORD",
            ],
        );
        all
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, VARIABLES};
    use std::collections::BTreeMap;

    fn lacks(set: &[&str]) -> BTreeMap<&'static str, Vec<&'static str>> {
        let config = Config::read(&|name| {
            let wanted = name == "SECRET_KEY" || set.contains(&name);
            let known = VARIABLES.iter().find(|v| wanted && v.name == name);
            known.map(|v| v.example.to_owned())
        });
        config.unwrap().carriers.lacks()
    }

    #[test]
    fn what_a_carrier_lacks_is_all_that_it_lacks() {
        let nothing = lacks(&[]);
        assert_eq!(nothing.len(), 4);
        for (key, names) in &nothing {
            assert!(VARIABLES.iter().filter(|v| names.contains(&v.name)).count() == names.len());
            let left = lacks(names);
            assert_eq!(left.len(), 3, "with {names:?} set, {key} lacks nothing");
            assert!(!left.contains_key(key), "{left:?}");
        }
        assert_eq!(
            lacks(&["TELNYX_API_KEY", "TELNYX_ACCOUNT_ID"]).get("telnyx"),
            Some(&vec!["TELNYX_PUBLIC_KEY"])
        );
    }
}
