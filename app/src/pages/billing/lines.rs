//! The lines of an invoice and their sums, as page: of one that is issued and of the one to come.

use crate::ui::{Amount, Cell, Table};
use leptos::prelude::*;
use voxlink_domain::billing::invoices::{Invoice, Line, LineKind};
use voxlink_types::{Money, ids::InvoiceId};

/// Whether a line stands under a heading.
type Belongs = Box<dyn Fn(&Line) -> bool>;

/// The lines by group. With an invoice, a usage line leads to its calls.
pub(super) fn groups(lines: &[Line], invoice: Option<InvoiceId>) -> impl IntoView + use<> {
    let new = |kinds: &'static [LineKind]| move |l: &Line| !l.prepaid() && kinds.contains(&l.kind);
    let prepaid: Belongs = Box::new(Line::prepaid);
    let groups: [(&str, Belongs); 6] = [
        ("Bought in this period", prepaid),
        ("Rent", Box::new(new(&[LineKind::Rental]))),
        ("Set-up and adjustments", Box::new(new(&[LineKind::Setup, LineKind::Adjustment]))),
        ("Usage", Box::new(new(&[LineKind::Usage]))),
        ("Discounts", Box::new(new(&[LineKind::Discount]))),
        ("Taxes and recovery fees", Box::new(new(&[LineKind::Tax]))),
    ];
    groups
        .into_iter()
        .filter_map(|(title, belongs)| {
            let lines: Vec<&Line> = lines.iter().filter(|l| belongs(l)).collect();
            (!lines.is_empty()).then(|| group(title, &lines, invoice))
        })
        .collect_view()
}

fn group(
    title: &'static str,
    lines: &[&Line],
    invoice: Option<InvoiceId>,
) -> impl IntoView + use<> {
    // A tax has a base and a rate where a thing has a quantity and a price.
    let taxes = lines.iter().all(|line| line.kind == LineKind::Tax);
    let (many, each) = if taxes { ("Base", "Rate") } else { ("Quantity", "Price") };
    let rows = lines
        .iter()
        .map(|line| {
            let description = line.text();
            let order = line.derivation.get("order").and_then(|o| o.as_str()).map(|order| {
                view! { <a class="link no-print ms-2 text-sm" href=format!("/orders/{order}")>"Order"</a> }
            });
            let period = line.period_text();
            let period = period.map(|days| view! { <span class="block text-sm text-muted">{days}</span> });
            let calls = invoice.filter(|_| line.kind == LineKind::Usage).map(|invoice| {
                let href = format!("/billing/invoices/{invoice}/lines/{}", line.id);
                view! { <a class="link no-print ms-2 text-sm" href=href>"See the calls"</a> }
            });
            let (quantity, price, amount) = (line.quantity_text(), line.price_text(), line.amount);
            view! {
                <tr>
                    <Cell label="Description">
                        <div class="min-w-0">{description} {order} {calls} {period}</div>
                    </Cell>
                    <Cell label=many amount=true>{quantity}</Cell>
                    <Cell label=each amount=true>{price}</Cell>
                    <Cell label="Amount" amount=true><Amount money=amount /></Cell>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="mb-6">
            <h2 class="mb-2 text-lg font-semibold">{title}</h2>
            <Table caption=title>
                <thead>
                    <tr>
                        <th scope="col">"Description"</th>
                        <th scope="col" class="amount">{many}</th>
                        <th scope="col" class="amount">{each}</th>
                        <th scope="col" class="amount">"Amount"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
        </section>
    }
}

/// Subtotal to what is left to pay.
pub(super) fn sums(invoice: &Invoice, left: Money) -> impl IntoView + use<> {
    let minus = |money: Money| Money::new(-money.minor, money.currency);
    let discount = (invoice.discount.minor != 0)
        .then(|| line("Discounts".to_owned(), minus(invoice.discount), false));
    let payments = invoice
        .of(LineKind::Payment)
        .map(|l| line(l.description.clone(), l.amount, false))
        .collect_view();
    let later = invoice
        .later
        .iter()
        .map(|p| {
            let day = p.at.with_timezone(&invoice.zone).format("%-d %b %Y");
            line(format!("{}, {day}", p.description), minus(p.amount), false)
        })
        .collect_view();
    let last = if left.minor > 0 { "Left to pay" } else { "Nothing is left to pay" };
    view! {
        <dl class="ms-auto flex max-w-md flex-col gap-2 tabular-nums">
            {line("Subtotal".to_owned(), invoice.subtotal, false)}
            {discount}
            {line("Taxes and recovery fees".to_owned(), invoice.tax, false)}
            {line(format!("Total {}", invoice.total.currency), invoice.total, true)}
            {payments} {later}
            {line(last.to_owned(), left, true)}
        </dl>
    }
}

/// One sum with its name.
pub(super) fn line(label: String, money: Money, strong: bool) -> impl IntoView {
    let class = if strong {
        "flex justify-between gap-8 border-t border-base-300 pt-2 font-semibold"
    } else {
        "flex justify-between gap-8"
    };
    view! { <div class=class><dt>{label}</dt><dd><Amount money=money /></dd></div> }
}
