//! The calls behind a line: in pages, and all of them as a file.

use super::{
    fixture::{Customer, USUAL, at, dec},
    invoices::only,
};
use futures::TryStreamExt;
use rust_decimal::Decimal;
use std::collections::HashSet;
use voxlink_domain::{
    Actor,
    billing::{
        invoices::{CallFile, CallsOf, InvoiceError, LineKind, call_file, calls_behind},
        usage::Span,
    },
};
use voxlink_testkit::TestPlatform;
use voxlink_types::{
    PageRequest,
    ids::{InvoiceLineId, NumberId},
};

/// Rated calls by plain SQL: many, some of them at the same second.
async fn many_calls(customer: &Customer<'_>, number: NumberId, count: i32) {
    let owner = &customer.test.platform.db().owner;
    for month in [at(2026, 10, 1, 0, 0), at(2026, 11, 1, 0, 0)] {
        sqlx::query("select make_month_partitions($1::date)")
            .bind(month)
            .execute(owner)
            .await
            .unwrap();
    }
    sqlx::query(
        "with calls as (
             insert into call_records (id, tenant_id, subscription_id, carrier, carrier_call_id, from_number, to_number,
                 direction, status, started_at, duration_seconds)
             select gen_random_uuid(), $1, $2, 'local', 'many-' || n, '+12025550123', '+12025550124', 'inbound',
                 'completed', timestamptz '2026-10-01 00:00:00Z' + make_interval(secs => n / 3), 10
             from generate_series(1, $3) n returning id, started_at)
         insert into usage_records (id, tenant_id, billing_account_id, kind, source, subscription_id, occurred_at,
             raw_quantity, quantity, unit, unit_price, cost, currency, derivation)
         select gen_random_uuid(), $1, a.id, 'voice_minutes', 'call:' || c.id, $2, c.started_at, 1, 1, 'minute',
             0.0085, 0.0085, 'USD',
             jsonb_build_object('direction', 'inbound', 'increments', '60/60', 'raw_seconds', 10, 'billed_seconds', 60)
         from calls c join billing_accounts a on a.tenant_id = $1",
    )
    .bind(customer.tenant.uuid())
    .bind(number.uuid())
    .bind(count)
    .execute(owner)
    .await
    .unwrap();
}

fn file(customer: &Customer<'_>, of: CallsOf) -> CallFile {
    let (platform, tenant) = (customer.test.platform.clone(), customer.tenant);
    CallFile { platform, tenant, actor: Actor::System("test"), of }
}

/// The rows of a file, without its header.
async fn rows(wanted: CallFile) -> Vec<Vec<String>> {
    let bytes: Vec<u8> = call_file(wanted).try_concat().await.unwrap();
    let mut reader = csv::Reader::from_reader(&bytes[..]);
    assert_eq!(reader.headers().unwrap().iter().next(), Some("call"));
    reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn many_calls_are_read_in_pages_and_as_a_file_that_adds_up() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Many").await;
    let number = customer.number("+12025550101", USUAL, at(2026, 9, 1, 0, 0)).await;
    many_calls(&customer, number, 5_001).await;
    let invoice = only(&customer, "2026-10").await;
    let line = invoice.of(LineKind::Usage).next().unwrap();
    assert_eq!(line.exact, dec("42.5085"));

    let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
    let mut seen = HashSet::new();
    for page in [1, 2, 50, 51] {
        let request = PageRequest::new(page, 100);
        let calls = calls_behind(&mut cx, invoice.id, line.id, request).await.unwrap();
        assert_eq!((calls.total, calls.pages()), (5_001, 51));
        assert_eq!(calls.rows.len(), if page == 51 { 1 } else { 100 });
        assert!(calls.rows.is_sorted_by_key(|c| c.started_at));
        assert!(calls.rows.iter().all(|c| seen.insert(c.call)), "a call on two pages");
    }
    drop(cx);
    let span = Span { from: at(2026, 10, 1, 0, 0), to: at(2026, 11, 1, 0, 0) };
    for of in [CallsOf::Line(invoice.id, line.id), CallsOf::Span(span, Some(number))] {
        let rows = rows(file(&customer, of)).await;
        let calls: HashSet<&String> = rows.iter().map(|r| &r[0]).collect();
        assert_eq!((rows.len(), calls.len()), (5_001, 5_001), "each call once");
        let cost: Decimal = rows.iter().map(|r| dec(&r[8])).sum();
        assert_eq!(cost, line.exact);
    }
}

#[tokio::test]
async fn a_call_whose_record_is_gone_ends_no_file() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Gone").await;
    let number = customer.number("+12025550101", USUAL, at(2026, 9, 1, 0, 0)).await;
    many_calls(&customer, number, 2_500).await;
    let invoice = only(&customer, "2026-10").await;
    let line = invoice.of(LineKind::Usage).next().unwrap();
    sqlx::query("delete from call_records where carrier_call_id = 'many-7'")
        .execute(&test.platform.db().owner)
        .await
        .unwrap();
    let span = Span { from: at(2026, 10, 1, 0, 0), to: at(2026, 11, 1, 0, 0) };
    for of in [CallsOf::Line(invoice.id, line.id), CallsOf::Span(span, None)] {
        let rows = rows(file(&customer, of)).await;
        assert_eq!((rows.len(), rows.iter().filter(|r| r[2].is_empty()).count()), (2_500, 1));
        let cost: Decimal = rows.iter().map(|r| dec(&r[8])).sum();
        assert_eq!(cost, line.exact, "the file adds up to what was billed");
    }
}

#[tokio::test]
async fn nobody_reads_the_calls_behind_anothers_line() {
    let test = TestPlatform::new().await;
    let theirs = Customer::new(&test, "Theirs").await;
    let number = theirs.number("+12025550101", USUAL, at(2026, 9, 1, 0, 0)).await;
    theirs.rated_call(number, at(2026, 10, 3, 12, 0), 60).await;
    let invoice = only(&theirs, "2026-10").await;
    let line = invoice.of(LineKind::Usage).next().unwrap().id;
    let ours = Customer::new(&test, "Ours").await;
    for line in [line, InvoiceLineId::new(1)] {
        let read = call_file(file(&ours, CallsOf::Line(invoice.id, line))).try_concat().await;
        assert!(matches!(read, Err(InvoiceError::NotFound)));
    }
}
