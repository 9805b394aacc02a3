//! Invoices: once, exactly, explainable to the cent.

use super::fixture::{Customer, Terms, USUAL, at, dec};
use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, RoundingStrategy};
use voxlink_domain::billing::{
    books,
    invoices::{
        Filter, Invoice, InvoiceError, LineKind, Report, Run, calls_behind, estimate, get, list,
        open, run, settle_from_credit,
    },
    journal::{Account, NewEntry, Posting, available_credit, balance, post},
};
use voxlink_domain::{Actor, Ctx, RequestInfo};
use voxlink_testkit::TestPlatform;
use voxlink_types::{Currency, Money, PageRequest, ids::InvoiceId, order::InvoiceState};

pub async fn bill(customer: &Customer<'_>, month: &str) -> Report {
    let wish = Run { month: month.parse().unwrap(), tenant: Some(customer.tenant), early: false };
    run(&customer.test.platform, wish).await.unwrap()
}

/// Lets the time pass until a moment.
pub fn until(test: &TestPlatform, moment: DateTime<Utc>) {
    test.clock.advance(moment - test.platform.clock().now());
}

pub async fn only(customer: &Customer<'_>, month: &str) -> Invoice {
    let report = bill(customer, month).await;
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    let [id] = report.issued[..] else { panic!("{report:?}") };
    read(customer, id).await
}

pub async fn read(customer: &Customer<'_>, id: InvoiceId) -> Invoice {
    let mut cx = customer.test.platform.work_for(customer.tenant, "test").await.unwrap();
    get(&mut cx, id).await.unwrap()
}

pub async fn top_up(customer: &Customer<'_>, minor: i64, currency: Currency) {
    let mut cx = customer.test.platform.work_for(customer.tenant, "test").await.unwrap();
    let amount = Money::new(minor, currency);
    let entry = NewEntry {
        reference: format!("test:{}:{minor}:{}", customer.tenant, uuid::Uuid::now_v7()),
        kind: "top_up",
        description: "Top-up".to_owned(),
        postings: vec![
            Posting::debit(Account::Processor, amount),
            Posting::credit(Account::Credit, amount),
        ],
        ..NewEntry::default()
    };
    assert!(post(&mut cx, customer.tenant, entry).await.unwrap());
    cx.commit().await.unwrap();
}

pub async fn balance_of(customer: &Customer<'_>, account: Account) -> i64 {
    let mut cx = customer.test.platform.work_for(customer.tenant, "test").await.unwrap();
    balance(&mut cx, customer.tenant, account, Currency::Usd).await.unwrap().minor
}

/// Everything that must hold of any invoice, computed again from its lines.
fn adds_up(invoice: &Invoice) {
    let minor = |kinds: &[LineKind]| -> i64 {
        invoice.lines.iter().filter(|l| kinds.contains(&l.kind)).map(|l| l.amount.minor).sum()
    };
    let charges = [LineKind::Rental, LineKind::Setup, LineKind::Usage, LineKind::Adjustment];
    assert_eq!(minor(&charges), invoice.subtotal.minor);
    assert_eq!(-minor(&[LineKind::Discount]), invoice.discount.minor);
    assert_eq!(minor(&[LineKind::Tax]), invoice.tax.minor);
    assert_eq!(-minor(&[LineKind::Payment]), invoice.paid_at_issue().minor);
    let all: i64 =
        LineKind::ALL.iter().filter(|k| **k != LineKind::Payment).map(|k| minor(&[*k])).sum();
    assert_eq!(all, invoice.total.minor);
    let unit = Decimal::from(10i64.pow(invoice.total.currency.exponent()));
    for line in &invoice.lines {
        let rounded =
            (line.exact * unit).round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
        assert_eq!(Decimal::from(line.amount.minor), rounded, "{}", line.description);
    }
}

/// Journal and invoices hold, by the same check as `voxlink audit verify`.
pub async fn books_hold(test: &TestPlatform) {
    let mut cx = test.platform.work("test").await.unwrap();
    assert_eq!(books::verify(&mut cx).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn the_example_of_the_module() {
    let test = TestPlatform::new().await;
    let ada = Customer::new(&test, "Ada").await;
    ada.address("US", "MA").await;
    top_up(&ada, 2500, Currency::Usd).await;
    let number = ada.bought("+16175550101", at(2026, 11, 16, 15, 0), 100, 6).await;
    for day in [17, 18, 19] {
        ada.rated_call(number, at(2026, 11, day, 15, 0), 61).await;
    }
    until(&test, at(2026, 12, 1, 5, 0));
    let invoice = only(&ada, "2026-11").await;
    adds_up(&invoice);
    let lines: Vec<_> = invoice.lines.iter().map(|l| (l.kind.as_str(), l.amount.minor)).collect();
    assert_eq!(
        lines,
        [
            ("rental", 100),
            ("tax", 6),
            ("usage", 5),
            ("tax", 1),
            ("tax", 0),
            ("payment", -106),
            ("payment", -6)
        ]
    );
    assert_eq!(invoice.number, "VL-00000001");
    assert_eq!((invoice.total.minor, invoice.paid.minor), (112, 112));
    assert_eq!(invoice.state, InvoiceState::Paid);
    assert_eq!(balance_of(&ada, Account::Credit).await, -2388);
    assert_eq!(balance_of(&ada, Account::Receivable).await, 0);
    assert_eq!(balance_of(&ada, Account::TaxPayable).await, -7);
    books_hold(&test).await;

    // December has the rent from the day the first month ends: 16 of 31 days.
    until(&test, at(2027, 1, 1, 5, 0));
    let december = only(&ada, "2026-12").await;
    adds_up(&december);
    assert_eq!(december.number, "VL-00000002");
    let rent = december.of(LineKind::Rental).next().unwrap();
    assert_eq!((rent.amount.minor, rent.exact), (52, dec("0.51612903")));
    assert!(rent.description.ends_with("16 of 31 days"));
}

#[tokio::test]
async fn a_run_does_no_harm_twice_or_in_parallel() {
    let test = TestPlatform::new().await;
    let mut customers = Vec::new();
    for n in 0..4 {
        let customer = Customer::new(&test, &format!("Customer {n}")).await;
        let number = customer.number(&format!("+1202555010{n}"), USUAL, at(2026, 9, 1, 0, 0)).await;
        customer.rated_call(number, at(2026, 10, 3, 12, 0), 600).await;
        customers.push(customer);
    }
    let wish = Run { month: "2026-10".parse().unwrap(), tenant: None, early: false };
    let runs = futures::future::join_all((0..6).map(|_| run(&test.platform, wish))).await;
    let issued: usize = runs.iter().map(|r| r.as_ref().unwrap().issued.len()).sum();
    assert_eq!(issued, 4);
    assert!(runs.iter().all(|r| r.as_ref().unwrap().failed.is_empty()));
    let again = run(&test.platform, wish).await.unwrap();
    assert_eq!((again.issued.len(), again.already), (0, 4));

    let numbers: Vec<String> =
        sqlx::query_scalar("select invoice_number from invoices order by invoice_number")
            .fetch_all(&test.platform.db().owner)
            .await
            .unwrap();
    let expected: Vec<String> = (1..=4).map(|n| format!("VL-{n:08}")).collect();
    assert_eq!(numbers, expected, "no gaps, though twins began and gave up");
    for customer in &customers {
        assert_eq!(balance_of(customer, Account::Receivable).await, 100 + 9 + 2);
    }
    let told: i64 = sqlx::query_scalar("select count(*) from notifications where kind = 'billing'")
        .fetch_one(&test.platform.db().owner)
        .await
        .unwrap();
    assert_eq!(told, 4, "each is told of its invoice once");
    books_hold(&test).await;
}

#[tokio::test]
async fn a_killed_run_leaves_nothing_and_is_taken_up_again() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Killed").await;
    let number = customer.number("+12025550101", USUAL, at(2026, 9, 1, 0, 0)).await;
    customer.rated_call(number, at(2026, 10, 3, 12, 0), 600).await;
    // Whatever the moment: a run that is dropped on the way has no effect.
    for millis in [1, 3, 6, 10, 15] {
        let wish = Run { month: "2026-10".parse().unwrap(), tenant: None, early: false };
        let limit = std::time::Duration::from_millis(millis);
        if tokio::time::timeout(limit, run(&test.platform, wish)).await.is_ok() {
            break;
        }
    }
    let report = bill(&customer, "2026-10").await;
    assert_eq!(report.issued.len() + report.already, 1);
    let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
    let page = list(&mut cx, &Filter::default(), PageRequest::default()).await.unwrap();
    assert_eq!((page.total, page.rows[0].number.as_str()), (1, "VL-00000001"));
    assert_eq!(balance_of(&customer, Account::Receivable).await, 111);
}

#[tokio::test]
async fn late_usage_is_in_the_next_invoice() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Late").await;
    let number = customer.number("+12025550101", USUAL, at(2026, 9, 1, 0, 0)).await;
    customer.rated_call(number, at(2026, 10, 3, 12, 0), 60).await;
    let october = only(&customer, "2026-10").await;
    customer.rated_call(number, at(2026, 10, 31, 23, 59), 60).await;
    customer.rated_call(number, at(2026, 11, 3, 12, 0), 60).await;
    until(&test, at(2026, 12, 1, 0, 0));
    let november = only(&customer, "2026-11").await;
    let usage = |i: &Invoice| i.of(LineKind::Usage).map(|l| (l.exact, l.id)).collect::<Vec<_>>();
    let ([(first, _)], [(second, line)]) = (&usage(&october)[..], &usage(&november)[..]) else {
        panic!("one usage line each")
    };
    assert_eq!((*first, *second), (dec("0.0085"), dec("0.0170")));
    let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
    let calls = calls_behind(&mut cx, november.id, *line, PageRequest::default()).await.unwrap();
    assert_eq!(calls.total, 2);
    let calls = calls.rows;
    assert_eq!(calls.iter().map(|c| c.cost).sum::<Decimal>(), *second);
    assert_eq!(calls.len(), 2);
}

async fn rent(zone: &str, anchor: i32, month: &str, now: DateTime<Utc>, terms: Terms) -> Invoice {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Rent").await;
    customer.billed_in(zone, anchor, "USD").await;
    customer.number("+12025550101", terms, at(2024, 1, 1, 0, 0)).await;
    until(&test, now);
    only(&customer, month).await
}

#[tokio::test]
async fn periods_end_with_the_month_of_the_zone_and_rent_is_whole() {
    for (zone, anchor, month, now, days) in [
        ("America/New_York", 1, "2026-11", at(2026, 12, 1, 5, 0), ("2026-11-01", "2026-12-01")),
        ("Europe/Berlin", 1, "2027-03", at(2027, 3, 31, 22, 0), ("2027-03-01", "2027-04-01")),
        ("UTC", 1, "2028-02", at(2028, 3, 1, 0, 0), ("2028-02-01", "2028-03-01")),
        ("UTC", 31, "2027-01", at(2027, 2, 28, 0, 0), ("2027-01-31", "2027-02-28")),
        ("UTC", 31, "2028-02", at(2028, 3, 31, 0, 0), ("2028-02-29", "2028-03-31")),
    ] {
        let invoice = rent(zone, anchor, month, now, USUAL).await;
        assert_eq!((invoice.from.to_string().as_str(), invoice.to.to_string().as_str()), days);
        assert_eq!(invoice.subtotal.minor, 100, "{zone} {month}");
        adds_up(&invoice);
    }
}

#[tokio::test]
async fn a_month_that_runs_is_billed_only_when_asked_early() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Early").await;
    customer.billed_in("America/New_York", 1, "USD").await;
    let number = customer.number("+12025550101", USUAL, at(2026, 9, 1, 0, 0)).await;
    customer.rated_call(number, at(2026, 11, 3, 12, 0), 60).await;
    // An hour before the month ends in New York it is December in UTC.
    until(&test, at(2026, 12, 1, 4, 0));
    let report = bill(&customer, "2026-11").await;
    assert_eq!((report.issued.len(), report.running), (0, 1));
    let early = Run { month: "2026-11".parse().unwrap(), tenant: None, early: true };
    let issued = run(&test.platform, early).await.unwrap().issued;
    assert_eq!(issued.len(), 1);
    let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
    let next = estimate(&mut cx).await.unwrap();
    drop(cx);
    assert_eq!(next.period.from.to_string(), "2026-12-01", "November has its invoice");
    // What happens afterwards is in the next one, and no rent is billed twice.
    customer.rated_call(number, at(2026, 12, 1, 4, 30), 60).await;
    until(&test, at(2027, 1, 2, 0, 0));
    let december = only(&customer, "2026-12").await;
    assert_eq!((december.subtotal.minor, december.of(LineKind::Usage).count()), (101, 1));
}

#[tokio::test]
async fn a_released_number_pays_to_the_day_before_its_release() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Released").await;
    let terms = Terms { monthly: "31.00", ..USUAL };
    let number = customer.number("+12025550101", terms, at(2026, 9, 1, 0, 0)).await;
    customer
        .sql("update subscriptions set state = 'released', released_at = '2026-10-11T09:00:00Z' where id = $1", &[number.uuid()])
        .await;
    let invoice = only(&customer, "2026-10").await;
    assert_eq!(invoice.subtotal.minor, 1000);
    until(&test, at(2026, 12, 1, 0, 0));
    assert_eq!(bill(&customer, "2026-11").await.nothing, 1);
}

#[tokio::test]
async fn the_currency_rounds_by_its_own_unit() {
    for (currency, subtotal) in [("JPY", 3), ("BHD", 2_517), ("EUR", 252)] {
        let test = TestPlatform::new().await;
        let customer = Customer::new(&test, "Currency").await;
        customer.billed_in("UTC", 1, currency).await;
        let terms = Terms { monthly: "2.50", ..USUAL };
        let number = customer.number("+12025550101", terms, at(2026, 9, 1, 0, 0)).await;
        customer.rated_call(number, at(2026, 10, 3, 12, 0), 61).await;
        let invoice = only(&customer, "2026-10").await;
        adds_up(&invoice);
        assert_eq!(invoice.subtotal.minor, subtotal, "{currency}");
    }
}

#[tokio::test]
async fn an_invoice_is_paid_from_the_balance_when_it_is_topped_up() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Later").await;
    top_up(&customer, 40, Currency::Usd).await;
    customer.number("+12025550101", USUAL, at(2026, 9, 1, 0, 0)).await;
    let invoice = only(&customer, "2026-10").await;
    assert_eq!((invoice.state, invoice.paid.minor), (InvoiceState::PartiallyPaid, 40));
    let work = || test.platform.work_for(customer.tenant, "test");
    let mut cx = work().await.unwrap();
    assert!(matches!(settle_from_credit(&mut cx, invoice.id).await, Err(InvoiceError::NoCredit)));
    drop(cx);
    top_up(&customer, 500, Currency::Usd).await;
    until(&test, at(2026, 11, 20, 0, 0));
    let mut cx = work().await.unwrap();
    let settled = settle_from_credit(&mut cx, invoice.id).await.unwrap();
    assert_eq!((settled.taken.minor, settled.left.minor), (60, 0));
    cx.commit().await.unwrap();
    let mut cx = work().await.unwrap();
    assert!(matches!(settle_from_credit(&mut cx, invoice.id).await, Err(InvoiceError::Paid)));
    let credit = available_credit(&mut cx, customer.tenant, Currency::Usd).await.unwrap();
    assert_eq!(credit.minor, 440);
    let paid = read(&customer, invoice.id).await;
    assert_eq!(paid.state, InvoiceState::Paid);
    assert_eq!(paid.later.iter().map(|p| p.amount.minor).collect::<Vec<_>>(), [60]);
    assert_eq!(paid.lines, invoice.lines, "the invoice itself does not change");
    books_hold(&test).await;
}

#[tokio::test]
async fn opening_marks_it_viewed_once_and_only_for_its_owner() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Viewer").await;
    customer.number("+12025550101", USUAL, at(2026, 9, 1, 0, 0)).await;
    let invoice = only(&customer, "2026-10").await;
    assert_eq!(invoice.state, InvoiceState::Sent);
    let other = Customer::new(&test, "Other").await;
    for staff in [true, false] {
        let actor = Actor::User { id: customer.user, name: "V".to_owned(), staff };
        let mut cx = Ctx::begin(&test.platform, customer.tenant, actor, RequestInfo::default())
            .await
            .unwrap();
        let seen = open(&mut cx, invoice.id).await.unwrap().state;
        cx.commit().await.unwrap();
        assert_eq!(seen, if staff { InvoiceState::Sent } else { InvoiceState::Viewed });
    }
    let mut cx = test.platform.work_for(other.tenant, "test").await.unwrap();
    assert!(matches!(get(&mut cx, invoice.id).await, Err(InvoiceError::NotFound)));
    assert!(matches!(settle_from_credit(&mut cx, invoice.id).await, Err(InvoiceError::NotFound)));
    assert!(
        list(&mut cx, &Filter::default(), PageRequest::default()).await.unwrap().rows.is_empty()
    );
    let line = invoice.lines[0].id;
    let page = PageRequest::default();
    let behind = calls_behind(&mut cx, invoice.id, line, page).await;
    assert!(matches!(behind, Err(InvoiceError::NotFound)));
}

#[tokio::test]
async fn the_estimate_is_what_the_invoice_becomes() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Estimate").await;
    customer.address("CA", "ON").await;
    let number = customer.number("+12025550101", USUAL, at(2026, 9, 1, 0, 0)).await;
    customer.rated_call(number, at(2026, 11, 3, 12, 0), 3599).await;
    let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
    let draft = estimate(&mut cx).await.unwrap();
    drop(cx);
    until(&test, at(2026, 12, 1, 0, 0));
    let invoice = only(&customer, "2026-11").await;
    assert_eq!((draft.total, draft.tax), (invoice.total, invoice.tax));
    assert_eq!(invoice.total.minor, 171);
}

#[tokio::test]
async fn an_account_with_nothing_gets_no_invoice_and_no_number_is_lost() {
    let test = TestPlatform::new().await;
    let nothing = Customer::new(&test, "Nothing").await;
    top_up(&nothing, 500, Currency::Usd).await;
    let report = bill(&nothing, "2026-10").await;
    assert_eq!((report.issued.len(), report.nothing), (0, 1));
    let customer = Customer::new(&test, "Something").await;
    customer.number("+12025550101", USUAL, at(2026, 9, 1, 0, 0)).await;
    assert_eq!(only(&customer, "2026-10").await.number, "VL-00000001");
    assert_eq!(balance_of(&nothing, Account::Credit).await, -500);
}

#[tokio::test]
async fn suspended_accounts_and_numbers_pay_their_rent() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Suspended").await;
    let number = customer.number("+12025550101", USUAL, at(2026, 9, 1, 0, 0)).await;
    let owner = [customer.tenant.uuid()];
    customer.sql("update tenants set state = 'suspended', suspended_at = now(), suspension_reason = 'unpaid' where id = $1", &owner).await;
    customer.sql("update subscriptions set state = 'suspended', suspended_at = now(), suspension_reason = 'unused' where id = $1", &[number.uuid()]).await;
    let invoice = only(&customer, "2026-10").await;
    assert_eq!((invoice.total.minor, invoice.state), (100, InvoiceState::Sent));
    let rent = invoice.of(LineKind::Rental).next().unwrap();
    assert_eq!(rent.period_text().as_deref(), Some("1 Oct 2026 to 31 Oct 2026, in arrears"));
}
