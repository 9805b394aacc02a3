//! The invoice as a PDF, as it was issued: the same bytes every time, its text selectable, A4 or
//! Letter by the customer's country. Payments that come later do not change it. Every page after
//! the first repeats whose invoice it is and the heads of the columns.

mod face;
mod sheet;

use super::invoices::{Invoice, Line, LineKind};
use crate::Fault;
use chrono::{DateTime, Datelike, Timelike, Utc};
use krilla::{
    Document,
    metadata::{DateTime as PdfDate, Metadata},
};
use sheet::{Align, Ink, Sheet, Weight};
use voxlink_types::Money;

/// Where the columns of the table end, from the right edge: quantity, unit price, amount.
const COLUMNS: [f32; 3] = [168.0, 88.0, 0.0];
/// What the description leaves to the columns.
const COLUMNS_WIDTH: f32 = 262.0;

/// Where people print on Letter; elsewhere it is A4.
const LETTER: [&str; 12] = ["US", "CA", "MX", "PR", "PH", "CL", "CO", "VE", "GT", "CR", "PA", "DO"];

/// A name for the head of a page.
fn shortened(name: &str) -> String {
    let mut short: String = name.chars().take(48).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

/// Renders an issued invoice.
pub fn render(invoice: &Invoice) -> Result<Vec<u8>, Fault> {
    let country = match invoice.bill_to.address.country.as_str() {
        "" => invoice.seller.address.country.as_str(),
        country => country,
    };
    let carried = (format!("Invoice {}", invoice.number), shortened(&invoice.bill_to.name));
    let mut sheet = Sheet::new(LETTER.contains(&country), carried)?;
    head(&mut sheet, invoice);
    table(&mut sheet, invoice);
    totals(&mut sheet, invoice);

    let mut document = Document::new();
    document.set_metadata(
        Metadata::new()
            .title(format!("Invoice {}", invoice.number))
            .authors(vec![invoice.seller.name.clone()])
            .creator("VoxLink".to_owned())
            .language("en".to_owned())
            .document_id(invoice.id.to_string())
            .creation_date(pdf_date(invoice.issued_at)),
    );
    let foot = format!("{} · Invoice {}", invoice.seller.name, invoice.number);
    sheet.print(&mut document, &foot)?;
    document.finish().map_err(|e| Fault::Internal(format!("PDF of {}: {e:?}", invoice.id)))
}

fn pdf_date(at: DateTime<Utc>) -> PdfDate {
    let part = |n: u32| u8::try_from(n).unwrap_or(0);
    PdfDate::new(u16::try_from(at.year()).unwrap_or(0))
        .month(part(at.month()))
        .day(part(at.day()))
        .hour(part(at.hour()))
        .minute(part(at.minute()))
        .second(part(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

/// Seller and facts of the invoice side by side, then who is billed.
fn head(sheet: &mut Sheet, invoice: &Invoice) {
    let top = sheet.cursor();
    // The right half belongs to the facts.
    let half = sheet.room() / 2.0;
    for piece in sheet.wrap(&invoice.seller.name, 14.0, Weight::Bold, half) {
        sheet.text(0.0, Align::Left, 14.0, Weight::Bold, Ink::Text, &piece);
        sheet.down(18.0);
    }
    let seller = invoice.seller.address.lines().into_iter().chain(invoice.seller.email.clone());
    let registered =
        invoice.seller.registrations.iter().map(|r| format!("{} {}", r.label, r.value));
    let lines = seller.chain(registered);
    for line in lines.flat_map(|l| sheet.wrap(&l, 9.0, Weight::Plain, half)).collect::<Vec<_>>() {
        sheet.text(0.0, Align::Left, 9.0, Weight::Plain, Ink::Quiet, &line);
        sheet.down(12.5);
    }
    let left = sheet.cursor();

    sheet.set_cursor(top);
    sheet.text(0.0, Align::Right, 20.0, Weight::Bold, Ink::Text, "Invoice");
    sheet.down(20.0);
    let zone = invoice.issued_at.with_timezone(&invoice.zone);
    let mut facts = vec![
        ("Number", invoice.number.clone()),
        ("Issued", zone.format("%-d %b %Y").to_string()),
        ("Period", invoice.period_text()),
    ];
    let unpaid = invoice.paid_at_issue() != invoice.total;
    let due = invoice.due_on.filter(|_| unpaid);
    facts.extend(due.map(|d| ("Due", d.format("%-d %b %Y").to_string())));
    for (label, value) in facts {
        sheet.text(150.0, Align::Right, 9.0, Weight::Plain, Ink::Quiet, label);
        sheet.text(0.0, Align::Right, 9.0, Weight::Plain, Ink::Text, &value);
        sheet.down(13.5);
    }
    sheet.set_cursor(left.max(sheet.cursor()));
    sheet.down(20.0);

    let to = &invoice.bill_to;
    sheet.text(0.0, Align::Left, 8.5, Weight::Bold, Ink::Quiet, "Billed to");
    sheet.down(14.0);
    for piece in sheet.wrap(&to.name, 10.0, Weight::Bold, half) {
        sheet.text(0.0, Align::Left, 10.0, Weight::Bold, Ink::Text, &piece);
        sheet.down(13.5);
    }
    let numbers = [("VAT", &to.vat_number), ("Tax number", &to.tax_id)];
    let numbers = numbers.into_iter().filter_map(|(label, value)| {
        value.as_ref().filter(|v| !v.is_empty()).map(|v| format!("{label} {v}"))
    });
    let lines = to.address.lines().into_iter().chain(numbers).chain(to.email.clone());
    for line in lines.flat_map(|l| sheet.wrap(&l, 9.0, Weight::Plain, half)).collect::<Vec<_>>() {
        sheet.text(0.0, Align::Left, 9.0, Weight::Plain, Ink::Quiet, &line);
        sheet.down(12.5);
    }
    sheet.down(16.0);
}

/// Whether a line stands under a heading.
type Belongs = fn(&Line) -> bool;

/// The lines, grouped as on the page.
fn table(sheet: &mut Sheet, invoice: &Invoice) {
    column_heads(sheet);
    let groups: [(&str, Belongs); 6] = [
        ("Bought in this period", Line::prepaid),
        ("Rent", |l| !l.prepaid() && l.kind == LineKind::Rental),
        ("Set-up and adjustments", |l| {
            !l.prepaid() && matches!(l.kind, LineKind::Setup | LineKind::Adjustment)
        }),
        ("Usage", |l| !l.prepaid() && l.kind == LineKind::Usage),
        ("Discounts", |l| !l.prepaid() && l.kind == LineKind::Discount),
        ("Taxes and recovery fees", |l| !l.prepaid() && l.kind == LineKind::Tax),
    ];
    for (title, belongs) in groups {
        let lines: Vec<_> = invoice.lines.iter().filter(|l| belongs(l)).collect();
        if lines.is_empty() || (lines.iter().all(|l| l.kind == LineKind::Payment)) {
            continue;
        }
        // A title never stands alone at the foot of a page.
        room(sheet, 44.0);
        sheet.down(8.0);
        sheet.text(0.0, Align::Left, 9.0, Weight::Bold, Ink::Text, title);
        if lines.iter().all(|l| l.kind == LineKind::Tax) {
            for (end, head) in COLUMNS.into_iter().zip(["Base", "Rate"]) {
                sheet.text(end, Align::Right, 8.5, Weight::Bold, Ink::Quiet, head);
            }
        }
        sheet.down(15.0);
        for line in lines {
            row(sheet, line);
        }
    }
}

fn column_heads(sheet: &mut Sheet) {
    sheet.text(0.0, Align::Left, 8.5, Weight::Bold, Ink::Quiet, "Description");
    for (end, head) in COLUMNS.into_iter().zip(["Quantity", "Price", "Amount"]) {
        sheet.text(end, Align::Right, 8.5, Weight::Bold, Ink::Quiet, head);
    }
    sheet.down(5.0);
    sheet.rule();
    sheet.down(12.0);
}

/// Begins another page, with the heads of the columns, when less than `height` is left.
fn room(sheet: &mut Sheet, height: f32) {
    if sheet.begin_page_unless(height) {
        column_heads(sheet);
    }
}

fn row(sheet: &mut Sheet, line: &Line) {
    let pieces = sheet.wrap(&line.text(), 9.0, Weight::Plain, COLUMNS_WIDTH);
    let period = line.period_text();
    let rows = pieces.len() + usize::from(period.is_some());
    let height = 12.5 * f32::from(u16::try_from(rows).unwrap_or(1));
    room(sheet, height + 4.0);
    let cells = [line.quantity_text(), line.price_text(), line.amount.to_string()];
    for (end, cell) in COLUMNS.into_iter().zip(&cells) {
        sheet.text(end, Align::Right, 9.0, Weight::Plain, Ink::Text, cell);
    }
    for piece in pieces {
        sheet.text(0.0, Align::Left, 9.0, Weight::Plain, Ink::Text, &piece);
        sheet.down(12.5);
    }
    if let Some(days) = period {
        sheet.text(0.0, Align::Left, 8.0, Weight::Plain, Ink::Quiet, &days);
        sheet.down(12.0);
    }
    sheet.down(2.5);
}

/// The sums, then what had been paid and what was left at issue.
fn totals(sheet: &mut Sheet, invoice: &Invoice) {
    let zero = Money::zero(invoice.total.currency);
    let paid = invoice.paid_at_issue();
    let left = Money::new(invoice.total.minor - paid.minor, paid.currency);
    let mut sums = vec![("Subtotal".to_owned(), invoice.subtotal, Weight::Plain)];
    if invoice.discount != zero {
        let given = Money::new(-invoice.discount.minor, zero.currency);
        sums.push(("Discounts".to_owned(), given, Weight::Plain));
    }
    sums.push(("Taxes and recovery fees".to_owned(), invoice.tax, Weight::Plain));
    sums.push((format!("Total {}", invoice.total.currency), invoice.total, Weight::Bold));
    for line in invoice.of(LineKind::Payment) {
        sums.push((line.description.clone(), line.amount, Weight::Plain));
    }
    let due = if left.minor > 0 { "Amount due" } else { "Nothing is due" };
    sums.push((due.to_owned(), left, Weight::Bold));

    sheet.begin_page_unless(f32::from(u16::try_from(sums.len()).unwrap_or(8)) * 15.0 + 60.0);
    sheet.down(4.0);
    sheet.rule();
    sheet.down(16.0);
    for (label, amount, weight) in sums {
        sheet.text(COLUMNS[1] + 10.0, Align::Right, 9.5, weight, Ink::Text, &label);
        sheet.text(0.0, Align::Right, 9.5, weight, Ink::Text, &amount.to_string());
        sheet.down(15.0);
    }
    sheet.down(14.0);
    let note = invoice.reading_text();
    let seller = &invoice.seller;
    let terms = invoice.payment_terms.as_deref().filter(|_| left.minor > 0).unwrap_or_default();
    let bank = if seller.bank.is_empty() {
        String::new()
    } else {
        format!("Bank transfer: {}", seller.bank)
    };
    let quoting = if left.minor > 0 && !bank.is_empty() {
        format!("Please quote {} with your transfer.", invoice.number)
    } else {
        String::new()
    };
    let texts = [terms, &bank, &quoting, &note, &seller.footer];
    let pieces: Vec<_> =
        texts.iter().flat_map(|t| sheet.wrap(t, 8.5, Weight::Plain, 0.0)).collect();
    sheet.begin_page_unless(f32::from(u16::try_from(pieces.len()).unwrap_or(8)) * 12.0);
    for piece in pieces {
        sheet.text(0.0, Align::Left, 8.5, Weight::Plain, Ink::Quiet, &piece);
        sheet.down(12.0);
    }
}
