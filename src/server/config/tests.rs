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

const ACCOUNTS: [&str; 4] = ["TWILIO_", "SIGNALWIRE_", "TELNYX_", "BANDWIDTH_"];

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
    let cases: [(&[&str], &[&str]); 10] = [
        (&["TWILIO_ACCOUNT_SID"], &["TWILIO_AUTH_TOKEN"]),
        (&["TWILIO_AUTH_TOKEN"], &["TWILIO_ACCOUNT_SID"]),
        (&["SIGNALWIRE_PROJECT_ID"], &["SIGNALWIRE_API_TOKEN", "SIGNALWIRE_SPACE_URL"]),
        (&["SIGNALWIRE_PROJECT_ID", "SIGNALWIRE_API_TOKEN"], &["SIGNALWIRE_SPACE_URL"]),
        (&["SIGNALWIRE_SPACE_URL"], &["SIGNALWIRE_PROJECT_ID", "SIGNALWIRE_API_TOKEN"]),
        (&["TELNYX_API_KEY"], &["TELNYX_ACCOUNT_ID"]),
        (&["TELNYX_ACCOUNT_ID"], &["TELNYX_API_KEY"]),
        (
            &["BANDWIDTH_SITE_ID"],
            &["BANDWIDTH_ACCOUNT_ID", "BANDWIDTH_CLIENT_ID", "BANDWIDTH_CLIENT_SECRET"],
        ),
        (
            &["BANDWIDTH_ACCOUNT_ID", "BANDWIDTH_CLIENT_ID"],
            &["BANDWIDTH_CLIENT_SECRET", "BANDWIDTH_SITE_ID"],
        ),
        (
            &["BANDWIDTH_ACCOUNT_ID", "BANDWIDTH_API_USER", "BANDWIDTH_API_PASSWORD"],
            &[
                "BANDWIDTH_SITE_ID",
                "BANDWIDTH_PEER_ID",
                "BANDWIDTH_VOICE_APPLICATION_ID",
                "BANDWIDTH_CALLBACK_USER",
                "BANDWIDTH_CALLBACK_PASSWORD",
            ],
        ),
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
    assert_eq!(twilio.rate_limit, RateLimit { per_second: 20, burst: 40 });
    assert_eq!(twilio.api.as_str(), "https://api.dublin.ie1.twilio.com/");
    let mut set = account("SIGNALWIRE_");
    // As the dashboard shows a space.
    set.push(("SIGNALWIRE_SPACE_URL", "example.signalwire.com"));
    let signalwire = read(&set).unwrap().carriers.signalwire.unwrap();
    assert_eq!(signalwire.space.as_str(), "https://example.signalwire.com/");
}

#[test]
fn what_an_account_can_do_without_is_no_account() {
    let parts = [
        ("TELNYX_CONNECTION_ID", "1293384261075731499"),
        ("TELNYX_TIMEOUT", "5000"),
        ("BANDWIDTH_MESSAGING_APPLICATION_ID", "00000000-0000-4000-8000-000000000000"),
        ("BANDWIDTH_VOICE_URL", "http://127.0.0.1:4014"),
    ];
    let none = read(&parts).unwrap().carriers;
    assert!(none.telnyx.is_none() && none.bandwidth.is_none());
    // The public key by itself is no half account either.
    let key = account("TELNYX_PUBLIC_KEY");
    let alone = read(&key).unwrap().carriers;
    assert!(alone.telnyx_public_key.is_some() && alone.telnyx.is_none());

    let least = |of: &str, optional: &[&str]| {
        let mut set = account(of);
        set.retain(|(name, _)| !optional.contains(name));
        read(&set).unwrap().carriers
    };
    let telnyx = least("TELNYX_A", &[]).telnyx.unwrap();
    assert_eq!((telnyx.connection, telnyx.messaging_profile), (None, None));
    assert_eq!(telnyx.api.as_str(), "https://api.telnyx.com/");
    let optional = ["BANDWIDTH_MESSAGING_APPLICATION_ID", "BANDWIDTH_BASE_URL"];
    let bandwidth = least("BANDWIDTH_", &optional).bandwidth.unwrap();
    assert_eq!(bandwidth.messaging_application, None);
    assert_eq!(bandwidth.numbers.as_str(), "https://dashboard.bandwidth.com/");
    assert_eq!(bandwidth.voice.as_str(), "http://127.0.0.1:4014/");
}

#[test]
fn bandwidths_users_are_taken_with_a_warning_and_a_client_goes_before_them() {
    let all = read(&account("BANDWIDTH_")).unwrap();
    let login = &all.carriers.bandwidth.as_ref().unwrap().login;
    assert!(matches!(login, BandwidthLogin::Client { id, .. } if id.starts_with("PROD-")));
    assert!(!all.warnings().join(" ").contains("BANDWIDTH_API_USER"));
    let mut set = account("BANDWIDTH_");
    set.retain(|(name, _)| !name.starts_with("BANDWIDTH_CLIENT_"));
    let old = read(&set).unwrap();
    let login = &old.carriers.bandwidth.as_ref().unwrap().login;
    assert!(matches!(login, BandwidthLogin::User { name, .. } if name == "voxlink"));
    let said = old.warnings().join(" ");
    assert!(said.contains("BANDWIDTH_API_USER opens the account until 2 December"), "{said}");
    assert!(said.contains("set BANDWIDTH_CLIENT_ID and BANDWIDTH_CLIENT_SECRET"), "{said}");
}

#[test]
fn telnyx_keys_are_told_apart() {
    let public = account("TELNYX_PUBLIC_KEY")[0].1;
    for (name, value, hint) in [
        ("TELNYX_PUBLIC_KEY", "KEY0123456789", "it is an API key"),
        ("TELNYX_PUBLIC_KEY", "c2hvcnQ=", "it has 5 bytes, not 32"),
        ("TELNYX_API_KEY", public, "it is a public key"),
    ] {
        let said = read(&[(name, value)]).unwrap_err().to_string();
        assert!(said.starts_with(&format!("{name} is wrong: ")), "{said}");
        assert!(said.contains(hint) && !said.contains(value), "{said}");
    }
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
    for name in [
        "TWILIO_BASE_URL",
        "TWILIO_PRICING_URL",
        "SIGNALWIRE_SPACE_URL",
        "TELNYX_BASE_URL",
        "BANDWIDTH_TOKEN_URL",
        "BANDWIDTH_BASE_URL",
        "BANDWIDTH_VOICE_URL",
        "BANDWIDTH_MESSAGING_URL",
    ] {
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
        ("SEARCH_DEADLINE_MS", "5 s"),
        ("SEARCH_DEADLINE_MS", "0"),
        ("SECRET_KEY", "c2hvcnQ="),
        ("TEST_CARD", "perhaps"),
        ("LOG_FORMAT", "xml"),
        ("TWILIO_ACCOUNT_SID", "SK1"),
        ("TWILIO_TIMEOUT", "30 s"),
        ("TWILIO_TIMEOUT", "999"),
        ("TWILIO_RATE_LIMIT", "100 a second"),
        ("TELNYX_RATE_LIMIT", "0/20"),
        ("BANDWIDTH_RATE_LIMIT", "fast/faster"),
        ("SIGNALWIRE_PROJECT_ID", "my project"),
        ("SIGNALWIRE_SIGNING_KEY", "PT0123456789"),
        ("TELNYX_ACCOUNT_ID", "my account"),
        ("TELNYX_CONNECTION_ID", "my connection"),
        ("BANDWIDTH_SITE_ID", "site 1"),
        ("BANDWIDTH_API_USER", "ann:secret"),
        ("BANDWIDTH_CLIENT_ID", "PROD-1:secret"),
        ("BANDWIDTH_CALLBACK_PASSWORD", "hunter2"),
        ("METRICS_TOKEN", "hunter2"),
        ("LOCAL_CARRIER_FAULTS", "explode=1"),
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
    set.push(("TELNYX_API_KEY", "KEY-a-planted-secret-text"));
    set.push(("BANDWIDTH_API_PASSWORD", "a-planted-secret-text"));
    set.push(("BANDWIDTH_CLIENT_SECRET", "a-planted-secret-text"));
    set.push(("BANDWIDTH_CALLBACK_PASSWORD", "a-planted-secret-text"));
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
    let public = ("PUBLIC_URL", "https://numbers.example.com");
    let everywhere = ("LISTEN", "0.0.0.0:80");
    for (set, warns) in [
        (vec![], false),
        (vec![everywhere], true),
        (vec![public], true),
        (vec![public, ("METRICS_TOKEN", "a-long-random-text")], false),
    ] {
        let said = read(&set).unwrap().warnings().join(" ");
        assert_eq!(said.contains("METRICS_TOKEN"), warns, "{set:?}: {said}");
    }
    let said = read(&account("TWILIO_")).unwrap().warnings().join(" ");
    assert!(said.contains("Twilio cannot reach it"), "{said}");
    for (of, proof) in [("SIGNALWIRE_", "SIGNALWIRE_SIGNING_KEY"), ("TELNYX_", "TELNYX_PUBLIC_KEY")]
    {
        let mut set = account(of);
        assert!(!read(&set).unwrap().warnings().join(" ").contains(proof));
        set.retain(|(name, _)| *name != proof);
        let said = read(&set).unwrap().warnings().join(" ");
        assert!(said.contains(&format!("{proof} is unset")), "{said}");
    }
}
