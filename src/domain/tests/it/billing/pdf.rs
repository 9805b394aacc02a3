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
    read_by("pdftotext", &["-layout", "-"], pdf)
}

/// What one of poppler's commands says of a PDF.
fn read_by(command: &str, arguments: &[&str], pdf: &[u8]) -> Option<String> {
    let (before, after) = arguments.split_at(arguments.len() / 2);
    let path = std::env::temp_dir().join(format!("voxlink-{}.pdf", uuid::Uuid::now_v7()));
    std::fs::write(&path, pdf).unwrap();
    let read = Command::new(command).args(before).arg(&path).args(after).output();
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
    // A no-break space is a space to those who read.
    let plain = |text: &str| text.replace('\u{a0}', " ");
    let Some(text) = text_of(&pdf).as_deref().map(plain) else { return };
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
        let begins: String = plain(&line.text()).chars().take(24).collect();
        let amount = line.amount.to_string();
        let row = text.lines().find(|row| row.contains(&begins) && row.contains(&amount));
        assert!(row.is_some(), "no line “{}” with {amount}", line.description);
    }
}

#[tokio::test]
async fn every_field_every_script_and_both_papers_are_printed() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Scripts").await;
    customer.number("+12025550101", USUAL, at(2026, 9, 1, 0, 0)).await;
    until(&test, at(2026, 12, 1, 0, 0));
    let mut invoice = only(&customer, "2026-11").await;
    invoice.seller.bank = "Example Bank, IBAN DE02 1203 0000 0000 2020 51".to_owned();
    invoice.seller.footer = "Amtsgericht Charlottenburg HRB 1".to_owned();
    invoice.bill_to.vat_number = Some("DE129273398".to_owned());
    for (name, country, width) in [
        ("ООО Ромашка", "US", "612"),
        ("Ελληνική Εταιρεία", "GR", "595"),
        ("株式会社東京電話", "JP", "595"),
        ("한국전력공사", "KR", "595"),
        ("חברת הטלפונים", "IL", "595"),
    ] {
        invoice.bill_to.name = name.to_owned();
        invoice.bill_to.address.country = country.to_owned();
        let pdf = render(&invoice).unwrap();
        let Some(text) = text_of(&pdf) else { return };
        let facts = read_by("pdfinfo", &[], &pdf).unwrap();
        let paper = format!("Page size:       {width}");
        assert!(facts.contains(&paper), "{country} is not on {paper}: {facts}");
        // Right-to-left text is read back in either order.
        let letters = |t: &str| t.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let back: String = letters(name).chars().rev().collect();
        let read = letters(&text);
        assert!(read.contains(&letters(name)) || read.contains(&back), "{name} in {text}");
        for part in [
            &invoice.seller.bank,
            &invoice.seller.footer,
            "VAT DE129273398",
            "in arrears",
            "Please quote VL-",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}

#[tokio::test]
async fn a_long_invoice_carries_its_head_and_long_names_stay_on_the_page() {
    let test = TestPlatform::new().await;
    let customer = Customer::new(&test, "Long").await;
    for n in 0..90 {
        customer.number(&format!("+1202555{n:04}"), USUAL, at(2026, 9, 1, 0, 0)).await;
    }
    until(&test, at(2026, 12, 1, 0, 0));
    let mut invoice = only(&customer, "2026-11").await;
    invoice.bill_to.name = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft mit beschränkter Haftung".to_owned();
    invoice.seller.name = invoice.bill_to.name.clone();
    let Some(text) = text_of(&render(&invoice).unwrap()) else { return };
    let pages: Vec<&str> = text.split('\u{c}').filter(|p| !p.trim().is_empty()).collect();
    assert!(pages.len() > 2, "{} pages", pages.len());
    for page in &pages[1..] {
        let head = page.lines().find(|l| !l.trim().is_empty()).unwrap();
        assert!(head.contains(&format!("Invoice {}", invoice.number)), "{head}");
        assert!(head.contains("Donaudampfschiff"), "{head}");
    }
    assert!(text.contains("Haftung"), "the end of the name is there");
}
