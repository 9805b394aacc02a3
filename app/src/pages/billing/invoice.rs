//! One invoice: readable, printable, payable.

use super::{file, id, lines};
use crate::{
    Answer, App, Flash, Screen,
    access::{Manager, Person, Viewer},
    flash::Tone,
    layout::Place,
    ui::{Badge, ButtonForm, ButtonKind, Card, Fact, Facts, Notice, Stateful, When, WhenStyle},
};
use axum::{
    extract::{Form as Sent, Path, State},
    response::{IntoResponse, Redirect},
};
use leptos::prelude::*;
use serde::Deserialize;
use voxlink_domain::billing::{
    invoices::{self, Invoice, begin_payment, settle_from_credit},
    journal::available_credit,
    payments,
    pdf::render,
};
use voxlink_types::{Money, error::Explain, ids::InvoiceId, order::InvoiceState, role::TenantRole};

/// How the invoice can be paid by this person, now.
struct Ways {
    /// May pay at all.
    may: bool,
    /// What the balance has.
    credit: Money,
    /// Processors: key and name.
    processors: Vec<(String, String)>,
}

/// Which processor was chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chosen {
    processor: String,
}

pub(super) async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(text): Path<String>,
) -> Answer {
    let mut cx = viewer.begin(&app.platform).await?;
    let invoice = invoices::open(&mut cx, id(&text)?).await?;
    let tenant = cx.tenant();
    let credit = available_credit(&mut cx, tenant, invoice.total.currency).await?;
    cx.commit().await?;
    let may = viewer
        .member()
        .is_some_and(|m| m.tenant_role >= TenantRole::Manager && m.suspended.is_none());
    let named = app.platform.processors().map(|p| (p.key().to_owned(), p.name().to_owned()));
    let ways = Ways { may, credit, processors: named.collect() };
    Screen::new(format!("Invoice {}", invoice.number))
        .at(Place::Billing)
        .under("Billing", "/billing")
        .under("Invoices", "/billing/invoices")
        .render(&app, &viewer, move || page(&invoice, ways))
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

/// Pays what is left at a processor's page.
pub(super) async fn card(
    State(app): State<App>,
    manager: Manager,
    Path(text): Path<String>,
    Sent(chosen): Sent<Chosen>,
) -> Answer {
    let invoice: InvoiceId = id(&text)?;
    let back = format!("/billing/invoices/{invoice}");
    let mut cx = manager.begin(&app.platform).await?;
    let tenant = cx.tenant();
    invoices::get(&mut cx, invoice).await?;
    if app.platform.processor(&chosen.processor).is_none() {
        let said = "This way to pay is not offered here. Choose another one.";
        return Ok(Flash::danger(said).then(&back));
    }
    let payment = match begin_payment(&mut cx, &chosen.processor, invoice).await {
        Ok(payment) => payment,
        Err(error) if error.code() == "invoice_paid" => {
            return Ok(Flash::warning(error.to_string()).then(&back));
        }
        Err(error) => return Err(error.into()),
    };
    cx.commit().await?;
    match payments::open(&app.platform, tenant, payment).await {
        Ok(url) => Ok(Redirect::to(&url).into_response()),
        Err(error @ payments::PaymentsError::Processor(_)) => {
            Ok(Flash::danger(error.to_string()).then(&back))
        }
        Err(error) => Err(error.into()),
    }
}

/// The buttons that pay: from the balance as far as it goes, and by each processor the rest.
fn pay_buttons(invoice: &Invoice, left: Money, ways: Ways) -> Option<impl IntoView> {
    if left.minor <= 0 || !ways.may {
        return None;
    }
    let here = format!("/billing/invoices/{}", invoice.id);
    let from_balance = (ways.credit.minor > 0).then(|| {
        let amount = Money::new(left.minor.min(ways.credit.minor), left.currency);
        view! {
            <ButtonForm action=format!("{here}/pay") kind=ButtonKind::Primary>
                {format!("Pay {amount} from your balance")}
            </ButtonForm>
        }
    });
    let kind = if from_balance.is_some() { ButtonKind::Secondary } else { ButtonKind::Primary };
    let by_card = ways
        .processors
        .into_iter()
        .map(|(key, name)| {
            view! {
                <ButtonForm action=format!("{here}/card") fields=vec![("processor", key)] kind=kind>
                    {format!("Pay {left} by {name}")}
                </ButtonForm>
            }
        })
        .collect_view();
    Some(view! { {from_balance} {by_card} })
}

fn page(invoice: &Invoice, ways: Ways) -> impl IntoView + use<> {
    let (word, tone) = invoice.state.badge();
    let left = invoice.left().unwrap_or(invoice.total);
    let pdf = format!("/billing/invoices/{}/pdf", invoice.id);
    let pay = pay_buttons(invoice, left, ways);
    let bank = (!invoice.seller.bank.is_empty())
        .then(|| view! { <p class="mt-6 text-sm">{format!("Bank transfer: {}", invoice.seller.bank)}</p> });
    let footer = (!invoice.seller.footer.is_empty())
        .then(|| view! { <p>{invoice.seller.footer.clone()}</p> });
    let overdue = (invoice.state == InvoiceState::Overdue).then(|| {
        let since = invoice.due_on.map(|d| d.format("%-d %b %Y").to_string()).unwrap_or_default();
        view! { <Notice tone=Tone::Danger>{format!("This invoice was due on {since}; {left} is left to pay.")}</Notice> }
    });
    // What is paid is not due any more, and its terms are of no use.
    let open = left.minor > 0;
    let due = invoice.due_on.filter(|_| open).map(|d| {
        view! { <Fact name="Due">{d.format("%-d %b %Y").to_string()}</Fact> }
    });
    let terms = invoice.payment_terms.clone().filter(|_| open);
    let terms = terms.map(|terms| view! { <p>{terms}</p> });
    let period = invoice.period_text();
    let registrations =
        invoice.seller.registrations.iter().map(|r| format!("{} {}", r.label, r.value)).collect();
    let from = party("From", &invoice.seller.name, invoice.seller.address.lines(), registrations);
    let to = &invoice.bill_to;
    let billed_to = party("Billed to", &to.name, to.address.lines(), numbers_of(invoice));
    let (number, issued_at) = (invoice.number.clone(), invoice.issued_at);
    view! {
        <div class="no-print">{overdue}</div>
        <div class="no-print mb-6 flex flex-wrap items-center gap-3">
            <Badge text=word tone=tone />
            <span class="grow"></span>
            {pay}
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
        {lines::groups(&invoice.lines, Some(invoice.id))}
        {lines::sums(invoice, left)}
        {bank}
        <div class="mt-6 flex flex-col gap-1 text-sm text-muted">
            {terms} <p>{invoice.reading_text()}</p> {footer}
        </div>
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
