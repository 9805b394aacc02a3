//! The PDF: complete, readable, the same every time.

use super::{
    fixture::{Customer, USUAL, at},
    invoices::{only, until},
};
use std::process::Command;
use voxlink_domain::billing::pdf::render;
use voxlink_testkit::TestPlatform;

/// The text of a PDF as poppler reads it, or nothing where poppler is not installed.
fn text_of(pdf: &[u8]) -> Option<String> {
    let path = std::env::temp_dir().join(format!("voxlink-{}.pdf", uuid::Uuid::now_v7()));
    std::fs::write(&path, pdf).unwrap();
    let read = Command::new("pdftotext")
        .args(["-layout".as_ref(), path.as_os_str(), "-".as_ref()])
        .output();
    std::fs::remove_file(&path).unwrap();
    read.ok().map(|done| String::from_utf8(done.stdout).unwrap())
}

#[tokio::test]
async fn the_pdf_has_every_line_and_the_sums_and_is_the_same_every_time() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Zoë Łukasz & Söhne GmbH").await;
    customer.address("US", "MA").await;
    let bought = customer.bought("+16175550101", at(2026, 11, 16, 15, 0), 100, 6).await;
    customer.rated_call(bought, at(2026, 11, 17, 15, 0), 61).await;
    for n in 0..90 {
        let number = customer.number(&format!("+1202555{n:04}"), USUAL, at(2026, 9, 1, 0, 0)).await;
        customer.rated_call(number, at(2026, 11, 3, 12, n % 60), 60 * n + 1).await;
    }
    until(&test, at(2026, 12, 1, 0, 0));
    let invoice = only(&customer, "2026-11").await;
    let pdf = render(&invoice).unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    assert_eq!(pdf, render(&invoice).unwrap());
    let Some(text) = text_of(&pdf) else { return };
    let pages = text.matches("Page ").count();
    assert!(pages > 3, "{pages} pages");
    assert!(text.contains(&format!("Page {pages} of {pages}")));
    for part in [&invoice.number, &invoice.bill_to.name, &invoice.seller.name] {
        assert!(text.contains(part.as_str()), "{part}");
    }
    for amount in [invoice.subtotal, invoice.tax, invoice.total] {
        assert!(text.contains(&amount.to_string()), "{amount}");
    }
    for line in &invoice.lines {
        // A long description goes on in the next row.
        let begins: String = line.description.chars().take(24).collect();
        let amount = line.amount.to_string();
        let row = text.lines().find(|row| row.contains(&begins) && row.contains(&amount));
        assert!(row.is_some(), "no line “{}” with {amount}", line.description);
    }
}
