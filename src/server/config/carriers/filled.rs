//! The carriers' accounts as the environment and stored values make them together. The environment
//! goes first, and both are read by the same rules.

use super::CarrierAccounts;
use crate::config::{
    ConfigError,
    read::Reader,
    variables::{VARIABLES, Variable},
};
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use voxlink_domain::carriers::{AccountSetting, Values};
use voxlink_types::error::FieldError;

/// The carriers that have an account, by key.
const KEYS: [&str; 4] = ["twilio", "signalwire", "telnyx", "bandwidth"];

/// How the names of secrets end; what else belongs to an account may be seen while it is typed.
const SECRETS: [&str; 6] =
    ["_AUTH_TOKEN", "_API_TOKEN", "_API_KEY", "_SIGNING_KEY", "_SECRET", "_PASSWORD"];

/// How the names of addresses end, to which secrets are sent.
const ADDRESS: &str = "_URL";

/// What the environment says of carriers, so that stored values can fill its gaps.
#[derive(Debug, Clone, Default)]
pub struct CarrierSettings {
    given: Values,
}

/// A carrier's variables all begin with its key.
fn prefix(carrier: &str) -> String {
    format!("{}_", carrier.to_uppercase())
}

fn variables(carrier: &str) -> Vec<&'static Variable> {
    let prefix = prefix(carrier);
    let known = KEYS.contains(&carrier);
    VARIABLES.iter().filter(|v| known && v.name.starts_with(&prefix)).collect()
}

impl CarrierSettings {
    /// What is set.
    pub(in crate::config) fn given(r: &Reader<'_>) -> Self {
        let all = KEYS.into_iter().flat_map(variables);
        let set = all.filter_map(|v| r.text(v.name).map(|text| (v.name, text.into())));
        Self { given: set.collect() }
    }

    /// What may be stored for a carrier: all that belongs to its account. What has a default
    /// (addresses, paces) is the operator's.
    pub fn settings(&self, carrier: &str) -> Vec<AccountSetting> {
        let own = variables(carrier).into_iter().filter(|v| v.default.is_empty());
        own.map(|v| AccountSetting {
            name: v.name,
            about: v.about,
            example: v.example,
            secret: SECRETS.iter().any(|end| v.name.ends_with(end)),
            address: v.name.ends_with(ADDRESS),
            given: self.given.contains_key(v.name),
        })
        .collect()
    }

    /// A carrier's account alone, with these values beside the environment's: else what is wrong
    /// with each of them, or what is missing beside them.
    pub fn account(
        &self,
        carrier: &str,
        stored: &Values,
    ) -> Result<CarrierAccounts, Vec<FieldError>> {
        let prefix = prefix(carrier);
        let (mut left, mut all) = (stored.clone(), Vec::new());
        loop {
            let value = |name: &str| {
                if name.starts_with(&prefix) { self.value(&left, name) } else { None }
            };
            let error = match CarrierAccounts::read(&Reader::new(&value)) {
                Ok(accounts) if all.is_empty() => return Ok(accounts),
                Ok(_) => return Err(all),
                Err(error) => error,
            };
            let (field, half) = match error {
                ConfigError::Variable { name, .. } => (name, false),
                ConfigError::Half { name, .. } => (name, true),
                ConfigError::File(_) => ("", true),
            };
            // What is missing beside values that are wrong themselves is said when they are right.
            if !half || all.is_empty() {
                all.push(FieldError { field: field.to_owned(), message: error.to_string() });
            }
            if half || left.remove(field).is_none() {
                return Err(all);
            }
        }
    }

    /// All accounts with these values beside the environment's. Where they do not fit, the
    /// carrier's account is the environment's alone, and why is told by the carrier's key.
    pub fn accounts(
        &self,
        stored: &Values,
    ) -> Result<(CarrierAccounts, BTreeMap<String, String>), ConfigError> {
        let (mut right, mut troubles) = (Values::new(), BTreeMap::new());
        for carrier in KEYS {
            let prefix = prefix(carrier);
            let own = stored.iter().filter(|(name, _)| name.starts_with(&prefix));
            let own: Values = own.map(|(&name, value)| (name, value.clone())).collect();
            match self.account(carrier, &own) {
                Ok(_) => right.extend(own),
                Err(wrong) => {
                    let said: Vec<String> = wrong.into_iter().map(|w| w.message).collect();
                    troubles.insert(
                        carrier.to_owned(),
                        format!("its stored credentials are not right: {}", said.join("; ")),
                    );
                }
            }
        }
        let accounts = CarrierAccounts::read(&Reader::new(&|name| self.value(&right, name)))?;
        Ok((accounts, troubles))
    }

    fn value(&self, stored: &Values, name: &str) -> Option<String> {
        let value = self.given.get(name).or_else(|| stored.get(name))?;
        Some(value.expose_secret().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the environment sets, by name and value.
    fn environment(set: &[(&str, &str)]) -> CarrierSettings {
        CarrierSettings::given(&Reader::new(&|name| {
            set.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned())
        }))
    }

    fn stored(set: &[(&'static str, &str)]) -> Values {
        set.iter().map(|&(name, value)| (name, value.into())).collect()
    }

    const SID: &str = "AC00000000000000000000000000000000";
    const UUID: &str = "00000000-0000-4000-8000-000000000000";

    #[test]
    fn every_setting_of_an_account_may_be_stored_and_its_examples_are_right() {
        for carrier in KEYS {
            let settings = environment(&[]).settings(carrier);
            assert!(settings.iter().all(|s| !s.given && s.name.starts_with(&prefix(carrier))));
            assert!(settings.iter().any(|s| s.secret), "{carrier}");
            let all = settings.iter().map(|s| (s.name, s.example.into())).collect();
            let (accounts, troubles) = environment(&[]).accounts(&all).unwrap();
            assert!(troubles.is_empty(), "{troubles:?}");
            assert_eq!(accounts.names().len(), 1, "{carrier}");
            assert!(!accounts.lacks().contains_key(carrier));
        }
        let addresses = environment(&[]).settings("signalwire").into_iter().filter(|s| s.address);
        assert!(addresses.map(|s| s.name).eq(["SIGNALWIRE_SPACE_URL"]));
        for other in ["local", "clec", "metrics", ""] {
            assert!(environment(&[]).settings(other).is_empty(), "{other}");
        }
    }

    #[test]
    fn the_environment_goes_first() {
        let here = environment(&[("TWILIO_ACCOUNT_SID", SID), ("TWILIO_AUTH_TOKEN", "ours")]);
        assert!(here.settings("twilio").iter().all(|s| s.given));
        let all = stored(&[("TWILIO_AUTH_TOKEN", "theirs"), ("TELNYX_ACCOUNT_ID", UUID)]);
        let (accounts, troubles) = here.accounts(&all).unwrap();
        assert_eq!(accounts.twilio.unwrap().auth_token.expose_secret(), "ours");
        assert!(accounts.telnyx.is_none());
        let said = &troubles["telnyx"];
        assert!(said.contains("TELNYX_API_KEY is missing"), "{said}");
    }

    #[test]
    fn a_gap_of_the_environment_is_filled() {
        let here = environment(&[("TWILIO_BASE_URL", "http://127.0.0.1:4010")]);
        let all = stored(&[("TWILIO_ACCOUNT_SID", SID), ("TWILIO_AUTH_TOKEN", "a token")]);
        let accounts = here.account("twilio", &all).unwrap();
        assert_eq!(accounts.twilio.unwrap().api.as_str(), "http://127.0.0.1:4010/");
    }

    #[test]
    fn what_is_wrong_is_said_at_every_field_and_what_is_missing_at_its_own() {
        let fields = |carrier, set: &[(&'static str, &str)]| {
            let wrong = environment(&[]).account(carrier, &stored(set)).unwrap_err();
            wrong.into_iter().map(|w| (w.field, w.message)).collect::<Vec<_>>()
        };
        let both = fields(
            "signalwire",
            &[("SIGNALWIRE_API_TOKEN", "PSK_0123"), ("SIGNALWIRE_PROJECT_ID", "no")],
        );
        let names: Vec<&str> = both.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(names, ["SIGNALWIRE_PROJECT_ID", "SIGNALWIRE_API_TOKEN"]);
        assert!(both[1].1.contains("it is the signing key"), "{both:?}");
        assert!(both.iter().all(|(_, said)| !said.contains("PSK_0123")), "{both:?}");
        let half = fields("telnyx", &[("TELNYX_API_KEY", "KEY0123")]);
        assert_eq!(half.len(), 1);
        assert_eq!(half[0].0, "TELNYX_ACCOUNT_ID");
        assert!(half[0].1.starts_with("TELNYX_ACCOUNT_ID is missing"), "{half:?}");
    }
}
