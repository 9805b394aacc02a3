//! Several servers on one database share what may be asked of a carrier.

use chrono::Duration;
use std::{collections::BTreeMap, sync::Arc, time::Instant};
use uuid::Uuid;
use voxlink_adapters::wire::Pace;
use voxlink_domain::{Platform, platform::Parts, quota};
use voxlink_server::{metrics::CarrierFigures, shares::Shares};
use voxlink_testkit::TestPlatform;

/// A server of its own on the test's database.
struct Server {
    id: Uuid,
    platform: Platform,
    shares: Shares,
}

impl Server {
    fn on(test: &TestPlatform, id: u128, carriers: &[&'static str]) -> Self {
        let platform = Platform::new(Parts {
            db: test.database.db(),
            clock: test.platform.clock(),
            carriers: BTreeMap::default(),
            switchboards: BTreeMap::default(),
            processors: BTreeMap::default(),
            mailer: Arc::clone(test.platform.mailer()),
            own: None,
            settings: test.platform.settings().clone(),
        });
        let shares = Shares::default();
        for &carrier in carriers {
            shares.of(carrier);
        }
        Self { id: Uuid::from_u128(id), platform, shares }
    }

    async fn turn(&self) {
        self.shares.renew(&self.platform, self.id).await.unwrap();
    }
}

#[tokio::test]
async fn servers_count_each_other_by_carrier_and_forget_who_died() {
    let test = TestPlatform::new().await;
    let one = Server::on(&test, 1, &["twilio", "telnyx"]);
    let other = Server::on(&test, 2, &["twilio"]);
    one.turn().await;
    assert_eq!(one.shares.servers("twilio"), 1, "alone");
    other.turn().await;
    assert_eq!(other.shares.servers("twilio"), 2, "who comes counts who is there");
    one.turn().await;
    assert_eq!(one.shares.servers("twilio"), 2, "and is counted a turn later");
    assert_eq!(one.shares.servers("telnyx"), 1, "the other has no account there");
    assert_eq!(one.shares.servers("bandwidth"), 1, "nobody has");
    // The other dies: for a while its part is still its own.
    test.clock.advance(quota::LEASE - Duration::seconds(1));
    one.turn().await;
    assert_eq!(one.shares.servers("twilio"), 2);
    test.clock.advance(Duration::seconds(1));
    one.turn().await;
    assert_eq!(one.shares.servers("twilio"), 1);
    // Its row does not stay for ever.
    test.clock.advance(Duration::hours(1));
    one.turn().await;
    let rows: i64 = sqlx::query_scalar("select count(*) from carrier_leases where server = $1")
        .bind(other.id)
        .fetch_one(&test.platform.db().owner)
        .await
        .unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn who_has_no_account_any_more_takes_no_part() {
    let test = TestPlatform::new().await;
    let one = Server::on(&test, 1, &["twilio"]);
    let other = Server::on(&test, 2, &["twilio", "telnyx"]);
    other.turn().await;
    one.turn().await;
    assert_eq!(one.shares.servers("twilio"), 2);
    one.shares.of("twilio");
    assert_eq!(one.shares.servers("twilio"), 2, "what is known stays");
    other.shares.only(&["telnyx"]);
    test.clock.advance(quota::LEASE);
    other.turn().await;
    one.turn().await;
    assert_eq!(one.shares.servers("twilio"), 1);
}

#[tokio::test]
async fn while_the_database_is_away_the_last_number_stands() {
    let test = TestPlatform::new().await;
    let one = Server::on(&test, 1, &["twilio"]);
    let other = Server::on(&test, 2, &["twilio"]);
    other.turn().await;
    one.turn().await;
    one.platform.db().close().await;
    test.clock.advance(Duration::hours(1));
    assert!(one.shares.renew(&one.platform, one.id).await.is_err());
    assert_eq!(one.shares.servers("twilio"), 2);
}

#[tokio::test]
async fn many_servers_at_once_count_each_other() {
    let test = TestPlatform::new().await;
    let mut servers = Vec::new();
    for id in 1..=12 {
        servers.push(Server::on(&test, id, &["twilio", "telnyx", "signalwire"]));
    }
    for _ in 0..3 {
        futures::future::join_all(servers.iter().map(Server::turn)).await;
    }
    for server in &servers {
        assert_eq!(server.shares.servers("signalwire"), 12);
    }
}

#[tokio::test]
async fn two_servers_together_ask_no_faster_than_one() {
    let test = TestPlatform::new().await;
    let servers = [1, 2].map(|id| Server::on(&test, id, &[]));
    let paces = servers
        .each_ref()
        .map(|server| Pace::new("twilio", 50, 20, CarrierFigures::of("twilio", &server.shares)));
    for server in servers.iter().chain(&servers) {
        server.turn().await;
    }
    let start = Instant::now();
    let ask = async |pace: &Pace| {
        for _ in 0..35 {
            pace.wait(std::time::Duration::ZERO).await.unwrap();
        }
    };
    tokio::join!(ask(&paces[0]), ask(&paces[1]));
    let took = start.elapsed();
    // 70 requests: 20 at once, 50 at 50 a second.
    assert!(took >= std::time::Duration::from_millis(950), "{took:?}");
}
