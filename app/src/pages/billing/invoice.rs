//! One invoice: readable, printable, and every usage line opens down to its calls.

use super::{file, id};
use crate::{
    Answer, App, Flash, Screen,
    access::{Manager, Person, Viewer},
    layout::Place,
    ui::{
        Amount, Badge, ButtonForm, ButtonKind, Card, Cell, Fact, Facts, Rate, Stateful, Table,
        When, WhenStyle,
    },
};
use axum::extract::{Path, State};
use leptos::prelude::*;
use std::collections::HashMap;
use voxlink_domain::billing::{
    invoices::{self, Invoice, Line, LineKind, calls_behind, settle_from_credit},
    journal::available_credit,
    pdf::render,
    usage::RatedCall,
};
use voxlink_types::{
    Money,
    error::Explain,
    ids::{InvoiceId, InvoiceLineId},
    role::TenantRole,
};

type Calls = HashMap<InvoiceLineId, Vec<RatedCall>>;

pub(super) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(text): Path<String>,
) -> Answer {
    let mut cx = viewer.begin(&app.platform).await?;
    let invoice = invoices::open(&mut cx, id(&text)?).await?;
    let mut calls = Calls::new();
    for line in invoice.of(LineKind::Usage) {
        calls.insert(line.id, calls_behind(&mut cx, invoice.id, line.id).await?);
    }
    let tenant = cx.tenant();
    let credit = available_credit(&mut cx, tenant, invoice.total.currency).await?;
    cx.commit().await?;
    let may_pay = viewer
        .member()
        .is_some_and(|m| m.tenant_role >= TenantRole::Manager && m.suspended.is_none());
    Screen::new(format!("Invoice {}", invoice.number))
        .at(Place::Billing)
        .under("Billing", "/billing")
        .under("Invoices", "/billing/invoices")
        .render(&app, &viewer, move || page(&invoice, &calls, credit, may_pay))
        .await
}

pub(super) async fn pdf(
    State(app): State<App>,
    viewer: Viewer,
    Path(text): Path<String>,
) -> Answer {
    let mut cx = viewer.begin(&app.platform).await?;
    let invoice = invoices::open(&mut cx, id(&text)?).await?;
    cx.commit().await?;
    let name = format!("{}.pdf", invoice.number);
    Ok(file(render(&invoice)?, "application/pdf", "inline", &name))
}

pub(super) async fn pay(
    State(app): State<App>,
    manager: Manager,
    Path(text): Path<String>,
) -> Answer {
    let invoice: InvoiceId = id(&text)?;
    let back = format!("/billing/invoices/{invoice}");
    let mut cx = manager.begin(&app.platform).await?;
    match settle_from_credit(&mut cx, invoice).await {
        Ok(settled) => {
            cx.commit().await?;
            let said = if settled.left.minor > 0 {
                format!(
                    "{} paid from your balance; {} is left to pay.",
                    settled.taken, settled.left
                )
            } else {
                format!("{} paid from your balance. Nothing is left to pay.", settled.taken)
            };
            Ok(Flash::success(said).then(&back))
        }
        Err(error) if matches!(error.code(), "invoice_paid" | "no_credit") => {
            Ok(Flash::warning(error.to_string()).then(&back))
        }
        Err(error) => Err(error.into()),
    }
}

fn page(invoice: &Invoice, calls: &Calls, credit: Money, may_pay: bool) -> impl IntoView + use<> {
    let (word, tone) = invoice.state.badge();
    let left = invoice.left().unwrap_or(invoice.total);
    let pdf = format!("/billing/invoices/{}/pdf", invoice.id);
    let payable = left.minor > 0 && credit.minor > 0 && may_pay;
    let pay = payable.then(|| {
        let amount = Money::new(left.minor.min(credit.minor), left.currency);
        view! {
            <ButtonForm action=format!("/billing/invoices/{}/pay", invoice.id) kind=ButtonKind::Primary>
                {format!("Pay {amount} from your balance")}
            </ButtonForm>
        }
    });
    let top_up = (left.minor > credit.minor.max(0) && may_pay).then(|| {
        view! { <a class="btn btn-outline border-line" href="/billing/top-up">"Top up"</a> }
    });
    let due = invoice.due_on.map(|d| {
        view! { <Fact name="Due">{d.format("%-d %B %Y").to_string()}</Fact> }
    });
    let period = format!(
        "{} to {}",
        invoice.from.format("%-d %B %Y"),
        invoice.last_day().format("%-d %B %Y")
    );
    let registrations =
        invoice.seller.registrations.iter().map(|r| format!("{} {}", r.label, r.value)).collect();
    let from = party("From", &invoice.seller.name, invoice.seller.address.lines(), registrations);
    let to = &invoice.bill_to;
    let billed_to = party("Billed to", &to.name, to.address.lines(), numbers_of(invoice));
    let (number, issued_at) = (invoice.number.clone(), invoice.issued_at);
    view! {
        <div class="no-print mb-6 flex flex-wrap items-center gap-3">
            <Badge text=word tone=tone />
            <span class="grow"></span>
            {pay} {top_up}
            <a class="btn btn-outline border-line" href=pdf>
                <span class="icon-[lucide--file-text]" aria-hidden="true"></span>
                "Open as PDF"
            </a>
        </div>
        <div class="mb-6 grid grid-cols-1 gap-6 md:grid-cols-3">
            {from} {billed_to}
            <Card title="About">
                <Facts>
                    <Fact name="Number">{number}</Fact>
                    <Fact name="Issued"><When at=issued_at style=WhenStyle::Day /></Fact>
                    <Fact name="Period">{period}</Fact>
                    {due}
                </Facts>
            </Card>
        </div>
        {groups(invoice, calls)}
        {sums(invoice, left)}
        <p class="mt-6 text-sm text-muted">{invoice.payment_terms.clone()}</p>
        <p class="mt-1 text-sm text-muted">
            {format!("Days are days of {}. Amounts are rounded half-up: calls at 8 decimals, lines and taxes to the currency's unit.", invoice.zone.name())}
        </p>
    }
}

fn numbers_of(invoice: &Invoice) -> Vec<String> {
    let to = &invoice.bill_to;
    [("VAT", &to.vat_number), ("Tax number", &to.tax_id)]
        .into_iter()
        .filter_map(|(label, value)| {
            value.as_ref().filter(|v| !v.is_empty()).map(|v| format!("{label} {v}"))
        })
        .collect()
}

fn party(
    title: &'static str,
    name: &str,
    address: Vec<String>,
    more: Vec<String>,
) -> impl IntoView + use<> {
    let lines = address
        .into_iter()
        .chain(more)
        .map(|line| view! { <span class="block text-muted">{line}</span> })
        .collect_view();
    let name = name.to_owned();
    view! {
        <Card title=title>
            <p><span class="block font-semibold">{name}</span> {lines}</p>
        </Card>
    }
}

/// Whether a line stands under a heading.
type Belongs = Box<dyn Fn(&Line) -> bool>;

fn groups(invoice: &Invoice, calls: &Calls) -> impl IntoView + use<> {
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
            let lines: Vec<&Line> = invoice.lines.iter().filter(|l| belongs(l)).collect();
            (!lines.is_empty()).then(|| group(title, &lines, calls))
        })
        .collect_view()
}

fn group(title: &'static str, lines: &[&Line], calls: &Calls) -> impl IntoView + use<> {
    let rows = lines
        .iter()
        .map(|line| {
            let description = line.description.clone();
            let order = line.derivation.get("order").and_then(|o| o.as_str()).map(|order| {
                view! { <a class="link no-print ms-2 text-sm" href=format!("/orders/{order}")>"Order"</a> }
            });
            let behind = calls.get(&line.id).filter(|c| !c.is_empty()).map(|c| behind(c));
            let (quantity, price, amount) = (line.quantity_text(), line.price_text(), line.amount);
            view! {
                <tr>
                    <Cell label="Description">
                        <div class="min-w-0">{description} {order} {behind}</div>
                    </Cell>
                    <Cell label="Quantity" amount=true>{quantity}</Cell>
                    <Cell label="Price" amount=true>{price}</Cell>
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
                        <th scope="col" class="amount">"Quantity"</th>
                        <th scope="col" class="amount">"Price"</th>
                        <th scope="col" class="amount">"Amount"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </Table>
        </section>
    }
}

/// The calls of a usage line, folded; they add up to its exact amount.
fn behind(calls: &[RatedCall]) -> impl IntoView + use<> {
    let exact: rust_decimal::Decimal = calls.iter().map(|c| c.cost).sum();
    let currency = calls.first().map(|c| c.currency);
    let items = calls
        .iter()
        .map(|c| {
            let how = format!(
                "{} → {}, {} s answered, {} s billed at {}",
                c.from, c.to, c.raw_seconds, c.billed_seconds, c.increments
            );
            view! {
                <li class="flex flex-wrap items-baseline gap-x-3 py-1">
                    <a class="link" href=format!("/calls/{}", c.call)><When at=c.started_at style=WhenStyle::Seconds /></a>
                    <span class="grow">{how}</span>
                    <Rate rate=c.cost currency=c.currency />
                </li>
            }
        })
        .collect_view();
    let sum = currency.map(|currency| {
        view! { <p class="mt-1 font-medium">"Exactly " <Rate rate=exact currency=currency /></p> }
    });
    view! {
        <details class="no-print mt-1 text-sm">
            <summary class="cursor-pointer text-muted">"Show the calls"</summary>
            <ul class="mt-1 max-h-96 overflow-y-auto" tabindex="0" aria-label="Calls behind this line">{items}</ul>
            {sum}
        </details>
    }
}

fn sums(invoice: &Invoice, left: Money) -> impl IntoView + use<> {
    let line = |label: String, money: Money, strong: bool| {
        let class = if strong {
            "flex justify-between gap-8 border-t border-base-300 pt-2 font-semibold"
        } else {
            "flex justify-between gap-8"
        };
        view! { <div class=class><dt>{label}</dt><dd><Amount money=money /></dd></div> }
    };
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
