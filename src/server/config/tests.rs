use super::*;
use std::collections::BTreeMap;

fn read(set: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let key = ("SECRET_KEY", "q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq80=");
    let set: BTreeMap<&str, &str> = [key].into_iter().chain(set.iter().copied()).collect();
    Config::read(&|name| set.get(name).map(|&value| value.to_owned()))
}

/// The examples of an account's variables, all of which begin alike.
fn account(of: &str) -> Vec<(&'static str, &'static str)> {
    VARIABLES.iter().filter(|v| v.name.starts_with(of)).map(|v| (v.name, v.example)).collect()
}

const ACCOUNTS: [&str; 2] = ["TWILIO_", "SIGNALWIRE_"];

#[test]
fn every_default_and_every_example_is_right() {
    read(&[]).unwrap();
    for v in VARIABLES {
        let whole = ACCOUNTS.into_iter().find(|of| v.name.starts_with(of));
        let set = whole.map_or_else(|| vec![(v.name, v.example)], account);
        read(&set).unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn half_an_account_names_what_is_missing() {
    let cases: [(&[&str], &[&str]); 5] = [
        (&["TWILIO_ACCOUNT_SID"], &["TWILIO_AUTH_TOKEN"]),
        (&["TWILIO_AUTH_TOKEN"], &["TWILIO_ACCOUNT_SID"]),
        (&["SIGNALWIRE_PROJECT_ID"], &["SIGNALWIRE_API_TOKEN", "SIGNALWIRE_SPACE_URL"]),
        (&["SIGNALWIRE_PROJECT_ID", "SIGNALWIRE_API_TOKEN"], &["SIGNALWIRE_SPACE_URL"]),
        (&["SIGNALWIRE_SPACE_URL"], &["SIGNALWIRE_PROJECT_ID", "SIGNALWIRE_API_TOKEN"]),
    ];
    for (set, missing) in cases {
        let example = |name: &str| VARIABLES.iter().find(|v| v.name == name).unwrap().example;
        let given: Vec<_> = set.iter().map(|name| (*name, example(name))).collect();
        let said = read(&given).unwrap_err().to_string();
        let (gone, rest) = said.split_once(" missing, ").unwrap();
        let (there, advice) = rest.split_once(". Set all of them, or none. ").unwrap();
        for name in missing {
            assert!(gone.contains(name) && !there.contains(name), "{said}");
        }
        for name in set {
            assert!(there.contains(name) && !gone.contains(name), "{said}");
        }
        assert_eq!(advice, format!("For example: {}={}", missing[0], example(missing[0])));
    }
}

#[test]
fn accounts_are_read_whole_and_nothing_is_an_account_by_itself() {
    let none = read(&[("TWILIO_TIMEOUT", "5000"), ("TWILIO_BASE_URL", "http://[::1]:9")]).unwrap();
    assert!(none.carriers.twilio.is_none() && none.carriers.signalwire.is_none());
    let twilio = read(&account("TWILIO_")).unwrap().carriers.twilio.unwrap();
    assert_eq!(twilio.timeout, Duration::from_secs(10));
    assert_eq!(twilio.api.as_str(), "https://api.dublin.ie1.twilio.com/");
    let mut set = account("SIGNALWIRE_");
    // As the dashboard shows a space.
    set.push(("SIGNALWIRE_SPACE_URL", "example.signalwire.com"));
    let signalwire = read(&set).unwrap().carriers.signalwire.unwrap();
    assert_eq!(signalwire.space.as_str(), "https://example.signalwire.com/");
}

#[test]
fn the_signing_key_is_no_token_and_says_why() {
    let mut set = account("SIGNALWIRE_");
    set.push(("SIGNALWIRE_API_TOKEN", "PSK_0123456789"));
    let said = read(&set).unwrap_err().to_string();
    assert!(said.starts_with("SIGNALWIRE_API_TOKEN is wrong: "), "{said}");
    assert!(said.contains("signing key") && !said.contains("0123456789"), "{said}");
    // The key by itself is no half account: calls are answered where nothing is bought.
    let alone = read(&[("SIGNALWIRE_SIGNING_KEY", "PSK_0123456789")]).unwrap().carriers;
    assert!(alone.signalwire_signing_key.is_some() && alone.signalwire.is_none());
}

#[test]
fn credentials_go_by_https_or_stay_on_this_machine() {
    for name in ["TWILIO_BASE_URL", "TWILIO_PRICING_URL", "SIGNALWIRE_SPACE_URL"] {
        let with = |address: &'static str| {
            let mut set: Vec<_> = ACCOUNTS.into_iter().flat_map(account).collect();
            set.push((name, address));
            read(&set)
        };
        for good in [
            "https://carrier.example",
            "https://carrier.example:8443",
            "http://127.0.0.1:4010",
            "http://localhost:4010",
            "http://[::1]:4010",
        ] {
            with(good).unwrap_or_else(|e| panic!("{good}: {e}"));
        }
        for bad in [
            "http://carrier.example",
            "http://10.0.0.7:4010",
            "http://127.0.0.1.evil.example",
            "ftp://127.0.0.1",
            "https://ann:secret@carrier.example",
            "https://carrier.example/v2",
            "https://carrier.example/#part",
        ] {
            let said = with(bad).map(drop).unwrap_err().to_string();
            assert!(said.starts_with(&format!("{name} is wrong: ")), "{bad}: {said}");
        }
    }
}

#[test]
fn a_wrong_value_is_named_with_an_example_and_is_not_repeated() {
    for (name, value) in [
        ("LISTEN", "three thousand"),
        ("PUBLIC_URL", "ftp://example.com"),
        ("PUBLIC_URL", "https://example.com/path"),
        ("DATABASE_URL", "mysql://x"),
        ("POOL_APP", "0"),
        ("HOLD_MINUTES", "-1"),
        ("SECRET_KEY", "c2hvcnQ="),
        ("TEST_CARD", "perhaps"),
        ("LOG_FORMAT", "xml"),
        ("TWILIO_ACCOUNT_SID", "SK1"),
        ("TWILIO_TIMEOUT", "30 s"),
        ("TWILIO_TIMEOUT", "999"),
        ("SIGNALWIRE_PROJECT_ID", "my project"),
        ("SIGNALWIRE_SIGNING_KEY", "PT0123456789"),
        ("METRICS_TOKEN", "hunter2"),
    ] {
        let said = read(&[(name, value)]).unwrap_err().to_string();
        assert!(said.starts_with(&format!("{name} is wrong: ")), "{said}");
        assert!(said.contains(&format!("For example: {name}=")), "{said}");
        assert!(!said.contains(value) || value.len() < 3, "{said}");
    }
}

#[test]
fn secrets_do_not_print() {
    let config = read(&[("METRICS_TOKEN", "a-planted-secret-text")]).unwrap();
    assert!(!format!("{config:?}").contains("planted"));
    let mut set: Vec<_> = ACCOUNTS.into_iter().flat_map(account).collect();
    set.push(("TWILIO_AUTH_TOKEN", "a-planted-secret-text"));
    set.push(("SIGNALWIRE_API_TOKEN", "PT-a-planted-secret-text"));
    let shown = format!("{:?}", read(&set).unwrap());
    assert!(shown.contains("signalwire") && !shown.contains("planted"), "{shown}");
}

#[test]
fn unsafe_defaults_are_said_in_production_only() {
    assert_eq!(read(&[("MAIL_URL", "smtp://localhost:25")]).unwrap().warnings(), [""; 0]);
    let open = read(&[
        ("PUBLIC_URL", "http://numbers.example.com"),
        ("LISTEN", "0.0.0.0:80"),
        ("TEST_CARD", "on"),
    ])
    .unwrap();
    assert_eq!(open.warnings().len(), 5);
    let said = read(&account("TWILIO_")).unwrap().warnings().join(" ");
    assert!(said.contains("Twilio cannot reach it"), "{said}");
    let mut set = account("SIGNALWIRE_");
    assert!(!read(&set).unwrap().warnings().join(" ").contains("SIGNING_KEY"));
    set.retain(|(name, _)| *name != "SIGNALWIRE_SIGNING_KEY");
    assert!(read(&set).unwrap().warnings().join(" ").contains("SIGNALWIRE_SIGNING_KEY is unset"));
}
