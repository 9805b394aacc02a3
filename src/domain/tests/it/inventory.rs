//! Inventory truth: what an audit finds, what is decided about it, what a file brings in, and the
//! orphans of the orders.

mod adopted;
mod campaigns;
mod import;

use super::numbers::{BOSTON, LONDON, NEW_YORK};
use serde_json::json;
use std::sync::Arc;
use voxlink_domain::{
    inventory::{
        self, AuditWish, CarryOutDrift, Drift, DriftFilter, DriftKind, DriftState, InventoryError,
        Remedy, Report,
    },
    numbers,
};
use voxlink_gateways::{
    carrier::fake::{FakeCarrier, Meddling, Mood},
    fault::Script,
};
use voxlink_testkit::{Outside, TestPlatform};
use voxlink_types::{
    E164, PageRequest,
    ids::{NumberId, TenantId},
};

/// Numbers that a tenant has and the fake carrier lists, in agreement.
struct Books {
    test: TestPlatform,
    carrier: FakeCarrier,
    tenant: TenantId,
}

fn number(text: &str) -> E164 {
    text.parse().unwrap()
}

impl Books {
    async fn agreeing(numbers: &[&str]) -> Self {
        let carrier = FakeCarrier::new([], Script::calm());
        let outside = Outside { carriers: vec![Arc::new(carrier.clone())], ..Outside::default() };
        let test = TestPlatform::with(outside).await;
        let (tenant, _) = test.tenant("Ours").await;
        let books = Self { test, carrier, tenant };
        books.sql("insert into carriers (key, display_name) values ('fake', 'Fake')").await;
        for text in numbers {
            books.test.number(tenant, text).await;
            books.listed(&[text]);
        }
        for sale in books.carrier.sales() {
            sqlx::query(
                "update inventory set carrier = 'fake', carrier_number_id = $2 where e164 = $1",
            )
            .bind(sale.number.as_str())
            .bind(sale.carrier_number_id)
            .execute(&books.test.platform.db().owner)
            .await
            .unwrap();
        }
        // What the fake carrier charges for its one kind.
        books
            .sql(
                "insert into price_books (id, carrier, country, number_type, currency, cost_monthly, cost_setup,
                     cost_inbound_minute, monthly, setup, inbound_minute, increment_initial, increment_next,
                     effective_from)
                 values (gen_random_uuid(), 'fake', 'US', 'local', 'USD', 0.65, 0, 0.0035, 1, 0.5, 0.01, 60, 60,
                     '2026-01-01')",
            )
            .await;
        books
    }

    fn listed(&self, numbers: &[&str]) {
        let settings = numbers::settings_for(self.test.platform.settings(), FakeCarrier::KEY, "x");
        self.carrier.own(numbers.iter().map(|text| number(text)), &settings);
    }

    async fn sql(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.test.platform.db().owner).await.unwrap();
    }

    async fn text(&self, sql: &'static str) -> Option<String> {
        sqlx::query_scalar(sql).fetch_one(&self.test.platform.db().owner).await.unwrap()
    }

    async fn audit(&self) -> Report {
        self.try_audit(None).await.unwrap()
    }

    async fn try_audit(&self, tenant: Option<TenantId>) -> Result<Report, InventoryError> {
        let wish = AuditWish { carrier: FakeCarrier::KEY.to_owned(), tenant, by: "test" };
        inventory::audit(&self.test.platform, &wish).await
    }

    /// What an audit finds: subject and kind.
    async fn found(&self) -> Vec<(String, DriftKind)> {
        let report = self.audit().await;
        report.differences.iter().map(|d| (d.subject.to_string(), d.kind)).collect()
    }

    async fn in_state(&self, state: DriftState) -> Vec<Drift> {
        let mut cx = self.test.platform.work("test").await.unwrap();
        let filter = DriftFilter { state: Some(state), ..DriftFilter::default() };
        inventory::drift(&mut cx, &filter, PageRequest::default()).await.unwrap().rows
    }

    async fn only_open(&self) -> Drift {
        let mut open = self.in_state(DriftState::Open).await;
        assert_eq!(open.len(), 1, "{open:?}");
        open.remove(0)
    }

    async fn apply(
        &self,
        drift: &Drift,
        remedy: Remedy,
        holder: Option<TenantId>,
    ) -> Result<(), InventoryError> {
        let mut cx = self.test.platform.work("test").await.unwrap();
        inventory::apply(&mut cx, &self.test.platform, drift.id, remedy, holder).await?;
        cx.commit().await.unwrap();
        let job = CarryOutDrift { drift: drift.id, back: false };
        inventory::carry_out(&self.test.platform, &job).await
    }

    async fn roll_back(&self, drift: &Drift) -> Result<(), InventoryError> {
        let mut cx = self.test.platform.work("test").await.unwrap();
        inventory::roll_back(&mut cx, drift.id).await?;
        cx.commit().await.unwrap();
        let job = CarryOutDrift { drift: drift.id, back: true };
        inventory::carry_out(&self.test.platform, &job).await
    }
}

#[tokio::test]
async fn what_agrees_is_no_difference_and_each_drift_is_found_with_its_kind() {
    let books = Books::agreeing(&[BOSTON, NEW_YORK, LONDON]).await;
    let report = books.audit().await;
    assert_eq!((report.here, report.there, report.priced), (3, 3, true));
    assert!(report.differences.is_empty(), "{:?}", report.differences);

    books.carrier.meddle(&number(BOSTON), &Meddling::Lose);
    books.carrier.meddle(&number(NEW_YORK), &Meddling::Silence);
    books.carrier.meddle(&number(LONDON), &Meddling::Redirect("https://x.test".to_owned()));
    books.listed(&["+16175550199"]);
    books.sql("update price_books set cost_monthly = 0.5 where carrier = 'fake'").await;
    let mut expected = vec![
        (BOSTON.to_owned(), DriftKind::MissingThere),
        (NEW_YORK.to_owned(), DriftKind::Status),
        (LONDON.to_owned(), DriftKind::Callbacks),
        ("+16175550199".to_owned(), DriftKind::MissingHere),
        ("US local".to_owned(), DriftKind::Price),
    ];
    let mut found = books.found().await;
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    // Seen again, they are the same rows.
    books.audit().await;
    assert_eq!(books.in_state(DriftState::Open).await.len(), 5);
    // One tenant's audit tells nothing of what is nobody's here.
    let own = books.try_audit(Some(books.tenant)).await.unwrap();
    assert!(own.differences.iter().all(|d| d.kind != DriftKind::MissingHere));
    assert_eq!(books.in_state(DriftState::Open).await.len(), 5);
}

#[tokio::test]
async fn what_is_on_its_way_is_not_judged() {
    let books = Books::agreeing(&[BOSTON]).await;
    books.sql("update subscriptions set state = 'porting_out'").await;
    assert!(books.found().await.is_empty(), "the carrier has it, and somebody has it here");
    books.carrier.meddle(&number(BOSTON), &Meddling::Lose);
    assert!(books.found().await.is_empty(), "it may be gone there already");
}

#[tokio::test]
async fn a_lost_number_is_marked_and_comes_back_and_a_decision_is_rolled_back() {
    let books = Books::agreeing(&[BOSTON]).await;
    books.carrier.meddle(&number(BOSTON), &Meddling::Lose);
    books.audit().await;
    let drift = books.only_open().await;
    assert_eq!(drift.here, json!({ "standing": "active", "id": "FN000001" }));
    let wrong = books.apply(&drift, Remedy::GiveBack, None).await;
    assert!(matches!(wrong, Err(InventoryError::WrongRemedy)));
    books.apply(&drift, Remedy::TakeOver, None).await.unwrap();
    let again = books.apply(&drift, Remedy::TakeOver, None).await;
    assert!(matches!(again, Err(InventoryError::NotOpen)));
    assert_eq!(books.text("select state from subscriptions").await.as_deref(), Some("error"));
    assert!(books.found().await.is_empty(), "it is known now");

    books.roll_back(&drift).await.unwrap();
    assert_eq!(books.text("select state from subscriptions").await.as_deref(), Some("active"));
    assert_eq!(books.found().await, [(BOSTON.to_owned(), DriftKind::MissingThere)]);
    books.apply(&books.only_open().await, Remedy::TakeOver, None).await.unwrap();

    // The carrier has it again: in service once that is taken over.
    books.listed(&[BOSTON]);
    assert_eq!(books.found().await, [(BOSTON.to_owned(), DriftKind::Status)]);
    books.apply(&books.only_open().await, Remedy::TakeOver, None).await.unwrap();
    assert_eq!(books.text("select state from subscriptions").await.as_deref(), Some("active"));
    let id = books.text("select carrier_number_id from inventory").await;
    assert_eq!(id.as_deref(), Some("FN000002"), "by its new id");
    assert!(books.found().await.is_empty());
}

#[tokio::test]
async fn addresses_are_set_again_and_set_back() {
    let books = Books::agreeing(&[BOSTON]).await;
    let address = || async {
        use voxlink_gateways::Carrier;
        books.carrier.get("FN000001").await.unwrap().settings.unwrap().voice_url
    };
    books.carrier.meddle(&number(BOSTON), &Meddling::Redirect("https://x.test".to_owned()));
    books.audit().await;
    let drift = books.only_open().await;
    books.apply(&drift, Remedy::SetAgain, None).await.unwrap();
    assert_eq!(address().await, "https://voxlink.test/callbacks/fake/voice");
    assert!(books.found().await.is_empty());
    books.roll_back(&drift).await.unwrap();
    assert_eq!(address().await, "https://x.test");
    assert_eq!(books.found().await, [(BOSTON.to_owned(), DriftKind::Callbacks)]);
    // The jobs that wait say the same twice.
    books.test.run_jobs().await;
    assert_eq!(books.in_state(DriftState::Open).await.len(), 1);
}

#[tokio::test]
async fn what_is_ignored_stays_so_until_it_changes() {
    let books = Books::agreeing(&[BOSTON]).await;
    let redirect =
        |to: &str| books.carrier.meddle(&number(BOSTON), &Meddling::Redirect(to.to_owned()));
    redirect("https://x.test");
    books.audit().await;
    let drift = books.only_open().await;
    let mut cx = books.test.platform.work("test").await.unwrap();
    for reason in ["  ", &"x".repeat(301)] {
        let refused = inventory::ignore(&mut cx, drift.id, reason).await;
        assert!(matches!(refused, Err(InventoryError::Reason)));
    }
    inventory::ignore(&mut cx, drift.id, "a test line").await.unwrap();
    cx.commit().await.unwrap();
    books.audit().await;
    assert_eq!(books.in_state(DriftState::Ignored).await[0].reason.as_deref(), Some("a test line"));
    redirect("https://y.test");
    books.audit().await;
    assert_eq!(books.only_open().await.id, drift.id, "it is another difference now");
    redirect("https://voxlink.test/callbacks/fake/voice");
    books.audit().await;
    assert_eq!(books.in_state(DriftState::Gone).await.len(), 1);
}

#[tokio::test]
async fn a_stray_number_is_adopted_or_given_back() {
    let books = Books::agreeing(&[]).await;
    books.listed(&[BOSTON]);
    books.audit().await;
    let drift = books.only_open().await;
    let nobody = books.apply(&drift, Remedy::Adopt, Some(TenantId::new(9))).await;
    assert!(matches!(nobody, Err(InventoryError::Account)));
    books.apply(&drift, Remedy::Adopt, Some(books.tenant)).await.unwrap();
    assert!(books.found().await.is_empty());
    let price =
        books.text("select monthly || ' ' || setup || ' ' || state from subscriptions").await;
    assert_eq!(price.as_deref(), Some("1.00000000 0.00000000 active"), "no set-up is charged");
    books.roll_back(&drift).await.unwrap();
    assert_eq!(books.found().await, [(BOSTON.to_owned(), DriftKind::MissingHere)]);
    let drift = books.only_open().await;
    books.apply(&drift, Remedy::GiveBack, None).await.unwrap();
    assert!(books.carrier.sales()[0].released);
    assert!(books.found().await.is_empty());
    let back = books.roll_back(&drift).await;
    assert!(matches!(back, Err(InventoryError::NoWayBack(_))));
}

#[tokio::test]
async fn a_plan_is_carried_out_at_once_and_twice_is_once() {
    let books = Books::agreeing(&[BOSTON, NEW_YORK, LONDON]).await;
    books.carrier.meddle(&number(BOSTON), &Meddling::Lose);
    books.carrier.meddle(&number(NEW_YORK), &Meddling::Silence);
    books.carrier.meddle(&number(LONDON), &Meddling::Redirect("https://x.test".to_owned()));
    books.listed(&["+16175550199"]);
    books.sql("update price_books set cost_monthly = 0.5 where carrier = 'fake'").await;
    let report = books.audit().await;
    let fixed = inventory::fix(&books.test.platform, report.audit, "test").await.unwrap();
    assert_eq!((fixed.done, fixed.waiting.len(), fixed.left.len()), (4, 0, 1), "{fixed:?}");
    assert_eq!(books.found().await, [("+16175550199".to_owned(), DriftKind::MissingHere)]);
    let again = inventory::fix(&books.test.platform, report.audit, "test").await.unwrap();
    assert_eq!(again.done, 0);
    books.test.run_jobs().await;
    assert_eq!(books.found().await.len(), 1);
}

#[tokio::test]
async fn a_carrier_that_is_not_there_is_an_error_and_not_an_empty_list() {
    let books = Books::agreeing(&[BOSTON]).await;
    let wish = AuditWish { carrier: "lunar".to_owned(), tenant: None, by: "test" };
    let refused = inventory::audit(&books.test.platform, &wish).await;
    assert!(matches!(refused, Err(InventoryError::NoCarrier(_))));
    let nobody = books.try_audit(Some(TenantId::new(9))).await;
    assert!(matches!(nobody, Err(InventoryError::Account)), "nobody's numbers do not agree");
}

#[tokio::test]
async fn a_comparison_that_failed_is_told_with_its_reason_until_one_is_made() {
    let books = Books::agreeing(&[BOSTON]).await;
    let failed = async || {
        let mut cx = books.test.platform.work("test").await.unwrap();
        inventory::failed_audits(&mut cx).await.unwrap()
    };
    books.carrier.feels(Mood::Dead);
    for _ in 0..2 {
        let refused = books.try_audit(None).await;
        assert!(matches!(refused, Err(InventoryError::Carrier(_))), "{refused:?}");
    }
    let tried = failed().await;
    let [told] = &tried[..] else { panic!("one row for all tries: {tried:?}") };
    assert_eq!(told.carrier, FakeCarrier::KEY);
    assert!(told.reason.contains("503"), "{told:?}");
    books.carrier.feels(Mood::Well);
    books.audit().await;
    assert!(failed().await.is_empty());
}

#[tokio::test]
async fn a_number_that_does_not_ring_yet_is_nobodys_to_pay_for() {
    let books = Books::agreeing(&[]).await;
    books.listed(&[BOSTON]);
    books.carrier.meddle(&number(BOSTON), &Meddling::Silence);
    books.audit().await;
    let drift = books.only_open().await;
    let early = books.apply(&drift, Remedy::Adopt, Some(books.tenant)).await;
    assert!(matches!(early, Err(InventoryError::Silent)), "{early:?}");
    let count = "select count(*)::text from subscriptions";
    assert_eq!(books.text(count).await.as_deref(), Some("0"));
    assert_eq!(books.only_open().await.id, drift.id);
}

#[tokio::test]
async fn an_adopted_number_costs_what_its_kind_costs() {
    const MOBILE: &str = "+447400123456";
    let books = Books::agreeing(&[]).await;
    books
        .sql(
            "insert into price_books (id, carrier, country, number_type, currency, cost_monthly, cost_setup,
                 cost_inbound_minute, monthly, setup, inbound_minute, increment_initial, increment_next,
                 effective_from)
             values (gen_random_uuid(), 'fake', 'GB', 'local', 'USD', 0.65, 0, 0.0035, 1, 0, 0.01, 6, 6,
                 '2026-01-01')",
        )
        .await;
    books.listed(&[MOBILE]);
    books.audit().await;
    let drift = books.only_open().await;
    let cheap = books.apply(&drift, Remedy::Adopt, Some(books.tenant)).await;
    assert!(matches!(cheap, Err(InventoryError::NoPrice)), "not for the price of a local one");
    books
        .sql("update price_books set number_type = 'mobile', monthly = 9 where country = 'GB'")
        .await;
    books.apply(&drift, Remedy::Adopt, Some(books.tenant)).await.unwrap();
    let sold = "select i.country || ' ' || i.number_type || ' ' || trunc(s.monthly)
                from subscriptions s join inventory i on i.id = s.inventory_id";
    assert_eq!(books.text(sold).await.as_deref(), Some("GB mobile 9"));

    books.listed(&["+15551234567"]);
    books.audit().await;
    let unknown = books.apply(&books.only_open().await, Remedy::Adopt, Some(books.tenant)).await;
    assert!(matches!(unknown, Err(InventoryError::Unplaced)), "{unknown:?}");
}

#[tokio::test]
async fn a_released_number_is_not_changed_by_an_old_difference() {
    let books = Books::agreeing(&[BOSTON]).await;
    books.carrier.meddle(&number(BOSTON), &Meddling::Lose);
    books.audit().await;
    let drift = books.only_open().await;
    books.sql("update subscriptions set state = 'released', released_at = now()").await;
    let late = books.apply(&drift, Remedy::TakeOver, None).await;
    assert!(matches!(late, Err(InventoryError::Stale)), "{late:?}");
    let standing = books.text("select at_carrier from inventory").await;
    assert_eq!(standing.as_deref(), Some("active"), "the row may be another account's by now");
}

#[tokio::test]
async fn a_price_by_hand_is_left_for_a_person_and_not_said_to_be_settled() {
    let books = Books::agreeing(&[BOSTON]).await;
    books
        .sql("update price_books set cost_monthly = 0.5, by_hand = true where carrier = 'fake'")
        .await;
    let report = books.audit().await;
    let drift = books.only_open().await;
    assert!(drift.by_hand(), "{:?}", drift.here);
    let refused = books.apply(&drift, Remedy::TakeOver, None).await;
    assert!(matches!(refused, Err(InventoryError::ByHand)), "{refused:?}");
    let fixed = inventory::fix(&books.test.platform, report.audit, "test").await.unwrap();
    assert_eq!((fixed.done, fixed.waiting.len(), fixed.left.len()), (0, 0, 1), "{fixed:?}");
    assert_eq!(books.only_open().await.id, drift.id);
    // Left as it is, it does not come up again.
    let mut cx = books.test.platform.work("test").await.unwrap();
    inventory::ignore(&mut cx, drift.id, "our contract").await.unwrap();
    cx.commit().await.unwrap();
    books.audit().await;
    assert!(books.in_state(DriftState::Open).await.is_empty());
}

#[tokio::test]
async fn a_price_that_the_carrier_does_not_tell_waits() {
    let books = Books::agreeing(&[BOSTON]).await;
    books.sql("update price_books set cost_monthly = 0.5 where carrier = 'fake'").await;
    let report = books.audit().await;
    let drift = books.only_open().await;
    books.carrier.feels(Mood::Dead);
    let fixed = inventory::fix(&books.test.platform, report.audit, "test").await.unwrap();
    assert_eq!((fixed.done, fixed.waiting.len(), fixed.left.len()), (0, 1, 0), "{fixed:?}");
    // From the page it is decided first, and the job tries until the book has followed.
    let tried = books.apply(&books.only_open().await, Remedy::TakeOver, None).await;
    assert!(matches!(tried, Err(InventoryError::PriceBehind)), "{tried:?}");
    books.carrier.feels(Mood::Well);
    let job = CarryOutDrift { drift: drift.id, back: false };
    inventory::carry_out(&books.test.platform, &job).await.unwrap();
    assert!(books.found().await.is_empty());
}

/// The number of a tenant by its digits.
async fn id_of(books: &Books, text: &str) -> NumberId {
    sqlx::query_scalar("select id from subscriptions where e164 = $1 and state <> 'released'")
        .bind(text)
        .fetch_one(&books.test.platform.db().owner)
        .await
        .unwrap()
}
