//! A year of an account by chance: whatever happens, the books hold, and the running cost is the
//! invoice that follows.

use super::{
    fixture::{Customer, Terms, at},
    invoices::{balance_of, books_hold, read, top_up, until},
};
use proptest::{prelude::*, test_runner::TestRunner};
use rust_decimal::Decimal;
use voxlink_domain::billing::{
    books,
    invoices::{BillingMonth, LineKind, Period, Run, billed_usage, run, settle_open},
    journal::Account,
    usage::{Span, month_to_date},
};
use voxlink_testkit::TestPlatform;
use voxlink_types::{Currency, ids::NumberId};

/// What happens to an account.
#[derive(Debug, Clone)]
enum Event {
    Call { number: usize, day: u32, minute: u32, seconds: u32 },
    Money(i64),
    Settle,
}

fn event() -> impl Strategy<Value = Event> {
    let seconds = prop_oneof![
        Just(0u32),
        Just(1),
        Just(5),
        Just(6),
        Just(7),
        Just(59),
        Just(60),
        Just(61),
        0u32..4_000
    ];
    let call = (0usize..3, 1u32..29, 0u32..1_440, seconds)
        .prop_map(|(number, day, minute, seconds)| Event::Call { number, day, minute, seconds });
    prop_oneof![6 => call, 1 => (1i64..400).prop_map(Event::Money), 1 => Just(Event::Settle)]
}

const TERMS: [Terms; 3] = [
    Terms { monthly: "1.00", inbound_minute: "0.0085", increments: (60, 60) },
    Terms { monthly: "2.35", inbound_minute: "0.00333333", increments: (6, 6) },
    Terms { monthly: "0.00", inbound_minute: "0.0199", increments: (30, 6) },
];

/// One month of a customer of its own; returns what does not agree.
async fn month(test: &TestPlatform, nth: u32, events: &[Event]) -> Result<(), TestCaseError> {
    let customer = Customer::new(test, &format!("Chance {nth}")).await;
    customer.address("US", "MA").await;
    let mut numbers: Vec<NumberId> = Vec::new();
    for (n, terms) in TERMS.into_iter().enumerate() {
        let e164 = format!("+1202{:07}", 5_550_000 + nth * 3 + u32::try_from(n).unwrap_or(0));
        numbers.push(customer.number(&e164, terms, at(2026, 9, 1, 0, 0)).await);
    }
    let mut exact = Decimal::ZERO;
    for event in events {
        match *event {
            Event::Call { number, day, minute, seconds } => {
                let start = at(2026, 11, day, minute / 60, minute % 60);
                let call = customer.call(numbers[number], start, seconds).await;
                exact += customer.rate(&call).await.map_or(Decimal::ZERO, |r| r.price);
            }
            Event::Money(minor) => top_up(&customer, minor, Currency::Usd).await,
            Event::Settle => {
                let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
                settle_open(&mut cx, None).await.unwrap();
                cx.commit().await.unwrap();
            }
        }
    }
    let november: BillingMonth = "2026-11".parse().unwrap();
    let period = Period::new(november, 1, chrono_tz::UTC);
    let span = Span { from: period.start(), to: period.end() };
    let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
    let before = billed_usage(&mut cx, period).await.unwrap();
    let running = month_to_date(&mut cx, span, chrono_tz::UTC, Currency::Usd).await.unwrap();
    drop(cx);
    prop_assert_eq!(running.total, exact);
    let wish = Run { month: november, tenant: Some(customer.tenant), early: false };
    let report = run(&test.platform, wish).await.unwrap();
    prop_assert_eq!(report.issued.len(), 1);
    let invoice = read(&customer, report.issued[0]).await;
    let billed: i64 = invoice.of(LineKind::Usage).map(|l| l.amount.minor).sum();
    prop_assert_eq!(before.amount.minor, billed);
    let lines: Decimal = invoice.of(LineKind::Usage).map(|l| l.exact).sum();
    prop_assert_eq!(lines, exact);
    let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
    let after = billed_usage(&mut cx, period).await.unwrap();
    prop_assert_eq!(after.amount, before.amount);
    prop_assert_eq!(after.invoice, Some((invoice.id, invoice.number.clone())));
    drop(cx);
    let open = invoice.left().unwrap().minor;
    prop_assert_eq!(balance_of(&customer, Account::Receivable).await, open);
    Ok(())
}

#[test]
fn the_running_cost_is_the_invoice_that_follows_and_the_books_hold() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let test = runtime.block_on(TestPlatform::new());
    let _inside = runtime.enter();
    until(&test, at(2026, 12, 1, 0, 0));
    let nth = std::cell::Cell::new(0);
    let config =
        ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&prop::collection::vec(event(), 0..25), |events| {
        nth.set(nth.get() + 1);
        runtime.block_on(month(&test, nth.get(), &events))
    });
    outcome.unwrap();
    runtime.block_on(books_hold(&test));
}

#[tokio::test]
async fn a_book_that_was_tampered_with_is_found() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Tampered").await;
    let number = customer.number("+12025550101", TERMS[0], at(2026, 9, 1, 0, 0)).await;
    customer.rated_call(number, at(2026, 10, 3, 12, 0), 600).await;
    super::invoices::only(&customer, "2026-10").await;
    let tenant = [customer.tenant.uuid()];
    for (sql, found) in [
        ("update invoices set paid_minor = 5 where tenant_id = $1", "the journal has"),
        (
            "update invoice_lines set amount_minor = amount_minor + 1 where tenant_id = $1 and position = 1",
            "its lines come to",
        ),
        (
            "update journal_postings set amount_minor = amount_minor + 1 where tenant_id = $1 and account = 'receivable'",
            "does not balance",
        ),
        (
            "update invoice_series set next_number = 9 where $1::uuid is not null",
            "numbers are missing",
        ),
    ] {
        customer.sql(sql, &tenant).await;
        let mut cx = test.platform.work("test").await.unwrap();
        let wrong = books::verify(&mut cx).await.unwrap();
        assert!(wrong.iter().any(|w| w.contains(found)), "{found}: {wrong:?}");
    }
}
