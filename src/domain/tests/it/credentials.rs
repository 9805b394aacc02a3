//! Carriers' credentials that administrators enter: what is stored, what is told, what is in use on
//! which server.

use std::{collections::BTreeMap, sync::Arc};
use voxlink_domain::{
    Platform,
    carriers::{
        self, CarrierRow, CarriersError, Credential, NewCredentials, Origin, credentials, follow,
        store_credentials, try_credentials,
    },
    platform::Parts,
    sealing::Seal,
};
use voxlink_testkit::{FakeAccounts, TestPlatform};
use voxlink_types::error::Explain;

/// Another server on the test's database, with its environment and its `SECRET_KEY`.
pub fn server(test: &TestPlatform, given: &[&'static str], key: u8) -> Platform {
    let accounts = FakeAccounts { given: given.to_vec() };
    Platform::new(Parts {
        db: test.database.db(),
        clock: test.platform.clock(),
        carriers: BTreeMap::default(),
        switchboards: BTreeMap::default(),
        processors: BTreeMap::default(),
        mailer: Arc::clone(test.platform.mailer()),
        own: None,
        settings: test.platform.settings().clone(),
    })
    .connecting(Arc::new(accounts), Seal::new(&[key; 32]))
    .unwrap()
}

async fn with_the_carrier() -> TestPlatform {
    let test = TestPlatform::new().await;
    let row = "insert into carriers (key, display_name) values ('fake', 'Fake')
               on conflict (key) do nothing";
    sqlx::query(row).execute(&test.platform.db().owner).await.unwrap();
    test
}

fn entered(typed: &[(&str, &str)], removed: &[&str]) -> NewCredentials {
    NewCredentials {
        typed: typed.iter().map(|&(name, value)| (name.to_owned(), value.into())).collect(),
        removed: removed.iter().map(|&name| name.to_owned()).collect(),
    }
}

/// Stores and follows, as the page does.
pub async fn store(
    platform: &Platform,
    typed: &[(&str, &str)],
    removed: &[&str],
) -> Result<bool, CarriersError> {
    let mut cx = platform.work("test").await.unwrap();
    let done = store_credentials(platform, &mut cx, "fake", &entered(typed, removed)).await?;
    cx.commit().await.unwrap();
    follow(platform).await.unwrap();
    Ok(done)
}

async fn shown(platform: &Platform) -> (CarrierRow, Vec<Credential>) {
    let mut cx = platform.work("test").await.unwrap();
    let row = carriers::one(platform, &mut cx, "fake").await.unwrap();
    (row, credentials(platform, &mut cx, "fake").await.unwrap())
}

/// The fields that are wrong.
fn fields(error: &CarriersError) -> Vec<String> {
    error.fields().into_iter().map(|wrong| wrong.field).collect()
}

async fn texts(test: &TestPlatform, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(&test.platform.db().owner).await.unwrap()
}

pub const BOTH: [(&str, &str); 2] = [("FAKE_ID", "an id"), ("FAKE_TOKEN", " hunter2 ")];

#[tokio::test]
async fn what_is_stored_is_sealed_told_and_in_use_on_every_server() {
    let test = with_the_carrier().await;
    let (here, there) = (server(&test, &[], 7), server(&test, &[], 7));
    follow(&there).await.unwrap();
    assert!(here.carrier("fake").is_none() && there.carrier("fake").is_none());
    assert!(store(&here, &BOTH, &[]).await.unwrap());
    assert!(here.carrier("fake").is_some(), "at once where it was entered");
    assert!(there.carrier("fake").is_none());
    follow(&there).await.unwrap();
    assert!(there.carrier("fake").is_some() && there.carriers().count() == 1);
    let (row, all) = shown(&there).await;
    assert!(row.configured && row.trouble.is_none());
    assert_eq!(row.origin, Origin::Stored);
    assert!(all.iter().all(|one| one.stored.is_some() != one.setting.address), "{all:?}");
    assert!(all.iter().all(|one| !one.setting.given), "{all:?}");
    assert_eq!(all[0].stored.as_ref().unwrap().at, test.platform.clock().now());

    assert!(!store(&here, &[("FAKE_TOKEN", "  ")], &[]).await.unwrap(), "nothing was entered");
    assert!(store(&here, &[("FAKE_TOKEN", "another")], &[]).await.unwrap());
    let told = "select new_values::text from audit_log where action = 'carrier.credentials'
                order by seq";
    let told = texts(&test, told).await;
    assert_eq!(told.len(), 2);
    assert!(told[0].contains("FAKE_ID") && told[0].contains("FAKE_TOKEN"), "{told:?}");
    assert!(told[1].contains("replaced") && !told[1].contains("FAKE_ID"), "{told:?}");
    let everything = "select carrier_credentials::text from carrier_credentials
                      union all select audit_log::text from audit_log";
    for row in texts(&test, everything).await {
        // Also not in hexadecimal, as bytes are written.
        for secret in ["hunter2", "another", "68756e74657232"] {
            assert!(!row.contains(secret), "{row}");
        }
    }

    assert!(store(&here, &[], &["FAKE_ID", "FAKE_TOKEN"]).await.unwrap());
    assert!(here.carrier("fake").is_none());
    assert_eq!(here.origin("fake"), Origin::Nowhere);
    follow(&there).await.unwrap();
    assert!(there.carrier("fake").is_none());
}

#[tokio::test]
async fn half_an_account_stores_nothing_and_loses_nothing() {
    let test = with_the_carrier().await;
    let here = server(&test, &[], 7);
    let wrong = store(&here, &[("FAKE_ID", "an id")], &[]).await.unwrap_err();
    assert_eq!(fields(&wrong), ["FAKE_TOKEN"]);
    assert!(texts(&test, "select name from carrier_credentials").await.is_empty());
    assert!(store(&here, &BOTH, &[]).await.unwrap());
    let wrong = store(&here, &[], &["FAKE_TOKEN"]).await.unwrap_err();
    assert_eq!(fields(&wrong), ["FAKE_TOKEN"]);
    let wrong = store(&here, &[("FAKE_TOKEN", "x")], &["FAKE_TOKEN"]).await.unwrap_err();
    assert_eq!(fields(&wrong), ["FAKE_TOKEN"], "written and removed");
    assert!(here.carrier("fake").is_some());
    assert_eq!(texts(&test, "select name from carrier_credentials").await.len(), 2);
    let mut cx = here.work("test").await.unwrap();
    let other = store_credentials(&here, &mut cx, "local", &entered(&BOTH, &[])).await;
    assert!(matches!(other, Err(CarriersError::Unknown(_))), "{other:?}");
}

#[tokio::test]
async fn a_carrier_is_asked_before_anything_is_stored() {
    let test = with_the_carrier().await;
    let here = server(&test, &[], 7);
    let cx = here.work("test").await.unwrap();
    try_credentials(&here, cx, "fake", &entered(&BOTH, &[])).await.unwrap();
    let refused = [("FAKE_ID", "an id"), ("FAKE_TOKEN", "wrong")];
    let cx = here.work("test").await.unwrap();
    let said = try_credentials(&here, cx, "fake", &entered(&refused, &[])).await.unwrap_err();
    assert!(matches!(said, CarriersError::NotTaken { .. }), "{said:?}");
    assert!(texts(&test, "select name from carrier_credentials").await.is_empty());
    let asked: Vec<String> = texts(&test, "select carrier from carrier_health").await;
    assert!(asked.is_empty(), "a trial says nothing of the carrier that is configured");
}

#[tokio::test]
async fn the_environment_of_a_server_goes_before_what_is_stored() {
    let test = with_the_carrier().await;
    let (stores, sets) = (server(&test, &[], 7), server(&test, &["FAKE_ID", "FAKE_TOKEN"], 8));
    assert_eq!(sets.origin("fake"), Origin::Environment);
    let wrong = store(&sets, &[("FAKE_TOKEN", "x")], &[]).await.unwrap_err();
    assert_eq!(fields(&wrong), ["FAKE_TOKEN"]);
    store(&stores, &BOTH, &[]).await.unwrap();
    // Its key could not even open them: it does not look.
    follow(&sets).await.unwrap();
    let (row, all) = shown(&sets).await;
    assert!(row.configured && row.trouble.is_none());
    assert_eq!(row.origin, Origin::Environment);
    let account = all.iter().filter(|one| !one.setting.address);
    assert!(account.clone().all(|one| one.setting.given && one.stored.is_some()), "{all:?}");
    assert_eq!(account.count(), 2);
}

#[tokio::test]
async fn what_another_key_sealed_is_not_used_and_said() {
    let test = with_the_carrier().await;
    let (here, other) = (server(&test, &[], 7), server(&test, &[], 8));
    assert!(!other.knows_accounts());
    store(&here, &BOTH, &[]).await.unwrap();
    follow(&other).await.unwrap();
    assert!(other.knows_accounts());
    let (row, _) = shown(&other).await;
    assert!(!row.configured);
    assert_eq!(row.origin, Origin::Nowhere);
    let said = row.trouble.unwrap();
    assert!(said.contains("cannot be opened with this SECRET_KEY"), "{said}");
    let wrong = store(&other, &[("FAKE_ID", "an id")], &[]).await.unwrap_err();
    assert_eq!(fields(&wrong), ["FAKE_TOKEN"], "the one that cannot be read");
    // A value that was moved to another row opens nowhere.
    let swap = "update carrier_credentials a set value_sealed = b.value_sealed
                from carrier_credentials b where a.name <> b.name";
    sqlx::query(swap).execute(&test.platform.db().owner).await.unwrap();
    follow(&here).await.unwrap();
    assert!(here.carrier("fake").is_none() && here.trouble("fake").is_some());
    // Both entered again are right again.
    assert!(store(&other, &BOTH, &[]).await.unwrap());
    assert!(other.carrier("fake").is_some() && other.trouble("fake").is_none());
}

#[tokio::test]
async fn a_stored_secret_goes_to_no_address_that_is_typed_later() {
    let test = with_the_carrier().await;
    let here = server(&test, &[], 7);
    store(&here, &BOTH, &[]).await.unwrap();
    let elsewhere = ("FAKE_URL", "https://elsewhere.test");
    let cx = here.work("test").await.unwrap();
    let asked = try_credentials(&here, cx, "fake", &entered(&[elsewhere], &[])).await;
    assert_eq!(fields(&asked.unwrap_err()), ["FAKE_TOKEN"], "nobody was asked");
    let wrong = store(&here, &[elsewhere], &[]).await.unwrap_err();
    assert_eq!(fields(&wrong), ["FAKE_TOKEN"]);
    let anew = [elsewhere, ("FAKE_TOKEN", "hunter2")];
    assert!(store(&here, &anew, &[]).await.unwrap(), "who knows the secret may");
    assert!(store(&here, &[elsewhere], &[]).await.unwrap(), "the address is as it was");
    let wrong = store(&here, &[("FAKE_URL", "https://third.test")], &[]).await.unwrap_err();
    assert_eq!(fields(&wrong), ["FAKE_TOKEN"]);
}

#[tokio::test]
async fn a_carrier_goes_on_when_another_ones_credentials_change() {
    let test = with_the_carrier().await;
    let here = server(&test, &[], 7);
    store(&here, &BOTH, &[]).await.unwrap();
    let before = here.carrier("fake").unwrap();
    let others = "insert into carrier_credentials (carrier, name, value_sealed, stored_at)
                  values ('other', 'OTHER_TOKEN', 'sealed', now())";
    let other = "insert into carriers (key, display_name) values ('other', 'Other')";
    for sql in [other, others] {
        sqlx::query(sql).execute(&test.platform.db().owner).await.unwrap();
    }
    follow(&here).await.unwrap();
    assert!(Arc::ptr_eq(&before, &here.carrier("fake").unwrap()), "it remembers its rests");
    store(&here, &[("FAKE_TOKEN", "another")], &[]).await.unwrap();
    assert!(!Arc::ptr_eq(&before, &here.carrier("fake").unwrap()), "with another token it is new");
}
