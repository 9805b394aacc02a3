//! Accounts at the carrier in memory, for tests of stored credentials: `FAKE_ID` and `FAKE_TOKEN`
//! belong together, `FAKE_URL` may stand beside them, and a token that is `wrong` is not taken.

use secrecy::ExposeSecret;
use std::{collections::BTreeMap, sync::Arc};
use voxlink_domain::{
    Fault,
    carriers::{AccountSetting, Accounts, CarriersError, Connected, Values},
};
use voxlink_gateways::{
    Carrier,
    carrier::fake::{FakeCarrier, Mood},
    fault::Script,
};
use voxlink_types::error::FieldError;

/// The variables of an account, and whether they are secrets.
const NAMES: [(&str, bool); 2] = [("FAKE_ID", false), ("FAKE_TOKEN", true)];
/// Where the account is.
const ADDRESS: &str = "FAKE_URL";

/// The accounts of one server.
#[derive(Debug, Default)]
pub struct FakeAccounts {
    /// The variables that its environment sets, with a right value.
    pub given: Vec<&'static str>,
}

impl FakeAccounts {
    fn account(&self, stored: &Values) -> Result<Option<FakeCarrier>, FieldError> {
        let here = |name: &str| self.given.contains(&name) || stored.contains_key(name);
        let (set, unset): (Vec<&str>, Vec<&str>) =
            NAMES.iter().map(|(name, _)| *name).partition(|&name| here(name));
        match (set.is_empty(), unset.first()) {
            (true, _) => Ok(None),
            (false, Some(name)) => {
                Err(FieldError { field: (*name).to_owned(), message: format!("{name} is missing") })
            }
            (false, None) => {
                let carrier = FakeCarrier::new([], Script::calm());
                if stored.get("FAKE_TOKEN").is_some_and(|t| t.expose_secret() == "wrong") {
                    carrier.feels(Mood::Dead);
                }
                Ok(Some(carrier))
            }
        }
    }
}

impl Accounts for FakeAccounts {
    fn settings(&self, carrier: &str) -> Vec<AccountSetting> {
        let own = NAMES.into_iter().chain([(ADDRESS, false)]).filter(|_| carrier == "fake");
        own.map(|(name, secret)| AccountSetting {
            name,
            about: "A part of the account",
            example: "a text",
            secret,
            address: name == ADDRESS,
            given: self.given.contains(&name),
        })
        .collect()
    }

    fn check(&self, _: &str, stored: &Values) -> Result<Option<Arc<dyn Carrier>>, CarriersError> {
        let account = self.account(stored).map_err(|wrong| CarriersError::Fields(vec![wrong]))?;
        Ok(account.map(|carrier| Arc::new(carrier) as Arc<dyn Carrier>))
    }

    fn connect(
        &self,
        stored: &Values,
        going_on: BTreeMap<&'static str, Arc<dyn Carrier>>,
    ) -> Result<Connected, Fault> {
        let mut connected = Connected { carriers: going_on, ..Connected::default() };
        match self.account(stored) {
            Ok(Some(carrier)) => {
                connected.carriers.entry("fake").or_insert_with(|| Arc::new(carrier));
            }
            Ok(None) => {}
            Err(wrong) => drop(connected.troubles.insert("fake".to_owned(), wrong.message)),
        }
        Ok(connected)
    }
}
