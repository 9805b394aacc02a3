use super::*;
use std::collections::BTreeMap;

fn read(set: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let key = ("SECRET_KEY", "q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq80=");
    let set: BTreeMap<&str, &str> = [key].into_iter().chain(set.iter().copied()).collect();
    Config::read(&|name| set.get(name).map(|&value| value.to_owned()))
}

#[test]
fn every_default_and_every_example_is_right() {
    read(&[]).unwrap();
    for v in VARIABLES {
        read(&[(v.name, v.example)]).unwrap_or_else(|e| panic!("{e}"));
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
}
