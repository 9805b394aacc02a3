//! The table of rates: by place and by day.

use super::fixture::{Customer, dec};
use chrono::NaiveDate;
use voxlink_domain::billing::{
    address::{self, Address},
    tax::{Base, Place, TaxedKind, for_amounts, place_of},
};
use voxlink_testkit::TestPlatform;
use voxlink_types::{Currency, error::Explain};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn place(country: &str, region: Option<&str>, has_vat_number: bool) -> Place {
    Place {
        country: country.to_owned(),
        region: region.map(str::to_owned),
        has_vat_number,
        seller_country: "US".to_owned(),
    }
}

#[tokio::test]
async fn each_place_has_its_own_taxes() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Taxed").await;
    let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
    let bases = [
        Base { kind: TaxedKind::Rental, exact: dec("100") },
        Base { kind: TaxedKind::Usage, exact: dec("10") },
    ];
    for (place, lines) in [
        (place("US", Some("MA"), false), vec![244, 688]),
        (place("US", None, false), vec![244]),
        (place("CA", Some("ON"), false), vec![1430]),
        (place("CA", Some("BC"), false), vec![770, 550]),
        (place("DE", None, false), vec![2090]),
        (place("DE", None, true), vec![0]),
        (place("IE", None, false), vec![2530]),
        (place("GB", None, false), vec![2200]),
        (place("NL", None, false), vec![2310]),
        (place("SE", None, false), vec![2750]),
        (place("FR", None, false), vec![]),
    ] {
        let taxes =
            for_amounts(&mut cx, &place, day("2026-11-30"), Currency::Usd, &bases).await.unwrap();
        let amounts: Vec<_> = taxes.lines.iter().map(|l| l.amount.minor).collect();
        assert_eq!(amounts, lines, "{place:?}");
    }
}

#[tokio::test]
async fn a_rate_holds_from_its_first_day_to_the_day_before_its_last() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Dated").await;
    let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
    let base = [Base { kind: TaxedKind::Usage, exact: dec("1000") }];
    let us = place("US", None, false);
    for (on, minor) in [
        ("2024-12-31", 0),
        ("2025-09-30", 23_360),
        ("2025-10-01", 24_730),
        ("2026-09-30", 24_730),
        ("2026-10-01", 24_400),
    ] {
        let taxes = for_amounts(&mut cx, &us, day(on), Currency::Usd, &base).await.unwrap();
        assert_eq!(taxes.total.minor, minor, "{on}");
    }
}

#[tokio::test]
async fn the_billing_address_decides_then_the_country_of_registration() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Placed").await;
    let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
    assert_eq!(place_of(&mut cx, customer.tenant).await.unwrap(), place("US", None, false));
    sqlx::query("update billing_accounts set billing_address = '{\"country\":\"de\",\"region\":\" \"}', vat_number = 'DE129273398'")
        .execute(cx.tx())
        .await
        .unwrap();
    assert_eq!(place_of(&mut cx, customer.tenant).await.unwrap(), place("DE", None, true));
}

#[tokio::test]
async fn an_address_elsewhere_does_not_keep_the_vat_number_of_before() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Moved").await;
    let mut cx = test.platform.work_for(customer.tenant, "test").await.unwrap();
    sqlx::query("update billing_accounts set vat_number = 'DE129273398'")
        .execute(cx.tx())
        .await
        .unwrap();
    let at = |country: &str, postal_code: &str| Address {
        line1: "1 Main Street".to_owned(),
        city: "Town".to_owned(),
        postal_code: postal_code.to_owned(),
        country: country.to_owned(),
        ..Address::default()
    };
    let refused = address::set(&mut cx, &at("FR", "75001")).await.unwrap_err();
    assert_eq!(refused.fields()[0].field, "country");
    for (bad, field) in [
        (at("US", "02108"), "region"),
        (at("ZZ", "1"), "country"),
        (at("DE", "ABCDE"), "postal_code"),
    ] {
        let refused = address::set(&mut cx, &bad).await.unwrap_err();
        assert_eq!(refused.fields()[0].field, field);
    }
    address::set(&mut cx, &at("DE", "10115")).await.unwrap();
}
