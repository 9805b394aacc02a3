//! The seller: kept by administrators, frozen on every invoice, one series of numbers per prefix.

use super::{
    fixture::{Customer, USUAL, at},
    invoices::{bill, books_hold, only, read, until},
};
use voxlink_domain::billing::{
    address::Address,
    invoices::Registration,
    seller::{Seller, SellerError, get, save},
};
use voxlink_testkit::TestPlatform;
use voxlink_types::error::Explain;

fn typed() -> Seller {
    Seller {
        name: " Rufnummern GmbH ".to_owned(),
        address: Address {
            line1: "Hauptstraße 1".to_owned(),
            city: "Berlin".to_owned(),
            postal_code: "10115".to_owned(),
            country: "de".to_owned(),
            ..Address::default()
        },
        email: "rechnung@example.de".to_owned(),
        registrations: vec![Registration {
            label: "USt-IdNr.".to_owned(),
            value: "DE129273398".to_owned(),
        }],
        bank: "IBAN DE02 1203 0000 0000 2020 51".to_owned(),
        payment_terms: "Zahlbar in 30 Tagen.".to_owned(),
        payment_days: 30,
        invoice_prefix: "rg".to_owned(),
        footer: "Amtsgericht Charlottenburg HRB 1".to_owned(),
    }
}

async fn saved(test: &TestPlatform, seller: &Seller) -> Result<Seller, SellerError> {
    let mut cx = test.platform.work("test").await.unwrap();
    let saved = save(&mut cx, seller).await?;
    cx.commit().await.unwrap();
    Ok(saved)
}

#[tokio::test]
async fn an_invoice_keeps_the_seller_it_was_issued_with() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Frozen").await;
    customer.number("+12025550101", USUAL, at(2026, 9, 1, 0, 0)).await;
    let october = only(&customer, "2026-10").await;
    assert_eq!(saved(&test, &typed()).await.unwrap().name, "Rufnummern GmbH");
    until(&test, at(2026, 12, 1, 0, 0));
    let november = only(&customer, "2026-11").await;
    assert_eq!(read(&customer, october.id).await.seller, october.seller);
    assert_eq!((october.number.as_str(), november.number.as_str()), ("VL-00000001", "RG-00000001"));
    let seller = &november.seller;
    assert_eq!((seller.name.as_str(), seller.address.country.as_str()), ("Rufnummern GmbH", "DE"));
    assert_eq!(seller.bank, "IBAN DE02 1203 0000 0000 2020 51");
    assert_eq!(seller.footer, "Amtsgericht Charlottenburg HRB 1");
    assert_eq!(november.due_on.unwrap().to_string(), "2026-12-31");
    // Back to the first prefix: its series goes on.
    saved(&test, &Seller { invoice_prefix: "VL".to_owned(), ..typed() }).await.unwrap();
    until(&test, at(2027, 1, 1, 0, 0));
    assert_eq!(only(&customer, "2026-12").await.number, "VL-00000002");
    assert_eq!(bill(&customer, "2026-12").await.already, 1);
    books_hold(&test).await;

    let told: Vec<(String, String)> = sqlx::query_as(
        "select action, new_values->>'invoice_prefix' from audit_log where action like 'seller.%' order by seq",
    )
    .fetch_all(&test.platform.db().owner)
    .await
    .unwrap();
    let change = |prefix: &str| ("seller.change".to_owned(), prefix.to_owned());
    assert_eq!(told, [change("RG"), change("VL")]);
}

#[tokio::test]
async fn a_customer_reads_the_seller_and_cannot_change_it() {
    let test = TestPlatform::new().await;
    let (tenant, _) = test.tenant("Reader").await;
    let seller = saved(&test, &typed()).await.unwrap();
    let mut cx = test.platform.work_for(tenant, "test").await.unwrap();
    assert_eq!(get(&mut cx).await.unwrap(), seller);
    sqlx::query("update sellers set name = 'Mine'").execute(cx.tx()).await.unwrap_err();
}

#[tokio::test]
async fn what_an_invoice_could_not_print_is_refused_by_field() {
    let test = TestPlatform::new().await;
    let mut cx = test.platform.work("test").await.unwrap();
    let before = get(&mut cx).await.unwrap();
    drop(cx);
    let long = "x".repeat(501);
    let broken: [(&str, Seller); 8] = [
        ("name", Seller { name: "  ".to_owned(), ..typed() }),
        (
            "country",
            Seller { address: Address { country: String::new(), ..typed().address }, ..typed() },
        ),
        ("email", Seller { email: "nobody".to_owned(), ..typed() }),
        (
            "registrations",
            Seller {
                registrations: vec![Registration {
                    label: "EIN".to_owned(),
                    value: " ".to_owned(),
                }],
                ..typed()
            },
        ),
        ("payment_terms", Seller { payment_terms: String::new(), ..typed() }),
        ("payment_days", Seller { payment_days: 366, ..typed() }),
        ("invoice_prefix", Seller { invoice_prefix: "R-1".to_owned(), ..typed() }),
        ("footer", Seller { footer: long, ..typed() }),
    ];
    for (field, seller) in broken {
        let error = saved(&test, &seller).await.unwrap_err();
        assert_eq!(error.fields().first().map(|f| f.field.clone()).as_deref(), Some(field));
    }
    let mut cx = test.platform.work("test").await.unwrap();
    assert_eq!(get(&mut cx).await.unwrap(), before);
}
